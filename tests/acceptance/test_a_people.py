"""Activities and people: who is invited, who organises, whose changes count."""

from __future__ import annotations

from diary import OUTSIDE, Diary, at, guests, instant, sent
from evidence import writes
from installed import Installed, upn


def inviting(installed: Installed) -> None:
    """The organisation lets the sync invite people to meetings that are still to come."""
    installed.settings(kind="activities", invite_to_future="yes")


# ---- A8, A9: who is invited, and by whom -----------------------------------------------------------------------------


def test_A8_users_on_the_activity_are_invited(installation: Installed, diary: Diary) -> None:
    """Their main e-mail is their account: each has one invitation by mail, one meeting in the calendar, and no event
    besides; a disconnected colleague is invited as well. Somebody with a private address in the CRM is not, and gets an
    event of his own without guests, and no mail."""
    installation.tandem("user", "disconnect", "cara")
    inviting(installation)
    diary.meets(users="ben; cara")
    diary.sync("anna", mails=sent(invitations=2))
    assert diary.to() == [("invite", "ben"), ("invite", "cara")]
    assert diary.on() == {"ben", "cara"}
    diary.rounds("anna", "ben")
    assert [one["isOrganizer"] for user in ("ben", "cara") for one in diary.called(user)] == [False, False]
    assert len(diary.activities()) == 1 and set(diary.activity()["users"]) == {"ben", "cara"}
    installation.import_csv("users.csv", [{"user_name": "ben", "email1": "ben@private.example"}])
    since = diary.numbered()
    diary.meets("Dinner", days=6, users="ben; cara")
    diary.sync("anna", mails=sent(invitations=1))
    diary.rounds("ben", "anna")
    assert diary.to(since) == [("invite", "cara")] and diary.on("anna", "Dinner") == {"cara"}
    own = diary.event("ben", "Dinner")
    assert (own["isOrganizer"], own["attendees"]) == (True, [])
    assert len(diary.activities()) == 2


def test_A8_people_added_and_taken_off_in_the_crm(installation: Installed, diary: Diary) -> None:
    """Who is added is invited, who is taken off hears of a cancellation, who stays of a change; a guest from outside,
    whom Outlook knows alone, stays invited."""
    inviting(installation)
    crm_id = diary.meets(users="ben")
    diary.sync("anna", mails=sent(invitations=1))
    event = diary.event()
    people = [*event["attendees"], {"emailAddress": {"address": OUTSIDE, "name": "Olga"}, "type": "optional"}]
    diary.edits("anna", event["id"], attendees=people)
    diary.rounds()
    assert len(diary.activities()) == 1 and diary.activity()["users"] == ["ben"]
    since = diary.numbered()
    installation.edit_task(crm_id, users="cara")
    diary.sync("anna", mails=sent(invitations=1, updates=1, cancellations=1, outside=1))
    assert diary.to(since) == [("cancel", "ben"), ("invite", "cara"), ("update", OUTSIDE)]
    assert diary.on() == {"cara", OUTSIDE}
    kept = {one["emailAddress"]["address"]: one["type"] for one in diary.event()["attendees"]}
    assert kept[OUTSIDE] == "optional"
    diary.rounds()


def test_A9_the_assigned_user_s_account_organises(installation: Installed, diary: Diary) -> None:
    """Whoever wrote it, whoever's tick comes first: the meeting is in the calendar of the assigned user, who invites
    the others; nobody else makes one. What has nobody else on it is in that calendar alone."""
    inviting(installation)
    diary.meets(owner="anna", assigned_user_id="ben", users="anna; cara")
    diary.meets("Alone", "cara", days=6)
    diary.sync("anna")
    assert diary.shown("anna") == []
    diary.sync("ben", mails=sent(invitations=2))
    diary.rounds()
    assert diary.event("ben")["isOrganizer"] and diary.on("ben") == {"anna", "cara"}
    for user in ("anna", "ben", "cara"):
        assert diary.event(user)["organizer"]["emailAddress"]["address"] == upn("ben")
    assert [len(diary.called(user, "Alone")) for user in ("anna", "ben", "cara")] == [0, 0, 1]


def test_A9_given_to_somebody_else(installation: Installed, diary: Diary) -> None:
    """While the first organiser is on it the meeting stays theirs, and the new assigned user is invited still. Once
    they are off it, it is cancelled there, and the new assigned user's account organises it, although its tick comes
    first."""
    inviting(installation)
    crm_id = diary.meets(users="ben; cara")
    diary.sync("anna", mails=sent(invitations=2))
    diary.rounds()
    installation.edit_task(crm_id, assigned_user_id="ben", users="anna; cara")
    diary.rounds()
    assert diary.event("anna")["isOrganizer"] and diary.on() == {"ben", "cara"}
    installation.edit_task(crm_id, users="cara")
    since = diary.numbered()
    for user in ("ben", "cara", "anna") * 3:
        installation.sync(user)
    assert diary.to(since) == [("cancel", "ben"), ("cancel", "cara"), ("invite", "cara")]
    assert diary.shown("anna") == [] and diary.on("ben") == {"cara"}
    assert len(diary.called("cara")) == 1 and len(diary.activities()) == 1
    assert diary.activities()[crm_id]["assigned_user_id"] == "ben"


# ---- A11: assigned to somebody who is not connected ------------------------------------------------------------------


def test_A11_each_connected_user_has_an_own_event(installation: Installed, diary: Diary) -> None:
    """Cara, to whom it is assigned, is not connected: Anna and Ben, who are on it, have an event each, without
    attendees; nobody is invited, whatever the setting says. What either changes reaches the other by way of the CRM.
    Who is taken off it loses theirs and the others keep theirs; deleted in the CRM, all of them go. No mail in any of
    it."""
    installation.tandem("user", "disconnect", "cara")
    inviting(installation)
    crm_id = diary.meets(owner="cara", users="anna; ben")
    diary.rounds("anna", "ben")
    assert diary.to() == [] and diary.shown("cara") == []
    for user in ("anna", "ben"):
        event = diary.event(user)
        assert (event["isOrganizer"], event["attendees"]) == (True, [])
    installation.edit_task(crm_id, location="Harbour")
    diary.rounds("anna", "ben", times=1)
    assert [diary.event(user)["location"]["displayName"] for user in ("anna", "ben")] == ["Harbour", "Harbour"]
    diary.edits("ben", diary.event("ben")["id"], location={"displayName": "Mill"})
    diary.rounds("anna", "ben")
    assert diary.activities()[crm_id]["location"] == "Mill" == diary.event("anna")["location"]["displayName"]
    assert len(diary.activities()) == 1 and diary.activities()[crm_id]["assigned_user_id"] == "cara"
    installation.edit_task(crm_id, users="ben")
    diary.rounds("anna", "ben")
    assert [len(diary.shown(user)) for user in ("anna", "ben")] == [0, 1]
    installation.delete_task(crm_id)
    diary.rounds("anna", "ben")
    assert diary.shown("ben") == [] and diary.to() == []


def test_A11_an_invitation_takes_the_place_of_the_own_event(installation: Installed, diary: Diary) -> None:
    """Nobody may be invited yet: Ben and Cara have events of their own. Once the setting allows it, Anna's meeting
    invites them, and their own events go: one meeting in each calendar, one mail to each."""
    diary.meets(users="ben; cara")
    diary.rounds()
    assert [diary.event(user)["isOrganizer"] for user in ("anna", "ben", "cara")] == [True] * 3
    inviting(installation)
    diary.sync("anna", mails=sent(invitations=2))
    diary.rounds()
    assert [diary.event(user)["isOrganizer"] for user in ("anna", "ben", "cara")] == [True, False, False]
    assert diary.to() == [("invite", "ben"), ("invite", "cara")] and len(diary.activities()) == 1


# ---- A12, A13: meetings made in Outlook ------------------------------------------------------------------------------


def test_A12_every_attendee_who_is_a_crm_user_is_on_the_activity(installation: Installed, diary: Diary) -> None:
    """Connected or not, by the main e-mail of the CRM; people from outside are not, and nobody is mailed again. An
    attendee who may not see the others does not take them off, whoever's tick comes first."""
    installation.tandem("user", "disconnect", "cara")
    diary.invites("Lunch", "anna", "ben", "cara", OUTSIDE)
    diary.invites("Hidden", "anna", "ben", "cara", days=6, hideAttendees=True)
    diary.rounds("ben", "anna")
    activity = diary.activity()
    assert activity["assigned_user_id"] == "anna" and set(activity["users"]) == {"ben", "cara"}
    assert diary.on() == {"ben", "cara", OUTSIDE} and len(diary.activities()) == 2
    assert set(diary.activity("Hidden")["users"]) == {"ben", "cara"}


def test_A12_attendees_who_come_and_go_in_outlook(installation: Installed, diary: Diary) -> None:
    """Are put on the activity and taken off it; a user whom somebody put on it in the CRM alone stays."""
    event = diary.invites("Lunch", "anna", "ben")
    diary.rounds()
    installation.edit_task(diary.id_of(), users="ben; cara")
    diary.rounds()
    assert diary.event("cara")["isOrganizer"], "Cara is not invited by the sync and has an event of her own"
    diary.edits("anna", event, attendees=guests(OUTSIDE))
    diary.rounds()
    assert diary.activity()["users"] == ["cara"] and diary.on() == {OUTSIDE}
    diary.edits("anna", event, attendees=guests("ben", OUTSIDE))
    diary.rounds()
    assert set(diary.activity()["users"]) == {"ben", "cara"}


def from_outside(diary: Diary, *users: str, **more: object) -> None:
    """Olga, who is outside, invites users; once more for an update."""
    row = {
        "subject": "Lunch", "start": at(5), "end": at(5, "13:00"), "iCalUId": "olgas-meeting",
        "organizer": guests(OUTSIDE)[0], "attendees": guests(*users), **more,
    }  # fmt: skip
    for user in users:
        diary.calendar.receive(upn(user), row)


def test_A13_a_meeting_of_somebody_outside(installation: Installed, diary: Diary) -> None:
    """One activity for all, with the connected users alone, assigned to the one who synced first; its updates reach
    the CRM, edits of the CRM stay there, and nothing is ever written to a calendar."""
    installation.tandem("user", "disconnect", "cara")
    from_outside(diary, "anna", "ben", "cara")
    installation.control.reset("log")
    diary.rounds("ben", "anna")
    (crm_id,) = diary.activities()
    activity = diary.activities()[crm_id]
    assert activity["assigned_user_id"] == "ben" and set(activity["users"]) | {"ben"} == {"anna", "ben"}
    from_outside(diary, "anna", "ben", "cara", subject="Dinner")
    diary.rounds("ben", "anna")
    assert diary.activities()[crm_id]["subject"] == "Dinner"
    installation.edit_task(crm_id, location="Harbour")
    diary.rounds("ben", "anna")
    assert diary.activities()[crm_id]["location"] == "Harbour"
    assert writes(installation.control) == [] and diary.to() == []


def test_A13_a_meeting_of_a_colleague_who_is_not_connected(installation: Installed, diary: Diary) -> None:
    """The same; when Ben connects there is one activity still, and it stays Anna's; put on it, he organises it: what is
    changed in the CRM changes his event."""
    installation.tandem("user", "disconnect", "ben")
    event = diary.invites("Lunch", "ben", "anna", "cara")
    diary.rounds("anna", "cara")
    (crm_id,) = diary.activities()
    assert diary.activities()[crm_id]["assigned_user_id"] == "anna"
    assert set(diary.activities()[crm_id]["users"]) | {"anna"} == {"anna", "cara"}
    installation.connect("ben")
    diary.edits("ben", event, subject="Dinner")
    diary.rounds("ben", "anna", "cara")
    assert list(diary.activities()) == [crm_id] and diary.activities()[crm_id]["subject"] == "Dinner"
    assert diary.activities()[crm_id]["assigned_user_id"] == "anna"
    installation.edit_task(crm_id, users="ben; cara", location="Mill")
    diary.sync("ben", mails=sent(updates=2))


def test_A13_its_organiser_has_no_right_to_the_activity(installation: Installed, diary: Diary) -> None:
    """Cara, in a team of her own, connects after the meeting that she organises became an activity of Anna's: it is not
    made a second time, and what she changes goes on to reach the CRM through Anna's copy."""
    installation.tandem("user", "disconnect", "cara")
    event = diary.invites("Lunch", "cara", "anna", "ben")
    diary.rounds("anna", "ben")
    (crm_id,) = diary.activities()
    installation.connect("cara")
    diary.edits("cara", event, subject="Dinner")
    diary.rounds("cara", "anna", "ben")
    assert list(diary.activities()) == [crm_id] and diary.activities()[crm_id]["subject"] == "Dinner"


# ---- A14-A16: whose changes count ------------------------------------------------------------------------------------


def test_A14_an_attendees_change_stays_in_the_own_calendar(installation: Installed, diary: Diary) -> None:
    """Ben moves and renames his copy of Anna's meeting: the activity stays as it is, and his copy too. Anna moves hers:
    it follows."""
    diary.invites("Lunch", "anna", "ben", OUTSIDE)
    diary.rounds()
    crm_id, before = diary.id_of(), diary.activities()
    own = {"subject": "Not for me", "location": {"displayName": "My desk"}}
    diary.edits("ben", diary.event("ben")["id"], start=at(6), end=at(6, "13:00"), **own)
    diary.rounds()
    assert diary.activities() == before and diary.event("ben", "Not for me")["location"]["displayName"] == "My desk"
    diary.edits("anna", diary.event()["id"], start=at(7), end=at(7, "13:00"))
    diary.rounds()
    assert diary.activities()[crm_id]["date_start"] == instant(7)


def test_A15_any_permitted_user_of_the_crm_changes_it_for_all(installation: Installed, diary: Diary) -> None:
    """Through Anna's event, at her tick: two people are told, one of them outside, and the plan says so. Cara, who has
    no right to the activity, can't."""
    diary.invites("Lunch", "anna", "ben", OUTSIDE)
    diary.rounds()
    crm_id, since = diary.id_of(), diary.numbered()
    installation.tandem("crm", "edit", "--task", crm_id, "subject=Dinner", "--as", "cara", code=1)
    installation.edit_task(crm_id, by="ben", subject="Dinner")
    diary.sync("ben")
    assert diary.event()["subject"] == "Lunch"
    diary.sync("anna", mails=sent(updates=2, outside=1))
    assert diary.to(since) == [("update", "ben"), ("update", OUTSIDE)]
    diary.rounds()
    assert diary.event("ben", "Dinner") and diary.on("anna", "Dinner") == {"ben", OUTSIDE}


def test_A16_an_attendees_own_change_gives_way_to_the_crm(installation: Installed, diary: Diary) -> None:
    """What Ben wrote into his copy goes with the next change in the CRM, and never reaches it."""
    diary.invites("Lunch", "anna", "ben", location={"displayName": "Harbour"})
    diary.rounds()
    diary.edits("ben", diary.event("ben")["id"], location={"displayName": "My desk"})
    diary.rounds()
    installation.edit_task(diary.id_of(), subject="Dinner")
    diary.sync("anna", mails=sent(updates=1))
    shown = [diary.event(user, "Dinner")["location"]["displayName"] for user in ("anna", "ben")]
    assert shown == ["Harbour", "Harbour"] and diary.activity("Dinner")["location"] == "Harbour"
    diary.rounds()
