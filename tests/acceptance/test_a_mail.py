"""Invitations only as the settings say, and never by surprise: what a plan announces, and what waits for a person."""

from __future__ import annotations

from diary import NOBODY, OUTSIDE, Diary, at, guests, sent
from evidence import actions
from installed import Installed, upn


def test_A10_attendees_as_the_two_settings_say(installation: Installed, diary: Diary) -> None:
    """A meeting that is over follows the one, a meeting to come the other; who is not invited has an own event. What is
    there already is caught up when a setting changes, which the plan counts before it happens."""
    diary.meets("Past", days=-5, users="ben")
    diary.meets("To come", days=5, users="ben; cara")
    diary.rounds()
    assert diary.on("anna", "Past") == diary.on("anna", "To come") == set()
    assert [one["isOrganizer"] for one in diary.shown("ben")] == [True, True]
    installation.settings(kind="activities", invite_to_future="yes")
    assert installation.plan("anna", kind="activities")["mail"] == sent(invitations=2) and diary.to() == []
    diary.sync("anna", mails=sent(invitations=2))
    diary.rounds()
    assert diary.on("anna", "Past") == set() and diary.on("anna", "To come") == {"ben", "cara"}
    assert [one["isOrganizer"] for one in diary.shown("ben")] == [True, False]
    assert [one["subject"] for one in diary.shown("cara")] == ["To come"]
    installation.settings(kind="activities", invite_to_past="yes", invite_to_future="no")
    diary.meets("Past too", days=-4, users="ben")
    diary.meets("To come too", days=6, users="ben")
    diary.sync("anna", mails=sent(invitations=2))
    diary.rounds()
    shown = {one["subject"]: one["isOrganizer"] for one in diary.shown("ben")}
    assert shown == {"Past": False, "Past too": False, "To come": False, "To come too": True}
    assert diary.on("anna", "To come") == {"ben", "cara"}, "nobody is taken off a meeting by a setting"


def test_A10_a_user_s_own_setting(installation: Installed, diary: Diary) -> None:
    """Anna lets people be invited, the organisation does not: it is Anna's that counts for her meetings, and hers
    alone. A draft is nobody's business, and what guests answer mails nobody."""
    installation.settings("anna", kind="activities", invite_to_future="yes")
    diary.meets("Anna's", users="cara")
    diary.meets("Ben's", "ben", days=6, users="cara")
    row = {"subject": "Draft", "start": at(5), "end": at(5, "13:00"), "attendees": guests("ben", "cara")}
    draft = diary.calendar.create(upn("anna"), row, send=False)["id"]
    diary.sync("anna", mails=sent(invitations=1))
    diary.rounds("ben", "cara", "anna")
    assert diary.on("anna", "Anna's") == {"cara"} and diary.on("ben", "Ben's") == set()
    assert {values["subject"] for values in diary.activities().values()} == {"Anna's", "Ben's"}
    diary.calendar.send(upn("anna"), draft)
    diary.rounds()
    assert set(diary.activity("Draft")["users"]) == {"ben", "cara"}
    diary.calendar.respond(upn("ben"), diary.event("ben", "Draft")["id"], "accepted")
    diary.calendar.respond(upn("cara"), diary.event("cara", "Draft")["id"], "tentativelyAccepted")
    assert actions(diary.sync("anna")) == []
    diary.rounds()
    answers = {
        one["emailAddress"]["address"]: one["status"]["response"]
        for one in diary.event(subject="Draft")["attendees"]
    }  # fmt: skip
    assert answers == {upn("ben"): "accepted", upn("cara"): "tentativelyAccepted"}


def test_A10_many_invitations_wait_for_a_person(installation: Installed, diary: Diary) -> None:
    """The plan's text counts mails per write and in its last line. More people than the set number: nothing at all is
    written; confirmed by its digest, exactly these mails are sent."""
    diary.invites("Lunch", "anna", "ben", OUTSIDE)
    diary.rounds()
    installation.edit_task(diary.id_of(), location="Harbour")
    out = installation.tandem("plan", "--user", "anna").out
    assert "      mail: 2 updates (1 person outside)\n" in out
    assert "(activities): 1 to update in Microsoft 365; mail: 2 updates (1 person outside)" in out
    diary.sync("anna", mails=sent(updates=2, outside=1))
    since, shown = diary.numbered(), len(diary.shown())
    installation.settings(kind="activities", invite_to_future="yes")
    for number in range(6):
        diary.meets(f"Meeting {number}", days=7 + number, users="ben; cara")
    plan = installation.plan("anna", kind="activities")
    assert plan["mail"] == sent(invitations=12) and not plan["allowed"]
    assert plan["summary"].endswith("6 to create in Microsoft 365; mail: 12 invitations")
    assert any("12 people mailed" in objection for objection in plan["objections"])
    installation.sync("anna", code=1)
    assert len(diary.shown()) == shown and diary.to(since) == []
    installation.sync("anna", "--confirm", plan["digest"])
    assert diary.to(since) == sorted([("invite", "ben"), ("invite", "cara")] * 6)
    diary.rounds()


def test_A10_the_first_sync_of_a_user_mails_nobody(installation: Installed, diary: Diary) -> None:
    """Both sides are full when Anna connects: meetings with guests on either side, pairs that differ, all invitations
    allowed. Nobody is mailed, not by the ticks after it either."""
    installation.settings(kind="activities", invite_to_future="yes", invite_to_past="yes")
    installation.tandem("user", "disconnect", "anna")
    diary.meets("Only here", days=4, users="ben")
    diary.meets("Both", days=5, users="ben; cara", location="Harbour")
    diary.invites("Both", "anna", "ben", OUTSIDE, days=5)
    diary.invites("Only there", "anna", "ben", OUTSIDE, days=6)
    since = diary.numbered()
    installation.connect("anna")
    assert installation.plan("anna", kind="activities")["mail"] == NOBODY
    diary.rounds()
    assert diary.to(since) == []
