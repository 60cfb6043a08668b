"""Many takers at once: a space never has two holders, and a key never two claimants."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine.errors import LeaseLost
from engine.port import Fence
from state.accounts import disconnect_account
from state.store import SqlState
from tests.contract.state_contract import KIND, MINUTE, Clock, make_key

THREADS = 8


def together(work: Callable[[int], None]) -> list[BaseException]:
    """Run the work in all threads at the same moment; what they raised."""
    barrier, raised = threading.Barrier(THREADS), list[BaseException]()

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as problem:
            raised.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_a_space_never_has_two_holders(engine: sa.Engine, make_organisation: Callable[..., str]) -> None:
    """Eight threads fight over three spaces: one works at a time, and no fence number is given twice."""
    spaces = ("anna", "ben", "cleo")
    org, clock = make_organisation(engine, *spaces), Clock()
    inside: Counter[str] = Counter()
    fences: list[Fence] = []
    crowded: list[str] = []

    def work(number: int) -> None:
        state = SqlState(engine, org, clock)
        for turn in range(12):
            space = spaces[(number + turn) % 3]
            fence = state.hold(space, f"thread {number}", clock.now, clock.now + MINUTE)
            if fence is None:
                continue
            inside[space] += 1
            if inside[space] != 1:
                crowded.append(space)
            fences.append(fence)
            inside[space] -= 1
            state.release(fence)

    assert together(work) == []
    assert crowded == []
    assert len(fences) >= THREADS
    assert len({(fence.space, fence.number) for fence in fences}) == len(fences)


def test_of_many_takers_one_wins(engine: sa.Engine, make_organisation: Callable[..., str]) -> None:
    """A lease that ran out goes to exactly one of eight; its old owner is refused."""
    org, clock = make_organisation(engine, "anna"), Clock()
    old = SqlState(engine, org, clock).hold("anna", "old", clock.now, clock.now + MINUTE)
    assert old is not None
    clock.now += MINUTE
    taken: list[Fence | None] = []
    hold = SqlState(engine, org, clock).hold
    assert together(lambda n: taken.append(hold("anna", f"thread {n}", clock.now, clock.now + MINUTE))) == []
    [new] = [fence for fence in taken if fence is not None]
    assert new.number > old.number
    with pytest.raises(LeaseLost):
        SqlState(engine, org, clock).renew(old, clock.now + MINUTE)


def test_of_many_claimants_one_wins(engine: sa.Engine, make_organisation: Callable[..., str]) -> None:
    """Spaces that claim overlapping keys at the same moment never both get one, and never wait for ever."""
    spaces = [f"space {n}" for n in range(THREADS)]
    org, clock = make_organisation(engine, *spaces), Clock()
    state = SqlState(engine, org, clock)
    keys = [make_key(f"person {n}") for n in range(20)]
    winners: Counter[str] = Counter()

    def work(number: int) -> None:
        fence = state.hold(spaces[number], "holder", clock.now, clock.now + MINUTE)
        assert fence is not None
        wanted = keys[number:] + keys[:number]
        taken = state.claim(fence, KIND, wanted, clock.now, clock.now + MINUTE)
        winners.update(key.text() for key in wanted if key not in taken)

    assert together(work) == []
    assert winners == Counter(key.text() for key in keys)


def test_disconnecting_takes_the_lease_away(engine: sa.Engine, org: str) -> None:
    """A tick under way when its user disconnects can write nothing more."""
    clock = Clock()
    state = SqlState(engine, org, clock)
    fence = state.hold("anna", "tick", clock.now, clock.now + MINUTE)
    assert fence is not None
    disconnect_account(engine, org, "anna")
    with pytest.raises(LeaseLost):
        state.finish(fence, KIND, (), (), ())
