"""Exports the CRM as CSV files that the import takes back without changing anything. The files hold personal data:
only their owner may read them, and a half-written one never stands under its name."""

from __future__ import annotations

import csv
import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO, TypeAlias

from crm.csvfiles import COMPANIES, CONTACTS, FOLDERS, SHARES, SHEETS, TEAMS, USERS, Sheet, guard, join_names
from crm.fields import CONTACT_COLUMNS
from crm.store import CrmStore
from engine.errors import UserError
from engine.records import Reference

_Rows: TypeAlias = Iterator[dict[str, object]]


def export_folder(store: CrmStore, folder: Path) -> dict[str, int]:
    """Write every CRM file into a folder, made if need be; the number of rows by file name. Raises UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {sheet.file: export_file(store, sheet, folder / sheet.file) for sheet in SHEETS}
    except OSError as error:
        raise UserError(f"{folder} can't be made: {error.strerror}.") from None


def export_file(store: CrmStore, sheet: Sheet, path: Path) -> int:
    """Write one file, replacing what stood there; the number of rows. Raises UserError."""
    try:
        with _replacing(path) as text:
            return write_sheet(store, sheet, text)
    except OSError as error:
        hint = "Free some space and try again." if error.errno == errno.ENOSPC else ""
        raise UserError(f"{path} can't be written: {error.strerror}.", hint) from None


def write_sheet(store: CrmStore, sheet: Sheet, out: TextIO) -> int:
    """Write one file's rows to an open text stream (opened with ``newline=""``); the number of rows."""
    writer = csv.writer(out)  # lines end in CR LF: only then does it quote every cell that holds either
    writer.writerow([heading.label for heading in sheet.headings])
    count = 0
    for row in _ROWS[sheet.name](store):
        writer.writerow([guard(_text(row.get(heading.field))) for heading in sheet.headings])
        count += 1
    return count


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _teams(store: CrmStore) -> _Rows:
    for team in store.teams():
        yield {"name": team.name, "description": team.description, "sharing": team.sharing}


def _users(store: CrmStore) -> _Rows:
    teams = {team.id: team.name for team in store.teams()}
    for user in store.users():
        yield {
            "user_name": user.user_name,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email1": user.email1,
            "status": user.status,
            "teams": join_names(sorted(teams[team_id] for team_id in user.teams)),
            "zone": user.zone,
            "is_admin": user.is_admin,
        }


def _folders(store: CrmStore) -> _Rows:
    for folder, description in store.folders():
        yield {"name": folder.name, "description": description}


def _companies(store: CrmStore) -> _Rows:
    users = _user_names(store)
    for company, owner in store.companies():
        yield {"crmid": company.id, "accountname": company.name, "assigned_user_id": users.get(owner or "")}


def _contacts(store: CrmStore) -> _Rows:
    users = _user_names(store)
    for seen in store.stored_contacts():
        folders = seen.record.values["folder"]
        listed = folders if isinstance(folders, tuple) else ()
        yield {
            **{column.name: seen.holds(column.name) for column in CONTACT_COLUMNS},
            "crmid": seen.record.id,
            "accountid": seen.holds("accountname"),
            "folder": join_names([one.name for one in listed if isinstance(one, Reference)]),
            "assigned_user_id": users.get(str(seen.holds("owner_id"))),
        }


def _shares(store: CrmStore) -> _Rows:
    users, teams = _user_names(store), {team.id: team.name for team in store.teams()}
    for share in store.shares():
        named = (teams if share.grantee_kind == "team" else users).get(share.grantee_id)
        yield {"crmid": share.contact_id, share.grantee_kind: named, "access": share.access}


def _user_names(store: CrmStore) -> dict[str, str]:
    return {user.id: user.user_name for user in store.users()}


_ROWS: Final[dict[str, Callable[[CrmStore], _Rows]]] = {
    TEAMS.name: _teams,
    USERS.name: _users,
    FOLDERS.name: _folders,
    COMPANIES.name: _companies,
    CONTACTS.name: _contacts,
    SHARES.name: _shares,
}


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made readable by its owner alone
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as text:
            yield text
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
