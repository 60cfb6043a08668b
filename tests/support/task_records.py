"""One task as the CRM and Planner know it, and the shipped rules of tasks: what tests are made of."""

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


def on(days: int, time: str = "10:30") -> str:
    """An instant, so many days from now."""
    return f"{NOW + timedelta(days=days):%Y-%m-%d}T{time}:00Z"


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
