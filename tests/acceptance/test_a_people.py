"""Activities and people: who is invited, who organises, whose changes count."""

from __future__ import annotations

from diary import OUTSIDE, Diary, sent
from installed import Installed, upn


def inviting(installed: Installed) -> None:
    """The organisation lets the sync invite people to meetings that are still to come."""
    installed.settings(kind="activities", invite_to_future="yes")


# ---- A8, A9: who is invited, and by whom -----------------------------------------------------------------------------


def test_A8_users_on_the_activity_are_invited(installation: Installed, diary: Diary) -> None:
    """Their main e-mail is their account: each has one invitation by mail, one meeting in the calendar, and no event
    besides; a disconnected colleague is invited as well."""
    installation.tandem("user", "disconnect", "cara")
    inviting(installation)
    diary.meets(users="ben; cara")
    diary.sync("anna", mails=sent(invitations=2))
    assert diary.to() == [("invite", "ben"), ("invite", "cara")]
    assert diary.on() == {"ben", "cara"}
    diary.rounds("anna", "ben")
    assert [one["isOrganizer"] for user in ("ben", "cara") for one in diary.called(user)] == [False, False]
    assert len(diary.activities()) == 1 and set(diary.activity()["users"]) == {"ben", "cara"}


def test_A8_a_user_whose_main_e_mail_is_not_the_account_is_not_invited(installation: Installed, diary: Diary) -> None:
    """Ben has a private address in the CRM: he gets an event of his own without guests, and nobody is mailed."""
    installation.import_csv("users.csv", [{"user_name": "ben", "email1": "ben@private.example"}])
    inviting(installation)
    diary.meets(users="ben; cara")
    diary.sync("anna", mails=sent(invitations=1))
    diary.rounds()
    assert diary.to() == [("invite", "cara")] and diary.on() == {"cara"}
    own = diary.event("ben")
    assert (own["isOrganizer"], own["attendees"]) == (True, [])
    assert len(diary.activities()) == 1


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
    the others; nobody else makes one."""
    inviting(installation)
    diary.meets(owner="anna", assigned_user_id="ben", users="anna; cara")
    diary.sync("anna")
    assert diary.shown("anna") == []
    diary.sync("ben", mails=sent(invitations=2))
    diary.rounds()
    assert diary.event("ben")["isOrganizer"] and diary.on("ben") == {"anna", "cara"}
    for user in ("anna", "ben", "cara"):
        assert diary.event(user)["organizer"]["emailAddress"]["address"] == upn("ben")


def test_A9_an_activity_of_nobody_else_s_stays_there(installation: Installed, diary: Diary) -> None:
    """Anna's activity without anybody on it is in her calendar alone."""
    diary.meets()
    diary.rounds()
    assert [len(diary.shown(user)) for user in ("anna", "ben", "cara")] == [1, 0, 0]


def test_A9_given_to_somebody_else(installation: Installed, diary: Diary) -> None:
    """While the first organiser is on it the meeting stays theirs; once they are not, it is cancelled there, which the
    plan says, and the new assigned user's account organises it."""
    inviting(installation)
    crm_id = diary.meets(users="ben; cara")
    diary.sync("anna", mails=sent(invitations=2))
    diary.rounds()
    installation.edit_task(crm_id, assigned_user_id="ben", users="anna; cara")
    diary.rounds()
    assert diary.event("anna")["isOrganizer"] and diary.activities()[crm_id]["assigned_user_id"] == "ben"
    installation.edit_task(crm_id, users="cara")
    diary.sync("anna", mails=sent(cancellations=2))
    diary.sync("ben", mails=sent(invitations=1))
    diary.rounds()
    assert diary.shown("anna") == [] and diary.on("ben") == {"cara"}
    assert len(diary.activities()) == 1
