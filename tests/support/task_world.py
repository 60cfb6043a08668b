"""A small world of tasks in memory: one CRM, one Planner with two plans, three users who share one space."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from crm import fields as crm_fields
from engine.context import Context, Directory, SettingValue
from engine.language.compiler import compile_text
from engine.language.program import Program
from engine.links import Link, Member, Space
from engine.memory import MemoryState, MemorySystem
from engine.plans import Action, Plan
from engine.records import Key, Record, Reference, Value
from engine.resources import folder
from engine.sync import pipeline
from graph_client import fields as graph_fields

SCHEMAS = {**crm_fields.SCHEMAS, **graph_fields.SCHEMAS}
TASKS = (folder("rules") / "tasks.rules").read_text(encoding="utf-8")
ORG = "org"
SPACE = "planner"
USERS: Final = ("anna", "ben", "cleo")
BUCKETS: Final[Mapping[str, str]] = {"to-do": "site", "doing": "site", "ideas": "move"}
"""Bucket ▸ its plan."""
PLANS: Final[Mapping[str, str]] = {"site": "Website", "move": "The move"}
NAMES: Final[Mapping[str, str]] = {"to-do": "Website / To do", "doing": "Website / Doing", "ideas": "The move / Ideas"}


def compiled(text: str = TASKS) -> Program:
    return compile_text("tasks.rules", text, SCHEMAS)


def bucket(name: str) -> Reference:
    """A bucket as Planner names it."""
    return Reference(name, NAMES[name])


def list_(name: str) -> Reference:
    """A task list as the CRM names it: one of Planner's buckets, or one of its own."""
    return Reference(name, NAMES[name], ("in_planner",)) if name in BUCKETS else Reference(name, name.title())


def account(user: str) -> str:
    return f"account-{user}"


@dataclass
class TaskWorld:
    """``connected`` are the members; ``settings`` override the rule file's defaults, per user; ``zones`` their
    zones. Everything else is as in a real installation: one space, one lease, one cursor."""

    program: Program
    crm: MemorySystem = field(
        default_factory=lambda: MemorySystem("crm", crm_fields.TASK, crm_fields.TASK_LIST, page_size=3)
    )
    m365: MemorySystem = field(
        default_factory=lambda: MemorySystem(
            "m365", graph_fields.PLANNER_TASK, graph_fields.PLANNER_BUCKET, graph_fields.PLANNER_PLAN, page_size=3
        )
    )
    state: MemoryState = field(default_factory=MemoryState)
    settings: dict[str, dict[str, SettingValue]] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    connected: list[str] = field(default_factory=lambda: list(USERS))
    now: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    done: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.crm.keys = self._keys
        self.m365.moves_change_ids = True
        self.m365.normalise = self._as_planner
        self.crm.normalise = self._as_crm
        for id, name in PLANS.items():
            self.m365.add("plannerPlan", {"title": name}, id=id)
        for id in (*BUCKETS, "own"):
            self.crm.add("TaskList", {"name": list_(id).name, "in_planner": id in BUCKETS}, id=id)

    def _keys(self, kind: str, record: Record) -> list[Key]:
        context = self.contexts()[0]
        return [key for entry in self.program.matches for key in entry.crm_keys(record, context)]

    def _as_planner(self, kind: str, values: dict[str, Value]) -> dict[str, Value]:
        """What Planner derives by itself: the plan of a bucket, when a task was completed, that there is a text."""
        if kind != "plannerTask":
            return values
        place = values["bucket"]
        assert isinstance(place, Reference)
        plan = BUCKETS[place.id or ""]
        details = values.get("details")
        said = details if isinstance(details, tuple) else (None,)
        whole = values["percentComplete"] == 100
        completed = values["completedDateTime"] or f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        return values | {
            "plan": Reference(plan, PLANS[plan]), "details": said, "hasDescription": said[0] is not None,
            "percentComplete": values["percentComplete"] or 0, "completedDateTime": completed if whole else None,
        }  # fmt: skip

    def _as_crm(self, kind: str, values: dict[str, Value]) -> dict[str, Value]:
        return values | {"taskstatus": values["taskstatus"] or "Not Started"} if kind == "Task" else values

    # ---- ticks ----

    def contexts(self) -> list[Context]:
        defaults = {spec.name: spec.default for spec in self.program.settings}
        directory = Directory({user: account(user) for user in self.connected})
        return [
            Context(
                self.now, self.zones.get(user, "Europe/London"), user, {**defaults, **self.settings.get(user, {})},
                account=account(user), directory=directory,
            )
            for user in self.connected
        ]  # fmt: skip

    def tick_of(self, everything: bool = False) -> pipeline.Tick:
        first, *others = self.contexts()
        members = tuple(Member(one.user, one.account, one.zone) for one in (first, *others))
        return pipeline.Tick(
            program=self.program, space=Space(ORG, SPACE, first.user, first.zone, members), context=first,
            others=tuple(others), crm=self.crm, m365=self.m365, state=self.state, run=f"run-{next(self.runs)}",
            clock=lambda: int(self.now.timestamp() * 1000), everything=everything, limits={},
        )  # fmt: skip

    def plan(self, everything: bool = False) -> Plan:
        return pipeline.plan(self.tick_of(everything))

    def sync(self, everything: bool = False) -> pipeline.Report:
        self.now += timedelta(minutes=10)
        tick = self.tick_of(everything)
        fence = self.state.hold(tick.space.id, tick.run, tick.clock(), tick.clock() + 180_000)
        assert fence is not None
        report = pipeline.run(tick, fence)
        self.state.release(fence)
        self.done += report.plan.actions
        return report

    # ---- what people do ----

    def task(self, owner: str = "anna", tasklist: str | None = "to-do", **values: Value) -> Record:
        """A CRM task that starts in three days."""
        given: dict[str, Value] = {"activitytype": "Task", "assigned_user_id": owner, "subject": "Task"}
        given |= {"date_start": self.day(3, 8), "tasklist": list_(tasklist) if tasklist else None}
        return self.crm.add("Task", given | values)

    def edit_task(self, id: str, **values: Value) -> Record:
        return self.crm.change("Task", id, values)

    def card(self, place: str = "to-do", by: str = "anna", **values: Value) -> Record:
        """A Planner task assigned to ``by``, due in three days; ``text`` is its description."""
        text = values.pop("text", None)
        given: dict[str, Value] = {"title": "Task", "bucket": bucket(place), "assignments": (account(by),)}
        given |= {"dueDateTime": self.day(3, 10), "details": (text,), "createdBy": account(by)}
        return self.m365.add("plannerTask", given | values)

    def edit_card(self, id: str, **values: Value) -> Record:
        if "text" in values:
            values["details"] = (values.pop("text"),)
        return self.m365.change("plannerTask", id, values)

    def day(self, days: int, hour: int) -> str:
        return f"{self.now + timedelta(days=days):%Y-%m-%d}T{hour:02}:00:00Z"

    def tasks(self) -> list[Record]:
        return self.crm.records("Task")

    def cards(self) -> list[Record]:
        return self.m365.records("plannerTask")

    def links(self) -> list[Link]:
        return [link for link, _ in self.state.links(SPACE, "tasks")]
