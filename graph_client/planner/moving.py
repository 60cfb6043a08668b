"""Moving a task to another plan, which Graph can't: it is made there with everything that belongs to it, then the old
one is deleted. Its id, comments and labels, which are the old plan's, stay behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Unknown, Written
from engine.records import Value
from graph_client.answers import Answer, Meaning
from graph_client.batch import Item
from graph_client.codec import etag
from graph_client.fields import DETAILS, TASK_ROWS
from graph_client.planner.catalogue import Plan
from graph_client.planner.codec import Row, Unfit, decode, described, encode, with_description
from graph_client.planner.creating import NEW_TASKS, first, take_back
from graph_client.planner.details import carried, patch, remove
from graph_client.planner.members import Ask, Told
from graph_client.planner.reading import Tasks, details_path, task_path
from graph_client.planner.refusals import PLAN_GONE, reason

_CARRIED: Final = tuple(row.name for row in TASK_ROWS if row.writable and not row.part)


@dataclass(frozen=True, slots=True)
class Move:
    """An update whose bucket is in another plan; ``row`` is the task as it was just read, at the version expected."""

    action: Action
    plan: Plan
    row: Row
    accounts: Sequence[str]


class _Halt(Exception):
    """The move ends here. Where ``undo`` is set, what was made is to be taken back first."""

    def __init__(self, outcome: Outcome, undo: bool = False) -> None:
        super().__init__()
        self.outcome = outcome
        self.undo = undo


def move(tasks: Tasks, given: Move) -> Outcome:
    """Do the move; the outcome's record has the new id. With ``action.copy`` what an earlier attempt made is brought
    up to date and used. If the old task can't be removed after all, the new one is taken back; if that fails too, the
    outcome is unknown."""
    mover = _Mover(tasks, given)
    try:
        return mover.run()
    except Unfit as problem:
        return Refused(given.action.id, str(problem))
    except _Halt as halt:
        if halt.undo and mover.copy and not mover.undone():
            return Unknown(given.action.id)
        return halt.outcome


@dataclass(slots=True)
class _Mover:
    tasks: Tasks
    move: Move
    copy: str = ""
    accounts: tuple[str, ...] = ()

    def run(self) -> Outcome:
        action, source = self.move.action, str(self.move.action.target)
        details = self._got(details_path(source), self.move.accounts)
        values = self._values()
        self._usable_copy()
        if self.copy:
            self._brought_up(values)
        else:
            self._made(values)
        self._described(details, described(action.values))
        self._removed(source)
        row = self._got(task_path(self.copy), self.accounts, Unknown(action.id))
        record = self.tasks.record(row)
        if DETAILS in action.values:
            record = with_description(record, {"description": described(action.values)})
        return Written(action.id, record)

    def undone(self) -> bool:
        """Take back what was made, whatever its version: nobody but us has linked it."""
        told = self._told(Item("GET", task_path(self.copy)), self.accounts)
        if told.answer.meaning is Meaning.GONE:
            return True
        return take_back(self.tasks, self.copy, etag(told.answer.members), self.accounts)

    # ---- the steps ----

    def _values(self) -> dict[str, Value]:
        """All that the new task shall hold: the old one's values, and what the action changes."""
        source = decode(self.move.row, self.tasks.catalogue())
        held = {name: source.values.get(name) for name in _CARRIED} if source else {}
        return {**held, **{name: value for name, value in self.move.action.values.items() if name != DETAILS}}

    def _usable_copy(self) -> None:
        """What an earlier attempt made, if it is still there and in the right plan; elsewhere it is removed."""
        given = self.move.action.copy
        if given is None:
            return
        self.copy, self.accounts = given, self._all(self.tasks.viewers(given))
        told = self._told(Item("GET", task_path(given)), self.accounts)
        if told.answer.meaning is Meaning.DONE and told.answer.members.get("planId") == self.move.plan.id:
            return
        if told.answer.meaning is Meaning.DONE and not self.undone():
            raise _Halt(Unknown(self.move.action.id))
        if told.answer.meaning not in (Meaning.DONE, Meaning.GONE):
            raise _Halt(self._no(told.answer))
        self.copy = ""

    def _made(self, values: dict[str, Value]) -> None:
        members = {name: value for name, value in encode(values, {}).items() if value is not None}
        item = Item("POST", NEW_TASKS, {"planId": self.move.plan.id, **members}, repeat=False)
        told = self._told(item, self.move.plan.viewers)
        made = told.answer.members.get("id")
        if told.answer.meaning is Meaning.LOST or (told.answer.meaning is Meaning.DONE and not isinstance(made, str)):
            raise _Halt(Unknown(self.move.action.id))
        if told.answer.meaning is Meaning.GONE:
            raise _Halt(Refused(self.move.action.id, PLAN_GONE))
        if told.answer.meaning is not Meaning.DONE:
            raise _Halt(self._no(told.answer))
        self.copy, self.accounts = str(made), first(told.account, self._all(self.move.plan.viewers))

    def _brought_up(self, values: dict[str, Value]) -> None:
        present = self._got(task_path(self.copy), self.accounts)
        members = {name: value for name, value in encode(values, present).items() if value != present.get(name)}
        if members:
            told = self._told(patch(task_path(self.copy), members, etag(present)), self.accounts)
            if told.answer.meaning is not Meaning.DONE:
                raise _Halt(self._no(told.answer))

    def _described(self, source: Row, description: str | None) -> None:
        present = self._got(details_path(self.copy), self.accounts, Unknown(self.move.action.id))
        done: set[str] = set()
        while members := carried(source, description, present, done):
            told = self._told(patch(details_path(self.copy), members, etag(present)), self.accounts)
            if told.answer.meaning is not Meaning.DONE:
                raise _Halt(self._no(told.answer), undo=told.answer.meaning is not Meaning.LOST)
            present = told.answer.members
            if not etag(present):
                present = self._got(details_path(self.copy), self.accounts, Unknown(self.move.action.id))

    def _removed(self, source: str) -> None:
        """Delete the old task as it was read; what somebody changed meanwhile is not lost: the new one goes instead."""
        told = self._told(remove(source, etag(self.move.row)), self.move.accounts)
        if told.answer.meaning not in (Meaning.DONE, Meaning.GONE):
            raise _Halt(self._no(told.answer), undo=told.answer.meaning is not Meaning.LOST)
        self.tasks.forget(source)

    # ---- single calls ----

    def _got(self, path: str, accounts: Sequence[str], otherwise: Outcome | None = None) -> Row:
        told = self._told(Item("GET", path), accounts)
        if told.answer.meaning is not Meaning.DONE:
            raise _Halt(otherwise or self._no(told.answer))
        return self.tasks.row(told)

    def _told(self, item: Item, accounts: Sequence[str]) -> Told:
        (told,) = self.tasks.members.answers([Ask(item, accounts)])
        return told

    def _no(self, answer: Answer) -> Outcome:
        id = self.move.action.id
        if answer.meaning in (Meaning.GONE, Meaning.CHANGED):
            return Stale(id)
        return Unknown(id) if answer.meaning is Meaning.LOST else Refused(id, reason(answer))

    def _all(self, viewers: Sequence[str]) -> tuple[str, ...]:
        """The plan's viewers; everybody, where they are not known."""
        return tuple(viewers) or self.tasks.members.accounts
