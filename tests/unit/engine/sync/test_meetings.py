"""Meetings in memory: who leads, who has a copy, who gets an event of one's own, and who is mailed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from meeting_world import DORA, GUEST, USERS, MeetingWorld, address

from engine.plans import Action
from engine.records import Record
from engine.sync.guard import DEFAULT_LIMITS


@pytest.fixture
def world() -> MeetingWorld:
    return MeetingWorld()


@pytest.fixture
def running(world: MeetingWorld) -> MeetingWorld:
    """Everybody has synced before, and future meetings invite."""
    world.settings["invite_to_future"] = True
    world.sync()
    return world


def quiet(world: MeetingWorld) -> None:
    """After a few ticks nothing is left to write, not even when everything is read again; no guest's copy was
    touched."""
    world.settle()
    for user in world.connected:
        for everything in (False, True):
            plan = world.plan(user, everything)
            assert plan.empty, [(user, a.verb, a.side, a.klass, a.reason, a.changes) for a in plan.actions]
    assert world.m365.trespasses == []


def only(records: list[Record]) -> Record:
    [record] = records
    return record


def invited(*names: str) -> tuple[str, ...]:
    return tuple(sorted(name if "@" in name else address(name) for name in names))


def writes(world: MeetingWorld, side: str) -> list[Action]:
    return [action for action in world.done if action.side == side]


def roles(world: MeetingWorld, user: str) -> list[str]:
    return [link.role for link in world.links(user) if link.crm_id and link.state != "ended"]


# ---- one meeting, one activity --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("anna", "ben", "cleo"), ("cleo", "ben", "anna"), ("ben", "anna", "cleo")])
def test_a_meeting_in_three_mailboxes_is_one_activity(world: MeetingWorld, order: tuple[str, ...]) -> None:
    """Whoever syncs first: the organiser is assigned, the guests are its users, and nobody is mailed."""
    world.event("anna", "ben", "cleo", GUEST)
    before = world.mails()
    for _ in range(3):
        world.sync(*order)
    activity = only(world.activities())
    assert activity.values["assigned_user_id"] == "anna"
    assert set(activity.values["users"]) == {"ben", "cleo"}  # type: ignore[arg-type]
    assert [roles(world, user) for user in USERS] == [[""], ["copy"], ["copy"]]
    quiet(world)
    assert world.mails() == before


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


# ---- made from the CRM ----------------------------------------------------------------------------------------------


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


def test_without_invitations_everybody_has_an_own_event(world: MeetingWorld) -> None:
    """Invitations are off: no guests anywhere, one event for each connected user, nobody is mailed."""
    world.sync()
    activity = world.activity(users=("anna", "ben", DORA))
    quiet(world)
    assert [only(world.events(user)).values["attendees"] for user in ("anna", "ben")] == [None, None]
    assert (roles(world, "anna"), roles(world, "ben"), world.events("cleo")) == ([""], ["own"], [])
    world.edit_activity(activity.id, subject="Other words")
    quiet(world)
    assert {only(world.events(user)).values["subject"] for user in ("anna", "ben")} == {"Other words"}
    assert world.mails() == []


def test_an_own_event_whose_making_was_lost_invites_nobody(world: MeetingWorld) -> None:
    """It is found again as what it is: no second organiser, also once meetings invite."""
    world.sync()
    world.activity(users=("anna", "ben"))
    world.sync("anna")
    world.m365.fault = lambda action: "lost"
    world.sync("ben")
    world.m365.fault = lambda action: None
    world.settings["invite_to_future"] = True
    world.sync("ben")
    assert (roles(world, "ben"), world.mails()) == (["own"], [])
    quiet(world)
    assert only(world.events("ben")).values["organizer"] == address("anna")


def test_an_own_event_to_which_others_are_invited_is_no_second_activity(world: MeetingWorld) -> None:
    """Its user has invited somebody in Outlook: the copy belongs to the activity that the event stands for."""
    world.sync()
    world.activity(users=("anna", "ben"))
    world.settle()
    world.edit_event(only(world.events("ben")), "ben", attendees=invited("cleo"))
    world.sync("cleo", "cleo", "cleo", "cleo")
    quiet(world)
    assert len(world.activities()) == 1
    assert roles(world, "cleo") == ["copy"]


def test_an_own_event_that_is_made_again_stays_one(world: MeetingWorld) -> None:
    """Deleted in Outlook it comes back, and invites nobody under the wrong name."""
    world.sync()
    world.activity(users=("anna", "ben"))
    world.settle()
    world.delete_event(only(world.events("ben")), "ben")
    world.sync("ben")
    assert (roles(world, "ben"), len(world.events("ben"))) == (["own"], 1)
    world.settings["invite_to_future"] = True
    world.sync("ben", everything=True)
    assert world.mails() == []
    quiet(world)
    assert world.mails() == [("invitation", address("ben"))]


def test_who_deleted_the_copy_of_an_outsiders_meeting_has_no_event_of_it(running: MeetingWorld) -> None:
    """The invitation was theirs to delete; that the activity goes to somebody without a mailbox makes none anew."""
    running.foreign("anna", "ben")
    running.delete_event(only(running.events("ben")), "ben")
    quiet(running)
    running.edit_activity(only(running.activities()).id, assigned_user_id=DORA)
    quiet(running)
    assert running.events("ben") == []


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


def test_an_organisers_meeting_that_was_refused_is_not_made_beside_itself(world: MeetingWorld) -> None:
    """A guest's mailbox brings the activity in meanwhile: the organiser's own item is paired with it."""
    world.event("anna", "ben")
    world.crm.fault = lambda action: "refuse"
    world.sync("anna")
    world.crm.fault = lambda action: None
    quiet(world)
    assert len(world.activities()) == 1
    assert [len(world.events(user)) for user in ("anna", "ben")] == [1, 1]
    assert [(link.role, link.state) for link in world.links("anna")] == [("", "linked")]


def test_an_own_event_may_be_edited_by_its_user(world: MeetingWorld) -> None:
    """It is the user's: an edit there goes to the CRM, and from there to the other own events."""
    world.sync()
    world.activity(users=("anna", "ben"))
    world.settle()
    world.edit_event(only(world.events("ben")), "ben", subject="From Ben")
    quiet(world)
    assert only(world.activities()).values["subject"] == "From Ben"
    assert only(world.events("anna")).values["subject"] == "From Ben"
    assert only(world.activities()).values["users"] == ("anna", "ben")


def test_the_assigned_user_is_not_connected(running: MeetingWorld) -> None:
    """Everybody else has an own event without guests: there is nobody to organise."""
    running.activity(owner=DORA, users=("anna", "ben"))
    quiet(running)
    for user in ("anna", "ben"):
        assert only(running.events(user)).values["attendees"] is None
    assert running.mails() == []


def test_an_invitation_takes_the_place_of_an_own_event(world: MeetingWorld) -> None:
    """Invitations are switched on: who is invited now has the copy alone."""
    world.sync()
    world.activity(users=("anna", "ben"))
    world.settle()
    world.settings["invite_to_future"] = True
    quiet(world)
    assert only(world.events("ben")).values["isOrganizer"] is False
    assert roles(world, "ben") == ["copy"]
    assert world.mails() == [("invitation", address("ben"))]


def test_an_own_event_never_repeats(world: MeetingWorld) -> None:
    """A series is made once, in the calendar of the user in charge; the others' own events are single ones."""
    world.sync()
    world.activity(users=("anna", "ben"), recurrence="FREQ=WEEKLY;COUNT=3")
    world.settle()
    assert only(world.events("anna")).values["recurrence"] == "FREQ=WEEKLY;COUNT=3"
    assert only(world.events("ben")).values["recurrence"] is None


@pytest.mark.parametrize("order", [("anna", "ben"), ("ben", "anna")])
def test_an_invitation_from_outlook_takes_the_place_of_an_own_event(
    world: MeetingWorld, order: tuple[str, str]
) -> None:
    """The organiser invites somebody who is on the activity already: nothing of the activity changes, and still the
    invitation is all that the guest has, whoever syncs first."""
    world.sync()
    world.activity(users=("anna", "ben"))
    world.settle()
    world.edit_event(only(world.events("anna")), attendees=invited("ben"))
    world.sync(*order, *order)
    assert only(world.events("ben")).values["isOrganizer"] is False
    quiet(world)
    assert roles(world, "ben") == ["copy"]
    assert len(world.activities()) == 1


@pytest.mark.parametrize("fault", ["unsent", "lost"])
def test_an_own_event_that_may_not_have_been_taken_away(world: MeetingWorld, fault: str) -> None:
    """The invitation is there, and nobody knows whether the deletion went through: it goes with the next tick, and
    where it is gone already it is not made again."""
    world.sync()
    world.activity(users=("anna", "ben"))
    world.settle()
    world.edit_event(only(world.events("anna")), attendees=invited("ben"))
    world.m365.fault = lambda action: fault
    world.sync("ben")
    world.m365.fault = lambda action: None
    world.sync("ben")
    assert only(world.events("ben")).values["isOrganizer"] is False
    quiet(world)


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


# ---- the first sync -------------------------------------------------------------------------------------------------


def test_a_first_sync_mails_nobody(world: MeetingWorld) -> None:
    """Whatever the settings invite to and however much both sides differ."""
    world.settings |= {"invite_to_future": True, "invite_to_past": True}
    world.activity(users=("anna", "ben", "cleo"), subject="From the CRM")
    world.activity(users=("anna", "ben"), days=5, subject="On both sides", location="Yard")
    world.event("anna", "ben", GUEST, days=5, subject="on both sides")
    before = world.mails()
    quiet(world)
    assert world.mails() == before
    assert len(world.activities()) == 2


def test_a_match_on_the_first_sync_leaves_a_meeting_with_guests_as_it_is(world: MeetingWorld) -> None:
    """What differs is agreed; a later edit in the CRM travels."""
    activity = world.activity(users=("anna", "ben"), location="Yard")
    meeting = world.event("anna", "ben", GUEST, subject="visit")
    before = world.mails()
    quiet(world)
    assert only(world.events("anna")).values["location"] == meeting.values["location"]
    assert world.mails() == before
    world.edit_activity(activity.id, location="Office")
    quiet(world)
    assert only(world.events("anna")).values["location"] == ("Office",)
    assert world.mails("update") == [("update", address("ben")), ("update", GUEST)]


def test_a_late_user_s_first_sync_mails_nobody(world: MeetingWorld) -> None:
    """A mailbox that is connected later brings its meetings along in silence."""
    world.settings["invite_to_future"] = True
    world.connected = ["anna", "ben"]
    world.sync()
    world.activity(owner="cleo", users=("anna", "ben", "cleo"))
    world.settle()
    before = world.mails()
    world.connected = list(USERS)
    quiet(world)
    assert world.mails() == before


# ---- whose meeting it is --------------------------------------------------------------------------------------------


def test_an_outsiders_meeting_belongs_to_the_first_who_synced(world: MeetingWorld) -> None:
    """One copy is read, by whoever came first; the connected guests are its users."""
    world.foreign("ben", "anna", "other@elsewhere.test")
    quiet(world)
    activity = only(world.activities())
    assert activity.values["assigned_user_id"] == "anna"
    assert set(activity.values["users"]) == {"anna", "ben"}  # type: ignore[arg-type]
    assert (roles(world, "anna"), roles(world, "ben")) == ([""], ["copy"])


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


def test_the_organiser_connects_later_and_takes_the_lead(world: MeetingWorld) -> None:
    """The activity stays the one it was. While the organiser is not on it the copy that was read is read on; once put
    on it, the organiser's event is read and written."""
    world.settings["invite_to_future"] = True
    world.connected = ["anna", "ben"]
    world.event("cleo", "anna", "ben")
    quiet(world)
    activity = only(world.activities())
    assert activity.values["assigned_user_id"] == "anna"
    world.edit_activity(activity.id, location="Yard")
    world.settle()
    world.connected = list(USERS)
    quiet(world)
    assert only(world.activities()).id == activity.id
    moved = world.edit_event(only(world.events("cleo")), "cleo", **world.times(4))
    quiet(world)
    assert only(world.activities()).values["date_start"] == str(moved.values["start"]).partition("[")[0]
    before = world.mails()
    world.edit_activity(activity.id, subject="From the CRM", users=("anna", "ben", "cleo"))
    quiet(world)
    assert [roles(world, user) for user in USERS] == [["copy"], ["copy"], [""]]
    assert only(world.events("cleo")).values["subject"] == "From the CRM"
    assert len(world.mails()) == len(before) + 2


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


# ---- privacy and notes ----------------------------------------------------------------------------------------------


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


def test_a_second_users_own_event_has_the_notes_of_the_first_sync(world: MeetingWorld) -> None:
    """Today's notes are nobody's business but the CRM's."""
    world.sync()
    activity = world.activity(description="Bring plans")
    world.settle()
    world.edit_activity(activity.id, description="They were cross", users=("anna", "ben"))
    quiet(world)
    assert only(world.events("ben")).values["body"] == "Bring plans"


# ---- deletions ------------------------------------------------------------------------------------------------------


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


def test_deleted_in_the_crm_takes_own_events_and_copies_nobody_leads(world: MeetingWorld) -> None:
    """Own events go by deletion, and the copies of an outsider's meeting; nobody is mailed."""
    world.sync()
    ours = world.activity(users=("anna", "ben"))
    world.foreign("anna", "ben", subject="Theirs", days=5)
    world.settle()
    assert [len(world.events(user)) for user in ("anna", "ben")] == [2, 2]
    for record in world.activities():
        world.crm.remove("Activity", record.id)
    quiet(world)
    assert (world.events("anna"), world.events("ben"), world.mails()) == ([], [], [])
    assert ours.id not in {record.id for record in world.activities()}


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


# ---- series ---------------------------------------------------------------------------------------------------------


def dates(world: MeetingWorld) -> set[str]:
    return {str(record.values["date_start"])[:10] for record in world.activities()}


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


# ---- the guard ------------------------------------------------------------------------------------------------------


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
