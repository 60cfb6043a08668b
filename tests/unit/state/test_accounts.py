"""Connecting, pausing, disconnecting and forgetting accounts, and the timetable of their spaces."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine.errors import UserError
from engine.links import Base, Member, Space
from engine.port import Feeds
from state.accounts import (
    account_of,
    accounts,
    connect_account,
    disconnect_account,
    forget_account,
    pause_account,
)
from state.organisations import Organisation, change_organisation
from state.spaces import (
    Tick,
    due_spaces,
    find_space,
    make_due,
    note_tick,
    pause_space,
    resume_space,
    share_space,
    spaces,
)
from state.store import SqlState
from tests.contract.state_contract import KIND, MINUTE, Clock, World, make_account, make_key, make_link

NOW = 2_000_000


def test_a_connected_account_has_a_due_space(engine: sa.Engine, org: str) -> None:
    """Connecting makes the mailbox's space, due at once, with the user's name and zone."""
    cleo = make_account(org, "cleo", zone="Asia/Tokyo")
    connect_account(engine, org, cleo, NOW)
    assert account_of(engine, org, cleo.user) == cleo
    found = find_space(engine, org, "cleo")
    assert found is not None
    assert found.space == Space(org, "cleo", cleo.user, "Asia/Tokyo")
    assert (found.next_tick_at, found.last_tick_at, found.status) == (NOW, None, "active")
    assert [account.id for account in accounts(engine, org)] == ["anna", "ben", "cleo"]
    assert [record.space.id for record in spaces(engine, org)] == ["anna", "ben", "cleo"]


def test_a_shared_space_has_all_connected_users(engine: sa.Engine, org: str) -> None:
    """It is led by one that is connected; whoever pauses or leaves is no member; links stay with the space."""
    share_space(engine, org, "planner", NOW)
    share_space(engine, org, "planner", NOW + 1)
    found = find_space(engine, org, "planner")
    assert found is not None and found.shared and found.next_tick_at == NOW
    assert found.space.members == tuple(Member(f"user {one}", one, found.space.zone) for one in ("anna", "ben"))
    assert found.space.user == "user anna"
    pause_account(engine, org, "anna", "revoked")
    share_space(engine, org, "planner", NOW + 2)
    found = find_space(engine, org, "planner")
    assert found is not None
    assert (found.space.user, [member.account for member in found.space.members]) == ("user ben", ["ben"])
    disconnect_account(engine, org, "ben")
    share_space(engine, org, "planner", NOW + 3)
    found = find_space(engine, org, "planner")
    assert found is not None and (found.account_status, found.space.members) == ("disconnected", ())
    assert [record.shared for record in spaces(engine, org) if record.space.id != "planner"] == [False, False]


def test_a_user_has_one_account(engine: sa.Engine, org: str) -> None:
    """A second account of a user is refused until the first is disconnected."""
    second = make_account(org, "other", user="user anna")
    with pytest.raises(UserError, match="User user anna has another account"):
        connect_account(engine, org, second, NOW)
    disconnect_account(engine, org, "anna")
    connect_account(engine, org, second, NOW)
    assert account_of(engine, org, "user anna") == second


def test_an_account_has_one_user_in_the_whole_installation(
    engine: sa.Engine, org: str, make_organisation: Callable[..., str]
) -> None:
    """Neither another user nor another organisation gets an account that is connected; the message names neither."""
    stolen = make_account(org, "anna", user="user cleo")
    other = Organisation(id=make_organisation(engine), name="Other", tenant_id=stolen.tenant_id)
    change_organisation(engine, other)
    for where in (org, other.id):
        with pytest.raises(UserError, match="connected already") as problem:
            connect_account(engine, where, stolen, NOW)
        assert "anna" not in str(problem.value)
    assert accounts(engine, other.id) == []
    disconnect_account(engine, org, "anna")
    connect_account(engine, other.id, stolen, NOW)


def test_of_two_who_connect_one_account_one_wins(engine: sa.Engine, make_organisation: Callable[..., str]) -> None:
    """Two users connecting the same account at the same moment can't both get it."""
    org, barrier, refused = make_organisation(engine), threading.Barrier(2), list[str]()

    def connect(user: str) -> None:
        barrier.wait()
        try:
            connect_account(engine, org, make_account(org, "shared", user=user), NOW)
        except UserError as problem:
            refused.append(str(problem))

    threads = [threading.Thread(target=connect, args=(user,)) for user in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["This Microsoft 365 account is connected already."]
    assert len(accounts(engine, org)) == 1


def test_an_account_of_another_tenant_is_refused(engine: sa.Engine, org: str) -> None:
    """Only accounts of the organisation's own tenant are connected."""
    with pytest.raises(UserError, match="another Microsoft 365 tenant"):
        connect_account(engine, org, make_account(org, "cleo", tenant_id="foreign"), NOW)
    assert find_space(engine, org, "cleo") is None


def test_a_paused_account_goes_on_where_it_was(engine: sa.Engine, org: str) -> None:
    """Pausing stops ticks with a reason; connecting again keeps cursors and links."""
    clock = Clock()
    world = World(SqlState(engine, org, clock), clock)
    world.store((make_link(1), None))
    fence = world.hold()
    feeds = Feeds({("m365", "inbox"): "1"}, "basis", "access")
    world.state.advance(fence, KIND, Feeds(), feeds, ())
    world.state.release(fence)
    pause_account(engine, org, "anna", "the sign-in was revoked")
    paused = account_of(engine, org, "user anna")
    assert paused is not None
    assert (paused.status, paused.reason) == ("paused", "the sign-in was revoked")
    assert [record.space.id for record in due_spaces(engine, org, 10**9)] == ["ben"]
    connect_account(engine, org, make_account(org, "anna"), NOW)
    assert [record.space.id for record in due_spaces(engine, org, 10**9)] == ["ben", "anna"]
    assert world.state.feeds("anna", KIND) == feeds
    assert set(world.links()) == {"link-00001"}


def test_a_disconnected_account_starts_reading_from_scratch(engine: sa.Engine, org: str) -> None:
    """After a disconnection everything is listed again, against the links that were kept."""
    clock = Clock()
    world = World(SqlState(engine, org, clock), clock)
    world.store((make_link(1), Base({"a": 1}, {})))
    fence = world.hold()
    world.state.advance(fence, KIND, Feeds(), Feeds({("m365", "inbox"): "1"}), ())
    disconnect_account(engine, org, "anna")
    assert account_of(engine, org, "user anna") is None
    assert [record.space.id for record in due_spaces(engine, org, 10**9)] == ["ben"]
    connect_account(engine, org, make_account(org, "anna", user="successor"), NOW)
    assert world.state.feeds("anna", KIND) == Feeds()
    assert world.links()["link-00001"] == (make_link(1), Base({"a": 1}, {}))
    record = find_space(engine, org, "anna")
    assert record is not None
    assert record.space.user == "successor"


def test_forgetting_removes_what_was_read(engine: sa.Engine, org: str) -> None:
    """Links, bases, keys, cursors and claims of a disconnected account go; another space keeps its own."""
    clock = Clock()
    world = World(SqlState(engine, org, clock), clock)
    key = make_key("a")
    for space in ("anna", "ben"):
        world.store((make_link(1, space, id=f"link of {space}", keys=(key,)), Base({"a": 1}, {})))
    fence = world.hold()
    world.state.claim(fence, KIND, [key], clock.now, clock.now + MINUTE)
    world.state.advance(fence, KIND, Feeds(), Feeds({}, "basis"), ())
    with pytest.raises(UserError, match="not a disconnected account"):
        forget_account(engine, org, "anna")
    disconnect_account(engine, org, "anna")
    forget_account(engine, org, "anna")
    assert world.links() == {}
    assert list(world.state.by_keys("anna", KIND, [key])) == []
    assert world.state.feeds("anna", KIND) == Feeds()
    assert set(world.links("ben")) == {"link of ben"}
    assert world.state.claim(world.hold("ben"), KIND, [key], clock.now, clock.now + 1) == frozenset()


def test_unknown_accounts_are_named_in_errors(engine: sa.Engine, org: str) -> None:
    """Every call about an account that isn't there says so."""
    calls: list[Callable[[], None]] = [
        lambda: pause_account(engine, org, "nobody", "why"),
        lambda: disconnect_account(engine, org, "nobody"),
        lambda: forget_account(engine, org, "nobody"),
        lambda: note_tick(engine, org, "nobody", Tick(at=0, result="", next_at=0)),
    ]
    for call in calls:
        with pytest.raises(UserError, match="nobody"):
            call()


# ---- the timetable ----


def due(engine: sa.Engine, org: str, now: int, limit: int = 50) -> list[str]:
    return [record.space.id for record in due_spaces(engine, org, now, limit)]


def test_the_longest_waiting_space_is_first(engine: sa.Engine, org: str) -> None:
    """Spaces are due from their time on, in the order of their times, as many as asked for."""
    make_due(engine, org, "anna", NOW + 5)
    make_due(engine, org, "ben", NOW)
    assert due(engine, org, NOW - 1) == []
    assert due(engine, org, NOW) == ["ben"]
    assert due(engine, org, NOW + 5) == ["ben", "anna"]
    assert due(engine, org, NOW + 5, limit=1) == ["ben"]


def test_a_tick_sets_the_next_one(engine: sa.Engine, org: str) -> None:
    """The result of a tick is kept; what the other side asked for delays the next one."""
    note_tick(engine, org, "anna", Tick(at=NOW, result="throttled", next_at=NOW + 10, not_before=NOW + 30))
    found = find_space(engine, org, "anna")
    assert found is not None
    assert (found.last_tick_at, found.last_result, found.next_tick_at) == (NOW, "throttled", NOW + 10)
    assert due(engine, org, NOW + 29) == ["ben"]
    assert due(engine, org, NOW + 30) == ["ben", "anna"]
    note_tick(engine, org, "anna", Tick(at=NOW + 30, result="ok", next_at=NOW + 40))
    assert due(engine, org, NOW + 40) == ["ben", "anna"]


def test_a_paused_space_waits_for_a_person(engine: sa.Engine, org: str) -> None:
    """A paused space isn't due, whatever its time, until it is resumed."""
    pause_space(engine, org, "anna", "most items are gone")
    found = find_space(engine, org, "anna")
    assert found is not None
    assert (found.status, found.reason) == ("paused", "most items are gone")
    assert due(engine, org, 10**9) == ["ben"]
    resume_space(engine, org, "anna", NOW)
    assert due(engine, org, 10**9) == ["ben", "anna"]


def test_a_space_at_work_is_not_due(engine: sa.Engine, org: str) -> None:
    """While somebody holds the lease nobody else is sent there."""
    clock = Clock(NOW)
    fence = SqlState(engine, org, clock).hold("anna", "tick", NOW, NOW + MINUTE)
    assert fence is not None
    assert due(engine, org, NOW) == ["ben"]
    assert due(engine, org, NOW + MINUTE) == ["anna", "ben"]
