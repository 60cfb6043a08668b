"""Finding records by match keys: a join over folded values, so that ten thousand keys are a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from functools import cache
from itertools import product
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, FromClause, Select, select

from crm.access import ORG, Rights, Viewer
from crm.among import among
from crm.kinds import Kind
from crm.matchkeys import DAY, chunks
from crm.reading import load
from crm.tables import match_key
from engine.context import fold
from engine.lenses.text import comparable
from engine.records import Key, Record, Reference, Value
from engine.schema import INSTANT

_Terms: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Paths, each with the folded values that may stand there."""


def find_records(
    connection: Connection, kind: Kind, viewer: Viewer, keys: Collection[Key]
) -> Iterator[tuple[Key, str]]:
    """Every key with the id of each readable record that it fits. Raises ValueError for a path without keys.

    A day is asked of an instant as a span, since only the asker knows its zone.
    """
    alike: dict[tuple[str, ...], dict[tuple[str, ...], list[Key]]] = defaultdict(lambda: defaultdict(list))
    texts = _texts(kind)
    for key in dict.fromkeys(keys):
        if len(key.terms) == 1 and (path := key.terms[0][0]) in texts:
            if value := fold(key.terms[0][1]):
                alike[(path,)][(value,)].append(key)
            continue
        terms = _folded(kind, key)
        for values in product(*(values for _, values in terms)) if terms else ():
            alike[tuple(path for path, _ in terms)][values].append(key)
    for paths, wanted in alike.items():
        for part in chunks(dict.fromkeys(values[0] for values in wanted)):
            found = _join(kind, viewer.rights(kind), paths)
            rows = connection.execute(found, {**viewer.parameters, "ids": part}).all()
            hits = [(key, str(row[0])) for row in rows for key in wanted.get(tuple(row[1:]), ())]
            exact = _exact(connection, kind, viewer.org, hits)
            yield from (hit for hit in hits if not _inexact(kind, hit[0]) or hit in exact)


def _folded(kind: Kind, key: Key) -> _Terms:
    """The terms with folded values, the longest value first: it is likely the rarest. Nothing if a value is empty."""
    unknown = [path for path, _ in key.terms if path not in kind.matchable]
    if unknown:
        raise ValueError(f"{kind.label}s can't be found by {', '.join(unknown)}")
    terms = tuple((path, _days(value) if _is_instant(kind, path) else (fold(value),)) for path, value in key.terms)
    if not all(values and all(values) for _, values in terms):
        return ()
    return tuple(sorted(terms, key=lambda term: (len(term[1]), -len(term[1][0]))))


@cache
def _texts(kind: Kind) -> frozenset[str]:
    """Paths that records can be found by, whose keys hold the text as it is."""
    return frozenset(path for path in kind.matchable if not _is_instant(kind, path))


def _is_instant(kind: Kind, path: str) -> bool:
    column = kind.by_name.get(path)
    return column is not None and column.type is INSTANT


def _days(span: str) -> tuple[str, ...]:
    """The days in UTC that a user's day lies on."""
    start, _, end = span.partition("/")
    try:
        first, last = (date.fromisoformat(instant[:DAY]).toordinal() for instant in (start, end))
    except ValueError:
        return ()
    return tuple(date.fromordinal(day).isoformat() for day in range(first, last + 1))


def _inexact(kind: Kind, key: Key) -> bool:
    """Whether the rows that are looked up say less than the key."""
    return not key.ignore_case or any(_is_instant(kind, path) for path, _ in key.terms)


@cache
def _join(kind: Kind, rights: Rights, paths: tuple[str, ...]) -> Select[tuple[str, ...]]:
    """Records whose first path has one of the ``values``, with their values at all the paths."""
    tables = [match_key.alias(f"key_{place}") for place in range(len(paths))]
    first, records = tables[0].c, kind.table
    source = tables[0].join(records, (records.c.org_id == ORG) & (records.c.crm_id == first.crm_id))
    for path, table in zip(paths[1:], tables[1:], strict=True):
        source = source.join(table, _of(table, kind, path) & (table.c.crm_id == first.crm_id))
    return (
        select(first.crm_id, *(table.c.folded for table in tables))
        .select_from(source)
        .where(_of(tables[0], kind, paths[0]), among(first.folded), rights.readable)
    )


def _of(table: FromClause, kind: Kind, path: str) -> ColumnElement[bool]:
    return (table.c.org_id == ORG) & (table.c.kind == kind.stored) & (table.c.path == path)


def _exact(connection: Connection, kind: Kind, org: str, hits: list[tuple[Key, str]]) -> set[tuple[Key, str]]:
    strict = [(key, crm_id) for key, crm_id in hits if _inexact(kind, key)]
    seen = load(connection, kind, Viewer(org), {crm_id for _, crm_id in strict})
    return {(key, crm_id) for key, crm_id in strict if crm_id in seen and _spelt(kind, key, seen[crm_id].record)}


def _spelt(kind: Kind, key: Key, record: Record) -> bool:
    return all(_fits(kind, key, _value(record, path), path, value) for path, value in key.terms)


def _fits(kind: Kind, key: Key, held: Value, path: str, wanted: str) -> bool:
    if _is_instant(kind, path):
        start, _, end = wanted.partition("/")
        return isinstance(held, str) and start <= held < end
    return key.ignore_case or comparable(held) == wanted


def _value(record: Record, path: str) -> Value:
    first, _, rest = path.partition(".")
    value = record.values[first]
    return value.name if rest and isinstance(value, Reference) else value
