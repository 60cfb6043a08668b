"""The table of meetings holds for the client and emulated calendars too: a sample of its cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from calendar_world import calendar_world
from graph_world import emulator
from meeting_calendars import RealCase, RealMeetings
from meeting_table import Cell, cells

from graph_emulator.server import Emulator

TABLE: Final = Path(__file__).parents[1] / "unit" / "engine" / "sync" / "golden" / "meetings.txt"
SAMPLE: Final = (
    "in connected future single edit crm",
    "in outside future single move crm",
    "in nobody past single delete m365",
    "in connected future single cancel m365",
    "in connected future series delete crm",
    "in outside future series edit crm",
    "in not future exception move crm",
    "in connected future exception delete crm",
    "in connected future exception cancel m365",
    "out connected future single edit m365",
    "out outside past single delete crm",
    "out nobody future exception cancel m365",
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("graph")) as found:
        yield found


def named(name: str) -> Cell:
    (found,) = (cell for cell in cells() if str(cell) == name)
    return found


@pytest.mark.parametrize("name", SAMPLE)
def test_the_client_and_emulated_calendars_end_like_the_table(running: Emulator, name: str) -> None:
    """The same records on both sides and the same mails, as the client told beforehand; a second plan is empty."""
    lines = (line.partition("|") for line in TABLE.read_text(encoding="utf-8").splitlines())
    recorded = {cell.strip(): came.strip() for cell, _, came in lines}
    with calendar_world(running) as calendars:
        assert RealCase(named(name), RealMeetings(calendars=calendars)).line() == recorded[name]
