"""Opening the database that both storage rooms share, and saying in plain words what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from engine.errors import UserError

#: How long a statement waits for another process's lock before the database counts as locked.
PATIENCE_MS: Final = 5000
CONNECT_SECONDS: Final = 10


class DatabaseProblem(UserError):
    """The database can't be used now: locked, full, missing, damaged or not reachable."""


def open_database(url: str, *, must_exist: bool = False) -> sa.Engine:
    """An engine for ``sqlite:///file`` or ``postgresql://…``; nothing is connected yet.

    A missing SQLite file is made, readable by its owner only, unless it ``must_exist``. On SQLite every transaction
    takes the write lock at its start (no deadlock by upgrading), except on connections from :func:`reading`.
    Errors of locked, full, missing or damaged databases come out as DatabaseProblem, from every statement.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise UserError("The database URL can't be read.", _URLS) from None
    if parsed.get_backend_name() == "sqlite":
        engine = _open_sqlite(parsed, must_exist)
    elif parsed.get_backend_name() == "postgresql":
        engine = _open_postgresql(parsed)
    else:
        raise UserError(f"Tandem doesn't run on {parsed.get_backend_name()}.", _URLS)
    sa.event.listen(engine, "handle_error", _translate)
    return engine


_URLS = "Use sqlite:///path/to/tandem.db or postgresql://user:password@host/database."


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection for reading only: it never waits for a writer on SQLite."""
    with engine.connect().execution_options(read_only=True) as connection:
        yield connection


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
        raise DatabaseProblem(f"There is no database at {path}.", "Run `tandem init` first, or correct the path.")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as problem:
        raise DatabaseProblem(
            f"The database {path} can't be made: {problem.strerror}.", "Make its folder, or choose another path."
        ) from None


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """WAL with synchronous=FULL: a committed intent survives a power cut, not only a kill."""
    assert isinstance(connection, sqlite3.Connection)
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={PATIENCE_MS}"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _open_postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={PATIENCE_MS}"},
    )


def _translate(context: ExceptionContext) -> None:
    found = explain(context.original_exception)
    if found is not None:
        raise DatabaseProblem(*found) from None


Advice = tuple[str, str]

_LOCKED: Advice = (
    "The database is locked by another process.",
    "Wait until the other run has ended, or stop it, then try again.",
)
_FULL: Advice = ("The disk that holds the database is full.", "Free some space, then run again.")
_DAMAGED: Advice = (
    "The database file is damaged or is not a Tandem database.",
    "Restore the last backup, or correct the path.",
)
_READ_ONLY: Advice = ("The database can't be written.", "Give this user write permission for the file and its folder.")
_MISSING: Advice = ("The database can't be opened.", "Check its path and permissions, or run `tandem init`.")
_NO_TABLES: Advice = ("The database has no Tandem tables, or old ones.", "Run `tandem init` to make or upgrade them.")
_DISK: Advice = ("The disk that holds the database answered with an error.", "Check the disk and its free space.")
_SERVER: Advice = (
    "The database server can't be reached.",
    "Check that it runs, and the host and port in the database URL; then try again.",
)
_SIGN_IN: Advice = ("The database server refused the sign-in.", "Correct user and password in the database URL.")
_BUSY: Advice = ("The database server takes no more connections.", "Stop some workers or raise its limit.")
_NO_DATABASE: Advice = ("The database server has no such database.", "Create it, then run `tandem init`.")

_SQLITE: dict[int, Advice] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _MISSING,
    sqlite3.SQLITE_IOERR: _DISK,
}

#: By SQLSTATE, the longest prefix first (PostgreSQL documentation, appendix "Error Codes").
_POSTGRESQL: dict[str, Advice] = {
    "55P03": _LOCKED,
    "40P01": _LOCKED,
    "53100": _FULL,
    "53300": _BUSY,
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


def explain(problem: BaseException) -> Advice | None:
    """What happened and what to do, for errors of the database itself; None for errors in a statement."""
    if isinstance(problem, sqlite3.Error):
        return _explain_sqlite(problem)
    if isinstance(problem, psycopg.Error):
        return _explain_postgresql(problem)
    return None


def _explain_sqlite(problem: sqlite3.Error) -> Advice | None:
    code = getattr(problem, "sqlite_errorcode", None)
    if code is None:
        return None
    if code == sqlite3.SQLITE_ERROR and str(problem).startswith(("no such table", "no such column")):
        return _NO_TABLES
    return _SQLITE.get(code & 0xFF)  # the low byte is the primary result code


def _explain_postgresql(problem: psycopg.Error) -> Advice | None:
    if problem.sqlstate is not None:
        return next((advice for state, advice in _POSTGRESQL.items() if problem.sqlstate.startswith(state)), None)
    if not isinstance(problem, psycopg.OperationalError):
        return None
    text = str(problem)
    if "authentication failed" in text or "no password supplied" in text:
        return _SIGN_IN
    return _NO_DATABASE if "does not exist" in text else _SERVER
