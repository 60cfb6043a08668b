"""Meetings in memory: who leads, who has a copy, and who is mailed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from meeting_world import DORA, GUEST, USERS, MeetingWorld, address, invited, only, quiet, roles, writes

from engine.plans import Action
from engine.sync.guard import DEFAULT_LIMITS

# ---- one meeting, one activity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("anna", "ben", "cleo"), ("cleo", "ben", "anna"), ("ben", "anna", "cleo")])
def test_a_meeting_in_three_mailboxes_is_one_activity(meetings: MeetingWorld, order: tuple[str, ...]) -> None:
    """Whoever syncs first: the organiser is assigned, the guests are its users, and nobody is mailed."""
    meetings.event("anna", "ben", "cleo", GUEST)
    before = meetings.mails()
    for _ in range(3):
        meetings.sync(*order)
    activity = only(meetings.activities())
    assert activity.values["assigned_user_id"] == "anna"
    assert set(activity.values["users"]) == {"ben", "cleo"}  # type: ignore[arg-type]
    assert [roles(meetings, user) for user in USERS] == [[""], ["copy"], ["copy"]]
    quiet(meetings)
    assert meetings.mails() == before


def test_the_organisers_changes_reach_the_crm_once(running: MeetingWorld) -> None:
    """An edit in the organiser's calendar is one write to the CRM, however many copies show it."""
    meeting = running.event("anna", "ben", "cleo")
    quiet(running)
    done = len(running.done)
    running.edit_event(meeting, "anna", subject="Moved", **running.times(5))
    running.settle()
    assert [(a.verb, a.side) for a in running.done[done:]] == [("update", "crm")]
    assert only(running.activities()).values["subject"] == "Moved"
    quiet(running)


def test_a_crm_edit_goes_to_the_organisers_event_alone(running: MeetingWorld) -> None:
    """One write in the organiser's mailbox; Outlook brings it to the guests, with an update for each."""
    activity = running.activity(users=("anna", "ben", "cleo"))
    quiet(running)
    assert running.mails() == [("invitation", address("ben")), ("invitation", address("cleo"))]
    done = len(running.done)
    running.edit_activity(activity.id, subject="Site visit")
    running.settle()
    assert [(a.verb, a.side, a.mail.updates) for a in running.done[done:]] == [("update", "m365", 2)]
    assert {only(running.events(user)).values["subject"] for user in USERS} == {"Site visit"}
    assert running.mails("update") == [("update", address("ben")), ("update", address("cleo"))]
    quiet(running)


def test_a_guests_own_edit_stays_in_the_mailbox(running: MeetingWorld) -> None:
    """It is not read, not put back, and the organiser's next change brings it back."""
    meeting = running.event("anna", "ben")
    quiet(running)
    copy = only(running.events("ben"))
    running.edit_event(copy, "ben", subject="My words", sensitivity="private")
    done = len(running.done)
    running.settle()
    assert running.done[done:] == []
    assert only(running.events("ben")).values["subject"] == "My words"
    assert only(running.activities()).values["private"] is not True
    running.edit_event(meeting, location=("Yard",))
    quiet(running)
    assert only(running.events("ben")).values["subject"] == "Visit"


# ---- made from the CRM -----------------------------------------------------------------------------------------------


def test_a_crm_meeting_is_made_in_the_assigned_users_calendar(running: MeetingWorld) -> None:
    """The others are invited: one event, copies made by Outlook, none by Tandem."""
    running.activity(owner="ben", users=("anna", "ben", DORA))
    running.settle()
    assert only(running.events("ben")).values["attendees"] == invited("anna", DORA)
    assert only(running.events("anna")).values["isOrganizer"] is False
    assert [a.verb for a in writes(running, "m365")] == ["create"]
    assert roles(running, "anna") == ["copy"]
    quiet(running)


def test_a_guest_who_syncs_before_the_organiser_waits_for_the_invitation(running: MeetingWorld) -> None:
    """Nobody gets an own event that an invitation is about to double."""
    running.activity(owner="ben", users=("anna", "ben"))
    running.sync("anna", "anna", "ben", "anna")
    assert only(running.events("anna")).values["isOrganizer"] is False
    assert [(a.verb, a.side) for a in running.done] == [("create", "m365")]
    quiet(running)


def test_somebody_invited_again_has_one_link(running: MeetingWorld) -> None:
    """The new copy takes the place of the one that went."""
    running.m365.cancelled_stay = False
    meeting = running.event("anna", "ben")
    quiet(running)
    running.edit_event(meeting, attendees=None)
    quiet(running)
    running.edit_event(meeting, attendees=invited("ben"))
    quiet(running)
    assert [link.role for link in running.links("ben")] == ["copy"]


def test_an_organisers_meeting_that_was_refused_is_not_made_beside_itself(meetings: MeetingWorld) -> None:
    """A guest's mailbox brings the activity in meanwhile: the organiser's own item is paired with it."""
    meetings.event("anna", "ben")
    meetings.crm.fault = lambda action: "refuse"
    meetings.sync("anna")
    meetings.crm.fault = lambda action: None
    quiet(meetings)
    assert len(meetings.activities()) == 1
    assert [len(meetings.events(user)) for user in ("anna", "ben")] == [1, 1]
    assert [(link.role, link.state) for link in meetings.links("anna")] == [("", "linked")]


def test_the_assigned_user_is_not_connected(running: MeetingWorld) -> None:
    """Everybody else has an own event without guests: there is nobody to organise."""
    running.activity(owner=DORA, users=("anna", "ben"))
    quiet(running)
    for user in ("anna", "ben"):
        assert only(running.events(user)).values["attendees"] is None
    assert running.mails() == []


def test_a_user_who_is_added_is_invited_and_one_taken_off_is_told(running: MeetingWorld) -> None:
    """Single people come and go; outsiders stay invited."""
    activity = running.activity(users=("anna", "ben"))
    running.settle()
    running.edit_event(only(running.events("anna")), attendees=invited("ben", GUEST))
    quiet(running)
    running.edit_activity(activity.id, users=("anna", "cleo"))
    quiet(running)
    assert only(running.events("anna")).values["attendees"] == invited("cleo", GUEST)
    assert ("cancellation", address("ben")) in running.mails()
    assert ("cancellation", GUEST) not in running.mails()
    assert only(running.events("cleo")).values["isOrganizer"] is False


def test_somebody_invited_in_outlook_joins_the_activity(running: MeetingWorld) -> None:
    """Users of the CRM among the guests, connected or not, are its users; outsiders are not."""
    meeting = running.event("anna")
    quiet(running)
    running.edit_event(meeting, attendees=invited("ben", DORA, GUEST))
    quiet(running)
    assert set(only(running.activities()).values["users"] or ()) >= {"ben", DORA}  # type: ignore[arg-type]
    running.edit_event(only(running.events("anna")), attendees=invited(DORA, GUEST))
    quiet(running)
    assert "ben" not in (only(running.activities()).values["users"] or ())  # type: ignore[operator]


def test_nobody_is_invited_to_the_past(running: MeetingWorld) -> None:
    """A meeting that is over has no guests unless the setting for the past says so."""
    running.activity(days=-5, users=("anna", "ben"))
    quiet(running)
    assert running.mails() == []
    assert only(running.events("anna")).values["attendees"] is None


# ---- the first sync --------------------------------------------------------------------------------------------------


def test_a_first_sync_mails_nobody(meetings: MeetingWorld) -> None:
    """Whatever the settings invite to and however much both sides differ."""
    meetings.settings |= {"invite_to_future": True, "invite_to_past": True}
    meetings.activity(users=("anna", "ben", "cleo"), subject="From the CRM")
    meetings.activity(users=("anna", "ben"), days=5, subject="On both sides", location="Yard")
    meetings.event("anna", "ben", GUEST, days=5, subject="on both sides")
    before = meetings.mails()
    quiet(meetings)
    assert meetings.mails() == before
    assert len(meetings.activities()) == 2


def test_a_match_on_the_first_sync_leaves_a_meeting_with_guests_as_it_is(meetings: MeetingWorld) -> None:
    """What differs is agreed; a later edit in the CRM travels."""
    activity = meetings.activity(users=("anna", "ben"), location="Yard")
    meeting = meetings.event("anna", "ben", GUEST, subject="visit")
    before = meetings.mails()
    quiet(meetings)
    assert only(meetings.events("anna")).values["location"] == meeting.values["location"]
    assert meetings.mails() == before
    meetings.edit_activity(activity.id, location="Office")
    quiet(meetings)
    assert only(meetings.events("anna")).values["location"] == ("Office",)
    assert meetings.mails("update") == [("update", address("ben")), ("update", GUEST)]


def test_a_late_user_s_first_sync_mails_nobody(meetings: MeetingWorld) -> None:
    """A mailbox that is connected later brings its meetings along in silence."""
    meetings.settings["invite_to_future"] = True
    meetings.connected = ["anna", "ben"]
    meetings.sync()
    meetings.activity(owner="cleo", users=("anna", "ben", "cleo"))
    meetings.settle()
    before = meetings.mails()
    meetings.connected = list(USERS)
    quiet(meetings)
    assert meetings.mails() == before


# ---- whose meeting it is ---------------------------------------------------------------------------------------------


def test_an_outsiders_meeting_belongs_to_the_first_who_synced(meetings: MeetingWorld) -> None:
    """One copy is read, by whoever came first; the connected guests are its users."""
    meetings.foreign("ben", "anna", "other@elsewhere.test")
    quiet(meetings)
    activity = only(meetings.activities())
    assert activity.values["assigned_user_id"] == "anna"
    assert set(activity.values["users"]) == {"anna", "ben"}  # type: ignore[arg-type]
    assert (roles(meetings, "anna"), roles(meetings, "ben")) == ([""], ["copy"])


def test_a_crm_edit_of_an_outsiders_meeting_stays_in_the_crm(running: MeetingWorld) -> None:
    """Nobody of ours can change it: the edit is told of, and the organiser's next change of that field is taken."""
    running.foreign("anna", "ben")
    quiet(running)
    running.edit_activity(only(running.activities()).id, subject="Our words")
    reports = running.sync("anna")
    assert any(d.refusals for report in reports for d in report.plan.decisions)
    quiet(running)
    assert (only(running.activities()).values["subject"], running.mails()) == ("Our words", [])
    for user in ("anna", "ben"):
        running.edit_event(only(running.events(user)), user, subject="Organiser's words")
    quiet(running)
    assert only(running.activities()).values["subject"] == "Organiser's words"


def test_two_mailboxes_at_once_make_one_activity_of_an_outsiders_meeting(running: MeetingWorld) -> None:
    """One is about to write when the other starts, and the answer of the first is lost: the second waits until the
    first has found out."""
    running.foreign("anna", "ben")

    def meanwhile(action: Action) -> str:
        running.crm.fault = lambda action: None
        running.sync("ben")
        return "lost"

    running.crm.fault = meanwhile
    running.sync("anna")
    running.sync("ben", "ben", "ben")
    quiet(running)
    assert len(running.activities()) == 1


def test_an_outsider_moves_the_meeting(running: MeetingWorld) -> None:
    """What comes from the organiser reaches the CRM through the copy that is read."""
    running.foreign("anna", "ben")
    quiet(running)
    for user in ("anna", "ben"):
        running.edit_event(only(running.events(user)), user, **running.times(6))
    quiet(running)
    assert str(only(running.activities()).values["date_start"]).startswith("2026-11-28T10")


def test_the_organiser_connects_later_and_takes_the_lead(meetings: MeetingWorld) -> None:
    """The activity stays the one it was. While the organiser is not on it the copy that was read is read on; once put
    on it, the organiser's event is read and written."""
    meetings.settings["invite_to_future"] = True
    meetings.connected = ["anna", "ben"]
    meetings.event("cleo", "anna", "ben")
    quiet(meetings)
    activity = only(meetings.activities())
    assert activity.values["assigned_user_id"] == "anna"
    meetings.edit_activity(activity.id, location="Yard")
    meetings.settle()
    meetings.connected = list(USERS)
    quiet(meetings)
    assert only(meetings.activities()).id == activity.id
    moved = meetings.edit_event(only(meetings.events("cleo")), "cleo", **meetings.times(4))
    quiet(meetings)
    assert only(meetings.activities()).values["date_start"] == str(moved.values["start"]).partition("[")[0]
    before = meetings.mails()
    meetings.edit_activity(activity.id, subject="From the CRM", users=("anna", "ben", "cleo"))
    quiet(meetings)
    assert [roles(meetings, user) for user in USERS] == [["copy"], ["copy"], [""]]
    assert only(meetings.events("cleo")).values["subject"] == "From the CRM"
    assert len(meetings.mails()) == len(before) + 2


def test_a_meeting_given_to_somebody_else_stays_with_its_organiser(running: MeetingWorld) -> None:
    """While the organiser is on it; once off it, the event is cancelled and the new assigned user has one."""
    activity = running.activity(users=("anna", "ben"))
    quiet(running)
    running.edit_activity(activity.id, assigned_user_id="ben")
    quiet(running)
    assert only(running.events("anna")).values["isOrganizer"] is True
    running.m365.cancelled_stay = False
    running.edit_activity(activity.id, users=("ben",))
    quiet(running)
    assert running.events("anna") == []
    assert only(running.events("ben")).values["isOrganizer"] is True
    assert only(running.activities()).values["assigned_user_id"] == "ben"


# ---- privacy and notes -----------------------------------------------------------------------------------------------


def test_private_spreads_and_stays(running: MeetingWorld) -> None:
    """Private on one side it is private on both; opened on one side it stays private on the other."""
    activity = running.activity()
    quiet(running)
    running.edit_event(only(running.events()), sensitivity="confidential")
    quiet(running)
    assert only(running.activities()).values["private"] is True
    running.edit_event(only(running.events()), sensitivity="normal")
    quiet(running)
    assert only(running.activities()).values["private"] is True
    running.edit_activity(activity.id, private=False)
    quiet(running)
    running.edit_activity(activity.id, private=True)
    quiet(running)
    assert only(running.events()).values["sensitivity"] == "private"
    running.edit_activity(activity.id, private=False, subject="Open")
    quiet(running)
    assert only(running.events()).values["sensitivity"] == "private"
    assert only(running.events()).values["subject"] == "Open"


def test_an_event_that_says_confidential_keeps_it(running: MeetingWorld) -> None:
    """What the CRM calls private has three names in Outlook; the one that is there stays."""
    running.event(sensitivity="confidential")
    quiet(running)
    activity = only(running.activities())
    running.edit_activity(activity.id, location="Yard")
    quiet(running)
    assert only(running.events()).values["sensitivity"] == "confidential"


def test_notes_travel_once(running: MeetingWorld) -> None:
    """The text goes along when the event is made; what is noted afterwards stays where it was written."""
    activity = running.activity(description="Bring plans")
    quiet(running)
    assert only(running.events()).values["body"] == "Bring plans"
    running.edit_activity(activity.id, description="They were cross")
    running.edit_event(only(running.events()), body="Bring plans and a ladder")
    quiet(running)
    assert only(running.activities()).values["description"] == "They were cross"
    assert only(running.events()).values["body"] == "Bring plans and a ladder"


# ---- the guard -------------------------------------------------------------------------------------------------------


def test_many_mails_wait_for_a_person(running: MeetingWorld) -> None:
    """A change that mails more people than the limit is shown and not made; below it is."""
    running.limits = {"mail": DEFAULT_LIMITS["mail"]}
    few = running.event("anna", "ben", *(f"p{n}@elsewhere.test" for n in range(9)))
    many = running.event("anna", *(f"p{n}@elsewhere.test" for n in range(11)), days=5, subject="Large")
    running.settle()
    by_subject = {str(record.values["subject"]): record.id for record in running.activities()}
    before = len(running.mails())
    running.edit_activity(by_subject["Visit"], location="Yard")
    running.sync("anna")
    assert len(running.mails()) == before + 10
    running.edit_activity(by_subject["Large"], location="Yard")
    [report] = running.sync("anna")
    assert not report.ran
    assert [(one.klass, one.count) for one in report.plan.verdict.exceeded] == [("mail", 11)]
    assert len(running.mails()) == before + 10
    held = {record.id: record.values["location"] for record in running.events("anna")}
    assert (held[few.id], held[many.id]) == (("Yard",), None)


def test_time_alone_deletes_nothing(running: MeetingWorld) -> None:
    """What leaves the window is left alone in every mailbox."""
    running.activity(users=("anna", "ben"))
    running.event("cleo", "anna", subject="Hers")
    quiet(running)
    done, mailed = len(running.done), len(running.mails())
    running.now += timedelta(days=120)
    quiet(running)
    assert (running.done[done:], len(running.mails())) == ([], mailed)
    assert (len(running.activities()), len(running.events("anna"))) == (2, 2)
