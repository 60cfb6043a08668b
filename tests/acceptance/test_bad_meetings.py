"""Meetings that can't be what Outlook or the CRM asks for, and answers about calendars that make no sense: held or
handled with a reason, never a crash and never a wrong write; all others go on."""

from __future__ import annotations

from typing import Final

from diary import Diary, at, day, guests, instant, sent
from evidence import writes
from installed import Installed, upn
from wrong import told

CUSTOM: Final = "tzone://Microsoft/Custom"
ZERO: Final = {"dateTime": "0001-01-01T00:00:00.0000000", "timeZone": "UTC"}
HELD: Final = {
    "its end is before its start",
    "its start or end is a placeholder, not a date",
    "its start or end is told in a time zone that is not known",
    "the table privacy has no row for this value",
    "the text has 405 characters, and only 255 fit there",
}


def odd_events(diary: Diary) -> None:
    """Eleven events at noon in five days that Outlook would not let anybody make, and one that it would."""
    hour = {"start": at(5), "end": at(5, "13:00")}
    elsewhere = {"dateTime": f"{day(5)}T12:00:00", "timeZone": "Middle-earth Standard Time"}
    fraction = {"dateTime": f"{day(5)}T12:00:00.1234567", "timeZone": "UTC"}
    wrong = {"location": 5, "sensitivity": "odd", "body": None, "organizer": None, "type": None}
    nobody: dict[str, object] = {"attendees": [None, {"emailAddress": {}}, {"emailAddress": {"address": 5}}]}
    rows: list[dict[str, object]] = [
        {"subject": "Good"},
        {"subject": None},
        {"subject": "Custom", "originalStartTimeZone": CUSTOM, "originalEndTimeZone": CUSTOM},
        {"subject": "Fraction", "start": fraction},
        {"subject": "Crowd", "attendees": guests(*(f"p{number}@elsewhere.example" for number in range(500)))},
        {"subject": "Nobody", "raw": nobody},
        {"subject": "Wrong", "raw": wrong},
        {"subject": "Long " + "x" * 400},
        {"subject": "Backwards", "start": at(5, "13:00"), "end": at(5)},
        {"subject": "Zero", "raw": {"start": ZERO, "end": ZERO}},
        {"subject": "Elsewhere", "raw": {"start": elsewhere}},
    ]
    diary.calendar.seed(upn("anna"), [{**hour, **row} for row in rows])


def test_odd_events(installation: Installed, diary: Diary) -> None:
    """Times that make no sense are held with the reason, a text too long and an unknown value with the rest of their
    event in the CRM; a lost zone, parts of a second, no subject and 500 guests are no trouble. Edits of the CRM reach
    exactly the field that they are about, once a person agrees to 500 mails; put right in Outlook, nothing is held."""
    odd_events(diary)
    installation.control.reset("log")
    diary.sync("anna")
    assert {one["reason"] for one in installation.held()} == HELD and writes(installation.control) == []
    found = list(diary.activities().values())
    assert {one["subject"] for one in found} == {"Good", None, "Custom", "Fraction", "Crowd", "Nobody", "Wrong"}
    assert len(found) == 8 and {one["date_start"] for one in found} == {instant(5)}
    crowd, custom = diary.id_of("Crowd"), diary.id_of("Custom")
    before = {one["subject"]: one for one in diary.shown()}
    installation.edit_task(crowd, location="Arena")
    installation.edit_task(custom, date_start=f"{day(6)} 12:00Z", date_end=f"{day(6)} 13:00Z")
    installation.edit_task(diary.id_of("Fraction"), location="Arena")
    plan = installation.plan("anna", kind="activities")
    assert plan["mail"] == sent(updates=500, outside=500) and not plan["allowed"]
    installation.sync("anna", "--confirm", plan["digest"])
    after = {one["subject"]: one for one in diary.shown()}
    assert after["Custom"]["start"]["dateTime"][:16] == f"{day(6)}T12:00"
    assert after["Fraction"]["start"] == before["Fraction"]["start"]
    assert after["Crowd"]["attendees"] == before["Crowd"]["attendees"]
    assert after["Crowd"]["location"]["displayName"] == "Arena" == after["Fraction"]["location"]["displayName"]
    diary.edits("anna", before["Backwards"]["id"], start=at(5, "11:00"))
    diary.edits("anna", next(one["id"] for name, one in before.items() if name and len(name) > 255), subject="Short")
    for name in ("Zero", "Elsewhere", "Wrong"):
        diary.deletes("anna", before[name]["id"])
    diary.rounds("anna")
    assert installation.held() == []
    assert diary.activity("Backwards")["date_start"] == instant(5, "11:00")
    assert diary.activity("Short")["date_start"] == instant(5)


def test_odd_activities(installation: Installed, diary: Diary) -> None:
    """What no meeting can be is refused where people type it, or held and not written; what has no start, or one in
    no year of ours, is left alone. Put right, they go on."""
    for words, says in (
        (("location=" + "x" * 256,), "Location is longer than 255 characters"),
        (("allday=perhaps",), "must be yes or no"),
        (("date_start=soon",), "Start Date & Time must be a date and time such as"),
    ):
        told(installation.tandem("crm", "add", "--task", "subject=x", "activitytype=Meeting", *words, code=1), (says,))
    backwards = diary.meets("Backwards", date_end=f"{day(5)} 11:00Z")
    endless = diary.meets("No end", date_end="")
    diary.meets("No start", date_start="", date_end="")
    diary.meets("Half a day", allday="yes")
    diary.meets("Long ago", date_start="0001-01-01 00:00Z", date_end="0001-01-01 01:00Z")
    diary.meets("Never", date_start="9999-12-31 23:00Z", date_end="9999-12-31 23:30Z")
    diary.meets("Good")
    installation.sync("anna")

    assert {one["title"]: one["reason"] for one in installation.held()} == {
        "Backwards": "the end is before the start", "No end": "an event needs a start and an end",
    }  # fmt: skip
    assert {one["subject"] for one in diary.shown()} == {"Half a day", "Good"}
    for crm_id in (backwards, endless):
        installation.edit_task(crm_id, date_end=f"{day(5)} 13:00Z")
    diary.rounds("anna")
    assert installation.held() == [] and len(diary.shown()) == 4


def test_odd_answers_about_a_calendar(installation: Installed, diary: Diary) -> None:
    """A listing without an end, a link that leads elsewhere: one message, and nothing is taken for read or for deleted.
    A row of a series that nobody knows, and a part of a removed one, are asked after and pass."""
    diary.weekly()
    diary.sync("anna")
    control, before = installation.control, diary.activities()
    for action, says in (
        ({"kind": "endless_next"}, "does not come to an end"),
        ({"kind": "endless_next", "fresh": True}, "does not come to an end"),
        ({"kind": "foreign_link", "host": "evil.example"}, "it was not followed"),
    ):
        control.add_rule(action, path="calendarView/delta", count=0)
        control.reset("log")
        told(installation.sync("anna", "--full", code=1), (says,))
        assert writes(control) == [] and diary.activities() == before
        control.reset("faults")
    times = {"start": at(5), "end": at(5, "13:00")}
    rows = [
        {"id": "never-heard-of", "type": "occurrence", "seriesMasterId": "nor-of-this", **times},
        {"id": "this-neither", "@removed": {"reason": "deleted"}},
        {"id": "nor-this-one", "type": "seriesMaster", **times},
    ]
    link = f"{diary.url}/v1.0/me/calendarView/delta?$deltatoken=nothing"
    body = {"value": rows, "@odata.deltaLink": link}
    control.add_rule({"kind": "status", "status": 200, "body": body}, path="calendarView/delta", part=True)
    diary.sync("anna")
    diary.sync("anna")
    assert diary.activities() == before and len(diary.shown()) == 4 and installation.held("--all") == []
