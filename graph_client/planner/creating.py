"""New tasks: made, then described. Creations are never sent twice; one whose description can't be put in is taken back,
or left to be found again, so that no half of it counts as done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Unknown, Written
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import Item
from graph_client.codec import etag
from graph_client.fields import DETAILS
from graph_client.planner.catalogue import Plan
from graph_client.planner.codec import Row, Unfit, bucket_of, described, encode, with_description
from graph_client.planner.details import Job, remove, write_details
from graph_client.planner.members import Ask, Told
from graph_client.planner.reading import Tasks, task_path
from graph_client.planner.refusals import BUCKET_GONE, NO_BUCKET, PLAN_GONE, reason

NEW_TASKS: Final = "/planner/tasks"


@dataclass(frozen=True, slots=True)
class _New:
    action: Action
    plan: Plan
    members: dict[str, Json]
    description: str | None


@dataclass(frozen=True, slots=True)
class _Made:
    """A task that was created and lacks its description. ``accounts``: whoever created it first."""

    new: _New
    row: Row
    accounts: tuple[str, ...]

    @property
    def id(self) -> str:
        return str(self.row["id"])


@dataclass(frozen=True, slots=True)
class Creator:
    tasks: Tasks

    def create(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """One outcome per action. A crash between task and description leaves a task that is found by title, day,
        creator and time, and whose description is then filled in as that of any pair that never agreed."""
        ready: list[_New] = []
        for action in actions:
            try:
                ready.append(self._new(action))
            except Unfit as problem:
                yield Refused(action.id, str(problem))
        made: list[_Made] = []
        asks = [Ask(Item("POST", NEW_TASKS, new.members, repeat=False), new.plan.viewers) for new in ready]
        for told in self.tasks.members.answers(asks):
            result = self._created(ready[told.index], told)
            if isinstance(result, _Made):
                made.append(result)
            else:
                yield result
        yield from self._described(made)

    def _new(self, action: Action) -> _New:
        plan = plan_of_bucket(self.tasks, action)
        members = {name: value for name, value in encode(action.values, {}).items() if value is not None}
        return _New(action, plan, {"planId": plan.id, **members}, described(action.values) or None)

    def _created(self, new: _New, told: Told) -> _Made | Outcome:
        meaning, action = told.answer.meaning, new.action
        if meaning is Meaning.DONE:
            row = told.answer.members
            if not isinstance(row.get("id"), str) or not etag(row):
                return Unknown(action.id)
            if new.description:
                return _Made(new, row, first(told.account, new.plan.viewers))
            return self._written(action, row, None)
        if meaning is Meaning.LOST:
            return Unknown(action.id)
        if meaning is Meaning.CHANGED:
            return Stale(action.id)
        return Refused(action.id, PLAN_GONE if meaning is Meaning.GONE else reason(told.answer))

    def _described(self, made: Sequence[_Made]) -> Iterator[Outcome]:
        jobs = [Job(one.id, one.accounts, {"description": one.new.description}) for one in made]
        done: list[tuple[_Made, Row]] = []
        for index, answer in write_details(self.tasks, jobs):
            if answer.meaning is Meaning.DONE:
                done.append((made[index], answer.members))
            else:
                yield self._undescribed(made[index], answer)
        asks = [Ask(Item("GET", task_path(one.id)), one.accounts) for one, _ in done]
        for told in self.tasks.members.answers(asks):
            (one, details), action = done[told.index], done[told.index][0].new.action
            ready = told.answer.meaning is Meaning.DONE
            yield self._written(action, told.answer.members, details or one.new) if ready else Unknown(action.id)

    def _undescribed(self, made: _Made, answer: Answer) -> Outcome:
        """A description that is refused takes its task along; else what there is will be found and compared."""
        action = made.new.action
        if answer.meaning not in (Meaning.REFUSED, Meaning.FORBIDDEN):
            return Unknown(action.id)
        taken_back = take_back(self.tasks, made.id, etag(made.row), made.accounts)
        return Refused(action.id, reason(answer)) if taken_back else Unknown(action.id)

    def _written(self, action: Action, row: Row, details: Row | _New | None) -> Outcome:
        record = self.tasks.record(row)
        if DETAILS in action.values:
            known = {"description": details.description} if isinstance(details, _New) else details
            record = with_description(record, known)
        return Written(action.id, record)


def plan_of_bucket(tasks: Tasks, action: Action) -> Plan:
    """The plan of the bucket that an action names. Raises Unfit where there is none."""
    bucket = bucket_of(action.values)
    if not bucket:
        raise Unfit(NO_BUCKET)
    tasks.meet("", bucket)
    found = tasks.catalogue().place(bucket)
    if found is None:
        raise Unfit(BUCKET_GONE)
    return found[0]


def take_back(tasks: Tasks, id: str, version: str, accounts: Sequence[str]) -> bool:
    """Remove a task of ours that is still as we left it; whether it is gone."""
    (told,) = tasks.members.answers([Ask(remove(id, version), accounts)])
    tasks.forget(id)
    return told.answer.meaning in (Meaning.DONE, Meaning.GONE)


def first(account: str, others: Sequence[str]) -> tuple[str, ...]:
    """Whoever answered before is asked first."""
    return (account, *(one for one in others if one != account))
