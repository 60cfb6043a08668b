"""Microsoft 365 for tests of its client: an emulator with two mailboxes, sign-ins, and no waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.links import Space
from graph_client.connection import Connection
from graph_client.endpoints import Endpoints
from graph_client.session import Timing
from graph_client.signin import SignedIn, finish, start_device_sign_in
from graph_client.system import GraphSystem
from graph_client.tokens import TokenStore
from graph_emulator.control_client import ControlClient
from graph_emulator.firm import Contents, Firm, tenant_from
from graph_emulator.server import Emulator

ANN, BOB = "ann@firm.example", "bob@firm.example"
TENANT, CLIENT = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-2222-4333-8444-555555555555"
ORG = "org"


def firm() -> Firm:
    """Two users; Ann has the folders Clients, Clients/North and Family."""
    users = [
        {"id": f"00000000-0000-4000-8000-{number:012}", "userPrincipalName": upn, "mail": upn,
         "displayName": upn[:3], "timeZone": "GMT Standard Time"}
        for number, upn in enumerate((ANN, BOB), start=1)
    ]  # fmt: skip
    tenant = tenant_from({"tenantId": TENANT, "name": "Firm", "clientId": CLIENT, "users": users}, "tenant.json")
    names = [("Clients", None), ("North", "Clients"), ("Family", None)]
    return Firm(tenant, {ANN: Contents(tuple({"displayName": name, "parent": parent} for name, parent in names))})


@dataclass
class Waits:
    """Sleeps that take no time: kept, and added to a clock that otherwise runs as usual, ``shift`` seconds ahead."""

    slept: list[float] = field(default_factory=list)
    shift: float = 0.0

    def timing(self) -> Timing:
        return Timing(clock=self.clock, sleep=self.slept.append, random=lambda: 0.0)

    def clock(self) -> float:
        return time.time() + self.shift + sum(self.slept)


class KeptText:
    """A TokenStore in memory."""

    def __init__(self, text: str = "") -> None:
        self.text, self.version = text, int(bool(text))

    def load(self) -> tuple[str, int]:
        return self.text, self.version

    def save(self, text: str, version: int) -> bool:
        if version != self.version:
            return False
        self.text, self.version = text, version + 1
        return True


@dataclass
class GraphWorld:
    """A running emulator and what is needed to use it; ``system`` signs a person in, or takes a given store."""

    endpoints: Endpoints
    control: ControlClient
    waits: Waits

    def sign_in(self, upn: str = ANN, approve: Callable[[str], None] | None = None) -> SignedIn:
        with Connection(self.endpoints) as connection:
            started = start_device_sign_in(self.endpoints, connection)
            (approve or (lambda code: self.control.approve_device(code, upn)))(started.code)
            return finish(started, self.endpoints, connection, self.waits.timing().clock, lambda seconds: None)

    def space(self, upn: str = ANN) -> Space:
        return Space(ORG, f"00000000-0000-4000-8000-{(ANN, BOB).index(upn) + 1:012}", upn, "Europe/London")

    @contextmanager
    def system(self, upn: str = ANN, store: TokenStore | None = None) -> Iterator[GraphSystem]:
        kept = store or KeptText(self.sign_in(upn).cache)
        with GraphSystem(self.endpoints, lambda org, account: kept, self.waits.timing()) as system:
            yield system


@contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    with Emulator.start(folder, firm()) as running:
        yield running


@contextmanager
def graph_world(running: Emulator) -> Iterator[GraphWorld]:
    """The emulator with everything reset."""
    with ControlClient(running.url, running.ca_file, running.control_key) as control:
        control.reset("faults", "barriers", "behaviour", "clock", "throttle", "mailboxes", "log")
        endpoints = Endpoints(f"{running.url}/organizations", running.url, CLIENT, TENANT, ca_file=str(running.ca_file))
        yield GraphWorld(endpoints, control, Waits())
