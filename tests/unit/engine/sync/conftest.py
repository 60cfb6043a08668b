"""The in-memory world, with the shipped contact rules."""

from __future__ import annotations

import pytest
from memory_world import World, compiled

from engine.language.program import Program


@pytest.fixture(scope="session")
def contacts() -> Program:
    """The shipped rule file, compiled."""
    return compiled()


@pytest.fixture
def world(contacts: Program) -> World:
    return World(contacts)
