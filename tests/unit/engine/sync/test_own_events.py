"""Events of one's own, for users who are not invited to a meeting, and invitations that take their place."""

from __future__ import annotations

import pytest
from meeting_world import DORA, MeetingWorld, address, invited, only, quiet, roles

# ---- made from the CRM -----------------------------------------------------------------------------------------------


def test_without_invitations_everybody_has_an_own_event(meetings: MeetingWorld) -> None:
    """Invitations are off: no guests anywhere, one event for each connected user, nobody is mailed."""
    meetings.sync()
    activity = meetings.activity(users=("anna", "ben", DORA))
    quiet(meetings)
    assert [only(meetings.events(user)).values["attendees"] for user in ("anna", "ben")] == [None, None]
    assert (roles(meetings, "anna"), roles(meetings, "ben"), meetings.events("cleo")) == ([""], ["own"], [])
    meetings.edit_activity(activity.id, subject="Other words")
    quiet(meetings)
    assert {only(meetings.events(user)).values["subject"] for user in ("anna", "ben")} == {"Other words"}
    assert meetings.mails() == []


def test_an_own_event_whose_making_was_lost_invites_nobody(meetings: MeetingWorld) -> None:
    """It is found again as what it is: no second organiser, also once meetings invite."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"))
    meetings.sync("anna")
    meetings.m365.fault = lambda action: "lost"
    meetings.sync("ben")
    meetings.m365.fault = lambda action: None
    meetings.settings["invite_to_future"] = True
    meetings.sync("ben")
    assert (roles(meetings, "ben"), meetings.mails()) == (["own"], [])
    quiet(meetings)
    assert only(meetings.events("ben")).values["organizer"] == address("anna")


def test_an_own_event_to_which_others_are_invited_is_no_second_activity(meetings: MeetingWorld) -> None:
    """Its user has invited somebody in Outlook: the copy belongs to the activity that the event stands for."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"))
    meetings.settle()
    meetings.edit_event(only(meetings.events("ben")), "ben", attendees=invited("cleo"))
    meetings.sync("cleo", "cleo", "cleo", "cleo")
    quiet(meetings)
    assert len(meetings.activities()) == 1
    assert roles(meetings, "cleo") == ["copy"]


def test_an_own_event_that_is_made_again_stays_one(meetings: MeetingWorld) -> None:
    """Deleted in Outlook it comes back, and invites nobody under the wrong name."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"))
    meetings.settle()
    meetings.delete_event(only(meetings.events("ben")), "ben")
    meetings.sync("ben")
    assert (roles(meetings, "ben"), len(meetings.events("ben"))) == (["own"], 1)
    meetings.settings["invite_to_future"] = True
    meetings.sync("ben", everything=True)
    assert meetings.mails() == []
    quiet(meetings)
    assert meetings.mails() == [("invitation", address("ben"))]


def test_who_deleted_the_copy_of_an_outsiders_meeting_has_no_event_of_it(running: MeetingWorld) -> None:
    """The invitation was theirs to delete; that the activity goes to somebody without a mailbox makes none anew."""
    running.foreign("anna", "ben")
    running.delete_event(only(running.events("ben")), "ben")
    quiet(running)
    running.edit_activity(only(running.activities()).id, assigned_user_id=DORA)
    quiet(running)
    assert running.events("ben") == []


def test_an_own_event_may_be_edited_by_its_user(meetings: MeetingWorld) -> None:
    """It is the user's: an edit there goes to the CRM, and from there to the other own events."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"))
    meetings.settle()
    meetings.edit_event(only(meetings.events("ben")), "ben", subject="From Ben")
    quiet(meetings)
    assert only(meetings.activities()).values["subject"] == "From Ben"
    assert only(meetings.events("anna")).values["subject"] == "From Ben"
    assert only(meetings.activities()).values["users"] == ("anna", "ben")


def test_an_invitation_takes_the_place_of_an_own_event(meetings: MeetingWorld) -> None:
    """Invitations are switched on: who is invited now has the copy alone."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"))
    meetings.settle()
    meetings.settings["invite_to_future"] = True
    quiet(meetings)
    assert only(meetings.events("ben")).values["isOrganizer"] is False
    assert roles(meetings, "ben") == ["copy"]
    assert meetings.mails() == [("invitation", address("ben"))]


def test_an_own_event_never_repeats(meetings: MeetingWorld) -> None:
    """A series is made once, in the calendar of the user in charge; the others' own events are single ones."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"), recurrence="FREQ=WEEKLY;COUNT=3")
    meetings.settle()
    assert only(meetings.events("anna")).values["recurrence"] == "FREQ=WEEKLY;COUNT=3"
    assert only(meetings.events("ben")).values["recurrence"] is None


@pytest.mark.parametrize("order", [("anna", "ben"), ("ben", "anna")])
def test_an_invitation_from_outlook_takes_the_place_of_an_own_event(
    meetings: MeetingWorld, order: tuple[str, str]
) -> None:
    """The organiser invites somebody who is on the activity already: nothing of the activity changes, and still the
    invitation is all that the guest has, whoever syncs first."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"))
    meetings.settle()
    meetings.edit_event(only(meetings.events("anna")), attendees=invited("ben"))
    meetings.sync(*order, *order)
    assert only(meetings.events("ben")).values["isOrganizer"] is False
    quiet(meetings)
    assert roles(meetings, "ben") == ["copy"]
    assert len(meetings.activities()) == 1


@pytest.mark.parametrize("fault", ["unsent", "lost"])
def test_an_own_event_that_may_not_have_been_taken_away(meetings: MeetingWorld, fault: str) -> None:
    """The invitation is there, and nobody knows whether the deletion went through: it goes with the next tick, and
    where it is gone already it is not made again."""
    meetings.sync()
    meetings.activity(users=("anna", "ben"))
    meetings.settle()
    meetings.edit_event(only(meetings.events("anna")), attendees=invited("ben"))
    meetings.m365.fault = lambda action: fault
    meetings.sync("ben")
    meetings.m365.fault = lambda action: None
    meetings.sync("ben")
    assert only(meetings.events("ben")).values["isOrganizer"] is False
    quiet(meetings)


# ---- privacy and notes -----------------------------------------------------------------------------------------------


def test_a_second_users_own_event_has_the_notes_of_the_first_sync(meetings: MeetingWorld) -> None:
    """Today's notes are nobody's business but the CRM's."""
    meetings.sync()
    activity = meetings.activity(description="Bring plans")
    meetings.settle()
    meetings.edit_activity(activity.id, description="They were cross", users=("anna", "ben"))
    quiet(meetings)
    assert only(meetings.events("ben")).values["body"] == "Bring plans"
