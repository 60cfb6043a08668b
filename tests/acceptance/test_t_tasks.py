"""Tasks and Planner: which way they travel, the lists they are in, and what is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from board import DOING, IDEAS, MOVE, TO_DO, WEBSITE, Board, in_days, typed
from evidence import actions, writes
from installed import Installed

LISTS_ARE_READ_AGAIN = timedelta(minutes=61)
"""Planner is asked for its plans and lists once an hour."""


def linked(installed: Installed, board: Board, **values: str) -> str:
    """A task that both sides have, called Call Ada; its CRM id."""
    crm_id = installed.task("Call Ada", tasklist=TO_DO, date_start=typed(3), **values)
    installed.sync("anna")
    assert board.place("Call Ada") == TO_DO
    return crm_id


# ---- T1: which way ---------------------------------------------------------------------------------------------------


def test_T1_a_new_crm_task_appears_in_planner(installation: Installed, board: Board) -> None:
    """The plan says so field by field, nothing is written before the sync; then the card has it all."""
    installation.task("Call Ada", tasklist=TO_DO, date_start=typed(3), taskstatus="In Progress", description="Ring her")
    plan = installation.plan("anna", kind="tasks")
    assert actions(plan) == [("create", "m365", "Call Ada")] and board.cards() == []
    shown = {change["path"]: change["rule"] for change in plan["actions"][0]["changes"]}
    assert set(shown) >= {"title", "percentComplete", "dueDateTime", "bucket", "assignments", "details.description"}
    assert all(rule.startswith("tasks.rules:") for rule in shown.values())
    assert "Done: 1 created in Microsoft 365." in installation.sync("anna").out
    card = board.of("Call Ada")
    assert (card["percentComplete"], card["dueDateTime"][:10]) == (50, in_days(3)[:10])
    assert (board.place("Call Ada"), board.people("Call Ada"), board.text("Call Ada")) == (TO_DO, {"anna"}, "Ring her")


def test_T1_a_new_planner_task_appears_in_the_crm(installation: Installed, board: Board) -> None:
    """As a task of the user it is assigned to, with every field that both sides hold."""
    board.card("Call Ada", DOING, text="Ring her", percentComplete=100)
    assert actions(installation.plan("anna", kind="tasks")) == [("create", "crm", "Call Ada")]
    installation.sync("anna")
    task = installation.task_of("Call Ada")
    assert (task["activitytype"], task["assigned_user_id"]) == ("Task", "anna")
    assert (task["taskstatus"], task["description"], task["tasklist"]["name"]) == ("Done", "Ring her", DOING)
    assert task["date_start"] == in_days(3, "09:00")


def test_T1_edits_travel_both_ways(installation: Installed, board: Board) -> None:
    """Subject, status, date, list and text, changed on one side and then on the other."""
    crm_id = linked(installation, board)
    installation.edit_task(crm_id, subject="Ring Ada", taskstatus="Done", date_start=typed(5), description="Twice")
    installation.sync("anna")
    card = board.of("Ring Ada")
    assert (card["percentComplete"], card["dueDateTime"][:10]) == (100, in_days(5)[:10])
    assert board.text("Ring Ada") == "Twice"
    board.edit(card["id"], DOING, title="See Ada", percentComplete=0, dueDateTime=in_days(6))
    board.planner.describe(card["id"], "In person")
    installation.sync("anna")
    task = installation.task_of("See Ada")
    assert (task["taskstatus"], task["date_start"], task["description"]) == (
        "Not Started", in_days(6, "09:00"), "In person",
    )  # fmt: skip
    assert task["tasklist"]["name"] == DOING and len(installation.tasks()) == len(board.cards()) == 1


@pytest.mark.parametrize("direction", ["to_m365", "to_crm", "off"])
def test_T1_a_one_way_direction_never_writes_its_source(installation: Installed, board: Board, direction: str) -> None:
    """New tasks, edits and deletions on both sides: only the other side is written, and contacts go on as they did."""
    for subject in ("Edited here", "Edited there", "Deleted here", "Deleted there"):
        installation.task(subject, tasklist=TO_DO, date_start=typed(3))
    installation.sync("anna")
    ids = {values["subject"]: id for id, values in installation.tasks().items()}
    installation.settings(kind="tasks", direction=direction)
    installation.task("New here", tasklist=TO_DO, date_start=typed(3))
    board.card("New there")
    installation.edit_task(ids["Edited here"], taskstatus="Done")
    board.edit(board.of("Edited there")["id"], percentComplete=100)
    installation.delete_task(ids["Deleted here"])
    board.planner.delete_task(board.of("Deleted there")["id"])
    crm, planner = installation.tasks(), board.planner.state()
    installation.control.reset("log")
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert (installation.tasks() == crm) is (direction != "to_crm")
    assert (board.planner.state() == planner) is (direction != "to_m365")
    assert bool(writes(installation.control)) is (direction == "to_m365")
    done = {values["subject"] for values in installation.tasks().values() if values["taskstatus"] == "Done"}
    assert done == ({"Edited here", "Edited there"} if direction == "to_crm" else {"Edited here"})


# ---- T2: the picklist ------------------------------------------------------------------------------------------------


def test_T2_each_user_can_choose_the_planner_lists_that_the_user_sees(installation: Installed, board: Board) -> None:
    """Beside the CRM's own values; Cara, who is not in the group of one plan, finds and may choose none of it."""
    installation.import_csv("tasklists.csv", [{"Task List": "Phone calls"}])
    own, of_all = {"Phone calls": "CRM"}, {TO_DO: "Planner", DOING: "Planner"}
    assert installation.lists("anna") == installation.lists("ben") == {**own, **of_all, IDEAS: "Planner"}
    assert installation.lists("cara") == {**own, **of_all}
    refused = installation.tandem("crm", "add", "--task", "subject=x", f"tasklist={IDEAS}", "--as", "cara", code=1)
    assert "cara sees no task list The move / Ideas" in refused.err


def test_T2_lists_follow_planner(installation: Installed, board: Board) -> None:
    """A plan and a bucket renamed, a new one, one deleted, somebody let into a group: within the hour the picklist and
    the tasks in those lists say the same, and nothing is written for it in Planner."""
    linked(installation, board)
    board.planner.rename_plan(board.plans[WEBSITE], "Web")
    board.planner.rename_bucket(board.buckets[TO_DO], "Next")
    board.planner.create_bucket(board.plans[WEBSITE], "Waiting")
    board.planner.delete_bucket(board.buckets[DOING])
    board.join("cara", MOVE)
    installation.control.reset("log")
    with time_machine.travel(datetime.now(UTC) + LISTS_ARE_READ_AGAIN):
        installation.sync("anna")
        lists = dict.fromkeys((IDEAS, "Web / Next", "Web / Waiting"), "Planner")
        assert installation.lists("anna") == installation.lists("cara") == lists
        assert installation.task_of("Call Ada")["tasklist"]["name"] == "Web / Next"
        installation.sync("anna")
    assert writes(installation.control) == []


def test_T2_a_list_that_is_new_is_known_with_its_first_card(installation: Installed, board: Board) -> None:
    """A card in a bucket, and one in a plan, that nobody has heard of: their tasks are in the right list at once."""
    board.add_bucket(f"{WEBSITE} / New")
    board.card("In a new bucket", f"{WEBSITE} / New")
    installation.sync("anna")
    assert installation.task_of("In a new bucket")["tasklist"]["name"] == f"{WEBSITE} / New"
    assert f"{WEBSITE} / New" in installation.lists("cara")


# ---- T3, T4, T5: lists and places ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [TO_DO, DOING, IDEAS])
def test_T3_the_list_chosen_in_the_crm_is_where_the_card_is_made(
    installation: Installed, board: Board, place: str
) -> None:
    """In each list of each plan."""
    installation.task("Call Ada", tasklist=place)
    installation.sync("anna")
    assert board.place("Call Ada") == place


def test_T3_a_task_without_a_planner_list_waits_for_the_default_list(installation: Installed, board: Board) -> None:
    """No list, or one of the CRM's own: it stays out with that reason; with a default list it goes there, and keeps its
    own list in the CRM."""
    installation.import_csv("tasklists.csv", [{"Task List": "Phone calls"}])
    installation.task("With an own list", tasklist="Phone calls")
    installation.task("Without a list")
    installation.sync("anna")
    assert board.cards() == []
    refused = installation.tandem("user", "set", "anna", "default_list", "The move / Idaes", code=1)
    assert "Did you mean “The move / Ideas”?" in refused.err
    installation.settings("anna", kind="tasks", default_list=IDEAS)
    installation.sync("anna")
    assert board.place("With an own list") == board.place("Without a list") == IDEAS
    assert installation.task_of("With an own list")["tasklist"]["name"] == "Phone calls"


def test_T4_a_task_born_in_planner_has_its_list(installation: Installed, board: Board) -> None:
    """Whichever list of whichever plan; dragged to another list there, the CRM's Task List follows."""
    for place in (TO_DO, DOING, IDEAS):
        board.card(place, place)
    installation.sync("anna")
    for place in (TO_DO, DOING, IDEAS):
        assert installation.task_of(place)["tasklist"] == {
            "id": board.buckets[place], "name": place, "flags": ["in_planner"],
        }  # fmt: skip
    board.edit(board.of(TO_DO)["id"], DOING)
    installation.sync("anna")
    assert installation.task_of(TO_DO)["tasklist"]["name"] == DOING


def test_T5_another_list_of_the_same_plan(installation: Installed, board: Board) -> None:
    """The card is dragged there: the same card, one change."""
    crm_id = linked(installation, board)
    card = board.of("Call Ada")["id"]
    installation.edit_task(crm_id, tasklist=DOING)
    plan = installation.plan("anna", kind="tasks")
    assert [one["path"] for one in plan["actions"][0]["changes"]] == ["bucket"]
    installation.sync("anna")
    assert (board.place("Call Ada"), board.of("Call Ada")["id"]) == (DOING, card)


def entries(card: dict[str, Any], name: str, *members: str) -> list[tuple[object, ...]]:
    """What a map of the details holds, without ids and places in an order."""
    return sorted(tuple(entry[member] for member in members) for entry in card["details"][name].values())


def test_T5_another_plan_is_one_move(installation: Installed, board: Board) -> None:
    """Made there with description, assignments, checklist and links, then removed here: one line in the plan, one
    creation and one deletion in Planner, and the pair goes on."""
    crm_id = linked(installation, board, users="ben", description="Ring her")
    before = board.of("Call Ada")
    checklist = {str(UUID(int=n)): {"title": f"Step {n}", "isChecked": n == 1} for n in (1, 2)}
    links = {"https%3A//engines%2Eexample": {"alias": "Engines", "type": "Other"}}
    board.edit(before["id"], details={"checklist": checklist, "references": links}, priority=1, percentComplete=30)
    installation.sync("anna")
    installation.edit_task(crm_id, tasklist=IDEAS)
    plan = installation.plan("anna", kind="tasks")
    assert actions(plan) == [("move", "m365", "Call Ada")]
    assert "1 to move in Microsoft 365" in plan["summary"]
    out = installation.tandem("plan", "--user", "anna").out
    assert "» move in m365" in out and f'"{TO_DO}" → "{IDEAS}"' in out
    installation.control.reset("log")
    assert "Done: 1 moved in Microsoft 365." in installation.sync("anna").out
    sent = [one.partition("/planner")[0].split()[0] for one in writes(installation.control)]
    assert (sent.count("POST"), sent.count("DELETE"), sent[-1]) == (1, 1, "DELETE")
    card = board.of("Call Ada")
    assert (board.place("Call Ada"), board.people("Call Ada"), board.text("Call Ada")) == (
        IDEAS, {"anna", "ben"}, "Ring her",
    )  # fmt: skip
    assert [card[name] for name in ("percentComplete", "priority")] == [30, 1] and card["id"] != before["id"]
    assert entries(card, "checklist", "title", "isChecked") == [("Step 1", True), ("Step 2", False)]
    assert entries(card, "references", "alias", "type") == [("Engines", "Other")]
    board.edit(card["id"], percentComplete=100)
    installation.sync("anna")
    assert [values["taskstatus"] for values in installation.tasks().values()] == ["Done"]


def test_T5_a_list_of_the_crm_s_own_moves_nothing(installation: Installed, board: Board) -> None:
    """A linked task that gets one stays where it is in Planner, and its later edits still travel."""
    installation.import_csv("tasklists.csv", [{"Task List": "Phone calls"}])
    installation.settings("anna", kind="tasks", default_list=IDEAS)
    crm_id = linked(installation, board)
    installation.edit_task(crm_id, tasklist="Phone calls", taskstatus="Done")
    installation.sync("anna")
    assert (board.place("Call Ada"), board.of("Call Ada")["percentComplete"]) == (TO_DO, 100)
    assert installation.tasks()[crm_id]["tasklist"]["name"] == "Phone calls"


# ---- T19: everything is read -----------------------------------------------------------------------------------------


def test_T19_every_task_of_every_list_is_read_and_filtered_here(installation: Installed, board: Board) -> None:
    """One request per plan for all its tasks; those assigned to nobody, to a colleague or far away are read too, and
    only those that the rules want reach the CRM."""
    board.card("Mine")
    board.card("Nobody's", to=())
    board.card("Cara's", DOING, to=("cara",))
    board.card("Far away", IDEAS, dueDateTime=in_days(500))
    installation.control.reset("log")
    out = installation.sync("anna").out
    listings = sorted(one["path"] for one in installation.control.log() if one["path"].endswith("/tasks"))
    assert listings == [f"/v1.0/planner/plans/{board.plans[plan]}/tasks" for plan in (WEBSITE, MOVE)]
    assert {task["subject"] for task in installation.tasks().values()} == {"Mine", "Cara's"}
    assert "2 to create in the CRM; 2 left alone" in out
    waiting = {one["title"]: one["reason"] for one in installation.held("--all")}
    assert set(waiting) == {"Nobody's", "Far away"}
    board.planner.assign(board.of("Nobody's")["id"], "ben@firm.example")
    installation.sync("anna")
    assert installation.task_of("Nobody's")["assigned_user_id"] == "ben"


def test_T19_more_tasks_than_one_page_holds(installation: Installed, board: Board) -> None:
    """Five pages are followed to the end; an unchanged plan costs one request a page and no other."""
    installation.control.set_behaviour(planner_page=10)
    board.planner.create_tasks(
        board.plans[WEBSITE],
        [{"title": f"Card {n}", "bucketId": board.buckets[TO_DO], "dueDateTime": in_days(3),
          "assignments": {"anna@firm.example": {}}} for n in range(45)],
    )  # fmt: skip
    installation.sync("anna")
    assert len(installation.tasks()) == 45
    installation.control.reset("log")
    installation.sync("anna")
    asked = [one["path"] for one in installation.control.log() if "/planner/" in one["path"]]
    assert len(asked) == 6
