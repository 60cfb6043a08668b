"""The window of activities, by their own start and whichever side they come from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import time_machine
from diary import Diary, at, instant
from installed import Installed


def listings(installed: Installed) -> int:
    """How often a calendar was listed over a new span."""
    calls = [call for one in installed.control.log() for call in (one, *(one.get("batch") or ()))]
    return sum(str(call.get("query")).startswith("startDateTime") and "delta" in call["path"] for call in calls)


def test_W2_only_what_starts_inside_the_window(installation: Installed, diary: Diary) -> None:
    """From two months before now to a year after now, on both sides; what lies outside is left alone. A meeting that is
    moved out travels a last time, and then both are left alone; moved back in, they go on."""
    for days in (-70, -50, 355, 375):
        diary.meets(f"Here {days}", days=days)
        diary.invites(f"There {days}", "anna", days=days)
    crm_id = diary.meets()
    diary.sync("anna")
    inside = {f"{side} {days}" for side in ("Here", "There") for days in (-50, 355)} | {"Lunch"}
    here = {values["subject"] for values in diary.activities().values()}
    there = {one["subject"] for one in diary.shown()}
    assert here == inside | {"Here -70", "Here 375"} and there == inside | {"There -70", "There 375"}
    event = diary.event()["id"]
    diary.edits("anna", event, start=at(480), end=at(480, "13:00"))
    diary.sync("anna")
    assert diary.activities()[crm_id]["date_start"] == instant(480)
    installation.edit_task(crm_id, location="Harbour")
    diary.rounds("anna")
    assert diary.event()["location"]["displayName"] == ""
    diary.edits("anna", event, start=at(9), end=at(9, "13:00"))
    diary.rounds("anna")
    assert diary.activities()[crm_id]["date_start"] == instant(9)
    assert diary.event()["location"]["displayName"] == "Harbour"


def test_W2_time_alone_brings_in_and_deletes_nothing(installation: Installed, diary: Diary) -> None:
    """An event thirteen months ahead appears a month later without a full listing; one that drifted out is left alone
    on both sides, whatever is done to it. Half a year later the calendar is listed over a new span, in which the
    oldest events are no more: nothing of them changes, and what is new in it comes."""
    diary.invites("Far", "anna", days=390)
    diary.invites("Later", "anna", days=500)
    diary.invites("Old", "anna", days=-40)
    diary.invites("Older", "anna", days=-45)
    diary.weekly(times=3)
    diary.rounds("anna")
    beginning = diary.activities()
    assert {values["subject"] for values in beginning.values()} == {"Old", "Older", "Weekly"}
    installation.control.reset("log")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=40)):
        diary.rounds("anna")
        assert listings(installation) == 0
        assert {v["subject"] for v in diary.activities().values()} == {"Old", "Older", "Weekly", "Far"}
        installation.delete_task(diary.id_of("Older"))
        diary.rounds("anna")
        assert {one["subject"] for one in diary.shown()} >= {"Old", "Older"}
    left = {id: values for id, values in beginning.items() if values["subject"] != "Older"}
    with time_machine.travel(datetime.now(UTC) + timedelta(days=190)):
        installation.control.reset("log")
        diary.rounds("anna")
        assert listings(installation) == 1
        after = diary.activities()
        assert after.items() >= left.items()
        assert {values["subject"] for values in after.values()} == {"Old", "Weekly", "Far", "Later"}
        assert len(diary.shown("anna", back=300)) == 7
        installation.second_plan_is_empty()
