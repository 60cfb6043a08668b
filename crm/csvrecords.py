"""Imports the rows of contacts, of activities and of what is shown to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from crm import csvfiles
from crm.csvcells import Once, at, look_up, named_records, number, owner_of, owners, stored_cell
from crm.csvfiles import Line, Sheet, split_names
from crm.kinds import ACTIVITIES, COMPANIES, CONTACTS, FOLDERS, Kind
from crm.lists import all_lists
from crm.matchkeys import chunks
from crm.people import Effect, all_teams
from crm.store import Edit
from crm.values import Draft, lacking
from engine.context import fold
from engine.records import Reference

_Pointing: TypeAlias = Callable[[Line], tuple[Reference, ...]]
"""What a cell of a row points to."""


def contacts(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    companies = {one.key: one.name for one in named_records(edit, COMPANIES)}
    folders = {one.key: one.id for one in named_records(edit, FOLDERS)}

    def in_folders(line: Line) -> tuple[Reference, ...]:
        names = split_names(line.cells["folder"])
        return tuple(
            Reference(look_up(line, "Folder", folders, name, "folder", csvfiles.FOLDERS), name) for name in names
        )

    pointing: dict[str, _Pointing] = {"accountid": lambda line: _company(line, companies), "folder": in_folders}
    return _records(edit, lines, CONTACTS, csvfiles.CONTACTS, pointing)


def activities(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    users, lists = owners(edit), _lists(edit)

    def on_it(line: Line) -> tuple[Reference, ...]:
        names = split_names(line.cells["users"])
        return tuple(Reference(look_up(line, "Users", users, name, "user", csvfiles.USERS), "") for name in names)

    pointing: dict[str, _Pointing] = {"tasklist": lambda line: _task_list(line, lists), "users": on_it}
    return _records(edit, lines, ACTIVITIES, csvfiles.ACTIVITIES, pointing)


def _records(
    edit: Edit, lines: Iterator[Line], kind: Kind, sheet: Sheet, pointing: Mapping[str, _Pointing]
) -> Iterator[Effect]:
    """Rows of records with fields of their own, a few hundred at a time."""
    known, once = owners(edit), Once(sheet.label("crmid"))
    for part in chunks(lines):
        ids: list[str | None] = []
        drafts = []
        for line in part:
            crm_id = number(line, sheet)
            ids.append(once.check(line, crm_id) if crm_id else None)
            draft = Draft({one.name: stored_cell(line, one) for one in kind.columns if one.name in line.cells})
            draft.references = {field: look(line) for field, look in pointing.items() if field in line.cells}
            if "assigned_user_id" in line.cells:
                owner = owner_of(line, known)
                draft.references["assigned_user_id"] = (Reference(owner, ""),) if owner else ()
            drafts.append(draft)
        present = edit.present(kind.name, [crm_id for crm_id in ids if crm_id])
        for line, crm_id, draft in zip(part, ids, drafts, strict=True):
            if lacking(kind, draft, crm_id not in present):
                raise line.error(f"{' or '.join(column.label for column in kind.required)} is empty.")
        yield from (effect for _, effect in edit.put_drafts(kind.name, ids, drafts))


def shares(edit: Edit, lines: Iterator[Line]) -> Iterator[Effect]:
    teams = {fold(team.name): team.id for team in all_teams(edit.transaction.connection, edit.transaction.org)}
    users, sheet = owners(edit), csvfiles.SHARES
    for line in lines:
        contact_id, activity_id = number(line, sheet), number(line, sheet, "activity")
        if (contact_id is None) is (activity_id is None):
            raise line.error("exactly one of Contact Id and Activity Id must be filled in.")
        team, user = line.cells.get("team", "").strip(), line.cells.get("user", "").strip()
        if bool(team) == bool(user):
            raise line.error("exactly one of Team and User must be filled in.")
        if team:
            grantee_kind, grantee = "team", look_up(line, "Team", teams, team, "team", csvfiles.TEAMS)
        else:
            grantee_kind, grantee = "user", look_up(line, "User", users, user, "user", csvfiles.USERS)
        kind = CONTACTS if contact_id else ACTIVITIES
        access = line.cells["access"].strip().casefold()
        with at(line):
            yield edit.share(kind.name, contact_id or activity_id or "", grantee_kind, grantee, access)


def _company(line: Line, companies: Mapping[str, str]) -> tuple[Reference, ...]:
    """By name: of several companies called so, a contact keeps its own, and a new one gets the oldest."""
    name = line.cells["accountid"]
    if not fold(name):
        return ()
    return (Reference(None, look_up(line, "Organisation Name", companies, name, "company", csvfiles.COMPANIES)),)


def _lists(edit: Edit) -> dict[str, list[str]]:
    """The ids of all task lists by folded name; an id stands for itself before any name."""
    found = defaultdict(list)
    present = [one for one, _ in all_lists(edit.transaction.connection, edit.transaction.org)]
    for one in present:
        found[fold(one.name)].append(one.id or "")
    return found | {one.id or "": [one.id or ""] for one in present}


def _task_list(line: Line, lists: Mapping[str, list[str]]) -> tuple[Reference, ...]:
    name = line.cells["tasklist"].strip()
    ids = lists.get(name) or lists.get(fold(name), [])
    if len(ids) > 1:
        raise line.error("several task lists have this name.", "Write the list's id instead; `tandem crm lists`.")
    if name and not ids:
        raise line.error("Task List names a list that the CRM does not have.", "Add it to tasklists.csv first.")
    return (Reference(ids[0], name),) if name else ()
