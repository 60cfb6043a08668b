"""Activities and the calendar: which way they travel, series, notes and privacy."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from diary import OUTSIDE, Diary, at, day, instant, sent
from evidence import actions, writes
from installed import Installed, upn

from graph_emulator.server import Emulator

TEXT = {"contentType": "text", "content": "Bring maps"}


# ---- A1: which way ---------------------------------------------------------------------------------------------------


def test_A1_meetings_are_switched_on_by_the_administrator(installation: Installed, emulator: Emulator) -> None:
    """Until then no calendar is asked for anything, nothing is planned and nothing written, whatever other settings
    say; a user who stays off stays so. The sync after that is the first one, which mails nobody."""
    diary = Diary(installation, installation.control.calendar, emulator.url, str(emulator.ca_file))
    diary.meets("Here", users="ben")
    diary.invites("There", "anna", "ben", days=6)
    mailed = diary.to()
    installation.settings(kind="activities", invite_to_future="yes")
    installation.control.reset("log")
    installation.sync()
    installation.sync("anna", "--full")
    assert {plan["kind"] for plan in installation.plans()} == {"contacts", "tasks"}
    assert not re.search("calendar|events", str(installation.control.log())) and len(diary.activities()) == 1
    installation.settings("ben", kind="activities", direction="off")
    installation.tandem("org", "set", "activities.direction", "both")
    installation.control.reset("log")
    installation.sync()
    assert len(diary.activities()) == 2 == len(diary.shown()) and len(diary.shown("ben")) == 1
    read = [call for call in installation.control.log() if re.search("calendarView/delta", str(call))]
    assert len(read) == 2, "Anna's calendar and Cara's"
    diary.rounds("anna", "cara")
    assert diary.to() == mailed and diary.on("anna", "Here") == set()


def test_A1_new_meetings_appear_on_the_other_side(installation: Installed, diary: Diary) -> None:
    """An event as a meeting of its owner, with every field that both sides hold; an activity, a call as well, as an
    event, but no task. The plan says so field by field and nothing is written before the sync. A whole day has the day
    after as its end, whichever side it comes from."""
    midnight = {"timeZone": "UTC"}
    diary.invites("There", "anna", days=4, location={"displayName": "Harbour"}, body=TEXT)
    diary.invites(
        "Fair", "anna", isAllDay=True,
        start={"dateTime": f"{day(5)}T00:00:00", **midnight}, end={"dateTime": f"{day(7)}T00:00:00", **midnight},
    )  # fmt: skip
    installation.control.reset("log")
    plan = diary.sync("anna")
    assert sorted(actions(plan)) == [("create", "crm", "Fair"), ("create", "crm", "There")]
    assert writes(installation.control) == []
    there, fair = diary.activity("There"), diary.activity("Fair")
    assert (there["activitytype"], there["assigned_user_id"], there["users"]) == ("Meeting", "anna", None)
    assert (there["date_start"], there["date_end"]) == (instant(4), instant(4, "13:00"))
    assert (there["location"], there["description"]) == ("Harbour", "Bring maps")
    assert (there["private"], there["allday"]) == (False, False)
    assert (fair["allday"], fair["date_start"][:10]) == (True, day(5))

    before = diary.shown()
    diary.meets(days=8, location="Harbour", description="Bring maps")
    diary.meets("Ring Ada", activitytype="Call", days=9)
    diary.meets("No meeting", activitytype="Task", days=10)
    diary.meets("Holiday", days=11, allday="yes", date_start=f"{day(11)} 00:00Z", date_end=f"{day(12)} 00:00Z")
    plan = installation.plan("anna", kind="activities")
    assert actions(plan) == [("create", "m365", name) for name in ("Holiday", "Lunch", "Ring Ada")]
    assert diary.shown() == before
    changes = next(one["changes"] for one in plan["actions"] if one["title"] == "Lunch")
    rules = {change["path"]: change["rule"] for change in changes}
    assert set(rules) >= {"subject", "start", "end", "location.displayName", "body"}
    assert all(rule.startswith("activities.rules:") for rule in rules.values())
    diary.sync("anna")
    lunch, call, holiday = diary.shown()[2:]
    assert (lunch["subject"], call["subject"]) == ("Lunch", "Ring Ada")
    assert [lunch[end]["dateTime"][:16] for end in ("start", "end")] == [f"{day(8)}T12:00", f"{day(8)}T13:00"]
    assert (lunch["location"]["displayName"], lunch["body"]["content"].strip()) == ("Harbour", "Bring maps")
    assert (lunch["sensitivity"], lunch["isAllDay"], lunch["attendees"]) == ("normal", False, [])
    assert (holiday["isAllDay"], holiday["start"]["dateTime"][:10], holiday["end"]["dateTime"][:10]) == (
        True, day(11), day(12),
    )  # fmt: skip


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
    """Each at its own time, all with the notes and the place of the series; nothing in the calendar is touched. One
    that began half a year ago and never ends is there from two months ago to a year from now."""
    diary.weekly(location={"displayName": "Harbour"}, body=TEXT)
    for_ever = {"pattern": {"type": "daily", "interval": 7}, "range": {"type": "noEnd", "startDate": day(-182)}}
    row = {"subject": "For ever", "start": at(-182), "end": at(-182, "13:00"), "recurrence": for_ever}
    diary.calendar.seed(upn("anna"), [row])
    installation.control.reset("log")
    plan = diary.sync("anna")
    assert actions(plan).count(("create", "crm", "Weekly")) == 4 and writes(installation.control) == []
    found = sorted(diary.activities().values(), key=lambda values: values["date_start"])
    weekly = [one for one in found if one["subject"] == "Weekly"]
    assert [one["date_start"] for one in weekly] == [instant(days) for days in (1, 8, 15, 22)]
    assert {(one["location"], one["description"]) for one in weekly} == {("Harbour", "Bring maps")}
    starts = [one["date_start"] for one in found if one["subject"] == "For ever"]
    assert starts == [instant(days) for days in range(-56, 365, 7)]


def test_A2_what_changes_in_the_series_changes_in_each_activity(installation: Installed, diary: Diary) -> None:
    """Renamed, made longer by two weeks and then shorter by three: the same activities go on, two come, three go.
    Split after the first, as Outlook does for this and all that follow: what was in it is not there twice."""
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
    first = min(diary.activities().items(), key=lambda pair: pair[1]["date_start"])[0]
    diary.edits("anna", master, recurrence={"pattern": pattern, "range": {**ends, "numberOfOccurrences": 1}})
    rest = {**ends, "startDate": day(8), "numberOfOccurrences": 2}
    diary.invites("Jour fixe", "anna", days=8, location={"displayName": "Mill"},
                  recurrence={"pattern": pattern, "range": rest})  # fmt: skip
    diary.rounds("anna")
    found = sorted((one["date_start"], one["location"]) for one in diary.activities().values())
    assert found == [(instant(1), None), (instant(8), "Mill"), (instant(15), "Mill")] and first in diary.activities()


# ---- A3, A4: single occurrences and whole series ---------------------------------------------------------------------


QUIET = timedelta(minutes=11)
"""A deletion of one occurrence waits this long for the others."""


def ids_of(diary: Diary, subject: str) -> list[str]:
    """The activities of a series, in order of time."""
    found = [(values["date_start"], id) for id, values in diary.activities().items() if values["subject"] == subject]
    return [id for _, id in sorted(found)]


def test_A3_activities_of_series_deleted_in_the_crm(installation: Installed, diary: Diary) -> None:
    """All of them: the series goes at the next tick as one deletion, with one cancellation for each guest and not one
    per occurrence, even where the deletion pauses half way. One of them: that occurrence is taken out after a quiet
    while, in case more follow. The plan says whom each mails."""
    for subject, people in (("All", ("ben", OUTSIDE)), ("Pauses", ("ben",)), ("One", ("ben",))):
        diary.weekly(subject, "anna", *people)
    diary.rounds()
    since = diary.numbered()
    one, pauses = ids_of(diary, "One"), ids_of(diary, "Pauses")
    for crm_id in (*ids_of(diary, "All"), *pauses[:2], one[1]):
        installation.delete_task(crm_id)
    plan = diary.sync("anna", mails=sent(cancellations=2, outside=1))
    assert actions(plan) == [("delete", "m365", "All")]
    for crm_id in pauses[2:]:
        installation.delete_task(crm_id)
    assert actions(diary.sync("anna", mails=sent(cancellations=1))) == [("delete", "m365", "Pauses")]
    assert {event["subject"] for event in diary.calendar.events(upn("anna"))} == {"One"}
    assert len(diary.called("anna", "One")) == 4
    with time_machine.travel(datetime.now(UTC) + QUIET):
        assert actions(diary.sync("anna", mails=sent(cancellations=1))) == [("delete", "m365", "One")]
        diary.rounds()
        starts = [one["start"]["dateTime"][:10] for one in diary.called("anna", "One")]
        assert starts == [day(days) for days in (1, 15, 22)] and len(diary.activities()) == 3
    assert diary.to(since) == [*[("cancel", "ben")] * 3, ("cancel", OUTSIDE)]


def test_A4_single_occurrences(installation: Installed, diary: Diary) -> None:
    """Edited and moved in Outlook: its activity follows, the others stay. Edited in the CRM: that occurrence alone
    changes. Cancelled by its organiser: its activity goes, and neither side makes it again. Taken out of a guest's own
    calendar: the activity and everybody else's stay."""
    diary.weekly("Weekly", "anna", "ben", times=5)
    diary.rounds()
    ids = ids_of(diary, "Weekly")
    second, fifth = (diary.called("anna", "Weekly")[number]["id"] for number in (1, 4))
    diary.edits("anna", second, subject="Not weekly", start=at(9, "15:00"), end=at(9, "16:00"))
    diary.deletes("anna", fifth)
    plan = diary.sync("anna")
    assert sorted(actions(plan)) == [("delete", "crm", "Weekly"), ("update", "crm", "Weekly")]
    diary.rounds()
    found = diary.activities()
    assert found.keys() == set(ids[:4])
    assert [found[id]["subject"] for id in ids[:4]] == ["Weekly", "Not weekly", "Weekly", "Weekly"]
    assert found[ids[1]]["date_start"] == instant(9, "15:00")
    moved = {"date_start": f"{day(16)} 12:00Z", "date_end": f"{day(16)} 13:00Z"}
    installation.edit_task(ids[2], location="Harbour", **moved)
    plan = diary.sync("anna", mails=sent(updates=1))
    assert actions(plan) == [("update", "m365", "Weekly")]
    third = diary.called("anna", "Weekly")[1]
    assert (third["type"], third["start"]["dateTime"][:10], third["location"]["displayName"]) == (
        "exception", day(16), "Harbour",
    )  # fmt: skip
    diary.rounds()
    diary.deletes("ben", diary.called("ben", "Weekly")[0]["id"])
    diary.rounds()
    assert len(diary.activities()) == 4 == len(diary.shown("anna"))
    assert len([one for one in diary.shown("ben") if not one["isCancelled"]]) == 3


# ---- A5, A6: notes and privacy ---------------------------------------------------------------------------------------


def test_A5_notes_travel_with_the_first_sync_alone(installation: Installed, diary: Diary) -> None:
    """In either direction; what is written later stays on its side, and other edits take none of it along. Of a meeting
    that both had before, matched by its time, an empty side is filled and two notes are both kept."""
    installation.tandem("user", "disconnect", "anna")
    diary.meets("Both", days=3, description="Ours")
    diary.meets("Empty", days=4)
    diary.meets("Here", days=5, description="Bring maps")
    for number, subject in ((3, "Both"), (4, "Empty"), (6, "There")):
        diary.invites(subject, "anna", days=number, body=TEXT)
    installation.connect("anna")
    diary.sync("anna")
    assert len(diary.activities()) == 4 == len(diary.shown())
    notes = {values["subject"]: values["description"] for values in diary.activities().values()}
    assert notes == {"Both": "Ours", "Empty": "Bring maps", "Here": "Bring maps", "There": "Bring maps"}
    assert {one["body"]["content"].strip() for one in diary.shown()} == {"Bring maps"}
    for crm_id in diary.activities():
        installation.edit_task(crm_id, description="What was said", location="Harbour")
    diary.sync("anna")
    for event in diary.shown():
        assert (event["body"]["content"].strip(), event["location"]["displayName"]) == ("Bring maps", "Harbour")
        diary.edits("anna", event["id"], body={"contentType": "text", "content": "Later"})
    diary.sync("anna")
    assert {values["description"] for values in diary.activities().values()} == {"What was said"}


def test_A6_private_is_sticky(installation: Installed, diary: Diary) -> None:
    """Set on one side it is set on the other; cleared on either it stays on the other, and the side that cleared it
    stays cleared. Confidential and personal are private in the CRM, and stay what they are in Outlook."""
    here, there = diary.meets("Here", days=5), diary.meets("There", days=6)
    for sensitivity in ("confidential", "personal"):
        diary.invites(sensitivity, "anna", days=7, sensitivity=sensitivity)
    diary.sync("anna")
    events = {one["subject"]: one["id"] for one in diary.shown()}
    ids = {values["subject"]: id for id, values in diary.activities().items()}

    def marked(here_in: str, there_in: str, value: bool) -> dict[str, tuple[bool, str]]:
        """What both sides hold after one meeting was changed in the CRM and the other in Outlook."""
        crm, m365 = (here, events["There"]) if here_in == "crm" else (there, events["Here"])
        installation.edit_task(crm, private="yes" if value else "no")
        diary.edits("anna", m365, sensitivity="private" if value else "normal")
        diary.sync("anna")
        shown = {one["subject"]: one["sensitivity"] for one in diary.shown()}
        return {name: (diary.activities()[ids[name]]["private"], shown[name]) for name in ("Here", "There")}

    both, cleared = (True, "private"), {"crm": (False, "private"), "m365": (True, "normal")}
    assert marked("crm", "m365", True) == {"Here": both, "There": both}
    assert marked("crm", "m365", False) == {"Here": cleared["crm"], "There": cleared["m365"]}
    assert marked("crm", "m365", True) == {"Here": both, "There": both}
    assert marked("m365", "crm", False) == {"Here": cleared["m365"], "There": cleared["crm"]}
    for sensitivity in ("confidential", "personal"):
        assert diary.activities()[ids[sensitivity]]["private"] is True
        installation.edit_task(ids[sensitivity], location="Harbour", private="yes")
    diary.sync("anna")
    for sensitivity in ("confidential", "personal"):
        event = diary.event(subject=sensitivity)
        assert (event["sensitivity"], event["location"]["displayName"]) == (sensitivity, "Harbour")


def test_A2_a_recurring_activity_is_one_series(installation: Installed, diary: Diary) -> None:
    """Given in the CRM how it repeats, a meeting is made as one series by the clocks of its user, with one invitation
    for all of it. Its first occurrence is that activity still, the others become activities of their own, at the same
    time of day all the year; deleted all together, the series goes. Words that no series can follow are held with the
    reason."""
    installation.settings(kind="activities", invite_to_future="yes")
    first = diary.meets("Stand-up", days=1, recurrence="FREQ=WEEKLY;COUNT=30", users="ben")
    row = {"Activity Type": "Meeting", "Subject": "Wrong", "Assigned To": "anna", "Repeats": "every week",
           "Start Date & Time": f"{day(2)} 12:00Z", "End Date & Time": f"{day(2)} 13:00Z"}  # fmt: skip
    installation.import_csv("activities.csv", [row])
    diary.sync("anna", mails=sent(invitations=1))
    (held,) = installation.held()
    assert held["title"] == "Wrong" and "how it repeats is not said in words" in held["reason"]
    installation.edit_task(diary.id_of("Wrong"), recurrence="")
    diary.rounds()
    (series,) = (one for one in diary.calendar.events(upn("anna")) if one["subject"] == "Stand-up")
    assert series["recurrence"]["range"]["recurrenceTimeZone"] == "GMT Standard Time"
    found = {id: values for id, values in diary.activities().items() if values["subject"] == "Stand-up"}
    assert len(found) == 30 == len(diary.called("ben", "Stand-up")) and found[first]["date_start"] == instant(1)
    assert {(one["recurrence"], tuple(one["users"])) for one in found.values()} == {(None, ("ben",))}
    clock = ZoneInfo("Europe/London")
    starts = sorted(datetime.fromisoformat(one["date_start"]).astimezone(clock) for one in found.values())
    assert {f"{start:%A %H:%M}" for start in starts} == {f"{starts[0]:%A} 12:00"}
    assert {start.utcoffset() for start in starts} == {timedelta(), timedelta(hours=1)}
    installation.edit_task(first, location="Harbour")
    assert actions(diary.sync("anna", mails=sent(updates=1))) == [("update", "m365", "Stand-up")]
    assert [one["location"]["displayName"] for one in diary.called("anna", "Stand-up")] == ["Harbour", *[""] * 29]
    diary.rounds()
    for crm_id in found:
        installation.delete_task(crm_id)
    assert actions(diary.sync("anna", mails=sent(cancellations=1))) == [("delete", "m365", "Stand-up")]
    diary.rounds()
    assert {one["subject"] for one in diary.shown()} == {"Wrong"}
