"""Finding contacts by match keys: a join over folded values, so that ten thousand keys are a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from typing import Final, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Connection, FromClause, Select, bindparam, select

from crm.access import ORG, Rights, Viewer
from crm.contacts import load
from crm.fields import CONTACT_KIND, MATCHABLE
from crm.matchkeys import chunks
from crm.tables import contact, match_key
from engine.context import fold
from engine.lenses.text import comparable
from engine.records import Key, Record, Reference, Value

_VALUES: Final[BindParameter[str]] = bindparam("values", expanding=True)
_Terms: TypeAlias = tuple[tuple[str, str], ...]


def find_contacts(connection: Connection, viewer: Viewer, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
    """Every key with the id of each readable contact that it fits. Raises ValueError for a path without keys."""
    alike: dict[tuple[str, ...], dict[tuple[str, ...], list[Key]]] = defaultdict(lambda: defaultdict(list))
    for key in dict.fromkeys(keys):
        if terms := _folded(key):
            alike[tuple(path for path, _ in terms)][tuple(value for _, value in terms)].append(key)
    for paths, wanted in alike.items():
        for part in chunks(dict.fromkeys(values[0] for values in wanted)):
            rows = connection.execute(_join(viewer.rights, paths), {**viewer.parameters, "values": part}).all()
            hits = [(key, str(row[0])) for row in rows for key in wanted.get(tuple(row[1:]), ())]
            exact = _exact(connection, viewer.org, hits)
            yield from ((key, crm_id) for key, crm_id in hits if key.ignore_case or (key, crm_id) in exact)


def _folded(key: Key) -> _Terms:
    """The terms with folded values, the longest value first: it is likely the rarest. Nothing if a value is empty."""
    unknown = [path for path, _ in key.terms if path not in MATCHABLE]
    if unknown:
        raise ValueError(f"contacts can't be found by {', '.join(unknown)}")
    terms = tuple((path, fold(value)) for path, value in key.terms)
    return tuple(sorted(terms, key=lambda term: -len(term[1]))) if all(value for _, value in terms) else ()


@cache
def _join(rights: Rights, paths: tuple[str, ...]) -> Select[tuple[str, ...]]:
    """Contacts whose first path has one of the ``values``, with their values at all the paths."""
    tables = [match_key.alias(f"key_{place}") for place in range(len(paths))]
    first = tables[0].c
    source = tables[0].join(contact, (contact.c.org_id == ORG) & (contact.c.crm_id == first.crm_id))
    for path, table in zip(paths[1:], tables[1:], strict=True):
        source = source.join(table, _of(table, path) & (table.c.crm_id == first.crm_id))
    return (
        select(first.crm_id, *(table.c.folded for table in tables))
        .select_from(source)
        .where(_of(tables[0], paths[0]), first.folded.in_(_VALUES), rights.readable)
    )


def _of(table: FromClause, path: str) -> ColumnElement[bool]:
    return (table.c.org_id == ORG) & (table.c.kind == CONTACT_KIND) & (table.c.path == path)


def _exact(connection: Connection, org: str, hits: list[tuple[Key, str]]) -> set[tuple[Key, str]]:
    strict = [(key, crm_id) for key, crm_id in hits if not key.ignore_case]
    seen = load(connection, Viewer(org), {crm_id for _, crm_id in strict})
    return {
        (key, crm_id)
        for key, crm_id in strict
        if crm_id in seen and all(comparable(_value(seen[crm_id].record, path)) == value for path, value in key.terms)
    }


def _value(record: Record, path: str) -> Value:
    first, _, rest = path.partition(".")
    value = record.values[first]
    return value.name if rest and isinstance(value, Reference) else value
