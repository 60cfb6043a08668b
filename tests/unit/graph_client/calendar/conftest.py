"""Calendars of an emulator, reset for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from calendar_world import CalendarWorld, calendar_world

from graph_emulator.server import Emulator


@pytest.fixture
def office(running: Emulator) -> Iterator[CalendarWorld]:
    with calendar_world(running) as found:
        yield found
