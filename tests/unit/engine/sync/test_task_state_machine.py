"""Random edits on both sides of shared tasks by three users over two plans: people, lists, moves, days, settings, plans
that lose one sponsor after the other, clock jumps, and writes that are refused, lost or cut in their middle.

After any history the ticks converge: the second plan is empty, nothing is lost or doubled, no copy is left over from a
move, and a one-way direction never wrote its source.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from planner_memory import PlannerMemory, planner_world
from task_world import BUCKETS, PLANS, USERS, account, bucket, compiled, list_

from engine.links import Link
from engine.plans import Action
from engine.port import Intent, Sent
from engine.records import Record, Reference, Value, to_json

PROGRAM: Final = compiled()
STRANGERS: Final = ("stranger",)
TITLES: Final = ("Call", "Order", "Paint")
"""Titles that several tasks share, so that they match and look alike; other titles are tokens."""
STATUSES: Final = ("Not Started", "In Progress", "On Hold", "Done", "Cancelled", "Waiting for parts")
PERCENTS: Final = (0, 30, 50, 100)
DAYS: Final = (None, -75, -20, 0, 3, 20, 100, 400)
LISTS: Final = (*BUCKETS, "own", None)
SETTINGS: Final = {
    "direction": ("both", "to_m365", "to_crm", "off"),
    "start_time": ("09:00", "07:30", "15:00"),
    "default_list": (None, "The move / Ideas", "Website / To do"),
}
ZONES: Final = ("Europe/London", "Asia/Tokyo", "America/Los_Angeles")
PERCENT_OF: Final = {"Not Started": 0, "Done": 100, "Cancelled": 100}

users = st.sampled_from(USERS)
numbers = st.integers(0, 50)
titles = st.sampled_from((*TITLES, ""))
people = st.lists(st.sampled_from((*USERS, *STRANGERS)), unique=True, max_size=3)
places = st.sampled_from(sorted(BUCKETS))
plans = st.sampled_from(sorted(PLANS))
faults = st.sampled_from(("lost", "unsent", "half", "refuse", "meanwhile"))


class Tasks(RuleBasedStateMachine):
    """People and ticks in any order; every text a person types is a token that must not vanish unannounced."""

    def __init__(self) -> None:
        super().__init__()
        self.world = planner_world(PROGRAM)
        assert isinstance(self.world.m365, PlannerMemory)
        self.planner = self.world.m365
        self.tokens = itertools.count(1)
        self.typed: set[str] = set()
        self.made: set[str] = set()
        self.deleted: set[str] = set()
        self.private: set[str] = set()
        self.locked: set[str] = set()
        self.world.crm.may_read = lambda user, record: record.id not in self.private or self.owned(user, record)
        self.world.crm.may_edit = lambda user, record: record.id not in self.locked or self.owned(user, record)

    def owned(self, user: str, record: Record) -> bool:
        return record.values.get("assigned_user_id") == user

    @initialize(
        tasks=st.lists(st.tuples(users, titles, st.sampled_from(LISTS)), min_size=1, max_size=4),
        cards=st.lists(st.tuples(users, titles, places), min_size=1, max_size=4), synced=st.booleans(),
    )  # fmt: skip
    def a_firm(self, tasks: list[tuple[str, str, str | None]], cards: list[tuple[str, str, str]], synced: bool) -> None:
        for owner, title, where in tasks:
            self.add_task(owner, title, where, 3, [])
        for user, title, place in cards:
            self.add_card(user, title, place, 3, [user], True)
        if synced:
            self.sync()

    # ---- what people type ----

    def token(self) -> str:
        text = f"typed-{next(self.tokens)}"
        self.typed.add(text)
        return text

    def dropped(self, record: Record, *paths: str) -> None:
        """Texts that a person replaced or deleted need not be found again."""
        for path in paths or tuple(record.values):
            self.typed.difference_update(tokens_in(record.values[path]))

    def pick(self, records: list[Record], number: int) -> Record | None:
        return sorted(records, key=lambda r: r.id)[number % len(records)] if records else None

    def day(self, days: int | None, hour: int) -> str | None:
        return None if days is None else self.world.day(days, hour)

    # ---- the CRM's users ----

    @rule(owner=users, title=titles, where=st.sampled_from(LISTS), days=st.sampled_from(DAYS), others=people)
    def add_task(self, owner: str, title: str, where: str | None, days: int | None, others: list[str]) -> None:
        made = self.world.task(
            owner, where, subject=title or self.token(), date_start=self.day(days, 8), description=self.token(),
            users=tuple(others) or None,
        )  # fmt: skip
        self.made.add(made.id)

    @rule(number=numbers, path=st.sampled_from(("subject", "description")), clear=st.booleans())
    def edit_task(self, number: int, path: str, clear: bool) -> None:
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            self.dropped(task, path)
            empty = None if path == "description" else "Untitled"
            self.world.edit_task(task.id, **{path: empty if clear else self.token()})

    @rule(number=numbers, status=st.sampled_from(STATUSES))
    def progress_task(self, number: int, status: str) -> None:
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            self.world.edit_task(task.id, taskstatus=status)

    @rule(number=numbers, days=st.sampled_from(DAYS), hour=st.sampled_from((1, 8, 23)))
    def reschedule_task(self, number: int, days: int | None, hour: int) -> None:
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            self.world.edit_task(task.id, date_start=self.day(days, hour))

    @rule(number=numbers, where=st.sampled_from(LISTS))
    def move_task(self, number: int, where: str | None) -> None:
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            self.world.edit_task(task.id, tasklist=list_(where) if where else None)

    @rule(number=numbers, owner=st.sampled_from((*USERS, *STRANGERS)), others=people)
    def assign_task(self, number: int, owner: str, others: list[str]) -> None:
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            self.world.edit_task(task.id, assigned_user_id=owner, users=tuple(others) or None)

    @rule(number=numbers, meeting=st.booleans())
    def retype_task(self, number: int, meeting: bool) -> None:
        """A task that becomes a meeting leaves Planner, with what stands there."""
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            if meeting:
                self.drop_cards_of(task)
            self.world.edit_task(task.id, activitytype="Meeting" if meeting else "Task")

    @rule(number=numbers)
    def delete_task(self, number: int) -> None:
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            self.dropped(task)
            self.drop_cards_of(task)
            self.deleted.add(task.id)
            self.world.crm.remove("Task", task.id)

    def drop_cards_of(self, task: Record) -> None:
        """A deletion announces the end of what is linked to the record, late edits there included."""
        ids = {id for link in self.world.links() if link.crm_id == task.id for id in (link.m365_id, link.copy)}
        for card in self.world.cards():
            if card.id in ids:
                self.dropped(card)

    @rule(number=numbers, hidden=st.booleans(), locked=st.booleans())
    def change_rights(self, number: int, hidden: bool, locked: bool) -> None:
        task = self.pick(self.world.tasks(), number)
        if task is not None:
            (self.private.add if hidden else self.private.discard)(task.id)
            (self.locked.add if locked else self.locked.discard)(task.id)
            self.world.crm.rights_revision += 1

    # ---- people in Planner ----

    def card_for(self, number: int) -> Record | None:
        """A card that a person may edit: not one that only its looks tell to be ours."""
        alike = {id for items in self.lookalikes() for id in items}
        return self.pick([card for card in self.world.cards() if card.id not in alike], number)

    @rule(user=users, title=titles, place=places, days=st.sampled_from(DAYS), others=people, described=st.booleans())
    def add_card(self, user: str, title: str, place: str, days: int | None, others: list[str], described: bool) -> None:
        self.world.card(
            place, user, title=title or self.token(), dueDateTime=self.day(days, 10),
            text=self.token() if described else None, assignments=tuple(map(account, others)) or None,
        )  # fmt: skip

    @rule(number=numbers, path=st.sampled_from(("title", "text")), clear=st.booleans())
    def edit_card(self, number: int, path: str, clear: bool) -> None:
        card = self.card_for(number)
        if card is not None:
            self.dropped(card, "details" if path == "text" else path)
            empty = None if path == "text" else "Untitled"
            self.world.edit_card(card.id, **{path: empty if clear else self.token()})

    @rule(number=numbers, percent=st.sampled_from(PERCENTS))
    def progress_card(self, number: int, percent: int) -> None:
        card = self.card_for(number)
        if card is not None:
            self.world.edit_card(card.id, percentComplete=percent)

    @rule(number=numbers, days=st.sampled_from(DAYS))
    def reschedule_card(self, number: int, days: int | None) -> None:
        card = self.card_for(number)
        if card is not None:
            self.world.edit_card(card.id, dueDateTime=self.day(days, 10))

    @rule(number=numbers, others=people)
    def assign_card(self, number: int, others: list[str]) -> None:
        card = self.card_for(number)
        if card is not None:
            self.world.edit_card(card.id, assignments=tuple(map(account, others)) or None)

    @rule(number=numbers, place=places)
    def move_card(self, number: int, place: str) -> None:
        """To another bucket of its plan: people can't take a task to another plan and keep it the same task."""
        card = self.card_for(number)
        if card is not None and self.planner.place(card.values) == BUCKETS[place]:
            self.world.edit_card(card.id, bucket=bucket(place))

    @rule(number=numbers)
    def delete_card(self, number: int) -> None:
        card = self.card_for(number)
        if card is not None:
            self.dropped(card)
            self.world.m365.remove("plannerTask", card.id)

    # ---- administrators, and time ----

    @rule(user=users, name=st.sampled_from(sorted(SETTINGS)), number=st.integers(0, 3))
    def change_setting(self, user: str, name: str, number: int) -> None:
        values = SETTINGS[name]
        self.world.settings.setdefault(user, {})[name] = values[number % len(values)]

    @rule(user=users, zone=st.sampled_from(ZONES))
    def change_zone(self, user: str, zone: str) -> None:
        self.world.zones[user] = zone

    @rule(user=users)
    def connect_or_disconnect(self, user: str) -> None:
        """Not while it is open what became of a write: whoever has left is not known as the creator of anything."""
        if self.world.state.open_intents("planner", "tasks"):
            return
        left = [one for one in USERS if (one in self.world.connected) != (one == user)]
        self.world.connected = left or self.world.connected

    @rule(plan=plans, user=users, unlisted=st.booleans())
    def leave_a_plan(self, plan: str, user: str, unlisted: bool) -> None:
        """The plan goes on with its next sponsor; after the last one nobody who is connected may read it."""
        self.without({user}, plan, unlisted)

    @rule(plan=plans, unlisted=st.booleans())
    def lose_a_plan(self, plan: str, unlisted: bool) -> None:
        """All at once; after an hour the catalogue lacks it too."""
        self.without(set(USERS), plan, unlisted)

    def without(self, leaving: set[str], plan: str, unlisted: bool) -> None:
        """What became of a write can't be found out where nobody may read, so that none is open then."""
        if self.world.state.open_intents("planner", "tasks"):
            return
        self.planner.viewers[plan] -= leaving
        (self.planner.unlisted.add if unlisted else self.planner.unlisted.discard)(plan)

    @rule(plan=plans, user=users)
    def join_a_plan(self, plan: str, user: str) -> None:
        self.planner.viewers[plan].add(user)

    @rule()
    def regain_plans(self) -> None:
        for viewers in self.planner.viewers.values():
            viewers.update(USERS)

    @rule()
    def expire_cursors(self) -> None:
        self.world.m365.expired = True

    @rule(jump=st.sampled_from((timedelta(hours=5), timedelta(days=16), timedelta(days=45), timedelta(days=200))))
    def time_passes(self, jump: timedelta) -> None:
        self.world.now += jump

    # ---- ticks ----

    @rule()
    def tick(self) -> None:
        self.sync()

    @rule(number=numbers)
    def tick_again(self, number: int) -> None:
        """Ticks are as common as edits."""
        self.sync()

    @rule(fault=faults, number=st.integers(0, 2))
    def tick_with_a_fault(self, fault: str, number: int) -> None:
        """One write of the tick goes wrong, or somebody edits its record just before."""
        counter = itertools.count()
        self.sync_with(fault, lambda action: next(counter) == number)

    @rule(number=st.integers(0, 6))
    def tick_that_breaks_off(self, number: int) -> None:
        """So many writes are made, and none is answered."""
        counter = itertools.count()
        self.world.crm.fault = self.world.m365.fault = lambda _: "lost" if next(counter) < number else "unsent"
        self.sync()
        self.world.crm.fault = self.world.m365.fault = lambda action: None

    @rule(number=numbers, place=places, fault=faults, others=people)
    def a_move_goes_wrong(self, number: int, place: str, fault: str, others: list[str]) -> None:
        """A task that is in step changes its list, and the write of that is cut."""
        linked = {link.crm_id for link in self.world.links() if link.state == "linked" and link.m365_id}
        task = self.pick([task for task in self.world.tasks() if task.id in linked], number)
        if task is not None:
            self.world.edit_task(task.id, tasklist=list_(place), users=tuple(others) or None)
            self.sync_with(fault, lambda action: action.verb == "move")

    @rule(owner=users, title=titles, place=places, fault=faults, mine=st.booleans())
    def a_creation_goes_wrong(self, owner: str, title: str, place: str, fault: str, mine: bool) -> None:
        """On either side, described or not."""
        if mine:
            self.add_task(owner, title, place, 3, [])
        else:
            self.add_card(owner, title, place, 3, [owner], True)
        self.sync_with(fault, lambda action: action.verb == "create")

    def sync_with(self, fault: str, chosen: Callable[[Action], bool]) -> None:
        """A tick in which the first write of those goes wrong."""
        left = [fault]

        def failing(action: Action) -> str | None:
            if not left or not chosen(action):
                return None
            left.clear()
            if fault == "meanwhile":
                self.edit_meanwhile(action)
                return None
            return fault if fault != "half" or action.side == "m365" else "lost"

        self.world.crm.fault = self.world.m365.fault = failing
        self.sync()
        self.world.crm.fault = self.world.m365.fault = lambda action: None

    def edit_meanwhile(self, action: Action) -> None:
        records = self.world.tasks() if action.side == "crm" else self.world.cards()
        for record in records:
            if record.id == action.target:
                path = "subject" if action.side == "crm" else "title"
                self.dropped(record, path)
                edit = self.world.edit_task if action.side == "crm" else self.world.edit_card
                edit(record.id, **{path: self.token()})

    def sync(self, everything: bool = False) -> None:
        world = self.world
        tasks, cards, links = by_id(world.tasks()), by_id(world.cards()), world.links()
        journal = set(world.state.journal)
        world.sync(everything)
        after = by_id(world.tasks())
        sent = [intent for id, (_, intent, _) in world.state.journal.items() if id not in journal]
        done = [intent.action for intent in sent]
        self.owners_stay(tasks, after)
        self.nobody_is_overruled(tasks, sent)
        self.deletions_have_a_reason(after, links, done)
        assert set(tasks) <= set(after), "a sync deleted a task of the CRM"
        assert set(cards) - set(by_id(world.cards())) <= {a.target for a in done if a.verb in ("delete", "move")}

    def owners_stay(self, before: dict[str, Record], after: dict[str, Record]) -> None:
        for id, task in before.items():
            assert after[id].values["assigned_user_id"] == task.values["assigned_user_id"]

    def nobody_is_overruled(self, tasks: dict[str, Record], sent: Iterable[Intent]) -> None:
        """Whoever is in charge of a task that is in scope for him decides its direction."""
        for intent in sent:
            action, task = intent.action, tasks.get(intent.crm_id or "")
            owner = None if task is None else task.values["assigned_user_id"]
            where = None if task is None else task.values["tasklist"]
            if task is None or owner not in self.world.connected or not isinstance(where, Reference):
                continue
            if task.values["activitytype"] == "Task" and where.flags and "copy" not in action.reason:
                assert self.direction(str(owner)) in ("both", f"to_{action.side}"), (action, owner)

    def direction(self, user: str) -> object:
        return self.world.settings.get(user, {}).get("direction", "both")

    def deletions_have_a_reason(self, after: dict[str, Record], links: Iterable[Link], done: list[Action]) -> None:
        """A card goes only with its CRM task, or when that is no task any more, or as the rest of a move."""
        owner = {id: link.crm_id for link in links for id in (link.m365_id, link.copy)}
        for action in done:
            if action.verb == "delete" and not action.reason.startswith("left over"):
                task = after.get(owner.get(action.target) or "")
                assert action.side == "m365" and (task is None or task.values["activitytype"] != "Task"), action

    @rule()
    def everything_settles(self) -> None:
        """Converged: no plan writes anything, with plans out of reach and after they are back.

        Reading everything also tries again what a side once refused."""
        self.converge((False,))
        self.regain_plans()
        self.converge((False, True, False))
        for everything in (False, True):
            plan = self.world.plan(everything)
            assert plan.empty, [(a.verb, a.side, a.klass, a.reason, a.changes) for a in plan.actions]
        self.no_copies()
        self.no_twins()
        self.pairs_agree()
        self.nothing_is_forgotten()

    def converge(self, readings: tuple[bool, ...]) -> None:
        for everything in readings:
            for _ in range(8):
                self.sync(everything)
                if self.world.plan(everything).empty:
                    break
        plan = self.world.plan()
        assert plan.empty, [(a.verb, a.side, a.klass, a.reason, a.changes) for a in plan.actions]

    def no_copies(self) -> None:
        assert not [link for link in self.world.links() if link.copy]

    def no_twins(self) -> None:
        """What a person typed once stands in one CRM task and in one card at most, as far as anybody can tell."""
        unclear = {id for items in self.lookalikes() for id in items}
        for records in (self.world.tasks(), [card for card in self.world.cards() if card.id not in unclear]):
            held = Counter(text for record in records for value in record.values.values() for text in tokens_in(value))
            assert not [text for text, count in held.items() if count > 1]

    def pairs_agree(self) -> None:
        """Linked pairs that go both ways hold the same."""
        tasks, cards = by_id(self.world.tasks()), by_id(self.world.cards())
        for link in self.world.links():
            task, card = tasks.get(link.crm_id or ""), cards.get(link.m365_id or "")
            if link.state != "linked" or link.reason or task is None or card is None or not self.two_way(task, card):
                continue
            where, there = task.values["tasklist"], card.values["bucket"]
            assert task.values["subject"] == card.values["title"], link
            assert isinstance(where, Reference) and isinstance(there, Reference)
            assert not where.flags or where.id == there.id, link
            percent, status = card.values["percentComplete"], str(task.values["taskstatus"])
            expected = PERCENT_OF.get(status)
            assert percent == expected if expected is not None else percent not in (0, 100), (status, percent)

    def two_way(self, task: Record, card: Record) -> bool:
        owner, where = str(task.values["assigned_user_id"]), task.values["tasklist"]
        completed, old = card.values["completedDateTime"], self.world.now - timedelta(days=14)
        return (
            owner in self.world.connected
            and self.direction(owner) == "both"
            and isinstance(where, Reference)
            and not (isinstance(completed, str) and completed < f"{old:%Y-%m-%dT%H:%M:%SZ}")
        )

    def nothing_is_forgotten(self) -> None:
        """What the rules send over is in step, or waits with a reason; every card is known."""
        links = self.world.links()
        assert {card.id for card in self.world.cards()} <= {
            id for link in links for id in (link.m365_id, link.copy)
        } | {id for items in self.lookalikes() for id in items}
        known = {link.crm_id for link in links} | {id for link in links for id in link.candidates}
        assert {task.id for task in self.world.tasks() if self.due(task)} <= known

    def lookalikes(self) -> list[tuple[str, ...]]:
        """Cards that a lost write may have made."""
        intents = self.world.state.open_intents("planner", "tasks")
        bases = {link.id: base.m365 for link, base in self.world.state.links("planner", "tasks")}
        view = self.world.m365.reader(self.world.tick_of().space)
        return list(
            view.find_marks(
                "plannerTask", [Sent(i.action, i.intended_at, bases.get(i.link, {})) for i in intents]
            ).values()
        )

    def due(self, task: Record) -> bool:
        """Whether the rules send this task to Planner."""
        owner, where, start = str(task.values["assigned_user_id"]), task.values["tasklist"], task.values["date_start"]
        first, last = self.world.now - timedelta(days=50), self.world.now + timedelta(days=300)
        return (
            owner in self.world.connected
            and self.direction(owner) in ("both", "to_m365")
            and task.values["activitytype"] == "Task"
            and isinstance(where, Reference)
            and bool(where.flags)
            and (not isinstance(start, str) or f"{first:%Y-%m-%d}" < start < f"{last:%Y-%m-%d}")
        )

    # ---- what always holds ----

    @invariant()
    def one_task_per_card(self) -> None:
        links = self.world.links()
        for ids in (
            [link.crm_id for link in links if link.crm_id],
            [id for link in links for id in (link.m365_id, link.copy) if id],
        ):
            assert len(ids) == len(set(ids))

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every text a person typed is on some side, or in the journal as the value before a planned write."""
        records = self.world.tasks() + self.world.cards()
        held = {text for record in records for value in record.values.values() for text in tokens_in(value)}
        actions = [intent.action for _, intent, _ in self.world.state.journal.values()]
        journal = {text for action in actions for change in action.changes for text in tokens_in(change.before)}
        assert self.typed <= held | journal, self.typed - held - journal


def by_id(records: list[Record]) -> dict[str, Record]:
    return {record.id: record for record in records}


def tokens_in(value: Value) -> list[str]:
    if isinstance(value, Reference):
        return []
    raw = to_json(value)
    texts = raw if isinstance(raw, list) else [raw]
    return [text for text in texts if isinstance(text, str) and text.startswith("typed-")]


TestTasks = Tasks.TestCase
TestTasks.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
