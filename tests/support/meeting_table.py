"""The table of meetings: who organises, who is invited, when, of which kind, what happens to it, and on which side.

A cell is lived through in memory. What a write mails is foretold by the client's own reckoning and counted apart by the
mailboxes in memory; both must agree at every write.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from meeting_world import DORA, GUEST, USERS, MeetingWorld, address, box, invitees
from outlook_double import Letter, Outlook

from engine.context import Context
from engine.plans import Action
from engine.plans import Mail as Counts
from engine.records import Record, Value
from engine.zoned import Zoned
from graph_client.effects import effects

Organiser: TypeAlias = Literal["in", "out"]
People: TypeAlias = Literal["nobody", "connected", "not", "outside"]
When: TypeAlias = Literal["past", "future"]
Kind: TypeAlias = Literal["single", "series", "exception"]
Act: TypeAlias = Literal["edit", "move", "cancel", "delete"]
Side: TypeAlias = Literal["crm", "m365"]
ORGANISERS: Final[tuple[Organiser, ...]] = ("in", "out")
PEOPLE: Final[Mapping[People, tuple[str, ...]]] = {
    "nobody": (), "connected": ("ben",), "not": (DORA,), "outside": ("somebody@elsewhere.test",),
}  # fmt: skip
WHENS: Final[tuple[When, ...]] = ("past", "future")
KINDS: Final[tuple[Kind, ...]] = ("single", "series", "exception")
ACTS: Final[tuple[Act, ...]] = ("edit", "move", "cancel", "delete")
SIDES: Final[tuple[Side, ...]] = ("crm", "m365")
ZONE: Final = "Europe/London"
WEEKS: Final = 3


@dataclass(frozen=True, order=True)
class Cell:
    """One case: a meeting of Anna's, or an outsider's to which she is invited, and ``people`` besides her."""

    organiser: Organiser
    people: People
    when: When
    kind: Kind
    act: Act
    side: Side

    def __str__(self) -> str:
        return f"{self.organiser} {self.people} {self.when} {self.kind} {self.act} {self.side}"

    @property
    def possible(self) -> bool:
        """The CRM knows no cancelling, and without guests there is nobody to cancel a meeting to."""
        if self.act != "cancel":
            return True
        return self.side == "m365" and (self.organiser == "out" or self.people != "nobody")


def cells() -> Iterator[Cell]:
    """All that can happen, in the order of the table."""
    every = itertools.product(ORGANISERS, PEOPLE, WHENS, KINDS, ACTS, SIDES)
    return (cell for cell in (Cell(*one) for one in every) if cell.possible)


class ClientsReckoning(Outlook):
    """Mailboxes whose letters are their own, and whose plans tell what the client foretells."""

    def effects(self, action: Action, before: Record | None, context: Context) -> Counts:
        directory = context.directory
        found = effects(action, before, directory.mailboxes.get(context.user, ""))
        outside = found.outside(directory.people.__contains__)
        return Counts(len(found.invitations), len(found.updates), len(found.cancellations), outside)


def table_world() -> MeetingWorld:
    """Everybody has synced before, and future meetings invite."""
    world = MeetingWorld(m365=ClientsReckoning({box(user): address(user) for user in (*USERS, DORA)}))
    world.settings["invite_to_future"] = True
    world.sync()
    return world


@dataclass
class Case:
    """A cell being lived through. ``found`` are the meetings by the copy that Anna has."""

    cell: Cell
    world: MeetingWorld = field(default_factory=table_world)
    base: datetime = field(init=False)
    uids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.m365.cancelled_stay = self.cell.act == "cancel"
        days = 3 if self.cell.when == "future" else -25
        self.base = (self.world.now + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)

    def line(self) -> str:
        """What the cell came to: records on both sides, and whom Tandem mailed in doing it."""
        self._made()
        self._settled()
        if self.cell.kind == "exception":
            self._edited([self.uids[1]], {"location": ("Yard",)})
            self._settled()
        self.world.done.clear()
        told = len(self.world.m365.sent)
        self._acts(self.uids if self.cell.kind == "series" else [self.uids[min(1, len(self.uids) - 1)]])
        by_people = self.world.m365.sent[told:]
        self._settled()
        ours = self.world.m365.sent[told + len(by_people) :]
        self._agreed(ours)
        boxes = [f"{user}: {shown(self.world.events(user), self.base)}" for user in ("anna", "ben")]
        return " | ".join(
            [f"crm: {shown(self.world.activities(), self.base, people=True)}", *boxes, f"mails: {mails(ours)}"]
        )

    # ---- what people do ----

    def _made(self) -> None:
        values: dict[str, Value] = {"subject": "Visit", "location": None}
        starts = [self.base + timedelta(days=7 * week) for week in range(1 if self.cell.kind == "single" else WEEKS)]
        guests = PEOPLE[self.cell.people]
        given = [{**values, **_times(start)} for start in starts]
        if self.cell.organiser == "in":
            events = [{**one, "attendees": invitees(guests)} for one in given]
            made = self._of_annas(events)
        else:
            made = self._of_an_outsiders([{**one, "attendees": invitees(("anna", *guests))} for one in given])
        self.uids = [str(record.values["iCalUId"]) for record in made]

    def _of_annas(self, events: list[dict[str, Value]]) -> list[Record]:
        m365 = self.world.m365
        return [m365.add("event", events[0], box("anna"))] if len(events) == 1 else m365.add_series(events, box("anna"))

    def _of_an_outsiders(self, events: list[dict[str, Value]]) -> list[Record]:
        made = []
        for number, values in enumerate(events):
            more: dict[str, Value] = {"organizer": GUEST, "isOrganizer": False, "iCalUId": f"theirs-{number}"}
            for user in ("anna", "ben") if self.cell.people == "connected" else ("anna",):
                id = f"{user}-{number}"
                if len(events) > 1:
                    self.world.m365.series[id] = f"series-{user}"
                made.append(self.world.m365.add("event", {**values, **more}, box(user), id=id))
        return [record for record in made if record.id.startswith("anna")]

    def _copies(self, uid: str) -> list[tuple[str, Record]]:
        """The items in which people write: the organiser's, or every copy of an outsider's meeting."""
        users = ("anna",) if self.cell.organiser == "in" else ("anna", "ben")
        there = [(user, event) for user in users for event in self.world.events(user)]
        return [(user, event) for user, event in there if event.values["iCalUId"] == uid]

    def _edited(self, uids: list[str], values: Mapping[str, Value]) -> None:
        for uid in uids:
            for user, event in self._copies(uid):
                self.world.edit_event(event, user, **values)

    def _acts(self, uids: list[str]) -> None:
        if self.cell.side == "crm":
            self._acts_in_the_crm(uids)
        elif self.cell.act == "edit":
            self._edited(uids, {"subject": "Edited"})
        elif self.cell.act == "move":
            for uid in uids:
                self._edited([uid], _times(self._start_of(uid) + timedelta(days=1)))
        elif self.cell.organiser == "out" and self.cell.act == "cancel":
            self._edited(uids, {"isCancelled": True})
        else:
            self._deleted(uids)

    def _deleted(self, uids: list[str]) -> None:
        """By Anna: as an organiser she cancels by it."""
        group = self._copies(uids[0])[0][1].group
        if self.cell.kind == "series":
            self.world.m365.remove_series(group, box("anna"))
            return
        for user, event in self._copies(uids[0]):
            if user == "anna":
                self.world.delete_event(event, user)

    def _acts_in_the_crm(self, uids: list[str]) -> None:
        linked = {link.identity: link.crm_id for link in self.world.links("anna")}
        for uid in uids:
            id = linked[uid] or ""
            if self.cell.act == "edit":
                self.world.edit_activity(id, subject="Edited")
            elif self.cell.act == "move":
                start = self._start_of(uid) + timedelta(days=1)
                self.world.edit_activity(id, date_start=_said(start), date_end=_said(start + timedelta(hours=1)))
            else:
                self.world.crm.remove("Activity", id)

    def _start_of(self, uid: str) -> datetime:
        return datetime.fromisoformat(str(self._copies(uid)[0][1].values["start"]).partition("[")[0])

    # ---- what came of it ----

    def _settled(self) -> None:
        """Nothing is left to write, for anybody, not even when everything is read again."""
        self.world.settle(3)
        for user, everything in itertools.product(self.world.connected, (False, True)):
            plan = self.world.plan(user, everything)
            assert plan.empty, [(user, a.verb, a.side, a.reason, a.changes) for a in plan.actions]
        assert self.world.m365.trespasses == []

    def _agreed(self, letters: list[Letter]) -> None:
        """The plans told how many mails there were, and how many people outside got one."""
        told = Counts()
        for action in self.world.done:
            told += action.mail
        kinds = Counter(letter.what for letter in letters)
        assert (told.invitations, told.updates, told.cancellations) == (
            kinds["invitation"], kinds["update"], kinds["cancellation"],
        )  # fmt: skip
        assert bool(told.outside) == any(not letter.to.endswith("@firm.test") for letter in letters)


def shown(records: Sequence[Record], base: datetime, people: bool = False) -> str:
    """Each by its words and its day, counted from the first; cancelled ones with a cross; whose they are, if asked."""
    found, whose = list[tuple[int, str]](), set[str]()
    for record in records:
        values = record.values
        start = str(values.get("date_start") or values.get("start")).partition("[")[0]
        day = (datetime.fromisoformat(start) - base).days
        cross = "×" if values.get("isCancelled") is True else ""
        words = str(values["subject"]).removeprefix("Canceled: ")  # as Outlook marks a copy
        found.append((day, f"{cross}{words}@{day}"))
        if people:
            whose.add(f"{values['assigned_user_id']}/{'+'.join(map(str, _tuple(values['users']))) or '-'}")
    return " ".join([*(text for _, text in sorted(found)), *sorted(whose)]) or "-"


def mails(letters: list[Letter]) -> str:
    """Kinds and people, as many times as each was mailed."""
    counted = Counter((letter.what, letter.to.partition("@")[0]) for letter in letters)
    return (
        ", ".join(f"{what} {to}{f' ×{count}' if count > 1 else ''}" for (what, to), count in sorted(counted.items()))
        or "-"
    )


def _times(start: datetime) -> dict[str, Value]:
    return {"start": Zoned(start, ZONE).text(), "end": Zoned(start + timedelta(hours=1), ZONE).text()}


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _tuple(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else ()
