"""Moving a task to another plan: made there with all that belongs to it, then deleted here; cut short at any point, it
goes on or is taken back."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from graph_world import ANN, BOB
from planner_world import PlannerWorld, action, written

from engine.errors import SideError
from engine.plans import Action
from engine.port import Refused, Sent, Stale, Unknown
from engine.records import Gone, Record
from graph_client.planner.view import PlannerWriter

KIND = "plannerTask"
DUE, START = "2026-11-30T12:00:00Z", "2026-11-23T08:00:00Z"
GUID = "11111111-1111-4111-8111-11111111111"
ITEM, LINK = "#microsoft.graph.plannerChecklistItem", "#microsoft.graph.plannerExternalReference"


@pytest.fixture
def full(planner: PlannerWorld, writer: PlannerWriter) -> Record:
    """A task with everything."""
    checklist = {f"{GUID}{n}": {"@odata.type": ITEM, "title": f"Step {n}", "isChecked": n == 1} for n in range(3)}
    references = {"https%3A//x%2Eexample/doc": {"@odata.type": LINK, "alias": "Doc", "type": "Other"}}
    details = {
        "description": "line\nline",
        "checklist": checklist,
        "references": references,
        "previewType": "checklist",
    }
    id = planner.add(
        "Full", assignments={ANN: {}, BOB: {}}, dueDateTime=DUE, startDateTime=START, percentComplete=30, priority=1,
        details=details,
    )  # fmt: skip
    return one(writer, id)


def one(view: PlannerWriter, id: str) -> Record:
    (state,) = view.read(KIND, [id])
    assert isinstance(state, Record)
    return state


def away(planner: PlannerWorld, record: Record, id: str = "m", **more: Any) -> Action:
    return action(id, "move", {"bucket": planner.reference("away"), **more}, record)


def details(planner: PlannerWorld, id: str) -> dict[str, Any]:
    """What a task's details hold, without what the service makes of it."""
    found: dict[str, Any] = planner.task(id)["details"]  # type: ignore[assignment]
    kept = {"description": found["description"], "previewType": found["previewType"]}
    items = sorted(found["checklist"].items(), key=lambda item: str(item[1]["orderHint"]))
    kept["checklist"] = [(key, item["title"], item["isChecked"]) for key, item in items]
    kept["references"] = {key: (item["alias"], item["type"]) for key, item in found["references"].items()}
    return kept


def test_everything_goes_along(planner: PlannerWorld, writer: PlannerWriter, full: Record) -> None:
    """Title, dates, progress, priority, people, description, checklist in its order, attachments; and the change."""
    before = details(planner, full.id)
    moved = written(writer, away(planner, full, title="Changed"))
    kept = ("percentComplete", "priority", "startDateTime", "dueDateTime", "assignments")
    assert {name: moved.values[name] for name in kept} == {name: full.values[name] for name in kept}
    assert moved.values["title"] == "Changed"
    assert moved.values["bucket"] == planner.reference("away")
    assert details(planner, moved.id) == before
    assert moved == one(writer, moved.id)
    (old,) = writer.read(KIND, [full.id])
    assert isinstance(old, Gone)


def test_a_description_may_change_on_the_way(planner: PlannerWorld, writer: PlannerWriter, full: Record) -> None:
    """The new task has the new text, and the record says so."""
    moved = written(writer, away(planner, full, details=("other",)))
    assert moved.values["details"] == ("other",)
    assert details(planner, moved.id)["description"] == "other"


def test_what_changed_meanwhile_is_not_moved(planner: PlannerWorld, writer: PlannerWriter, full: Record) -> None:
    """An old version is stale, and nothing was made."""
    planner.planner.touch_task(full.id)
    assert list(writer.write([away(planner, full)])) == [Stale("m")]
    assert (planner.titles("plan"), planner.titles("second")) == (["Full"], [])


def test_a_target_that_is_gone_refuses_the_move(planner: PlannerWorld, writer: PlannerWriter, full: Record) -> None:
    """The task stays where it is."""
    writer.collections(KIND)
    planner.planner.delete_plan(planner.ids["second"])
    (outcome,) = writer.write([away(planner, full)])
    assert isinstance(outcome, Refused)
    assert planner.titles("plan") == ["Full"]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("POST", "tasks$", 403, Refused), ("POST", "tasks$", 400, Refused), ("POST", "tasks$", 409, Stale),
        ("POST", "tasks$", 500, Unknown), ("PATCH", "details$", 400, Refused), ("PATCH", "details$", 412, Stale),
        ("DELETE", "ID", 412, Stale), ("DELETE", "ID", 403, Refused), ("DELETE", "ID", 500, Unknown),
    ],
)  # fmt: skip
def test_a_move_that_fails_leaves_the_old_task(
    planner: PlannerWorld, writer: PlannerWriter, full: Record, method: str, path: str, status: int, kind: type[object]
) -> None:
    """Wherever it fails nothing is lost; what was made is taken back, unless the answer was lost: then it is looked
    for."""
    fault = {"kind": "status", "status": status, "code": ""}
    where = f"{full.id}$" if path == "ID" else path
    planner.world.control.add_rule(fault, method, where, part=True, count=0)
    (outcome,) = writer.write([away(planner, full)])
    assert isinstance(outcome, kind)
    assert planner.titles("plan") == ["Full"]
    made_and_lost = kind is Unknown and method == "DELETE"
    assert planner.titles("second") == (["Full"] if made_and_lost else [])


def test_what_cannot_be_taken_back_is_looked_for(planner: PlannerWorld, writer: PlannerWriter, full: Record) -> None:
    """Neither may be deleted: the move is unknown, and goes on later."""
    planner.world.control.add_rule({"kind": "status", "status": 403, "code": ""}, "DELETE", part=True, count=0)
    assert list(writer.write([away(planner, full)])) == [Unknown("m")]
    assert (planner.titles("plan"), planner.titles("second")) == (["Full"], ["Full"])


@pytest.mark.parametrize("nth", range(1, 8))
@pytest.mark.parametrize("how", ["drop_request", "drop_answer"])
def test_cut_at_any_request_a_move_goes_on(
    planner: PlannerWorld, writer: PlannerWriter, full: Record, nth: int, how: str
) -> None:
    """The connection goes for good before or after any request: what was made is found, and one task is left."""
    writer.collections(KIND)
    before = details(planner, full.id)
    act, since = away(planner, full), int(planner.world.waits.timing().clock() * 1000)
    planner.world.control.add_rule({"kind": how}, "POST", "batch$", nth=nth, count=1)
    planner.world.control.add_rule({"kind": "status", "status": 503}, "POST", "batch$", nth=nth + 1, count=0)
    with contextlib.suppress(SideError):
        list(writer.write([act]))
    planner.world.control.reset("faults")
    made = writer.find_marks(KIND, [Sent(act, since)]).get("m", ())
    assert len(made) <= 1
    (source,) = writer.read(KIND, [full.id])
    if isinstance(source, Record):
        written(writer, action("again", "move", act.values, source, copy=made[0] if made else ""))
    left = [task["id"] for task in planner.planner.state()["tasks"]]
    assert len(left) == 1
    assert planner.titles("second") == ["Full"]
    assert details(planner, left[0]) == before


def test_a_copy_is_brought_up_to_date(planner: PlannerWorld, writer: PlannerWriter, full: Record) -> None:
    """The old task was edited after the first attempt: the copy follows, also in what is no longer there."""
    (copy,) = planner.planner.create_tasks(
        planner.ids["second"],
        [
            {
                "title": "Full", "bucketId": planner.ids["away"], "assignments": {ANN: {}}, "dueDateTime": DUE,
                "details": {"description": "old", "checklist": {f"{GUID}9": {"@odata.type": ITEM, "title": "Gone"}}},
            }
        ],
    )  # fmt: skip
    before = details(planner, full.id)
    moved = written(writer, action("n", "move", {"bucket": planner.reference("away")}, full, copy=copy))
    assert moved.id == copy
    kept = ("percentComplete", "priority", "startDateTime", "dueDateTime", "assignments")
    assert {name: moved.values[name] for name in kept} == {name: full.values[name] for name in kept}
    assert details(planner, copy) == before
    assert planner.titles("plan") == []


@pytest.mark.parametrize("gone", [False, True])
def test_a_copy_in_another_plan_or_none_is_replaced(
    planner: PlannerWorld, writer: PlannerWriter, full: Record, gone: bool
) -> None:
    """The move goes elsewhere by now, or somebody deleted what it had made: it starts afresh, and leaves one task."""
    third = planner.planner.create_plan(planner.ids["group"], "Third")["id"]
    (copy,) = planner.planner.create_tasks(third, [{"title": "Full"}])
    if gone:
        planner.planner.delete_task(copy)
    moved = written(writer, action("n", "move", {"bucket": planner.reference("away")}, full, copy=copy))
    assert [task["id"] for task in planner.planner.state()["tasks"]] == [moved.id]


def test_each_plan_is_written_by_whoever_sees_it(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """Ann alone sees the one, Bob alone the other: between them they move the task."""
    planner.planner.remove_member(planner.ids["group"], BOB)
    group = planner.planner.create_group("Bob's", [BOB])["id"]
    plan = planner.planner.create_plan(group, "Bob's", by=BOB)["id"]
    planner.ids["away"] = planner.planner.create_bucket(plan, "In")["id"]
    record = one(writer, planner.add("Old"))
    moved = written(writer, away(planner, record))
    assert moved.values["createdBy"] == planner.account(BOB)
    assert planner.titles("plan") == []
