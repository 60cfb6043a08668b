"""The database's history: one for the tables of both storage rooms, because they share a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from engine.errors import UserError
from state.database import plain_errors, writing

HERE: Final = Path(__file__).parent

#: Any number that nobody else locks with: two processes that start together upgrade one after the other.
_UPGRADING: Final = 7_462_001


def upgrade(engine: sa.Engine) -> None:
    """Bring the database to the newest revision; nothing happens where it is there already. All or nothing.

    Raises UserError when the database was made by a newer Tandem.
    """
    with _changing_tables(engine) as connection:
        try:
            config = _configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        except CommandError as problem:
            if "Can't locate revision" not in str(problem):
                raise
            raise UserError(
                "The database was made by a newer Tandem.", "Install that version or a later one."
            ) from None


@contextmanager
def _changing_tables(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction without foreign keys on SQLite, which changes a table by making it anew; the switch works only
    outside of transactions."""
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADING)))
            yield connection
        return
    with plain_errors(), engine.connect().execution_options(immediate=True) as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA foreign_keys=OFF").close()
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute("PRAGMA foreign_keys=ON").close()


def revisions() -> list[str]:
    """All revisions, oldest first."""
    walked = ScriptDirectory.from_config(_configuration()).walk_revisions()
    return [script.revision for script in walked][::-1]


def _configuration() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return config
