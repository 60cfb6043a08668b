"""What a lost creation or move may have made: told by plan, title, day, creator and time."""

from __future__ import annotations

import pytest
from graph_world import ANN, BOB
from planner_world import PlannerWorld, action, written

from engine.errors import Unavailable
from engine.port import Sent
from engine.records import Record, Reference
from graph_client.planner.catalogue import LIFE
from graph_client.planner.view import PlannerReader, PlannerWriter
from graph_client.system import GraphSystem

KIND = "plannerTask"
DUE = "2026-11-30T12:00:00Z"
MINUTES = 60_000


def now(planner: PlannerWorld) -> int:
    return int(planner.world.waits.timing().clock() * 1000)


def find(view: PlannerReader, *sent: Sent) -> dict[str, tuple[str, ...]]:
    return dict(view.find_marks(KIND, sent))


def test_the_task_made_is_found(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """By title and day, made by one of the members; the hour of the day and odd spaces don't count."""
    act = action("a", "create", planner.values("New  task", dueDateTime="2026-11-30T22:00:00Z"))
    record = written(writer, action("x", "create", planner.values("New task", dueDateTime=DUE)))
    assert find(writer, Sent(act, now(planner))) == {"a": (record.id,)}


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"dueDateTime": "2026-12-01T12:00:00Z"},
        {"dueDateTime": None},
        {"bucket": Reference("b", "")},
    ],
)
def test_another_task_is_not_it(planner: PlannerWorld, writer: PlannerWriter, change: dict[str, object]) -> None:
    """Another title, another day, no day, a list that does not exist."""
    written(writer, action("x", "create", planner.values("New", dueDateTime=DUE)))
    values = {**planner.values("New", dueDateTime=DUE), **change}
    assert find(writer, Sent(action("a", "create", values), now(planner))) == {}  # type: ignore[arg-type]


def test_an_older_task_is_not_it(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """What was there more than five minutes before is somebody's own; clocks may differ by less."""
    record = written(writer, action("x", "create", planner.values("New")))
    act = action("a", "create", planner.values("New"))
    assert find(writer, Sent(act, now(planner) + 6 * MINUTES)) == {}
    assert find(writer, Sent(act, now(planner) + 4 * MINUTES)) == {"a": (record.id,)}


def test_a_task_of_somebody_else_is_not_it(planner: PlannerWorld, system: GraphSystem) -> None:
    """Bob is no member of the space: what he makes is his."""
    planner.planner.create_tasks(planner.ids["plan"], [{"title": "New", "bucketId": planner.ids["bucket"]}], by=BOB)
    act = action("a", "create", planner.values("New"))
    view = system.reader(planner.space(ANN))
    assert view.find_marks(KIND, [Sent(act, now(planner))]) == {}


def test_several_that_fit_are_all_named(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """Nobody but a person can tell which one it is; each plan is listed once for all that is asked."""
    made = [written(writer, action(f"x{n}", "create", planner.values("Same"))).id for n in range(2)]
    planner.world.control.reset("log")
    sent = [Sent(action(f"a{n}", "create", planner.values("Same")), now(planner)) for n in range(3)]
    found = find(writer, *sent)
    assert {id: sorted(ids) for id, ids in found.items()} == {f"a{n}": sorted(made) for n in range(3)}
    assert len([one for one in planner.world.control.log() if one["path"].endswith("/tasks")]) == 1


def test_a_move_is_found_by_what_it_moved(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """The action names the new list only: title and day are those of the task that is still there."""
    (state,) = writer.read(KIND, [planner.add("Old", dueDateTime=DUE)])
    assert isinstance(state, Record)
    copy = written(writer, action("x", "create", planner.values("Old", "away", dueDateTime=DUE)))
    written(writer, action("y", "create", planner.values("Old", "away")))
    act = action("m", "move", {"bucket": planner.reference("away")}, state)
    assert find(writer, Sent(act, now(planner))) == {"m": (copy.id,)}


def test_a_move_that_was_through_is_found_by_title(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """The old task is gone: its title is what the action was called, its day no longer known."""
    (state,) = writer.read(KIND, [planner.add("Old", dueDateTime=DUE)])
    assert isinstance(state, Record)
    act = action("m", "move", {"bucket": planner.reference("away")}, state)
    moved = written(writer, act)
    assert find(writer, Sent(act, now(planner))) == {"m": (moved.id,)}


def test_updates_and_deletions_leave_no_trace(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """They are compared again; no plan is listed for them."""
    record = written(writer, action("x", "create", planner.values("Old")))
    sent = [Sent(action("u", "update", {"title": "Old"}, record), 0), Sent(action("d", "delete", {}, record), 0)]
    assert find(writer, *sent) == {}


def test_a_plan_that_cannot_be_read_now_proves_nothing(planner: PlannerWorld, system: GraphSystem) -> None:
    """Ann alone sees the plan and has to connect again: that nothing was made is not concluded from that."""
    planner.planner.remove_member(planner.ids["group"], BOB)
    view = system.reader(planner.space())
    view.collections(KIND)
    planner.world.control.revoke_sign_in(ANN)
    sent = [Sent(action("a", "create", planner.values("New")), now(planner))]
    with pytest.raises(Unavailable, match="Connect them again"):
        view.find_marks(KIND, sent)


def test_where_nobody_may_look_nobody_wrote(planner: PlannerWorld, system: GraphSystem) -> None:
    """Everybody has left the group, or the plan is gone: there is nothing to find."""
    view = system.reader(planner.space())
    view.collections(KIND)
    sent = [
        Sent(action("a", "create", planner.values("New")), now(planner)),
        Sent(action("b", "create", planner.values("New", "away")), now(planner)),
    ]
    planner.planner.delete_plan(planner.ids["second"])
    for upn in (ANN, BOB):
        planner.planner.remove_member(planner.ids["group"], upn)
    planner.world.waits.slept.append(LIFE)
    assert view.find_marks(KIND, sent) == {}
