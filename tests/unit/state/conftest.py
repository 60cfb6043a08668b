"""A database with all tables, once per module and dialect; each test makes organisations of its own in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from state.accounts import connect_account
from state.database import open_database
from state.organisations import Organisation, create_organisation
from tandem.migrations import upgrade
from tests.contract.state_contract import make_account

_NUMBERS = itertools.count(1)
NOW = 1_000_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    url = server.create_database() if server else f"sqlite:///{tmp_path_factory.mktemp('state') / 'state.db'}"
    engine = open_database(url)
    upgrade(engine)
    yield engine
    engine.dispose()
    if server:
        server.drop_database(url)


@pytest.fixture
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('state') / 'state.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


MakeOrganisation = Callable[..., str]


@pytest.fixture
def make_organisation() -> MakeOrganisation:
    """A function that makes an organisation with connected spaces and gives its id."""

    def make(engine: sa.Engine, *spaces: str, users_may_edit: bool = True) -> str:
        org = f"org-{next(_NUMBERS)}"
        create_organisation(
            engine, Organisation(id=org, name="Test", tenant_id=f"tenant of {org}", users_may_edit=users_may_edit)
        )
        for space in spaces:
            connect_account(engine, org, make_account(org, space), NOW)
        return org

    return make


@pytest.fixture
def org(engine: sa.Engine, make_organisation: MakeOrganisation) -> str:
    """An organisation with the spaces anna and ben."""
    return make_organisation(engine, "anna", "ben")
