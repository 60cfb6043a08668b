"""Meetings that somebody deletes: what goes with them, what is made again, and whom that mails."""

from __future__ import annotations

from diary import OUTSIDE, Diary, at, guests, instant, sent
from evidence import actions, writes
from installed import Installed, upn


def from_olga(diary: Diary) -> None:
    """Olga, who is outside, invites Anna and Ben."""
    row = {
        "subject": "Olga's", "start": at(8), "end": at(8, "13:00"), "iCalUId": "olgas-meeting",
        "organizer": guests(OUTSIDE)[0], "attendees": guests("anna", "ben"),
    }  # fmt: skip
    for user in ("anna", "ben"):
        diary.calendar.receive(upn(user), row)


def test_D1_a_meeting_deleted_in_the_crm_goes_from_the_calendar(installation: Installed, diary: Diary) -> None:
    """At the next tick; one without guests silently. One with guests is cancelled by its organiser, so that everybody
    hears of it, and the plan says whom. Of somebody else's meeting the copies go, and nobody is mailed."""
    diary.invites("Alone", "anna", days=4)
    diary.invites("Lunch", "anna", "ben", OUTSIDE)
    from_olga(diary)
    diary.rounds()
    since = diary.numbered()
    for crm_id in diary.activities():
        installation.delete_task(crm_id)
    assert actions(diary.sync("ben")) == [("delete", "m365", "Olga's")]
    plan = diary.sync("anna", mails=sent(cancellations=2, outside=1))
    assert sorted(actions(plan)) == [("delete", "m365", name) for name in ("Alone", "Lunch", "Olga's")]
    assert diary.to(since) == [("cancel", "ben"), ("cancel", OUTSIDE)]
    diary.rounds()
    assert diary.shown() == [] and diary.activities() == {}
    assert diary.called("ben") == [] == diary.called("ben", "Olga's"), "only what says that it is cancelled is left"


def test_D2_a_meeting_deleted_in_microsoft_365(installation: Installed, diary: Diary) -> None:
    """One without guests is written to the calendar again, with the notes of the first sync and no mail. One with
    guests never is, whatever is edited, nor is a series: it would invite them. A guest's deletion of a copy, and a
    cancellation from outside, change nothing else: the activity stays and, where the meeting goes on, goes along."""
    own = diary.meets("Own", days=3, description="Bring maps")
    diary.invites("Ended", "anna", "ben", OUTSIDE, days=4)
    diary.invites("Lunch", "anna", "ben")
    master = diary.weekly("Weekly", "anna", "ben")
    from_olga(diary)
    diary.rounds()
    installation.edit_task(own, description="What was said")
    diary.rounds("anna")
    ids = {values["subject"]: id for id, values in diary.activities().items()}
    assert len(diary.activities()) == 8
    for subject in ("Own", "Ended"):
        diary.deletes("anna", diary.event(subject=subject)["id"])
    diary.deletes("anna", master)
    diary.deletes("ben", diary.event("ben")["id"])
    for user in ("anna", "ben"):
        diary.calendar.receive_cancellation(upn(user), "olgas-meeting")
    since = diary.numbered()
    plan = diary.sync("anna")
    assert [(one["verb"], one["class"], one["side"], one["title"]) for one in plan["actions"]] == [
        ("recreate", "recreate", "m365", "Own")
    ]
    event = diary.event(subject="Own")
    assert (event["body"]["content"].strip(), event["attendees"]) == ("Bring maps", [])
    installation.control.reset("log")
    diary.rounds()
    installation.edit_task(ids["Ended"], subject="Still here")
    installation.edit_task(ids["Olga's"], location="Harbour")
    diary.edits("anna", diary.event()["id"], start=at(6), end=at(6, "13:00"))
    heard = diary.numbered()
    diary.rounds()
    assert writes(installation.control) == [] and diary.to(heard) == []
    assert [kind for kind, _ in diary.to(since)] == ["update"], "Anna's own, to Ben"
    assert diary.activities()[ids["Lunch"]]["date_start"] == instant(6) and diary.on() == {"ben"}
    assert diary.activities()[ids["Ended"]]["subject"] == "Still here" and len(diary.activities()) == 8
    assert diary.called("anna", "Weekly") == [] == diary.called("anna", "Ended")


RECREATED = """  deleted in m365:      recreate in m365      when m365.isOrganizer and m365.attendees is empty
      "A meeting with attendees is never made again by itself: that would invite them."
  deleted in m365:      stop syncing          otherwise
"""
STOPS, FOLLOWS, AGAIN = (
    f"  deleted in m365:      {policy}\n" for policy in ("stop syncing", "delete in crm", "recreate in m365")
)


def test_D3_a_rule_line_changes_what_a_deletion_does(installation: Installed, diary: Diary) -> None:
    """It ends the pair; or the activity goes too, for which a guest's deletion is no reason; or the meeting is made
    again with its guests, and the plan says whom that invites. Deleted in the CRM it can be kept in the calendar
    without a cancellation."""
    installation.settings(kind="activities", invite_to_future="yes")
    diary.invites("Ends", "anna", days=3)
    diary.invites("Goes", "anna", days=4)
    diary.invites("Goes too", "anna", "ben", days=5)
    diary.invites("Comes", "anna", "ben", days=6)
    diary.invites("Stays", "anna", "ben", OUTSIDE, days=7)
    installation.edit_rules(RECREATED, STOPS, "activities.rules")
    diary.rounds()
    ids = {values["subject"]: id for id, values in diary.activities().items()}
    diary.deletes("anna", diary.event(subject="Ends")["id"])
    diary.rounds("anna")
    installation.edit_task(ids["Ends"], location="Harbour")
    diary.rounds("anna")
    assert diary.called("anna", "Ends") == [] and diary.activities().keys() == set(ids.values())

    installation.edit_rules(STOPS, FOLLOWS, "activities.rules")
    diary.deletes("ben", diary.event("ben", "Goes too")["id"])
    diary.rounds()
    assert diary.activities().keys() == set(ids.values())
    for subject in ("Goes", "Goes too"):
        diary.deletes("anna", diary.event(subject=subject)["id"])
    plan = diary.sync("anna")
    assert sorted(actions(plan)) == [("delete", "crm", "Goes"), ("delete", "crm", "Goes too")]
    diary.rounds()

    installation.edit_rules(FOLLOWS, AGAIN, "activities.rules")
    diary.deletes("anna", diary.event(subject="Comes")["id"])
    diary.sync("anna", mails=sent(invitations=1))
    diary.rounds()
    assert diary.on("anna", "Comes") == {"ben"} and len(diary.called("ben", "Comes")) == 1
    left = {values["subject"]: id for id, values in diary.activities().items()}
    assert left == {subject: ids[subject] for subject in ("Ends", "Comes", "Stays")}

    installation.edit_rules(
        "deleted in crm:       delete in m365", "deleted in crm:       stop syncing", "activities.rules"
    )
    installation.delete_task(ids["Stays"])
    since = diary.numbered()
    diary.rounds()
    assert diary.on("anna", "Stays") == {"ben", OUTSIDE} and diary.to(since) == []
