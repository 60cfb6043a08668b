"""One task as the CRM and Planner know it, and the shipped rules of tasks: what situations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from crm import fields as crm_fields
from engine.context import Context, Directory, Names, SettingValue
from engine.language.compiler import compile_text
from engine.language.program import Line, Program
from engine.records import CRM, M365, Record, Reference, Side, Value
from engine.resources import folder
from graph_client import fields as graph_fields

SCHEMAS: Final = {**crm_fields.SCHEMAS, **graph_fields.SCHEMAS}
RULES: Final = (folder("rules") / "tasks.rules").read_text(encoding="utf-8")
NOW: Final = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

TO_DO: Final = Reference("b1", "Site / To do")
IN_PLANNER: Final = Reference("b1", "Site / To do", ("in_planner",))
OWN_LIST: Final = Reference("7", "Errands")
CONNECTED: Final = Directory({"u1": "a1", "u2": "a2", "u3": "a3"})
IDEAS, IDEAS_LISTED = Reference("b2", "Move / Ideas"), Reference("b2", "Move / Ideas", ("in_planner",))


def on(days: int, time: str = "10:30") -> str:
    """An instant, so many days from now."""
    return f"{NOW + timedelta(days=days):%Y-%m-%d}T{time}:00Z"


CRM_VALUES: Final[dict[str, Value]] = {
    "subject": "Paint the door", "taskstatus": "In Progress", "taskpriority": "High", "date_start": on(3, "14:15"),
    "due_date": "2026-11-30", "description": "Green.", "tasklist": IN_PLANNER, "users": ("u2",),
}  # fmt: skip
M365_VALUES: Final[dict[str, Value]] = {
    "title": "Paint the door", "percentComplete": 30, "priority": 5, "dueDateTime": on(3), "bucket": TO_DO,
    "assignments": ("a1", "a2", "x9"), "hasDescription": True, "createdBy": "a2", "details": ("Green.",),
}  # fmt: skip
CHANGED_CRM: Final[dict[str, Value]] = {
    "subject": "Paint the gate", "taskstatus": "Done", "taskpriority": "Low", "date_start": on(5, "16:45"),
    "due_date": "2026-12-01", "description": "Blue.", "tasklist": IDEAS_LISTED, "users": ("u3",),
}  # fmt: skip
CHANGED_M365: Final[dict[str, Value]] = {
    "title": "Paint the wall", "percentComplete": 100, "priority": 1, "dueDateTime": on(6), "bucket": IDEAS,
    "assignments": ("a2", "a3", "x8"), "details": ("Red.",), "startDateTime": on(1),
}  # fmt: skip
NOTHING: Final[Mapping[str, Value]] = {}


@cache
def program(text: str = RULES) -> Program:
    """The rules of tasks, compiled once."""
    return compile_text("tasks.rules", text, SCHEMAS)


def line(entry: str) -> Line:
    """One map line of the shipped rules."""
    return next(one for one in program().lines if one.entry == f"tasks/map/{entry}")


def context(
    now: datetime = NOW,
    zone: str = "Europe/London",
    user: str = "u1",
    changed: frozenset[Side] = frozenset(),
    directory: Directory = CONNECTED,
    names: Mapping[tuple[Side, str, str], tuple[Reference, ...]] | None = None,
    **settings: SettingValue,
) -> Context:
    """A member's context; settings that are not given have their defaults."""
    defaults = {spec.name: spec.default for spec in program().settings}
    return Context(
        now=now, zone=zone, user=user, settings={**defaults, **settings}, names=Names(names or {}),
        account=directory.account_of(user) or "", directory=directory, changed=changed,
    )  # fmt: skip


def task(id: str = "t", /, **values: Value) -> Record:
    """A CRM task of user u1 that was fetched whole; fields not given are empty."""
    whole: dict[str, Value] = dict.fromkeys((field.name for field in crm_fields.TASK.fields), None)
    usual: dict[str, Value] = {"activitytype": "Task", "assigned_user_id": "u1", "tasklist": IN_PLANNER}
    return Record(CRM, "Task", id, "v1", {**whole, **usual, **values}, 1_000_000)


def planned(**values: Value) -> Record:
    """A Planner task whose details were not fetched; other fields that are not given are empty."""
    whole: dict[str, Value] = {field.name: None for field in graph_fields.PLANNER_TASK.fields if field.part is None}
    usual: dict[str, Value] = {"plan": Reference("p1", "Site"), "bucket": TO_DO, "percentComplete": 0}
    return Record(M365, "plannerTask", "m", "w1", {**whole, **usual, **values})


AGREED_CRM: Final = task(**CRM_VALUES)
AGREED_M365: Final = planned(**M365_VALUES)


def but(record: Record, given: Mapping[str, Value] = NOTHING, **values: Value) -> Record:
    """The record after an edit."""
    return with_values(record, {**record.values, **given, **values}, "v2")


def with_values(record: Record, values: Mapping[str, Value], version: str = "") -> Record:
    """The record with these values only."""
    return Record(record.side, record.kind, record.id, version or record.version, values, record.modified)
