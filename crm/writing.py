"""Records as rows, written in sets: inserted, changed and deleted, with lists, match keys and tombstones kept true
beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from crm.among import among
from crm.kinds import Kind, Many, One, name_path
from crm.matchkeys import MatchKey, add_keys, chunks, column_keys, drop_keys, name_keys
from crm.tables import share, tombstone
from crm.transactions import PENDING, Transaction
from crm.values import Stored, empty_columns

Ids: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class New:
    """A record to insert; ``columns`` (the ids of what it points to among them) may leave some out. ``lists`` are
    ids by field, in order."""

    crm_id: str
    columns: Mapping[str, Stored]
    lists: Mapping[str, Ids] = field(default_factory=dict)
    origin: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Changed:
    """New values for some columns and some lists of one record."""

    crm_id: str
    columns: Mapping[str, Stored]
    lists: Mapping[str, Ids]


def insert_rows(transaction: Transaction, kind: Kind, new: Sequence[New]) -> None:
    """Insert records under ids that are free. An id that was deleted before must be revived first, and goes on from
    its last version."""
    if not new:
        return
    table = kind.table
    fixed = {"org_id": transaction.org, "rev": PENDING, "modified_at": transaction.now}
    template: dict[str, object] = {**dict.fromkeys(table.columns.keys()), **empty_columns(kind), **fixed}
    rows = []
    for one in new:
        keys = {"crm_id": one.crm_id, "version": one.version, "origin": one.origin}
        rows.append(tuple({**template, **one.columns, **keys}.values()))
    transaction.insert(table, tuple(template), rows)
    transaction.touch(table)
    for many in kind.manys:
        _list(transaction, many, [(one.crm_id, one.lists.get(many.field, ())) for one in new])
    empty, found = empty_columns(kind), list[MatchKey]()
    for column in kind.keyed:
        name, default = column.name, empty[column.name]
        found += column_keys(kind, column, [(one.crm_id, one.columns.get(name, default)) for one in new])
    for pointer in kind.keyed_ones:
        found += name_keys(transaction, pointer, [(one.crm_id, one.columns.get(pointer.column)) for one in new])
    add_keys(transaction, kind, found)


def revive(transaction: Transaction, stored: str, ids: Collection[str]) -> dict[str, int]:
    """Remove the tombstones of ids that come back; the answer holds the last version of each."""
    found: dict[str, int] = {}
    these = (tombstone.c.org_id == transaction.org, tombstone.c.kind == stored, among(tombstone.c.crm_id))
    for part in chunks(ids):
        wanted = select(tombstone.c.crm_id, tombstone.c.version).where(*these)
        rows = transaction.connection.execute(wanted, {"ids": part}).all()
        if rows:
            found.update((crm_id, version) for crm_id, version in rows)
            transaction.connection.execute(delete(tombstone).where(*these), {"ids": part})
    return found


def change_rows(transaction: Transaction, kind: Kind, changed: Sequence[Changed]) -> None:
    """Store these changes; each record's version moves by one."""
    alike: dict[tuple[str, ...], list[dict[str, object]]] = defaultdict(list)
    for one in changed:
        values = {f"new_{name}": value for name, value in one.columns.items()}
        alike[tuple(sorted(one.columns))].append({"of_id": one.crm_id, **values})
    for names, rows in alike.items():
        bump(transaction, kind, {name: bindparam(f"new_{name}") for name in names}, rows)
    for many in kind.manys:
        listed = [(one.crm_id, one.lists[many.field]) for one in changed if many.field in one.lists]
        _unlist(transaction, many, [crm_id for crm_id, _ in listed])
        _list(transaction, many, listed)
    for column in kind.keyed:
        moved = [(one.crm_id, one.columns[column.name]) for one in changed if column.name in one.columns]
        drop_keys(transaction, kind, [crm_id for crm_id, _ in moved], column.name)
        add_keys(transaction, kind, column_keys(kind, column, moved))
    for pointer in kind.keyed_ones:
        _point(transaction, kind, pointer, [one for one in changed if pointer.column in one.columns])


def _point(transaction: Transaction, kind: Kind, pointer: One, changed: Sequence[Changed]) -> None:
    drop_keys(transaction, kind, [one.crm_id for one in changed], name_path(pointer))
    pointing = [(one.crm_id, one.columns[pointer.column]) for one in changed]
    add_keys(transaction, kind, name_keys(transaction, pointer, pointing))


def bump(
    transaction: Transaction, kind: Kind, values: Mapping[str, object], rows: Sequence[Mapping[str, object]]
) -> None:
    """Set ``values`` on the records whose ``of_id`` the rows name, as an edit made now."""
    table = kind.table
    statement = (
        update(table)
        .where(table.c.org_id == transaction.org, table.c.crm_id == bindparam("of_id"))
        .values(version=table.c.version + 1, rev=PENDING, modified_at=transaction.now, **values)
    )
    transaction.connection.execute(statement, list(rows))
    transaction.touch(table)


def bump_where(transaction: Transaction, kind: Kind, condition: ColumnElement[bool], **values: object) -> None:
    """Move version and revision of all records that show something that changed elsewhere (a company's name): they
    were not edited themselves, so their modified time stays."""
    table = kind.table
    transaction.connection.execute(
        update(table)
        .where(table.c.org_id == transaction.org, condition)
        .values(version=table.c.version + 1, rev=PENDING, **values)
    )
    transaction.touch(table)


def delete_rows(transaction: Transaction, kind: Kind, ids: Sequence[str], merged_into: str | None = None) -> None:
    """Delete records that exist, leaving tombstones."""
    table, execute = kind.table, transaction.connection.execute
    for part in chunks(ids):
        these = (table.c.org_id == transaction.org, table.c.crm_id.in_(part))
        rows = execute(select(table.c.crm_id, table.c.version).where(*these)).all()
        drop_keys(transaction, kind, part)
        for many in kind.manys:
            _unlist(transaction, many, part)
        shown = (share.c.org_id == transaction.org, share.c.kind == kind.stored, share.c.crm_id.in_(part))
        execute(delete(share).where(*shown))
        execute(delete(table).where(*these))
        bury(transaction, kind.stored, [(crm_id, version) for crm_id, version in rows], merged_into)


def bury(
    transaction: Transaction, stored: str, gone: Sequence[tuple[str, int]], merged_into: str | None = None
) -> None:
    """Leave tombstones for records (id, last version) of one kind."""
    if not gone:
        return
    common = {
        "org_id": transaction.org, "kind": stored, "rev": PENDING, "gone_at": transaction.now,
        "verb": "merged" if merged_into else "deleted", "merged_into": merged_into,
    }  # fmt: skip
    rows = [{**common, "crm_id": crm_id, "version": version} for crm_id, version in gone]
    transaction.connection.execute(insert(tombstone), rows)
    transaction.touch(tombstone)


def _list(transaction: Transaction, many: Many, listed: Sequence[tuple[str, Ids]]) -> None:
    columns = ("org_id", many.record, many.column, *(("position",) if many.ordered else ()))
    rows = [
        (transaction.org, crm_id, item, *((position,) if many.ordered else ()))
        for crm_id, items in listed
        for position, item in enumerate(items, 1)
    ]
    transaction.insert(many.table, columns, rows)


def _unlist(transaction: Transaction, many: Many, ids: Sequence[str]) -> None:
    for part in chunks(ids):
        these = (many.table.c.org_id == transaction.org, many.table.c[many.record].in_(part))
        transaction.connection.execute(delete(many.table).where(*these))
