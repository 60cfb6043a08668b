"""What the SQL store promises beyond the State contract: durability, commits one can count, and few statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from engine.errors import LeaseLost, UserError
from engine.links import Base
from engine.port import Ended, Feeds, LinkChange, State
from state.database import open_database, reading
from state.journal import entries_of_run
from state.store import SqlState
from tests.contract.state_contract import FENCED, KIND, MINUTE, Clock, World, make_intent, make_key, make_link


@pytest.fixture
def world(engine: sa.Engine, org: str) -> World:
    clock = Clock()
    return World(SqlState(engine, org, clock), clock)


@pytest.mark.parametrize("call", FENCED.values(), ids=FENCED.keys())
def test_a_lease_that_ran_out_writes_nothing(world: World, call: Callable[[State, object], object]) -> None:
    """Its owner is refused from its end on, even if nobody took the space over."""
    fence = world.hold(minutes=1)
    world.clock.now += MINUTE
    with pytest.raises(LeaseLost):
        call(world.state, fence)
    assert world.links() == {}
    assert world.state.open_intents("anna", KIND) == []


def test_a_space_that_is_not_connected_cannot_be_held(world: World) -> None:
    """Holding what the organisation lacks is an error with advice, not a lease."""
    with pytest.raises(UserError, match="no space nowhere"):
        world.state.hold("nowhere", "holder", 0, 1)


# ---- commits ----


class Killed(BaseException):
    """Stands for a process that ends at this point."""


def test_every_commit_can_be_counted(engine: sa.Engine, org: str) -> None:
    """The hook is called before and after each commit, with the method's name."""
    points: list[str] = []
    clock = Clock()
    state = SqlState(engine, org, clock, points.append)
    fence = state.hold("anna", "holder", clock.now, clock.now + MINUTE)
    assert fence is not None
    state.renew(fence, clock.now + 2 * MINUTE)
    state.claim(fence, KIND, [make_key("a")], clock.now, clock.now + 1)
    state.intend(fence, "run-1", [make_intent(1), make_intent(2)])
    state.finish(fence, KIND, [Ended("action-1", "done")], [LinkChange("link-00001", make_link(1))], ())
    state.advance(fence, KIND, Feeds(), Feeds({}, "basis"), ())
    state.release(fence)
    names = ["hold", "renew", "claim", "intend", "finish", "advance", "release"]
    assert points == [f"{moment} {name}" for name in names for moment in ("before", "after")]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["intend", "finish", "advance"])
def test_a_killed_call_is_kept_whole_or_not_at_all(engine: sa.Engine, org: str, name: str, moment: str) -> None:
    """Before the commit nothing of the call is kept, after it everything."""
    clock = Clock()

    def cut(point: str) -> None:
        if point == f"{moment} {name}":
            raise Killed

    doomed, survivor = SqlState(engine, org, clock, cut), SqlState(engine, org, clock)
    fence = survivor.hold("anna", "holder", clock.now, clock.now + MINUTE)
    assert fence is not None
    changes = [LinkChange(link.id, link, Base({"a": 1}, {})) for link in (make_link(1), make_link(2))]
    calls: dict[str, Callable[[], object]] = {
        "intend": lambda: doomed.intend(fence, "run-1", [make_intent(1), make_intent(2)]),
        "finish": lambda: doomed.finish(fence, KIND, (), changes, ()),
        "advance": lambda: doomed.advance(fence, KIND, Feeds(), Feeds({}, "basis"), changes),
    }
    with pytest.raises(Killed):
        calls[name]()
    kept = moment == "after"
    assert len(survivor.open_intents("anna", KIND)) == (2 if kept and name == "intend" else 0)
    assert sum(1 for _ in survivor.links("anna", KIND)) == (2 if kept and name != "intend" else 0)
    assert (survivor.feeds("anna", KIND) != Feeds()) == (kept and name == "advance")


def test_intents_are_on_disk_before_the_call_returns(sqlite_engine: sa.Engine, make_organisation: Callable) -> None:
    """Another process sees them at once."""
    org, clock = make_organisation(sqlite_engine, "anna"), Clock()
    world = World(SqlState(sqlite_engine, org, clock), clock)
    world.state.intend(world.hold(), "run-1", [make_intent(1)])
    other = open_database(str(sqlite_engine.url))
    assert SqlState(other, org, clock).open_intents("anna", KIND) == [make_intent(1)]
    other.dispose()


# ---- the journal ----


def test_the_journal_keeps_how_an_action_ended(engine: sa.Engine, world: World, org: str) -> None:
    """State, time, version, note and new ids are added; ids known before stay where the end names none."""
    fence = world.hold()
    world.state.intend(fence, "run-1", [make_intent(1, m365_id="m1"), make_intent(2)])
    world.state.intend(fence, "run-1", [make_intent(3)])
    world.clock.now += 7
    ends = [Ended("action-1", "done", version="v2"), Ended("action-2", "refused", m365_id="m9", note="no right")]
    world.state.finish(fence, KIND, ends, (), ())
    found = [
        (e.seq, e.state, e.crm_id, e.m365_id, e.ended_at, e.result_version, e.note)
        for e in entries_of_run(engine, org, "run-1")
    ]
    assert found == [
        (1, "done", "c1", "m1", world.clock.now, "v2", ""),
        (2, "refused", "c2", "m9", world.clock.now, "", "no right"),
        (3, "intended", "c3", None, None, "", ""),
    ]


def test_another_space_cannot_end_an_action(world: World) -> None:
    """An action is closed under the lease it was intended under, or a later one of the same space."""
    world.state.intend(world.hold("anna"), "run-1", [make_intent(1)])
    world.state.finish(world.hold("ben"), KIND, [Ended("action-1", "done")], (), ())
    assert len(world.state.open_intents("anna", KIND)) == 1


def test_a_link_of_another_space_is_not_stored(world: World) -> None:
    """A link says which space it belongs to; storing it under another's lease is a fault."""
    with pytest.raises(ValueError, match="another space"):
        world.state.finish(world.hold("ben"), KIND, (), [LinkChange("link-00001", make_link(1))], ())


def test_one_item_has_one_link(world: World) -> None:
    """The database itself refuses a second link to the same item or record of a space."""
    world.store((make_link(1), None))
    for twin in (make_link(2, m365_id="m1"), make_link(2, crm_id="c1")):
        with pytest.raises(sa.exc.IntegrityError):
            world.state.finish(world.hold("anna"), KIND, (), [LinkChange(twin.id, twin)], ())
        world.clock.now += 10 * MINUTE


# ---- cost ----


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_links_are_stored_and_read_in_sets(engine: sa.Engine, world: World) -> None:
    """The number of statements follows pages, not links."""
    changes = [LinkChange(link.id, link, Base({"a": 1}, {})) for link in map(make_link, range(2500))]
    fence = world.hold()
    with statements(engine) as stored:
        world.state.finish(fence, KIND, (), changes, ())
    with statements(engine) as read:
        assert sum(1 for _ in world.state.links("anna", KIND)) == 2500
    with statements(engine) as idle:
        assert list(world.state.parked("anna", KIND, world.clock.now)) == []
        assert world.state.open_intents("anna", KIND) == []
        world.state.feeds("anna", KIND)
    assert len(stored) <= 7
    assert len([text for text in read if text.startswith("SELECT")]) == 4
    assert len([text for text in idle if text.startswith("SELECT")]) == 3


def test_an_idle_tick_scans_no_table(sqlite_engine: sa.Engine, make_organisation: Callable) -> None:
    """Each statement that every tick runs finds its rows by an index."""
    org, clock = make_organisation(sqlite_engine, "anna"), Clock()
    world = World(SqlState(sqlite_engine, org, clock), clock)
    with statements(sqlite_engine) as seen:
        fence = world.hold()
        list(world.state.parked("anna", KIND, clock.now))
        world.state.open_intents("anna", KIND)
        list(world.state.links("anna", KIND, ["m1"], ["c1"]))
        list(world.state.by_keys("anna", KIND, [make_key("a")]))
        world.state.advance(fence, KIND, Feeds(), Feeds({}, "basis"), ())
        world.state.release(fence)
    plans: list[str] = []
    with reading(sqlite_engine) as connection:
        for text in dict.fromkeys(text for text in seen if not text.startswith(("BEGIN", "INSERT", "PRAGMA"))):
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple("x" * text.count("?")))
            plans += [str(row.detail) for row in explained]
    scans = [plan for plan in plans if plan.startswith("SCAN")]
    assert [plan for plan in scans if "VIRTUAL TABLE" not in plan] == []  # the keys asked for come as one
    for index in ("ix_link_due", "ix_link_key", "ix_action_open", "m365_id=?", "crm_id=?"):
        assert any(index in plan for plan in plans), index
