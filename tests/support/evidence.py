"""What a test holds against a command: everything that is stored, and every request that was sent."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

from installed import Installed

from graph_emulator.control_client import ControlClient

READING = frozenset({"GET", "HEAD"})


def database(installed: Installed) -> str:
    """A digest of every table of the installation's database: the CRM, the links, the journal, the sign-ins."""
    connection = sqlite3.connect(f"file:{installed.folder / 'tandem.db'}?mode=ro", uri=True)
    try:
        dump = "\n".join(connection.iterdump())
    finally:
        connection.close()
    assert "INSERT INTO" in dump
    return hashlib.blake2b(dump.encode(), digest_size=16).hexdigest()


def crm(installed: Installed) -> str:
    """Every CRM contact as ``tandem crm list`` tells it, versions and times included."""
    return installed.tandem("crm", "list", "--json").out


def outlook(control: ControlClient) -> str:
    """Every mailbox with folders, contacts, change keys, extended properties and Deleted Items."""
    return json.dumps(control.state(), sort_keys=True)


def writes(control: ControlClient) -> list[str]:
    """``PATCH /me/contacts/…`` for every request, alone or in a batch, that was sent to Graph to change something since
    the log was last reset."""
    sent: list[dict[str, Any]] = []
    for request in control.log():
        sent += request["batch"] or ([request] if request["path"].startswith("/v1.0/") else [])
    return [f"{one['method']} {one['path'].removeprefix('/v1.0')}" for one in sent if one["method"] not in READING]


def actions(plan: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, side, who) of every write of a plan."""
    return [(one["verb"], one["side"], one["title"]) for one in plan["actions"]]
