"""One meeting as the CRM and Outlook know it, and the rules of activities: what tests are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from crm import fields as crm_fields
from engine.context import Context, Directory, SettingValue
from engine.language.compiler import compile_text
from engine.language.program import Line, Program
from engine.records import CRM, M365, Record, Value
from engine.schema import schemas
from graph_client import fields as graph_fields

ACTIVITY: Final = crm_fields.ACTIVITY
EVENT: Final = replace(
    graph_fields.EVENT, organiser="organizer", guests="attendees", cancelled="isCancelled", identity="iCalUId"
)
SCHEMAS: Final = {**crm_fields.SCHEMAS, **graph_fields.SCHEMAS, **schemas(EVENT)}
RULES: Final = (Path(__file__).parents[2] / "rules" / "activities.rules").read_text(encoding="utf-8")
NOW: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

PEOPLE: Final = Directory(
    accounts={"u1": "a1", "u2": "a2"},
    mailboxes={"u1": "ann@firm.test", "u2": "bob@firm.test"},
    addresses={
        "u1": "ann@firm.test", "u2": "bob@firm.test", "u3": "cat@firm.test", "u4": "dan@elsewhere.test",
    },
)  # fmt: skip
"""Ann and Bob are connected. Cat is not, but has an address of the firm; Dan has one of another."""


@cache
def program(text: str = RULES) -> Program:
    """The rules of activities, compiled once."""
    return compile_text("activities.rules", text, SCHEMAS)


def line(entry: str) -> Line:
    """One map line of the rules."""
    return next(one for one in program().lines if one.entry == f"activities/map/{entry}")


def context(
    now: datetime = NOW,
    zone: str = "Europe/London",
    user: str = "u1",
    directory: Directory = PEOPLE,
    **settings: SettingValue,
) -> Context:
    """A user's context, with meetings switched on; settings that are not given have their defaults."""
    defaults = {spec.name: spec.default for spec in program().settings} | {"direction": "both"}
    return Context(
        now=now, zone=zone, user=user, settings={**defaults, **settings}, account=directory.account_of(user) or "",
        directory=directory,
    )  # fmt: skip


def activity(**values: Value) -> Record:
    """A CRM meeting of user u1; fields not given are empty."""
    whole: dict[str, Value] = dict.fromkeys(field.name for field in ACTIVITY.fields)
    usual: dict[str, Value] = {"activitytype": "Meeting", "assigned_user_id": "u1"}
    return Record(CRM, "Activity", "t", "v1", {**whole, **usual, **values}, 1_000_000)


def event(**values: Value) -> Record:
    """An event that Ann organises; fields not given are empty."""
    whole: dict[str, Value] = dict.fromkeys(field.name for field in EVENT.fields)
    usual: dict[str, Value] = {"organizer": "ann@firm.test", "isOrganizer": True, "sensitivity": "normal"}
    return Record(M365, "event", "m", "w1", {**whole, **usual, **values}, 1_000_000)
