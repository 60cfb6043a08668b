"""A session whose calls are answered by ``responses``, and an emulator for what has to be seen over real HTTPS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses
from graph_world import GraphWorld, Waits, emulator, graph_world

from graph_client.connection import Connection
from graph_client.endpoints import Endpoints
from graph_client.session import Session
from graph_emulator.server import Emulator


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def answers() -> Iterator[responses.RequestsMock]:
    """What Graph answers; calls that are not foreseen fail as lost connections."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def tokens() -> list[bool]:
    """Whether a fresh token was asked for, call by call."""
    return []


@pytest.fixture
def session(waits: Waits, answers: responses.RequestsMock, tokens: list[bool]) -> Iterator[Session]:
    endpoints = Endpoints("https://login.microsoftonline.com/organizations", "https://graph.microsoft.com", "client")

    def token(fresh: bool) -> str:
        tokens.append(fresh)
        return "secret-canary-token"

    with Connection(endpoints) as connection:
        yield Session(endpoints, connection, token, waits.timing())


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("graph")) as found:
        yield found


@pytest.fixture
def world(running: Emulator) -> Iterator[GraphWorld]:
    """The emulator, reset, with sleeps that take no time."""
    with graph_world(running) as found:
        yield found
