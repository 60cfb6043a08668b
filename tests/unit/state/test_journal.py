"""Runs, the audit of writes, and what a person decides about held items."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from msgspec import structs

from engine.errors import Unavailable, UserError
from engine.plans import FieldChange
from engine.port import Ended
from engine.records import Reference
from state.journal import (
    Run,
    entries_of_record,
    entries_of_run,
    find_run,
    links_of_record,
    parked_links,
    record_run,
    runs,
    settle_held,
)
from state.store import SqlState
from tests.contract.state_contract import KIND, Clock, World, make_intent, make_key, make_link


@pytest.fixture
def world(engine: sa.Engine, org: str) -> World:
    clock = Clock()
    return World(SqlState(engine, org, clock), clock)


def make_run(id: str, started: int, space: str = "anna") -> Run:
    return Run(id=id, space=space, kind=KIND, cause="tick", now=started, rules="digest", started=started)


def test_a_run_is_kept_from_its_start(engine: sa.Engine, org: str) -> None:
    """A run is stored when it starts and completed when it ends; one that was killed stays running."""
    run = make_run("run-1", 5)
    record_run(engine, org, run)
    assert find_run(engine, org, "run-1") == run
    assert run.outcome == "running"
    ended = replace(run, outcome="applied", counts={"m365 update": 3}, ended=9)
    record_run(engine, org, ended)
    assert find_run(engine, org, "run-1") == ended
    assert find_run(engine, org, "run-2") is None


def test_the_latest_runs_come_first(engine: sa.Engine, org: str) -> None:
    """Runs are listed newest first, for all spaces or one, as many as asked for."""
    for number, space in enumerate(["anna", "ben", "anna"]):
        record_run(engine, org, make_run(f"run-{number}", number, space))
    assert [run.id for run in runs(engine, org)] == ["run-2", "run-1", "run-0"]
    assert [run.id for run in runs(engine, org, "anna")] == ["run-2", "run-0"]
    assert [run.id for run in runs(engine, org, limit=1)] == ["run-2"]


def test_a_run_belongs_to_a_known_space(engine: sa.Engine, org: str) -> None:
    """A run of a space that isn't there is an error."""
    with pytest.raises(UserError, match="no space nowhere"):
        record_run(engine, org, make_run("run-1", 5, "nowhere"))


def test_the_audit_holds_before_and_after(engine: sa.Engine, org: str, world: World) -> None:
    """Each write is kept with both values, the rule entry, what was lost and what was sent: enough to undo it."""
    changes = (
        FieldChange("mobilePhone", "020 7946 0000", None, "contacts/map/mobile<->mobilePhone", lost=True),
        FieldChange("parentFolderId", Reference("1", "A"), Reference("2", "B"), "contacts/map/folders"),
    )
    action = structs.replace(make_intent(1).action, changes=changes)
    world.state.intend(world.hold(), "run-1", [make_intent(1, action=action)])
    [entry] = entries_of_run(engine, org, "run-1")
    assert entry.action == action
    assert (entry.state, entry.space, entry.kind, entry.link) == ("intended", "anna", KIND, "link-00001")


def test_a_run_includes_its_later_attempts(engine: sa.Engine, org: str, world: World) -> None:
    """What was decided again within a run is listed after the first writes; other runs are not."""
    fence = world.hold()
    for number, run in enumerate(["run-1.1", "run-1", "run-10", "run-1"]):
        world.state.intend(fence, run, [make_intent(number, run=run)])
    found = [(entry.run, entry.action.id) for entry in entries_of_run(engine, org, "run-1")]
    assert found == [("run-1", "action-1"), ("run-1", "action-3"), ("run-1.1", "action-0")]


def test_a_record_has_its_history(engine: sa.Engine, org: str, world: World) -> None:
    """All writes of a record are found by its id on either side, oldest first, whatever became of them."""
    fence = world.hold()
    first, second = make_intent(1, crm_id=None, m365_id="m"), make_intent(2, crm_id="c")
    world.state.intend(fence, "run-1", [first, second, make_intent(3)])
    world.state.finish(fence, KIND, [Ended("action-1", "done", crm_id="c")], (), ())
    assert [e.action.id for e in entries_of_record(engine, org, "c")] == ["action-1", "action-2"]
    assert [e.action.id for e in entries_of_record(engine, org, "m")] == ["action-1"]
    assert entries_of_record(engine, org, "unknown") == []


def test_a_record_has_links_in_several_spaces(engine: sa.Engine, org: str, world: World) -> None:
    """A CRM record's links are found in every mailbox."""
    mine, bens = make_link(1, crm_id="c"), make_link(2, "ben", crm_id="c")
    world.store((mine, None), (bens, None), (make_link(3), None))
    assert links_of_record(engine, org, "c") == [mine, bens]
    assert links_of_record(engine, org, "m2") == [bens]


# ---- held items ----


HELD = make_link(1, crm_id=None, state="held", reason="several", candidates=("c1", "c2"), keys=(make_key("a"),))


def test_parked_items_are_listed_with_their_reasons(engine: sa.Engine, org: str, world: World) -> None:
    """Held and waiting items of all spaces or one are listed as they are."""
    waiting = make_link(2, "ben", state="waiting", wake_at=9)
    world.store((HELD, None), (waiting, None), (make_link(3), None), (make_link(4, state="dormant"), None))
    assert parked_links(engine, org) == [HELD, waiting]
    assert parked_links(engine, org, "ben") == [waiting]
    assert parked_links(engine, org, states=["dormant"]) == [make_link(4, state="dormant")]


@pytest.mark.parametrize("decision", ["c2", "create", "ignore"])
def test_a_person_settles_a_held_item(engine: sa.Engine, org: str, world: World, decision: str) -> None:
    """The decision is on the link when the next tick asks for parked items; nothing else changed."""
    world.store((HELD, None))
    settle_held(engine, org, HELD, decision, world.clock.now)
    [(link, _)] = world.state.parked("anna", KIND, world.clock.now)
    assert link == structs.replace(HELD, settled=decision)
    assert [id for _, id in world.state.by_keys("anna", KIND, HELD.keys)] == [HELD.id]


def test_only_held_items_are_settled(engine: sa.Engine, org: str, world: World) -> None:
    """An item that is no longer held, or never was, is an error with advice."""
    world.store((make_link(1), None))
    for link in (make_link(1), make_link(9, state="held"), structs.replace(HELD, space="nowhere")):
        with pytest.raises(UserError, match=f"No item {link.id} is held"):
            settle_held(engine, org, link, "create", world.clock.now)


def test_a_tick_under_way_cannot_lose_a_decision(engine: sa.Engine, org: str, world: World) -> None:
    """While the mailbox is being synced the person is asked to come back, because the tick would overwrite it."""
    world.store((HELD, None))
    fence = world.hold()
    with pytest.raises(Unavailable, match="being synced just now"):
        settle_held(engine, org, HELD, "create", world.clock.now)
    world.state.release(fence)
    settle_held(engine, org, HELD, "create", world.clock.now)
