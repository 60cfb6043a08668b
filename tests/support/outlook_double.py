"""Mailboxes in memory that treat meetings as Outlook does: copies for the guests, and a mail for every change."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from activity_records import EVENT
from msgspec.structs import replace

from engine.context import Context
from engine.links import Space
from engine.memory import MemorySystem, MemoryView
from engine.plans import NO_MAIL, Action, Mail
from engine.port import Outcome, Refused, Written
from engine.records import Gone, Record, Value

SHARED: Final = ("subject", "body", "start", "end", "isAllDay", "location", "sensitivity", "attendees")
"""What the organiser decides for everybody's copy."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: what it says, to whom, about which meeting."""

    what: str
    to: str
    meeting: str


class Outlook(MemorySystem):
    """``owners``: mailbox ▸ address. ``cancelled_stay``: guests keep a cancelled copy, marked so, until they delete it.

    ``sent`` has every mail, ``trespasses`` every write that was tried on a guest's copy, deletions left out.
    """

    def __init__(self, owners: Mapping[str, str], page_size: int = 3) -> None:
        super().__init__("m365", EVENT, private=True, page_size=page_size)
        self.owners = owners
        self.boxes = {address: box for box, address in owners.items()}
        self.cancelled_stay = True
        self.sent: list[Letter] = []
        self.trespasses: list[Action] = []
        self.series: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.meetings = itertools.count(1)

    # ---- what becomes of an organiser's event ----

    def add(self, kind: str, values: Mapping[str, Value], space: str = "", mark: str = "", id: str = "") -> Record:
        """An event in this mailbox. Made by its owner, unless it says otherwise; then no mailbox is told of it."""
        usual: dict[str, Value] = {
            "type": "singleInstance", "sensitivity": "normal", "isAllDay": False, "isDraft": False,
            "isCancelled": False, "isOrganizer": True, "organizer": self.owners[space],
        }  # fmt: skip
        given = usual | {name: value for name, value in values.items() if value is not None}
        if "iCalUId" not in given:
            given["iCalUId"] = f"meeting-{next(self.meetings)}"
        given["attendees"] = tuple(sorted(people(given.get("attendees")) - {str(given["organizer"])})) or None
        made = super().add(kind, given, space, mark, id)
        if made.values["isOrganizer"] is True:
            self._invite(made, people(made.values["attendees"]))
        return made

    def add_series(self, events: Sequence[Mapping[str, Value]], space: str) -> list[Record]:
        """Occurrences of one series; the people of the first one are invited once, to all of it."""
        master = f"series-{next(self.meetings)}"
        made = []
        for number, values in enumerate(events):
            id = f"{master}.{number}"
            self.series[id] = master
            made.append(self.add("event", {"type": "occurrence", **values}, space, id=id))
        letters = [letter for letter in self.sent if letter.meeting in {str(r.values["iCalUId"]) for r in made}]
        for letter in letters[len(people(made[0].values["attendees"])) :]:
            self.sent.remove(letter)
        return made

    def change(self, kind: str, id: str, values: Mapping[str, Value], space: str = "") -> Record:
        before = self.area(kind, space)[id].record
        organiser = str(before.values["organizer"])
        if "attendees" in values:
            values = {**values, "attendees": tuple(sorted(people(values["attendees"]) - {organiser})) or None}
        after = super().change(kind, id, values, space)
        if before.values["isOrganizer"] is True:
            self._tell(before, after)
        return after

    def remove(self, kind: str, id: str, space: str = "") -> None:
        """An organiser who deletes a meeting cancels it."""
        record = self.area(kind, space)[id].record
        if id in self.series and sum(self.series.get(other) == self.series[id] for other in self.area(kind, space)) > 1:
            self.cancelled.add(id)
        super().remove(kind, id, space)
        if record.values["isOrganizer"] is True:
            self._cancel(record, people(record.values["attendees"]))

    def remove_series(self, master: str, space: str) -> None:
        """The whole series goes: one cancellation for each guest, whatever the number of occurrences."""
        records = [record for record in self.records("event", space) if self.series.get(record.id) == master]
        told = len(self.sent)
        for record in records:
            super().remove("event", record.id, space)
            if record.values["isOrganizer"] is True:
                self._cancel(record, people(record.values["attendees"]))
        letters = {letter.to: letter for letter in self.sent[told:]}
        self.sent[told:] = letters.values()

    def _tell(self, before: Record, after: Record) -> None:
        old, new = people(before.values["attendees"]), people(after.values["attendees"])
        self._cancel(after, old - new)
        self._invite(after, new - old)
        if old == new and all(before.values[name] == after.values[name] for name in SHARED):
            return
        for address in sorted(old & new):
            self._mail("update", address, after)
            copy = self._copy(address, after)
            if copy is not None:
                shared = {name: after.values[name] for name in SHARED}
                super().change("event", copy.id, shared, self.boxes[address])

    def _invite(self, meeting: Record, addresses: Collection[str]) -> None:
        for address in sorted(addresses):
            self._mail("invitation", address, meeting)
            box = self.boxes.get(address)
            if box is None:
                continue
            kept = self._copy(address, meeting)
            shared = {name: meeting.values[name] for name in SHARED}
            if kept is not None:
                super().change("event", kept.id, {**shared, "isCancelled": False}, box)
                continue
            same = ("iCalUId", "organizer", "type")
            values = {**shared, **{name: meeting.values[name] for name in same}, "isOrganizer": False}
            master = self.series.get(meeting.id)
            id = f"copy-{next(self.ids)}"
            if master is not None:
                self.series[id] = f"{master}@{box}"
            self.add("event", values, box, id=id)

    def _cancel(self, meeting: Record, addresses: Collection[str]) -> None:
        for address in sorted(addresses):
            self._mail("cancellation", address, meeting)
            copy = self._copy(address, meeting)
            if copy is None:
                continue
            if self.cancelled_stay:
                super().change("event", copy.id, {"isCancelled": True}, self.boxes[address])
            else:
                self.remove("event", copy.id, self.boxes[address])

    def _mail(self, what: str, address: str, meeting: Record) -> None:
        self.sent.append(Letter(what, address, str(meeting.values["iCalUId"])))

    def _copy(self, address: str, meeting: Record) -> Record | None:
        box = self.boxes.get(address)
        if box is None:
            return None
        uid = meeting.values["iCalUId"]
        return next((one for one in self.records("event", box) if one.values["iCalUId"] == uid), None)

    def _store(self, kind: str, space: str, id: str, values: dict[str, Value], mark: str) -> Record:
        record = replace(super()._store(kind, space, id, values, mark), group=self.series.get(id, ""))
        self.area(kind, space)[id].record = record
        return record

    # ---- what the engine sees ----

    def reader(self, space: Space) -> Mailbox:
        return Mailbox(self, space, lambda: False)

    def writer(self, space: Space, still_ours: Callable[[], bool]) -> Mailbox:
        return Mailbox(self, space, still_ours)

    def effects(self, action: Action, before: Record | None, context: Context) -> Mail:
        """Whom a write mails, worked out from the rules of Outlook and nothing that the double does."""
        inside = context.directory.people.__contains__
        if action.verb == "create":
            return _mail(people(action.values.get("attendees")), set(), set(), inside)
        if before is None or before.values.get("isOrganizer") is not True:
            return NO_MAIL
        old = people(before.values["attendees"])
        if action.verb == "delete":
            return NO_MAIL if before.values["isCancelled"] else _mail(set(), set(), old, inside)
        new = people(action.values.get("attendees", before.values["attendees"])) - {str(before.values["organizer"])}
        seen = new != old or any(action.values.get(n, before.values[n]) != before.values[n] for n in SHARED)
        return _mail(new - old, old & new if seen else set(), old - new, inside)


class Mailbox(MemoryView):
    """One mailbox, whose guests' copies can't be written."""

    system: Outlook

    def read(self, kind: str, ids: Collection[str], parts: Collection[str] = ()) -> Iterator[Record | Gone]:
        for state in super().read(kind, ids, parts):
            if isinstance(state, Gone) and state.id in self.system.cancelled:
                state = replace(state, cancelled=True)
            assert isinstance(state, Record | Gone)
            yield state

    def _do(self, action: Action, whole: bool) -> Outcome:
        """What was foretold of one write is what it mails."""
        told = len(self.system.sent)
        outcome = self._done(action, whole)
        kinds = [letter.what for letter in self.system.sent[told:]]
        mailed = tuple(map(kinds.count, ("invitation", "update", "cancellation")))
        planned = (action.mail.invitations, action.mail.updates, action.mail.cancellations)
        assert mailed == (planned if isinstance(outcome, Written) else (0, 0, 0)), (action, self.system.sent[told:])
        return outcome

    def _done(self, action: Action, whole: bool) -> Outcome:
        target, space = action.target or "", self.space.id
        if action.verb == "delete" and target in set(self.system.series.values()):
            self.system.writes += 1
            self.system.remove_series(target, space)
            return Written(action.id, None)
        row = self._area(action.kind).get(target)
        if row is not None and row.record.values["isOrganizer"] is not True and action.verb != "delete":
            self.system.trespasses.append(action)
            return Refused(action.id, "only its organiser can change it")
        return super()._do(action, whole)


def people(value: Value) -> set[str]:
    """Addresses as they are compared."""
    return {one.strip().lower() for one in value if isinstance(one, str)} if isinstance(value, tuple) else set()


def _mail(invited: set[str], updated: set[str], cancelled: set[str], inside: Callable[[str], bool]) -> Mail:
    everyone = invited | updated | cancelled
    return Mail(len(invited), len(updated), len(cancelled), sum(not inside(address) for address in everyone))
