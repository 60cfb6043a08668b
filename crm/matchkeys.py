"""Match keys: folded values that records are recognised by, kept true with every write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Insert, bindparam, delete, insert, literal, select

from crm.access import ORG
from crm.fields import Column
from crm.kinds import Kind, One, name_path
from crm.tables import match_key
from crm.transactions import Transaction
from crm.values import Stored
from engine.context import fold
from engine.schema import INSTANT

CHUNK: Final = 500
"""How many ids one statement is asked for."""

IDS: Final[BindParameter[str]] = bindparam("ids", expanding=True)

DAY: Final = len("yyyy-mm-dd")
"""The first characters of an instant: its day in UTC, which is what its keys hold."""

T = TypeVar("T")


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    waiting = iter(items)
    while part := list(islice(waiting, size)):
        yield part


def pointed(kind: Kind, one: One) -> ColumnElement[bool]:
    """A record and what its field points to."""
    return (one.to.table.c.org_id == kind.table.c.org_id) & (one.to.table.c.crm_id == kind.table.c[one.column])


def add_keys(transaction: Transaction, kind: Kind, column: Column, values: Iterable[tuple[str, Stored]]) -> None:
    """Keep keys of one column for these (record id, value); empty values make none."""
    length = DAY if column.type is INSTANT else None
    rows = [
        (transaction.org, kind.stored, column.name, folded, crm_id)
        for crm_id, value in values
        if isinstance(value, str) and (folded := fold(value[:length]))
    ]
    transaction.insert(match_key, ("org_id", "kind", "path", "folded", "crm_id"), rows)


@cache
def _name_keys(kind: Kind, one: One) -> Insert:
    table, named = kind.table, one.to.table
    return insert(match_key).from_select(
        ["org_id", "kind", "path", "folded", "crm_id"],
        select(table.c.org_id, literal(kind.stored), literal(name_path(one)), named.c.name_key, table.c.crm_id)
        .join(named, pointed(kind, one))
        .where(table.c.org_id == ORG, table.c.crm_id.in_(IDS)),
    )


def add_name_keys(transaction: Transaction, kind: Kind, one: One, ids: Sequence[str]) -> None:
    """Keep keys for the names of what these records point to."""
    for part in chunks(ids):
        transaction.connection.execute(_name_keys(kind, one), {"org": transaction.org, "ids": part})


def drop_keys(transaction: Transaction, kind: Kind, ids: Sequence[str], path: str | None = None) -> None:
    """Forget the keys of these records, for one path or for all."""
    for part in chunks(ids):
        these = [
            match_key.c.org_id == transaction.org,
            match_key.c.kind == kind.stored,
            match_key.c.crm_id.in_(part),
        ]
        if path is not None:
            these.append(match_key.c.path == path)
        transaction.connection.execute(delete(match_key).where(*these))
