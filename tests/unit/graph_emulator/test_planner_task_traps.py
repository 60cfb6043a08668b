"""Traps of Planner's tasks, plans and buckets: values, ids, places, lists, what is missing, by plain HTTP."""

import pytest

ANN, BOB = "ann@firm.example", "bob@firm.example"
ANN_ID, BOB_ID = (f"00000000-0000-4000-8000-{number:012}" for number in (1, 2))
NOON = "2026-11-23T12:00:00Z"


def test_title_is_required_and_at_most_255(board):
    """A task without a title, with an empty one or with more than 255 characters is 400, on create and on change."""
    for body in ({}, {"title": ""}, {"title": " "}, {"title": None}, {"title": "x" * 256}, {"title": 1}):
        assert board.graph("POST", "/planner/tasks", {"planId": board.plan_id, **body}).status_code == 400
    task = board.create("x" * 255)
    assert board.patch(task, {"title": ""}).status_code == 400
    assert board.patch(task, {"title": "x" * 256}).status_code == 400


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("percentComplete", [0, 1, 30, 50, 100], [-1, 101, 50.5, "50", True, None]),
        ("priority", [0, 1, 4, 9, 10], [-1, 11, "5", None]),
    ],
)
def test_numbers_have_their_range(board, name, good, bad):
    """percentComplete goes from 0 to 100 and priority from 0 to 10; every whole number between is kept as it is."""
    task = board.create()
    for value in good:
        task = board.change(task, {name: value})
        assert task[name] == value
    for value in bad:
        assert board.patch(task, {name: value}).status_code == 400


def test_100_percent_stamps_completion_and_leaving_it_clears(board, control):
    """100 stamps completedDateTime and completedBy; the same again keeps them, and any other number clears them."""
    control.set_clock(instant="2030-01-01T10:00:00Z")
    task = board.create()
    assert (task["completedDateTime"], task["completedBy"]) == (None, None)
    task = board.change(task, {"percentComplete": 100})
    assert task["completedDateTime"].startswith("2030-01-01T10:00:0")
    assert task["completedBy"]["user"]["id"] == ANN_ID
    assert board.change(task, {"percentComplete": 100})["completedDateTime"] == task["completedDateTime"]
    task = board.change(task, {"percentComplete": 99})
    assert (task["completedDateTime"], task["completedBy"]) == (None, None)
    assert board.create(percentComplete=100)["completedDateTime"]


def test_start_later_than_due_is_400(board):
    """A start after the due date is 400, also when only one of both is written; null clears."""
    task = board.create(startDateTime=NOON, dueDateTime=NOON)
    assert board.patch(task, {"dueDateTime": "2026-11-22T12:00:00Z"}).status_code == 400
    assert board.patch(task, {"startDateTime": "2026-11-24T12:00:00Z"}).status_code == 400
    task = board.change(task, {"dueDateTime": None})
    assert board.change(task, {"startDateTime": "2026-11-24T12:00:00Z"})["startDateTime"] == "2026-11-24T12:00:00Z"


def test_instants_come_back_in_utc(board):
    """Due dates are instants: another offset comes back in UTC, a bare date or a date that doesn't exist is 400."""
    assert board.create(dueDateTime="2026-11-23T12:30:00.1234567+02:00")["dueDateTime"] == "2026-11-23T10:30:00Z"
    task = board.create()
    for bad in ("2026-11-23", "2026-11-23T12:00:00", "2026-02-30T12:00:00Z", "tomorrow", 5):
        assert board.patch(task, {"dueDateTime": bad}).status_code == 400


def test_there_is_no_time_of_the_last_change(board):
    """Tasks, details, plans and buckets have no lastModifiedDateTime; createdDateTime has seven decimal places."""
    task = board.create()
    plan = board.graph.get(f"/planner/plans/{board.plan_id}")
    bucket = board.graph.get(f"/planner/buckets/{board.bucket_id}")
    for row in (task, board.details(task["id"]), plan, bucket):
        assert "lastModifiedDateTime" not in row
    assert len(task["createdDateTime"].partition(".")[2]) == len("1234567Z")


def test_lists_lack_the_description(board):
    """Trap 33: lists and tasks say only hasDescription; the text takes one more GET for each task."""
    task = board.create()
    board.change(board.details(task["id"]), {"description": "Ring after noon"}, "/details")
    (row,) = board.graph.get(f"/planner/plans/{board.plan_id}/tasks")["value"]
    assert row["hasDescription"] is True and "description" not in row and "details" not in row
    assert board.details(task["id"])["description"] == "Ring after noon"
    cleared = board.change(board.details(task["id"]), {"description": None}, "/details")
    assert cleared["description"] == "" and board.task(task["id"])["hasDescription"] is False


def test_creation_takes_no_details(board):
    """A description can't be sent with the task: details in a POST are 400, so creating is two calls."""
    for extra in ({"details": {"description": "x"}}, {"description": "x"}):
        body = {"planId": board.plan_id, "title": "x", **extra}
        assert board.graph("POST", "/planner/tasks", body).status_code == 400
    assert board.create()["hasDescription"] is False


@pytest.mark.parametrize(
    "body",
    [{"completedDateTime": NOON}, {"hasDescription": True}, {"createdDateTime": NOON}, {"id": "x"}, {"dueDate": NOON}],
)
def test_what_only_the_service_writes_is_400(board, body):
    """Read-only and unknown properties are refused; annotations are passed over."""
    task = board.create()
    assert board.patch(task, body).status_code == 400
    assert board.change(task, {"@odata.etag": "x", "title": "y"})["title"] == "y"


def test_ids_have_28_characters_and_mangled_ones_are_400(board):
    """Ids are 28 characters and case-sensitive: another length or character is 400, an unknown or re-cased one 404."""
    tasks = [board.create() for _ in range(30)]
    ids = [task["id"] for task in tasks]
    assert {len(each) for each in (*ids, board.plan_id, board.bucket_id)} == {28}
    assert len({each.lower() for each in ids}) < len(set(ids)) == 30
    for bad, status in ((ids[0][:-1], 400), (ids[0] + "A", 400), (ids[0][:-1] + "!", 400), ("x" * 28, 404)):
        assert board.graph("GET", f"/planner/tasks/{bad}").status_code == status
    assert board.graph("GET", f"/planner/tasks/{ids[0].swapcase()}").status_code == 404
    assert board.patch(tasks[0], {"bucketId": "short"}).status_code == 400


def test_bucket_has_to_be_of_the_tasks_plan(board, control):
    """An unknown bucket is 404, another plan's 400, on create and on change; a bucket of the plan is fine."""
    other = control.planner.create_plan(board.group_id, "Other")
    foreign = control.planner.create_bucket(other["id"], "Elsewhere")["id"]
    task = board.create()
    assert task["bucketId"] is None
    for bucket, status in ((foreign, 400), ("x" * 28, 404)):
        assert board.patch(task, {"bucketId": bucket}).status_code == status
        body = {"planId": board.plan_id, "title": "x", "bucketId": bucket}
        assert board.graph("POST", "/planner/tasks", body).status_code == status
    assert board.change(task, {"bucketId": board.bucket_id})["bucketId"] == board.bucket_id


def test_tasks_and_buckets_stay_in_their_plan(board, control):
    """A task or bucket can't be moved to another plan: PATCH of planId is 400, the same plan is no matter."""
    other = control.planner.create_plan(board.group_id, "Other")["id"]
    task, bucket = board.create(), board.graph.get(f"/planner/buckets/{board.bucket_id}")
    path = f"/planner/buckets/{board.bucket_id}"
    assert board.patch(task, {"planId": other}).status_code == 400
    assert board.graph("PATCH", path, {"planId": other}, If_Match=bucket["@odata.etag"]).status_code == 400
    assert board.change(task, {"planId": board.plan_id})["planId"] == board.plan_id


def test_buckets_are_made_renamed_and_deleted_with_their_tasks(board):
    """A bucket is listed with its tasks, changes its name, and takes its tasks with it when it is deleted."""
    bucket = board.graph.create("/planner/buckets", name="Later", planId=board.plan_id, orderHint=" !")
    task, kept = board.create(bucketId=bucket["id"]), board.create(bucketId=board.bucket_id)
    path = f"/planner/buckets/{bucket['id']}"
    assert [row["id"] for row in board.graph.get(f"{path}/tasks")["value"]] == [task["id"]]
    names = [row["name"] for row in board.graph.get(f"/planner/plans/{board.plan_id}/buckets")["value"]]
    assert names == ["To do", "Later"]
    told = board.graph(
        "PATCH", path, {"name": "Never"}, If_Match=bucket["@odata.etag"], Prefer="return=representation"
    ).json()
    assert told["name"] == "Never"
    assert board.graph("DELETE", path, If_Match=bucket["@odata.etag"]).status_code == 409
    assert board.graph("DELETE", path, If_Match=told["@odata.etag"]).status_code == 204
    assert board.graph("GET", path).status_code == 404
    assert board.graph("GET", f"/planner/tasks/{task['id']}").status_code == 404
    assert board.task(kept["id"])["id"] == kept["id"]
    for body in ({"planId": board.plan_id}, {"name": "x"}, {"name": "x", "planId": board.plan_id, "tasks": []}):
        assert board.graph("POST", "/planner/buckets", body).status_code == 400


def test_plan_is_renamed_and_deleted_with_all_in_it(board):
    """A plan changes its title under its own etag and takes buckets and tasks with it when it is deleted."""
    task = board.create(bucketId=board.bucket_id, assignments=assigned(ANN_ID))
    path = f"/planner/plans/{board.plan_id}"
    plan = board.graph.get(path)
    told = board.graph(
        "PATCH", path, {"title": "Renamed"}, If_Match=plan["@odata.etag"], Prefer="return=representation"
    ).json()
    assert told["title"] == "Renamed"
    assert board.graph("PATCH", path, {"title": "Again"}, If_Match=plan["@odata.etag"]).status_code == 409
    assert board.graph("DELETE", path, If_Match=plan["@odata.etag"]).status_code == 409
    assert board.graph("DELETE", path, If_Match=told["@odata.etag"]).status_code == 204
    for gone in (path, f"{path}/tasks", f"/planner/buckets/{board.bucket_id}", f"/planner/tasks/{task['id']}"):
        assert board.graph("GET", gone).status_code == 404
    assert board.graph.get("/me/planner/tasks")["value"] == []
    assert board.graph.get("/me/planner/plans")["value"] == []


def test_lists_come_in_pages_of_400_whatever_is_asked_for(board, control):
    """A list has pages of 400 with a nextLink; $top, $filter, $orderby, $select and maxpagesize have no effect."""
    control.planner.create_tasks(board.plan_id, [{"title": f"T{number}"} for number in range(801)])
    path = f"/planner/plans/{board.plan_id}/tasks"
    asked = "?$top=5&$filter=percentComplete eq 100&$orderby=title&$select=id"
    first = board.graph.get(path + asked, Prefer="odata.maxpagesize=7")
    assert len(first["value"]) == 400 and "title" in first["value"][0]
    sizes, titles, page = [], [], first
    while True:
        sizes.append(len(page["value"]))
        titles += [row["title"] for row in page["value"]]
        if "@odata.nextLink" not in page:
            break
        page = board.graph.get(page["@odata.nextLink"])
    assert sizes == [400, 400, 1] and len(set(titles)) == 801
    assert board.graph.get(path) == board.graph.get(path)


def test_deletion_during_the_walk_makes_a_task_vanish_from_the_list(board, control):
    """Pages go by position: a task deleted behind the reader hides another one, which a GET by id still finds."""
    control.set_behaviour(planner_page=2)
    ids = control.planner.create_tasks(board.plan_id, [{"title": f"T{number}"} for number in range(4)])
    first = board.graph.get(f"/planner/plans/{board.plan_id}/tasks")
    control.planner.delete_task(ids[0])
    second = board.graph.get(first["@odata.nextLink"])
    listed = [row["id"] for row in first["value"] + second["value"]]
    assert ids[2] not in listed and board.task(ids[2])["id"] == ids[2]
    mangled = first["@odata.nextLink"].replace("skiptoken=", "skiptoken=A")
    assert board.graph("GET", mangled).status_code == 400


def test_my_tasks_are_those_assigned_to_me(board, bob, control):
    """`/me/planner/tasks` holds what is assigned to me: a task missing there may be unassigned and not deleted."""
    mine, theirs = board.create(assignments=assigned(ANN_ID)), board.create(assignments=assigned(BOB_ID))
    board.create()
    assert [row["id"] for row in board.graph.get("/me/planner/tasks")["value"]] == [mine["id"]]
    assert [row["id"] for row in bob.get("/me/planner/tasks")["value"]] == [theirs["id"]]
    control.planner.unassign(mine["id"], ANN)
    assert board.graph.get("/me/planner/tasks")["value"] == []
    assert board.task(mine["id"])["title"] == mine["title"]
    assert [row["id"] for row in board.graph.get(f"/users/{ANN_ID}/planner/plans")["value"]] == [board.plan_id]


@pytest.mark.parametrize(
    "path",
    ["/planner/tasks/delta", "/me/planner/all/delta", "/me/planner/tasks/delta", "/planner/plans/{}/tasks/delta"],
)
def test_there_is_no_delta(board, path):
    """Planner has no delta in v1.0: every form of it is refused, and no list has a deltaLink."""
    assert board.graph("GET", path.format(board.plan_id)).status_code in (400, 404)
    assert "@odata.deltaLink" not in board.graph.get(f"/planner/plans/{board.plan_id}/tasks")


def test_there_are_no_change_notifications(board):
    """A subscription to a plan's tasks is refused."""
    body = {
        "changeType": "updated",
        "resource": f"/planner/plans/{board.plan_id}/tasks",
        "notificationUrl": "https://x",
    }
    assert board.graph("POST", "/subscriptions", body).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/planner", 400),
        ("GET", "/planner/tasks", 405),
        ("PUT", "/planner/plans/{}", 405),
        ("POST", "/planner/plans/{}/tasks", 405),
        ("GET", "/planner/plans/{}/nonsense", 400),
        ("GET", "/planner/plans/{}/tasks/more", 400),
        ("GET", "/me/planner/buckets", 400),
        ("GET", "/groups/x/planner/plans", 404),
        ("POST", "/groups", 405),
    ],
)
def test_paths_that_lead_nowhere(board, method, path, status):
    """What Planner doesn't have is refused as Graph does."""
    assert board.graph(method, path.format(board.plan_id), {}).status_code == status


def assigned(user_id):
    return {user_id: {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}}
