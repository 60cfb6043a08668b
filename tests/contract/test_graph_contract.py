"""Mailbox and Planner, through our client and over real HTTPS to the emulator, keep the System contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from graph_world import ANN, GraphWorld, emulator, graph_world
from planner_world import PlannerWorld

from engine.port import Sent
from engine.records import Value
from graph_client.codec import encode
from graph_client.planner.codec import encode as encode_task
from graph_client.system import GraphSystem
from graph_emulator.server import Emulator
from tests.contract.system_contract import Subject, SystemContract, create, fill, reader, update, written


class Mailbox:
    """Ann's default contact folder; other people's edits are made in the emulator."""

    kind, text, other, collection = "contact", "surname", "department", ""

    def __init__(self, world: GraphWorld, system: GraphSystem) -> None:
        self.world = world
        self.system = system
        self.space = world.space()

    def values(self, number: int) -> Mapping[str, Value]:
        return {
            "givenName": f"Given {number}",
            "surname": f"Person {number}",
            "emailAddresses": ((f"p{number}@x.example", None),),
        }

    def add(self, values: Mapping[str, Value]) -> str:
        return str(self.world.control.create_contact(ANN, encode(values))["id"])

    def change(self, id: str, values: Mapping[str, Value]) -> None:
        self.world.control.update_contact(ANN, id, encode(values))

    def remove(self, id: str) -> None:
        self.world.control.delete_contact(ANN, id)

    def expire(self, cursor: str) -> str:
        self.world.control.expire_delta_tokens(ANN)
        return cursor


class OnePlan:
    """A plan that Ann and Bob share; other people's edits are made in the emulator."""

    kind, text, other, held = "plannerTask", "title", "dueDateTime", "2026-11-30T12:00:00Z"

    def __init__(self, world: PlannerWorld, system: GraphSystem) -> None:
        self.world = world
        self.system = system
        self.space = world.space()
        self.collection = world.ids["plan"]

    def values(self, number: int) -> Mapping[str, Value]:
        return self.world.values(f"Task {number}", percentComplete=number % 100, priority=3)

    def add(self, values: Mapping[str, Value]) -> str:
        (id,) = self.world.planner.create_tasks(self.collection, [encode_task(values, {})])
        return id

    def change(self, id: str, values: Mapping[str, Value]) -> None:
        self.world.planner.update_task(id, **encode_task(values, {"title": "any"}))

    def remove(self, id: str) -> None:
        self.world.planner.delete_task(id)

    def expire(self, cursor: str) -> str:
        return "a cursor of an older release"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("graph")) as found:
        yield found


class TestMailbox(SystemContract):
    """One mailbox of the emulator."""

    @pytest.fixture
    def subject(self, running: Emulator) -> Iterator[Subject]:
        with graph_world(running) as world, world.system() as system:
            world.control.set_behaviour(delta_repeats=False)  # rows may repeat; the contract counts them
            yield Mailbox(world, system)


class TestPlanner(SystemContract):
    """One plan of the emulator, seen by two members."""

    @pytest.fixture
    def subject(self, running: Emulator) -> Iterator[Subject]:
        with graph_world(running) as world:
            planner = PlannerWorld(world)
            with planner.system() as system:
                yield OnePlan(planner, system)

    def test_a_creation_is_found_by_its_mark(self, subject: Subject) -> None:
        """Planner keeps no marks: what was created is found by what it is, and an update makes nothing."""
        fill(subject, 1)
        action = create(subject, subject.values(5))
        record = written(subject, action)
        edit = update(subject, record, {"percentComplete": 50})
        written(subject, edit)
        found = reader(subject).find_marks(subject.kind, [Sent(action, 0), Sent(edit, 0)])
        assert found == {action.id: (record.id,)}
