"""The memory double and the SQL store, on both databases, keep the State contract."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from postgres_server import PostgresServer
from sqlmodel import SQLModel

from engine.memory import MemoryState
from state import tables
from state.accounts import connect_account
from state.database import open_database
from state.organisations import Organisation, create_organisation
from state.store import SqlState
from tests.contract.state_contract import SPACES, Clock, StateContract, World, make_account

ORGANISATIONS = itertools.count(1)


def sql_world(engine: sa.Engine) -> World:
    """A fresh organisation in a shared database: nothing of the others may be seen."""
    org, clock = f"org-{next(ORGANISATIONS)}", Clock()
    create_organisation(engine, Organisation(id=org, name="Test"))
    for space in SPACES:
        connect_account(engine, org, make_account(org, space), clock.now)
    return World(SqlState(engine, org, clock), clock)


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('state') / 'state.db'}")
    yield with_tables(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def postgresql_engine(postgres_server: PostgresServer) -> Iterator[sa.Engine]:
    url = postgres_server.create_database()
    engine = open_database(url)
    yield with_tables(engine)
    engine.dispose()
    postgres_server.drop_database(url)


def with_tables(engine: sa.Engine) -> sa.Engine:
    SQLModel.metadata.create_all(engine, list(tables.ALL))
    return engine


class TestMemoryState(StateContract):
    """The double."""

    @pytest.fixture
    def world(self) -> World:
        return World(MemoryState(), Clock())


class TestSqlite(StateContract):
    """The default database."""

    @pytest.fixture
    def world(self, sqlite_engine: sa.Engine) -> World:
        return sql_world(sqlite_engine)


class TestPostgresql(StateContract):
    """The database of large installations."""

    @pytest.fixture
    def world(self, postgresql_engine: sa.Engine) -> World:
        return sql_world(postgresql_engine)
