"""Exports the CRM as CSV files that the import takes back without changing anything. The files hold personal data:
only their owner may read them, and a half-written one never stands under its name."""

from __future__ import annotations

import csv
import errno
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO, TypeAlias
from zoneinfo import ZoneInfo

from crm.csvfiles import (
    ACTIVITIES,
    COMPANIES,
    CONTACTS,
    FOLDERS,
    SHARES,
    SHEETS,
    TASK_LISTS,
    TEAMS,
    USERS,
    Sheet,
    guard,
    join_names,
)
from crm.csvtimes import DEFAULT_ZONE, time_to_cell, zone_named
from crm.fields import ACTIVITY_COLUMNS, CONTACT_COLUMNS, CONTACT_KIND, TASK_KIND
from crm.store import CrmStore
from engine.context import fold
from engine.errors import UserError
from engine.records import Reference

_Rows: TypeAlias = Iterator[dict[str, object]]


def export_folder(store: CrmStore, folder: Path, zone: str = DEFAULT_ZONE) -> dict[str, int]:
    """Write every CRM file into a folder, made if need be, with times as in this zone; the number of rows by file name.
    Raises UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {sheet.file: export_file(store, sheet, folder / sheet.file, zone) for sheet in SHEETS}
    except OSError as error:
        raise UserError(f"{folder} can't be made: {error.strerror}.") from None


def export_file(store: CrmStore, sheet: Sheet, path: Path, zone: str = DEFAULT_ZONE) -> int:
    """Write one file, replacing what stood there; the number of rows. Raises UserError."""
    try:
        with _replacing(path) as text:
            return write_sheet(store, sheet, text, zone)
    except OSError as error:
        hint = "Free some space and try again." if error.errno == errno.ENOSPC else ""
        raise UserError(f"{path} can't be written: {error.strerror}.", hint) from None


def write_sheet(store: CrmStore, sheet: Sheet, out: TextIO, zone: str = DEFAULT_ZONE) -> int:
    """Write one file's rows to an open text stream (opened with ``newline=""``); the number of rows."""
    writer = csv.writer(out)  # lines end in CR LF: only then does it quote every cell that holds either
    writer.writerow([heading.label for heading in sheet.headings])
    count, times = 0, zone_named(zone)
    for row in _ROWS[sheet.name](store):
        cells = [_text(row.get(heading.field), times if heading.instant else None) for heading in sheet.headings]
        writer.writerow([guard(cell) for cell in cells])
        count += 1
    return count


def _text(value: object, zone: ZoneInfo | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    return str(value) if zone is None else time_to_cell(str(value), zone)


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
    for seen in store.stored(CONTACT_KIND):
        folders = seen.record.values["folder"]
        listed = folders if isinstance(folders, tuple) else ()
        yield {
            **{column.name: seen.holds(column.name) for column in CONTACT_COLUMNS},
            "crmid": seen.record.id,
            "accountid": seen.holds("accountid_accountname"),
            "folder": join_names([one.name for one in listed if isinstance(one, Reference)]),
            "assigned_user_id": users.get(str(seen.holds("owner_id"))),
        }


def _task_lists(store: CrmStore) -> _Rows:
    for one, own in store.all_task_lists():
        yield {"crmid": one.id, "name": one.name, "in_planner": None if own else bool(one.flags)}


def _activities(store: CrmStore) -> _Rows:
    users, present = _user_names(store), [one for one, _ in store.all_task_lists()]
    lists = Counter(name for one in present for name in {fold(one.name), one.id})
    for seen in store.stored(TASK_KIND):
        placed = seen.record.values["tasklist"]
        yield {
            **{column.name: seen.holds(column.name) for column in ACTIVITY_COLUMNS},
            "crmid": seen.record.id,
            "tasklist": _list_cell(placed, lists) if isinstance(placed, Reference) else None,
            "users": join_names([users[user] for user in seen.listed("users")]),
            "assigned_user_id": users.get(str(seen.holds("owner_id"))),
        }


def _list_cell(placed: Reference, lists: Counter[str | None]) -> str | None:
    """By name; where another list is called so too, or has that for its id, by id."""
    return placed.name if lists[fold(placed.name)] == 1 else placed.id


def _shares(store: CrmStore) -> _Rows:
    users, teams = _user_names(store), {team.id: team.name for team in store.teams()}
    for share in store.shares():
        named = (teams if share.grantee_kind == "team" else users).get(share.grantee_id)
        record = "activity" if share.kind == TASK_KIND else "crmid"
        yield {record: share.crm_id, share.grantee_kind: named, "access": share.access}


def _user_names(store: CrmStore) -> dict[str, str]:
    return {user.id: user.user_name for user in store.users()}


_ROWS: Final[dict[str, Callable[[CrmStore], _Rows]]] = {
    TEAMS.name: _teams,
    USERS.name: _users,
    FOLDERS.name: _folders,
    COMPANIES.name: _companies,
    CONTACTS.name: _contacts,
    TASK_LISTS.name: _task_lists,
    ACTIVITIES.name: _activities,
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
