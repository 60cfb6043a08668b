"""Traps of Planner's etags: two for one task, old ones that still count, and the refusals, by plain HTTP."""

import json
import re

import pytest

ANN, BOB = "ann@firm.example", "bob@firm.example"
DETAILS = "/details"


def refusal(answer):
    """Status, code and message of a refusal."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_if_match_is_mandatory_on_every_write(board, method):
    """A PATCH or DELETE without If-Match is 412 with an empty code, for plans, buckets, tasks and details."""
    task = board.create()
    paths = [f"plans/{board.plan_id}", f"buckets/{board.bucket_id}", f"tasks/{task['id']}"]
    paths += [f"tasks/{task['id']}/details"] if method == "PATCH" else []
    for path in paths:
        status, code, message = refusal(board.graph(method, f"/planner/{path}", {"title": "x"}))
        assert (status, code) == (412, "") and "must be specified" in message
    assert board.task(task["id"]) == {**task, "@odata.context": board.task(task["id"])["@odata.context"]}


def test_task_etag_used_for_details_is_refused(board):
    """Trap 29: the task's etag on details, the details' on the task, or another task's: 412 "invalid value"."""
    task, other = board.create(), board.create()
    details = board.details(task["id"])
    assert details["@odata.etag"] != task["@odata.etag"]
    swapped = [
        board.patch(task, {"description": "x"}, DETAILS),
        board.patch(details, {"title": "x"}),
        board.patch({**task, "@odata.etag": other["@odata.etag"]}, {"title": "x"}),
    ]
    for answer in swapped:
        status, code, message = refusal(answer)
        assert (status, code) == (412, "") and "contains an invalid value" in message


@pytest.mark.parametrize("spoil", [lambda etag: etag.replace('"', '\\"'), lambda etag: etag[2:], lambda etag: "*"])
def test_etag_has_to_be_copied_byte_for_byte(board, control, spoil):
    """Trap 31: JSON's backslashes left in, the weak mark left out, or a star: refused with the status set for that."""
    task = board.create()
    bad = {**task, "@odata.etag": spoil(task["@odata.etag"])}
    assert refusal(board.patch(bad, {"title": "x"}))[:2] == (400, "")
    control.set_behaviour(planner_malformed_etag_status=412)
    status, _, message = refusal(board.patch(bad, {"title": "x"}))
    assert status == 412 and "contains an invalid value" in message


def test_etag_has_planners_form_and_backslashes_in_json(board):
    """An etag is weak, base64 that begins with JzEt, and its quotes are escaped in the JSON text."""
    task = board.create()
    text = board.graph("GET", f"/planner/tasks/{task['id']}").text
    assert re.fullmatch(r'W/"JzEt[A-Za-z0-9+/]+={0,2}"', task["@odata.etag"])
    assert json.dumps(task["@odata.etag"]) in text and '\\"' in text


def test_newer_etags_are_larger_in_ordinal_order(board):
    """Etags of one resource sort as texts in the order in which they were given."""
    task = board.create()
    etags = [task["@odata.etag"]]
    for number in range(40):
        task = board.change(task, {"title": f"T{number}"})
        etags.append(task["@odata.etag"])
    assert etags == sorted(set(etags))


def test_old_etag_counts_when_nothing_clashes(board, control):
    """A change under an old etag is accepted when other properties changed since, and nothing is lost."""
    task = board.create()
    control.planner.update_task(task["id"], title="renamed by a person")
    after = board.change(task, {"percentComplete": 30})
    assert (after["title"], after["percentComplete"]) == ("renamed by a person", 30)
    assert board.change(task, {"assignments": assignment(BOB)})["assignments"].keys() == {oid(BOB)}


def test_conflicting_change_under_an_old_etag_is_409(board, control):
    """A change under an old etag of what changed since is 409 and not applied; the same value again is none."""
    task = board.create()
    control.planner.update_task(task["id"], title="theirs")
    assert refusal(board.patch(task, {"title": "ours", "priority": 1}))[:2] == (409, "")
    assert board.task(task["id"])["priority"] == 5
    assert board.change(task, {"title": "theirs"})["title"] == "theirs"


def test_assignments_conflict_by_person(board, control):
    """Of a map only the same key clashes: Bob taken off by a person and put on again by us, not Ann put on."""
    task = board.create(assignments=assignment(BOB))
    control.planner.unassign(task["id"], BOB)
    control.planner.assign(task["id"], BOB)
    assert board.patch(task, {"assignments": {oid(BOB): None}}).status_code == 409
    assert board.patch(task, {"assignments": assignment(ANN)}).status_code == 200


def test_etag_too_old_to_be_known_is_412(board, control):
    """An etag that the service no longer knows is 412, even when nothing clashes."""
    control.set_behaviour(planner_etag_memory=2)
    first = board.create()
    second = board.change(first, {"title": "B"})
    board.change(second, {"title": "C"})
    assert board.patch(first, {"priority": 1}).status_code == 412
    assert board.patch(second, {"priority": 1}).status_code == 200


def test_first_description_moves_the_task_etag(board):
    """Trap 30: a description written for the first time moves the task's etag, so deleting with the old one is 409."""
    task = board.create()
    board.change({**board.details(task["id"])}, {"description": "Ring after noon"}, DETAILS)
    after = board.task(task["id"])
    assert (task["hasDescription"], after["hasDescription"]) == (False, True)
    assert after["@odata.etag"] > task["@odata.etag"]
    path = f"/planner/tasks/{task['id']}"
    assert refusal(board.graph("DELETE", path, If_Match=task["@odata.etag"]))[:2] == (409, "")
    assert board.graph("DELETE", path, If_Match=after["@odata.etag"]).status_code == 204
    assert board.graph("GET", path).status_code == 404


def test_description_edit_leaves_the_task_etag_alone_unless_set(board, control):
    """Another text for a description moves only the details' etag; by setting, the task's as well."""
    task = board.create()
    details = board.change(board.details(task["id"]), {"description": "one"}, DETAILS)
    before = board.task(task["id"])["@odata.etag"]
    details = board.change(details, {"description": "two"}, DETAILS)
    assert board.task(task["id"])["@odata.etag"] == before
    control.set_behaviour(planner_details_move_task=True)
    board.change(details, {"description": "three"}, DETAILS)
    assert board.task(task["id"])["@odata.etag"] > before


def test_task_write_leaves_the_details_etag_alone(board):
    """A change of the task doesn't move the details' etag."""
    task = board.create()
    before = board.details(task["id"])["@odata.etag"]
    board.change(task, {"title": "x"})
    assert board.details(task["id"])["@odata.etag"] == before


def test_patch_answers_without_a_body_unless_asked(board):
    """PATCH is 204 with no body; with Prefer return=representation it is 200 with the new state and etag."""
    task = board.create()
    silent = board.patch(task, {"title": "B"}, Prefer="")
    assert (silent.status_code, silent.content) == (204, b"")
    told = board.patch(task, {"priority": 1}, Prefer="return=representation, include-unknown-enum-members")
    assert told.status_code == 200 and told.json()["@odata.etag"] == board.task(task["id"])["@odata.etag"]
    assert "return=representation" in told.headers["Preference-Applied"]


def test_write_that_changes_nothing_moves_the_etag(board):
    """Trap 35: an own write comes back as another etag, even when it altered nothing."""
    task = board.create()
    assert board.change(task, {"title": task["title"]})["@odata.etag"] > task["@odata.etag"]


def test_error_codes_are_empty_unless_set(board, control):
    """Trap 32: the code of Planner's errors is the empty text; by setting it is not."""
    path = "/planner/tasks/" + "x" * 28
    assert refusal(board.graph("GET", path))[:2] == (404, "")
    control.set_behaviour(planner_code_empty=False)
    assert refusal(board.graph("GET", path))[:2] == (404, "NotFound")


def oid(upn):
    return f"00000000-0000-4000-8000-{(ANN, BOB).index(upn) + 1:012}"


def assignment(upn):
    return {oid(upn): {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}}
