"""Tasks that are deleted, on either side, and plans and lists that go with all they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from board import DOING, IDEAS, MOVE, TO_DO, WEBSITE, Board, typed
from evidence import actions, writes
from installed import Installed

SHIPPED = "deleted in m365:     recreate in m365"
LISTS_ARE_READ_AGAIN = timedelta(minutes=61)


def pair(installed: Installed, board: Board, place: str = TO_DO, **values: str) -> tuple[str, str]:
    """A task that both sides have, called Call Ada; its ids in the CRM and in Planner."""
    crm_id = installed.task("Call Ada", **{"tasklist": place, "date_start": typed(3), **values})
    installed.sync("anna")
    return crm_id, str(board.of("Call Ada")["id"])


def test_D1_a_task_deleted_in_the_crm_is_removed_from_planner(installation: Installed, board: Board) -> None:
    """At the next tick, and only that one; the plan shows what goes and by which rule line."""
    crm_id, _ = pair(installation, board, users="ben")
    board.card("Another")
    installation.sync("anna")
    installation.delete_task(crm_id)
    plan = installation.plan("anna", kind="tasks")
    assert actions(plan) == [("delete", "m365", "Call Ada")]
    assert {"title", "bucket", "assignments"} <= {change["path"] for change in plan["actions"][0]["changes"]}
    assert plan["actions"][0]["rule"].startswith("tasks.rules:")
    installation.sync("ben")
    assert [card["title"] for card in board.cards()] == ["Another"]
    assert [task["subject"] for task in installation.tasks().values()] == ["Another"]


def test_D1_a_task_that_becomes_a_meeting_leaves_planner(installation: Installed, board: Board) -> None:
    """Its activity type is another one now: out of Planner, still in the CRM."""
    crm_id, _ = pair(installation, board)
    installation.edit_task(crm_id, activitytype="Meeting")
    assert installation.plan("anna", kind="tasks")["actions"][0]["reason"] == "not a task"
    installation.sync("anna")
    assert board.cards() == [] and installation.tasks()[crm_id]["activitytype"] == "Meeting"


def test_D2_a_task_deleted_in_planner_stays_and_is_written_again(installation: Installed, board: Board) -> None:
    """Once per deletion, with text, list and people, as a recreation named as such."""
    crm_id, card = pair(installation, board, DOING, users="ben", description="Ring her", taskstatus="On Hold")
    installation.sync("anna")
    board.planner.delete_task(card)
    plan = installation.plan("anna", kind="tasks")
    assert actions(plan) == [("recreate", "m365", "Call Ada")] and plan["actions"][0]["reason"] == "deleted there"
    installation.sync("anna")
    again = board.of("Call Ada")
    assert again["id"] != card and again["percentComplete"] == 50 and crm_id in installation.tasks()
    assert (board.place("Call Ada"), board.people("Call Ada"), board.text("Call Ada")) == (
        DOING, {"anna", "ben"}, "Ring her",
    )  # fmt: skip
    assert installation.sync("anna", "--exit-code").code == 0


def test_D2_a_task_that_no_listing_ever_showed_is_missed_within_the_hour(installation: Installed, board: Board) -> None:
    """Written by one tick and deleted before the next: it is in no page that was remembered, and is missed when the
    plan is listed as a whole again."""
    _, card = pair(installation, board)
    board.planner.delete_task(card)
    with time_machine.travel(datetime.now(UTC) + LISTS_ARE_READ_AGAIN):
        installation.sync("anna")
    assert board.of("Call Ada")["id"] != card


@pytest.mark.parametrize("what", ["the plan", "the list"])
def test_D2_tasks_of_a_deleted_plan_or_list_stay_in_the_crm(installation: Installed, board: Board, what: str) -> None:
    """There is nowhere to write them again: nothing is made elsewhere, nothing in the CRM is deleted, the reason is
    told; given another list they are in Planner again."""
    crm_id, _ = pair(installation, board, IDEAS)
    stays = installation.task("Stays", tasklist=TO_DO)
    installation.sync("anna")
    if what == "the plan":
        board.planner.delete_plan(board.plans[MOVE])
    else:
        board.planner.delete_bucket(board.buckets[IDEAS])
    for later, options in ((0, ()), (0, ()), (1, ()), (2, ("--full",))):
        with time_machine.travel(datetime.now(UTC) + later * LISTS_ARE_READ_AGAIN):
            installation.sync("anna", *options)
    assert [card["title"] for card in board.cards()] == ["Stays"]
    assert set(installation.tasks()) == {crm_id, stays}
    with time_machine.travel(datetime.now(UTC) + 2 * LISTS_ARE_READ_AGAIN):
        assert IDEAS not in installation.lists("anna")
        installation.edit_task(crm_id, tasklist=DOING)
        installation.sync("anna")
        installation.second_plan_is_empty()
    assert board.place("Call Ada") == DOING and len(board.cards()) == 2


def test_D2_a_plan_deleted_with_many_tasks_is_no_flood(installation: Installed, board: Board) -> None:
    """Thirty tasks go with their plan: the guard stops the tick that meets it; by the next one the lists are gone from
    the picklist too, so that nothing is to be written, and the CRM keeps all tasks."""
    for number in range(30):
        board.card(f"Card {number}", IDEAS)
    installation.sync("anna")
    assert len(installation.tasks()) == 30
    board.planner.delete_plan(board.plans[MOVE])
    assert "30 records made again in Microsoft 365: more than 10" in installation.sync("anna", code=1).err
    installation.control.reset("log")
    installation.sync("anna")
    assert writes(installation.control) == [] and len(installation.tasks()) == 30
    assert IDEAS not in installation.lists("anna")


def test_D3_a_rule_line_deletes_the_crm_task_as_well(installation: Installed, board: Board) -> None:
    """``deleted in m365: delete in crm``; a card that only nobody can read any more is none of these."""
    installation.edit_rules(SHIPPED, "deleted in m365:     delete in crm", "tasks.rules")
    crm_id, card = pair(installation, board)
    kept = installation.task("Of the other plan", tasklist=IDEAS)
    installation.sync("anna")
    board.planner.delete_task(card)
    for user in ("anna", "ben"):
        board.leave(user, MOVE)
    assert actions(installation.plan("anna", kind="tasks")) == [("delete", "crm", "Call Ada")]
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert set(installation.tasks()) == {kept} and crm_id != kept


def test_D3_a_rule_line_keeps_the_task_and_unlinks_it(installation: Installed, board: Board) -> None:
    """``deleted in m365: stop syncing``: later edits bring nothing back."""
    installation.edit_rules(SHIPPED, "deleted in m365:     stop syncing", "tasks.rules")
    crm_id, card = pair(installation, board)
    board.planner.delete_task(card)
    installation.sync("anna")
    installation.edit_task(crm_id, taskstatus="Done")
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert board.cards() == [] and installation.tasks()[crm_id]["taskstatus"] == "Done"


@pytest.mark.parametrize(
    ("policy", "tasks", "cards"), [("recreate in crm", 1, 1), ("stop syncing", 0, 1), ("delete in m365", 0, 0)]
)
def test_D3_a_rule_line_decides_about_tasks_deleted_in_the_crm(
    installation: Installed, board: Board, policy: str, tasks: int, cards: int
) -> None:
    """Made again from Planner, or left in Planner alone, or gone there too."""
    installation.edit_rules("deleted in crm:      delete in m365", f"deleted in crm:      {policy}", "tasks.rules")
    crm_id, _ = pair(installation, board)
    installation.delete_task(crm_id)
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert (len(installation.tasks()), len(board.cards())) == (tasks, cards)


def test_D2_a_whole_list_dragged_away_is_no_deletion(installation: Installed, board: Board) -> None:
    """What a colleague moves to another list of the plan follows in the CRM; nothing is made again."""
    pair(installation, board)
    card = board.of("Call Ada")["id"]
    board.edit(card, DOING)
    board.planner.delete_bucket(board.buckets[TO_DO])
    installation.sync("anna")
    assert [one["id"] for one in board.cards()] == [card] and board.place("Call Ada") == DOING
    assert installation.task_of("Call Ada")["tasklist"]["name"] == f"{WEBSITE} / Doing"
