"""People in Planner by the control routes; Planner in firm files, snapshots, faults, throttling and batches."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from graph_emulator.control_client import ControlClient, ControlError
from graph_emulator.firm import FirmError, load_firm
from graph_emulator.server import Emulator

ANN, BOB = "ann@firm.example", "bob@firm.example"
ANN_ID, BOB_ID = (f"00000000-0000-4000-8000-{number:012}" for number in (1, 2))
TENANT = {
    "tenantId": "11111111-2222-4333-8444-555555555555",
    "name": "Firm",
    "clientId": "aaaaaaaa-2222-4333-8444-555555555555",
    "users": [{"id": ANN_ID, "userPrincipalName": ANN}, {"id": BOB_ID, "userPrincipalName": BOB}],
}
GROUP_ID = "40000000-0000-4000-8000-000000000001"
PLANNER = {
    "groups": [{"id": GROUP_ID, "displayName": "Sales", "members": [ANN, BOB_ID], "owners": [ANN]}],
    "plans": [{"id": "p", "title": "Follow-ups", "container": {"containerId": GROUP_ID}}],
    "buckets": [{"id": "b", "name": "To do", "planId": "p"}],
    "tasks": [
        {
            "title": "Ring Zoë",
            "planId": "p",
            "bucketId": "b",
            "percentComplete": 100,
            "dueDateTime": "2026-11-23T12:00:00Z",
            "assignments": {BOB: {}},
            "createdBy": {"user": {"id": BOB_ID}},
            "details": {"description": "after noon", "checklist": {GROUP_ID: {"title": "number?"}}},
        },
        {"title": "Write", "planId": "p"},
    ],
}


@pytest.fixture
def files(tmp_path):
    """A firm's folder with a Planner file."""
    (tmp_path / "firm").mkdir()
    (tmp_path / "firm" / "tenant.json").write_text(json.dumps(TENANT), "utf-8")
    (tmp_path / "firm" / "planner.json").write_text(json.dumps(PLANNER), "utf-8")
    return tmp_path / "firm"


def test_people_edit_tasks_in_planner(board, control):
    """What a person changes shows in Graph with that person as the one who did it."""
    made = control.planner.create_task(board.plan_id, "Ring", by=BOB, bucketId=board.bucket_id)
    assert (made["createdBy"]["user"]["id"], made["bucketId"]) == (BOB_ID, board.bucket_id)
    control.planner.update_task(
        made["id"], BOB, title="Ring Zoë", percentComplete=100, dueDateTime="2026-11-23T12:00:00Z"
    )
    control.planner.assign(made["id"], BOB, by=ANN)
    control.planner.describe(made["id"], "after noon")
    task = board.task(made["id"])
    assert (task["title"], task["percentComplete"], task["dueDateTime"]) == ("Ring Zoë", 100, "2026-11-23T12:00:00Z")
    assert (task["completedBy"]["user"]["id"], task["hasDescription"]) == (BOB_ID, True)
    assert task["assignments"][BOB_ID]["assignedBy"]["user"]["id"] == ANN_ID
    assert board.details(made["id"])["description"] == "after noon"
    assert control.planner.unassign(made["id"], BOB)["assignments"] == {}
    assert control.planner.touch_task(made["id"])["@odata.etag"] > task["@odata.etag"]
    control.planner.delete_task(made["id"])
    assert board.graph("GET", f"/planner/tasks/{made['id']}").status_code == 404


def test_people_arrange_plans_and_buckets(board, control):
    """Plans and buckets that people rename and delete are so in Graph."""
    control.planner.rename_plan(board.plan_id, "Renamed")
    control.planner.rename_bucket(board.bucket_id, "Doing")
    assert board.graph.get(f"/planner/plans/{board.plan_id}")["title"] == "Renamed"
    assert board.graph.get(f"/planner/buckets/{board.bucket_id}")["name"] == "Doing"
    control.planner.delete_bucket(board.bucket_id)
    assert board.graph.get(f"/planner/plans/{board.plan_id}/buckets")["value"] == []
    control.planner.delete_plan(board.plan_id)
    assert control.planner.state()["plans"] == []


@pytest.mark.parametrize(
    ("action", "body", "message"),
    [
        ("nonsense", {}, "no edit 'nonsense'"),
        ("create_group", {"displayName": "x", "members": ["eve"]}, "no user 'eve'"),
        ("create_group", {"members": []}, "displayName is missing"),
        ("create_group", {"displayName": "x", "kind": "y"}, "group, roster"),
        ("delete_plan", {"plan": "x"}, "no plan 'x'"),
        ("update_task", {"task": "x"}, "no task 'x'"),
        ("state", {"tenant": "x"}, "no tenant 'x'"),
    ],
)
def test_edit_that_makes_no_sense_is_refused(control, action, body, message):
    """An edit that can't be made is refused with the reason."""
    with pytest.raises(ControlError, match=message):
        control.call("planner", action=action, **body)


def test_people_have_planners_own_limits(board, control):
    """People outside the group can't do anything, and values out of range are refused for people too."""
    task = control.planner.create_task(board.plan_id, "Ring")
    with pytest.raises(ControlError, match="percentComplete"):
        control.planner.update_task(task["id"], percentComplete=101)
    control.planner.remove_member(board.group_id, BOB)
    with pytest.raises(ControlError, match="not a member"):
        control.planner.update_task(task["id"], BOB, title="x")
    control.planner.remove_member(board.group_id, ANN)
    with pytest.raises(ControlError, match="no member"):
        control.planner.update_task(task["id"], title="x")


def test_3000_tasks_are_seeded_and_read_fast(board, control):
    """3,000 tasks with details and assignments are made in well under two seconds, and read in eight pages."""
    row = {"bucketId": board.bucket_id, "assignments": {BOB: {}}, "details": {"description": "x"}}
    began = time.perf_counter()
    ids = control.planner.create_tasks(board.plan_id, [{"title": f"T{number}", **row} for number in range(3000)])
    assert time.perf_counter() - began < 2 and len(set(ids)) == 3000
    control.reset("log")
    page = board.graph.get(f"/planner/plans/{board.plan_id}/tasks")
    while "@odata.nextLink" in page:
        page = board.graph.get(page["@odata.nextLink"])
    totals = control.totals()
    assert totals.requests == 8 and totals.busy_seconds < 1


def test_clock_drives_the_stamps(board, control):
    """The mailbox clock is on what is made: tasks, assignments and completion."""
    control.set_clock(instant="2031-05-06T07:00:00Z")
    typed = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    task = board.create(percentComplete=100, assignments={BOB_ID: typed})
    stamps = [task["createdDateTime"], task["completedDateTime"], task["assignments"][BOB_ID]["assignedDateTime"]]
    assert all(stamp.startswith("2031-05-06T07:00:0") for stamp in stamps)


def test_planner_file_becomes_a_planner(tmp_path, files):
    """Groups, plans, buckets and tasks of the file are there, ids of the file naming what belongs together."""
    with (
        Emulator.start(tmp_path / "e", files) as emulator,
        ControlClient(emulator.url, emulator.ca_file, emulator.control_key) as control,
    ):
        state = control.planner.state()
    (group,), (plan,), (bucket,), (ring, write) = (state[name] for name in ("groups", "plans", "buckets", "tasks"))
    assert (group["id"], group["members"], group["owners"]) == (GROUP_ID, [ANN_ID, BOB_ID], [ANN_ID])
    assert (plan["container"]["containerId"], bucket["planId"], ring["bucketId"]) == (
        GROUP_ID,
        plan["id"],
        bucket["id"],
    )
    assert (ring["createdBy"]["user"]["id"], list(ring["assignments"])) == (BOB_ID, [BOB_ID])
    assert ring["completedDateTime"] and ring["details"]["description"] == "after noon"
    assert [item["title"] for item in ring["details"]["checklist"].values()] == ["number?"]
    assert (write["title"], write["bucketId"]) == ("Write", None)


@pytest.mark.parametrize(
    ("kind", "row", "message"),
    [
        ("groups", {"displayName": "x", "members": ["eve@x.example"]}, "group 2: There is no user"),
        ("plans", {"title": "x", "owner": "nowhere"}, "plan 2: there is no group 'nowhere'"),
        ("buckets", {"planId": "p"}, "bucket 2: name is missing"),
        ("tasks", {"planId": "p", "title": "x", "priority": 11}, "task 3: .*priority"),
        ("tasks", {"planId": "p", "title": "x", "bucketId": "c"}, "task 3: there is no bucket 'c'"),
    ],
)
def test_bad_planner_files_are_named(tmp_path, files, kind, row, message):
    """A row that Planner can't hold is named with its place in the file."""
    data = {**PLANNER, kind: [*PLANNER[kind], row]}
    (files / "planner.json").write_text(json.dumps(data), "utf-8")
    with pytest.raises(FirmError, match=message):
        Emulator.prepare(tmp_path / "e", load_firm(files))


def test_snapshot_and_reset_include_planner(tmp_path, files):
    """A snapshot brings Planner back with old etags still known; a reset of mailboxes goes back to the file."""
    with (
        Emulator.start(tmp_path / "e", files) as emulator,
        ControlClient(emulator.url, emulator.ca_file, emulator.control_key) as control,
    ):
        first = control.planner.state()
        task = first["tasks"][1]
        control.planner.update_task(task["id"], title="Renamed", assignments={ANN: {}})
        state = control.planner.state()
        control.save()
    with (
        Emulator.start(tmp_path / "e", files, keep=True) as emulator,
        ControlClient(emulator.url, emulator.ca_file, emulator.control_key) as control,
    ):
        assert control.planner.state() == state
        planner = emulator.world.planners[TENANT["tenantId"]]
        version = planner.tasks[task["id"]].version
        assert version.seen(task["@odata.etag"], emulator.world.behaviour) == version.serials[0]
        assert [row.id for row in planner.tasks_of(ANN_ID)] == [task["id"]]
        assert control.planner.create_task(state["plans"][0]["id"], "x")["id"] not in {
            row["id"] for row in state["tasks"]
        }
        control.reset("mailboxes")
        assert [row["title"] for row in control.planner.state()["tasks"]] == ["Ring Zoë", "Write"]


def test_batch_carries_planner_calls_with_their_own_etags(board, control):
    """In a batch each part has its own If-Match and Prefer; details of several tasks come in one."""
    tasks = [board.create(f"T{number}") for number in range(3)]
    reads = [{"id": row["id"], "method": "GET", "url": f"/planner/tasks/{row['id']}/details"} for row in tasks]
    answers = {part["id"]: part for part in board.graph.batch(*reads).json()["responses"]}
    writes = [
        {
            "id": row["id"],
            "method": "PATCH",
            "url": f"/planner/tasks/{row['id']}/details",
            "headers": {
                "Content-Type": "application/json",
                "If-Match": (row if row is tasks[0] else answers[row["id"]]["body"])["@odata.etag"],
                "Prefer": "return=representation",
            },
            "body": {"description": row["title"]},
        }
        for row in tasks
    ]
    told = {part["id"]: part for part in board.graph.batch(*writes).json()["responses"]}
    assert [told[row["id"]]["status"] for row in tasks] == [412, 200, 200]
    assert told[tasks[2]["id"]]["body"]["description"] == "T2"


def test_lost_answer_of_a_create_leaves_a_task(board, control):
    """Trap 7: a POST whose answer is lost has made the task, and sending it again makes another."""
    control.add_rule({"kind": "drop_answer"}, "POST", "/planner/tasks$")
    body = {"planId": board.plan_id, "title": "Ring"}
    with pytest.raises(requests.ConnectionError):
        board.graph("POST", "/planner/tasks", body)
    board.create("Ring")
    assert [row["title"] for row in board.graph.get(f"/planner/plans/{board.plan_id}/tasks")["value"]] == [
        "Ring",
        "Ring",
    ]


def test_faults_and_the_log_apply_to_planner(board, control):
    """Rules answer in Planner's place, foreign links lead astray, and the log has who called what."""
    control.set_behaviour(planner_page=1)
    board.create(), board.create()
    path = f"/planner/plans/{board.plan_id}/tasks"
    control.reset("log")
    control.add_rule({"kind": "status", "status": 403, "code": "MaximumProjectsOwnedByUser"}, "GET", "/tasks$")
    assert board.graph("GET", path).json()["error"]["code"] == "MaximumProjectsOwnedByUser"
    control.add_rule({"kind": "foreign_link", "host": "evil.example"}, "GET", "/tasks$")
    assert board.graph.get(path)["@odata.nextLink"].startswith("https://evil.example/")
    assert [(row["path"], row["status"], row["mailbox"]) for row in control.log()] == [
        (f"/v1.0{path}", 403, ANN),
        (f"/v1.0{path}", 200, ANN),
    ]


def test_planner_is_throttled_apart_from_the_mailbox(board, control):
    """Limits count Planner's calls by themselves: Planner over its limit leaves contacts alone."""
    control.set_behaviour(requests_per_10_minutes=1)
    control.reset("throttle")
    assert board.graph("GET", "/me/planner/plans").status_code == 200
    refused = board.graph("GET", f"/planner/plans/{board.plan_id}")
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert board.graph("GET", "/me/contacts").status_code == 200


def test_racing_writers_meet_at_a_barrier(board, bob, control):
    """Two writers of one title under one etag: one gets 200, the other 409, whoever was first."""
    task = board.create()
    control.hold("PATCH", "/planner/tasks/", 2, seed=3)

    def write(graph, title):
        headers = {"If_Match": task["@odata.etag"], "Prefer": "return=representation"}
        return graph("PATCH", f"/planner/tasks/{task['id']}", {"title": title}, **headers)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(write, (board.graph, bob), ("Ann's", "Bob's")))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert board.task(task["id"])["title"] == winner.json()["title"]
