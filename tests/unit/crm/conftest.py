"""The CRM's tables on both databases; each test works in an organisation of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from postgres_server import PostgresServer

from crm import tables
from state.database import open_database
from tests.unit.crm.desk import Desk


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('crm') / 'crm.db'}")
    tables.create(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_engine(postgres_server: PostgresServer) -> Iterator[sa.Engine]:
    url = postgres_server.create_database()
    engine = open_database(url)
    tables.create(engine)
    yield engine
    engine.dispose()
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> sa.Engine:
    wanted = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    found: sa.Engine = request.getfixturevalue(wanted)
    return found


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    return Desk(engine)
