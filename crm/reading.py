"""Records as rows, read in sets: a thousand of them cost a handful of statements, and no entity is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from sys import intern
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, select

from crm.access import ORG, Rights, Viewer
from crm.among import among
from crm.kinds import Kind, Many, Named, One
from crm.matchkeys import chunks, pointed
from crm.values import postal
from engine.records import CRM, Record, Reference, Value
from engine.schema import TEXT


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as one reader sees it, whether it may be read at all, and the row behind it."""

    record: Record
    readable: bool
    row: Row[Any]

    def holds(self, name: str) -> object:
        """The stored value of a column."""
        return self.row._mapping[name]

    def listed(self, field: str) -> tuple[str, ...]:
        """Ids of what a field lists, in order."""
        items = self.record.values[field]
        ids = (item.id if isinstance(item, Reference) else item for item in items) if isinstance(items, tuple) else ()
        return tuple(id for id in ids if isinstance(id, str))


def load(
    connection: Connection, kind: Kind, viewer: Viewer, ids: Collection[str], lock: bool = False
) -> dict[str, Seen]:
    """The records with these ids, those that exist. ``lock`` holds their rows until the transaction ends."""
    wanted, values_of = _loading(kind, viewer.rights(kind), lock), _reading(kind)
    found = {}
    for part in chunks(sorted(ids)):
        rows = connection.execute(wanted, {**viewer.parameters, "ids": part}).all()
        lists = {many.field: _listed(connection, viewer.org, many, part) for many in kind.manys}
        for row in rows:
            values = values_of(row)
            for field, listed in lists.items():
                values[field] = listed.get(row[_ID])
            record = Record(CRM, kind.name, row[_ID], str(row[_VERSION]), values, row[_MODIFIED], bool(row[_EDITABLE]))
            found[record.id] = Seen(record, bool(row[_READABLE]), row)
    return found


_LONG: Final = 200
"""Characters from which on a text is hardly ever another record's too."""

_READABLE, _EDITABLE, _ID, _VERSION, _MODIFIED, _HEAD = range(6)


@cache
def _loading(kind: Kind, rights: Rights, lock: bool) -> Select[Any]:
    """The head, the ids with what is told about them, then the columns that are values as they stand."""
    table = kind.table
    source: FromClause = table
    named: list[ColumnElement[Any]] = []
    for one in _told(kind):
        named.append(table.c[one.column])
        source = source.outerjoin(one.to.table, pointed(kind, one))
        named += [one.to.table.c[column].label(f"{one.field}_{column}") for column in (one.to.name, *one.to.flags)]
    head = (rights.readable.label("readable"), rights.editable.label("editable"))
    own = (table.c[name] for name in _own(kind).values())
    grouped = (table.c[name] for names in kind.groups.values() for name in names)
    wanted = (
        select(*head, table.c.crm_id, table.c.version, table.c.modified_at, *named, *own, *grouped)
        .select_from(source)
        .where(table.c.org_id == ORG, among(table.c.crm_id))
    )
    return wanted.order_by(table.c.crm_id).with_for_update(of=table) if lock else wanted


def _told(kind: Kind) -> list[One]:
    """Pointers that rules see with a name."""
    return [one for one in kind.ones if not one.to.plain]


def _own(kind: Kind) -> dict[str, str]:
    """Field ▸ column, where the column is the value as it stands."""
    ids = {one.field: one.column for one in kind.ones if one.to.plain}
    return ids | {column.name: column.name for column in kind.plain}


@cache
def _reading(kind: Kind) -> Callable[[Row[Any]], dict[str, Value]]:
    """A function from a row to the values that rules see, but for the lists."""
    ones, start = [], _HEAD
    for one in _told(kind):
        ones.append((one.field, _telling(one.to), start))
        start += 2 + len(one.to.flags)
    names = list(_own(kind))
    end = start + len(names)
    repeated = _repeated(kind)
    groups, at = [], end
    for group, members in kind.groups.items():
        groups.append((group, at, at + len(members)))
        at += len(members)

    def read(row: Row[Any]) -> dict[str, Value]:
        values: dict[str, Value] = dict(zip(names, row[start:end], strict=True))
        for name in repeated:
            if text := values[name]:
                values[name] = intern(text)  # type: ignore[arg-type]
        values["crmid"] = row[_ID]
        for group, first, last in groups:
            values[group] = postal(row[first:last])
        for field, told, place in ones:
            values[field] = None if row[place] is None else told(row, place)
        return values

    return read


def _repeated(kind: Kind) -> list[str]:
    """Fields whose texts are often the same from record to record: each text is then held once."""
    plain = [one.field for one in kind.ones if one.to.plain]
    return plain + [column.name for column in kind.plain if column.type is TEXT and (column.length or _LONG) < _LONG]


def _telling(named: Named) -> Callable[[Sequence[Any], int], Value]:
    """A function from a row, and the place where the id stands in it before the name and the flags, to the value."""
    if named.plain:
        return lambda row, place: row[place]
    if not named.flags:
        return lambda row, place: Reference(row[place], row[place + 1])
    return lambda row, place: Reference(
        row[place], row[place + 1], tuple(flag for at, flag in enumerate(named.flags, place + 2) if row[at])
    )


def _listed(connection: Connection, org: str, many: Many, ids: Sequence[str]) -> dict[str, tuple[Value, ...]]:
    """By record id, for those that list anything."""
    found: dict[str, list[Value]] = defaultdict(list)
    told = _telling(many.to)
    for row in connection.execute(_listing(many), {"org": org, "ids": ids}).all():
        found[row[0]].append(told(row, 1))
    return {crm_id: tuple(items if many.ordered else sorted(items, key=str)) for crm_id, items in found.items()}


@cache
def _listing(many: Many) -> Select[Any]:
    """Record, item, and what references to the item tell."""
    rows, named = many.table, many.to
    source: FromClause = rows
    told: list[ColumnElement[Any]] = [rows.c[many.record], rows.c[many.column]]
    if not named.plain:
        items = named.table
        source = rows.join(items, (items.c.org_id == rows.c.org_id) & (items.c.crm_id == rows.c[many.column]))
        told += [items.c[column] for column in (named.name, *named.flags)]
    wanted = select(*told).select_from(source).where(rows.c.org_id == ORG, among(rows.c[many.record]))
    return wanted.order_by(rows.c[many.record], rows.c.position) if many.ordered else wanted


def visible(connection: Connection, kind: Kind, viewer: Viewer) -> list[str]:
    """The ids of all records that this viewer may read."""
    table = kind.table
    wanted = select(table.c.crm_id).where(table.c.org_id == ORG, viewer.rights(kind).readable)
    return list(connection.execute(wanted, viewer.parameters).scalars())


def find_marks(connection: Connection, kind: Kind, org: str, marks: Collection[str]) -> dict[str, str]:
    """Action id ▸ record id, for records that these actions made."""
    found: dict[str, str] = {}
    for part in chunks(marks):
        rows = connection.execute(_by_origin(kind), {"org": org, "ids": part})
        found.update((row.origin, row.crm_id) for row in rows)
    return found


@cache
def _by_origin(kind: Kind) -> Select[Any]:
    table = kind.table
    return select(table.c.origin, table.c.crm_id).where(table.c.org_id == ORG, among(table.c.origin))
