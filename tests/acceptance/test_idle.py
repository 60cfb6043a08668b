"""What a tick costs when nothing happened: one round trip, the lease, and one commit."""

from __future__ import annotations

from cut_process import UNNAMED
from installed import Installed, upn
from kill_sweep import kill_sweep


def test_X10_an_idle_tick_is_one_round_trip_and_one_commit_beside_the_lease(installation: Installed) -> None:
    """A mailbox with four folders and linked contacts, nothing changed: one HTTP request and no record read by id; the
    lease is taken, the new delta links are kept, and the lease is given back as the tick is noted."""
    for number, folder in enumerate(("Clients", "Press", "Contacts", "Clients/North")):
        installation.person(firstname=f"P{number}", lastname="Idle", folder=folder)
    installation.settings("anna", only_my_items="no")
    installation.tandem("user", "disconnect", "ben")
    installation.tandem("user", "disconnect", "cara")
    installation.second_plan_is_empty()
    assert len(installation.control.state(upn("anna"))["mailboxes"][upn("anna")]["folders"]) == 4
    with kill_sweep(installation) as runs:
        idle = runs.uncut()
        (request,) = idle.log
    assert idle.ticks == ["anna: idle {}"]
    assert request["path"].endswith("/$batch") and len(request["batch"]) == 6
    print(f"\nidle tick: {idle.requests} request, commits: {', '.join(idle.commits)}")  # noqa: T201
    assert idle.commits == ["hold", "advance", UNNAMED]
