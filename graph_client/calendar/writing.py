"""Writing events: every write may mail people, so only what differs is sent, and nothing is sent twice.

Waves of four: see batch.py. Before an update or a deletion the event is read: lists of people and notes are written
as a whole, and a deletion has no condition of its own on the service. What somebody else organises is never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Unknown, Written
from engine.records import Barred, Record
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import RETURN, Item, in_waves
from graph_client.calendar.codec import IN_UTC, Row, Writing, series_of
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """One action with the event as it was read for it."""

    action: Action
    row: Row
    state: Record | Barred

    @property
    def series(self) -> str:
        """The series it is in, or its own id."""
        return series_of(self.row) or str(self.action.target)


@dataclass(slots=True)
class EventWriter:
    """Writes of one view, for one mailbox."""

    events: Events

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """One outcome per action. Raises Unavailable, SignInNeeded or LeaseLost when it can't go on: actions without
        an outcome were not done, or are found by their marks."""
        creations = [action for action in actions if action.verb == "create"]
        for start in range(0, len(creations), AT_A_TIME):
            yield from self._create(creations[start : start + AT_A_TIME])
        yield from self._change([action for action in actions if action.verb != "create"])

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
        if action.verb == "create" and record.group == record.id:  # its first occurrence is not seen by itself yet
            record = replace(record, id=self.events.known_by(row), version="")
        self.events.met.add(record.id)
        return Written(action.id, record)

    # ---- updates and deletions ----

    def _change(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """Everything is read first, because a write to one occurrence moves the versions of its sisters: of each series
        one action at a time is sent, the next after another look."""
        seen = [self._seen(action, answer) for action, answer in self._asked(actions)]
        yield from (one for one in seen if not isinstance(one, _Seen))
        waiting = [one for one in seen if isinstance(one, _Seen)]
        touched: set[str] = set()
        first = len(waiting) <= AT_A_TIME  # or else the reading was not a moment ago
        while waiting:
            turn, waiting = _turn(waiting)
            looked: list[_Seen | Outcome] = list(turn) if first else list(self._looked_again(turn, touched))
            steps = [self._prepared(one) if isinstance(one, _Seen) else one for one in looked]
            yield from (one for one in steps if not isinstance(one, _Ready))
            for ready, found in self._sent([one for one in steps if isinstance(one, _Ready)]):
                yield self._changed(ready.action, found)
            touched.update(one.series for one in turn)
            first = False

    def _asked(self, actions: Sequence[Action]) -> Iterator[tuple[Action, Answer]]:
        items = [Item("GET", event_path(str(action.target), select=True), prefer=IN_UTC) for action in actions]
        for index, answer in in_waves(self.events.session, items):
            yield actions[index], answer

    def _seen(self, action: Action, answer: Answer, before: _Seen | None = None) -> _Seen | Outcome:
        """The event as it is, if it is at the version that the action was decided on (a series that goes as a whole has
        none); or as it was ``before``, where only our own write to its series has moved it."""
        if answer.meaning is Meaning.GONE:
            return Written(action.id, None) if action.verb == "delete" else Stale(action.id)
        if answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
            return Refused(action.id, refusal(answer))
        row = self.events.session.demand(answer).members
        now = _Seen(action, row, self.events.record(str(action.target), row))
        version = action.expected_version
        same = version in (None, etag(row)) if before is None else _unmoved(before, now)
        return now if same else Stale(action.id)

    def _looked_again(self, turn: Sequence[_Seen], touched: set[str]) -> Iterator[_Seen | Outcome]:
        """Those whose version our writes have moved, and deletions, which have no condition, are read once more."""
        anew = {one.action.id: one for one in turn if one.series in touched or one.action.verb == "delete"}
        yield from (one for one in turn if one.action.id not in anew)
        for action, answer in self._asked([one.action for one in anew.values()]):
            before = anew[action.id]
            yield self._seen(action, answer, before if before.series in touched else None)

    def _prepared(self, seen: _Seen) -> _Ready | Outcome:
        """The call for an update or a deletion, or the outcome at once."""
        action, row = seen.action, seen.row
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


def _turn(waiting: Sequence[_Seen]) -> tuple[list[_Seen], list[_Seen]]:
    """Who is next, one of each series, and who has to wait."""
    turn: dict[str, _Seen] = {}
    rest: list[_Seen] = []
    for one in waiting:
        if one.series in turn or len(turn) == AT_A_TIME:
            rest.append(one)
        else:
            turn[one.series] = one
    return list(turn.values()), rest


def _unmoved(before: _Seen, now: _Seen) -> bool:
    """Whether all that can be seen of an event is as it was."""
    one, other = before.state, now.state
    return isinstance(one, Record) and isinstance(other, Record) and one.values == other.values


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
