"""When the sync runs, and what time does to records."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from board import TO_DO, Board, typed
from board import in_days as board_day
from evidence import actions, writes
from installed import Installed

SECTION = """\
window
  crm.birthday   from {first} before today to 1 year after today
  m365.birthday  from {first} before today to 1 year after today
  outside:       leave alone
  undated:       sync

match on first sync
"""


def with_window(installed: Installed, first: str = "2 months") -> None:
    """Limit the sync by a date that contacts have, as the rule files of appointments and tasks do by theirs."""
    installed.edit_rules("match on first sync\n", SECTION.format(first=first))


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, out + err
    return out, err


def until(process: subprocess.Popen[str], wanted: str) -> str:
    """The process's next line with ``wanted`` in it; fails at its end."""
    assert process.stdout is not None
    for line in process.stdout:
        if wanted in line:
            return line
    raise AssertionError(f"it ended without {wanted!r}: {process.communicate()[1]}")


def test_W1_run_looks_at_every_mailbox_at_the_interval(installation: Installed) -> None:
    """Each round asks every connected mailbox, an edit between rounds is carried across, and N rounds are N."""
    installation.person("anna", firstname="Ada", lastname="Lovelace")
    installation.control.reset("log")
    process = installation.start("run", "--every", "0.02", "--for", "3")
    assert "contacts: 1 created in Microsoft 365" in until(process, "anna@firm.example")
    installation.card("ben", givenName="Grace", surname="Hopper")
    assert "contacts: 1 created in the CRM" in until(process, "ben@firm.example")
    _, err = ended(process)
    assert "Syncing every 0.02 minutes. Ctrl-C ends it." in err and "Stopped after 3 rounds." in err
    for user in ("anna", "ben", "cara"):
        looks = [one for one in installation.control.log() if one["mailbox"] == f"{user}@firm.example"]
        assert len(looks) >= 3
    assert len(installation.named("Hopper")) == 1 and len(installation.cards("anna")) == 1


def test_W1_the_interval_is_ten_minutes_unless_configured(installation: Installed) -> None:
    """By default ten minutes; ``tandem.toml`` says otherwise; the command line has the last word."""
    assert "Syncing every 10 minutes." in installation.tandem("run", "--for", "1").err
    settings = installation.folder / "tandem.toml"
    text = settings.read_text()
    assert "interval_minutes = 10" in text
    settings.write_text(text.replace("interval_minutes = 10", "interval_minutes = 2.5"))
    assert "Syncing every 2.5 minutes." in installation.tandem("run", "--for", "1").err
    assert "Syncing every 1 minutes." in installation.tandem("run", "--for", "1", "--every", "1").err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_W1_run_ends_when_it_is_told_to(installation: Installed, number: signal.Signals) -> None:
    """A signal during the long wait ends it at once, with exit code 0; the next command finds nothing in its way."""
    installation.person("anna", firstname="Ada", lastname="Lovelace")
    process = installation.start("run")
    until(process, "anna@firm.example")
    began = time.monotonic()
    process.send_signal(number)
    _, err = ended(process)
    assert time.monotonic() - began < 10
    assert re.search(r"Stopped after 1 round\.", err)
    assert installation.sync(None, "--exit-code").code == 0


def test_W4_outside_the_window_nothing_is_made(installation: Installed) -> None:
    """On both sides, before and after it; inside it, and without a date where the rules say so, contacts travel."""
    with_window(installation)
    for name, days in (("Old", -70), ("Recent", -30), ("Soon", 300), ("Far", 500)):
        installation.person(firstname="P", lastname=name, birthday=in_days(days))
        installation.card("anna", givenName="C", surname=name, birthday=f"{in_days(days)}T00:00:00Z")
    installation.person(firstname="P", lastname="Undated")
    installation.sync("anna")
    crm = {person["lastname"] for person in installation.people().values() if person["firstname"] == "C"}
    cards = {card["surname"] for card in installation.cards("anna") if card["givenName"] == "P"}
    assert (crm, cards) == ({"Recent", "Soon"}, {"Recent", "Soon", "Undated"})


def test_W4_an_edit_that_moves_a_pair_out_travels_once_and_then_both_are_left_alone(installation: Installed) -> None:
    """Neither side is written or deleted afterwards, whatever is edited; moved back in, the edits travel."""
    with_window(installation)
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", birthday=in_days(10))
    installation.sync("anna")
    installation.edit_person(crm_id, birthday=in_days(-200))
    installation.sync("anna")
    card = installation.card_of("anna", "Lovelace")
    assert card["birthday"][:10] == in_days(-200)
    installation.edit_person(crm_id, title="in the CRM")
    installation.edit_card("anna", card["id"], assistantName="in Outlook")
    installation.control.reset("log")
    for options in ((), ("--full",)):
        assert actions(installation.plan("anna", *options)) == []
        installation.sync("anna", *options)
    assert writes(installation.control) == []
    assert installation.card_of("anna", "Lovelace")["jobTitle"] is None
    assert installation.people()[crm_id]["assistant"] is None
    installation.edit_person(crm_id, birthday=in_days(20))
    installation.sync("anna")
    assert installation.card_of("anna", "Lovelace")["jobTitle"] == "in the CRM"
    assert installation.people()[crm_id]["assistant"] == "in Outlook"


def test_W4_what_time_alone_moves_out_is_left_alone_on_both_sides(installation: Installed) -> None:
    """Ninety days go by without an edit of the date: the pair stays on both sides, and edits no longer travel. A
    contact deleted then in the CRM stays in Outlook; one deleted in Outlook is not made again."""
    with_window(installation)
    ids = {name: installation.person(firstname="A", lastname=name, birthday=in_days(10)) for name in ("Kept", "Gone")}
    ids |= {"Thrown": installation.person(firstname="A", lastname="Thrown", birthday=in_days(10))}
    installation.sync("anna")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=90), tick=True):
        installation.sync("anna", "--full")
        installation.edit_person(ids["Kept"], title="late edit")
        installation.delete_person(ids["Gone"])
        installation.delete_card("anna", installation.card_of("anna", "Thrown")["id"])
        installation.control.reset("log")
        for options in ((), ("--full",)):
            assert actions(installation.plan("anna", *options)) == []
            installation.sync("anna", *options)
        assert writes(installation.control) == []
    assert {card["surname"]: card["jobTitle"] for card in installation.cards("anna")} == {"Kept": None, "Gone": None}
    assert {person["lastname"] for person in installation.people().values()} == {"Kept", "Thrown"}


# ---- tasks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["crm", "m365"])
def test_W3_tasks_too_early_or_too_late_are_not_synced(installation: Installed, board: Board, side: str) -> None:
    """A start in the CRM, or a due date in Planner, more than two months ago or a year ahead; undated ones are."""
    days = {"Old": -70, "Recent": -50, "Soon": 300, "Far": 500}
    for name, ahead in days.items():
        if side == "crm":
            installation.task(name, tasklist=TO_DO, date_start=typed(ahead))
        else:
            board.card(name, dueDateTime=board_day(ahead))
    if side == "crm":
        installation.task("Undated", tasklist=TO_DO)
    else:
        board.card("Undated", dueDateTime=None)
    installation.sync("anna")
    here = {task["subject"] for task in installation.tasks().values()}
    there = {card["title"] for card in board.cards()}
    assert here & there == {"Recent", "Soon", "Undated"}
    assert here | there == {*days, "Undated"}


def test_W3_what_time_or_an_edit_moves_out_is_left_alone(installation: Installed, board: Board) -> None:
    """Either date out of the window keeps the pair apart: edits and deletions no longer travel; back in it, they do."""
    ids = {name: installation.task(name, tasklist=TO_DO, date_start=typed(3)) for name in ("Kept", "Gone", "Thrown")}
    installation.sync("anna")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=90)):
        installation.sync("anna", "--full")
        installation.edit_task(ids["Kept"], taskstatus="Done")
        installation.delete_task(ids["Gone"])
        board.planner.delete_task(board.of("Thrown")["id"])
        installation.control.reset("log")
        for options in ((), ("--full",)):
            assert actions(installation.plan("anna", *options, kind="tasks")) == []
            installation.sync("anna", *options)
        assert writes(installation.control) == []
        assert {card["title"]: card["percentComplete"] for card in board.cards()} == {"Kept": 0, "Gone": 0}
        assert {task["subject"] for task in installation.tasks().values()} == {"Kept", "Thrown"}
        installation.edit_task(ids["Kept"], date_start=typed(5))
        board.edit(board.of("Kept")["id"], dueDateTime=board_day(4))
        installation.sync("anna")
        assert board.of("Kept")["percentComplete"] == 100
        installation.second_plan_is_empty()
