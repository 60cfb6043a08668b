"""Killed at any instant, the next run finishes the work: every request and every commit of a tick is cut once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from installed import Installed
from kill_sweep import Cut, KillSweep, Uncut, kill_sweep

BOTH_DELETE = ("deleted in m365:     recreate in m365", "deleted in m365:     delete in crm")


def a_few_people(here: Installed) -> None:
    """Create, update and delete on both sides, in two mailboxes that share one new person. Two of the new ones have
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
    here.edit_person(crm["Both"], title="Chair")
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


def sweep(here: Installed, prepare: Callable[[Installed], None]) -> tuple[Uncut, list[Cut]]:
    """Cut everywhere; every end must be that of the uncut run."""
    prepare(here)
    began = time.monotonic()
    with kill_sweep(here) as cutting:
        uncut = cutting.uncut()
        assert_quiet(uncut.end)
        cuts = list(uncut.cuts())
        for cut in cuts:
            assert_same(cutting, cut, uncut)
    points = uncut.requests + len(uncut.commits)
    print(  # noqa: T201
        f"\n{uncut.requests} requests + {len(uncut.commits)} commits = {points} cut points, each before and after, "
        f"and after {uncut.parts} single calls: {len(cuts)} runs in {time.monotonic() - began:.0f} s"
    )
    return uncut, cuts


def assert_quiet(end: dict[str, object]) -> None:
    assert end["plans"] == [[] for _ in end["plans"]], end["plans"]  # type: ignore[attr-defined]
    assert end["intents"] == 0


def assert_same(cutting: KillSweep, cut: Cut, uncut: Uncut) -> None:
    end = cutting.after(cut)
    assert_quiet(end)
    for part, expected in uncut.end.items():
        assert end[part] == expected, (cut, part)


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
