"""Tasks field by field: texts, conflicts, dates and progress, over both sides and over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from board import DOING, TO_DO, Board, in_days, typed
from evidence import writes
from installed import Installed

STATUSES = ("Not Started", "In Progress", "On Hold", "Done", "Cancelled", "Waiting for Ada")
"""What a CRM task may say; the last is the organisation's own."""
PERCENT = dict(zip(STATUSES, (0, 50, 50, 100, 100, 50), strict=True))


def linked(installed: Installed, board: Board, **values: str) -> str:
    """A task that both sides have, called Call Ada, three days ahead unless ``values`` say otherwise; its CRM id."""
    crm_id = installed.task("Call Ada", **{"tasklist": TO_DO, "date_start": typed(3), **values})
    installed.sync("anna")
    assert board.place("Call Ada") == TO_DO
    return crm_id


def modified(installed: Installed, crm_id: str) -> Any:
    """The task's modified time, as the CRM tells it."""
    rows = installed.tandem("crm", "list", "--task", "--json").json()["tasks"]
    return next(row["modified"] for row in rows if row["id"] == crm_id)


def asked_for_details(installed: Installed) -> int:
    """How many descriptions were fetched since the log was reset, alone or in batches."""
    calls = [part for one in installed.control.log() for part in (one["batch"] or [one])]
    return sum(call["method"] == "GET" and call["path"].endswith("/details") for call in calls)


# ---- T10: the description --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-28, 0, 28])
def test_T10_near_its_day_the_description_travels_both_ways(installation: Installed, board: Board, days: int) -> None:
    """Due within a month before or after now: with another edit of the card at once, alone, which shows in no listing,
    within the hour; and what the CRM empties is empty in Planner."""
    crm_id = linked(installation, board, date_start=typed(days), description="One")
    card = board.of("Call Ada")["id"]
    assert board.text("Call Ada") == "One"
    board.edit(card, percentComplete=30, details={"description": "Two"})
    installation.sync("anna")
    assert installation.tasks()[crm_id]["description"] == "Two"
    board.planner.describe(card, "Three")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        installation.sync("anna")
    assert installation.tasks()[crm_id]["description"] == "Three"
    installation.edit_task(crm_id, description="")
    installation.sync("anna")
    assert board.text("Call Ada") == ""


@pytest.mark.parametrize("days", [-40, 40])
def test_T10_far_from_its_day_neither_text_is_touched_until_the_crm_record_is_edited(
    installation: Installed, board: Board, days: int
) -> None:
    """Planner's text is not fetched, the CRM's stays, other fields go on; then the CRM record is edited, in whatever
    field, and its text is Planner's."""
    crm_id = linked(installation, board, date_start=typed(days), description="One")
    card = board.of("Call Ada")["id"]
    assert board.text("Call Ada") == "One"
    board.planner.describe(card, "Two")
    board.edit(card, title="Ring Ada")
    installation.control.reset("log")
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert asked_for_details(installation) == 0
    task = installation.tasks()[crm_id]
    assert (task["subject"], task["description"], board.text("Ring Ada")) == ("Ring Ada", "One", "Two")
    installation.edit_task(crm_id, taskstatus="In Progress")
    plan = installation.plan("anna", kind="tasks")
    (change,) = (one for one in plan["actions"][0]["changes"] if one["path"] == "details.description")
    assert (change["before"], change["after"], change["replaces_an_entry"]) == ("Two", "One", True)
    installation.sync("anna")
    assert board.text("Ring Ada") == "One"


def test_T10_a_text_that_nobody_here_has_seen_is_not_erased(installation: Installed, board: Board) -> None:
    """A card far from its day arrives without its text; an edit of the empty CRM record leaves Planner's alone, and
    when its day comes near, the CRM has it."""
    board.card("Call Ada", text="Ring her", dueDateTime=in_days(60))
    installation.sync("anna")
    (crm_id,) = installation.tasks()
    assert installation.tasks()[crm_id]["description"] is None
    installation.edit_task(crm_id, subject="Ring Ada")
    installation.sync("anna")
    assert board.text("Ring Ada") == "Ring her"
    with time_machine.travel(datetime.now(UTC) + timedelta(days=40)):
        installation.sync("anna")
        installation.sync("anna", "--full")
        assert installation.tasks()[crm_id]["description"] == "Ring her"
        installation.second_plan_is_empty()


def test_T10_a_task_without_a_due_date_keeps_both_texts(installation: Installed, board: Board) -> None:
    """Undated is not near: the text of such a card is not fetched."""
    board.card("Call Ada", text="Ring her", dueDateTime=None)
    installation.control.reset("log")
    installation.sync("anna")
    assert installation.task_of("Call Ada")["description"] is None and asked_for_details(installation) == 0


def test_T10_only_described_tasks_are_asked_and_in_batches(installation: Installed, board: Board) -> None:
    """Forty cards, half of them with a text: twenty are asked for it, in one request."""
    for number in range(40):
        board.card(f"Card {number}", text=f"Text {number}" if number % 2 else "")
    installation.control.reset("log")
    installation.sync("anna")
    assert asked_for_details(installation) == 20
    batches = [one["batch"] for one in installation.control.log() if one["path"].endswith("/$batch")]
    assert sum("/planner/" in str(parts) for parts in batches) == 1
    texts = {task["subject"]: task["description"] for task in installation.tasks().values()}
    assert texts["Card 3"] == "Text 3" and texts["Card 4"] is None


# ---- T11: conflicts per record ---------------------------------------------------------------------------------------


def test_T11_a_task_changed_in_both_is_the_crm_s_as_a_whole(installation: Installed, board: Board) -> None:
    """Different fields on both sides: Planner's edit is replaced, and the plan and the history say by what."""
    crm_id = linked(installation, board)
    card = board.of("Call Ada")["id"]
    installation.edit_task(crm_id, taskstatus="Done")
    board.edit(card, DOING, title="From Planner")
    plan = installation.plan("anna", kind="tasks")
    assert [(one["class"], one["side"]) for one in plan["actions"]] == [("overwrite", "m365")]
    lost = {one["path"]: one["before"] for one in plan["actions"][0]["changes"] if one["replaces_an_entry"]}
    assert lost["title"] == "From Planner" and set(lost) == {"title", "bucket"}
    installation.sync("anna")
    assert (board.place("Call Ada"), board.of("Call Ada")["percentComplete"]) == (TO_DO, 100)
    assert installation.tasks()[crm_id]["subject"] == "Call Ada"
    told = installation.tandem("history", card, "--json").json()["writes"][-1]["changes"]
    assert ("From Planner", "Call Ada") in {(one["before"], one["after"]) for one in told if one["path"] == "title"}


def test_T11_a_task_changed_in_planner_alone_is_planner_s(installation: Installed, board: Board) -> None:
    """Where the CRM record is unchanged since the last sync, it takes what differs, again and again."""
    crm_id = linked(installation, board)
    for title in ("One", "Two"):
        board.edit(board.cards()[0]["id"], title=title)
        installation.sync("anna")
        assert installation.tasks()[crm_id]["subject"] == title
    installation.edit_task(crm_id, subject="Three")
    installation.sync("anna")
    assert [card["title"] for card in board.cards()] == ["Three"]


# ---- T12: completed long ago -----------------------------------------------------------------------------------------


def test_T12_completed_more_than_two_weeks_ago_brings_no_change_to_the_crm(
    installation: Installed, board: Board
) -> None:
    """Completed while nobody synced, met fifteen days later: the CRM is not changed, then or by later edits of the
    card; edits of the CRM still reach Planner; reopened, the card brings all of it."""
    crm_id = linked(installation, board)
    card = board.of("Call Ada")["id"]
    board.edit(card, percentComplete=100, title="Done long ago")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=15)):
        installation.sync("anna")
        board.edit(card, DOING)
        installation.sync("anna")
        installation.sync("anna", "--full")
        task = installation.tasks()[crm_id]
        assert (task["subject"], task["taskstatus"], task["tasklist"]["name"]) == ("Call Ada", "Not Started", TO_DO)
        out = installation.tandem("plan", "--user", "anna", "--full").out
        assert "completed in Planner more than two weeks ago" in out
        board.edit(card, percentComplete=50)
        installation.sync("anna")
        task = installation.tasks()[crm_id]
        assert (task["subject"], task["taskstatus"]) == ("Done long ago", "In Progress")
        assert task["tasklist"]["name"] == DOING
        installation.second_plan_is_empty()


def test_T12_crm_edits_of_such_a_task_reach_planner(installation: Installed, board: Board) -> None:
    """One way only: a status that is set back in the CRM reopens the card, and a deletion removes it."""
    ids = [installation.task(name, tasklist=TO_DO, date_start=typed(3), taskstatus="Done") for name in ("One", "Two")]
    installation.sync("anna")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=15)):
        installation.edit_task(ids[0], taskstatus="In Progress")
        installation.delete_task(ids[1])
        installation.sync("anna")
        assert [(card["title"], card["percentComplete"]) for card in board.cards()] == [("One", 50)]
        installation.second_plan_is_empty()


def test_T12_a_card_completed_long_ago_makes_no_crm_task(installation: Installed, board: Board) -> None:
    """Completed thirteen days ago it is one, completed fifteen days ago it is not."""
    now = datetime.now(UTC)
    for days in (13, 15):
        with time_machine.travel(now - timedelta(days=days)):
            board.card(f"Done {days} days ago", percentComplete=100)
    installation.sync("anna")
    assert [task["subject"] for task in installation.tasks().values()] == ["Done 13 days ago"]


# ---- T13, T14: dates and times ---------------------------------------------------------------------------------------


def test_T13_the_start_is_the_due_date_and_without_one_the_day_of_the_sync(
    installation: Installed, board: Board
) -> None:
    """Moved in Planner it follows; taken away there, the CRM's start stays; both edits leave the CRM's time of day."""
    board.card("Dated", dueDateTime=in_days(4, "22:15"))
    board.card("Undated", dueDateTime=None)
    installation.sync("anna")
    start = {task["subject"]: task["date_start"] for task in installation.tasks().values()}
    assert start == {"Dated": in_days(4, "09:00"), "Undated": in_days(0, "09:00")}
    assert board.of("Undated")["dueDateTime"] is None, "the day of the sync is not written back"
    crm_id = installation.task_of("Dated")["crmid"]
    installation.edit_task(crm_id, by="anna", date_start=typed(5, "16:45"))
    installation.sync("anna")
    assert board.of("Dated")["dueDateTime"][:10] == in_days(5)[:10]
    board.edit(board.of("Dated")["id"], dueDateTime=in_days(8))
    installation.sync("anna")
    assert installation.tasks()[crm_id]["date_start"] == in_days(8, "16:45")
    board.edit(board.of("Dated")["id"], dueDateTime=None)
    installation.sync("anna")
    assert installation.tasks()[crm_id]["date_start"] == in_days(8, "16:45")
    assert board.of("Dated")["dueDateTime"] is None


def test_T13_another_time_on_the_same_day_changes_nothing_on_the_other_side(
    installation: Installed, board: Board
) -> None:
    """Planner means a day: a CRM start moved within it writes no card, and the other way round."""
    crm_id = linked(installation, board, date_start=typed(3, "09:00"))
    card = board.of("Call Ada")
    installation.edit_task(crm_id, by="anna", date_start=typed(3, "15:30"))
    installation.control.reset("log")
    installation.sync("anna")
    assert writes(installation.control) == []
    board.edit(card["id"], dueDateTime=in_days(3, "21:00"))
    installation.sync("anna")
    assert installation.tasks()[crm_id]["date_start"] == in_days(3, "15:30")


def test_T14_the_start_time_is_the_user_s_setting(installation: Installed, board: Board) -> None:
    """By that user's clock; a task of two users is not pulled to and fro between their times."""
    installation.import_csv("users.csv", [{"user_name": "ben", "time zone": "America/New_York", "teams": "Sales"}])
    installation.tandem("user", "disconnect", "ben")
    installation.connect("ben")
    installation.settings("anna", kind="tasks", start_time="07:30")
    installation.settings("ben", kind="tasks", start_time="15:00")
    refused = installation.tandem("user", "set", "anna", "start_time", "7.30", code=1)
    assert "Give a time of day such as 09:00." in refused.err
    board.card("Anna's")
    board.card("Ben's", to=("ben",))
    board.card("Of both", to=("anna", "ben"))
    installation.sync()
    before = {task["subject"]: task["date_start"] for task in installation.tasks().values()}
    assert before == {"Anna's": in_days(3, "07:30"), "Ben's": in_days(3, "20:00"), "Of both": in_days(3, "07:30")}
    installation.edit_task(installation.task_of("Of both")["crmid"], assigned_user_id="ben", users="anna")
    installation.control.reset("log")
    for user in ("ben", "anna", "cara"):
        installation.sync(user, "--full")
    assert before == {task["subject"]: task["date_start"] for task in installation.tasks().values()}
    assert {card["dueDateTime"] for card in board.cards()} == {in_days(3)}


# ---- T15: modified time ----------------------------------------------------------------------------------------------


def test_T15_a_task_s_modified_time_moves_only_when_the_sync_changed_something(
    installation: Installed, board: Board
) -> None:
    """Not by ticks, whole readings, versions that move in Planner, or an edit that says the same in other words."""
    crm_id = linked(installation, board, description="Ring her")
    card = board.of("Call Ada")["id"]
    before = modified(installation, crm_id)
    installation.sync("anna")
    board.planner.touch_task(card)
    board.edit(card, priority=1, orderHint=" !", dueDateTime=in_days(3, "20:00"))
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert modified(installation, crm_id) == before
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        board.edit(card, percentComplete=100)
        installation.sync("anna")
    assert modified(installation, crm_id) > before


# ---- T16, T17, T18: progress -----------------------------------------------------------------------------------------


def with_every_status(installed: Installed, board: Board, copies: int = 1) -> None:
    """``copies`` linked tasks for each status, called "Done 0" and so on, changed by nobody."""
    installed.import_csv(
        "activities.csv",
        [{"Activity Type": "Task", "Subject": f"{status} {number}", "Status": status, "Task List": TO_DO,
          "Start Date & Time": typed(3), "Assigned To": "anna"} for status in STATUSES for number in range(copies)],
    )  # fmt: skip
    installed.sync("anna")
    assert len(board.cards()) == copies * len(STATUSES)


def test_T16_every_status_has_its_percentage(installation: Installed, board: Board) -> None:
    """Not Started 0, Done and Cancelled 100, all others 50, the organisation's own among them."""
    with_every_status(installation, board)
    found = {card["title"].removesuffix(" 0"): card["percentComplete"] for card in board.cards()}
    assert found == PERCENT


def test_T17_every_percentage_has_its_status(installation: Installed, board: Board) -> None:
    """0 Not Started, 100 Done, all others In Progress; what somebody typed stays, also after an edit in the CRM."""
    for percent in (0, 1, 30, 50, 99, 100):
        board.card(f"{percent} %", percentComplete=percent)
    installation.sync("anna")
    found = {task["subject"]: task["taskstatus"] for task in installation.tasks().values()}
    assert found == {"0 %": "Not Started", "100 %": "Done"} | {f"{n} %": "In Progress" for n in (1, 30, 50, 99)}
    installation.edit_task(installation.task_of("30 %")["crmid"], description="Edited")
    installation.sync("anna")
    assert (board.text("30 %"), board.of("30 %")["percentComplete"]) == ("Edited", 30)


def test_T18_on_hold_and_cancelled_change_only_as_they_may(installation: Installed, board: Board) -> None:
    """Every status met by every percentage: On Hold gives way at 0 and 100 only, Cancelled wherever it is not 100."""
    percentages = (0, 30, 100)
    with_every_status(installation, board, len(percentages))
    for card in board.cards():
        percent = percentages[int(card["title"][-1])]
        board.edit(card["id"], percentComplete=percent)
    installation.sync("anna")
    found = {task["subject"]: task["taskstatus"] for task in installation.tasks().values()}
    by_percent = ("Not Started", "In Progress", "Done")
    expected = {f"{status} {number}": by_percent[number] for status in STATUSES for number in range(3)}
    expected |= {"On Hold 1": "On Hold", "Cancelled 2": "Cancelled"}
    assert found == expected
    assert {card["percentComplete"] for card in board.cards() if card["title"].endswith("1")} == {30}
