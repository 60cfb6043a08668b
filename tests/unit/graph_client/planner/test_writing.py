"""Writing tasks over real HTTPS: two versions, merged assignments, limits, lost answers and other people's edits."""

from __future__ import annotations

from typing import Any

import pytest
from graph_world import ANN, BOB
from planner_world import PlannerWorld, action, written

from engine.errors import LeaseLost, SignInNeeded, Unavailable
from engine.plans import FieldChange
from engine.port import Refused, Stale, Unknown, Written
from engine.records import Gone, Record, Reference
from graph_client.planner.view import PlannerWriter
from graph_client.system import GraphSystem

KIND = "plannerTask"
DUE = "2026-11-30T12:00:00Z"


def one(view: PlannerWriter, id: str) -> Record:
    (state,) = view.read(KIND, [id])
    assert isinstance(state, Record)
    return state


def fault(planner: PlannerWorld, method: str, path: str, **rule: Any) -> None:
    """Something goes wrong with one item of a batch."""
    kind = {"kind": "status", "status": rule.pop("status"), "code": rule.pop("code", "")}
    planner.world.control.add_rule(kind, method, path, part=True, **rule)


def sent(planner: PlannerWorld) -> list[str]:
    """Methods and last steps of the items sent, in order."""
    parts = [part for call in planner.world.control.log() for part in call.get("batch", [])]
    return [f"{part['method']} {str(part['path']).rsplit('/', 1)[-1]}" for part in parts]


def edited_between(planner: PlannerWorld, monkeypatch: pytest.MonkeyPatch, id: str, **properties: object) -> None:
    """Somebody changes the task after our reading of it and before the first write."""
    from graph_client.planner import writing

    patch, pending = writing._item, [properties]

    def slow(step: Any) -> Any:
        if pending:
            planner.planner.update_task(id, **pending.pop())
        return patch(step)

    monkeypatch.setattr(writing, "_item", slow)


# ---- creating --------------------------------------------------------------------------------------------------


def test_a_creation_is_a_task_then_its_description(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """Description apart, with the details' own version; what is returned is what reading gives, with its last etag."""
    values = planner.values(
        "New",
        details=("line\nline",),
        dueDateTime=DUE,
        assignments=(planner.account(BOB),),
        priority=3,
        percentComplete=30,
    )
    record = written(writer, action("a", "create", values))
    assert {name: record.values[name] for name in values} == values
    (fresh,) = writer.read(KIND, [record.id], ["details"])
    assert fresh == record
    assert record.version == planner.task(record.id)["@odata.etag"]


def test_a_creation_without_description_is_one_call(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """An empty description is none; what is empty is not sent."""
    planner.world.control.reset("log")
    record = written(writer, action("a", "create", planner.values("New", details=(None,), startDateTime=None)))
    assert record.values["details"] == (None,)
    assert "PATCH details" not in sent(planner)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"title": None}, "needs a title"), ({"title": "x" * 256}, "longer than 255"),
        ({"assignments": tuple(str(n) for n in range(21))}, "more than 20 people"),
        ({"startDateTime": DUE, "dueDateTime": "2026-11-01T12:00:00Z"}, "later than the due date"),
        ({"bucket": Reference("cj0OT9wmB6oJ-VqtWRwMAAAAAZZZ", "Gone")}, "no longer exists"),
        ({"bucket": None}, "no list of Planner"), ({"bucket": Reference(None, "Launch / To do")}, "no list of Planner"),
    ],
)  # fmt: skip
def test_what_would_be_refused_is_not_sent(
    planner: PlannerWorld, writer: PlannerWriter, values: dict[str, Any], why: str
) -> None:
    """The reason is plain, and the other creations of the call are made."""
    good = action("good", "create", planner.values("Good"))
    outcomes = {o.action: o for o in writer.write([action("bad", "create", planner.values("Bad") | values), good])}
    bad = outcomes["bad"]
    assert isinstance(bad, Refused)
    assert why in bad.reason
    assert isinstance(outcomes["good"], Written)
    assert planner.titles() == ["Good"]


def test_a_lost_creation_is_unknown_and_not_sent_again(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """The task may be there: here it is."""
    planner.world.control.add_rule({"kind": "drop_answer"}, "POST", "batch$", nth=2)
    writer.collections(KIND)
    planner.world.control.reset("faults")
    planner.world.control.add_rule({"kind": "drop_answer"}, "POST", "batch$")
    act = action("a", "create", planner.values("New"))
    assert list(writer.write([act])) == [Unknown("a")]
    assert planner.titles() == ["New"]


@pytest.mark.parametrize(("status", "left"), [(400, []), (403, []), (412, ["New"]), (409, ["New"])])
def test_a_description_that_cannot_be_put_in_leaves_no_half(
    planner: PlannerWorld, writer: PlannerWriter, status: int, left: list[str]
) -> None:
    """Refused: the task goes again, with the reason. A conflict: it is found again, and compared."""
    fault(planner, "PATCH", "details$", status=status, count=0)
    (outcome,) = writer.write([action("a", "create", planner.values("New", details=("text",)))])
    assert isinstance(outcome, Refused) == (not left)
    assert isinstance(outcome, Unknown) == bool(left)
    assert planner.titles() == left


def test_a_plan_that_is_full_says_so(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """A quota is told by its code, in plain words; nobody else is sent to try."""
    fault(planner, "POST", "tasks$", status=403, code="MaximumTasksInProject")
    (outcome,) = writer.write([action("a", "create", planner.values("New"))])
    reason = "the plan holds as many tasks as Planner allows (HTTP 403 maximumtasksinproject)"
    assert outcome == Refused("a", reason)


def test_a_bucket_that_just_went_refuses_the_creation(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """The catalogue still has it, the service doesn't."""
    writer.collections(KIND)
    planner.planner.delete_bucket(planner.ids["bucket"])
    (outcome,) = writer.write([action("a", "create", planner.values("New"))])
    assert isinstance(outcome, Refused)
    assert "no longer exists" in outcome.reason


def test_who_may_not_write_is_followed_by_who_may(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """Ann has left the group since the catalogue was read: Bob makes the task."""
    writer.collections(KIND)
    planner.planner.remove_member(planner.ids["group"], ANN)
    record = written(writer, action("a", "create", planner.values("New", details=("text",))))
    assert record.values["createdBy"] == planner.account(BOB)
    assert record.values["details"] == ("text",)


def test_without_anybody_who_may_it_is_refused(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """Both have left: creation, update and deletion say so, and nothing is lost."""
    record = one(writer, planner.add("Old"))
    for upn in (ANN, BOB):
        planner.planner.remove_member(planner.ids["group"], upn)
    acts = [
        action("a", "create", planner.values("New")), action("b", "update", {"title": "X"}, record),
        action("c", "delete", {}, record),
    ]  # fmt: skip
    outcomes = list(writer.write(acts))
    assert all(isinstance(o, Refused) and o.reason.startswith("nobody who is connected may") for o in outcomes)
    assert planner.titles() == ["Old"]


# ---- updating --------------------------------------------------------------------------------------------------


def test_task_and_description_are_written_at_their_own_versions(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """The task's etag is never used for the details; after their write the task is read again, for its etag moved."""
    record = one(writer, planner.add("Old"))
    planner.world.control.reset("log")
    after = written(writer, action("a", "update", {"title": "New", "details": ("first text",)}, record))
    assert sent(planner)[:2] in (["GET " + record.id, "GET details"], ["GET details", "GET " + record.id])
    assert sent(planner)[2:] == ["PATCH " + record.id, "PATCH details", "GET " + record.id]
    assert (after.values["title"], after.values["details"]) == ("New", ("first text",))
    assert after.version == planner.task(record.id)["@odata.etag"]
    assert written_deletion(writer, after) == Written("d", None)


def written_deletion(writer: PlannerWriter, record: Record) -> object:
    (outcome,) = writer.write([action("d", "delete", {}, record)])
    return outcome


def test_writes_ask_for_the_new_version(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """With return=representation an update is one read and one write."""
    record = one(writer, planner.add("Old"))
    planner.world.control.reset("log")
    after = written(writer, action("a", "update", {"percentComplete": 30}, record))
    assert sent(planner) == ["GET " + record.id, "PATCH " + record.id]
    assert after == one(writer, record.id)
    assert after.values["percentComplete"] == 30


def test_a_description_can_be_emptied(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """And the task knows that it has none."""
    record = one(writer, planner.add("Old", details={"description": "text"}))
    after = written(writer, action("a", "update", {"details": (None,)}, record))
    assert (after.values["details"], after.values["hasDescription"]) == ((None,), False)


def test_a_description_that_is_there_already_is_not_written(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """Somebody typed the same."""
    record = one(writer, planner.add("Old", details={"description": "text"}))
    planner.world.control.reset("log")
    after = written(writer, action("a", "update", {"details": ("text",)}, record))
    assert after.version == record.version
    assert "PATCH details" not in sent(planner)


def test_a_description_that_somebody_changed_is_stale(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """It has no part in the task's version: what was read is compared with what is there."""
    record = one(writer, planner.add("Old", details={"description": "text"}))
    planner.planner.describe(record.id, "theirs")
    assert one(writer, record.id).version == record.version
    change = FieldChange("details.description", "text", "ours", "e")
    act = action("a", "update", {"title": "New", "details": ("ours",)}, record, change)
    assert list(writer.write([act])) == [Stale("a")]
    assert planner.task(record.id)["details"]["description"] == "theirs"  # type: ignore[index]
    assert planner.titles() == ["Old"]


def test_assignments_are_merged(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """One comes, one goes, whoever stays is not touched; hints that were read would be refused."""
    ann, bob = planner.account(ANN), planner.account(BOB)
    record = one(writer, planner.add("Old", assignments={ann: {}}))
    both = written(writer, action("a", "update", {"assignments": (ann, bob)}, record))
    assert both.values["assignments"] == (ann, bob)
    after = written(writer, action("b", "update", {"assignments": (bob,)}, both))
    assert after.values["assignments"] == (bob,)
    nobody = written(writer, action("c", "update", {"assignments": None}, after))
    assert nobody.values["assignments"] is None


def test_another_bucket_of_the_plan_is_an_update(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """The id stays, also where it is called a move."""
    record = one(writer, planner.add("Old"))
    after = written(writer, action("a", "move", {"bucket": planner.reference("other")}, record))
    assert (after.id, after.values["bucket"]) == (record.id, planner.reference("other"))


def test_an_edit_that_does_not_collide_is_not_taken_for_ours(
    planner: PlannerWorld, writer: PlannerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planner mixes writes on an old etag with other people's edits: the record keeps its old version then, so that
    the next round brings their edit as news."""
    record = one(writer, planner.add("Old"))
    edited_between(planner, monkeypatch, record.id, priority=1)
    after = written(writer, action("a", "update", {"title": "New"}, record))
    assert (after.values["title"], after.values["priority"]) == ("New", 1)
    assert after.version == record.version
    assert one(writer, record.id).version != record.version


def test_an_edit_that_collides_is_stale(
    planner: PlannerWorld, writer: PlannerWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 for the same field, and for a deletion on what just changed."""
    first, second = (one(writer, planner.add(title)) for title in ("First", "Second"))
    edited_between(planner, monkeypatch, first.id, title="Theirs")
    assert list(writer.write([action("a", "update", {"title": "Ours"}, first)])) == [Stale("a")]
    edited_between(planner, monkeypatch, second.id, title="Theirs too")
    assert list(writer.write([action("b", "delete", {}, second)])) == [Stale("b")]
    assert planner.titles() == ["Theirs", "Theirs too"]


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize(("path", "values"), [("[^s]$", {"title": "New"}), ("details$", {"details": ("text",)})])
def test_both_kinds_of_conflict_are_stale(
    planner: PlannerWorld, writer: PlannerWriter, status: int, path: str, values: dict[str, Any]
) -> None:
    """Whether the version clashes or is no longer known, and although the code is empty."""
    record = one(writer, planner.add("Old"))
    fault(planner, "PATCH", path, status=status)
    assert list(writer.write([action("a", "update", values, record)])) == [Stale("a")]


def test_a_write_without_an_answer_in_it_reads_the_task(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """A service that overlooks the preference answers 204."""
    record = one(writer, planner.add("Old"))
    planner.world.control.add_rule({"kind": "status", "status": 204, "body": None}, "PATCH", part=True)
    (outcome,) = writer.write([action("a", "update", {"title": "New"}, record)])
    assert isinstance(outcome, Written)
    assert outcome.record == one(writer, record.id)


@pytest.mark.parametrize(("status", "kind"), [(500, Unknown), (400, Refused), (404, Stale)])
def test_every_answer_to_an_update_has_an_outcome(
    planner: PlannerWorld, writer: PlannerWriter, status: int, kind: type[object]
) -> None:
    """Lost after several tries, not accepted, gone."""
    record = one(writer, planner.add("Old"))
    body = {"error": {"code": "", "message": "Old", "innerError": {"request-id": "r"}}}
    planner.world.control.add_rule({"kind": "status", "status": status, "body": body}, "PATCH", part=True, count=0)
    (outcome,) = writer.write([action("a", "update", {"title": "New"}, record)])
    assert isinstance(outcome, kind)
    assert "Old" not in str(outcome)


def test_a_bucket_that_is_gone_refuses_the_update(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """The task stays where it is."""
    record = one(writer, planner.add("Old"))
    planner.planner.delete_bucket(planner.ids["other"])
    (outcome,) = writer.write([action("a", "move", {"bucket": planner.reference("other")}, record)])
    assert isinstance(outcome, Refused)
    assert "no longer exists" in outcome.reason
    assert planner.titles() == ["Old"]


def test_throttled_items_are_done_in_the_end(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """Of a batch only those that were refused are sent again, after the wait; nobody's task is made twice."""
    writer.collections(KIND)
    rule = {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}
    planner.world.control.add_rule(rule, "POST", "tasks$", part=True, count=3)
    acts = [action(f"a{n}", "create", planner.values(f"T{n:02}")) for n in range(25)]
    assert all(isinstance(outcome, Written) for outcome in writer.write(acts))
    assert planner.titles() == [f"T{n:02}" for n in range(25)]
    assert 7.0 in planner.world.waits.slept


def test_a_lost_lease_stops_before_the_next_request(planner: PlannerWorld, system: GraphSystem) -> None:
    """Between reading and writing another process took over."""
    record = one(system.writer(planner.space(), lambda: True), planner.add("Old"))  # type: ignore[arg-type]
    asked = iter([True] * 4)
    view = system.writer(planner.space(), lambda: next(asked, False))
    with pytest.raises(LeaseLost):
        list(view.write([action("a", "update", {"title": "New"}, record)]))
    assert planner.titles() == ["Old"]


def test_a_sign_in_that_ends_hands_the_writes_over(
    planner: PlannerWorld, writer: PlannerWriter, system: GraphSystem
) -> None:
    """Ann's is revoked between reading and writing: Bob writes, and Ann is reported."""
    record = one(writer, planner.add("Old"))
    planner.world.control.revoke_sign_in(ANN)
    assert written(writer, action("a", "update", {"title": "New"}, record)).values["title"] == "New"
    assert isinstance(system.troubles(planner.space())[planner.account(ANN)], SignInNeeded)


def test_a_service_that_is_down_leaves_the_rest_undone(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """What has no outcome was not done."""
    record = one(writer, planner.add("Old"))
    planner.world.control.add_rule({"kind": "status", "status": 503}, "POST", "batch$", count=0)
    with pytest.raises(Unavailable):
        list(writer.write([action("a", "update", {"title": "New"}, record)]))
    planner.world.control.reset("faults")
    assert planner.titles() == ["Old"]


# ---- deleting --------------------------------------------------------------------------------------------------


def test_a_deletion_is_done_at_its_version(planner: PlannerWorld, writer: PlannerWriter) -> None:
    """A task that went by itself has reached the same end."""
    kept, lost, gone = (one(writer, planner.add(title)) for title in ("Kept", "Lost", "Gone"))
    planner.planner.delete_task(gone.id)
    planner.planner.touch_task(kept.id)
    acts = [action(record.values["title"], "delete", {}, record) for record in (kept, lost, gone)]  # type: ignore[arg-type]
    outcomes = {o.action: o for o in writer.write(acts)}
    assert outcomes == {"Kept": Stale("Kept"), "Lost": Written("Lost", None), "Gone": Written("Gone", None)}
    assert [type(state) for state in writer.read(KIND, [lost.id])] == [Gone]
