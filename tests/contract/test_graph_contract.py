"""Microsoft 365, through our client and over real HTTPS to the emulator, keeps the System contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from graph_world import ANN, GraphWorld, emulator, graph_world

from engine.records import Value
from graph_client.codec import encode
from graph_client.system import GraphSystem
from graph_emulator.server import Emulator
from tests.contract.system_contract import Subject, SystemContract


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
