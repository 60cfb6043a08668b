"""The in-memory worlds of contacts and of meetings, with the shipped rules."""

from __future__ import annotations

import pytest
from meeting_world import MeetingWorld
from memory_world import World, compiled

from engine.language.program import Program


@pytest.fixture(scope="session")
def contacts() -> Program:
    """The shipped rule file, compiled."""
    return compiled()


@pytest.fixture
def world(contacts: Program) -> World:
    return World(contacts)


@pytest.fixture
def meetings() -> MeetingWorld:
    return MeetingWorld()


@pytest.fixture
def running(meetings: MeetingWorld) -> MeetingWorld:
    """Everybody has synced before, and future meetings invite."""
    meetings.settings["invite_to_future"] = True
    meetings.sync()
    return meetings
