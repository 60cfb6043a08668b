"""The whole state in one owner-only file, so that an installation that was tried can be tried on tomorrow."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from graph_emulator.calendar.kept import calendar_json, log_from, read_calendar
from graph_emulator.changelog import ChangeLog
from graph_emulator.clock import Clock
from graph_emulator.firm import FirmError
from graph_emulator.identity import Grant, Identity
from graph_emulator.mailbox import Folder, Item, Mailbox
from graph_emulator.messages import Caller, Properties
from graph_emulator.people import Tenant, User
from graph_emulator.planner.kept import planner_json, read_planner
from graph_emulator.world import World

NAME = "snapshot.json"
FORMAT = 1


def write_snapshot(world: World, folder: str) -> Path:
    """Write `snapshot.json` (0600) into `folder`, replacing an older one in one step."""
    identity = world.identity
    data = {
        "format": FORMAT,
        "seed": world.seed,
        "tenants": [asdict(tenant) for tenant in identity.tenants.values()],
        "refresh": {token: asdict(grant) for token, grant in identity.refresh.items()},
        "access": {
            token: [caller.client_id, caller.tenant_id, caller.user_id, sorted(caller.scopes), expires]
            for token, (caller, expires) in identity.access.items()
        },
        "serial": identity.serial,
        "mailboxes": {user_id: _mailbox_json(mailbox) for user_id, mailbox in world.mailboxes.items()},
        "outbox": world.post.saved(),
        "planners": {tenant_id: planner_json(planner) for tenant_id, planner in world.planners.items()},
    }
    path = Path(folder) / NAME
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=True)
    part.replace(path)
    return path


def read_snapshot(world: World, folder: str) -> None:
    """Put the state of `snapshot.json` in place of the present one; raises FirmError when there is none that fits."""
    path = Path(folder) / NAME
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise FirmError(f"{path}: there is no readable snapshot. Save one first.") from None
    if data.get("format") != FORMAT or data.get("seed") != world.seed:
        raise FirmError(f"{path}: was written by another version or with another seed. Remove it to start afresh.")
    identity = world.identity
    identity.tenants = {row["id"].lower(): _tenant(row) for row in data["tenants"]}
    _read_identity(identity, data)
    users = {user.id: user for user in world.users()}
    world.mailboxes = {
        user_id: _mailbox(row, users[user_id], world.seed, world.clock) for user_id, row in data["mailboxes"].items()
    }
    world.meet_everybody()
    world.post.load(data.get("outbox", []))
    world.planners |= {
        tenant_id: read_planner(row, world.seed, world.clock, identity.tenants[tenant_id])
        for tenant_id, row in data.get("planners", {}).items()
    }


def _read_identity(identity: Identity, data: Mapping[str, dict[str, dict[str, object]]]) -> None:
    identity.refresh = {}
    for token, row in data["refresh"].items():
        row["scopes"] = tuple(row["scopes"])  # type: ignore[arg-type]
        identity.refresh[token] = Grant(**row)  # type: ignore[arg-type]
    identity.access = {
        token: (Caller(client, tenant, user, frozenset(scopes)), float(expires))
        for token, (client, tenant, user, scopes, expires) in data["access"].items()
    }
    identity.serial = data["serial"]  # type: ignore[assignment]


def _tenant(row: dict[str, object]) -> Tenant:
    users: dict[str, dict[str, Any]] = row["users"]  # type: ignore[assignment]
    clients: list[str] = row["client_ids"]  # type: ignore[assignment]
    return Tenant(str(row["id"]), str(row["name"]), tuple(clients), {key: User(**user) for key, user in users.items()})


def _mailbox_json(mailbox: Mailbox) -> Properties:
    return {
        "enabled": mailbox.enabled,
        "serial": mailbox.serial,
        "itemNumber": mailbox.item_number,
        "folderNumber": mailbox.folder_number,
        "deltaGeneration": mailbox.delta_generation,
        "folderLog": mailbox.folder_log.entries,
        "folders": [_folder_json(folder) for folder in mailbox.folders.values()],
        "items": [_item_json(item) for item in mailbox.items.values()],
        "deleted": [_item_json(item) for item in mailbox.deleted.values()],
        "calendar": calendar_json(mailbox.calendar),
    }


def _folder_json(folder: Folder) -> list[object]:
    parent = folder.parent.number if folder.parent else 0
    place = [folder.number, folder.name, parent, folder.change_key, folder.deleted]
    return [*place, folder.log.entries, list(folder.members)]


def _item_json(item: Item) -> list[object]:
    place = [item.number, item.folder.number, item.properties, item.extended, item.change_key]
    return [*place, item.created, item.modified, item.moves, item.late_reads, item.late_properties]


def _mailbox(row: Mapping[str, list[list[object]]], user: User, seed: str, clock: Clock) -> Mailbox:
    mailbox = Mailbox(seed, clock, user.upn, user.zone)
    _read_counters(mailbox, row)
    mailbox.folder_log = _log(row["folderLog"])
    by_number: dict[int, Folder] = {0: mailbox.default}
    members: dict[int, list[int]] = {}
    mailbox.folders = {}
    for number, name, parent, key, deleted, entries, numbers in row["folders"]:
        home = by_number[parent] if parent else None  # type: ignore[index]
        folder = Folder(number, mailbox.identifiers.folder(number), name, home, key, deleted)  # type: ignore[arg-type]
        folder.log = _log(entries)  # type: ignore[arg-type]
        by_number[folder.number] = mailbox.folders[folder.id] = folder
        members[folder.number] = numbers  # type: ignore[assignment]
        if not parent:
            mailbox.default = folder
    for name, items in (("items", mailbox.items), ("deleted", mailbox.deleted)):
        for number, home_number, *rest in row[name]:
            items[number] = Item(number, by_number.get(home_number, mailbox.default), *rest)  # type: ignore[arg-type, index, call-overload]
    for number, numbers in members.items():
        by_number[number].members = {member: mailbox.items[member] for member in numbers}
    mailbox.reindex()
    read_calendar(mailbox.calendar, row.get("calendar"))
    return mailbox


def _read_counters(mailbox: Mailbox, row: Mapping[str, object]) -> None:
    mailbox.enabled = bool(row["enabled"])
    mailbox.serial = int(str(row["serial"]))
    mailbox.item_number = int(str(row["itemNumber"]))
    mailbox.folder_number = int(str(row["folderNumber"]))
    mailbox.delta_generation = int(str(row["deltaGeneration"]))


def _log(entries: list[list[object]]) -> ChangeLog:
    return log_from(entries)
