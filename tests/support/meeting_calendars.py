"""Cells of the table of meetings, lived through the client and over HTTPS to emulated calendars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from calendar_world import CalendarWorld
from graph_events import Row, at
from graph_world import ANN, BOB
from meeting_table import PEOPLE, WEEKS, Cell, mails, shown
from meeting_world import DORA, MeetingWorld
from outlook_double import Letter

from engine.context import Context, Directory
from engine.links import Space
from engine.plans import Mail
from engine.records import Record, Value
from engine.sync import pipeline

UPNS: Final = {"anna": ANN, "ben": BOB}
OUTSIDER: Final = "guest@elsewhere.test"
_KINDS: Final = {"invite": "invitation", "update": "update", "cancel": "cancellation"}


@dataclass
class RealMeetings(MeetingWorld):
    """A CRM in memory and the calendars of two people in the emulator; Dora has none."""

    calendars: CalendarWorld | None = None
    connected: list[str] = field(default_factory=lambda: list(UPNS))
    addresses: dict[str, str] = field(default_factory=lambda: {**UPNS, DORA: "dora@firm.example"})
    now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    @property
    def there(self) -> CalendarWorld:
        assert self.calendars is not None
        return self.calendars

    def space_of(self, user: str) -> Space:
        space = self.there.world.space(UPNS[user])
        return Space(space.org, space.id, user, space.zone)

    def context(self, user: str) -> Context:
        defaults = {spec.name: spec.default for spec in self.program.settings}
        directory = Directory(
            accounts={one: self.space_of(one).id for one in UPNS}, mailboxes=UPNS, addresses=self.addresses
        )
        return Context(
            now=self.now, zone="Europe/London", user=user, settings={**defaults, "direction": "both", **self.settings},
            account=self.space_of(user).id, directory=directory,
        )  # fmt: skip

    def tick_of(self, user: str, everything: bool = False) -> pipeline.Tick:
        return pipeline.Tick(
            program=self.program, space=self.space_of(user), context=self.context(user), crm=self.crm,
            m365=self.there.systems[UPNS[user]], state=self.state, run=f"run-{next(self.runs)}",
            clock=lambda: int(self.now.timestamp() * 1000), everything=everything, limits=self.limits,
        )  # fmt: skip

    def pass_time(self) -> None:
        """Long enough that what waits for quiet has waited."""
        self.there.advance(20 / 1440)
        self.now += timedelta(minutes=20)

    def events(self, user: str = "anna") -> list[Record]:
        return list(self.there.round(upn=UPNS[user]).records.values())


@dataclass
class RealCase:
    """A cell being lived through, as `Case` of the table does it in memory."""

    cell: Cell
    world: RealMeetings
    base: datetime = field(init=False)
    id: str = ""
    """The event that Anna has: the single one, or the series."""

    def __post_init__(self) -> None:
        days = 3 if self.cell.when == "future" else -25
        self.base = (self.world.now + timedelta(days=days)).replace(hour=10)
        self.world.settings["invite_to_future"] = True
        self.world.there.world.control.set_behaviour(cancelled_copy_stays=self.cell.act == "cancel")

    def line(self) -> str:
        self.world.sync()
        self._made()
        self._settled()
        if self.cell.kind == "exception" and self.cell.organiser == "in":
            self._person({"location": {"displayName": "Yard"}})
            self._settled()
        self.world.done.clear()
        if self.cell.side == "crm":
            self._acts_in_the_crm()
        else:
            self._acts_in_outlook()
        told = len(self.world.there.people.outbox())
        self._settled()
        ours = self._letters(told)
        self._agreed(ours)
        boxes = [f"{user}: {shown(self.world.events(user), self.base)}" for user in UPNS]
        return " | ".join(
            [f"crm: {shown(self.world.activities(), self.base, people=True)}", *boxes, f"mails: {mails(ours)}"]
        )

    # ---- what people do ----

    def _made(self) -> None:
        given: Row = {"subject": "Visit", **self._times(self.base)}
        if self.cell.kind != "single":
            pattern = {
                "type": "weekly",
                "interval": 1,
                "daysOfWeek": [f"{self.base:%A}".lower()],
                "firstDayOfWeek": "monday",
            }
            ends = {"type": "numbered", "startDate": f"{self.base:%Y-%m-%d}", "numberOfOccurrences": WEEKS}
            given["recurrence"] = {"pattern": pattern, "range": ends}
        names = [self.world.addresses.get(one, one) for one in PEOPLE[self.cell.people]]
        people = self.world.there.people
        if self.cell.organiser == "in":
            self.id = str(people.create(ANN, {**given, "attendees": _guests(*names)})["id"])
            return
        more: Row = {"organizer": {"emailAddress": {"address": OUTSIDER}}, "iCalUId": "theirs"}
        more["attendees"] = _guests(ANN, *names)
        for upn in (ANN, BOB) if self.cell.people == "connected" else (ANN,):
            made = people.receive(upn, {**given, **more})
            self.id = str(made["id"]) if upn == ANN else self.id

    def _person(self, values: Row) -> None:
        """Anna edits her meeting or the one occurrence; or all copies hear of the outsider's edit."""
        people = self.world.there.people
        if self.cell.organiser == "in":
            people.update(ANN, self._target(), values)
            return
        more: Row = {"organizer": {"emailAddress": {"address": OUTSIDER}}, "iCalUId": "theirs"}
        for upn in (ANN, BOB) if self.cell.people == "connected" else (ANN,):
            people.receive(upn, {**more, **values})

    def _target(self) -> str:
        """What is acted on: the single event or the series, or its second occurrence."""
        if self.cell.kind != "exception":
            return self.id
        return sorted(self.world.events("anna"), key=lambda record: str(record.values["start"]))[1].id

    def _acts_in_outlook(self) -> None:
        people = self.world.there.people
        if self.cell.act == "edit":
            self._person({"subject": "Edited"})
        elif self.cell.act == "move":
            self._person(self._times(self.base + timedelta(days=1 if self.cell.kind == "single" else 8)))
        elif self.cell.act == "delete" or self.cell.organiser == "in":
            people.delete(ANN, self._target())
        else:
            second = f"{self.base + timedelta(days=7):%Y-%m-%d}" if self.cell.kind == "exception" else None
            for upn in (ANN, BOB) if self.cell.people == "connected" else (ANN,):
                people.receive_cancellation(upn, "theirs", second)

    def _acts_in_the_crm(self) -> None:
        records = sorted(self.world.activities(), key=lambda record: str(record.values["date_start"]))
        for record in records[1:2] if self.cell.kind == "exception" else records:
            start = datetime.fromisoformat(str(record.values["date_start"])) + timedelta(days=1)
            if self.cell.act == "edit":
                self.world.edit_activity(record.id, subject="Edited")
            elif self.cell.act == "move":
                moved: dict[str, Value] = {
                    "date_start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                    "date_end": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
                }
                self.world.edit_activity(record.id, **moved)
            else:
                self.world.crm.remove("Activity", record.id)

    def _times(self, start: datetime) -> Row:
        """An hour, in UTC."""
        return {"start": at(f"{start:%Y-%m-%dT%H:%M:%S}"), "end": at(f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}")}

    # ---- what came of it ----

    def _settled(self) -> None:
        for _ in range(2):
            self.world.sync()
            self.world.pass_time()
        self.world.sync()
        for user in UPNS:
            plan = self.world.plan(user)
            assert plan.empty, [(user, a.verb, a.side, a.reason, a.changes) for a in plan.actions]

    def _letters(self, since: int) -> list[Letter]:
        names = {address: user for user, address in self.world.addresses.items()}
        return [
            Letter(_KINDS[mail["kind"]], names.get(one["address"], one["address"]), "")
            for mail in self.world.there.people.outbox()[since:]
            for one in mail["recipients"]
        ]

    def _agreed(self, letters: list[Letter]) -> None:
        """What the plans told of mails is what the emulator sent."""
        told = Mail()
        for action in self.world.done:
            told += action.mail
        kinds = [letter.what for letter in letters]
        counted = tuple(map(kinds.count, ("invitation", "update", "cancellation")))
        assert (told.invitations, told.updates, told.cancellations) == counted, letters


def _guests(*addresses: str) -> list[Mapping[str, object]]:
    return [{"emailAddress": {"address": one}, "type": "required"} for one in addresses]
