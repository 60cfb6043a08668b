"""What records point to (companies, folders, task lists, users): found by id or by the name people use, made where a
writer names one that may be made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, select, update

from crm.access import ORG
from crm.among import among
from crm.kinds import STORED, Kind, Named, One, Pointer, name_path
from crm.matchkeys import chunks
from crm.tables import match_key
from crm.transactions import PENDING, Transaction
from crm.values import Draft
from crm.writing import Ids, bump_where, bury, revive
from engine.context import fold
from engine.records import Reference


def find_named(connection: Connection, org: str, named: Named, names: Collection[str]) -> dict[str, list[Reference]]:
    """Folded name ▸ the records that carry it, oldest first."""
    found = defaultdict(list)
    for part in chunks(sorted({fold(name) for name in names})):
        rows = connection.execute(_by_name(named), {"org": org, "ids": part}).all()
        for key, crm_id, name, *flags in sorted(rows, key=lambda row: (len(row.crm_id), row.crm_id)):
            holding = tuple(flag for flag, holds in zip(named.flags, flags, strict=True) if holds)
            found[key].append(Reference(crm_id, name, holding))
    return dict(found)


@cache
def _by_name(named: Named) -> Select[Any]:
    columns = named.table.c
    told = (columns[named.name].label("name"), *(columns[flag] for flag in named.flags))
    return select(columns.name_key, columns.crm_id, *told).where(columns.org_id == ORG, among(columns.name_key))


class Meanings:
    """What the references of some drafts of one kind stand for. Looked up at once; nothing is made before
    :meth:`make`."""

    def __init__(self, transaction: Transaction, kind: Kind, drafts: Sequence[Draft]) -> None:
        self._transaction = transaction
        self._kind = kind
        self._known: dict[Named, set[str]] = {}
        self._found: dict[Named, dict[str, list[Reference]]] = {}
        wanted: dict[Named, dict[Reference, None]] = defaultdict(dict)
        for pointer, references in self._pointers(drafts):
            wanted[pointer.to].update(dict.fromkeys(references))
        for named, given in wanted.items():
            self._known[named] = _existing(transaction, named, {one.id for one in given if one.id is not None})
            names = [one.name for one in given if one.id is None]
            self._found[named] = find_named(transaction.connection, transaction.org, named, names)

    def _pointers(self, drafts: Iterable[Draft]) -> Iterator[tuple[Pointer, tuple[Reference, ...]]]:
        for one in drafts:
            for field, references in one.references.items():
                yield self._kind.pointers[field], references

    def unfit(self, one: Draft) -> str | None:
        """Why a draft can't be stored: it points to something that is not there and may not be made."""
        for pointer, references in self._pointers([one]):
            named = pointer.to
            for reference in references:
                there = reference.id in self._known[named] if reference.id is not None else named.made
                if not there and not (reference.id is None and fold(reference.name) in self._found[named]):
                    return f"the CRM has no such {named.label}"
        return None

    def make(self, drafts: Sequence[Draft], owner: str | None = None) -> None:
        """Make what these drafts name and nobody has made."""
        missing: dict[Named, dict[str, str]] = defaultdict(dict)
        for pointer, references in self._pointers(drafts):
            for one in references:
                if one.id is None and fold(one.name) not in self._found[pointer.to]:
                    missing[pointer.to].setdefault(fold(one.name), " ".join(one.name.split()))
        transaction = self._transaction
        for named, names in missing.items():
            ids, found = transaction.reserve(len(names)), self._found[named]
            found.update(find_named(transaction.connection, transaction.org, named, names.values()))
            new = [(crm_id, name) for crm_id, (key, name) in zip(ids, names.items(), strict=True) if key not in found]
            insert_named(transaction, named, new, **({"owner_id": owner} if named.owned else {}))
            found.update((fold(name), [Reference(crm_id, name)]) for crm_id, name in new)

    def ids(self, pointer: Pointer, references: Sequence[Reference], held: Collection[str]) -> Ids:
        """The ids meant, each once, in the order in which they are kept. A name that several carry means the one held
        now, else the oldest."""
        found = dict.fromkeys([self._meant(pointer.to, reference, held) for reference in references])
        return tuple(found if isinstance(pointer, One) or pointer.ordered else sorted(found))

    def _meant(self, named: Named, reference: Reference, held: Collection[str]) -> str:
        if reference.id is not None:
            return reference.id
        choices = [str(one.id) for one in self._found[named][fold(reference.name)]]
        return next((one for one in choices if one in held), choices[0])


def _existing(transaction: Transaction, named: Named, ids: Collection[str]) -> set[str]:
    table = named.table
    found: set[str] = set()
    for part in chunks(sorted(ids)):
        wanted = select(table.c.crm_id).where(table.c.org_id == transaction.org, table.c.crm_id.in_(part))
        found.update(transaction.connection.execute(wanted).scalars())
    return found


def insert_named(transaction: Transaction, named: Named, new: Sequence[tuple[str, str]], **values: object) -> None:
    """Insert records (id, name) that others may point to, with the same further values for each."""
    if not new:
        return
    versions = revive(transaction, named.kind, [crm_id for crm_id, _ in new])
    rows = [
        {
            "org_id": transaction.org, "crm_id": crm_id, named.name: name, "name_key": fold(name),
            "version": versions.get(crm_id, 0) + 1, "rev": PENDING, **values,
        }
        for crm_id, name in new
    ]  # fmt: skip
    columns = [column.name for column in named.table.columns if column.name in rows[0]]
    transaction.insert(named.table, columns, [tuple(map(row.__getitem__, columns)) for row in rows])
    transaction.touch(named.table)


def change_named(transaction: Transaction, named: Named, crm_id: str, **values: object) -> None:
    """Store new values of such a record; a new name also moves every record that shows it."""
    table = named.table
    name = values.get(named.name)
    if isinstance(name, str):
        values["name_key"] = fold(name)
        for kind, pointer in _pointing(named):
            bump_where(transaction, kind, _points(transaction, kind, pointer, crm_id))
    this = (table.c.org_id == transaction.org, table.c.crm_id == crm_id)
    transaction.connection.execute(
        update(table).where(*this).values(version=table.c.version + 1, rev=PENDING, **values)
    )
    transaction.touch(table)
    if isinstance(name, str):
        _rekey(transaction, named, crm_id, fold(name))


def delete_named(transaction: Transaction, named: Named, crm_id: str) -> None:
    """Delete such a record; those that showed it go on without."""
    release(transaction, named, crm_id)
    table = named.table
    this = (table.c.org_id == transaction.org, table.c.crm_id == crm_id)
    version = transaction.connection.execute(select(table.c.version).where(*this)).scalar_one()
    transaction.connection.execute(delete(table).where(*this))
    bury(transaction, named.kind, [(crm_id, version)])


def release(transaction: Transaction, named: Named, crm_id: str, heir: str | None = None) -> None:
    """Let every record that points to this one go on without; the heir takes its place where it stands alone."""
    _rekey(transaction, named, crm_id, "")
    for kind, pointer in _pointing(named):
        points = _points(transaction, kind, pointer, crm_id)
        if isinstance(pointer, One):
            bump_where(transaction, kind, points, **{pointer.column: heir})
            continue
        bump_where(transaction, kind, points)
        rows = pointer.table
        these = (rows.c.org_id == transaction.org, rows.c[pointer.column] == crm_id)
        transaction.connection.execute(delete(rows).where(*these))


def _pointing(named: Named) -> Iterator[tuple[Kind, Pointer]]:
    """The fields, of any kind, that point to such records."""
    for kind in STORED.values():
        yield from ((kind, pointer) for pointer in kind.pointers.values() if pointer.to is named)


def _points(transaction: Transaction, kind: Kind, pointer: Pointer, crm_id: str) -> ColumnElement[bool]:
    if isinstance(pointer, One):
        return kind.table.c[pointer.column] == crm_id
    rows = pointer.table
    these = (rows.c.org_id == transaction.org, rows.c[pointer.column] == crm_id)
    return kind.table.c.crm_id.in_(select(rows.c[pointer.record]).where(*these))


def _rekey(transaction: Transaction, named: Named, crm_id: str, folded: str) -> None:
    """Keys by the name of what records point to follow a new name; without one they go."""
    for kind, pointer in _pointing(named):
        if not isinstance(pointer, One) or pointer not in kind.keyed_ones:
            continue
        table = kind.table
        these = select(table.c.crm_id).where(table.c.org_id == transaction.org, table.c[pointer.column] == crm_id)
        keys = and_(
            match_key.c.org_id == transaction.org,
            match_key.c.kind == kind.stored,
            match_key.c.path == name_path(pointer),
            match_key.c.crm_id.in_(these),
        )
        changing = update(match_key).values(folded=folded) if folded else delete(match_key)
        transaction.connection.execute(changing.where(keys))
