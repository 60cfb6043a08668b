"""What a tick costs when nothing happened: one round trip a mailbox and a plan, the lease, and a commit a kind."""

from __future__ import annotations

from board import DOING, IDEAS, TO_DO, Board
from cut_process import UNNAMED
from diary import Diary
from installed import Installed, upn
from kill_sweep import kill_sweep

from graph_emulator.server import Emulator


def test_X10_an_idle_tick_is_one_round_trip_a_space_and_a_commit_a_kind_beside_the_lease(
    installation: Installed, board: Board, emulator: Emulator
) -> None:
    """A mailbox with four folders and linked contacts, a calendar with a linked meeting and a series, two plans with
    linked tasks, nothing changed: one HTTP request for the mailbox, one for each plan, and no record read by id; the
    lease is taken, what is new of the cursors is kept, and the lease is given back as the tick is noted."""
    for number, folder in enumerate(("Clients", "Press", "Contacts", "Clients/North")):
        installation.person(firstname=f"P{number}", lastname="Idle", folder=folder)
    for number, place in enumerate((TO_DO, DOING, IDEAS)):
        installation.task(f"T{number}", tasklist=place, description="idle")
        board.card(f"C{number}", place, text="idle")
    calendar = Diary.opened(installation, emulator)
    calendar.meets()
    calendar.weekly()
    installation.settings("anna", only_my_items="no")
    installation.tandem("user", "disconnect", "ben")
    installation.tandem("user", "disconnect", "cara")
    installation.second_plan_is_empty()
    installation.sync()  # the feed of a folder that a sync made begins with the next one
    assert len(installation.control.state(upn("anna"))["mailboxes"][upn("anna")]["folders"]) == 4
    with kill_sweep(installation) as runs:
        idle = runs.uncut()
        mailbox, *planner = idle.log
    assert idle.ticks == ["anna: idle {}"] * 3
    assert mailbox["path"].endswith("/$batch") and len(mailbox["batch"]) == 7
    assert sorted(one["path"] for one in planner) == sorted(
        f"/v1.0/planner/plans/{id}/tasks" for id in board.plans.values()
    )
    print(f"\nidle tick: {idle.requests} requests, commits: {', '.join(idle.commits)}")  # noqa: T201
    assert idle.commits == ["hold", "advance", "advance", UNNAMED, "hold", UNNAMED]
