"""Traps of who may see and do what in Planner: members, premium plans, rosters, scopes, quotas, by plain HTTP."""

import pytest

from graph_emulator.identity import CONSUMERS

ANN, BOB = "ann@firm.example", "bob@firm.example"
ANN_ID, BOB_ID = (f"00000000-0000-4000-8000-{number:012}" for number in (1, 2))
TYPED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}


def refusal(answer):
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


def test_plan_is_there_for_members_of_its_group_only(board, bob, control):
    """Who leaves the group gets 403 for all in the plan, which is not 404: nothing is gone."""
    task = board.create(assignments={BOB_ID: TYPED})
    places = [f"/planner/tasks/{task['id']}", f"/planner/tasks/{task['id']}/details"]
    places += [f"/planner/plans/{board.plan_id}{more}" for more in ("", "/tasks", "/buckets")]
    places += [f"/planner/buckets/{board.bucket_id}", f"/groups/{board.group_id}/planner/plans"]
    assert {bob("GET", path).status_code for path in places} == {200}
    control.planner.remove_member(board.group_id, BOB)
    assert {refusal(bob("GET", path)) for path in places} == {(403, "")}
    assert refusal(bob("DELETE", places[0], If_Match=task["@odata.etag"])) == (403, "")
    assert bob.get("/me/planner/plans")["value"] == bob.get("/me/planner/tasks")["value"] == []
    assert board.task(task["id"])["assignments"].keys() == {BOB_ID}
    control.planner.add_member(board.group_id, BOB)
    assert [row["id"] for row in bob.get("/me/planner/tasks")["value"]] == [task["id"]]


def test_creator_of_a_plan_has_to_be_a_member(board, bob, control):
    """An owner who is no member can't make plans (403); a member can, and is its creator."""
    group = control.planner.create_group("Owned", [BOB], owners=[ANN])
    container = {"url": f"https://graph.microsoft.com/v1.0/groups/{group['id']}"}
    assert refusal(board.graph("POST", "/planner/plans", {"title": "P", "container": container})) == (403, "")
    for where in ({"container": container}, {"container": {"containerId": group["id"]}}, {"owner": group["id"]}):
        plan = bob.create("/planner/plans", title="P", **where)
        assert plan["container"]["containerId"] == plan["owner"] == group["id"]
        assert (plan["container"]["type"], plan["createdBy"]["user"]["id"]) == ("group", BOB_ID)
    for bad, status in (({"title": "P"}, 400), ({"owner": group["id"]}, 400), ({"title": "P", "owner": "x"}, 404)):
        assert bob("POST", "/planner/plans", bad).status_code == status


def test_deleting_a_group_deletes_plans_and_tasks(board, control):
    """When a group goes, its plans, buckets and tasks are 404."""
    task = board.create()
    control.planner.delete_group(board.group_id)
    for path in (f"plans/{board.plan_id}", f"buckets/{board.bucket_id}", f"tasks/{task['id']}"):
        assert refusal(board.graph("GET", f"/planner/{path}")) == (404, "")
    assert board.graph("GET", f"/groups/{board.group_id}").status_code == 404


def test_groups_show_members_and_owners(board, control):
    """A group is read with its members and owners, who need not be the same, and is among its members' groups."""
    control.planner.create_group("Others", [BOB], owners=[BOB])
    assert [row["displayName"] for row in board.graph.get("/groups")["value"]] == ["Sales", "Others"]
    assert [row["displayName"] for row in board.graph.get("/me/memberOf")["value"]] == ["Sales"]
    path = f"/groups/{board.group_id}"
    assert board.graph.get(path)["displayName"] == "Sales"
    assert [row["userPrincipalName"] for row in board.graph.get(f"{path}/members")["value"]] == [ANN, BOB]
    assert [row["id"] for row in board.graph.get(f"{path}/owners")["value"]] == [ANN_ID]
    assert [row["id"] for row in board.graph.get(f"{path}/planner/plans")["value"]] == [board.plan_id]


def test_premium_plans_are_hidden(board, control):
    """A plan turned premium is in no list and its contents answer as if gone, or 403 if set; people still have it."""
    task = board.create(assignments={ANN_ID: TYPED})
    control.planner.set_premium(board.plan_id, True)
    for path in ("/me/planner/plans", "/me/planner/tasks", f"/groups/{board.group_id}/planner/plans"):
        assert board.graph.get(path)["value"] == []
    for status in (404, 403):
        control.set_behaviour(planner_premium_status=status)
        for path in (f"plans/{board.plan_id}", f"tasks/{task['id']}", f"buckets/{board.bucket_id}"):
            assert refusal(board.graph("GET", f"/planner/{path}")) == (status, "")
    assert control.planner.update_task(task["id"], title="by a person")["title"] == "by a person"
    control.planner.set_premium(board.plan_id, False)
    assert board.task(task["id"])["title"] == "by a person"


def test_roster_is_an_unknown_container_unless_asked_for(board, control):
    """A plan in a roster has the container type unknownFutureValue unless the caller prefers unknown members."""
    roster = control.planner.create_group("Ad hoc", [ANN], kind="roster")
    plan = control.planner.create_plan(roster["id"], "Loose ends")
    path = f"/planner/plans/{plan['id']}"
    assert board.graph.get(path)["container"]["type"] == "unknownFutureValue"
    asked = board.graph.get(path, Prefer='include-unknown-enum-members, IdType="ImmutableId"')
    assert asked["container"]["type"] == "roster"
    kinds = [row["container"]["type"] for row in board.graph.get("/me/planner/plans")["value"]]
    assert kinds == ["group", "unknownFutureValue"]
    assert board.graph("GET", f"/groups/{roster['id']}").status_code == 404


def test_personal_accounts_are_refused(graph, control):
    """An account of the consumers' tenant is 403 on every Planner call, and its contacts work."""
    user = {"id": "00000000-0000-4000-8000-000000000009", "userPrincipalName": "me@home.example"}
    control.add_tenant({"tenantId": CONSUMERS, "clientId": "c", "users": [user]})
    header = f"Bearer {control.token('me@home.example')['access_token']}"
    for path in ("/me/planner/tasks", "/me/planner/plans", "/planner/tasks/" + "x" * 28, "/groups"):
        assert graph("GET", path, Authorization=header).status_code == 403
    assert graph("GET", "/me/contacts", Authorization=header).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "reads", "writes", "groups"),
    [
        (["Tasks.Read"], 200, 403, 403),
        (["Tasks.ReadWrite"], 200, 201, 403),
        (["Group.Read.All"], 200, 403, 200),
        (["Group.ReadWrite.All"], 200, 201, 200),
        (["Contacts.ReadWrite", "User.Read"], 403, 403, 403),
    ],
)
def test_planner_scopes_are_checked(board, control, scopes, reads, writes, groups):
    """Reading needs a tasks or groups scope, writing one of those that write, the directory one of groups."""
    header = f"Bearer {control.token(ANN, scopes)['access_token']}"
    body = {"planId": board.plan_id, "title": "x"}
    for path in (
        f"/planner/plans/{board.plan_id}/tasks",
        "/me/planner/plans",
        f"/groups/{board.group_id}/planner/plans",
    ):
        assert board.graph("GET", path, Authorization=header).status_code == reads
    assert board.graph("POST", "/planner/tasks", body, Authorization=header).status_code == writes
    for path in ("/groups", f"/groups/{board.group_id}/members", "/me/memberOf"):
        assert board.graph("GET", path, Authorization=header).status_code == groups


def test_other_organisations_see_nothing(board, graph, control):
    """Ids of another organisation's plans and groups are 404, another user's Planner is 403."""
    user = {"id": "00000000-0000-4000-8000-000000000008", "userPrincipalName": "eve@else.example"}
    control.add_tenant({"tenantId": "99999999-2222-4333-8444-555555555555", "clientId": "c", "users": [user]})
    header = f"Bearer {control.token('eve@else.example')['access_token']}"
    for path in (f"/planner/plans/{board.plan_id}", f"/groups/{board.group_id}"):
        assert graph("GET", path, Authorization=header).status_code == 404
    assert graph("GET", f"/users/{BOB_ID}/planner/tasks").status_code == 403


@pytest.mark.parametrize(
    ("setting", "code", "body"),
    [
        ("planner_tasks_in_plan", "MaximumTasksInProject", {}),
        ("planner_active_tasks_in_plan", "MaximumActiveTasksInProject", {}),
        ("planner_tasks_created_by_user", "MaximumTasksCreatedByUser", {}),
        ("planner_tasks_assigned_to_user", "MaximumTasksAssignedToUser", {"assignments": {BOB_ID: TYPED}}),
    ],
)
def test_quota_of_tasks_is_403_with_its_code(board, control, setting, code, body):
    """A task over a quota is 403 with the code that names the quota, and is not made."""
    control.set_behaviour(**{setting: 1})
    board.create(assignments={BOB_ID: TYPED})
    assert refusal(board.graph("POST", "/planner/tasks", {"planId": board.plan_id, "title": "x", **body})) == (
        403,
        code,
    )
    assert len(control.planner.state()["tasks"]) == 1


def test_quota_of_active_tasks_counts_reopening(board, control):
    """A completed task is beside the quota of active ones until it is opened again."""
    control.set_behaviour(planner_active_tasks_in_plan=1)
    task, done = board.create(), board.create(percentComplete=100)
    assert refusal(board.patch(done, {"percentComplete": 50})) == (403, "MaximumActiveTasksInProject")
    board.change(task, {"percentComplete": 100})
    assert board.change(done, {"percentComplete": 50})["percentComplete"] == 50


def test_twenty_assignees_are_the_most(graph, control):
    """Twenty people can be assigned; one more is 403 MaximumAssigneesInTasks, and nothing of that write is kept."""
    ids = [f"00000000-0000-4000-8000-0000000001{number:02}" for number in range(21)]
    users = [{"id": each, "userPrincipalName": f"u{each[-2:]}@big.example"} for each in ids]
    control.add_tenant({"tenantId": "77777777-2222-4333-8444-555555555555", "clientId": "c", "users": users})
    planner = control.planner_of("77777777-2222-4333-8444-555555555555")
    plan = planner.create_plan(planner.create_group("All", ids)["id"], "P")
    header = {"Authorization": f"Bearer {control.token('u00@big.example')['access_token']}"}
    body = {"planId": plan["id"], "title": "x", "assignments": dict.fromkeys(ids[:20], TYPED)}
    task = graph("POST", "/planner/tasks", body, **header).json()
    path, headers = f"/planner/tasks/{task['id']}", {**header, "If_Match": task["@odata.etag"]}
    more = graph("PATCH", path, {"title": "y", "assignments": {ids[20]: TYPED}}, **headers)
    assert refusal(more) == (403, "MaximumAssigneesInTasks")
    assert graph("GET", path, **header).json()["title"] == "x"
    swap = {"assignments": {ids[20]: TYPED, ids[0]: None}}
    assert graph("PATCH", path, swap, **headers).status_code == 204


@pytest.mark.parametrize(
    ("setting", "code", "name", "entry"),
    [
        (
            "planner_checklist_items_on_task",
            "MaximumChecklistItemsOnTask",
            "checklist",
            {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "x"},
        ),
        (
            "planner_references_on_task",
            "MaximumReferencesOnTask",
            "references",
            {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "x"},
        ),
    ],
)
def test_quota_of_details_is_403_with_its_code(board, control, setting, code, name, entry):
    """A checklist item or reference over its quota is 403 with the code, and the rest of that write is not kept."""
    control.set_behaviour(**{setting: 1})
    task = board.create()
    keys = [f"30000000-0000-4000-8000-{number:012}" for number in (1, 2)]
    details = board.change(board.details(task["id"]), {name: {keys[0]: entry}}, "/details")
    answer = board.patch(details, {"description": "x", name: {keys[1]: entry}}, "/details")
    assert refusal(answer) == (403, code)
    assert board.details(task["id"])["description"] == ""
    assert board.change(details, {name: {keys[0]: None, keys[1]: entry}}, "/details")[name].keys() == {keys[1]}


def test_quotas_of_plans_and_buckets_are_403_with_their_codes(board, control):
    """A plan or bucket over its quota is 403 with the code that names it; 0 means no limit."""
    control.set_behaviour(planner_plans_in_group=1, planner_buckets_in_plan=1)
    plan, bucket = {"title": "P", "owner": board.group_id}, {"name": "B", "planId": board.plan_id}
    assert refusal(board.graph("POST", "/planner/plans", plan)) == (403, "MaximumPlannerPlans")
    assert refusal(board.graph("POST", "/planner/buckets", bucket)) == (403, "MaximumBucketsInProject")
    control.set_behaviour(planner_plans_in_group=0, planner_buckets_in_plan=0)
    assert board.graph("POST", "/planner/plans", plan).status_code == 201
    assert board.graph("POST", "/planner/buckets", bucket).status_code == 201
