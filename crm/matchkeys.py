"""Match keys: folded values that records are recognised by, kept true with every write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Select, delete, select

from crm.access import ORG
from crm.among import among
from crm.fields import Column
from crm.kinds import Kind, One, name_path
from crm.tables import match_key
from crm.transactions import Transaction
from crm.values import Stored
from engine.context import fold
from engine.schema import INSTANT

CHUNK: Final = 500
"""How many ids one statement is asked for."""

DAY: Final = len("yyyy-mm-dd")
"""The first characters of an instant: its day in UTC, which is what its keys hold."""

MatchKey: TypeAlias = tuple[str, str, str]
"""Path, folded value, record id."""

T = TypeVar("T")


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    waiting = iter(items)
    while part := list(islice(waiting, size)):
        yield part


def pointed(kind: Kind, one: One) -> ColumnElement[bool]:
    """A record and what its field points to."""
    return (one.to.table.c.org_id == kind.table.c.org_id) & (one.to.table.c.crm_id == kind.table.c[one.column])


def column_keys(kind: Kind, column: Column, values: Iterable[tuple[str, Stored]]) -> list[MatchKey]:
    """Keys of one column for these (record id, value); empty values make none."""
    length = DAY if column.type is INSTANT else None
    return [
        (column.name, folded, crm_id)
        for crm_id, value in values
        if isinstance(value, str) and (folded := fold(value[:length]))
    ]


def name_keys(transaction: Transaction, one: One, pointing: Sequence[tuple[str, Stored]]) -> list[MatchKey]:
    """Keys for the names of what records point to; they come as (record id, id of what it points to, if anything)."""
    pointed_at = sorted({id for _, id in pointing if isinstance(id, str)})
    named: dict[Stored, str] = {}
    for part in chunks(pointed_at):
        rows = transaction.connection.execute(_names(one), {"org": transaction.org, "ids": part})
        named.update((row.crm_id, row.name_key) for row in rows)
    path = name_path(one)
    return [(path, named[id], crm_id) for crm_id, id in pointing if id in named]


@cache
def _names(one: One) -> Select[tuple[str, str]]:
    table = one.to.table
    return select(table.c.crm_id, table.c.name_key).where(table.c.org_id == ORG, among(table.c.crm_id))


def add_keys(transaction: Transaction, kind: Kind, keys: Iterable[MatchKey]) -> None:
    """Keep these keys. They go in in the order in which the table lies, which costs it least."""
    rows = [(transaction.org, kind.stored, *key) for key in sorted(keys)]
    transaction.insert(match_key, ("org_id", "kind", "path", "folded", "crm_id"), rows)


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
