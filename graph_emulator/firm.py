"""Reads a firm from files in Graph's own JSON shapes: `tenant.json`, `planner.json`, `<userPrincipalName>.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graph_emulator.clock import Clock
from graph_emulator.mailbox import Folder, Mailbox
from graph_emulator.messages import GraphError, Properties
from graph_emulator.people import Tenant, User
from graph_emulator.properties import extended_changes, normalise

PLANNER_FILE = "planner.json"


class FirmError(Exception):
    """A firm's file can't be used; the text names the file and says what to change."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a mailbox starts with: rows of `contactFolders`, `contacts`, `calendars` and `events` as in the file."""

    folders: tuple[Properties, ...] = ()
    contacts: tuple[Properties, ...] = ()
    calendars: tuple[Properties, ...] = ()
    events: tuple[Properties, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannerContents:
    """What Planner starts with: rows as in the file."""

    groups: tuple[Properties, ...] = ()
    plans: tuple[Properties, ...] = ()
    buckets: tuple[Properties, ...] = ()
    tasks: tuple[Properties, ...] = ()


@dataclass(frozen=True, slots=True)
class Firm:
    """A tenant, the contents of its mailboxes by user principal name, and those of its Planner."""

    tenant: Tenant
    mailboxes: Mapping[str, Contents] = field(default_factory=dict)
    planner: PlannerContents = PlannerContents()


def load_firm(folder: Path) -> Firm:
    """Read `folder`; a user without a file has an empty mailbox, without planner.json there is no group. FirmError."""
    if not folder.is_dir():
        raise FirmError(f"{folder}: no such folder. Give the folder that holds tenant.json.")
    tenant = tenant_from(_read(folder / "tenant.json"), "tenant.json")
    mailboxes = {}
    for user in tenant.users.values():
        path = folder / f"{user.upn}.json"
        if path.exists():
            mailboxes[user.upn] = contents_from(_read(path), path.name)
    path = folder / PLANNER_FILE
    return Firm(tenant, mailboxes, planner_from(_read(path) if path.exists() else {}, path.name))


def tenant_from(data: Properties, source: str) -> Tenant:
    """The tenant in `tenant.json`; raises FirmError naming `source`."""
    users: dict[str, User] = {}
    for row in _rows(data, "users", source):
        user = User(
            _text(row, "id", source),
            _text(row, "userPrincipalName", source),
            str(row.get("mail") or row["userPrincipalName"]),
            str(row.get("displayName") or row["userPrincipalName"]),
            str(row.get("timeZone") or "UTC"),
            bool(row.get("room")),
        )
        if user.id in users or any(other.upn.lower() == user.upn.lower() for other in users.values()):
            raise FirmError(f"{source}: the user {user.upn} or its id occurs twice. Give each user an id of its own.")
        users[user.id] = user
    client = _text(data, "clientId", source)
    return Tenant(_text(data, "tenantId", source), str(data.get("name") or ""), (client,), users)


def contents_from(data: Properties, source: str) -> Contents:
    """The contents in a mailbox file; raises FirmError naming `source`."""
    names = ("contactFolders", "contacts", "calendars", "events")
    return Contents(*(tuple(_rows(data, name, source)) for name in names))


def planner_from(data: Properties, source: str) -> PlannerContents:
    """The contents in a Planner file; raises FirmError naming `source`."""
    names = ("groups", "plans", "buckets", "tasks")
    return PlannerContents(*(tuple(_rows(data, name, source)) for name in names))


def build_mailbox(user: User, contents: Contents, seed: str, clock: Clock) -> Mailbox:
    """A mailbox with the contents in it; raises FirmError for a contact that a mailbox can't hold."""
    mailbox = Mailbox(seed, clock, user.upn, user.zone)
    source = f"{user.upn}.json"
    rows = [
        (f"{row['parent']}/" if row.get("parent") else "", _text(row, "displayName", source))
        for row in contents.folders
    ]
    for parent, name in sorted(rows, key=lambda row: (row[0].count("/"), rows.index(row))):
        home = _folder(mailbox, parent.rstrip("/") or "Contacts", source)
        try:
            mailbox.create_folder(name, home)
        except GraphError as error:
            raise FirmError(f"{source}, folder {parent}{name}: {error.message}") from None
    for place, row in enumerate(contents.contacts, start=1):
        folder = _folder(mailbox, str(row.get("folder") or "Contacts"), source)
        body = {name: value for name, value in row.items() if name != "folder"}
        try:
            properties, extended = normalise(body), extended_changes(body)
        except GraphError as error:
            raise FirmError(f"{source}, contact {place}: {error.message}") from None
        mailbox.create(folder, {**properties, **as_entered(body)}, extended)
    return mailbox


def as_entered(body: Properties) -> Properties:
    """Values that people's programs store as they are: a birthday with a time of day keeps it."""
    birthday = body.get("birthday")
    return {"birthday": birthday} if isinstance(birthday, str) and "T" in birthday else {}


def _folder(mailbox: Mailbox, path: str, source: str) -> Folder:
    found = mailbox.folder_at(path)
    if found is None:
        raise FirmError(f"{source}: there is no folder {path!r}. Add it to contactFolders.")
    return found


def _read(path: Path) -> Properties:
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FirmError(f"{path}: can't be read ({error.strerror}).") from None
    except ValueError:
        raise FirmError(f"{path}: is not JSON in UTF-8.") from None
    if not isinstance(data, dict):
        raise FirmError(f"{path}: has to hold a JSON object.")
    return data


def _rows(data: Properties, name: str, source: str) -> list[Properties]:
    rows = data.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FirmError(f"{source}: {name} has to be a list of objects.")
    return rows


def _text(row: Properties, name: str, source: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise FirmError(f"{source}: {name} is missing.")
    return value
