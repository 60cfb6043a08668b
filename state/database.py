"""Opening the database that both storage rooms share, and saying in plain words what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from engine.errors import TandemError, Unavailable, UserError

#: How long a statement waits for another process's lock before the database counts as locked.
PATIENCE_MS: Final = 5000
CONNECT_SECONDS: Final = 10


class DatabaseBusy(Unavailable):
    """The database can't be used now, but may be later: locked, full, not reachable."""


class DatabaseUnusable(UserError):
    """The database can't be used until somebody acts: missing, damaged, without tables, not ours to write."""


def open_database(url: str, *, must_exist: bool = False) -> sa.Engine:
    """An engine for ``sqlite:///file`` or ``postgresql://…``; nothing is connected yet.

    A missing SQLite file is made, readable by its owner only, unless it ``must_exist``. The engine raises
    SQLAlchemy's errors; :func:`reading` and :func:`writing` turn them into Tandem's.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise UserError("The database URL can't be read.", _URLS) from None
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, must_exist)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed)
    raise UserError(f"Tandem doesn't run on {parsed.get_backend_name()}.", _URLS)


_URLS = "Use sqlite:///path/to/tandem.db or postgresql://user:password@host/database."


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that sees one state of the database; on SQLite it never waits for a writer."""
    with plain_errors(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction, committed when the block ends. On SQLite it takes the write lock at once, because a reader
    that comes to write later can't wait its turn."""
    with plain_errors(), engine.connect().execution_options(immediate=True) as connection, connection.begin():
        yield connection


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the database's own errors into Tandem's; those of a wrong statement stay what they are."""
    try:
        yield
    except sa.exc.TimeoutError as problem:
        raise DatabaseBusy("All connections to the database are in use. Try again in a moment.") from problem
    except sa.exc.DBAPIError as problem:
        found = explain(problem.orig)
        if found is None:
            raise
        raise found from problem


def _open_sqlite(url: sa.URL, must_exist: bool) -> sa.Engine:
    if url.database and url.database != ":memory:":
        _ready_file(Path(url.database), must_exist)
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": PATIENCE_MS / 1000})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _ready_file(path: Path, must_exist: bool) -> None:
    if path.is_file():
        return
    if must_exist:
        raise DatabaseUnusable(f"There is no database at {path}.", "Run `tandem init` first, or correct the path.")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as problem:
        raise DatabaseUnusable(
            f"The database {path} can't be made: {problem.strerror}.", "Make its folder, or choose another path."
        ) from None


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """WAL with synchronous=FULL: a committed intent survives a power cut, not only a kill."""
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={PATIENCE_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _open_postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={PATIENCE_MS}"},
    )


_LOCKED: Final = DatabaseBusy, "The database is locked by another process. Wait until it has ended, then try again."
_FULL: Final = DatabaseBusy, "The disk that holds the database is full. Free some space, then run again."
_DISK: Final = DatabaseBusy, "The database's disk answered with an error. Check the disk and its free space."
_SERVER: Final = DatabaseBusy, "The database server can't be reached. Check that it runs, and the database URL."
_CROWDED: Final = DatabaseBusy, "The database server takes no more connections. Stop some workers or raise its limit."
_DAMAGED: Final = DatabaseUnusable, "The database is damaged, or the file is not one. Restore the last backup."
_READ_ONLY: Final = DatabaseUnusable, "The database can't be written by this user. Correct its permissions."
_SHUT: Final = DatabaseUnusable, "The database file can't be opened. Check its path and permissions."
_NO_TABLES: Final = DatabaseUnusable, "The database has no Tandem tables, or old ones. Run `tandem init`."
_SIGN_IN: Final = DatabaseUnusable, "The database server refused the sign-in. Correct the database URL."
_NO_DATABASE: Final = DatabaseUnusable, "The database server has no such database. Create it, then run `tandem init`."

_Problem: TypeAlias = tuple[type[DatabaseBusy] | type[DatabaseUnusable], str]

_SQLITE: Final[dict[int, _Problem]] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _SHUT,
}

#: By the start of the SQLSTATE (PostgreSQL documentation, appendix "Error Codes").
_POSTGRESQL: Final[dict[str, _Problem]] = {
    "55P03": _LOCKED,
    "40P01": _LOCKED,
    "53100": _FULL,
    "53300": _CROWDED,
    "25006": _READ_ONLY,
    "42501": _READ_ONLY,
    "42P01": _NO_TABLES,
    "42703": _NO_TABLES,
    "3D000": _NO_DATABASE,
    "XX": _DAMAGED,
    "58": _DISK,
    "57P": _SERVER,
    "28": _SIGN_IN,
    "08": _SERVER,
}


def explain(problem: BaseException | None) -> TandemError | None:
    """The error to raise for a driver's error; None where the statement, not the database, is at fault."""
    found = None
    if isinstance(problem, sqlite3.Error):
        found = _explain_sqlite(problem)
    elif problem is not None:
        found = _explain_postgresql(problem)
    return None if found is None else found[0](found[1])


def _explain_sqlite(problem: sqlite3.Error) -> _Problem | None:
    code = getattr(problem, "sqlite_errorcode", None)
    if code is None:
        return None
    if code == sqlite3.SQLITE_ERROR and str(problem).startswith(("no such table", "no such column")):
        return _NO_TABLES
    return _SQLITE.get(code & 0xFF)  # the low byte is the primary result code


def _explain_postgresql(problem: BaseException) -> _Problem | None:
    import psycopg  # a tenth of a second that an installation on SQLite need not spend

    if not isinstance(problem, psycopg.Error):
        return None
    if problem.sqlstate is not None:
        return next((found for start, found in _POSTGRESQL.items() if problem.sqlstate.startswith(start)), None)
    if not isinstance(problem, psycopg.OperationalError):
        return None
    text = str(problem)  # while connecting there is no SQLSTATE
    if "authentication failed" in text or "no password supplied" in text:
        return _SIGN_IN
    return _NO_DATABASE if "does not exist" in text else _SERVER
