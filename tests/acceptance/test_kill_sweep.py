"""Killed at any instant, the next run finishes the work: every request and every commit of a tick is cut once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from uuid import UUID

import pytest
from board import DOING, IDEAS, TO_DO, Board, in_days, typed
from diary import OUTSIDE, Diary, at
from installed import Installed, upn
from kill_sweep import Cut, KillSweep, Uncut, kill_sweep

BOTH_DELETE = ("deleted in m365:     recreate in m365", "deleted in m365:     delete in crm")


def a_few_people(here: Installed) -> None:
    """Create, update, move and delete, in two mailboxes that share one new person. Two of the new ones have
    nothing by which they could be matched: only what was noted before a write keeps them from being doubled."""
    here.edit_rules(*BOTH_DELETE)
    here.settings("ben", only_my_items="no")
    here.tandem("user", "disconnect", "cara")
    crm = {name: here.person(firstname=name, lastname="Known", mobile="+44 20 7946 0001", folder="Clients")
           for name in ("Edited-There", "Edited-Here", "Deleted-Here", "Deleted-There", "Both")}  # fmt: skip
    here.second_plan_is_empty()
    cards = {str(card["givenName"]): str(card["id"]) for card in here.cards("anna")}
    here.person(firstname="New-Here", lastname="Known", email="new.here@x.example", accountid="Acme", folder="Press")
    here.person(firstname="Plain-Here", lastname="Known")
    here.card("anna", givenName="Plain-There", surname="Known")
    here.edit_person(crm["Edited-Here"], title="Director")
    here.edit_person(crm["Both"], title="Chair", folder="Press")
    here.delete_person(crm["Deleted-Here"])
    here.card("anna", "Press", givenName="New-There", surname="Known", email="new.there@x.example", companyName="Zeta")
    here.edit_card("anna", cards["Edited-There"], jobTitle="Captain")
    here.edit_card("anna", cards["Both"], department="Board")
    here.delete_card("anna", cards["Deleted-There"])
    for user in ("anna", "ben"):
        here.card(user, givenName="Shared", surname="Known", email="shared@x.example")


def more_people(here: Installed) -> None:
    """The same in larger numbers for three mailboxes, with the shipped rules: what is deleted in Outlook is made
    again."""
    crm = {}
    for user in ("anna", "ben", "cara"):
        for number in range(5):
            crm[user, number] = here.person(
                user, firstname=f"P{number}", lastname=user, email=f"{user}{number}@x.example"
            )
    here.second_plan_is_empty()
    for user in ("anna", "ben", "cara"):
        cards = {str(card["givenName"]): str(card["id"]) for card in here.cards(user) if card["surname"] == user}
        for number in range(5, 8):
            here.person(user, firstname=f"P{number}", lastname=user, folder="Clients", accountid=f"{user} & Co")
            here.card(user, "Press", givenName=f"Q{number}", surname=user, email=f"{user}{number}@y.example")
        here.edit_person(crm[user, 0], mobile="+44 20 7946 0002", mailingcity="York")
        here.edit_card(user, cards["P1"], mobilePhone="+44 20 7946 0003")
        here.delete_person(crm[user, 2])
        here.delete_card(user, cards["P3"])
        here.edit_person(crm[user, 4], title="Chair")
        here.edit_card(user, cards["P4"], jobTitle="Captain")
        here.card(user, givenName="Shared", surname="Known", email="shared@x.example")


MOVED = ("Moved", "Moved and edited")
STAYS = ("Edited here", "Edited there", "Edited on both", "Moved within", *MOVED, "Assigned here", "Assigned there")
CHECKLIST = {str(UUID(int=number)): {"title": f"Step {number}", "isChecked": number == 1} for number in (1, 2)}
GIVEN_BACK = ("Deleted there",)
TAKEN_AWAY = ("Deleted here",)


def a_few_tasks(here: Installed, board: Board) -> None:
    """Every write that there is of tasks, into both sides: creations with a description, updates of task and details,
    a move within a plan and two to another one, people put on and taken off, deletions on either side, one of which is
    made again."""
    here.tandem("user", "disconnect", "cara")
    crm = {
        title: here.task(title, tasklist=TO_DO, date_start=typed(3), description=f"About: {title}", users="ben")
        for title in (*STAYS, *GIVEN_BACK, *TAKEN_AWAY)
    }
    here.second_plan_is_empty()
    cards = {card["title"]: str(card["id"]) for card in board.cards()}
    board.edit(cards["Moved"], details={"checklist": CHECKLIST}, priority=1)
    here.sync("anna")
    here.task("New here", tasklist=IDEAS, date_start=typed(4), description="Typed here", users="ben")
    here.task("Plain here", tasklist=DOING, date_start=typed(5))
    board.card("New there", DOING, text="Typed there", percentComplete=50)
    here.edit_task(crm["Edited here"], taskstatus="Done", description="Another text")
    board.edit(cards["Edited there"], percentComplete=50, details={"description": "Another text there"})
    here.edit_task(crm["Edited on both"], taskstatus="In Progress")
    board.edit(cards["Edited on both"], dueDateTime=in_days(6))
    here.edit_task(crm["Moved within"], tasklist=DOING)
    for title in MOVED:
        here.edit_task(crm[title], tasklist=IDEAS)
    here.edit_task(crm["Moved and edited"], taskstatus="Done", description="Written as it went")
    here.edit_task(crm["Assigned here"], users="")
    board.planner.unassign(cards["Assigned there"], upn("ben"))
    here.delete_task(crm["Deleted here"])
    board.planner.delete_task(cards["Deleted there"])


def deletions_that_travel(here: Installed, board: Board) -> None:
    """The same where a deletion in Planner deletes in the CRM too."""
    here.edit_rules("deleted in m365:     recreate in m365", "deleted in m365:     delete in crm", "tasks.rules")
    a_few_tasks(here, board)


QUIET = 700
"""Seconds after which a single occurrence's deletion has waited long enough."""
MEETINGS = ("Edited here", "Edited there", "New here", "New there", "Alone there", "Own")


def a_few_meetings(here: Installed, diary: Diary) -> None:
    """Every write that there is of meetings: an invitation, an update and a cancellation, an own event, an event made
    again, an occurrence edited and one cancelled, a whole series deleted, and new and edited activities."""
    here.settings(kind="activities", invite_to_future="yes")
    here.tandem("user", "disconnect", "cara")
    edited, deleted = (diary.meets(name, users="ben") for name in ("Edited here", "Deleted here"))
    there = diary.invites("Edited there", "anna", "ben", OUTSIDE)
    alone = diary.invites("Alone there", "anna")
    for name in ("Weekly", "Round"):
        diary.weekly(name, "anna", "ben", times=3)
    here.second_plan_is_empty()
    by_start = sorted(diary.activities().items(), key=lambda one: str(one[1]["date_start"]))
    weekly = [id for id, values in by_start if values["subject"] == "Weekly"]
    here.delete_task(weekly[2])
    here.sync("anna")
    for id, values in by_start:
        if values["subject"] == "Round":
            here.delete_task(id)
    here.edit_task(weekly[1], location="Gate 4")
    here.edit_task(edited, location="Yard")
    here.delete_task(deleted)
    diary.meets("New here", users="ben", days=6)
    diary.meets("Own", "cara", users="anna", days=7)
    diary.invites("New there", "anna", "ben", days=8)
    diary.edits("anna", there, start=at(9), end=at(9, "13:00"))
    diary.deletes("anna", alone)


def sweep(
    here: Installed,
    prepare: Callable[[Installed], None],
    chosen: Callable[[Uncut], Iterable[Cut]] = Uncut.cuts,
    only_shared: bool = False,
    ahead: int = 0,
) -> tuple[Uncut, list[Cut]]:
    """Cut everywhere, or in the places ``chosen``; every end must be that of the uncut run, which is quiet."""
    prepare(here)
    began = time.monotonic()
    with kill_sweep(here, only_shared=only_shared, ahead=ahead) as cutting:
        uncut = cutting.uncut()
        assert_quiet(uncut.end)
        cuts = list(chosen(uncut))
        others = [told for cut in cuts for told in differences(cutting, cut, uncut)]
    points = uncut.requests + len(uncut.commits)
    print(  # noqa: T201
        f"\n{uncut.requests} requests + {len(uncut.commits)} commits = {points} cut points, each before and after, "
        f"and after {uncut.parts} single calls, {len(uncut.writes())} of them writes: {len(cuts)} of "
        f"{len(list(uncut.cuts()))} runs in {time.monotonic() - began:.0f} s"
    )
    assert others == [], "\n".join(others)
    return uncut, cuts


def assert_quiet(end: dict[str, object]) -> None:
    assert end["plans"] == [[] for _ in end["plans"]], end["plans"]  # type: ignore[attr-defined]
    assert end["intents"] == 0


def differences(cutting: KillSweep, cut: Cut, uncut: Uncut) -> list[str]:
    """What ended in another way than after the uncut run."""
    end = cutting.after(cut)
    return [f"{cut}: {told}" for part in uncut.end for told in apart(part, end[part], uncut.end[part])]


def apart(part: str, end: object, expected: object) -> list[str]:
    if not isinstance(end, list) or not isinstance(expected, list):
        return [] if end == expected else [f"{part}: {end} instead of {expected}"]
    more = [f"{part}: {one} is there" for one in end if one not in expected]
    less = [f"{part}: {one} is missing" for one in expected if one not in end]
    return more + less or ([] if end == expected else [f"{part}: {len(end)} instead of {len(expected)}"])


def test_X8_cut_at_every_request_and_every_commit(installation: Installed) -> None:
    """A tick with creations, updates and deletions on both sides, killed before and after each of its requests
    and commits, and inside its batches: the next ticks end as the undisturbed ones, nothing lost or doubled."""
    uncut, cuts = sweep(installation, a_few_people)
    points = {(cut.what, cut.at) for cut in cuts if cut.what != "part"}
    assert len(points) == uncut.requests + len(uncut.commits)
    assert len(cuts) == 2 * (uncut.requests + len(uncut.commits)) + uncut.parts
    assert [tick.split()[1] for tick in uncut.ticks] == ["done", "done", "idle"], "two mailboxes, and Planner"


@pytest.mark.soak
def test_X8_cut_everywhere_with_more_people(installation: Installed) -> None:
    """The same with three mailboxes and forty records under the shipped rules."""
    uncut, cuts = sweep(installation, more_people)
    assert len(cuts) == 2 * (uncut.requests + len(uncut.commits)) + uncut.parts


def assert_tasks(uncut: Uncut, titles: set[str]) -> None:
    """The undisturbed run did all that the scenario is about."""
    (told,) = uncut.ticks
    for what in ("create crm", "create m365", "update crm", "update m365", "move m365", "delete m365"):
        assert f"'{what} done'" in told, told
    assert {task["title"] for task in uncut.end["planner"]} == titles
    assert {task["subject"] for task in uncut.end["crm"]} == titles
    moved = {task["title"]: task for task in uncut.end["planner"] if task["title"] in MOVED}
    assert {task["place"] for task in moved.values()} == {IDEAS} and len(moved["Moved"]["checklist"]) == 2


def test_X8_tasks_cut_at_every_write_and_every_commit(installation: Installed, board: Board) -> None:
    """Killed after each write to Planner, and before and after each commit: the next ticks end as the undisturbed ones,
    although nothing in Planner tells what a dead process made."""
    uncut, cuts = sweep(installation, lambda here: a_few_tasks(here, board), Uncut.cuts_of_writes, only_shared=True)
    assert_tasks(uncut, {*STAYS, *GIVEN_BACK, "New here", "Plain here", "New there"})
    assert len(cuts) == len(uncut.writes()) + 2 * len(uncut.commits) > 30


@pytest.mark.soak
@pytest.mark.parametrize("prepare", [a_few_tasks, deletions_that_travel])
def test_X8_tasks_cut_everywhere(
    installation: Installed, board: Board, prepare: Callable[[Installed, Board], None]
) -> None:
    """The same before and after every request, and after every single call, also where deletions travel both ways."""
    uncut, cuts = sweep(installation, lambda here: prepare(here, board), only_shared=True)
    kept = GIVEN_BACK if prepare is a_few_tasks else ()
    assert_tasks(uncut, {*STAYS, *kept, "New here", "Plain here", "New there"})
    assert len(cuts) == 2 * (uncut.requests + len(uncut.commits)) + uncut.parts


def assert_meetings(uncut: Uncut) -> None:
    """The undisturbed run did all that the scenario is about, and mailed everybody once."""
    told = " ".join(uncut.ticks)
    for what in ("create crm", "create m365", "update crm", "update m365", "delete m365"):
        assert f"'{what} done'" in told, told
    assert {record["subject"] for record in uncut.end["crm"]} == {*MEETINGS, "Weekly"}
    links = [link for link in uncut.end["links"] if link["of"] == "anna"]
    assert sorted(link["crm"] for link in links) == sorted([*MEETINGS, "Weekly", "Weekly"])
    assert [link["crm"] for link in links if link["role"]] == ["Own"]


def test_X8_meetings_cut_at_every_write(installation: Installed, diary: Diary) -> None:
    """Killed after each write to the calendar: the next ticks end as the undisturbed ones, and nobody gets a mail
    twice or misses one."""

    def of_writes(uncut: Uncut) -> list[Cut]:
        return [cut for cut in uncut.cuts_of_writes() if cut.what == "part"]

    uncut, cuts = sweep(installation, lambda here: a_few_meetings(here, diary), of_writes, ahead=QUIET)
    assert_meetings(uncut)
    assert len(cuts) == len(uncut.writes()) >= 8


@pytest.mark.soak
def test_X8_meetings_cut_everywhere(installation: Installed, diary: Diary) -> None:
    """The same before and after every request and every commit, and after every single call."""
    uncut, cuts = sweep(installation, lambda here: a_few_meetings(here, diary), ahead=QUIET)
    assert_meetings(uncut)
    assert len(cuts) == 2 * (uncut.requests + len(uncut.commits)) + uncut.parts
