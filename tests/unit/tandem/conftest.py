"""The shipped rules, compiled once, and plans made of them in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from memory_world import World, compiled

from engine.language.program import Program
from tandem.planview import PlanView, view


@pytest.fixture(scope="session")
def program() -> Program:
    """contacts.rules as shipped."""
    return compiled()


@pytest.fixture
def world(program: Program) -> World:
    return World(program)


@pytest.fixture
def shown_plan(world: World) -> Callable[[], PlanView]:
    """Anna's present plan, as it is shown."""
    return lambda: view(world.plan(), world.program, "anna@firm.example")
