"""One organisation's way into the database: reading, and writing with a revision that is taken last. Whatever the
database complains about leaves this room as an error a person can act on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, Table, insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from crm import tables
from engine.errors import TandemError, Unavailable, UserError

PENDING: Final = 0
"""The revision of rows that the open transaction changed."""

_REVISED: Final = {
    table.name: text(f"UPDATE {table.name} SET {column} = :rev WHERE org_id = :org AND {column} = {PENDING}")
    for table, column in (
        (tables.contact, "rev"),
        (tables.activity, "rev"),
        (tables.task_list, "rev"),
        (tables.company, "rev"),
        (tables.folder, "rev"),
        (tables.tombstone, "rev"),
        (tables.user, "access_rev"),
    )
}
_LOCK: Final = text("UPDATE crm_clock SET rev = rev WHERE org_id = :org")
_TICK: Final = text(
    "INSERT INTO crm_clock (org_id, rev) VALUES (:org, 1)"
    " ON CONFLICT (org_id) DO UPDATE SET rev = crm_clock.rev + 1 RETURNING rev"
)
_RESERVE: Final = text(
    "INSERT INTO crm_sequence (org_id, next_id) VALUES (:org, 1 + :count)"
    " ON CONFLICT (org_id) DO UPDATE SET next_id = crm_sequence.next_id + :count RETURNING next_id"
)
_PASS: Final = text(
    "INSERT INTO crm_sequence (org_id, next_id) VALUES (:org, :above)"
    " ON CONFLICT (org_id) DO UPDATE SET next_id = excluded.next_id WHERE crm_sequence.next_id < excluded.next_id"
)


class CommitLost(Unavailable):
    """The database failed while committing: whether the change was kept is not known."""


def utc_milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Transaction:
    """An open change of one organisation. ``now`` is UTC in milliseconds."""

    connection: Connection
    org: str
    now: int
    _touched: set[str] = field(default_factory=set)

    def touch(self, table: Table) -> None:
        """Note that rows of this table were changed (with a pending revision, where the table has one)."""
        self._touched.add(table.name)

    @property
    def changed(self) -> bool:
        return bool(self._touched)

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Insert rows of plain values in the order of ``columns``. The statement is compiled once; the driver gets
        the rows as they are, which halves the cost of a large insert."""
        if rows:
            statement, positional = _inserting(self.connection.dialect, table, tuple(columns))
            given: Any = list(rows) if positional else [dict(zip(columns, row, strict=True)) for row in rows]
            self.connection.exec_driver_sql(statement, given)

    def reserve(self, count: int) -> list[str]:
        """New record numbers. Until the transaction ends nobody else of the organisation gets any, so that what is
        looked up by name after this call can't be made twice."""
        if not count:
            return []
        above = self.connection.execute(_RESERVE, {"org": self.org, "count": count}).scalar_one()
        return [str(number) for number in range(above - count, above)]

    def pass_over(self, number: int) -> None:
        """Keep a number that was given from outside from being handed out again."""
        self.connection.execute(_PASS, {"org": self.org, "above": number + 1})

    def stamp(self) -> None:
        """Give every pending row the next revision. The clock's row stays locked until the commit, so that
        revisions become visible in their order."""
        rev = self.connection.execute(_TICK, {"org": self.org}).scalar_one()
        for name in sorted(self._touched & _REVISED.keys()):
            self.connection.execute(_REVISED[name], {"org": self.org, "rev": rev})


@dataclass(frozen=True, slots=True)
class Database:
    """The CRM's tables as one organisation sees them. ``on_commit`` is told ``before commit`` and ``after commit``
    around every commit."""

    engine: Engine
    org: str
    clock: Callable[[], int] = utc_milliseconds
    on_commit: Callable[[str], None] | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with plain_errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One transaction: committed when the block ends and something changed, rolled back when it raises."""
        with plain_errors(), self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":  # a later step from reading to writing could not wait its turn
                connection.execute(_LOCK, {"org": self.org})
            transaction = Transaction(connection, self.org, self.clock())
            yield transaction
            if transaction.changed:
                transaction.stamp()
                self._commit(connection)

    def _commit(self, connection: Connection) -> None:
        self._tell("before commit")
        try:
            connection.commit()
        except DBAPIError as error:
            if _rolled_back(error):
                raise
            raise CommitLost(str(_plain(error))) from error
        self._tell("after commit")

    def _tell(self, moment: str) -> None:
        if self.on_commit is not None:
            self.on_commit(moment)


@cache
def _inserting(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> tuple[str, bool]:
    compiled = insert(table).compile(dialect=dialect, column_keys=columns)
    order = list(getattr(compiled, "positiontup", None) or columns)
    if order != list(columns):
        raise ValueError(f"give the columns of {table.name} in the table's order")
    return str(compiled), dialect.positional


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the database's errors into Tandem's; statements and their values never get into a message."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("The CRM's database has no connection free. Try again in a moment.") from error
    except DBAPIError as error:
        raise _plain(error) from error


_SQLITE: Final = (
    ("SQLITE_BUSY", "The CRM's database is locked by another program. Try again when that one has finished."),
    ("SQLITE_LOCKED", "The CRM's database is locked by another program. Try again when that one has finished."),
    ("SQLITE_FULL", "The disk that holds the CRM's database is full. Free some space and try again."),
    (
        "SQLITE_IOERR",
        "The disk that holds the CRM's database could not be read or written. Check it, and its free space.",
    ),
)
_POSTGRES: Final = {
    "53100": "The disk of the CRM's database server is full. Free some space there and try again.",
    "40P01": "The CRM's database is busy with the same records. Try again.",
    "40001": "The CRM's database is busy with the same records. Try again.",
    "55P03": "The CRM's database is locked by another program. Try again when that one has finished.",
}
_WRONG_FILE: Final = {
    "SQLITE_CANTOPEN": (
        "The CRM's database can't be opened: its file or its folder is missing or not yours.",
        "Check the database setting, and the permissions of the file and its folder.",
    ),
    "SQLITE_NOTADB": (
        "The file named as the CRM's database is not a database.",
        "Correct the database setting, or restore the file from a backup.",
    ),
    "SQLITE_CORRUPT": ("The CRM's database file is damaged.", "Restore it from a backup."),
    "SQLITE_READONLY": (
        "The CRM's database may not be written by this account.",
        "Correct the permissions of the file and its folder, or run Tandem as their owner.",
    ),
}


def _code(error: DBAPIError) -> tuple[str, str]:
    """SQLite's name for the error and PostgreSQL's SQLSTATE; empty where there is none."""
    return getattr(error.orig, "sqlite_errorname", None) or "", getattr(error.orig, "sqlstate", None) or ""


def _rolled_back(error: DBAPIError) -> bool:
    """Whether a failed commit is known to have kept nothing; a lost connection or a failing disk leaves it open."""
    found, state = _code(error)
    return found.startswith(("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_CONSTRAINT")) or state[:2] in (
        "23",
        "40",
        "53",
        "55",
    )


def _plain(error: DBAPIError) -> TandemError:
    found, state = _code(error)
    if isinstance(error, IntegrityError):
        return Unavailable("The CRM holds such a record already, perhaps since a moment ago. Look again and try again.")
    for start, message in _SQLITE:
        if found.startswith(start):
            return Unavailable(message)
    for start, (message, hint) in _WRONG_FILE.items():
        if found.startswith(start):
            return UserError(message, hint)
    if state == "42P01" or str(error.orig).startswith("no such table"):
        return UserError("The CRM's tables do not exist yet.", "Run `tandem init` first.")
    if state in _POSTGRES:
        return Unavailable(_POSTGRES[state])
    if error.connection_invalidated or state[:2] in ("08", "57", "53") or not (state or found):
        return Unavailable("The CRM's database does not answer. Check that it is running, then try again.")
    return Unavailable(f"The CRM's database refused a statement ({found or state}).")
