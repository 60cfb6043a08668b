"""Two holders in any order of doing: the SQL store and the memory double tell the same story."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlmodel import SQLModel

from engine.errors import LeaseLost
from engine.links import Base
from engine.memory import MemoryState
from engine.port import Ended, Feeds, Fence, LinkChange, State
from state import tables
from state.accounts import connect_account
from state.database import open_database
from state.organisations import Organisation, create_organisation
from state.store import SqlState
from tests.contract.state_contract import KIND, Clock, make_account, make_intent, make_key, make_link

SPACES = ("anna", "ben")
holders = st.integers(0, 1)
spaces = st.sampled_from(SPACES)
numbers = st.integers(1, 4)
keys = st.sets(st.sampled_from([make_key(text) for text in "abc"]))
bases = st.one_of(st.none(), st.builds(Base, st.dictionaries(st.sampled_from("xy"), st.integers(0, 2)), st.just({})))


class TimedMemoryState(MemoryState):
    """The double, going by a clock too: a lease that ran out refuses writes."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def _check(self, fence: Fence) -> None:
        super()._check(fence)
        if self.leases[fence.space][1] <= self.clock.now:
            raise LeaseLost("ran out")


class TwoHolders(RuleBasedStateMachine):
    """Each holder keeps the last fence it got for each space, however old it is by now."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(0)
        self.engine = open_database("sqlite://")
        SQLModel.metadata.create_all(self.engine, list(tables.ALL))
        create_organisation(self.engine, Organisation(id="org", name="Test"))
        for space in SPACES:
            connect_account(self.engine, "org", make_account("org", space), 0)
        self.sql = SqlState(self.engine, "org", self.clock)
        self.memory = TimedMemoryState(self.clock)
        self.fences: dict[tuple[int, str], tuple[Fence, Fence]] = {}
        self.intended = 0

    def teardown(self) -> None:
        self.engine.dispose()

    def both(self, holder: int, space: str, call: Callable[[State, Fence], object]) -> object:
        """Do it on both with the holder's own fences; they must agree, on LeaseLost too."""
        sql, memory = self.fences[holder, space]
        answers = [_answer(call, self.sql, sql), _answer(call, self.memory, memory)]
        assert answers[0] == answers[1]
        return answers[0]

    def may(self, holder: int, space: str) -> bool:
        return (holder, space) in self.fences

    @rule(holder=holders, space=spaces, length=st.integers(1, 5))
    def hold(self, holder: int, space: str, length: int) -> None:
        now = self.clock.now
        sql = self.sql.hold(space, f"holder {holder}", now, now + length)
        memory = self.memory.hold(space, f"holder {holder}", now, now + length)
        assert (sql is None) == (memory is None)
        if sql is not None and memory is not None:
            assert all(sql.number > old.number for (_, at), (old, _) in self.fences.items() if at == space)
            self.fences[holder, space] = (sql, memory)

    @rule(step=st.integers(1, 3))
    def wait(self, step: int) -> None:
        self.clock.now += step

    @precondition(lambda self: self.fences)
    @rule(data=st.data(), length=st.integers(0, 5))
    def renew(self, data: st.DataObject, length: int) -> None:
        until = self.clock.now + length
        self.both(*self.pick(data), lambda state, fence: state.renew(fence, until))

    @precondition(lambda self: self.fences)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.both(*self.pick(data), lambda state, fence: state.release(fence))

    @precondition(lambda self: self.fences)
    @rule(data=st.data(), wanted=keys, length=st.integers(1, 5))
    def claim(self, data: st.DataObject, wanted: set, length: int) -> None:
        now = self.clock.now
        self.both(*self.pick(data), lambda state, fence: state.claim(fence, KIND, wanted, now, now + length))

    @precondition(lambda self: self.fences)
    @rule(data=st.data())
    def intend(self, data: st.DataObject) -> None:
        self.intended += 1
        intents = [make_intent(self.intended)]
        self.both(*self.pick(data), lambda state, fence: state.intend(fence, "run-1", intents))

    @precondition(lambda self: self.fences)
    @rule(data=st.data(), number=numbers, base=bases, gone=st.booleans(), freed=keys,
          how=st.sampled_from(["done", "unknown", "stale"]))  # fmt: skip
    def finish(self, data: st.DataObject, number: int, base: Base | None, gone: bool, freed: set, how: str) -> None:
        holder, space = self.pick(data)
        ended = [Ended(i.action.id, how) for i in self.memory.open_intents(space, KIND)[:1]]  # type: ignore[arg-type]
        changes = [self.change(space, number, base, gone)]
        self.both(holder, space, lambda state, fence: state.finish(fence, KIND, ended, changes, freed))

    @precondition(lambda self: self.fences)
    @rule(data=st.data(), number=numbers, cursor=st.sampled_from("12"), stale=st.booleans())
    def advance(self, data: st.DataObject, number: int, cursor: str, stale: bool) -> None:
        holder, space = self.pick(data)
        before = Feeds({}, "other") if stale else self.memory.feeds(space, KIND)
        after = Feeds({("m365", "inbox"): cursor}, "basis", "")
        changes = [self.change(space, number, None, False)]
        self.both(holder, space, lambda state, fence: state.advance(fence, KIND, before, after, changes))

    def pick(self, data: st.DataObject) -> tuple[int, str]:
        return data.draw(st.sampled_from(sorted(self.fences)))

    def change(self, space: str, number: int, base: Base | None, gone: bool) -> LinkChange:
        link = make_link(number, space, id=f"{space}-{number}", wake_at=number, keys=(make_key("abcd"[number - 1]),))
        return LinkChange(link.id, None if gone else link, base)

    @invariant()
    def they_remember_the_same(self) -> None:
        for space in SPACES:
            assert _sorted(self.sql.links(space, KIND)) == _sorted(self.memory.links(space, KIND))
            assert self.sql.feeds(space, KIND) == self.memory.feeds(space, KIND)
            assert list(self.sql.open_intents(space, KIND)) == list(self.memory.open_intents(space, KIND))
            now = self.clock.now
            assert _sorted(self.sql.parked(space, KIND, now)) == _sorted(self.memory.parked(space, KIND, now))
            known = [make_key(text) for text in "abcd"]
            assert set(self.sql.by_keys(space, KIND, known)) == set(self.memory.by_keys(space, KIND, known))


def _answer(call: Callable[[State, Fence], object], state: State, fence: Fence) -> object:
    try:
        return call(state, fence)
    except LeaseLost:
        return LeaseLost


def _sorted(pairs: object) -> list:
    return sorted(pairs, key=lambda pair: pair[0].id)  # type: ignore[call-overload]


class TestTwoHolders(TwoHolders.TestCase):
    """A short search, in every run of the suite."""

    settings = settings(max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.soak
class TestTwoHoldersForLong(TwoHolders.TestCase):
    """A long search."""

    settings = settings(
        max_examples=1000, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
    )
