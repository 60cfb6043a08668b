"""Tasks through the port: what is stored, what is refused, and what a list of Planner does to them."""

from __future__ import annotations

import pytest

from engine.port import Refused
from engine.records import Key, Record, Reference, Value
from tests.unit.crm.desk import Desk, change, creation

PLANNED = Reference("bucket-1", "Sales / To do", ("in_planner",))


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A CRM with three people, one list of its own and two of Planner's; what is looked at are tasks."""
    desk.kind = "Task"
    desk.people("anna", "bert", "carl")
    with desk.store.edit() as edit:
        edit.create_task_list("Back office", crm_id="50")
    desk.store.publish_task_lists({"anna": [("bucket-1", "Sales / To do"), ("bucket-2", "Sales / Done")]})
    return desk


def new(**values: Value) -> Record:
    return creation(kind="Task", **{"subject": "Call back", **values})


def test_a_new_task_has_what_rules_expect(desk: Desk) -> None:
    """Where nothing is said it is a task that has not started, assigned to whoever synced it, nobody else on it."""
    record = desk.written(new())
    told = ("activitytype", "subject", "taskstatus", "users", "assigned_user_id", "private", "tasklist", "date_start")
    assert [record.values[name] for name in told] == [
        "Task", "Call back", "Not Started", None, "anna", False, None, None,
    ]  # fmt: skip
    assert set(record.values) == {field.name for field in desk.system.schema("Task").fields}


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("subject", "  Żółć 🛥 ", "  Żółć 🛥 "),
        ("taskstatus", "Waiting for Ada", "Waiting for Ada"),
        ("taskstatus", "on hold", "On Hold"),
        ("taskstatus", None, "Not Started"),
        ("taskpriority", "HIGH", "High"),
        ("taskpriority", "Whenever", "Whenever"),
        ("taskpriority", "", None),
        ("activitytype", "call", "Call"),
        ("activitytype", None, "Task"),
        ("date_start", "2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z"),
        ("date_start", None, None),
        ("due_date", "2026-02-28", "2026-02-28"),
        ("description", "one\ntwo", "one\ntwo"),
        ("private", True, True),
        ("users", ("carl", "bert", "carl"), ("bert", "carl")),
        ("users", (), None),
        ("tasklist", Reference("bucket-1", "whatever it was called"), PLANNED),
        ("tasklist", Reference(None, "back  OFFICE"), Reference("50", "Back office")),
        ("tasklist", Reference(None, " "), None),
    ],
)
def test_values_come_back_as_they_are_kept(desk: Desk, path: str, value: Value, kept: Value) -> None:
    """Known choices in the spelling that rules know, others as they stand; users once each; lists by id or name."""
    record = desk.written(new(**{path: value}))
    assert record.values[path] == kept
    assert desk.see("anna", record.id) == record
    again = desk.written(change(record, **{path: value}))
    assert (again.version, again.values) == (record.version, record.values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"subject": None}, "a task needs a Subject"),
        ({"subject": ""}, "a task needs a Subject"),
        ({"subject": "x" * 256}, "Subject is longer than 255 characters"),
        ({"activitytype": "Party"}, "Activity Type must be one of: Task, Meeting, Call"),
        ({"taskstatus": "x" * 61}, "Status is longer than 60 characters"),
        ({"date_start": "2026-11-22"}, "Start Date & Time must be a date and time in the form yyyy-mm-ddThh:mm:ssZ"),
        ({"date_start": "2026-11-22T09:00:00"}, "Start Date & Time must be a date and time in the form"),
        ({"date_start": "2026-11-22T09:00:00+01:00"}, "Start Date & Time must be a date and time in the form"),
        ({"date_start": "2026-02-30T09:00:00Z"}, "Start Date & Time must be a date and time in the form"),
        ({"due_date": "tomorrow"}, "Due Date must be a date in the form yyyy-mm-dd"),
        ({"users": "bert"}, "Users must be a list"),
        ({"users": (Reference("bert", "bert"),)}, "Users must be text"),
        ({"users": ("bert", "zoe")}, "the CRM has no such user"),
        ({"assigned_user_id": "zoe"}, "the CRM has no such user"),
        ({"tasklist": Reference("bucket-9", "Sales / To do")}, "the CRM has no such task list"),
        ({"tasklist": Reference(None, "Sales / Nowhere")}, "the CRM has no such task list"),
        ({"tasklist": "Back office"}, "Task List must name other records"),
        ({"duration": "5"}, "the CRM has no field duration that can be written"),
    ],
)
def test_what_cannot_be_stored_is_refused(desk: Desk, values: dict[str, Value], reason: str) -> None:
    """Neither creation nor update does anything, and the other action of the batch is done."""
    record = desk.written(new(subject="Before"))
    bad, edit, good = new(**values), change(record, **values), new(subject="Good")
    outcomes = desk.write(bad, edit, good)
    assert all(isinstance(one, Refused) and one.reason.startswith(reason) for one in outcomes[:2]), outcomes
    assert desk.see("anna", record.id) == record
    assert sorted(str(one.values["subject"]) for one in desk.store.records("Task")) == ["Before", "Good"]


def test_a_task_without_subject_is_refused(desk: Desk) -> None:
    """Also when the action says nothing about it."""
    action = creation(kind="Task", taskstatus="Done")
    assert desk.write(action) == [Refused(action.id, "a task needs a Subject")]


def test_T15_the_modified_time_moves_only_with_a_change(desk: Desk) -> None:
    """Writing equal values, in whatever order the users are named, moves neither time nor version nor the head."""
    desk.now = 50
    values: dict[str, Value] = {"users": ("bert", "carl"), "tasklist": PLANNED, "date_start": "2026-11-22T09:00:00Z"}
    record = desk.written(new(**values))
    head, desk.now = desk.head(), 60
    same = desk.written(change(record, **{**values, "users": ("carl", "bert"), "subject": "Call back"}))
    assert (same.modified, same.version, desk.head()) == (50, record.version, head)
    edited = desk.written(change(same, users=("bert",)))
    assert (edited.modified, edited.version != record.version) == (60, True)


def test_users_who_come_and_go_are_a_change_of_the_task(desk: Desk) -> None:
    """The feed delivers it under a new version."""
    crm_id = desk.task(users=("bert",))
    for users in (("bert", "carl"), ("carl",), ()):
        since = desk.head()
        desk.edit(crm_id, users=users)
        assert desk.changed("anna", since) == [crm_id]
        desk.edit(crm_id, users=users)
    record = desk.store.record("Task", crm_id)
    assert record is not None
    assert (record.values["users"], record.version) == (None, "4")


def test_activities_of_every_type_are_delivered_as_tasks(desk: Desk) -> None:
    """A task that becomes a meeting is a change like any other: what it means is for the scope to say."""
    crm_id = desk.task()
    desk.task(activitytype="Call")
    since = desk.head()
    desk.edit(crm_id, activitytype="Meeting")
    assert desk.changed("anna", since) == [crm_id]
    assert len(desk.visible("anna")) == 2


def test_contacts_and_tasks_are_kept_apart(desk: Desk) -> None:
    """Equal ids, marks and shares of the two kinds have nothing to do with each other; nor have their deletions."""
    with desk.store.edit() as edit:
        for kind in ("Contact", "Task"):
            edit.create(kind, {"subject" if kind == "Task" else "lastname": "x", "assigned_user_id": "anna"}, "700")
        edit.share("Contact", "700", "user", "carl", "read")
    assert (desk.visible("carl"), desk.visible("anna")) == (set(), {"700"})
    since = desk.head()
    with desk.store.edit() as edit:
        edit.delete("Contact", "700")
    assert not any(page.records or page.gone for page in desk.round(since=since))
    assert desk.visible("anna") == {"700"}


def test_tasks_are_found_by_subject_and_by_the_day_of_their_start(desk: Desk) -> None:
    """A day is the span of instants that it lasts in somebody's zone; keys follow every change."""

    def found(subject: str, day: str, ignore_case: bool = True) -> list[str]:
        key = Key("k", (("subject", subject), ("date_start", day)), ignore_case)
        return sorted(crm_id for _, crm_id in desk.reader().find("Task", [key]))

    kiritimati = "2026-11-21T10:00:00Z/2026-11-22T10:00:00Z"
    early = desk.task(subject="Éclair", date_start="2026-11-21T10:00:00Z")
    late = desk.task(subject="ÉCLAIR", date_start="2026-11-22T09:59:59Z")
    desk.task(subject="Éclair", date_start="2026-11-22T10:00:00Z")
    desk.task(subject="Éclair")
    assert found("éclair", kiritimati) == [early, late]
    assert found("Éclair", kiritimati, ignore_case=False) == [early]
    desk.edit(late, subject="Tart", date_start="2026-12-01T00:00:00Z")
    assert found("éclair", kiritimati) == [early]
    assert found("tart", "2026-12-01T00:00:00Z/2026-12-02T00:00:00Z") == [late]
    assert found("éclair", "rubbish") == []


def test_a_task_list_is_looked_up_by_name_with_its_flag(desk: Desk) -> None:
    """Rules that name a list get every list called so."""
    with desk.store.edit() as edit:
        edit.create_task_list("Sales / Done", crm_id="51")
    found = desk.reader().names("TaskList", ["sales / done", "nobody"])
    assert dict(found) == {
        "sales / done": (Reference("51", "Sales / Done"), Reference("bucket-2", "Sales / Done", ("in_planner",)))
    }


def test_a_list_that_ends_leaves_its_tasks_without(desk: Desk) -> None:
    """Those of the CRM's own lists; the tasks come as changed."""
    crm_id = desk.task(tasklist=Reference("50", ""))
    since = desk.head()
    with desk.store.edit() as edit:
        edit.delete_task_list("50")
    assert desk.changed("anna", since) == [crm_id]
    record = desk.store.record("Task", crm_id)
    assert record is not None
    assert record.values["tasklist"] is None


def test_a_leaving_user_is_on_no_task_any_more(desk: Desk) -> None:
    """What was assigned to them goes to the heir; where they were one of the users they are left out."""
    own, others = desk.task("bert"), desk.task("anna", users=("bert", "carl"))
    since = desk.head("anna")
    with desk.store.edit() as edit:
        edit.delete_user("bert", heir="anna")
    assert sorted(desk.changed("anna", since)) == sorted([own, others])
    found = {record.id: record.values for record in desk.store.records("Task")}
    assert (found[own]["assigned_user_id"], found[others]["users"]) == ("anna", ("carl",))
