"""Imports the CRM's CSV files: all of them or nothing, and a second time without changing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from sqlalchemy import select

from crm import csvfiles
from crm.csvcells import Once, at, flag, look_up, number, required, stored_cell
from crm.csvfiles import SHEETS, Line, Sheet, read_sheet, split_names
from crm.fields import BY_NAME
from crm.matchkeys import chunks
from crm.people import Effect, User, all_teams, all_users
from crm.references import COMPANIES, FOLDERS, Named
from crm.store import CrmStore, Edit
from crm.values import Draft
from engine.context import fold
from engine.errors import UserError
from engine.records import Reference


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import did with the rows of one file."""

    created: int
    updated: int
    unchanged: int


_Import: TypeAlias = Callable[[Edit, Iterator[Line]], Iterator[Effect]]


def import_folder(store: CrmStore, folder: Path) -> dict[str, Counts]:
    """Import every CRM file of a folder in one transaction; what was done, by file name. Raises UserError."""
    paths = [(sheet, folder / sheet.file) for sheet in SHEETS if (folder / sheet.file).is_file()]
    if not paths:
        wanted = ", ".join(sheet.file for sheet in SHEETS)
        raise UserError(f"{folder} holds no CRM files.", f"Name a folder with some of: {wanted}.")
    return _import_all(store, paths)


def import_file(store: CrmStore, path: Path, sheet: Sheet | None = None) -> Counts:
    """Import one file in one transaction. Its name tells what it holds, unless ``sheet`` does. Raises UserError."""
    found = sheet or next((one for one in SHEETS if one.file == path.name), None)
    if found is None:
        wanted = ", ".join(one.file for one in SHEETS)
        raise UserError(f"The name {path.name} does not tell what the file holds.", f"Name it one of: {wanted}.")
    return _import_all(store, [(found, path)])[found.file]


def _import_all(store: CrmStore, paths: Sequence[tuple[Sheet, Path]]) -> dict[str, Counts]:
    done = {}
    with store.edit() as edit:
        for sheet, path in paths:
            effects = Counter(_IMPORTS[sheet.name](edit, read_sheet(path, sheet)))
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
    known = {one.key: one for one in _named(edit, FOLDERS)}
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
    present = _named(edit, COMPANIES)
    by_id, by_name = {one.id: one for one in present}, {one.key: one for one in reversed(present)}
    owners, once = _owners(edit), Once("Company Id")
    for line in lines:
        name = required(line, csvfiles.COMPANIES, "accountname")
        crm_id = number(line, csvfiles.COMPANIES)
        held = by_id.get(once.check(line, crm_id)) if crm_id else by_name.get(fold(name))
        owner = _owner(line, owners)
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


def _contacts(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    companies = {one.key: one.name for one in _named(edit, COMPANIES)}
    folders = {one.key: one.id for one in _named(edit, FOLDERS)}
    owners, once = _owners(edit), Once("Contact Id")
    for part in chunks(lines):
        ids: list[str | None] = []
        drafts = []
        for line in part:
            crm_id = number(line, csvfiles.CONTACTS)
            ids.append(once.check(line, crm_id) if crm_id else None)
            draft = Draft({name: stored_cell(line, name) for name in BY_NAME if name in line.cells})
            if "assigned_user_id" in line.cells:
                draft.columns["owner_id"] = _owner(line, owners)
            if "accountid" in line.cells:
                draft.companies = _company(line, companies)
            if "folder" in line.cells:
                draft.folders = tuple(
                    Reference(look_up(line, "Folder", folders, name, "folder", csvfiles.FOLDERS), name)
                    for name in split_names(line.cells["folder"])
                )
            drafts.append(draft)
        yield from (effect for _, effect in edit.put_drafts(ids, drafts))


def _shares(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    teams = {fold(team.name): team.id for team in all_teams(edit.transaction.connection, edit.transaction.org)}
    users = _owners(edit)
    for line in lines:
        team, user = line.cells.get("team", "").strip(), line.cells.get("user", "").strip()
        if bool(team) == bool(user):
            raise line.error("exactly one of Team and User must be filled in.")
        if team:
            kind, grantee = "team", look_up(line, "Team", teams, team, "team", csvfiles.TEAMS)
        else:
            kind, grantee = "user", look_up(line, "User", users, user, "user", csvfiles.USERS)
        with at(line):
            contact_id = number(line, csvfiles.SHARES) or ""
            yield edit.share_contact(contact_id, kind, grantee, line.cells["access"].strip().casefold())


_IMPORTS: Final[dict[str, _Import]] = {
    "teams": _teams, "users": _users, "folders": _folders,
    "companies": _companies, "contacts": _contacts, "shares": _shares,
}  # fmt: skip


def _company(line: Line, companies: Mapping[str, str]) -> tuple[Reference, ...]:
    """By name: of several companies called so, a contact keeps its own, and a new one gets the oldest."""
    name = line.cells["accountid"]
    if not fold(name):
        return ()
    return (Reference(None, look_up(line, "Organisation Name", companies, name, "company", csvfiles.COMPANIES)),)


def _owner(line: Line, owners: Mapping[str, str]) -> str | None:
    name = line.cells.get("assigned_user_id", "")
    return look_up(line, "Assigned To", owners, name, "user", csvfiles.USERS) if fold(name) else None


def _owners(edit: Edit) -> dict[str, str]:
    users = all_users(edit.transaction.connection, edit.transaction.org)
    return {fold(user.user_name): user.id for user in users}


@dataclass(frozen=True, slots=True)
class _Held:
    """A company or folder that is there; ``extra`` is its owner or its description."""

    id: str
    name: str
    key: str
    extra: str | None


def _named(edit: Edit, named: Named) -> list[_Held]:
    """All of them, the oldest first."""
    table = named.table
    extra = table.c.owner_id if named is COMPANIES else table.c.description
    wanted = select(table.c.crm_id, table.c[named.name].label("name"), table.c.name_key, extra.label("extra"))
    rows = edit.transaction.connection.execute(wanted.where(table.c.org_id == edit.transaction.org))
    held = [_Held(row.crm_id, row.name, row.name_key, row.extra) for row in rows]
    return sorted(held, key=lambda one: (len(one.id), one.id))
