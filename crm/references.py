"""Companies and folders: found by the name people use, made where a writer names one that does not exist yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, delete, insert, select, update

from crm.access import ORG
from crm.contacts import bump_where, bury, revive
from crm.fields import COMPANY_KIND, CONTACT_KIND, FOLDER_KIND
from crm.matchkeys import COMPANY_NAME, chunks
from crm.tables import company, contact, contact_folder, folder, match_key
from crm.transactions import PENDING, Transaction
from crm.values import Unfit
from engine.context import fold
from engine.records import Reference


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A kind of record that is referred to by name: its table and the column that holds the name."""

    kind: str
    table: Table
    name: str
    label: str


COMPANIES: Final = Named(COMPANY_KIND, company, "accountname", "company")
FOLDERS: Final = Named(FOLDER_KIND, folder, "name", "folder")
NAMED: Final = {named.kind: named for named in (COMPANIES, FOLDERS)}


def find_named(connection: Connection, org: str, named: Named, names: Collection[str]) -> dict[str, list[Reference]]:
    """Folded name ▸ the records that carry it, oldest first."""
    found = defaultdict(list)
    for part in chunks(sorted({fold(name) for name in names})):
        rows = connection.execute(_by_name(named), {"org": org, "keys": part}).all()
        for row in sorted(rows, key=lambda row: (len(row.crm_id), row.crm_id)):
            found[row.name_key].append(Reference(row.crm_id, row.name))
    return dict(found)


@cache
def _by_name(named: Named) -> Select[tuple[str, str, str]]:
    table = named.table
    return select(table.c.name_key, table.c.crm_id, table.c[named.name].label("name")).where(
        table.c.org_id == ORG, table.c.name_key.in_(bindparam("keys", expanding=True))
    )


def resolve(
    transaction: Transaction, named: Named, wanted: Iterable[Reference], owner: str | None = None
) -> Callable[[Reference, Collection[str]], str]:
    """A function from a reference, and the ids held now, to the id meant.

    A name that several carry means the one held now, else the oldest; one that nobody carries is made. The function
    raises Unfit for an id that does not exist.
    """
    given = dict.fromkeys(wanted)
    names = [reference.name for reference in given if reference.id is None]
    found = find_named(transaction.connection, transaction.org, named, names)
    missing: dict[str, str] = {}
    for name in names:
        if fold(name) not in found:
            missing.setdefault(fold(name), " ".join(name.split()))
    if missing:
        ids = transaction.reserve(len(missing))
        found.update(find_named(transaction.connection, transaction.org, named, missing.values()))
        new = [(crm_id, name) for crm_id, (key, name) in zip(ids, missing.items(), strict=True) if key not in found]
        insert_named(transaction, named, new, owner)
        found.update((fold(name), [Reference(crm_id, name)]) for crm_id, name in new)
    known = _existing(transaction, named, {reference.id for reference in given if reference.id is not None})

    def meant(reference: Reference, held: Collection[str]) -> str:
        if reference.id is None:
            choices = [str(one.id) for one in found[fold(reference.name)]]
            return next((one for one in choices if one in held), choices[0])
        if reference.id not in known:
            raise Unfit(f"the CRM has no such {named.label}")
        return reference.id

    return meant


def _existing(transaction: Transaction, named: Named, ids: Collection[str]) -> set[str]:
    table = named.table
    found: set[str] = set()
    for part in chunks(sorted(ids)):
        wanted = select(table.c.crm_id).where(table.c.org_id == transaction.org, table.c.crm_id.in_(part))
        found.update(transaction.connection.execute(wanted).scalars())
    return found


def insert_named(
    transaction: Transaction, named: Named, new: Sequence[tuple[str, str]], owner: str | None = None
) -> None:
    """Insert companies or folders (id, name); a company gets the owner."""
    if not new:
        return
    versions = revive(transaction, named.kind, [crm_id for crm_id, _ in new])
    rows: list[dict[str, object]] = [
        {
            "org_id": transaction.org, "crm_id": crm_id, named.name: name, "name_key": fold(name),
            "version": versions.get(crm_id, 0) + 1, "rev": PENDING,
        }
        for crm_id, name in new
    ]  # fmt: skip
    if named is COMPANIES:
        rows = [{**row, "owner_id": owner} for row in rows]
    transaction.connection.execute(insert(named.table), rows)
    transaction.touch(named.table)


def change_named(transaction: Transaction, named: Named, crm_id: str, **values: object) -> None:
    """Store new values of a company or folder; a new name also moves every contact that shows it."""
    table = named.table
    name = values.get(named.name)
    if isinstance(name, str):
        values["name_key"] = fold(name)
        bump_where(transaction, _shows(transaction, named, crm_id))
    this = (table.c.org_id == transaction.org, table.c.crm_id == crm_id)
    transaction.connection.execute(
        update(table).where(*this).values(version=table.c.version + 1, rev=PENDING, **values)
    )
    transaction.touch(table)
    if named is COMPANIES and isinstance(name, str):
        _rekey(transaction, crm_id, fold(name))


def delete_named(transaction: Transaction, named: Named, crm_id: str) -> None:
    """Delete a company or folder; contacts that showed it go on without."""
    table = named.table
    this = (table.c.org_id == transaction.org, table.c.crm_id == crm_id)
    if named is COMPANIES:
        _rekey(transaction, crm_id, "")
        bump_where(transaction, contact.c.company_id == crm_id, company_id=None)
    else:
        bump_where(transaction, _shows(transaction, named, crm_id))
        placed = (contact_folder.c.org_id == transaction.org, contact_folder.c.folder_id == crm_id)
        transaction.connection.execute(delete(contact_folder).where(*placed))
    version = transaction.connection.execute(select(table.c.version).where(*this)).scalar_one()
    transaction.connection.execute(delete(table).where(*this))
    bury(transaction, named.kind, [(crm_id, version)])


def _shows(transaction: Transaction, named: Named, crm_id: str) -> ColumnElement[bool]:
    if named is COMPANIES:
        return contact.c.company_id == crm_id
    placed = select(contact_folder.c.contact_id).where(
        contact_folder.c.org_id == transaction.org, contact_folder.c.folder_id == crm_id
    )
    return contact.c.crm_id.in_(placed)


def _rekey(transaction: Transaction, company_id: str, folded: str) -> None:
    employed = select(contact.c.crm_id).where(contact.c.org_id == transaction.org, contact.c.company_id == company_id)
    these = and_(
        match_key.c.org_id == transaction.org,
        match_key.c.kind == CONTACT_KIND,
        match_key.c.path == COMPANY_NAME,
        match_key.c.crm_id.in_(employed),
    )
    changing = update(match_key).values(folded=folded) if folded else delete(match_key)
    transaction.connection.execute(changing.where(these))
