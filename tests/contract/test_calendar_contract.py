"""The calendar, through our client and over real HTTPS to the emulator, keeps the System contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from calendar_world import calendar_world
from graph_world import ANN, GraphWorld, emulator

from engine.records import Value
from graph_client.calendar.codec import Writing
from graph_client.system import GraphSystem
from graph_emulator.server import Emulator
from tests.contract.system_contract import Subject, SystemContract


class Calendar:
    """Ann's default calendar; other people's edits are made in the emulator."""

    kind, text, other, held, collection = "event", "subject", "body", "filled", ""

    def __init__(self, world: GraphWorld, system: GraphSystem) -> None:
        self.world = world
        self.system = system
        self.space = world.space()

    def values(self, number: int) -> Mapping[str, Value]:
        hour, day = number % 8 + 9, number // 8 % 28 + 1
        return {
            "subject": f"Meeting {number}",
            "start": f"2026-12-{day:02}T{hour:02}:00:00Z[Europe/London]",
            "end": f"2026-12-{day:02}T{hour:02}:30:00Z[Europe/London]",
            "location": (f"Room {number}",),
        }

    def add(self, values: Mapping[str, Value]) -> str:
        return str(self.world.control.calendar.create(ANN, Writing("Europe/London").created(values))["id"])

    def change(self, id: str, values: Mapping[str, Value]) -> None:
        present = next(row for row in self.world.control.calendar.events(ANN) if row["id"] == id)
        self.world.control.calendar.update(ANN, id, Writing("Europe/London").updated(values, present))

    def remove(self, id: str) -> None:
        self.world.control.calendar.delete(ANN, id)

    def expire(self, cursor: str) -> str:
        self.world.control.expire_delta_tokens(ANN)
        return cursor


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("graph")) as found:
        yield found


@pytest.mark.parametrize("readable", [False, True], ids=["404 when deleted", "readable when deleted"])
class TestCalendar(SystemContract):
    """One calendar of the emulator, whether or not deleted events go on to answer by their ids."""

    @pytest.fixture
    def subject(self, running: Emulator, readable: bool) -> Iterator[Subject]:
        with calendar_world(running) as office:
            office.world.control.set_behaviour(deleted_items_readable=readable)
            yield Calendar(office.world, office.systems[ANN])
