"""Activities and the calendar: which way they travel, series, notes and privacy."""

from __future__ import annotations

import pytest
from diary import Diary, at, day, instant
from evidence import actions, writes
from installed import Installed

TEXT = {"contentType": "text", "content": "Bring maps"}


# ---- A1: which way ---------------------------------------------------------------------------------------------------


def test_A1_a_new_event_appears_in_the_crm(installation: Installed, diary: Diary) -> None:
    """As a meeting of its owner, with every field that both sides hold; nothing in the calendar is touched."""
    diary.invites("Lunch", "anna", location={"displayName": "Harbour"}, body=TEXT)
    installation.control.reset("log")
    plan = diary.sync("anna")
    assert actions(plan) == [("create", "crm", "Lunch")] and writes(installation.control) == []
    activity = diary.activity()
    assert (activity["activitytype"], activity["assigned_user_id"], activity["users"]) == ("Meeting", "anna", None)
    assert (activity["date_start"], activity["date_end"]) == (instant(5), instant(5, "13:00"))
    assert (activity["location"], activity["description"]) == ("Harbour", "Bring maps")
    assert (activity["private"], activity["allday"]) == (False, False)


def test_A1_a_new_activity_appears_in_the_calendar(installation: Installed, diary: Diary) -> None:
    """The plan says so field by field and nothing is written before the sync; a call does as well, a task does not."""
    diary.meets(location="Harbour", description="Bring maps")
    diary.meets("Ring Ada", activitytype="Call", days=6)
    diary.meets("No meeting", activitytype="Task", days=7)
    plan = installation.plan("anna", kind="activities")
    assert actions(plan) == [("create", "m365", "Lunch"), ("create", "m365", "Ring Ada")] and diary.shown() == []
    shown = {change["path"]: change["rule"] for change in plan["actions"][0]["changes"]}
    assert set(shown) >= {"subject", "start", "end", "location.displayName", "body"}
    assert all(rule.startswith("activities.rules:") for rule in shown.values())
    diary.sync("anna")
    lunch, call = diary.shown()
    assert (lunch["subject"], call["subject"]) == ("Lunch", "Ring Ada")
    assert [lunch[end]["dateTime"][:16] for end in ("start", "end")] == [f"{day(5)}T12:00", f"{day(5)}T13:00"]
    assert (lunch["location"]["displayName"], lunch["body"]["content"].strip()) == ("Harbour", "Bring maps")
    assert (lunch["sensitivity"], lunch["isAllDay"], lunch["attendees"]) == ("normal", False, [])


def test_A1_edits_travel_both_ways(installation: Installed, diary: Diary) -> None:
    """Subject, time and place, changed on one side and then on the other: the same pair, one update each."""
    crm_id = diary.meets()
    diary.sync("anna")
    event = diary.event()["id"]
    installation.edit_task(
        crm_id, subject="Dinner", date_start=f"{day(6)} 18:00Z", date_end=f"{day(6)} 20:00Z", location="Harbour"
    )
    assert actions(diary.sync("anna")) == [("update", "m365", "Lunch")]
    found = diary.event(subject="Dinner")
    assert (found["id"], found["start"]["dateTime"][:16], found["location"]["displayName"]) == (
        event, f"{day(6)}T18:00", "Harbour",
    )  # fmt: skip
    diary.edits("anna", event, subject="Supper", start=at(7, "19:00"), end=at(7, "21:00"), location={"displayName": ""})
    assert actions(diary.sync("anna")) == [("update", "crm", "Dinner")]
    activity = diary.activities()[crm_id]
    assert (activity["subject"], activity["date_start"], activity["date_end"], activity["location"]) == (
        "Supper", instant(7, "19:00"), instant(7, "21:00"), None,
    )  # fmt: skip


def test_A1_a_whole_day_travels_both_ways(installation: Installed, diary: Diary) -> None:
    """From the calendar with the day after as its end, and from the CRM; a second look finds both in step."""
    midnight = {"timeZone": "UTC"}
    diary.invites(
        "Fair", "anna", isAllDay=True,
        start={"dateTime": f"{day(5)}T00:00:00", **midnight}, end={"dateTime": f"{day(7)}T00:00:00", **midnight},
    )  # fmt: skip
    diary.meets("Holiday", days=9, allday="yes", date_start=f"{day(9)} 00:00Z", date_end=f"{day(10)} 00:00Z")
    diary.sync("anna")
    fair = diary.activity("Fair")
    assert (fair["allday"], fair["date_start"][:10]) == (True, day(5))
    holiday = diary.event(subject="Holiday")
    assert (holiday["isAllDay"], holiday["start"]["dateTime"][:10], holiday["end"]["dateTime"][:10]) == (
        True, day(9), day(10),
    )  # fmt: skip


@pytest.mark.parametrize("direction", ["to_m365", "to_crm", "off"])
def test_A1_a_one_way_direction_never_writes_its_source(installation: Installed, diary: Diary, direction: str) -> None:
    """New records, edits and deletions on both sides: only the other side is written, and nobody is mailed."""
    for number, subject in enumerate(("Edited here", "Edited there", "Deleted here", "Deleted there"), start=3):
        diary.meets(subject, days=number)
    diary.sync("anna")
    ids = {values["subject"]: id for id, values in diary.activities().items()}
    events = {one["subject"]: one["id"] for one in diary.shown()}
    installation.settings(kind="activities", direction=direction)
    diary.meets("New here", days=8)
    diary.invites("New there", "anna", days=9)
    installation.edit_task(ids["Edited here"], location="Here")
    diary.edits("anna", events["Edited there"], location={"displayName": "There"})
    installation.delete_task(ids["Deleted here"])
    diary.deletes("anna", events["Deleted there"])
    crm, calendar = diary.activities(), diary.shown()
    installation.control.reset("log")
    diary.sync("anna")
    installation.sync("anna", "--full")
    assert (diary.activities() == crm) is (direction != "to_crm")
    assert (diary.shown() == calendar) is (direction != "to_m365")
    assert bool(writes(installation.control)) is (direction == "to_m365")


# ---- A2: series ------------------------------------------------------------------------------------------------------


def test_A2_a_series_is_one_activity_per_occurrence(installation: Installed, diary: Diary) -> None:
    """Each at its own time, all with the notes and the place of the series; nothing in the calendar is touched."""
    diary.weekly(location={"displayName": "Harbour"}, body=TEXT)
    installation.control.reset("log")
    plan = diary.sync("anna")
    assert actions(plan) == [("create", "crm", "Weekly")] * 4 and writes(installation.control) == []
    found = sorted(diary.activities().values(), key=lambda values: values["date_start"])
    assert [one["date_start"] for one in found] == [instant(days) for days in (1, 8, 15, 22)]
    assert {(one["subject"], one["location"], one["description"]) for one in found} == {
        ("Weekly", "Harbour", "Bring maps")
    }


def test_A2_a_series_without_an_end_is_there_as_far_as_the_window_reaches(
    installation: Installed, diary: Diary
) -> None:
    """Of one that began half a year ago and never ends: from two months ago to a year from now."""
    diary.calendar.seed(
        "anna@firm.example",
        [{"subject": "For ever", "start": at(-182), "end": at(-182, "13:00"),
          "recurrence": {"pattern": {"type": "daily", "interval": 7},
                         "range": {"type": "noEnd", "startDate": day(-182)}}}],
    )  # fmt: skip
    diary.sync("anna")
    starts = sorted(one["date_start"] for one in diary.activities().values())
    assert starts == [instant(days) for days in range(-56, 365, 7)]


def test_A2_what_changes_in_the_series_changes_in_each_activity(installation: Installed, diary: Diary) -> None:
    """Renamed, made longer by two weeks and then shorter by three: the same activities go on, two come, three go."""
    master = diary.weekly()
    diary.sync("anna")
    before = diary.activities()
    diary.edits("anna", master, subject="Jour fixe")
    assert actions(diary.sync("anna")) == [("update", "crm", "Weekly")] * 4
    assert {values["subject"] for values in diary.activities().values()} == {"Jour fixe"}
    assert diary.activities().keys() == before.keys()
    ends = {"type": "numbered", "startDate": day(1)}
    pattern = next(one for one in diary.calendar.events("anna@firm.example"))["recurrence"]["pattern"]
    diary.edits("anna", master, recurrence={"pattern": pattern, "range": {**ends, "numberOfOccurrences": 6}})
    assert actions(diary.sync("anna")) == [("create", "crm", "Jour fixe")] * 2
    assert len(diary.activities()) == 6 and diary.activities().keys() > before.keys()
    diary.edits("anna", master, recurrence={"pattern": pattern, "range": {**ends, "numberOfOccurrences": 3}})
    diary.sync("anna")
    starts = sorted(values["date_start"] for values in diary.activities().values())
    assert starts == [instant(days) for days in (1, 8, 15)]
