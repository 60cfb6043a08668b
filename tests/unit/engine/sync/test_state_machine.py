"""Random edits, deletions, moves, rule and setting changes by several users, with lost answers and refused writes.

After any history the ticks converge: the second plan is empty, nothing is lost or doubled, and a one-way direction
never wrote its source.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from memory_world import CONTACTS, World, compiled

from engine.context import EVERYTHING
from engine.links import Space
from engine.plans import Action
from engine.records import CRM, Record, Reference, Value, to_json

USERS: Final = ("anna", "ben", "carol")
PEOPLE: Final = tuple((f"First{n}", f"Last{n}", f"person{n}@mill.example") for n in range(6))
PROGRAMS: Final = tuple(
    compiled(CONTACTS.replace("recreate in m365", policy))
    for policy in ("recreate in m365", "stop syncing", "delete in crm")
)
CRM_TEXT: Final = ("title", "department", "mobile", "description", "assistant", "homephone")
CARD_TEXT: Final = ("jobTitle", "department", "mobilePhone", "personalNotes", "assistantName")
SETTINGS: Final = {
    "direction": ("both", "to_m365", "to_crm", "off"),
    "only_my_items": (True, False),
    "ticked_only": (True, False),
    "conflict": ("crm", "m365", "newest"),
    "match_on": ("email", "email_or_name", "none"),
    "first_match": ("crm", "m365"),
    "m365_folders": (EVERYTHING, ("Clients",), ("Contacts",)),
    "crm_folders": (EVERYTHING, ("Clients", "none"), ("Press",)),
}
FOLDERS: Final = ("Clients", "Press")

users = st.sampled_from(USERS)
person_numbers = st.integers(0, len(PEOPLE) - 1)


class Sync(RuleBasedStateMachine):
    """People and ticks in any order; every text a person types is a token that must not vanish unannounced."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(PROGRAMS[0])
        self.tokens = itertools.count(1)
        self.typed: set[str] = set()
        self.deleted_by_people: set[str] = set()
        self.made: set[str] = set()

    @initialize()
    def rights(self) -> None:
        for user in USERS:
            self.world.m365.add("contactFolder", {"displayName": "Clients"}, f"mailbox-{user}")
        for name in FOLDERS:
            self.world.crm.add("Folder", {"name": name})
        self.private: set[str] = set()
        self.locked: set[str] = set()
        self.world.crm.may_read = lambda user, record: (
            record.id not in self.private or record.values.get("assigned_user_id") == user
        )
        self.world.crm.may_edit = lambda user, record: (
            record.id not in self.locked or record.values.get("assigned_user_id") == user
        )

    @initialize(people=st.lists(st.tuples(users, person_numbers, st.booleans()), min_size=2, max_size=6),
                cards=st.lists(st.tuples(users, person_numbers, st.booleans()), min_size=2, max_size=6),
                synced=st.booleans())  # fmt: skip
    def a_firm(self, people: list[tuple[str, int, bool]], cards: list[tuple[str, int, bool]], synced: bool) -> None:
        """A CRM and mailboxes that have met, or are about to."""
        for owner, who, email in people:
            self.add_person(owner, who, email)
        for user, who, email in cards:
            self.add_card(user, who, email)
        if synced:
            for user in USERS:
                self.sync(user)

    # ---- what people type ----

    def token(self) -> str:
        text = f"typed-{next(self.tokens)}"
        self.typed.add(text)
        return text

    def dropped(self, record: Record, *paths: str) -> None:
        """Texts that a person replaced or deleted need not be found again."""
        for path in paths or tuple(record.values):
            for text in tokens_in(record.values[path]):
                self.typed.discard(text)

    def pick(self, records: list[Record], number: int) -> Record | None:
        return sorted(records, key=lambda r: r.id)[number % len(records)] if records else None

    def cards(self, user: str) -> list[Record]:
        """The contacts of a mailbox, without what a move that was cut short has made and the next tick goes on with."""
        copies = {link.copy for link in self.world.links(user)}
        intents = self.world.state.open_intents(f"mailbox-{user}", "contacts")
        marks = {intent.action.id for intent in intents if intent.action.verb == "move"}
        area = self.world.m365.area("contact", f"mailbox-{user}")
        targets = {intent.action.target for intent in intents}
        made = {id for id, row in area.items() if row.mark in marks and targets & area.keys()}
        return [card for card in self.world.cards(user) if card.id not in copies | made]

    # ---- the CRM's users ----

    @rule(owner=users, who=person_numbers, email=st.booleans())
    def add_person(self, owner: str, who: int, email: bool) -> None:
        first, last, address = PEOPLE[who]
        made = self.world.person(
            owner, firstname=first, lastname=last, email=address if email else None, description=self.token()
        )
        self.made.add(made.id)

    @rule(number=st.integers(0, 50), path=st.sampled_from(CRM_TEXT), clear=st.booleans())
    def edit_person(self, number: int, path: str, clear: bool) -> None:
        person = self.pick(self.world.people(), number)
        if person is not None:
            self.dropped(person, path)
            self.world.crm.change("Contact", person.id, {path: None if clear else self.token()})

    @rule(number=st.integers(0, 50))
    def delete_person(self, number: int) -> None:
        person = self.pick(self.world.people(), number)
        if person is not None:
            self.dropped(person)
            self.deleted_by_people.add(person.id)
            self.world.crm.remove("Contact", person.id)
            self.forget_copies(person)

    def forget_copies(self, person: Record) -> None:
        """A deletion announces the end of everything linked to the record, late edits in mailboxes included."""
        for user in USERS:
            for link in self.world.links(user):
                if link.crm_id == person.id:
                    for card in self.world.cards(user):
                        if card.id == link.m365_id:
                            self.dropped(card)

    @rule(number=st.integers(0, 50), owner=users)
    def reassign(self, number: int, owner: str) -> None:
        person = self.pick(self.world.people(), number)
        if person is not None:
            self.world.crm.change("Contact", person.id, {"assigned_user_id": owner})

    @rule(number=st.integers(0, 50), ticked=st.booleans())
    def tick_box(self, number: int, ticked: bool) -> None:
        person = self.pick(self.world.people(), number)
        if person is not None:
            self.world.crm.change("Contact", person.id, {"includeinsync": ticked})

    @rule(number=st.integers(0, 50), hidden=st.booleans(), locked=st.booleans())
    def change_rights(self, number: int, hidden: bool, locked: bool) -> None:
        person = self.pick(self.world.people(), number)
        if person is not None:
            (self.private.add if hidden else self.private.discard)(person.id)
            (self.locked.add if locked else self.locked.discard)(person.id)
            self.world.crm.rights_revision += 1

    # ---- people in Outlook ----

    @rule(user=users, who=person_numbers, email=st.booleans())
    def add_card(self, user: str, who: int, email: bool) -> None:
        first, last, address = PEOPLE[who]
        self.world.card(
            user, givenName=first, surname=last, emails=(address,) if email else (), personalNotes=self.token()
        )

    @rule(user=users, number=st.integers(0, 50), path=st.sampled_from(CARD_TEXT), clear=st.booleans())
    def edit_card(self, user: str, number: int, path: str, clear: bool) -> None:
        card = self.pick(self.cards(user), number)
        if card is not None:
            self.dropped(card, path)
            self.world.edit_card(card.id, user, **{path: None if clear else self.token()})

    @rule(user=users, number=st.integers(0, 50))
    def touch_card(self, user: str, number: int) -> None:
        """A change key moves without any content: an echo."""
        card = self.pick(self.cards(user), number)
        if card is not None:
            self.world.edit_card(card.id, user)

    @rule(user=users, number=st.integers(0, 50))
    def delete_card(self, user: str, number: int) -> None:
        card = self.pick(self.cards(user), number)
        if card is not None:
            self.dropped(card)
            self.world.m365.remove("contact", card.id, f"mailbox-{user}")
            for link in self.world.links(user):
                self.drop_person(link.crm_id if link.m365_id == card.id else None)

    def drop_person(self, id: str | None) -> None:
        """Where the rules propagate a deletion, the CRM record's texts go with it."""
        for person in self.world.people():
            if person.id == id:
                self.dropped(person)
                self.forget_copies(person)

    @rule(user=users, number=st.integers(0, 50), away=st.booleans())
    def move_card(self, user: str, number: int, away: bool) -> None:
        """Into a folder of its own, or back to the default one."""
        card = self.pick(self.cards(user), number)
        if card is not None:
            [clients] = self.world.m365.records("contactFolder", f"mailbox-{user}")[:1]
            home = Reference(clients.id, "Clients") if away else Reference("", "Contacts")
            self.world.edit_card(card.id, user, parentFolder=home)

    @rule(number=st.integers(0, 50), names=st.lists(st.sampled_from(FOLDERS), unique=True))
    def move_person(self, number: int, names: list[str]) -> None:
        person = self.pick(self.world.people(), number)
        if person is not None:
            found = self.world.crm.reader(Space("org", "", "anna", "UTC")).names("Folder", names)
            folders = tuple(found[name.casefold()][0] for name in names)
            self.world.crm.change("Contact", person.id, {"folder": folders or None})

    # ---- administrators ----

    @rule(name=st.sampled_from(sorted(SETTINGS)), number=st.integers(0, 3))
    def change_setting(self, name: str, number: int) -> None:
        values = SETTINGS[name]
        self.world.settings[name] = values[number % len(values)]

    @rule(number=st.integers(0, len(PROGRAMS) - 1))
    def change_rules(self, number: int) -> None:
        self.world.program = PROGRAMS[number]

    @rule(user=users)
    def expire_cursors(self, user: str) -> None:
        self.world.m365.expired = True

    # ---- ticks ----

    @rule(user=users)
    def tick(self, user: str) -> None:
        self.sync(user)

    @rule(direction=st.sampled_from(SETTINGS["direction"]))
    def a_direction_for_a_while(self, direction: str) -> None:
        """One-way, then both ways again: nobody loses what was typed meanwhile."""
        before = self.world.settings.get("direction", "both")
        self.world.settings["direction"] = direction
        for user in USERS:
            self.sync(user)
        self.world.settings["direction"] = before

    @rule(user=users, fault=st.sampled_from(["lost", "unsent", "half", "refuse"]), number=st.integers(0, 3))
    def tick_with_a_fault(self, user: str, fault: str, number: int) -> None:
        """One write of the tick goes wrong: a move may stop when the contact is made there and not gone here."""
        counter = itertools.count()

        def failing(action: Action) -> str | None:
            return fault if next(counter) == number else None

        self.world.crm.fault = self.world.m365.fault = failing
        self.sync(user)
        self.world.crm.fault = self.world.m365.fault = lambda action: None

    def sync(self, user: str, everything: bool = False) -> None:
        world = self.world
        direction = world.settings.get("direction", "both")
        before = {"to_m365": world.crm.writes, "to_crm": world.m365.writes}
        world.sync(user, everything)
        after = {"to_m365": world.crm.writes, "to_crm": world.m365.writes}
        for way, writes in before.items():
            if direction in (way, "off"):
                assert after[way] == writes, f"{direction} wrote its source"

    @precondition(lambda self: len(self.world.people()) > 0)
    @rule()
    def everybody_syncs_until_nothing_changes(self) -> None:
        """Converged: no plan writes anything, for anybody, not even when everything is read again.

        Reading everything also tries again what a side once refused.
        """
        for everything in (False, True, False):
            for _ in range(12):
                for user in USERS:
                    self.sync(user, everything)
                if all(self.world.plan(user).empty for user in USERS):
                    break
        for user in USERS:
            for everything in (False, True):
                plan = self.world.plan(user, everything)
                assert plan.empty, [(a.verb, a.side, a.klass, a.reason, a.changes) for a in plan.actions]
        assert not [link for user in USERS for link in self.world.links(user) if link.copy], "half a move is left over"
        self.pairs_agree()
        self.nothing_is_forgotten()

    def nothing_is_forgotten(self) -> None:
        """What is in scope is in step, or waits with a reason; nobody keeps what they may not read."""
        world = self.world
        if world.settings.get("direction", "both") == "off":
            return
        for user in USERS:
            links = world.links(user)
            rows = {link.m365_id for link in links}
            if world.settings.get("m365_folders", EVERYTHING) is EVERYTHING:
                assert {card.id for card in world.cards(user)} <= rows
            people = {person.id: person for person in world.people()}
            for link in links:
                if link.state == "linked":
                    assert world.crm.may_read(user, people[link.crm_id or ""])
            known = {link.crm_id for link in links} | {id for link in links for id in link.candidates}
            due = {person.id for person in world.people() if self.due(person, user)}
            assert due <= known

    def due(self, person: Record, user: str) -> bool:
        """Whether the rules send this record to the user's Outlook."""
        given = self.world.settings
        return (
            given.get("direction", "both") != "to_crm"
            and person.values["assigned_user_id"] == user
            and (bool(person.values["includeinsync"]) or not given.get("ticked_only", False))
            and given.get("crm_folders", EVERYTHING) is EVERYTHING
            and given.get("m365_folders", EVERYTHING) is EVERYTHING
        )

    def pairs_agree(self) -> None:
        """In a two-way direction, linked pairs that nothing was refused for hold the same values."""
        if self.world.settings.get("direction", "both") != "both":
            return
        for user in USERS:
            people = {person.id: person for person in self.world.people()}
            cards = {card.id: card for card in self.world.cards(user)}
            for link in self.world.links(user):
                if link.state == "linked" and link.wake_at is None and not link.reason:
                    person, card = people[link.crm_id or ""], cards[link.m365_id or ""]
                    for crm, m365 in (
                        ("title", "jobTitle"),
                        ("department", "department"),
                        ("assistant", "assistantName"),
                    ):
                        assert person.values[crm] == card.values[m365], (link, crm)
                    assert folder_of(person) == folder_of(card), link

    # ---- what always holds ----

    @invariant()
    def nothing_is_doubled(self) -> None:
        for user in USERS:
            links = self.world.links(user)
            for ids in (
                [link.crm_id for link in links if link.crm_id],
                [link.m365_id for link in links if link.m365_id],
            ):
                assert len(ids) == len(set(ids))

    @invariant()
    def no_twins(self) -> None:
        """What a person typed once stands in one CRM record and in one contact per mailbox at most."""
        for records in (self.world.people(), *(self.cards(user) for user in USERS)):
            held = Counter(
                text for record in records for text in {t for v in record.values.values() for t in tokens_in(v)}
            )
            assert not [text for text, count in held.items() if count > 1]

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every text a person typed is on some side, or in the journal as the value before a planned write."""
        held = {text for record in self.everything() for value in record.values.values() for text in tokens_in(value)}
        journal = {text for action in self.world.done for change in action.changes for text in tokens_in(change.before)}
        assert self.typed <= held | journal, self.typed - held - journal

    @invariant()
    def people_vanish_only_when_announced(self) -> None:
        announced = {a.target for a in self.world.done if a.side == "crm" and a.verb == "delete"}
        present = {person.id for person in self.world.people()}
        assert self.made - present <= self.deleted_by_people | announced

    def everything(self) -> list[Record]:
        return self.world.people() + [card for user in USERS for card in self.world.cards(user)]


def folder_of(record: Record) -> str:
    """The folder that counts, by name; none is the default one."""
    held = record.values["folder" if record.side == CRM else "parentFolder"]
    first = (held[0] if held else None) if isinstance(held, tuple) else held
    return first.name if isinstance(first, Reference) and first.id != "" else ""


def tokens_in(value: Value) -> list[str]:
    if isinstance(value, Reference):
        return []
    raw = to_json(value)
    texts = raw if isinstance(raw, list) else [raw]
    return [text for text in texts if isinstance(text, str) and text.startswith("typed-")]


TestSync = Sync.TestCase
TestSync.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
