"""Writing tasks: each is read first, since Planner takes writes on old versions where they don't collide and would mix
them with what people did meanwhile. Task and description are written one after the other, each at its own version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Unknown, Written
from engine.records import Record
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import MOST_ITEMS, Item
from graph_client.codec import etag
from graph_client.fields import DETAILS
from graph_client.planner.codec import Row, Unfit, bucket_of, described, encode, with_description
from graph_client.planner.creating import Creator, first, plan_of_bucket
from graph_client.planner.details import Job, patch, remove, write_details
from graph_client.planner.members import Ask, Told
from graph_client.planner.moving import Move, move
from graph_client.planner.reading import Tasks, details_path, task_path
from graph_client.planner.refusals import BUCKET_GONE, reason

DESCRIPTION: Final = f"{DETAILS}.description"
_BY_ITSELF: Final = frozenset({"completedDateTime", "hasDescription"})
"""What Planner changes along with other fields."""


class _Step(Struct):
    """An update or deletion on its way. ``description`` is what to write, None for nothing; ``after`` the task as the
    side returned it last."""

    action: Action
    row: Row
    accounts: tuple[str, ...]
    members: Mapping[str, Json] = {}
    description: str | None = None
    details: Row | None = None
    after: Row = {}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes of one view."""

    tasks: Tasks

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """One outcome per action. Raises Unavailable, SignInNeeded or LeaseLost when it can't go on: actions without
        an outcome were not done, or are found again."""
        creations = [action for action in actions if action.verb == "create"]
        others = [action for action in actions if action.verb != "create"]
        for start in range(0, len(creations), MOST_ITEMS):
            yield from Creator(self.tasks).create(creations[start : start + MOST_ITEMS])
        for start in range(0, len(others), MOST_ITEMS):
            yield from self._change(others[start : start + MOST_ITEMS])

    def _change(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        steps: list[_Step] = []
        moves: list[Move] = []
        for action, told, details in self._present(actions):
            result = self._prepared(action, told, details)
            if isinstance(result, _Step):
                steps.append(result)
            elif isinstance(result, Move):
                moves.append(result)
            else:
                yield result
        yield from self._sent(steps)
        for one in moves:
            yield move(self.tasks, one)

    # ---- what is there ----

    def _present(self, actions: Sequence[Action]) -> Iterator[tuple[Action, Told, Told | None]]:
        """Each action with its task as it is now, and with the details where they are to be written."""
        described = [index for index, action in enumerate(actions) if DETAILS in action.values]
        viewers = [self.tasks.viewers(str(action.target)) for action in actions]
        asks = [Ask(Item("GET", task_path(str(a.target))), viewers[i]) for i, a in enumerate(actions)]
        asks += [Ask(Item("GET", details_path(str(actions[i].target))), viewers[i]) for i in described]
        told = {one.index: one for one in self.tasks.members.answers(asks)}
        details = {index: told[len(actions) + place] for place, index in enumerate(described)}
        for index, action in enumerate(actions):
            yield action, told[index], details.get(index)

    def _prepared(self, action: Action, told: Told, details: Told | None) -> _Step | Move | Outcome:
        """The step to take, or the outcome where there is none to take."""
        for one in (told, details) if details else (told,):
            if one.answer.meaning is Meaning.GONE:
                self.tasks.forget(str(action.target))
                return Written(action.id, None) if action.verb == "delete" else Stale(action.id)
            if one.answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
                return Refused(action.id, reason(one.answer))
        row = self.tasks.row(told)
        known = self.tasks.row(details) if details else None
        if etag(row) != action.expected_version or (known is not None and _rewritten(action, known)):
            return Stale(action.id)
        accounts = first(told.account, self.tasks.viewers(str(action.target)))
        if action.verb == "delete":
            return _Step(action, row, accounts)
        try:
            if "bucket" in action.values:
                plan = plan_of_bucket(self.tasks, action)
                if plan.id != row.get("planId"):
                    return Move(action, plan, row, accounts)
            members = encode(action.values, row)
            text = described(action.values)
        except Unfit as problem:
            return Refused(action.id, str(problem))
        same = known is None or text == (known.get("description") or "")
        return _Step(action, row, accounts, members, None if same else text, known)

    # ---- the writes ----

    def _sent(self, steps: Sequence[_Step]) -> Iterator[Outcome]:
        unfinished = [replace(s, after=s.row) for s in steps if s.action.verb != "delete" and not s.members]
        writing = [step for step in steps if step.action.verb == "delete" or step.members]
        for told in self.tasks.members.answers([Ask(_item(step), step.accounts) for step in writing]):
            step = writing[told.index]
            if told.answer.meaning is Meaning.DONE and step.action.verb != "delete":
                step.after = told.answer.members
                unfinished.append(step)
            else:
                yield self._ended(step, told.answer)
        yield from self._described(unfinished)

    def _described(self, steps: Sequence[_Step]) -> Iterator[Outcome]:
        """Descriptions after tasks; the task is read again then, for its etag has moved."""
        whole = [step for step in steps if step.description is None]
        rest = [step for step in steps if step.description is not None]
        jobs = [
            Job(str(s.action.target), s.accounts, {"description": s.description}, etag(s.details or {})) for s in rest
        ]
        for index, answer in write_details(self.tasks, jobs):
            step = rest[index]
            if answer.meaning is Meaning.DONE:
                step.details = answer.members or {"description": step.description}
                step.after = {}
                whole.append(step)
            else:
                yield self._ended(step, answer)
        unread = [step for step in whole if not etag(step.after)]
        yield from (self._written(step) for step in whole if etag(step.after))
        asks = [Ask(Item("GET", task_path(str(step.action.target))), step.accounts) for step in unread]
        for told in self.tasks.members.answers(asks):
            step = unread[told.index]
            step.after = told.answer.members if told.answer.meaning is Meaning.DONE else {}
            yield self._written(step) if etag(step.after) else Unknown(step.action.id)

    def _ended(self, step: _Step, answer: Answer) -> Outcome:
        meaning, action = answer.meaning, step.action
        if action.verb == "delete" and meaning in (Meaning.DONE, Meaning.GONE):
            self.tasks.forget(str(action.target))
            return Written(action.id, None)
        if meaning is Meaning.GONE and "bucketId" in step.members and self._bucketless(action):
            return Refused(action.id, BUCKET_GONE)
        if meaning in (Meaning.GONE, Meaning.CHANGED):
            return Stale(action.id)
        return Unknown(action.id) if meaning is Meaning.LOST else Refused(action.id, reason(answer))

    def _bucketless(self, action: Action) -> bool:
        """Whether it is the bucket that is gone, and not the task."""
        self.tasks.ask_again()
        return self.tasks.catalogue().place(bucket_of(action.values) or "") is None

    def _written(self, step: _Step) -> Outcome:
        """The task as it is now. Where more of it changed than was written, somebody's edit slipped in between reading
        and writing: the old version stays on the record, so that the next round counts it as news."""
        before, after = self.tasks.record(step.row), self.tasks.record(step.after)
        if _slipped(step.action, before, after):
            after = replace(after, version=before.version)
        if DETAILS in step.action.values:
            after = with_description(after, step.details)
        return Written(step.action.id, after)


def _item(step: _Step) -> Item:
    id, version = str(step.action.target), etag(step.row)
    return remove(id, version) if step.action.verb == "delete" else patch(task_path(id), step.members, version)


def _rewritten(action: Action, details: Row) -> bool:
    """Whether somebody changed the description since it was read: it has no part in the task's version."""
    change = next((one for one in action.changes if one.path == DESCRIPTION), None)
    return change is not None and (change.before or "") != (details.get("description") or "")


def _slipped(action: Action, before: Record, after: Record) -> bool:
    moved = {name for name, value in after.values.items() if before.values.get(name) != value}
    return bool(moved - set(action.values) - _BY_ITSELF)
