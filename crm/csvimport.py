"""Imports the CRM's CSV files: all of them or nothing, and a second time without changing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from crm import csvfiles, csvrecords
from crm.csvcells import Once, at, flag, look_up, named_records, number, owner_of, owners, required
from crm.csvfiles import SHEETS, Line, Sheet, read_sheet, split_names
from crm.csvtimes import DEFAULT_ZONE
from crm.kinds import COMPANIES, FOLDERS
from crm.lists import all_lists
from crm.people import Effect, User, all_teams, all_users
from crm.store import CrmStore, Edit
from engine.context import fold
from engine.errors import UserError


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import did with the rows of one file."""

    created: int
    updated: int
    unchanged: int


_Import: TypeAlias = Callable[[Edit, Iterator[Line]], Iterator[Effect]]


def import_folder(store: CrmStore, folder: Path, zone: str = DEFAULT_ZONE) -> dict[str, Counts]:
    """Import every CRM file of a folder in one transaction, times as in this zone; what was done, by file name. Raises
    UserError."""
    paths = [(sheet, folder / sheet.file) for sheet in SHEETS if (folder / sheet.file).is_file()]
    if not paths:
        wanted = ", ".join(sheet.file for sheet in SHEETS)
        raise UserError(f"{folder} holds no CRM files.", f"Name a folder with some of: {wanted}.")
    return _import_all(store, paths, zone)


def import_file(store: CrmStore, path: Path, sheet: Sheet | None = None, zone: str = DEFAULT_ZONE) -> Counts:
    """Import one file in one transaction. Its name tells what it holds, unless ``sheet`` does. Raises UserError."""
    found = sheet or next((one for one in SHEETS if one.file == path.name), None)
    if found is None:
        wanted = ", ".join(one.file for one in SHEETS)
        raise UserError(f"The name {path.name} does not tell what the file holds.", f"Name it one of: {wanted}.")
    return _import_all(store, [(found, path)], zone)[found.file]


def _import_all(store: CrmStore, paths: Sequence[tuple[Sheet, Path]], zone: str) -> dict[str, Counts]:
    done = {}
    with store.edit() as edit:
        for sheet, path in paths:
            effects = Counter(_IMPORTS[sheet.name](edit, read_sheet(path, sheet, zone)))
            done[sheet.file] = Counts(effects["created"], effects["updated"], effects["unchanged"])
    store.refresh_statistics()
    return done


def _teams(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    known = {fold(team.name): team for team in all_teams(edit.transaction.connection, edit.transaction.org)}
    once = Once("Team")
    for line in lines:
        name = once.check(line, required(line, csvfiles.TEAMS, "name"))
        held = known.get(fold(name))
        sharing = line.cells.get("sharing") or (held.sharing if held else "edit")
        values = {**{field: cell or None for field, cell in line.cells.items()}, "sharing": sharing}
        with at(line):
            if held is None:
                edit.create_team(name, values.get("description"), sharing)
                yield "created"
                continue
            changed = {field: value for field, value in values.items() if getattr(held, field) != value}
            if changed:
                edit.change_team(held.id, **changed)
        yield "updated" if changed else "unchanged"


def _users(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    connection, org = edit.transaction.connection, edit.transaction.org
    known = {fold(user.user_name): user for user in all_users(connection, org)}
    teams = {fold(team.name): team.id for team in all_teams(connection, org)}
    once = Once("user_name")
    for line in lines:
        name = once.check(line, required(line, csvfiles.USERS, "user_name"))
        wanted = None
        if "teams" in line.cells:
            named = split_names(line.cells["teams"])
            wanted = [look_up(line, "teams", teams, one, "team", csvfiles.TEAMS) for one in named]
        with at(line):
            yield _put_user(edit, known.get(fold(name)), name, _user_values(line), wanted)


def _user_values(line: Line) -> dict[str, object]:
    values: dict[str, object] = {
        field: cell or None for field, cell in line.cells.items() if field not in ("teams", "is_admin")
    }
    values.update({field: values.get(field) or default for field, default in _USER_DEFAULTS if field in values})
    if "is_admin" in line.cells:
        values["is_admin"] = flag(line, "administrator", line.cells["is_admin"])
    return values


_USER_DEFAULTS: Final = (("status", "Active"), ("zone", "UTC"))


def _put_user(
    edit: Edit, held: User | None, name: str, values: dict[str, object], teams: Sequence[str] | None
) -> Effect:
    if held is None:
        crm_id = edit.create_user(**{**values, "user_name": name})  # type: ignore[arg-type]
        edit.set_teams(crm_id, teams or ())
        return "created"
    changed = {field: value for field, value in values.items() if getattr(held, field) != value}
    if changed:
        edit.change_user(held.id, **changed)
    moved = teams is not None and edit.set_teams(held.id, teams)
    return "updated" if changed or moved else "unchanged"


def _folders(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    known = {one.key: one for one in named_records(edit, FOLDERS)}
    once = Once("Folder")
    for line in lines:
        name = once.check(line, required(line, csvfiles.FOLDERS, "name"))
        held = known.get(fold(name))
        description = line.cells.get("description") or None
        with at(line):
            if held is None:
                edit.create_folder(name, description)
                yield "created"
                continue
            changed: dict[str, object] = {} if held.name == name else {"name": name}
            if "description" in line.cells and held.extra != description:
                changed["description"] = description
            if changed:
                edit.change_folder(held.id, **changed)
        yield "updated" if changed else "unchanged"


def _companies(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    present = named_records(edit, COMPANIES)
    by_id, by_name = {one.id: one for one in present}, {one.key: one for one in reversed(present)}
    known, once = owners(edit), Once("Company Id")
    for line in lines:
        name = required(line, csvfiles.COMPANIES, "accountname")
        crm_id = number(line, csvfiles.COMPANIES)
        held = by_id.get(once.check(line, crm_id)) if crm_id else by_name.get(fold(name))
        owner = owner_of(line, known)
        with at(line):
            if held is None:
                edit.create_company(name, owner, crm_id)
                yield "created"
                continue
            changed: dict[str, object] = {} if held.name == name else {"accountname": name}
            if "assigned_user_id" in line.cells and held.extra != owner:
                changed["owner_id"] = owner
            if changed:
                edit.change_company(held.id, **changed)
        yield "updated" if changed else "unchanged"


def _task_lists(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    """Where In Planner is empty the row is one of the CRM's own values; otherwise its id is that of a bucket."""
    sheet = csvfiles.TASK_LISTS
    present = all_lists(edit.transaction.connection, edit.transaction.org)
    by_id = {one.id: (one, own) for one, own in present}
    by_name = {fold(one.name): (one, own) for one, own in reversed(present) if own}
    once = Once(sheet.label("crmid"))
    for line in lines:
        name = required(line, sheet, "name")
        planned = line.cells.get("in_planner", "").strip()
        in_planner = flag(line, sheet.label("in_planner"), planned) if planned else None
        crm_id = line.cells.get("crmid", "").strip() if planned else number(line, sheet)
        if planned and not crm_id:
            raise line.error("Task List Id is empty.", "A list of Planner has the id of its bucket.")
        held = by_id.get(once.check(line, crm_id)) if crm_id else by_name.get(fold(name))
        with at(line):
            if held is None:
                edit.create_task_list(name, crm_id, in_planner)
                yield "created"
                continue
            one, own = held
            if own is not (in_planner is None):
                raise line.error("this Task List Id belongs to a list of the other kind.", "Correct In Planner.")
            changed: dict[str, object] = {} if one.name == name else {"name": name}
            if in_planner not in (None, bool(one.flags)):
                changed["in_planner"] = in_planner
            if changed:
                edit.change_task_list(one.id or "", **changed)
        yield "updated" if changed else "unchanged"


_IMPORTS: Final[dict[str, _Import]] = {
    "teams": _teams, "users": _users, "folders": _folders,
    "companies": _companies, "contacts": csvrecords.contacts, "tasklists": _task_lists,
    "activities": csvrecords.activities, "shares": csvrecords.shares,
}  # fmt: skip
