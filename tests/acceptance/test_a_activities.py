"""Activities and the calendar: which way they travel, series, notes and privacy."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

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


# ---- A3, A4: single occurrences and whole series ---------------------------------------------------------------------


QUIET = timedelta(minutes=11)
"""A deletion of one occurrence waits this long for the others."""


def occurrences(diary: Diary, user: str = "anna", *, guests: tuple[str, ...] = ()) -> tuple[str, dict[str, str]]:
    """A weekly series of four that both sides have: the master's id, and the CRM ids by start."""
    master = diary.weekly("Weekly", user, *guests)
    diary.rounds()
    return master, {values["date_start"]: id for id, values in diary.activities().items()}


def test_A3_one_activity_deleted_takes_that_occurrence_out(installation: Installed, diary: Diary) -> None:
    """After a quiet while, in case more follow; the other three stay, on both sides, and their guest hears of one
    cancellation, which the plan says."""
    _, ids = occurrences(diary, guests=("ben",))
    installation.delete_task(ids[instant(8)])
    diary.sync("anna")
    assert len(diary.called("anna", "Weekly")) == 4
    since = diary.numbered()
    with time_machine.travel(datetime.now(UTC) + QUIET):
        plan = diary.sync("anna", mails=sent(cancellations=1))
        assert actions(plan) == [("delete", "m365", "Weekly")]
        assert diary.to(since) == [("cancel", "ben")]
        diary.rounds()
        starts = [one["start"]["dateTime"][:10] for one in diary.called("anna", "Weekly")]
        assert starts == [day(days) for days in (1, 15, 22)] and len(diary.activities()) == 3


def test_A3_all_activities_deleted_takes_the_series_out(installation: Installed, diary: Diary) -> None:
    """At the next tick, as one deletion; each guest hears of one cancellation, not of four."""
    _, ids = occurrences(diary, guests=("ben", OUTSIDE))
    since = diary.numbered()
    for crm_id in ids.values():
        installation.delete_task(crm_id)
    plan = diary.sync("anna", mails=sent(cancellations=2, outside=1))
    assert actions(plan) == [("delete", "m365", "Weekly")]
    assert diary.to(since) == [("cancel", "ben"), ("cancel", OUTSIDE)]
    assert diary.calendar.events(upn("anna")) == []
    diary.rounds()
    assert diary.activities() == {}


def test_A3_a_deletion_that_pauses_half_way(installation: Installed, diary: Diary) -> None:
    """Two of four are gone when the tick comes, the others before the next: it was the series all along, one deletion
    and one mail."""
    _, ids = occurrences(diary, guests=("ben",))
    first, second, *rest = ids.values()
    installation.delete_task(first)
    installation.delete_task(second)
    diary.sync("anna")
    for crm_id in rest:
        installation.delete_task(crm_id)
    assert actions(diary.sync("anna", mails=sent(cancellations=1))) == [("delete", "m365", "Weekly")]
    assert diary.calendar.events(upn("anna")) == []
    diary.rounds()


def test_A4_an_occurrence_edited_and_moved_in_outlook(installation: Installed, diary: Diary) -> None:
    """Its activity follows, the others stay; so does an edit of that activity, which changes that occurrence alone."""
    _, ids = occurrences(diary, guests=("ben",))
    second = diary.called("anna", "Weekly")[1]["id"]
    diary.edits("anna", second, subject="Not weekly", start=at(9, "15:00"), end=at(9, "16:00"))
    diary.rounds()
    activity = diary.activities()[ids[instant(8)]]
    assert (activity["subject"], activity["date_start"]) == ("Not weekly", instant(9, "15:00"))
    assert sorted(v["subject"] for v in diary.activities().values()) == ["Not weekly", *["Weekly"] * 3]
    installation.edit_task(
        ids[instant(15)], location="Harbour", date_start=f"{day(16)} 12:00Z", date_end=f"{day(16)} 13:00Z"
    )
    plan = diary.sync("anna", mails=sent(updates=1))
    assert actions(plan) == [("update", "m365", "Weekly")]
    third = diary.called("anna", "Weekly")[1]
    assert (third["type"], third["start"]["dateTime"][:10], third["location"]["displayName"]) == (
        "exception", day(16), "Harbour",
    )  # fmt: skip
    diary.rounds()
    assert len(diary.activities()) == 4 == len(diary.shown("ben"))


def test_A4_a_cancelled_occurrence_ends_its_activity(installation: Installed, diary: Diary) -> None:
    """Cancelled by its organiser in Outlook, its activity goes and neither side makes it again."""
    _, ids = occurrences(diary, guests=("ben",))
    diary.deletes("anna", diary.called("anna", "Weekly")[1]["id"])
    plan = diary.sync("anna")
    assert actions(plan) == [("delete", "crm", "Weekly")]
    diary.rounds()
    assert ids[instant(8)] not in diary.activities() and len(diary.activities()) == 3
    assert len(diary.called("anna", "Weekly")) == 3


def test_A4_an_attendee_s_deletion_of_an_occurrence_is_no_cancellation(installation: Installed, diary: Diary) -> None:
    """Ben takes one out of his own calendar: the activity and everybody else's stay."""
    occurrences(diary, guests=("ben",))
    diary.deletes("ben", diary.called("ben", "Weekly")[1]["id"])
    diary.rounds()
    assert len(diary.activities()) == 4 == len(diary.called("anna", "Weekly")) and len(diary.shown("ben")) == 3


# ---- A5, A6: notes and privacy ---------------------------------------------------------------------------------------


def test_A5_notes_travel_with_the_first_sync_alone(installation: Installed, diary: Diary) -> None:
    """In either direction; what is written later stays on its side, and other edits take none of it along."""
    here = diary.meets("Here", days=5, description="Bring maps")
    diary.invites("There", "anna", days=6, body=TEXT)
    diary.sync("anna")
    assert (
        diary.event(subject="Here")["body"]["content"].strip() == "Bring maps" == diary.activity("There")["description"]
    )
    there = diary.id_of("There")
    for crm_id in (here, there):
        installation.edit_task(crm_id, description="What was said", location="Harbour")
    diary.sync("anna")
    for subject in ("Here", "There"):
        event = diary.event(subject=subject)
        assert (event["body"]["content"].strip(), event["location"]["displayName"]) == ("Bring maps", "Harbour")
        diary.edits("anna", event["id"], body={"contentType": "text", "content": "Later"})
    diary.sync("anna")
    assert {values["description"] for values in diary.activities().values()} == {"What was said"}


def test_A5_notes_of_both_sides_stay_where_two_records_meet(installation: Installed, diary: Diary) -> None:
    """A meeting that was in both before the first sync is matched by its time: an empty side is filled, two notes are
    both kept."""
    installation.tandem("user", "disconnect", "anna")
    diary.meets("Both", days=5, description="Ours")
    diary.meets("Empty", days=6)
    diary.invites("Both", "anna", days=5, body=TEXT)
    diary.invites("Empty", "anna", days=6, body=TEXT)
    installation.connect("anna")
    diary.sync("anna")
    assert len(diary.activities()) == 2 == len(diary.shown())
    assert diary.activity("Both")["description"] == "Ours"
    assert (
        diary.event(subject="Both")["body"]["content"].strip() == "Bring maps" == diary.activity("Empty")["description"]
    )


@pytest.mark.parametrize("side", ["crm", "m365"])
def test_A6_private_is_sticky(installation: Installed, diary: Diary, side: str) -> None:
    """Set on one side it is set on the other; cleared there or here it stays on the other side, and the side that
    cleared it stays cleared."""
    crm_id = diary.meets()
    diary.sync("anna")
    event = diary.event()["id"]

    def private(where: str, value: bool) -> None:
        if where == "crm":
            installation.edit_task(crm_id, private="yes" if value else "no")
        else:
            diary.edits("anna", event, sensitivity="private" if value else "normal")

    def both() -> tuple[bool, str]:
        diary.sync("anna")
        return diary.activities()[crm_id]["private"], diary.event()["sensitivity"]

    private(side, True)
    assert both() == (True, "private")
    private(side, False)
    assert both() == ((False, "private") if side == "crm" else (True, "normal"))
    private(side, True)
    assert both() == (True, "private")
    other = "m365" if side == "crm" else "crm"
    private(other, False)
    assert both() == ((True, "normal") if side == "crm" else (False, "private"))


@pytest.mark.parametrize("sensitivity", ["confidential", "personal"])
def test_A6_confidential_and_personal_are_kept(installation: Installed, diary: Diary, sensitivity: str) -> None:
    """Both are private in the CRM, and stay what they are in Outlook through edits of the CRM."""
    diary.invites("Lunch", "anna", sensitivity=sensitivity)
    diary.sync("anna")
    crm_id = diary.id_of()
    assert diary.activities()[crm_id]["private"] is True
    installation.edit_task(crm_id, location="Harbour", private="yes")
    diary.sync("anna")
    assert (diary.event()["sensitivity"], diary.event()["location"]["displayName"]) == (sensitivity, "Harbour")
