"""Writing events: every write may mail people, so only what differs is sent, and nothing is sent twice.

Waves of four: see batch.py. Before an update or a deletion the event is read: lists of people and notes are written
as a whole, and a deletion has no condition of its own on the service. What somebody else organises is never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Unknown, Written
from engine.records import Record
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import RETURN, Item, in_waves
from graph_client.calendar.codec import IN_UTC, Row, Writing
from graph_client.calendar.reading import Events, event_path
from graph_client.calendar.times import Unfit, Unreadable
from graph_client.codec import etag
from graph_client.marks import marked
from graph_client.session import refusal

LARGEST_BODY: Final = 3_900_000
AT_A_TIME: Final = 20
NOT_OURS: Final = "somebody else organises this meeting: only they can change it"
_USED: Final = "errorduplicatetransactionid"
_ANSWERS: Final = f"{RETURN}, {IN_UTC}"


@dataclass(frozen=True, slots=True)
class _Ready:
    """One action with the call that does it."""

    action: Action
    item: Item


@dataclass(slots=True)
class EventWriter:
    """Writes of one view, for one mailbox."""

    events: Events

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """One outcome per action. Raises Unavailable, SignInNeeded or LeaseLost when it can't go on: actions without
        an outcome were not done, or are found by their marks."""
        for making in (True, False):
            part = [action for action in actions if (action.verb == "create") is making]
            for start in range(0, len(part), AT_A_TIME):
                some = part[start : start + AT_A_TIME]
                yield from self._create(some) if making else self._change(some)

    # ---- creations ----

    def _create(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """Each is sent once, and once more where its answer was lost and its mark can't be found: the service keeps the
        transaction id and makes no second event."""
        ready: list[_Ready] = []
        for action in actions:
            try:
                ready.append(_Ready(action, Item("POST", "/me/events", self._new(action), prefer=IN_UTC, repeat=False)))
            except Unfit as problem:
                yield Refused(action.id, str(problem))
        lost: list[_Ready] = []
        for one, answer in self._sent(ready):
            if isinstance(answer, Answer) and answer.meaning is Meaning.LOST:
                lost.append(one)
            else:
                yield self._made(one.action, answer)
        there = self.events.marked([one.action.id for one in lost]) if lost else {}
        for one in lost:
            if one.action.id in there:
                yield self._found(one.action, there[one.action.id])
        for one, answer in self._sent([one for one in lost if one.action.id not in there]):
            yield self._made(one.action, answer)

    def _new(self, action: Action) -> dict[str, Json]:
        owner = self.events.owner() if action.values.get("attendees") else ""
        members = Writing(self.events.zone, owner).created(action.values)
        return {**members, "transactionId": action.id, "singleValueExtendedProperties": marked(action.id)}

    def _made(self, action: Action, answer: Answer | Outcome) -> Outcome:
        if not isinstance(answer, Answer):
            return answer
        if answer.code == _USED:
            id = _existing(answer.body) or self.events.marked([action.id]).get(action.id)
            return self._found(action, id) if id else Unknown(action.id)
        if answer.meaning is Meaning.DONE:
            return self._written(action, answer.members)
        if answer.meaning is Meaning.LOST:
            return Unknown(action.id)
        self.events.session.usable(answer)
        return Refused(action.id, refusal(answer))

    def _found(self, action: Action, id: str) -> Outcome:
        """The event that an earlier sending of this creation made."""
        answer = self.events.session.call("GET", event_path(id, select=True), prefer=IN_UTC)
        if answer.meaning is not Meaning.DONE:
            return Unknown(action.id)
        return self._written(action, answer.members)

    def _written(self, action: Action, row: Row) -> Outcome:
        id = row.get("id")
        record = self.events.record(id, row) if isinstance(id, str) and etag(row) else None
        if not isinstance(record, Record):
            return Unknown(action.id)
        self.events.met.add(record.id)
        return Written(action.id, record)

    # ---- updates and deletions ----

    def _change(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        asked = [Item("GET", event_path(str(action.target), select=True), prefer=IN_UTC) for action in actions]
        ready: list[_Ready] = []
        for index, answer in in_waves(self.events.session, asked):
            step = self._prepared(actions[index], answer)
            if isinstance(step, _Ready):
                ready.append(step)
            else:
                yield step
        for one, found in self._sent(ready):
            yield self._changed(one.action, found)

    def _prepared(self, action: Action, answer: Answer) -> _Ready | Outcome:
        """The call for an update or a deletion, or the outcome at once."""
        if answer.meaning is Meaning.GONE:
            return Written(action.id, None) if action.verb == "delete" else Stale(action.id)
        if answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
            return Refused(action.id, refusal(answer))
        row = self.events.session.demand(answer).members
        if etag(row) != action.expected_version:
            return Stale(action.id)
        path = event_path(str(action.target))
        if action.verb == "delete":
            return _Ready(action, _removal(path, row))
        if row.get("isOrganizer") is not True:
            return Refused(action.id, NOT_OURS)
        try:
            body = Writing(self.events.zone).updated(action.values, row)
        except (Unfit, Unreadable) as problem:
            return Refused(action.id, str(problem))
        if not body:
            return self._written(action, row)
        return _Ready(action, Item("PATCH", path, body, {"If-Match": etag(row)}, prefer=_ANSWERS))

    def _changed(self, action: Action, answer: Answer | Outcome) -> Outcome:
        if not isinstance(answer, Answer):
            return answer
        meaning = answer.meaning
        if meaning is Meaning.DONE and action.verb == "delete":
            return Written(action.id, None)
        if meaning is Meaning.DONE:
            row: Mapping[str, Json] = answer.members
            if not row:
                path = event_path(str(action.target), select=True)
                row = self.events.session.get(path, prefer=IN_UTC).members
            return self._written(action, row)
        if meaning is Meaning.GONE and action.verb == "delete":
            return Written(action.id, None)
        if meaning in (Meaning.GONE, Meaning.CHANGED):
            return Stale(action.id)
        if meaning is Meaning.LOST:
            return Unknown(action.id)
        self.events.session.usable(answer)
        return Refused(action.id, refusal(answer))

    def _sent(self, ready: Sequence[_Ready]) -> Iterator[tuple[_Ready, Answer | Outcome]]:
        fitting = [one for one in ready if one.item.size() <= LARGEST_BODY]
        for one in ready:
            if one not in fitting:
                yield one, Refused(one.action.id, "larger than Microsoft 365 takes")
        for index, answer in in_waves(self.events.session, [one.item for one in fitting]):
            yield fitting[index], answer


def _removal(path: str, row: Row) -> Item:
    """A meeting that the owner organises is cancelled, so that those who were asked to come hear of it; an appointment,
    and a copy of somebody else's meeting, is deleted."""
    if row.get("isOrganizer") is True and row.get("attendees") and row.get("isCancelled") is not True:
        return Item("POST", f"{path}/cancel", {"comment": ""}, repeat=False)
    return Item("DELETE", path)


def _existing(body: Json) -> str | None:
    """The id of the event that a repeated creation has made before, where the refusal names it."""
    waiting: list[Json] = [body]
    while waiting:
        level = waiting.pop()
        if isinstance(level, dict):
            for name, value in level.items():
                if name.lower().endswith("existingeventid") and isinstance(value, str) and value:
                    return value
                waiting.append(value)
    return None
