"""Meetings in three mailboxes, edited, moved, given away, cancelled and deleted by everybody in any order, with lost
answers, refused writes, and two processes at once.

Whatever happened, the ticks converge; a meeting is one activity; nothing is lost or doubled; a guest's copy is never
written; what is mailed was foretold (the double compares every write); a first sync mails nobody.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from meeting_world import DORA, GUEST, USERS, MeetingWorld, address, box, invitees

from engine.plans import Action
from engine.records import Record, Value

PLAIN: Final = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
TEXTS: Final = ("subject", "location")
users = st.sampled_from(USERS)
owners = st.sampled_from((*USERS, DORA))
numbers = st.integers(0, 20)
paths = st.sampled_from(TEXTS)
crowds = st.lists(st.sampled_from((*USERS, DORA)), unique=True, max_size=3)
guests = st.lists(st.sampled_from((*USERS, DORA, GUEST)), unique=True, max_size=3)
days = st.sampled_from((-4.0, 3.0, 5.0))


class Meetings(RuleBasedStateMachine):
    """Every text that a person types is a token, which must not vanish unannounced, nor stand in two activities."""

    def __init__(self) -> None:
        super().__init__()
        self.world = MeetingWorld()
        self.tokens = itertools.count(1)
        self.typed: set[str] = set()
        self.deleted: set[str] = set()
        self.made: set[str] = set()
        self.troubled = False
        self.shared: set[Value] = set()
        self.by_others = 0

    @initialize(
        inviting=st.booleans(), synced=st.booleans(), stays=st.booleans(), connected=st.booleans(),
        mine=st.lists(st.tuples(owners, crowds), max_size=2), theirs=st.lists(st.tuples(users, guests), max_size=2),
    )  # fmt: skip
    def a_firm(
        self, inviting: bool, synced: bool, stays: bool, connected: bool, mine: list[tuple[str, list[str]]],
        theirs: list[tuple[str, list[str]]],
    ) -> None:  # fmt: skip
        """A CRM and mailboxes that have met, or are about to; perhaps one user connects later."""
        self.world.settings = {"invite_to_future": inviting, "invite_to_past": inviting}
        self.world.m365.cancelled_stay = stays
        if not connected:
            self.world.connected = ["anna", "ben"]
        for owner, crowd in mine:
            self.add_activity(owner, crowd, 3.0)
        for user, invited in theirs:
            self.add_event(user, invited, 3.0)
        if synced:
            for user in self.world.connected:
                self.sync(user)

    # ---- what people type ----

    def token(self) -> str:
        text = f"typed-{next(self.tokens)}"
        self.typed.add(text)
        return text

    def drop(self, *records: Record, path: str | None = None) -> None:
        """What a person replaced or deleted need not be found again."""
        for record in records:
            for name in (path,) if path else TEXTS:
                self.typed.difference_update(tokens_in(record.values[name]))

    def pick(self, records: Sequence[Record], number: int) -> Record | None:
        return sorted(records, key=lambda record: record.id)[number % len(records)] if records else None

    def organised(self, user: str) -> list[Record]:
        return [event for event in self.world.events(user) if event.values["isOrganizer"] is True]

    def copies_of(self, uid: Value) -> list[tuple[str, Record]]:
        found = [(user, event) for user in (*USERS, DORA) for event in self.world.events(user)]
        return [(user, event) for user, event in found if event.values["iCalUId"] == uid]

    # ---- users of the CRM ----

    @rule(owner=owners, crowd=crowds, ahead=days)
    def add_activity(self, owner: str, crowd: list[str], ahead: float) -> None:
        made = self.world.activity(owner, ahead, users=tuple(crowd) or None, subject=self.token())
        self.made.add(made.id)

    @rule(number=numbers, path=paths)
    def edit_activity(self, number: int, path: str) -> None:
        activity = self.pick(self.world.activities(), number)
        if activity is not None:
            self.drop(activity, path=path)
            self.world.edit_activity(activity.id, **{path: self.token()})

    def known(self, activity: Record) -> bool:
        """Whether every mailbox that has the meeting has met it: who is taken off before that leaves nothing behind by
        which the others' copies could be told to be of the same meeting."""
        links = [link for link, _ in self.world.state.link.values() if link.crm_id == activity.id]
        met = {(link.space, link.m365_id) for link in links}
        copies = [one for link in links if link.identity for one in self.copies_of(link.identity)]
        return all((box(user), event.id) in met for user, event in copies if user in self.world.connected)

    @rule(number=numbers, crowd=crowds)
    def change_users(self, number: int, crowd: list[str]) -> None:
        activity = self.pick(self.world.activities(), number)
        if activity is not None and self.known(activity):
            self.world.edit_activity(activity.id, users=tuple(crowd) or None)

    @rule(number=numbers, ahead=days)
    def move_activity(self, number: int, ahead: float) -> None:
        activity = self.pick(self.world.activities(), number)
        if activity is not None:
            times = {"date_start": self.world.at(ahead), "date_end": self.world.at(ahead, 11)}
            self.world.edit_activity(activity.id, **times)

    @rule(number=numbers, owner=owners)
    def reassign(self, number: int, owner: str) -> None:
        activity = self.pick(self.world.activities(), number)
        if activity is not None and self.known(activity):
            self.world.edit_activity(activity.id, assigned_user_id=owner)

    @rule(number=numbers, private=st.booleans())
    def make_private(self, number: int, private: bool) -> None:
        activity = self.pick(self.world.activities(), number)
        if activity is not None:
            self.world.edit_activity(activity.id, private=private)

    @rule(number=numbers)
    def delete_activity(self, number: int) -> None:
        """It takes along whatever was typed into its events meanwhile."""
        activity = self.pick(self.world.activities(), number)
        if activity is not None:
            self.remove_activity(activity)

    def remove_activity(self, activity: Record) -> None:
        self.drop(activity)
        links = [link for link, _ in self.world.state.link.values()]
        linked = {(link.space, link.m365_id) for link in links if link.crm_id == activity.id}
        meetings = {
            event.values["iCalUId"]
            for user in USERS
            for event in self.world.events(user)
            if (box(user), event.id) in linked
        }
        for uid in meetings:
            self.drop(*(event for _, event in self.copies_of(uid)))
        self.deleted.add(activity.id)
        self.world.crm.remove("Activity", activity.id)

    # ---- people in Outlook ----

    @rule(user=users, invited=guests, ahead=days)
    def add_event(self, user: str, invited: list[str], ahead: float) -> None:
        others = [guest for guest in invited if guest != user]
        self.world.event(user, *others, days=ahead, subject=self.token())

    @rule(user=owners, invited=guests)
    def add_series(self, user: str, invited: list[str]) -> None:
        others = [guest for guest in invited if guest != user]
        if user != DORA or others:
            weeks = self.world.series(user, *others, count=3, subject=f"Series {next(self.tokens)}")
            for week in weeks:
                self.world.edit_event(week, user, location=(self.token(),))

    @rule(number=numbers)
    def delete_activities_of_a_series(self, number: int) -> None:
        """One after the other, with ticks or none in between."""
        groups: dict[str, list[str]] = {}
        for link, _ in self.world.state.link.values():
            if link.group and link.crm_id and link.role == "":
                groups.setdefault(link.group, []).append(link.crm_id)
        there = {record.id for record in self.world.activities()}
        for id in groups[sorted(groups)[number % len(groups)]] if groups else ():
            if id in there:
                self.remove_activity(next(one for one in self.world.activities() if one.id == id))

    @rule(invited=guests)
    def add_foreign(self, invited: list[str]) -> None:
        others = [guest for guest in invited if guest != GUEST]
        if set(others) & set(USERS):
            self.world.foreign(*others, subject=self.token())

    @rule(user=users, number=numbers, path=paths)
    def edit_event(self, user: str, number: int, path: str) -> None:
        event = self.pick(self.organised(user), number)
        if event is not None:
            self.drop(event, path=path)
            self.drop_copies(event, path)
            text = self.token()
            self.world.edit_event(event, user, **{path: (text,) if path == "location" else text})

    def drop_copies(self, event: Record, path: str | None = None) -> None:
        for _, copy in self.copies_of(event.values["iCalUId"]):
            self.drop(copy, path=path)

    @rule(user=users, number=numbers, ahead=days)
    def move_event(self, user: str, number: int, ahead: float) -> None:
        event = self.pick(self.organised(user), number)
        if event is not None:
            self.world.edit_event(event, user, **self.world.times(ahead))

    @rule(user=users, number=numbers, invited=guests)
    def change_guests(self, user: str, number: int, invited: list[str]) -> None:
        event = self.pick(self.organised(user), number)
        if event is not None:
            if any(link.m365_id == event.id and link.role == "own" for link in self.world.links(user)):
                self.shared.add(event.values["iCalUId"])
            others = invitees([guest for guest in invited if guest != user])
            self.world.edit_event(event, user, attendees=others)

    @rule(user=users, number=numbers, path=paths)
    def edit_copy(self, user: str, number: int, path: str) -> None:
        """Words of a guest's own: they are the guest's, and the organiser's next change may take them away."""
        copies = [one for one in self.world.events(user) if one.values["isOrganizer"] is not True]
        event = self.pick([one for one in copies if one.values["organizer"] != address(DORA)], number)
        if event is not None and event.values["organizer"] != GUEST:
            self.world.edit_event(event, user, **{path: ("own words",) if path == "location" else "own words"})

    @rule(number=numbers, path=paths, user=users)
    def an_outsider_edits(self, number: int, path: str, user: str) -> None:
        """Every copy says so at once."""
        event = self.pick([one for one in self.world.events(user) if one.values["organizer"] == GUEST], number)
        if event is None:
            return
        text = self.token()
        for name, copy in self.copies_of(event.values["iCalUId"]):
            self.drop(copy, path=path)
            self.world.edit_event(copy, name, **{path: (text,) if path == "location" else text})

    @rule(number=numbers, user=users)
    def an_outsider_cancels(self, number: int, user: str) -> None:
        event = self.pick([one for one in self.world.events(user) if one.values["organizer"] == GUEST], number)
        if event is None:
            return
        for name, copy in self.copies_of(event.values["iCalUId"]):
            self.drop(copy)
            if self.world.m365.cancelled_stay:
                self.world.edit_event(copy, name, isCancelled=True)
            else:
                self.world.delete_event(copy, name)

    @rule(user=owners, number=numbers)
    def delete_event(self, user: str, number: int) -> None:
        """An organiser cancels by that, a guest does not."""
        event = self.pick(self.world.events(user), number)
        if event is not None:
            self.drop(event)
            self.world.delete_event(event, user)

    @rule(user=users, number=numbers)
    def delete_series(self, user: str, number: int) -> None:
        event = self.pick([one for one in self.world.events(user) if one.group], number)
        if event is not None:
            self.drop(*(one for one in self.world.events(user) if one.group == event.group))
            self.world.m365.remove_series(event.group, box(user))

    # ---- administrators, and ticks ----

    @rule(name=st.sampled_from(("invite_to_future", "invite_to_past")), on=st.booleans())
    def invite(self, name: str, on: bool) -> None:
        self.world.settings[name] = on

    @rule()
    def the_last_user_connects(self) -> None:
        self.world.connected = list(USERS)

    @rule(user=users)
    def tick(self, user: str) -> None:
        self.sync(user)

    @rule(user=users, fault=st.sampled_from(["lost", "unsent", "refuse"]), number=st.integers(0, 3))
    def tick_with_a_fault(self, user: str, fault: str, number: int) -> None:
        """One write of the tick goes wrong."""
        counter = itertools.count()
        self.troubled = self.troubled or fault == "refuse"

        def failing(action: Action) -> str | None:
            return fault if next(counter) == number else None

        self.world.crm.fault = self.world.m365.fault = failing
        self.sync(user)
        self.world.crm.fault = self.world.m365.fault = lambda action: None

    @rule(user=users, other=users, number=st.integers(0, 3), lost=st.booleans())
    def two_processes(self, user: str, other: str, number: int, lost: bool) -> None:
        """Before one write of a tick, which has read and decided, another mailbox's tick runs from start to end."""
        counter = itertools.count()

        def meanwhile(action: Action) -> str | None:
            if next(counter) != number or other == user:
                return None
            self.world.crm.fault = self.world.m365.fault = lambda action: None
            before = len(self.world.m365.sent)
            self.sync(other)
            self.by_others += len(self.world.m365.sent) - before
            return "lost" if lost else None

        self.world.crm.fault = self.world.m365.fault = meanwhile
        self.sync(user)
        self.world.crm.fault = self.world.m365.fault = lambda action: None

    def sync(self, user: str, everything: bool = False) -> None:
        if user not in self.world.connected:
            return
        first = not self.world.state.feeds(box(user), "activities").basis
        mailed = len(self.world.m365.sent) - self.by_others
        self.world.sync(user, everything=everything)
        assert not first or len(self.world.m365.sent) - self.by_others == mailed, "a first sync mailed somebody"

    @rule()
    def everybody_syncs_until_nothing_changes(self) -> None:
        """Converged: no plan writes anything, for anybody, not even when everything is read again."""
        world = self.world
        for everything in (False, True, False):
            for _ in range(10):
                for user in world.connected:
                    self.sync(user, everything)
                if all(world.plan(user).empty for user in world.connected) and not self.waiting():
                    break
            if not self.troubled:
                self.nobody_has_a_meeting_twice()
        for user in world.connected:
            for everything in (False, True):
                plan = world.plan(user, everything)
                assert plan.empty, [(user, a.verb, a.side, a.klass, a.reason, a.changes) for a in plan.actions]
        self.meetings_agree()
        self.nobody_has_a_meeting_twice()
        self.troubled = False

    def waiting(self) -> bool:
        """Whether something is put off for a while, such as one occurrence's deletion."""
        now = int(self.world.now.timestamp() * 1000)
        soon = [link.wake_at for user in USERS for link in self.world.links(user) if link.wake_at is not None]
        return any(at <= now + 1_800_000 for at in soon)

    def meetings_agree(self) -> None:
        """What leads, and what is somebody's own event, holds what the activity holds."""
        activities = {record.id: record for record in self.world.activities()}
        for user in self.world.connected:
            events = {record.id: record for record in self.world.events(user)}
            for link in self.world.links(user):
                if link.state != "linked" or link.role == "copy" or link.reason:
                    continue
                activity, event = activities[link.crm_id or ""], events[link.m365_id or ""]
                if event.values["isOrganizer"] is True:
                    assert activity.values["subject"] == event.values["subject"], link
                    assert activity.values["date_start"] == str(event.values["start"]).partition("[")[0], link
                    assert activity.values["location"] == (event.values["location"] or (None,))[0], link  # type: ignore[index]

    def nobody_has_a_meeting_twice(self) -> None:
        """No own event beside an invitation, unless somebody invited others to an own event."""
        for user in USERS:
            there = [one for one in self.world.events(user) if one.values["isCancelled"] is not True]
            there = [one for one in there if one.values["iCalUId"] not in self.shared]
            for path in TEXTS:
                held = Counter(text for one in there for text in tokens_in(one.values[path]))
                assert not [text for text, count in held.items() if count > 1], (user, held)

    # ---- what always holds ----

    @invariant()
    def a_meeting_is_one_activity(self) -> None:
        for path in TEXTS:
            held = Counter(text for one in self.world.activities() for text in tokens_in(one.values[path]))
            assert not [text for text, count in held.items() if count > 1], held

    @invariant()
    def links_are_single(self) -> None:
        for user in USERS:
            links = self.world.links(user)
            paired = [one for one in links if one.crm_id and one.m365_id]
            records = [one.crm_id for one in paired if one.role != "own" and one.identity not in self.shared]
            for ids in (records, [one.m365_id for one in links if one.m365_id]):
                assert len(ids) == len(set(ids)), links

    @invariant()
    def a_guests_copy_is_never_written(self) -> None:
        assert self.world.m365.trespasses == []

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every text that a person typed is on some side, or in the journal as the value before a planned write."""
        records = self.world.activities() + [one for user in (*USERS, DORA) for one in self.world.events(user)]
        held = {text for record in records for path in TEXTS for text in tokens_in(record.values[path])}
        journal = {text for action in self.world.done for change in action.changes for text in tokens_in(change.before)}
        assert self.typed <= held | journal, self.typed - held - journal

    @invariant()
    def activities_vanish_only_when_announced(self) -> None:
        announced = {action.target for action in self.world.done if (action.side, action.verb) == ("crm", "delete")}
        present = {record.id for record in self.world.activities()}
        assert self.made - present <= self.deleted | announced


def tokens_in(value: Value) -> list[str]:
    texts = value if isinstance(value, tuple) else (value,)
    return [text for text in texts if isinstance(text, str) and text.startswith("typed-")]


class MeetingsAtLength(Meetings):
    """The same, with long histories that differ from run to run."""


TestMeetings = Meetings.TestCase
TestMeetings.settings = settings(PLAIN, max_examples=180, stateful_step_count=30, derandomize=True)
TestMeetingsAtLength = pytest.mark.soak(MeetingsAtLength.TestCase)
TestMeetingsAtLength.settings = settings(PLAIN, max_examples=1500, stateful_step_count=50)
