"""Edits of CRM records as people type them: ``mobile=020 …``, by field name or label, with a user's own rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crm.csvfiles import split_names
from crm.csvtimes import DEFAULT_ZONE, time_from_cell, time_to_cell, zone_named
from crm.fields import Column
from crm.kinds import ACTIVITIES, CONTACTS, TASK_LISTS, USERS, Kind, Many
from crm.people import User
from crm.store import CrmStore
from crm.system import CrmSystem
from crm.values import Draft, Stored, Unfit, stored
from engine.context import fold
from engine.errors import UserError
from engine.language.suggestions import did_you_mean
from engine.links import Space
from engine.records import Barred, Record, Reference, Value
from engine.schema import FLAG, INSTANT
from tandem import shown

_FLAGS: Mapping[str, bool] = {"yes": True, "true": True, "no": False, "false": False, "": False}


@dataclass(frozen=True, slots=True)
class _Wording:
    """How people speak of a kind: an example of an edit, what names a record (each group of fields joined), which
    fields a search looks into, and what to give."""

    example: str
    called: tuple[tuple[str, ...], ...]
    searched: tuple[str, ...]
    naming: str


_WORDING: Final = {
    CONTACTS: _Wording(
        "mobile='020 7946 0000'",
        (("firstname", "lastname"), ("email",), ("email2",)),
        ("firstname", "lastname", "accountid", "email", "email2"),
        "id, e-mail address or full name; see `tandem crm list`",
    ),
    ACTIVITIES: _Wording(
        "taskstatus=Done",
        (("subject",),),
        ("subject", "tasklist", "taskstatus"),
        "id or subject; see `tandem crm list --task`",
    ),
}


def draft(store: CrmStore, kind: Kind, pairs: Sequence[str], as_user: User | None = None) -> Draft:
    """What ``field=value`` pairs stand for; an empty value empties the field. Times are the user's, or UTC. Raises
    UserError."""
    fields = {name: kind.schema.by_name[name].label for name in kind.pointers}
    fields = {column.name: column.label for column in kind.columns} | fields
    labels = {fold(label): name for name, label in fields.items()}
    made = Draft()
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"{name} has no value.", f"Write field=value, for example {_WORDING[kind].example}.")
        field = name if name in fields else labels.get(fold(name))
        if field is None:
            hint = did_you_mean(name, list(fields)) or f"Fields: {', '.join(fields)}."
            raise UserError(f"A {kind.label} has no field {name}.", hint)
        if field in kind.pointers:
            made.references[field] = _pointing(store, kind, field, value, as_user)
        else:
            made.columns[field] = _column(kind.by_name[field], value, as_user.zone if as_user else DEFAULT_ZONE)
    return made


def _pointing(store: CrmStore, kind: Kind, field: str, value: str, as_user: User | None) -> tuple[Reference, ...]:
    pointer = kind.pointers[field]
    names = split_names(value) if isinstance(pointer, Many) else [value] if value.strip() else []
    if pointer.to is USERS:
        return tuple(Reference(_user(store, name), "") for name in names)
    if pointer.to is TASK_LISTS:
        return tuple(_task_list(store, name, as_user) for name in names)
    return tuple(Reference(None, name) for name in names)


def _column(column: Column, value: str, zone: str) -> Stored:
    if column.type is FLAG:
        if value.lower() not in _FLAGS:
            raise UserError(f"{column.label} must be yes or no.")
        return _FLAGS[value.lower()]
    try:
        given: Value = value
        if column.type is INSTANT:
            given = time_from_cell(column.label, value, zone_named(zone))
        return stored(column, given)
    except Unfit as problem:
        raise UserError(f"{problem.reason}.") from None


def _user(store: CrmStore, name: str) -> str:
    found = store.user(name)
    if found is None:
        known = [user.user_name for user in store.users()]
        raise UserError(f"The CRM has no user {name}.", did_you_mean(name, known) or "`tandem user list` shows all.")
    return found.id


def _task_list(store: CrmStore, name: str, as_user: User | None) -> Reference:
    """By name or id, out of what the user can choose from."""
    lists = store.task_lists(as_user.id if as_user else None)
    found = [one for one in lists if one.id == name] or [one for one in lists if fold(one.name) == fold(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{len(found)} task lists are called {name}.", f"Name one by its id: {_ids(found)}.")
    hint = did_you_mean(name, [one.name for one in lists]) or "`tandem crm lists` shows all."
    whom = "The CRM has no" if as_user is None else f"{as_user.user_name} sees no"
    raise UserError(f"{whom} task list {name}.", hint)


def _ids(found: Sequence[Record | Reference]) -> str:
    return ", ".join(str(one.id) for one in found[:10])


def find_record(store: CrmStore, kind: Kind, wanted: str) -> Record:
    """The record with this id, or that is called so: contacts by e-mail address or full name, tasks by subject. Raises
    UserError when none or several fit."""
    by_id = store.record(kind.name, wanted)
    if by_id is not None:
        return by_id
    found = [record for record in store.records(kind.name) if fold(wanted) in _called(kind, record)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{len(found)} {kind.label}s fit.", f"Name one by its id: {_ids(found)}.")
    raise UserError(f"The CRM has no such {kind.label}.", f"Give its {_WORDING[kind].naming}.")


def _called(kind: Kind, record: Record) -> set[str]:
    groups = _WORDING[kind].called
    return {fold(" ".join(str(record.values.get(name) or "") for name in names)) for names in groups} - {""}


def known_by(kind: Kind, record: Record) -> str:
    """What a record is known by: name, company and addresses; subject, list and status."""
    told = (record.values.get(name) for name in _WORDING[kind].searched)
    return " ".join(text for text in map(shown.plain, told) if text)


def contains(kind: Kind, record: Record, text: str) -> bool:
    """Whether what a record is known by has this text in it, in any case."""
    return fold(text) in fold(known_by(kind, record))


def as_people_read(users: Mapping[str, User], record: Record, zone: str | None = None) -> dict[str, Value]:
    """A record's values with times by the clock of a zone (the assigned user's where none is named) and users by their
    user names; ``users`` are by id."""
    owner = users.get(str(record.values.get("assigned_user_id")))
    name = zone or (owner.zone if owner else DEFAULT_ZONE)
    told = dict(record.values)
    if isinstance(start := told.get("date_start"), str):
        told["date_start"] = f"{time_to_cell(start, zone_named(name))} {name}"
    if isinstance(on_it := told.get("users"), tuple):
        told["users"] = tuple(users[str(one)].user_name for one in on_it)
    return told


def require_right(crm: CrmSystem, org: str, user: User, kind: Kind, record: Record) -> None:
    """Raises UserError unless the user may edit the record."""
    reader = crm.reader(Space(org, "", user.id, user.zone))
    for state in reader.read(kind.name, [record.id]):
        if isinstance(state, Barred):
            raise UserError(f"{user.user_name} may not see this {kind.label}.", "Share it with the user first.")
        if isinstance(state, Record) and not state.editable:
            raise UserError(
                f"{user.user_name} may read this {kind.label}, but not edit it.", "Edit it as another user."
            )
