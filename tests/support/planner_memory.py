"""Planner in memory with what sets it apart from a mailbox: no marks on what was created, plans that nobody may read
for a while, and writes of two requests that can stop between them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace
from task_world import BUCKETS, USERS, TaskWorld, account

from engine.language.program import Program
from engine.links import Space
from engine.memory import MemoryReader, MemorySystem, MemoryView
from engine.plans import Action
from engine.port import Outcome, Page, Refused, Sent, Unknown
from engine.records import Barred, Reference, Value
from engine.schema import Schema
from graph_client import fields as graph_fields

TASK: Final = "plannerTask"
EARLIER: Final = timedelta(minutes=5)


class PlannerMemory(MemorySystem):
    """``viewers`` are the users who may read a plan, its sponsor among them; ``unlisted`` are plans that the catalogue
    lacks while no member may read them; ``plan_of`` tells a bucket's plan."""

    def __init__(self, plan_of: Mapping[str, str], *schemas: Schema) -> None:
        super().__init__("m365", *schemas, page_size=3)
        self.plan_of = plan_of
        self.viewers: dict[str, set[str]] = {plan: set(USERS) for plan in plan_of.values()}
        self.unlisted: set[str] = set()
        self.moves_change_ids = True
        self.may_read = lambda user, record: record.kind != TASK or user in self.viewers[self.place(record.values)]

    def barred(self, space: Space) -> set[str]:
        """The plans that no member may read."""
        members = {member.user for member in space.everyone}
        return {plan for plan, viewers in self.viewers.items() if not viewers & members}

    def reader(self, space: Space) -> MemoryReader:
        return _Reader(self, space)

    def writer(self, space: Space, still_ours: Callable[[], bool]) -> MemoryView:
        return _View(self, space, still_ours)

    def place(self, values: Mapping[str, Value]) -> str:
        """The plan of a task's values."""
        bucket = values.get("bucket")
        return self.plan_of[bucket.id or ""] if isinstance(bucket, Reference) else ""


def _day(value: Value) -> str:
    return value[:10] if isinstance(value, str) else ""


class _Reader(MemoryReader):
    system: PlannerMemory

    def collections(self, kind: str) -> Sequence[Reference]:
        lacking = self.system.barred(self.space) & self.system.unlisted
        return [one for one in super().collections(kind) if one.id not in lacking]

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        """A plan that nobody can read keeps its cursor; one that the catalogue lacks has no pages."""
        barred = self.system.barred(self.space)
        known = {id: cursor for id, cursor in cursors.items() if id not in barred}
        for id in set(cursors) & barred - self.system.unlisted:
            if cursors[id] is not None:
                yield Page(id, cursor=cursors[id])
        yield from super().changes(kind, known)

    def find_marks(self, kind: str, sent: Collection[Sent]) -> Mapping[str, tuple[str, ...]]:
        """Whatever looks like it: plan, title, day, creator, time."""
        found = {one.action.id: tuple(id for id in self._area(kind) if self._fits(id, one)) for one in sent}
        return {action: ids for action, ids in found.items() if ids}

    def _fits(self, id: str, sent: Sent) -> bool:
        action, card = sent.action, self._area(TASK)[id].record
        source = self._area(TASK).get(action.target or "")
        days = {_day(action.values.get("dueDateTime"))}
        if action.verb == "move" and "dueDateTime" not in action.values:
            known = [sent.agreed, source.record.values] if source else []
            days = {_day(one["dueDateTime"]) for one in known if "dueDateTime" in one}
        made = datetime.fromisoformat(str(card.values["createdDateTime"]))
        return (
            id != action.target
            and self.system.place(card.values) == self.system.place(action.values)
            and self.system.place(card.values) not in self.system.barred(self.space)
            and card.values["title"] == action.values.get("title", action.title)
            and (not days or _day(card.values["dueDateTime"]) in days)
            and card.values["createdBy"] in {member.account for member in self.space.everyone}
            and made >= datetime.fromtimestamp(sent.at / 1000, UTC) - EARLIER
        )


class _View(_Reader, MemoryView):
    """``half`` leaves a new or changed task without its description, and a move with both tasks."""

    def _do(self, action: Action, whole: bool) -> Outcome:
        if self._shut(action):
            return Refused(action.id, "nobody who is connected may change this in Planner")
        if action.verb == "move" and not self._leaves(action):
            action = replace(action, verb="update")
        if whole or action.verb in ("move", "delete"):
            return super()._do(action, whole)
        without = {name: value for name, value in action.values.items() if name != "details"}
        outcome = super()._do(replace(action, values=without), True)
        return outcome if isinstance(outcome, Refused) else Unknown(action.id)

    def _move(self, action: Action, values: Mapping[str, Value], whole: bool) -> Outcome:
        """What is made at the target is a new task, whoever made the old one."""
        return super()._move(action, {**values, "createdBy": None, "createdDateTime": None}, whole)

    def _leaves(self, action: Action) -> bool:
        """Whether the task goes to another plan: to another bucket of its own it stays the same task."""
        row = self._area(TASK).get(action.target or "")
        return row is not None and self.system.place(row.record.values) != self.system.place(action.values)

    def _shut(self, action: Action) -> bool:
        """Whether the task's plan, or the one it would go to, is out of reach."""
        (target,) = self.read(TASK, [action.target]) if action.target else (None,)
        there = self.system.place(action.values) if "bucket" in action.values else ""
        return isinstance(target, Barred) or there in self.system.barred(self.space)


def planner_world(program: Program) -> TaskWorld:
    """The world of tasks with a Planner that keeps no marks."""
    planner = PlannerMemory(
        BUCKETS, graph_fields.PLANNER_TASK, graph_fields.PLANNER_BUCKET, graph_fields.PLANNER_PLAN
    )  # fmt: skip
    world = TaskWorld(program, m365=planner)
    derived = world.m365.normalise

    def normalise(kind: str, values: dict[str, Value]) -> dict[str, Value]:
        values = derived(kind, values)
        if kind != TASK:
            return values
        made = values.get("createdDateTime") or f"{world.now:%Y-%m-%dT%H:%M:%SZ}"
        return values | {"createdBy": values.get("createdBy") or account(world.connected[0]), "createdDateTime": made}

    world.m365.normalise = normalise
    return world
