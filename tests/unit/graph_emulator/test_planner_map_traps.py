"""Traps of Planner's open-type maps and order hints: assignments, checklist, references, categories, by plain HTTP."""

import pytest

ANN, BOB = "ann@firm.example", "bob@firm.example"
ANN_ID, BOB_ID = (f"00000000-0000-4000-8000-{number:012}" for number in (1, 2))
TYPED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
ITEM = {"@odata.type": "#microsoft.graph.plannerChecklistItem"}
LINK = {"@odata.type": "microsoft.graph.plannerExternalReference"}
DETAILS = "/details"


def key(number):
    return f"30000000-0000-4000-8000-{number:012}"


def test_assignments_merge_and_null_removes(board):
    """Assignments are a merge: a typed entry adds, null removes, whoever is absent stays assigned."""
    task = board.create(assignments={ANN_ID: TYPED})
    task = board.change(task, {"assignments": {BOB_ID: TYPED}})
    assert task["assignments"].keys() == {ANN_ID, BOB_ID}
    task = board.change(task, {"assignments": {ANN_ID: None}})
    assert task["assignments"].keys() == {BOB_ID}
    assert board.change(task, {"assignments": {ANN_ID: None}})["assignments"].keys() == {BOB_ID}
    assigned = task["assignments"][BOB_ID]
    assert assigned["@odata.type"] == "#microsoft.graph.plannerAssignment"
    assert assigned["assignedBy"]["user"]["id"] == ANN_ID and assigned["assignedDateTime"]


@pytest.mark.parametrize(
    "entry",
    [{}, {"orderHint": " !"}, {"@odata.type": TYPED["@odata.type"]}, {**ITEM, "orderHint": " !"}, {**TYPED, "x": 1}, 1],
)
def test_assignment_without_type_or_empty_is_400(board, entry):
    """An empty entry, one without @odata.type or orderHint, or of another type is 400, on create and on change."""
    task = board.create()
    assert board.patch(task, {"assignments": {BOB_ID: entry}}).status_code == 400
    body = {"planId": board.plan_id, "title": "x", "assignments": {BOB_ID: entry}}
    assert board.graph("POST", "/planner/tasks", body).status_code == 400
    assert board.task(task["id"])["assignments"] == {}


def test_assignment_of_a_stranger_is_400(board):
    """A key that is no user id, or of no user of the organisation, is 400."""
    task = board.create()
    for stranger in (BOB, key(9)):
        assert board.patch(task, {"assignments": {stranger: TYPED}}).status_code == 400


def test_order_hint_that_was_read_is_400_when_echoed(board):
    """Trap 34: the service computes order hints; one that was read is refused on the task, in maps and on buckets."""
    task = board.create(assignments={BOB_ID: TYPED})
    hint = task["assignments"][BOB_ID]["orderHint"]
    assert hint != " !"
    assert board.patch(task, {"orderHint": task["orderHint"]}).status_code == 400
    assert board.patch(task, {"assignments": {BOB_ID: {**TYPED, "orderHint": hint}}}).status_code == 400
    bucket = board.graph.get(f"/planner/buckets/{board.bucket_id}")
    echo = {"orderHint": bucket["orderHint"]}
    path = f"/planner/buckets/{board.bucket_id}"
    assert board.graph("PATCH", path, echo, If_Match=bucket["@odata.etag"]).status_code == 400


def test_order_hints_place_tasks(board):
    """` !` goes before everything older, `<hint> !` after a hint, `<hint> <hint>!` between two."""
    last, first = board.create(), board.create()
    assert first["orderHint"] < last["orderHint"]
    task = board.create(orderHint=f"{first['orderHint']} {last['orderHint']}!")
    assert first["orderHint"] < task["orderHint"] < last["orderHint"]
    task = board.change(task, {"orderHint": f"{last['orderHint']} !"})
    assert task["orderHint"] > last["orderHint"]
    between = board.change(last, {"orderHint": f"{first['orderHint']} {task['orderHint']}!"})
    assert first["orderHint"] < between["orderHint"] < task["orderHint"]
    turned = {"orderHint": f"{task['orderHint']} {first['orderHint']}!"}
    assert board.patch(task, turned).status_code == 400


def test_checklist_items_are_typed_counted_and_removed_by_null(board):
    """Checklist items need a GUID and a type; the task counts them, and null removes one."""
    task = board.create()
    items = {key(1): {**ITEM, "title": "Ring"}, key(2): {**ITEM, "title": "Write", "isChecked": True}}
    details = board.change(board.details(task["id"]), {"checklist": items}, DETAILS)
    assert [item["isChecked"] for item in details["checklist"].values()] == [False, True]
    assert all(item["lastModifiedDateTime"] and item["orderHint"] for item in details["checklist"].values())
    after = board.task(task["id"])
    assert (after["checklistItemCount"], after["activeChecklistItemCount"]) == (2, 1)
    assert after["@odata.etag"] > task["@odata.etag"]
    details = board.change(details, {"checklist": {key(1): None}}, DETAILS)
    assert details["checklist"].keys() == {key(2)}
    for bad in ({"no-guid": items[key(1)]}, {key(3): {}}, {key(3): {"title": "x"}}, {key(3): {**ITEM, "isChecked": 1}}):
        assert board.patch(details, {"checklist": bad}, DETAILS).status_code == 400


def test_checklist_item_loses_what_a_write_leaves_out_unless_set(board, control):
    """A checklist item written with isChecked alone has no title any more; by setting it keeps the title."""
    task = board.create()
    details = board.change(board.details(task["id"]), {"checklist": {key(1): {**ITEM, "title": "Ring"}}}, DETAILS)
    control.set_behaviour(planner_checklist_merges=True)
    details = board.change(details, {"checklist": {key(1): {**ITEM, "isChecked": True}}}, DETAILS)
    assert (details["checklist"][key(1)]["title"], details["checklist"][key(1)]["isChecked"]) == ("Ring", True)
    control.set_behaviour(planner_checklist_merges=False)
    details = board.change(details, {"checklist": {key(1): {**ITEM, "isChecked": True}}}, DETAILS)
    assert details["checklist"][key(1)]["title"] is None


def test_reference_keys_are_percent_encoded(board):
    """A reference's key is its URL with % . : @ # as percent codes; plain, or with half a code, it is 400."""
    task = board.create()
    details = board.details(task["id"])
    for bad in ("https://x.example", "https%3A//x.example", "https%3A//x%2Eexample/%2", "a@b", "a#b"):
        assert board.patch(details, {"references": {bad: {**LINK, "alias": "x"}}}, DETAILS).status_code == 400
    good = "https%3A//x%2Eexample/%25"
    details = board.change(details, {"references": {good: {**LINK, "alias": "Offer", "type": "Other"}}}, DETAILS)
    assert details["references"][good]["alias"] == "Offer"
    assert board.task(task["id"])["referenceCount"] == 1
    assert board.change(details, {"references": {good: None}}, DETAILS)["references"] == {}


def test_categories_are_set_by_true_and_cleared_by_false(board):
    """Categories 1 to 25 are set by true and cleared by false; absent ones stay, others are 400."""
    task = board.create(appliedCategories={"category1": True, "category25": True})
    task = board.change(task, {"appliedCategories": {"category1": False, "category3": True}})
    assert task["appliedCategories"] == {"category25": True, "category3": True}
    for bad in ({"category26": True}, {"category1": None}, {"red": True}, True):
        assert board.patch(task, {"appliedCategories": bad}).status_code == 400
