"""Meetings and series that are deleted or cancelled, in memory: who hears of it, and what is made again."""

from __future__ import annotations

import pytest
from meeting_world import DORA, GUEST, MeetingWorld, address, invited, only, quiet

# ---- deletions -------------------------------------------------------------------------------------------------------


def test_deleted_in_the_crm_cancels_the_organisers_event(running: MeetingWorld) -> None:
    """Everybody is told once; the copies are left to Outlook."""
    activity = running.activity(users=("anna", "ben"))
    quiet(running)
    running.crm.remove("Activity", activity.id)
    quiet(running)
    assert running.events("anna") == []
    assert running.mails("cancellation") == [("cancellation", address("ben"))]
    assert only(running.events("ben")).values["isCancelled"] is True
    assert running.activities() == []


def test_deleted_in_the_crm_takes_own_events_and_copies_nobody_leads(meetings: MeetingWorld) -> None:
    """Own events go by deletion, and the copies of an outsider's meeting; nobody is mailed."""
    meetings.sync()
    ours = meetings.activity(users=("anna", "ben"))
    meetings.foreign("anna", "ben", subject="Theirs", days=5)
    meetings.settle()
    assert [len(meetings.events(user)) for user in ("anna", "ben")] == [2, 2]
    for record in meetings.activities():
        meetings.crm.remove("Activity", record.id)
    quiet(meetings)
    assert (meetings.events("anna"), meetings.events("ben"), meetings.mails()) == ([], [], [])
    assert ours.id not in {record.id for record in meetings.activities()}


def test_an_event_without_guests_is_made_again(running: MeetingWorld) -> None:
    """What the user organises alone comes back when it was deleted in Outlook."""
    running.activity()
    running.settle()
    running.delete_event(only(running.events()))
    quiet(running)
    assert only(running.events()).values["subject"] == "Visit"
    assert [a.klass for a in running.done] == ["create", "recreate"]


def test_a_meeting_with_guests_is_never_made_again(running: MeetingWorld) -> None:
    """The organiser's deletion was a cancellation: the activity stays, nobody is invited afresh."""
    activity = running.activity(users=("anna", "ben"))
    running.settle()
    running.delete_event(only(running.events("anna")))
    before = running.mails()
    quiet(running)
    assert running.events("anna") == []
    assert only(running.activities()).id == activity.id
    assert running.mails() == before


def test_a_guests_deletion_is_no_cancellation(running: MeetingWorld) -> None:
    """The copy is gone from one calendar; the meeting, the activity and the others' copies stay."""
    running.event("anna", "ben", "cleo")
    quiet(running)
    done = len(running.done)
    running.delete_event(only(running.events("ben")), "ben")
    quiet(running)
    assert running.done[done:] == []
    assert (len(running.activities()), running.events("ben")) == (1, [])


@pytest.mark.parametrize("stays", [True, False])
def test_a_cancelled_meeting_of_an_outsider_stops_syncing(running: MeetingWorld, stays: bool) -> None:
    """Marked as cancelled or gone: the activity stays, and nothing is made again under our user's name."""
    running.foreign("anna", "ben")
    quiet(running)
    done = len(running.done)
    for user in ("anna", "ben"):
        copy = only(running.events(user))
        if stays:
            running.edit_event(copy, user, isCancelled=True)
        else:
            running.delete_event(copy, user)
    quiet(running)
    assert running.done[done:] == []
    assert len(running.activities()) == 1


def test_the_reader_of_an_outsiders_meeting_deletes_the_copy(running: MeetingWorld) -> None:
    """Another copy is there still: it is read from then on, and the activity is not doubled."""
    running.foreign("anna", "ben")
    quiet(running)
    running.delete_event(only(running.events("anna")), "anna")
    quiet(running)
    running.edit_event(only(running.events("ben")), "ben", location=("Yard",))
    quiet(running)
    assert only(running.activities()).values["location"] == "Yard"


# ---- series ----------------------------------------------------------------------------------------------------------


def dates(meetings: MeetingWorld) -> set[str]:
    return {str(record.values["date_start"])[:10] for record in meetings.activities()}


def test_each_occurrence_is_an_activity(running: MeetingWorld) -> None:
    """Four weeks, four activities, in however many mailboxes; a change of one changes that one."""
    weeks = running.series("anna", "ben", count=4)
    quiet(running)
    assert len(running.activities()) == 4
    running.edit_event(weeks[1], subject="Another place", location=("Yard",))
    quiet(running)
    assert sorted(str(record.values["location"]) for record in running.activities()) == ["None"] * 3 + ["Yard"]


def test_a_cancelled_occurrence_takes_its_activity_along(running: MeetingWorld) -> None:
    """Outlook can't make it again."""
    weeks = running.series("anna", "ben", count=4)
    quiet(running)
    running.delete_event(weeks[2])
    quiet(running)
    assert dates(running) == {"2026-11-25", "2026-12-02", "2026-12-16"}


@pytest.mark.parametrize("stays", [True, False])
def test_an_outsider_cancels_an_occurrence(running: MeetingWorld, stays: bool) -> None:
    """Known by the mark on the copy that is read. A copy that merely went may have been deleted by its user, and a
    guest's deletion is no cancellation: the activity stays."""
    weeks = running.series(DORA, "anna", "ben", count=3)
    running.settle()
    assert len(running.activities()) == 3
    running.m365.cancelled_stay = stays
    running.delete_event(weeks[1], DORA)
    quiet(running)
    assert len(running.activities()) == (2 if stays else 3)


def test_an_outsider_cancels_the_whole_series(running: MeetingWorld) -> None:
    """What the rules do with a cancelled occurrence is meant for a series that goes on: here the activities stay, as
    they do for a single meeting."""
    running.series(DORA, "anna", "ben", count=3)
    running.settle()
    running.m365.remove_series(running.events(DORA)[0].group, "mailbox-dora")
    quiet(running)
    assert all(record.values["isCancelled"] is True for record in running.events("anna"))
    assert len(running.activities()) == 3


def test_one_activity_of_a_series_is_deleted(running: MeetingWorld) -> None:
    """Its occurrence is cancelled after a quiet period, with a mail to each guest."""
    running.series("anna", "ben", count=4)
    quiet(running)
    gone = min(running.activities(), key=lambda record: str(record.values["date_start"]))
    running.crm.remove("Activity", gone.id)
    [report] = running.sync("anna")
    assert report.plan.actions == ()
    quiet(running)
    assert len(running.events("anna")) == 3
    assert running.mails("cancellation") == [("cancellation", address("ben"))]


def test_all_activities_of_a_series_are_deleted(running: MeetingWorld) -> None:
    """One after the other: the series goes as a whole, with one mail to each guest and not one per week."""
    running.series("anna", "ben", GUEST, count=5)
    quiet(running)
    first, *rest = [record.id for record in running.activities()]
    running.crm.remove("Activity", first)
    running.sync("anna")
    for id in rest:
        running.crm.remove("Activity", id)
    quiet(running)
    assert running.events("anna") == []
    assert sorted(running.mails("cancellation")) == [("cancellation", address("ben")), ("cancellation", GUEST)]


def test_everybody_of_any_occurrence_is_told_that_the_series_goes(running: MeetingWorld) -> None:
    """Also who is invited to one of them alone; each once, and so the plan says."""
    weeks = running.series("anna", "ben", GUEST, count=3)
    running.edit_event(weeks[1], attendees=invited("ben", "cleo"))
    quiet(running)
    before = len(running.mails())
    for record in running.activities():
        running.crm.remove("Activity", record.id)
    quiet(running)
    told = [("cancellation", one) for one in sorted((address("ben"), address("cleo"), GUEST))]
    assert sorted(running.mails()[before:]) == told


def test_what_was_typed_into_a_series_that_goes_is_told(running: MeetingWorld) -> None:
    """The one deletion names what each occurrence held, so that the journal has it."""
    weeks = running.series("anna", count=3)
    quiet(running)
    running.edit_event(weeks[1], subject="Typed meanwhile")
    for record in running.activities():
        running.crm.remove("Activity", record.id)
    quiet(running)
    assert running.events("anna") == []
    assert "Typed meanwhile" in {change.before for action in running.done for change in action.changes}


def test_a_series_goes_as_a_whole_although_one_occurrence_was_just_found_again(running: MeetingWorld) -> None:
    """The answer to the making of one activity was lost; that one is given away and the others are deleted: one
    cancellation, as foretold."""
    running.series("cleo", "anna", count=3)
    number = iter(range(9))
    running.crm.fault = lambda action: "lost" if next(number) == 1 else None
    running.sync("cleo")
    running.crm.fault = lambda action: None
    first, found, last = running.activities()
    running.edit_activity(found.id, assigned_user_id=DORA, users=(DORA,))
    for record in (first, last):
        running.crm.remove("Activity", record.id)
    quiet(running)
    assert running.events("cleo") == []
    assert running.mails("cancellation") == [("cancellation", address("anna"))]


def test_an_occurrence_that_is_made_again_does_not_repeat(running: MeetingWorld) -> None:
    """A series without guests is deleted in Outlook: each of its meetings is made again once, whatever is written in
    the CRM of how it repeats."""
    weeks = running.series("anna", count=3)
    quiet(running)
    for activity in running.activities():
        running.edit_activity(activity.id, recurrence="FREQ=WEEKLY;COUNT=3")
    quiet(running)
    running.m365.remove_series(weeks[0].group, "mailbox-anna")
    quiet(running)
    assert [event.values["recurrence"] for event in running.events("anna")] == [None] * 3


def test_a_series_deleted_in_outlook_is_not_made_again(running: MeetingWorld) -> None:
    """It had guests: the activities stay, and nobody is mailed afresh."""
    weeks = running.series("anna", "ben", count=3)
    quiet(running)
    running.m365.remove_series(weeks[0].group, "mailbox-anna")
    before = running.mails()
    quiet(running)
    assert (len(running.activities()), running.events("anna"), running.mails()) == (3, [], before)
