"""Tasks that can't be what Planner or the CRM asks for: each is held or handled with a reason, and all others go on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
import time_machine
from board import DOING, IDEAS, MOVE, TO_DO, WEBSITE, Board, in_days, typed
from evidence import actions, writes
from installed import Installed, upn
from wrong import told

LISTS_ARE_READ_AGAIN = timedelta(minutes=61)


def linked(installed: Installed, board: Board, place: str = TO_DO, **values: str) -> str:
    """A task that both sides have, called Call Ada; its CRM id."""
    crm_id = installed.task("Call Ada", tasklist=place, date_start=typed(3), **values)
    installed.sync("anna")
    assert board.place("Call Ada") == place
    return crm_id


# ---- what people type ------------------------------------------------------------------------------------------------


NONSENSE: Final = (
    (("subject=",), ("A task needs a Subject",)),
    (("description=no subject",), ("A task needs a Subject",)),
    (("subject=x", "date_start=tomorrow"), ("Start Date & Time must be a date and time such as",)),
    (("subject=x", "date_start=2026-02-30 09:00"), ("Start Date & Time must be a date and time such as",)),
    (("subject=x", "tasklist=Website / To dou"), ("no task list Website / To dou", "mean “Website / To do”")),
    (("subject=x", "users=cara; been"), ("no user been", "Did you mean “ben”")),
    (("subject=x", "assigned_user_id=nobody"), ("no user nobody",)),
    (("subject=x", "activitytype=Tsk"), ("Activity Type must be one of: Task, Meeting, Call",)),
    (("subject=" + "x" * 256,), ("Subject is longer than 255 characters",)),
    (("subject=x", "titel=y"), ("no field titel",)),
)


def test_a_task_that_makes_no_sense_is_refused(installation: Installed, board: Board) -> None:
    """Without a title, with a day, a list, a user or a type that there is none of: one message that says what to do;
    nothing is stored."""
    for words, says in NONSENSE:
        told(installation.tandem("crm", "add", "--task", *words, code=1), says)
    assert installation.tasks() == {} and board.cards() == []


# ---- what the CRM holds and Planner refuses --------------------------------------------------------------------------


def test_more_people_than_planner_allows_are_held(installation: Installed, board: Board) -> None:
    """A new task, and an edit of one that is full: held with that reason, nothing is half written; with fewer people
    both go there."""
    installation.control.set_behaviour(planner_assignees_on_task=2)
    linked_id = linked(installation, board, users="ben")
    installation.edit_task(linked_id, users="ben; cara", taskstatus="Done")
    crm_id = installation.task("For all", tasklist=TO_DO, users="ben; cara")
    assert "more people are assigned than Planner allows" in installation.sync("anna").out
    assert len(board.cards()) == 1 and board.of("Call Ada")["percentComplete"] == 0
    assert sorted(one["title"] for one in installation.held()) == ["Call Ada", "For all"]
    for one in (linked_id, crm_id):
        installation.edit_task(one, users="ben")
    installation.sync("anna")
    assert board.people("For all") == board.people("Call Ada") == {"anna", "ben"} and installation.held() == []
    assert board.of("Call Ada")["percentComplete"] == 100


LIMITS: Final[Mapping[str, str]] = {
    "planner_tasks_in_plan": "the plan holds as many tasks as Planner allows",
    "planner_active_tasks_in_plan": "the plan holds as many open tasks as Planner allows",
    "planner_tasks_assigned_to_user": "a person it is assigned to has as many tasks as Planner allows",
    "planner_tasks_created_by_user": "the account that writes has created as many tasks as Planner allows",
}


def test_a_quota_of_planner_is_named(installation: Installed, board: Board) -> None:
    """The second task is one too many, in a plan, of a person or an account: held with that reason; when there is room
    again, it goes there."""
    for number, (limit, reason) in enumerate(LIMITS.items()):
        installation.control.set_behaviour(**{limit: 1})
        first = installation.task("First", tasklist=TO_DO)
        installation.sync("anna")
        second = installation.task(f"Second {number}", tasklist=TO_DO)
        installation.sync("anna")
        (held,) = installation.held()
        assert held["title"] == f"Second {number}" and reason in held["reason"]
        installation.delete_task(first)
        installation.sync("anna")
        installation.sync("anna", "--full")
        assert [card["title"] for card in board.cards()] == [f"Second {number}"] and installation.held() == []
        installation.delete_task(second)
        installation.sync("anna")
        installation.control.reset("behaviour")


def test_a_due_date_before_planner_s_start_is_held(installation: Installed, board: Board) -> None:
    """People gave the card a start in Planner, the CRM task is moved before it: held with the reason, nothing written;
    with a later date it travels. A due date that the CRM has of its own is no matter of Planner's."""
    crm_id = linked(installation, board, due_date=typed(1)[:10])
    board.edit(board.of("Call Ada")["id"], startDateTime=in_days(2))
    installation.sync("anna")
    installation.edit_task(crm_id, date_start=typed(1), taskstatus="Done")
    installation.sync("anna")
    assert board.of("Call Ada")["dueDateTime"] == in_days(3) and board.of("Call Ada")["percentComplete"] == 0
    (held,) = installation.held()
    assert held["reason"] == "the start is later than the due date"
    installation.edit_task(crm_id, date_start=typed(4))
    installation.sync("anna")
    assert board.of("Call Ada")["dueDateTime"][:10] == in_days(4)[:10] and installation.held() == []


def test_a_text_longer_than_the_crm_holds_is_told(installation: Installed, board: Board) -> None:
    """Planner's description does not fit: it is not cut, the rest of the card is there, and the reason is named."""
    board.card("Long", text="x" * 70_000)
    board.card("Short", text="x")
    installation.sync("anna")
    assert installation.task_of("Short")["description"] == "x"
    (held,) = installation.held()
    assert held["title"] == "Long" and "65,535" in held["reason"].replace("65535", "65,535")
    board.planner.describe(board.of("Long")["id"], "shorter")
    with time_machine.travel(datetime.now(UTC) + LISTS_ARE_READ_AGAIN):
        installation.sync("anna")
        assert installation.task_of("Long")["description"] == "shorter" and installation.held() == []


# ---- lists that are not there ----------------------------------------------------------------------------------------


def test_a_list_that_went_while_nobody_looked_refuses_the_write(installation: Installed, board: Board) -> None:
    """A task for a bucket that was just deleted, and another moved into it: told and left where they are, made nowhere
    else; another list chosen, and they go there."""
    moved = linked(installation, board)
    board.planner.delete_bucket(board.buckets[DOING])
    new = installation.task("New", tasklist=DOING)
    installation.edit_task(moved, tasklist=DOING, taskstatus="Done")
    out = installation.sync("anna").out
    assert out.count("! not written") == 2 and "the Planner list no longer exists" in out
    assert board.place("Call Ada") == TO_DO and len(board.cards()) == 1
    for crm_id in (moved, new):
        installation.edit_task(crm_id, tasklist=IDEAS)
    installation.sync("anna")
    assert board.place("Call Ada") == board.place("New") == IDEAS
    assert board.of("Call Ada")["percentComplete"] == 100 and installation.held() == []


def test_a_default_list_that_went_is_named(installation: Installed, board: Board) -> None:
    """The setting names a list that was deleted: the task waits with that reason until the setting names another."""
    installation.settings("anna", kind="tasks", default_list=DOING)
    board.planner.delete_bucket(board.buckets[DOING])
    with time_machine.travel(datetime.now(UTC) + LISTS_ARE_READ_AGAIN):
        installation.sync("anna")
        installation.task("Somewhere")
        (refusal,) = installation.plan("anna", kind="tasks")["not_done"]
        assert "the setting default_list: not one of Planner's lists" in refusal["reason"]
        installation.sync("anna")
        assert board.cards() == []
        installation.settings("anna", kind="tasks", default_list=IDEAS)
        installation.sync("anna")
        assert board.place("Somewhere") == IDEAS
        installation.second_plan_is_empty()


def test_a_plan_deleted_while_tasks_are_on_their_way(installation: Installed, board: Board) -> None:
    """New tasks and moves into it, edits of what it held: nothing of the CRM is lost, nothing is written elsewhere, and
    the other plan goes on."""
    inside = linked(installation, board, IDEAS)
    moving = installation.task("Moving", tasklist=TO_DO, date_start=typed(3))
    installation.sync("anna")
    installation.edit_task(inside, taskstatus="Done")
    installation.edit_task(moving, tasklist=IDEAS)
    new = installation.task("New", tasklist=IDEAS)
    board.card("Of the other plan")
    board.planner.delete_plan(board.plans[MOVE])
    installation.sync("anna")
    installation.sync("anna")
    assert {card["title"] for card in board.cards()} == {"Moving", "Of the other plan"}
    assert {inside, moving, new} < set(installation.tasks()) and installation.task_of("Of the other plan")
    for crm_id in (inside, moving, new):
        installation.edit_task(crm_id, tasklist=DOING)
    installation.sync("anna")
    assert {board.place(title) for title in ("Call Ada", "Moving", "New")} == {DOING}
    assert board.of("Call Ada")["percentComplete"] == 100


@pytest.mark.parametrize("status", [404, 403])
def test_a_plan_that_becomes_premium_is_out_of_reach_and_nothing_is_lost(
    installation: Installed, board: Board, status: int
) -> None:
    """The API hides it, as gone or as forbidden: the CRM keeps its tasks, nothing is made elsewhere, its lists leave
    the picklist; a basic plan again, both sides go on with the very same cards."""
    installation.control.set_behaviour(planner_premium_status=status)
    crm_id = linked(installation, board, IDEAS)
    card = board.of("Call Ada")["id"]
    board.planner.set_premium(board.plans[MOVE], True)
    installation.edit_task(crm_id, taskstatus="Done")
    installation.control.reset("log")
    for later in (0, 1, 2):
        with time_machine.travel(datetime.now(UTC) + later * LISTS_ARE_READ_AGAIN):
            installation.sync("anna")
    with time_machine.travel(datetime.now(UTC) + 2 * LISTS_ARE_READ_AGAIN):
        installation.sync("anna", "--full")
        assert set(installation.lists("anna")) == {TO_DO, DOING}
    assert writes(installation.control) == [] and set(installation.tasks()) == {crm_id}
    board.planner.set_premium(board.plans[MOVE], False)
    with time_machine.travel(datetime.now(UTC) + 3 * LISTS_ARE_READ_AGAIN):
        installation.sync("anna")
        installation.sync("anna")
        assert [one["id"] for one in board.cards()] == [card]
        assert board.of("Call Ada")["percentComplete"] == 100
        installation.second_plan_is_empty()


def test_premium_plans_are_not_offered(installation: Installed, board: Board) -> None:
    """A plan that is premium from the beginning has no lists to choose from and no tasks to read."""
    board.add_plan("Premium", WEBSITE)
    board.add_bucket("Premium / Hidden")
    board.planner.create_task(board.plans["Premium"], "Hidden", assignments={upn("anna"): {}})
    board.planner.set_premium(board.plans["Premium"], True)
    with time_machine.travel(datetime.now(UTC) + LISTS_ARE_READ_AGAIN):
        installation.sync("anna")
    assert "Premium / Hidden" not in installation.lists() and installation.tasks() == {}


# ---- what a person has to decide -------------------------------------------------------------------------------------


def test_several_crm_tasks_that_a_card_could_be_are_held_until_a_person_decides(
    installation: Installed, board: Board
) -> None:
    """Same title, same day: none is linked or doubled; ``held`` names them, and one is chosen."""
    installation.settings(kind="tasks", direction="off")
    ids = [
        installation.task("Weekly call", tasklist=TO_DO, date_start=typed(3), taskstatus=status)
        for status in ("Done", "On Hold")
    ]
    card = board.card("Weekly call")
    installation.settings(kind="tasks", direction="both")
    installation.sync("anna")
    (held,) = installation.held()
    assert (held["reason"], sorted(held["candidates"])) == ("2 CRM records match", sorted(ids))
    out = installation.tandem("held").out
    assert all(f"CRM {crm_id}  Weekly call" in out for crm_id in ids) and "On Hold" in out
    answer = installation.tandem("held", "settle", held["id"], "--link", "999999", code=1).err
    assert "no task 999999" in answer
    installation.tandem("held", "settle", held["id"], "--link", ids[1])
    installation.sync("anna")
    assert installation.held() == [] and len(installation.tasks()) == 2
    assert board.planner.task(card)["percentComplete"] == 50, "the CRM's status counts"
    assert sorted(one["percentComplete"] for one in board.cards()) == [50, 100], "the other one has a card of its own"


def test_a_plan_stopped_by_the_guard_is_confirmed(installation: Installed, board: Board) -> None:
    """More deletions in Planner than the guard allows wait for a person, who confirms that very plan; mailboxes are
    synced meanwhile."""
    ids = [installation.task(f"Task {number}", tasklist=TO_DO, date_start=typed(3)) for number in range(12)]
    installation.sync("anna")
    for crm_id in ids:
        installation.delete_task(crm_id)
    installation.person(firstname="Ada", lastname="Lovelace")
    ran = installation.sync("anna", code=1)
    assert "12 deletions in Microsoft 365: more than 10 (12 linked records here)" in ran.err
    assert len(board.cards()) == 12 and installation.card_of("anna", "Lovelace")
    digest = installation.plan("anna", kind="tasks")["digest"]
    assert f"--confirm {digest}" in ran.err
    installation.sync("anna", "--confirm", digest)
    assert board.cards() == []


def test_a_saved_plan_of_tasks_is_applied_later(installation: Installed, board: Board) -> None:
    """What it says is done, and a task that changed meanwhile is left alone and named."""
    ids = [installation.task(f"Task {number}", tasklist=TO_DO, date_start=typed(3)) for number in range(2)]
    installation.sync("anna")
    for crm_id in ids:
        installation.edit_task(crm_id, tasklist=IDEAS)
    path = installation.folder / "plan.json"
    installation.tandem("plan", "--user", "anna", "--out", path)
    board.edit(board.of("Task 1")["id"], percentComplete=100)
    ran = installation.tandem("apply", path)
    assert "Done: 1 moved in Microsoft 365." in ran.out and "changed since the plan was made; left alone" in ran.out
    assert (board.place("Task 0"), board.place("Task 1")) == (IDEAS, TO_DO)
    assert actions(installation.plan("anna", kind="tasks")) != []
