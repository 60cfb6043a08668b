"""Contacts as rows: loaded, inserted, changed and deleted in sets, with folders, match keys and tombstones kept true
beside them. No entity is made; a thousand records cost three statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from crm.access import ORG, Rights, Viewer
from crm.fields import CONTACT_KIND, POSTAL_GROUPS
from crm.matchkeys import COMPANY_NAME, EMPLOYER, IDS, KEYED, add_company_keys, add_keys, chunks, drop_keys
from crm.tables import company, contact, contact_folder, folder, share, tombstone
from crm.transactions import PENDING, Transaction
from crm.values import EMPTY_COLUMNS, PLAIN, Stored, postal
from engine.records import CRM, Record, Reference, Value

_HEAD: Final = ("readable", "editable", "crm_id", "version", "modified_at", "owner_id", "company_id", "accountname")
_AT: Final = len(_HEAD) + len(PLAIN)
_GROUPS: Final = tuple(
    (group, _AT + sum(len(names) for names in list(POSTAL_GROUPS.values())[:place]), len(names))
    for place, (group, names) in enumerate(POSTAL_GROUPS.items())
)
_STORED: Final = (*PLAIN, *(name for names in POSTAL_GROUPS.values() for name in names))


@dataclass(frozen=True, slots=True)
class Seen:
    """A contact as one reader sees it: the record, whether it may be read at all, and the row behind it."""

    record: Record
    readable: bool
    row: Row[Any]

    def holds(self, name: str) -> object:
        """The stored value of a column."""
        return self.row._mapping[name]

    @property
    def folders(self) -> tuple[str, ...]:
        """Ids of the folders, in order."""
        listed = self.record.values["folder"]
        if not isinstance(listed, tuple):
            return ()
        return tuple(item.id for item in listed if isinstance(item, Reference) and item.id is not None)


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact to insert; ``columns`` may leave fields out. ``folders`` are ids, in order."""

    crm_id: str
    columns: Mapping[str, Stored]
    company_id: str | None
    folders: tuple[str, ...]
    origin: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class ChangedContact:
    """New values for some columns (``company_id`` among them) of one contact; ``folders`` None leaves them."""

    crm_id: str
    columns: Mapping[str, Stored]
    folders: tuple[str, ...] | None


def load(connection: Connection, viewer: Viewer, ids: Collection[str], lock: bool = False) -> dict[str, Seen]:
    """The contacts with these ids, those that exist. ``lock`` holds their rows until the transaction ends."""
    wanted = _loading(viewer.rights, lock)
    found = {}
    for part in chunks(sorted(ids)):
        rows = connection.execute(wanted, {**viewer.parameters, "ids": part}).all()
        folders = _folders(connection, viewer.org, part)
        for row in rows:
            record = _record(row, folders.get(row[2]))
            found[record.id] = Seen(record, bool(row[0]), row)
    return found


def visible(connection: Connection, viewer: Viewer) -> list[str]:
    """The ids of all contacts that this viewer may read."""
    wanted = select(contact.c.crm_id).where(contact.c.org_id == ORG, viewer.rights.readable)
    return list(connection.execute(wanted, viewer.parameters).scalars())


@cache
def _loading(rights: Rights, lock: bool) -> Select[Any]:
    wanted = (
        select(
            rights.readable.label("readable"),
            rights.editable.label("editable"),
            *(contact.c[name] for name in _HEAD[2:-1]),
            company.c.accountname,
            *(contact.c[name] for name in _STORED),
        )
        .select_from(contact.outerjoin(company, EMPLOYER))
        .where(contact.c.org_id == ORG, contact.c.crm_id.in_(IDS))
    )
    return wanted.order_by(contact.c.crm_id).with_for_update(of=contact) if lock else wanted


_PLACED: Final = (
    select(contact_folder.c.contact_id, folder.c.crm_id, folder.c.name)
    .join(folder, (folder.c.org_id == contact_folder.c.org_id) & (folder.c.crm_id == contact_folder.c.folder_id))
    .where(contact_folder.c.org_id == ORG, contact_folder.c.contact_id.in_(IDS))
    .order_by(contact_folder.c.contact_id, contact_folder.c.position)
)


def _folders(connection: Connection, org: str, ids: Sequence[str]) -> dict[str, list[Reference]]:
    found = defaultdict(list)
    for contact_id, crm_id, name in connection.execute(_PLACED, {"org": org, "ids": ids}):
        found[contact_id].append(Reference(crm_id, name))
    return found


def _record(row: Row[Any], folders: list[Reference] | None) -> Record:
    _, editable, crm_id, version, modified_at, owner_id, company_id, accountname = row[: len(_HEAD)]
    values: dict[str, Value] = dict(zip(PLAIN, row[len(_HEAD) : _AT], strict=True))
    values["crmid"] = crm_id
    for group, start, count in _GROUPS:
        values[group] = postal(row[start : start + count])
    values["accountid"] = None if company_id is None else Reference(company_id, accountname)
    values["folder"] = tuple(folders) if folders else None
    values["assigned_user_id"] = owner_id
    return Record(CRM, CONTACT_KIND, crm_id, str(version), values, modified_at, bool(editable))


def find_marks(connection: Connection, org: str, marks: Collection[str]) -> dict[str, str]:
    """Action id ▸ contact id, for contacts that these actions made."""
    found: dict[str, str] = {}
    for part in chunks(marks):
        rows = connection.execute(_BY_ORIGIN, {"org": org, "ids": part})
        found.update((str(mark), crm_id) for mark, crm_id in rows)
    return found


_BY_ORIGIN: Final = select(contact.c.origin, contact.c.crm_id).where(contact.c.org_id == ORG, contact.c.origin.in_(IDS))


def insert_contacts(transaction: Transaction, new: Sequence[NewContact]) -> None:
    """Insert contacts under ids that are free. An id that was deleted before must be revived first, and goes on from
    its last version."""
    if not new:
        return
    fixed = {"org_id": transaction.org, "rev": PENDING, "modified_at": transaction.now, "owner_id": None}
    template: dict[str, object] = {**dict.fromkeys(contact.columns.keys()), **EMPTY_COLUMNS, **fixed}
    rows = []
    for one in new:
        keys = {"crm_id": one.crm_id, "company_id": one.company_id, "version": one.version, "origin": one.origin}
        rows.append(tuple({**template, **one.columns, **keys}.values()))
    transaction.insert(contact, tuple(template), rows)
    transaction.touch(contact)
    _place(transaction, [(one.crm_id, one.folders) for one in new if one.folders])
    add_keys(transaction, [(one.crm_id, path, one.columns.get(path)) for one in new for path in KEYED])
    add_company_keys(transaction, [one.crm_id for one in new if one.company_id is not None])


def revive(transaction: Transaction, kind: str, ids: Collection[str]) -> dict[str, int]:
    """Remove the tombstones of ids that come back; the answer holds the last version of each."""
    found: dict[str, int] = {}
    for part in chunks(ids):
        these = (tombstone.c.org_id == transaction.org, tombstone.c.kind == kind, tombstone.c.crm_id.in_(part))
        rows = transaction.connection.execute(select(tombstone.c.crm_id, tombstone.c.version).where(*these)).all()
        if rows:
            found.update((crm_id, version) for crm_id, version in rows)
            transaction.connection.execute(delete(tombstone).where(*these))
    return found


def change_contacts(transaction: Transaction, changed: Sequence[ChangedContact]) -> None:
    """Store these changes; each contact's version moves by one."""
    alike: dict[tuple[str, ...], list[dict[str, object]]] = defaultdict(list)
    for one in changed:
        values = {f"new_{name}": value for name, value in one.columns.items()}
        alike[tuple(sorted(one.columns))].append({"of_id": one.crm_id, **values})
    for names, rows in alike.items():
        bump(transaction, {name: bindparam(f"new_{name}") for name in names}, rows)
    placed = [(one.crm_id, one.folders) for one in changed if one.folders is not None]
    for part in chunks(crm_id for crm_id, _ in placed):
        these = (contact_folder.c.org_id == transaction.org, contact_folder.c.contact_id.in_(part))
        transaction.connection.execute(delete(contact_folder).where(*these))
    _place(transaction, placed)
    for path in KEYED:
        moved = [(one.crm_id, path, one.columns[path]) for one in changed if path in one.columns]
        drop_keys(transaction, [crm_id for crm_id, _, _ in moved], path)
        add_keys(transaction, moved)
    employed = [one for one in changed if "company_id" in one.columns]
    drop_keys(transaction, [one.crm_id for one in employed], COMPANY_NAME)
    add_company_keys(transaction, [one.crm_id for one in employed if one.columns["company_id"] is not None])


def bump(transaction: Transaction, values: Mapping[str, object], rows: Sequence[Mapping[str, object]]) -> None:
    """Set ``values`` on the contacts whose ``of_id`` the rows name, as an edit made now."""
    statement = (
        update(contact)
        .where(contact.c.org_id == transaction.org, contact.c.crm_id == bindparam("of_id"))
        .values(version=contact.c.version + 1, rev=PENDING, modified_at=transaction.now, **values)
    )
    transaction.connection.execute(statement, list(rows))
    transaction.touch(contact)


def bump_where(transaction: Transaction, condition: ColumnElement[bool], **values: object) -> None:
    """Move version and revision of all contacts that show something that changed elsewhere (a company's name): they
    were not edited themselves, so their modified time stays."""
    transaction.connection.execute(
        update(contact)
        .where(contact.c.org_id == transaction.org, condition)
        .values(version=contact.c.version + 1, rev=PENDING, **values)
    )
    transaction.touch(contact)


def delete_contacts(transaction: Transaction, ids: Sequence[str], merged_into: str | None = None) -> None:
    """Delete contacts that exist, leaving tombstones."""
    for part in chunks(ids):
        these = (contact.c.org_id == transaction.org, contact.c.crm_id.in_(part))
        rows = transaction.connection.execute(select(contact.c.crm_id, contact.c.version).where(*these)).all()
        drop_keys(transaction, part)
        for table in (contact_folder, share):
            transaction.connection.execute(
                delete(table).where(table.c.org_id == transaction.org, table.c.contact_id.in_(part))
            )
        transaction.connection.execute(delete(contact).where(*these))
        bury(transaction, CONTACT_KIND, [(crm_id, version) for crm_id, version in rows], merged_into)


def bury(transaction: Transaction, kind: str, gone: Sequence[tuple[str, int]], merged_into: str | None = None) -> None:
    """Leave tombstones for records (id, last version) of one kind."""
    if not gone:
        return
    common = {
        "org_id": transaction.org, "kind": kind, "rev": PENDING, "gone_at": transaction.now,
        "verb": "merged" if merged_into else "deleted", "merged_into": merged_into,
    }  # fmt: skip
    rows = [{**common, "crm_id": crm_id, "version": version} for crm_id, version in gone]
    transaction.connection.execute(insert(tombstone), rows)
    transaction.touch(tombstone)


def _place(transaction: Transaction, folders: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    rows = [
        (transaction.org, crm_id, folder_id, position)
        for crm_id, listed in folders
        for position, folder_id in enumerate(listed, 1)
    ]
    transaction.insert(contact_folder, ("org_id", "contact_id", "folder_id", "position"), rows)
