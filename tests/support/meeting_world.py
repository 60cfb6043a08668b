"""A small world of meetings in memory: one CRM, three connected mailboxes, and people who have none of these."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from activity_records import ACTIVITY, program
from outlook_double import Outlook

from engine.context import Context, Directory, SettingValue
from engine.language.program import Program
from engine.links import Base, Link, Space
from engine.memory import MemoryState, MemorySystem
from engine.plans import Action, Class, Plan
from engine.records import Key, Record, Value
from engine.sync import pipeline
from engine.sync.guard import Limit
from engine.zoned import Zoned

ORG: Final = "org"
USERS: Final = ("anna", "ben", "cleo")
"""Users with a mailbox. Dora is a user of the CRM in the same firm who has not connected one."""
DORA: Final = "dora"
GUEST: Final = "guest@elsewhere.test"
ZONE: Final = "Europe/London"


def address(user: str) -> str:
    return f"{user}@firm.test"


def box(user: str) -> str:
    """The mailbox, which is the account and the space."""
    return f"mailbox-{user}"


@dataclass
class MeetingWorld:
    """``connected`` are the users whose mailboxes are synced; ``settings`` override the rule file's defaults for all
    (meetings are switched on); ``limits`` are the guard's, none unless given."""

    program: Program = field(default_factory=program)
    crm: MemorySystem = field(default_factory=lambda: MemorySystem("crm", ACTIVITY, page_size=3))
    m365: Outlook = field(default_factory=lambda: Outlook({box(user): address(user) for user in (*USERS, DORA)}))
    state: MemoryState = field(default_factory=MemoryState)
    settings: dict[str, SettingValue] = field(default_factory=dict)
    connected: list[str] = field(default_factory=lambda: list(USERS))
    addresses: dict[str, str] = field(default_factory=lambda: {user: address(user) for user in (*USERS, DORA)})
    limits: Mapping[Class, Limit] = field(default_factory=dict)
    now: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    done: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.crm.keys = self._keys

    def _keys(self, kind: str, record: Record) -> list[Key]:
        """Keys as any user's rules make them: matching asks who the user is."""
        contexts = map(self.context, self.connected)
        found = (key for one in contexts for entry in self.program.matches for key in entry.crm_keys(record, one))
        return list(dict.fromkeys(found))

    # ---- ticks ----

    def context(self, user: str) -> Context:
        defaults = {spec.name: spec.default for spec in self.program.settings} | {"direction": "both"}
        directory = Directory(
            accounts={one: box(one) for one in self.connected},
            mailboxes={one: address(one) for one in self.connected},
            addresses=self.addresses,
        )
        return Context(
            now=self.now, zone=ZONE, user=user, settings={**defaults, **self.settings}, account=box(user),
            directory=directory,
        )  # fmt: skip

    def tick_of(self, user: str, everything: bool = False) -> pipeline.Tick:
        return pipeline.Tick(
            program=self.program, space=Space(ORG, box(user), user, ZONE), context=self.context(user), crm=self.crm,
            m365=self.m365, state=self.state, run=f"run-{next(self.runs)}",
            clock=lambda: int(self.now.timestamp() * 1000), everything=everything, limits=self.limits,
        )  # fmt: skip

    def plan(self, user: str, everything: bool = False) -> Plan:
        return pipeline.plan(self.tick_of(user, everything))

    def sync(self, *users: str, everything: bool = False) -> list[pipeline.Report]:
        """A tick for each of these users, or for all."""
        return [self._sync(user, everything) for user in users or tuple(self.connected)]

    def _sync(self, user: str, everything: bool) -> pipeline.Report:
        self.now += timedelta(minutes=10)
        tick = self.tick_of(user, everything)
        fence = self.state.hold(tick.space.id, tick.run, tick.clock(), tick.clock() + 180_000)
        assert fence is not None
        report = pipeline.run(tick, fence)
        self.state.release(fence)
        if report.ran:
            self.done += report.plan.actions
        return report

    def settle(self, rounds: int = 6) -> None:
        """Ticks for everybody until nothing is left to write, and what waits has come to its end."""
        for _ in range(rounds):
            self.sync()

    # ---- what people do ----

    def at(self, days: float, hour: int = 10) -> str:
        return f"{self.now + timedelta(days=days):%Y-%m-%d}T{hour:02}:00:00Z"

    def activity(self, owner: str = "anna", days: float = 3, **values: Value) -> Record:
        """A CRM meeting of an hour in three days."""
        given: dict[str, Value] = {"activitytype": "Meeting", "assigned_user_id": owner, "subject": "Visit"}
        given |= {"date_start": self.at(days), "date_end": self.at(days, 11), "users": (owner,)}
        return self.crm.add("Activity", given | values)

    def edit_activity(self, id: str, **values: Value) -> Record:
        return self.crm.change("Activity", id, values)

    def times(self, days: float, hour: int = 10) -> dict[str, Value]:
        """The start and end of an event of an hour."""
        first = (self.now + timedelta(days=days)).replace(hour=hour, minute=0, second=0)
        return {
            "start": Zoned(first, ZONE).text(),
            "end": Zoned(first + timedelta(hours=1), ZONE).text(),
        }

    def event(self, user: str = "anna", *guests: str, days: float = 3, **values: Value) -> Record:
        """A meeting that a connected user makes in Outlook; ``guests`` are users' names or addresses."""
        given = {"subject": "Visit", **self.times(days), "attendees": invitees(guests), **values}
        return self.m365.add("event", given, box(user))

    def foreign(self, *guests: str, days: float = 3, **values: Value) -> str:
        """A meeting that an outsider organises, with copies for these users; the identity they share."""
        uid = f"foreign-{next(self.m365.meetings)}"
        given = {"subject": "Visit", **self.times(days), "attendees": invitees(guests), **values}
        given |= {"organizer": GUEST, "isOrganizer": False, "iCalUId": uid}
        for guest in guests:
            if guest in USERS:
                self.m365.add("event", given, box(guest))
        return uid

    def series(self, user: str = "anna", *guests: str, count: int = 4, **values: Value) -> list[Record]:
        """A weekly meeting, as its occurrences."""
        given = {"subject": "Weekly", "attendees": invitees(guests), **values}
        return self.m365.add_series([{**given, **self.times(3 + 7 * week)} for week in range(count)], box(user))

    def edit_event(self, record: Record, user: str = "anna", **values: Value) -> Record:
        return self.m365.change("event", record.id, values, box(user))

    def delete_event(self, record: Record, user: str = "anna") -> None:
        self.m365.remove("event", record.id, box(user))

    # ---- what there is ----

    def activities(self) -> list[Record]:
        return self.crm.records("Activity")

    def events(self, user: str = "anna") -> list[Record]:
        return self.m365.records("event", box(user))

    def links(self, user: str = "anna") -> list[Link]:
        return [link for link, _ in self.state.links(box(user), "activities")]

    def bases(self, user: str = "anna") -> list[Base]:
        return [base for _, base in self.state.links(box(user), "activities")]

    def mails(self, *what: str) -> list[tuple[str, str]]:
        """Mails so far as (what, to), of these kinds or of all."""
        return [(letter.what, letter.to) for letter in self.m365.sent if not what or letter.what in what]


def invitees(guests: Sequence[str]) -> Value:
    return tuple(guest if "@" in guest else address(guest) for guest in guests) or None


# ---- what tests ask ----


def quiet(world: MeetingWorld) -> None:
    """After a few ticks nothing is left to write, not even when everything is read again; no guest's copy was
    touched."""
    world.settle()
    for user in world.connected:
        for everything in (False, True):
            plan = world.plan(user, everything)
            assert plan.empty, [(user, a.verb, a.side, a.klass, a.reason, a.changes) for a in plan.actions]
    assert world.m365.trespasses == []


def only(records: list[Record]) -> Record:
    [record] = records
    return record


def invited(*names: str) -> tuple[str, ...]:
    return tuple(sorted(name if "@" in name else address(name) for name in names))


def writes(world: MeetingWorld, side: str) -> list[Action]:
    return [action for action in world.done if action.side == side]


def roles(world: MeetingWorld, user: str) -> list[str]:
    return [link.role for link in world.links(user) if link.crm_id and link.state != "ended"]
