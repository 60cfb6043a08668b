"""Tasks and people: who is assigned, who is on a task, and whose sign-in a plan is reached through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from board import DOING, IDEAS, MOVE, TO_DO, Board, in_days, typed
from evidence import writes
from installed import Installed, upn

FORBIDDEN = {"kind": "status", "status": 403, "code": ""}
LISTS_ARE_READ_AGAIN = timedelta(minutes=61)


def linked(installed: Installed, board: Board, owner: str = "anna", place: str = TO_DO, **values: str) -> str:
    """A task that both sides have, called Call Ada; its CRM id."""
    crm_id = installed.task("Call Ada", owner, tasklist=place, date_start=typed(3), **values)
    installed.sync("anna")
    assert board.place("Call Ada") == place
    return crm_id


def subjects(installed: Installed, user: str) -> set[str]:
    """The tasks that the CRM lists as this user's."""
    return {values["subject"] for values in installed.tasks("--user", user).values()}


def on(values: dict[str, Any]) -> set[str]:
    return set(values["users"] or ())


# ---- T6-T9: assigned -------------------------------------------------------------------------------------------------


def test_T6_a_task_assigned_to_a_connected_user_is_among_that_user_s_crm_tasks(
    installation: Installed, board: Board
) -> None:
    """For a colleague who is not connected it does not appear; a card of both is a task of the connected one alone, and
    the other stays assigned in Planner."""
    installation.tandem("user", "disconnect", "cara")
    board.card("Ben's", to=("ben",))
    board.card("Cara's", to=("cara",))
    board.card("Of both", to=("ben", "cara"))
    installation.sync()
    assert subjects(installation, "ben") == {"Ben's", "Of both"}
    assert len(installation.tasks()) == 2 and on(installation.task_of("Of both")) == {"ben"}
    assert board.people("Of both") == {"ben", "cara"}


def test_T6_a_colleague_who_connects_finds_the_own_tasks(installation: Installed, board: Board) -> None:
    """What was assigned to Cara before she was connected comes with her first tick, without being edited."""
    installation.tandem("user", "disconnect", "cara")
    board.card("Cara's", to=("cara",))
    board.card("Of both", to=("ben", "cara"))
    installation.sync()
    installation.sync()
    assert subjects(installation, "cara") == set()
    installation.connect("cara")
    installation.sync()
    assert subjects(installation, "cara") == {"Cara's"}
    assert on(installation.task_of("Of both")) == {"ben", "cara"}


def test_T7_a_connected_user_added_in_planner_is_on_the_task(installation: Installed, board: Board) -> None:
    """And one added in the CRM is assigned in Planner, in the same tick."""
    crm_id = linked(installation, board)
    board.planner.assign(board.of("Call Ada")["id"], upn("ben"))
    installation.edit_task(crm_id, users="cara")
    installation.sync("anna")
    assert on(installation.tasks()[crm_id]) >= {"ben", "cara"}
    assert board.people("Call Ada") == {"anna", "ben", "cara"}


def test_T7_somebody_not_connected_is_not_put_on_the_task(installation: Installed, board: Board) -> None:
    """Added and removed in Planner: the CRM hears nothing of it, nothing is written, and CRM edits leave it alone."""
    installation.tandem("user", "disconnect", "cara")
    crm_id = linked(installation, board)
    board.planner.assign(board.of("Call Ada")["id"], upn("cara"))
    installation.control.reset("log")
    installation.sync("anna")
    assert "cara" not in on(installation.tasks()[crm_id]) and writes(installation.control) == []
    installation.edit_task(crm_id, users="ben", taskstatus="Done")
    installation.sync("anna")
    assert board.people("Call Ada") == {"anna", "ben", "cara"}


def test_T8_one_removed_in_planner_is_removed_there_and_assigned_to_stays(
    installation: Installed, board: Board
) -> None:
    """First a colleague, then the Assigned To user, who is neither taken from the task nor put back in Planner."""
    crm_id = linked(installation, board, users="ben")
    card = board.of("Call Ada")["id"]
    board.planner.unassign(card, upn("ben"))
    installation.sync("anna")
    assert "ben" not in on(installation.tasks()[crm_id])
    board.planner.unassign(card, upn("anna"))
    installation.sync("anna")
    task = installation.tasks()[crm_id]
    assert (task["assigned_user_id"], on(task), board.people("Call Ada")) == ("anna", set(), set())
    board.edit(card, percentComplete=100)
    installation.sync("anna")
    assert installation.tasks()[crm_id]["taskstatus"] == "Done", "linked tasks go on, whoever is assigned"


def test_T8_one_removed_in_the_crm_is_unassigned_in_planner(installation: Installed, board: Board) -> None:
    """Only that one; what people had in Planner about the others stays byte for byte."""
    crm_id = linked(installation, board, users="ben; cara")
    before = board.of("Call Ada")["assignments"]
    installation.edit_task(crm_id, users="cara")
    installation.sync("anna")
    after = board.of("Call Ada")["assignments"]
    assert board.people("Call Ada") == {"anna", "cara"}
    assert after == {account: before[account] for account in after}


def test_T9_assigned_to_can_t_be_changed_from_planner(installation: Installed, board: Board) -> None:
    """Handed over to Ben in Planner, it stays Anna's; handed over in the CRM, Planner follows; the history of the task
    shows one owner that the sync wrote, at its creation."""
    board.card("Call Ada")
    installation.sync("anna")
    card = board.of("Call Ada")["id"]
    board.edit(card, assignments={upn("anna"): None, upn("ben"): {}})
    installation.sync()
    (crm_id,) = installation.tasks()
    assert installation.tasks()[crm_id]["assigned_user_id"] == "anna" and on(installation.tasks()[crm_id]) == {"ben"}
    installation.edit_task(crm_id, assigned_user_id="cara")
    installation.sync()
    assert board.people("Call Ada") == {"ben", "cara"}
    written = installation.tandem("history", crm_id, "--json").json()["writes"]
    owners = [c["after"] for write in written for c in write["changes"] if c["path"] == "assigned_user_id"]
    assert owners == ["anna"]


def test_T9_given_to_somebody_who_is_not_connected_it_sleeps(installation: Installed, board: Board) -> None:
    """Nobody of those who sync is on it any more: both sides are left alone until it comes back."""
    installation.tandem("user", "disconnect", "cara")
    crm_id = linked(installation, board)
    installation.edit_task(crm_id, assigned_user_id="cara", taskstatus="Done")
    installation.sync("anna")
    assert board.of("Call Ada")["percentComplete"] == 0
    installation.edit_task(crm_id, assigned_user_id="ben")
    installation.sync("anna")
    assert (board.of("Call Ada")["percentComplete"], board.people("Call Ada")) == (100, {"ben"})


# ---- one poll for all ------------------------------------------------------------------------------------------------


def test_T6_one_task_for_all_who_see_it(installation: Installed, board: Board) -> None:
    """A card of three users is one CRM task, read once and linked once, whoever's tick meets it."""
    board.card("Of all", to=("anna", "ben", "cara"))
    for user in ("cara", "ben", "anna"):
        installation.sync(user)
    (task,) = installation.tasks().values()
    assert on(task) == {"anna", "ben", "cara"}
    installation.edit_task(task["crmid"], by="ben", subject="Of all, edited by Ben")
    installation.sync("cara")
    assert [card["title"] for card in board.cards()] == ["Of all, edited by Ben"]


def readers(installed: Installed, board: Board, plan: str) -> list[str]:
    """Who asked for the plan's tasks since the log was reset."""
    path = f"/planner/plans/{board.plans[plan]}/tasks"
    return [str(one["mailbox"]).partition("@")[0] for one in installed.control.log() if one["path"].endswith(path)]


def test_T19_a_sponsor_who_loses_access_is_followed_by_the_next(installation: Installed, board: Board) -> None:
    """Anna, through whom the plan was read, is taken out of its group: Ben's sign-in goes on where hers ended, edits of
    both sides travel, and nothing is taken for deleted."""
    crm_id = linked(installation, board, "ben", IDEAS)
    installation.control.reset("log")
    installation.sync("anna")
    assert readers(installation, board, MOVE) == ["anna"]
    board.leave("anna", MOVE)
    board.edit(board.of("Call Ada")["id"], percentComplete=100)
    installation.edit_task(crm_id, description="still here")
    installation.control.reset("log")
    installation.sync("anna")
    assert readers(installation, board, MOVE) == ["anna", "ben"]
    installation.sync("anna")
    assert readers(installation, board, MOVE) == ["anna", "ben", "ben"], "she is not asked again"
    assert board.text("Call Ada") == "still here" and len(board.cards()) == len(installation.tasks()) == 1


def test_T19_a_plan_that_nobody_can_read_any_more_loses_nothing(installation: Installed, board: Board) -> None:
    """Everybody leaves the group, for minutes and then for hours, with whole readings in between: both sides keep all
    they have, and go on with the edits of that time when somebody is back."""
    crm_id = linked(installation, board, "ben", IDEAS)
    board.card("Of the other plan", TO_DO)
    for user in ("anna", "ben"):
        board.leave(user, MOVE)
    installation.edit_task(crm_id, subject="Ring Ada")
    before = board.of("Call Ada")
    for later, options in ((0, ()), (1, ("--full",)), (2, ()), (3, ("--full",))):
        with time_machine.travel(datetime.now(UTC) + later * LISTS_ARE_READ_AGAIN):
            installation.sync("anna", *options)
    assert board.of("Call Ada") == before and "Ring Ada" in {one["subject"] for one in installation.tasks().values()}
    assert installation.task_of("Of the other plan"), "the other plan goes on"
    board.join("ben", MOVE)
    with time_machine.travel(datetime.now(UTC) + 4 * LISTS_ARE_READ_AGAIN):
        installation.sync("anna")
        installation.sync("anna")
    assert board.place("Ring Ada") == IDEAS and board.of("Ring Ada")["id"] == before["id"]


def test_T6_a_write_that_one_member_may_not_do_is_done_by_the_next(installation: Installed, board: Board) -> None:
    """Planner refuses Anna every write: creation, change, description, move and deletion are done as Ben."""
    for method in ("POST", "PATCH", "DELETE"):
        installation.control.add_rule(FORBIDDEN, method, "planner/", count=0, part=True, mailbox=upn("anna"))
    crm_id = linked(installation, board, description="Ring her")
    assert board.of("Call Ada")["createdBy"]["user"]["id"].endswith("2")
    installation.edit_task(crm_id, taskstatus="Done", description="Twice")
    installation.sync("anna")
    assert (board.of("Call Ada")["percentComplete"], board.text("Call Ada")) == (100, "Twice")
    installation.edit_task(crm_id, tasklist=IDEAS)
    installation.sync("anna")
    assert board.place("Call Ada") == IDEAS and len(board.cards()) == 1
    installation.delete_task(crm_id)
    installation.sync("anna")
    assert board.cards() == []


def test_T6_a_write_that_nobody_may_do_is_told(installation: Installed, board: Board) -> None:
    """Every member is refused: the task waits with that reason, nothing else is kept from going on, and once the right
    is there, the next look at everything does it."""
    rule = {"method": "POST", "path": "planner/tasks$", "count": 0, "part": True}
    installation.control.add_rule(FORBIDDEN, **rule)  # type: ignore[arg-type]
    installation.task("Refused", tasklist=TO_DO)
    board.card("From Planner")
    out = installation.sync("anna").out
    assert "! not written" in out and "nobody who is connected may change this in Planner" in out
    assert installation.task_of("From Planner")
    (held,) = installation.held()
    assert (held["mailbox"], held["title"]) == ("Planner", "Refused")
    installation.control.reset("faults")
    installation.sync("anna", "--full")
    assert board.place("Refused") == TO_DO and installation.held() == []


def test_T6_a_revoked_sign_in_leaves_the_shared_plans_to_the_others(installation: Installed, board: Board) -> None:
    """Anna alone is paused and told so; her task of a plan that Ben sees too goes on through his sign-in."""
    crm_id = linked(installation, board, users="ben")
    installation.control.revoke_sign_in(upn("anna"))
    installation.edit_task(crm_id, taskstatus="Done")
    ran = installation.sync("ben", code=1)
    assert f"Error: {upn('anna')}: " in ran.err and "tandem user connect anna" in ran.err
    assert board.of("Call Ada")["percentComplete"] == 100
    assert installation.tandem("user", "list").out.count("paused") == 1
    board.edit(board.of("Call Ada")["id"], DOING)
    installation.sync("ben")
    assert installation.tasks()[crm_id]["tasklist"]["name"] == DOING
    installation.connect("anna")


@pytest.mark.parametrize("user", ["anna", "ben"])
def test_T1_each_user_s_own_direction_counts_for_the_own_tasks(
    installation: Installed, board: Board, user: str
) -> None:
    """One of two users syncs to Planner only: what people change there reaches the other's tasks alone."""
    installation.settings(user, kind="tasks", direction="to_m365")
    for owner in ("anna", "ben"):
        installation.task(f"Of {owner}", owner, tasklist=TO_DO, date_start=typed(3))
    installation.sync()
    for owner in ("anna", "ben"):
        board.edit(board.of(f"Of {owner}")["id"], percentComplete=100, dueDateTime=in_days(9))
    installation.sync()
    done = {values["subject"] for values in installation.tasks().values() if values["taskstatus"] == "Done"}
    assert done == {"Of anna", "Of ben"} - {f"Of {user}"}
