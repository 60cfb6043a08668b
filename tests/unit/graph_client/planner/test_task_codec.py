"""Between Planner's JSON and values: what is read, what is sent, and what is not even tried."""

from __future__ import annotations

import pytest

from engine.records import Reference, Value
from graph_client.answers import Json
from graph_client.fields import PLANNER_TASK, TASK_ROWS
from graph_client.planner.catalogue import Catalogue, Plan
from graph_client.planner.codec import Unfit, assigned, decode, described, encode, with_description

KNOWN = Catalogue(0, ("ann",), (Plan("p1", "Launch", ("ann",), (("b1", "To do"),)),))
ADDED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
ROW: dict[str, Json] = {
    "@odata.etag": 'W/"JzEt"', "id": "t1", "title": "Call", "planId": "p1", "bucketId": "b1", "percentComplete": 30,
    "priority": 0, "startDateTime": None, "dueDateTime": "2026-11-30T12:00:00.1234567Z", "completedDateTime": None,
    "createdDateTime": "2026-11-22T09:00:00Z", "createdBy": {"user": {"id": "ann"}}, "hasDescription": False,
    "assignments": {"bob": {"orderHint": "85x"}, "ann": {"orderHint": "86y"}, "gone": None},
    "orderHint": "8586", "conversationThreadId": None,
}  # fmt: skip


def test_a_row_is_read_by_the_field_table() -> None:
    """References carry the names people know; 30 stays 30; assignees are in a fixed order; details are not there."""
    record = decode(ROW, KNOWN)
    assert record is not None
    assert (record.id, record.version) == ("t1", 'W/"JzEt"')
    assert dict(record.values) == {
        "title": "Call", "plan": Reference("p1", "Launch"), "bucket": Reference("b1", "Launch / To do"),
        "percentComplete": 30, "priority": 0, "startDateTime": None, "dueDateTime": "2026-11-30T12:00:00Z",
        "completedDateTime": None, "createdDateTime": "2026-11-22T09:00:00Z", "createdBy": "ann",
        "assignments": ("ann", "bob"), "hasDescription": False,
    }  # fmt: skip


def test_the_schema_is_the_field_table() -> None:
    """Every row is a field, and the details are a part of their own."""
    assert [field.name for field in PLANNER_TASK.fields] == [row.name for row in TASK_ROWS]
    assert [field.name for field in PLANNER_TASK.fields if field.part] == ["details"]
    assert [field.name for field in PLANNER_TASK.fields if field.place] == ["bucket"]
    assert PLANNER_TASK.shared


@pytest.mark.parametrize(
    ("member", "raw"),
    [
        ("percentComplete", True), ("percentComplete", "30"), ("dueDateTime", "soon"), ("createdBy", {"user": None}),
        ("assignments", []), ("title", 7), ("bucketId", {}), ("hasDescription", "yes"),
    ],
)  # fmt: skip
def test_odd_members_count_as_empty(member: str, raw: Json) -> None:
    """Nothing but a missing id makes a row unreadable."""
    record = decode({"id": "t1", member: raw}, KNOWN)
    assert record is not None
    assert list(record.values.values()) == [None]
    assert decode({member: raw}, KNOWN) is None


def test_details_are_there_once_they_are_fetched() -> None:
    """A known lack of a description is an empty one; one that was read is its text."""
    record = decode(ROW, KNOWN)
    assert record is not None
    assert with_description(record, None).values["details"] == (None,)
    assert with_description(record, {"description": ""}).values["details"] == (None,)
    assert with_description(record, {"description": "line\r\nline"}).values["details"] == ("line\r\nline",)


def test_writes_name_what_changes_and_nothing_else() -> None:
    """Read-only fields, plan and details are not among the members; empty is sent as null."""
    values: dict[str, Value] = {
        "title": "New", "bucket": Reference("b1", "any"), "percentComplete": 50, "dueDateTime": None,
        "details": ("text",), "plan": Reference("p1", "Launch"), "hasDescription": True,
    }  # fmt: skip
    assert encode(values, ROW) == {"title": "New", "bucketId": "b1", "percentComplete": 50, "dueDateTime": None}


def test_assignments_are_merged() -> None:
    """Who comes is added with a type and a hint of ours, who goes is null, whoever stays is not named; no hint that was
    read goes back."""
    assert encode({"assignments": ("bob", "cleo")}, ROW) == {"assignments": {"cleo": ADDED, "ann": None}}
    assert encode({"assignments": None}, ROW) == {"assignments": {"ann": None, "bob": None}}
    assert encode({"assignments": ("bob", "ann")}, ROW) == {}


def test_twenty_may_be_assigned_and_no_more() -> None:
    """Planner's limit is told before anything is sent."""
    people = tuple(str(number) for number in range(21))
    assert len(assigned(people[:20], ())) == 20
    with pytest.raises(Unfit, match="more than 20 people"):
        assigned(people, ())


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"title": None}, "needs a title"), ({"title": "  "}, "needs a title"),
        ({"title": "x" * 256}, "longer than 255"),
        ({"startDateTime": "2026-12-01T08:00:00Z"}, "later than the due date"),
        ({"startDateTime": "2026-11-20T08:00:00Z", "dueDateTime": "2026-11-19T12:00:00Z"}, "later than the due date"),
    ],
)  # fmt: skip
def test_what_planner_would_refuse_is_not_sent(values: dict[str, Value], why: str) -> None:
    """The reason is plain, and quotes nothing; the due date that the task has counts too."""
    with pytest.raises(Unfit, match=why):
        encode(values, ROW)


def test_a_new_task_needs_a_title() -> None:
    """Also where the action does not speak of it."""
    with pytest.raises(Unfit, match="needs a title"):
        encode({"percentComplete": 0}, {})


def test_an_old_title_is_not_held_against_other_changes() -> None:
    """Only what is written is checked."""
    assert encode({"percentComplete": 0}, {"id": "t", "title": ""}) == {"percentComplete": 0}


def test_a_description_is_written_emptied_or_left_alone() -> None:
    """Three different things."""
    assert (described({"details": ("x",)}), described({"details": (None,)}), described({"details": None})) == (
        "x",
        "",
        "",
    )
    assert described({"title": "x"}) is None
