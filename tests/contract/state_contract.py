"""What every State must do, whatever it keeps its memory in. An implementation inherits the class and gives `world`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from engine.errors import LeaseLost
from engine.links import NO_AGREEMENT, Base, Link
from engine.plans import Action, FieldChange
from engine.port import Ended, Feeds, Fence, Intent, LinkChange, State
from engine.records import Key, Reference, Value
from state.accounts import Account

SPACES = ("anna", "ben", "cleo")
MINUTE = 60_000
KIND = "contacts"


@dataclass
class Clock:
    """UTC in milliseconds, moved by hand."""

    now: int = 1_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class World:
    """A fresh State that knows the spaces in SPACES, and the clock it goes by."""

    state: State
    clock: Clock
    holders: itertools.count[int] = field(default_factory=itertools.count)

    def hold(self, space: str = "anna", minutes: int = 5) -> Fence:
        now = self.clock.now
        fence = self.state.hold(space, f"holder {next(self.holders)}", now, now + minutes * MINUTE)
        assert fence is not None
        return fence

    def store(self, *pairs: tuple[Link, Base | None], kind: str = KIND) -> None:
        """Keep these links, each in its own space."""
        for space in dict.fromkeys(link.space for link, _ in pairs):
            fence = self.hold(space)
            changes = [LinkChange(link.id, link, base) for link, base in pairs if link.space == space]
            self.state.finish(fence, kind, (), changes, ())
            self.state.release(fence)

    def links(self, space: str = "anna", kind: str = KIND) -> dict[str, tuple[Link, Base]]:
        return {link.id: (link, base) for link, base in self.state.links(space, kind)}


def make_link(number: int, space: str = "anna", **properties: Any) -> Link:
    known = {"id": f"link-{number:05}", "kind": KIND, "m365_id": f"m{number}", "crm_id": f"c{number}"}
    return Link(**{**known, "space": space, **properties})


def make_key(value: str, entry: str = "contacts/match/email") -> Key:
    return Key(entry, (("email1", value),), ignore_case=True)


def make_intent(number: int, kind: str = KIND, **properties: Any) -> Intent:
    action = Action(
        id=f"action-{number}", side="m365", kind="contact", verb="update", klass="overwrite", target=f"m{number}",
        expected_version='W/"7"', values=dict(EVERY_VALUE), entry="contacts/map/mobile<->mobilePhone",
        changes=(FieldChange("mobilePhone", "1", None, "contacts/map/mobile<->mobilePhone", lost=True),),
        reason="changed in crm", title="Zoë \U0001f600",
    )  # fmt: skip
    known = {"kind": kind, "run": "run-1", "link": f"link-{number:05}", "crm_id": f"c{number}"}
    return Intent(**{"action": action, **known, "m365_id": None, "intended_at": number, **properties})


def make_account(org: str, id: str, **properties: Any) -> Account:
    """An account of a tenant that belongs to the organisation alone."""
    known = {"id": id, "user": f"user {id}", "tenant_id": f"tenant of {org}", "upn": f"{id}@test.example"}
    return Account(**{**known, "zone": "Europe/London", **properties})


EVERY_VALUE: Mapping[str, Value] = {
    "empty": None,
    "flag": True,
    "number": 2**53 + 1,
    "text": "Grüße, 東京 \U0001f600",
    "odd": "lone \ud800 surrogate, NUL \x00, line\nend",
    "reference": Reference("77", "Acme"),
    "by name": Reference(None, "Acme"),
    "address": ("1 High St", "Town", None, "AB1 2CD", "UK"),
    "list": (("a", "a@x.example"), ("b", Reference("1", "x"))),
    "nothing in it": (),
}

FULL_LINK = make_link(
    1, m365_version='W/"1"', crm_version="12", state="held", reason="several", entry="contacts/match/email",
    collection="folder", title="Zoë \U0001f600 \ud800", wake_at=5, agreed_at=6, attempts=2, recreated=3,
    candidates=("c8", "c9"), keys=(make_key("a@x.example"), make_key("b@x.example")), settled="create",
)  # fmt: skip

FENCED: Mapping[str, Callable[[State, Fence], object]] = {
    "renew": lambda state, fence: state.renew(fence, 10**12),
    "release": lambda state, fence: state.release(fence),
    "claim": lambda state, fence: state.claim(fence, KIND, [make_key("x")], 0, 10**12),
    "intend": lambda state, fence: state.intend(fence, "run-1", [make_intent(1)]),
    "finish": lambda state, fence: state.finish(fence, KIND, (), [LinkChange("link-00001", make_link(1))], ()),
    "advance": lambda state, fence: state.advance(fence, KIND, Feeds(), Feeds({}, "b"), ()),
}


class StateContract:
    """Leases, links, cursors, claims and the journal."""

    # ---- leases ----

    def test_one_holder_at_a_time(self, world: World) -> None:
        """A held space is refused to everybody, its holder included, until it is given back."""
        fence = world.hold()
        assert world.state.hold("anna", "someone", world.clock.now, world.clock.now + MINUTE) is None
        assert world.state.hold("anna", fence.holder, world.clock.now, world.clock.now + MINUTE) is None
        world.state.release(fence)
        assert world.hold().number > fence.number

    def test_a_lease_runs_out(self, world: World) -> None:
        """A lease may be taken over from its end on, not a millisecond earlier."""
        fence = world.hold(minutes=1)
        world.clock.now += MINUTE - 1
        assert world.state.hold("anna", "early", world.clock.now, world.clock.now + MINUTE) is None
        world.clock.now += 1
        assert world.hold().number > fence.number

    def test_a_renewed_lease_lasts_longer(self, world: World) -> None:
        """Renewing moves the end; the number stays."""
        fence = world.hold(minutes=1)
        world.state.renew(fence, world.clock.now + 3 * MINUTE)
        world.clock.now += 2 * MINUTE
        assert world.state.hold("anna", "early", world.clock.now, world.clock.now + MINUTE) is None
        world.state.finish(fence, KIND, (), (), ())

    def test_spaces_are_held_apart(self, world: World) -> None:
        """Holding one space keeps nobody from another."""
        assert {world.hold(space).space for space in SPACES} == set(SPACES)

    @pytest.mark.parametrize("call", FENCED.values(), ids=FENCED.keys())
    def test_who_was_taken_over_writes_nothing(self, world: World, call: Callable[[State, Fence], object]) -> None:
        """Each write with an old fence raises LeaseLost and leaves no trace."""
        old = world.hold(minutes=1)
        world.clock.now += MINUTE
        new = world.hold()
        with pytest.raises(LeaseLost):
            call(world.state, old)
        assert world.links() == {}
        assert world.state.open_intents("anna", KIND) == []
        assert world.state.feeds("anna", KIND) == Feeds()
        assert world.state.claim(new, KIND, [make_key("x")], world.clock.now, world.clock.now + 1) == frozenset()

    @pytest.mark.parametrize("call", FENCED.values(), ids=FENCED.keys())
    def test_who_gave_back_writes_nothing(self, world: World, call: Callable[[State, Fence], object]) -> None:
        """A fence is worth nothing after its release once another holds the space."""
        old = world.hold()
        world.state.release(old)
        world.hold()
        with pytest.raises(LeaseLost):
            call(world.state, old)

    # ---- links ----

    def test_a_link_comes_back_as_it_was(self, world: World) -> None:
        """Every property of a link and every kind of value in a base survives storing."""
        base = Base(EVERY_VALUE, {"other": "value"})
        world.store((FULL_LINK, base))
        [(link, stored)] = world.state.links("anna", KIND)
        assert link == FULL_LINK
        assert dict(stored.crm) == dict(EVERY_VALUE)
        assert stored == base

    def test_a_link_without_agreement_has_an_empty_base(self, world: World) -> None:
        """A link stored without a base has none."""
        world.store((make_link(1), None))
        assert world.links() == {"link-00001": (make_link(1), NO_AGREEMENT)}

    def test_a_base_stays_unless_another_is_given(self, world: World) -> None:
        """Changing a link without a base leaves the stored base; an empty base replaces it."""
        base, changed = Base({"a": 1}, {"b": 2}), make_link(1, state="dormant")
        world.store((make_link(1), base))
        world.store((changed, None))
        assert world.links()["link-00001"] == (changed, base)
        world.store((changed, NO_AGREEMENT))
        assert world.links()["link-00001"] == (changed, NO_AGREEMENT)

    def test_a_forgotten_link_leaves_nothing(self, world: World) -> None:
        """Deleting removes link, base and keys; a link made again under the id starts afresh."""
        world.store((FULL_LINK, Base({"a": 1}, {})))
        fence = world.hold()
        world.state.finish(fence, KIND, (), [LinkChange(FULL_LINK.id, None)], ())
        assert world.links() == {}
        assert list(world.state.by_keys("anna", KIND, FULL_LINK.keys)) == []
        world.state.finish(fence, KIND, (), [LinkChange(FULL_LINK.id, make_link(1))], ())
        assert world.links() == {FULL_LINK.id: (make_link(1), NO_AGREEMENT)}

    def test_links_are_found_by_either_id(self, world: World) -> None:
        """Ids of both sides are united, a link found by both comes once, and no ids find nothing."""
        world.store(*((make_link(n), Base({"n": n}, {})) for n in range(1, 6)))

        def ids(m365: Sequence[str] | None, crm: Sequence[str] | None) -> list[str]:
            return sorted(str(link.m365_id) for link, _ in world.state.links("anna", KIND, m365, crm))

        assert ids(["m1", "m2", "unknown"], None) == ["m1", "m2"]
        assert ids(None, ["c3"]) == ["m3"]
        assert ids(["m1", "m2"], ["c2", "c3"]) == ["m1", "m2", "m3"]
        assert ids([], None) == ids(None, []) == ids([], []) == []
        assert ids(None, None) == ["m1", "m2", "m3", "m4", "m5"]
        assert dict(world.state.links("anna", KIND, ["m4"])) == {make_link(4): Base({"n": 4}, {})}

    def test_peers_are_links_of_other_spaces(self, world: World) -> None:
        """What shares an identity or a CRM record elsewhere is found, with its base, once; own links are not."""
        mine = make_link(1, identity="meeting-1")
        hers = make_link(7, id="link-ben", space="ben", identity="meeting-1", crm_id="c1", role="copy", group="g")
        world.store((mine, None), (hers, Base({"n": 1}, {})), (make_link(8, id="other", space="ben"), None))

        def found(space: str, identities: Sequence[str], crm_ids: Sequence[str]) -> list[tuple[Link, Base]]:
            return list(world.state.peers(space, KIND, identities, crm_ids))

        assert found("anna", ["meeting-1", "meeting-2"], ["c1"]) == [(hers, Base({"n": 1}, {}))]
        assert found("anna", [], ["c1"]) == [(hers, Base({"n": 1}, {}))]
        assert found("ben", ["meeting-1"], []) == [(mine, NO_AGREEMENT)]
        assert found("anna", [], []) == found("anna", [""], ["c9"]) == []

    def test_spaces_and_kinds_have_their_own_links(self, world: World) -> None:
        """The same records may be linked in another space and under another kind."""
        mine, bens = make_link(1), make_link(1, id="link-ben", space="ben")
        task = make_link(1, id="link-task", kind="tasks")
        world.store((mine, None), (bens, None))
        world.store((task, None), kind="tasks")
        assert world.links() == {mine.id: (mine, NO_AGREEMENT)}
        assert world.links("ben") == {bens.id: (bens, NO_AGREEMENT)}
        assert world.links(kind="tasks") == {task.id: (task, NO_AGREEMENT)}
        assert [link for link, _ in world.state.links("ben", KIND, ["m1"], ["c1"])] == [bens]

    def test_an_id_passes_from_one_link_to_another(self, world: World) -> None:
        """Two links may swap their records in one step."""
        world.store((make_link(1), Base({"n": 1}, {})), (make_link(2), None))
        one, two = make_link(1, crm_id="c2"), make_link(2, crm_id="c1")
        world.store((one, None), (two, None))
        assert world.links() == {one.id: (one, Base({"n": 1}, {})), two.id: (two, NO_AGREEMENT)}

    def test_the_last_change_of_a_link_counts(self, world: World) -> None:
        """Several changes of one link in a call act one after the other."""
        fence = world.hold()
        given, bare = Base({"a": 1}, {}), make_link(1)
        world.state.finish(fence, KIND, (), [LinkChange(bare.id, bare, given), LinkChange(bare.id, FULL_LINK)], ())
        assert world.links() == {bare.id: (FULL_LINK, given)}
        world.state.finish(fence, KIND, (), [LinkChange(bare.id, None), LinkChange(bare.id, bare)], ())
        assert world.links() == {bare.id: (bare, NO_AGREEMENT)}
        world.state.finish(fence, KIND, (), [LinkChange(bare.id, bare, given), LinkChange(bare.id, None)], ())
        assert world.links() == {}

    def test_many_links_all_come_back_once(self, world: World) -> None:
        """Neither pages nor long lists of ids lose or double a link."""
        many = [make_link(n) for n in range(4100)]
        world.store(*((link, Base({"n": number}, {})) for number, link in enumerate(many)))
        found = list(world.state.links("anna", KIND))
        assert len(found) == 4100
        assert {link: base.crm["n"] for link, base in found} == {link: number for number, link in enumerate(many)}
        ids = [link.m365_id for link in many if link.m365_id]
        assert sum(1 for _ in world.state.links("anna", KIND, ids, ["c5"])) == 4100

    def test_links_may_be_changed_while_they_are_read(self, world: World) -> None:
        """A reader that writes as it goes sees each link once."""
        world.store(*((make_link(n), None) for n in range(2100)))
        fence, seen = world.hold(), []
        for link, _ in world.state.links("anna", KIND):
            seen.append(link.id)
            if len(seen) % 700 == 0:
                world.state.finish(fence, KIND, (), [LinkChange(link.id, replace(link, attempts=1))], ())
        assert sorted(seen) == sorted(world.links())

    # ---- parked links ----

    def test_parked_links_are_the_held_and_the_woken(self, world: World) -> None:
        """Held links come at any time, others from their wake time on, each once."""
        now = world.clock.now
        world.store(
            (make_link(1), None),
            (make_link(2, state="held"), None),
            (make_link(3, state="held", wake_at=now), Base({"a": 1}, {})),
            (make_link(4, wake_at=now), Base({"a": 2}, {})),
            (make_link(5, state="waiting", wake_at=now + 1), None),
            (make_link(6, state="dormant", wake_at=0), None),
        )
        found = list(world.state.parked("anna", KIND, now))
        assert sorted(str(link.m365_id) for link, _ in found) == ["m2", "m3", "m4", "m6"]
        assert {link.m365_id: link.wake_at for link, _ in found} == {"m2": None, "m3": now, "m4": now, "m6": 0}
        assert {link.m365_id: dict(base.crm) for link, base in found if base.crm} == {"m3": {"a": 1}, "m4": {"a": 2}}
        assert list(world.state.parked("ben", KIND, now)) == list(world.state.parked("anna", "tasks", now)) == []

    def test_waiting_links_are_found_by_their_keys(self, world: World) -> None:
        """Keys find every unpaired link that stored them, as long as it stores them."""
        a, b, c = make_key("a"), make_key("b"), make_key("c")
        one = make_link(1, crm_id=None, state="waiting", keys=(a, b))
        two = make_link(2, crm_id=None, state="held", keys=(b,))
        world.store((one, None), (two, None))

        def found(*keys: Key, space: str = "anna", kind: str = KIND) -> set[tuple[Key, str]]:
            return set(world.state.by_keys(space, kind, keys))

        assert found(a, c) == {(a, one.id)}
        assert found(b) == {(b, one.id), (b, two.id)}
        assert found() == found(a, space="ben") == found(a, kind="tasks") == set()
        assert found(a._replace(ignore_case=False)) == found(a._replace(entry="contacts/match/name")) == set()
        world.store((replace(one, crm_id="c1", state="linked", keys=()), None))
        assert found(a, b) == {(b, two.id)}

    # ---- claims ----

    def test_a_claimed_key_is_refused_to_other_spaces(self, world: World) -> None:
        """Of two spaces that make the same person, the first may go on; the second learns which keys are taken."""
        anna, ben, now = world.hold("anna"), world.hold("ben"), world.clock.now
        a, b, c = make_key("a"), make_key("b"), make_key("c")
        assert world.state.claim(anna, KIND, [a, b], now, now + MINUTE) == frozenset()
        assert world.state.claim(ben, KIND, [b, c], now, now + MINUTE) == {b}
        assert world.state.claim(anna, KIND, [c], now, now + MINUTE) == {c}
        assert world.state.claim(ben, "tasks", [a], now, now + MINUTE) == frozenset()
        assert world.state.claim(ben, KIND, [], now, now + MINUTE) == frozenset()

    def test_a_claim_runs_out_unless_renewed(self, world: World) -> None:
        """A claim nobody freed ends at its time; its owner may prolong it."""
        anna, ben, now, key = world.hold("anna"), world.hold("ben"), world.clock.now, make_key("a")
        assert world.state.claim(anna, KIND, [key], now, now + 10) == frozenset()
        assert world.state.claim(anna, KIND, [key], now + 5, now + 20) == frozenset()
        assert world.state.claim(ben, KIND, [key], now + 19, now + 99) == {key}
        assert world.state.claim(ben, KIND, [key], now + 20, now + 99) == frozenset()
        assert world.state.claim(anna, KIND, [key], now + 20, now + 99) == {key}

    def test_only_own_claims_are_freed(self, world: World) -> None:
        """Finishing frees the keys it names, never another space's."""
        anna, ben, now, key = world.hold("anna"), world.hold("ben"), world.clock.now, make_key("a")
        world.state.claim(anna, KIND, [key], now, now + MINUTE)
        world.state.finish(ben, KIND, (), (), [key])
        world.state.finish(anna, "tasks", (), (), [key])
        assert world.state.claim(ben, KIND, [key], now, now + MINUTE) == {key}
        world.state.finish(anna, KIND, (), (), [key])
        assert world.state.claim(ben, KIND, [key], now, now + MINUTE) == frozenset()

    # ---- journal ----

    def test_an_intent_comes_back_as_it_was(self, world: World) -> None:
        """Everything about an action that was about to be sent survives, in the order of intention."""
        first, second = make_intent(1), make_intent(2, crm_id=None, m365_id="m2")
        creation = replace(first.action, id="action-3", verb="create", klass="recreate", target=None)
        third = make_intent(3, action=replace(creation, expected_version=None, changes=()), intended_at=2)
        world.state.intend(world.hold(), "run-1", [first, second, third])
        assert list(world.state.open_intents("anna", KIND)) == [first, second, third]

    def test_intents_belong_to_their_space_and_kind(self, world: World) -> None:
        """Each space and kind settles its own."""
        world.state.intend(world.hold("anna"), "run-1", [make_intent(1), make_intent(2, kind="tasks")])
        world.state.intend(world.hold("ben"), "run-2", [make_intent(3, run="run-2")])
        world.state.intend(world.hold("cleo"), "run-3", [])
        assert [i.action.id for i in world.state.open_intents("anna", KIND)] == ["action-1"]
        assert [i.action.id for i in world.state.open_intents("anna", "tasks")] == ["action-2"]
        assert [i.action.id for i in world.state.open_intents("ben", KIND)] == ["action-3"]
        assert world.state.open_intents("cleo", KIND) == []

    def test_an_unknown_end_stays_open(self, world: World) -> None:
        """What ended is closed, except where the answer was lost: that is open until it is settled."""
        fence = world.hold()
        world.state.intend(fence, "run-1", [make_intent(n) for n in range(1, 6)])
        ended = [
            Ended("action-1", "done", version="2"),
            Ended("action-2", "stale"),
            Ended("action-3", "refused", note="no right to edit"),
            Ended("action-4", "unknown"),
        ]
        world.state.finish(fence, KIND, ended, (), ())
        assert [i.action.id for i in world.state.open_intents("anna", KIND)] == ["action-4", "action-5"]
        world.state.finish(fence, KIND, [Ended("action-4", "settled"), Ended("action-5", "settled")], (), ())
        assert world.state.open_intents("anna", KIND) == []

    # ---- cursors ----

    def test_nothing_was_read_before_the_first_run(self, world: World) -> None:
        """A new space has no cursors, no basis and no access token."""
        assert world.state.feeds("anna", KIND) == Feeds()

    def test_cursors_move_only_from_where_they_were(self, world: World) -> None:
        """The swap stores cursors and parked links together, or nothing at all."""
        fence = world.hold()
        first = Feeds({("m365", "inbox"): "https://x/delta?1", ("crm", ""): "12"}, "basis", "access")
        second = Feeds({("m365", "inbox"): "2"}, "basis", "")
        link = make_link(1, state="waiting")
        assert world.state.advance(fence, KIND, Feeds(), first, [LinkChange(link.id, link, Base({"a": 1}, {}))])
        assert world.state.feeds("anna", KIND) == first
        assert world.links() == {link.id: (link, Base({"a": 1}, {}))}
        assert not world.state.advance(fence, KIND, Feeds(), second, [LinkChange(link.id, None)])
        assert not world.state.advance(fence, KIND, replace(first, access="?"), second, [LinkChange(link.id, None)])
        assert world.state.feeds("anna", KIND) == first
        assert link.id in world.links()
        assert world.state.advance(fence, KIND, first, second, [LinkChange(link.id, None)])
        assert world.state.feeds("anna", KIND) == second
        assert world.links() == {}
        assert world.state.feeds("anna", "tasks") == world.state.feeds("ben", KIND) == Feeds()
