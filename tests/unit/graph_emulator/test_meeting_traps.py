"""Traps of meetings: copies in other mailboxes, answers, and every mail that is sent, by plain HTTP."""

import pytest
from graph_events import VIEW, WINDOW, marked, people, single, span, weekly

ANN, BOB, CAT, ROOM, OUT = (f"{name}@firm.example" for name in ("ann", "bob", "cat", "room", "out"))
OUTSIDE = "dora@customer.example"


@pytest.fixture
def sent(control):
    """The mails since this was last asked, as kind and sorted recipients."""
    seen = []

    def read():
        found = control.calendar.outbox(since=len(seen))
        seen.extend(found)
        return [(mail["kind"], *sorted(row["address"] for row in mail["recipients"])) for mail in found]

    return read


def instances(graph, series):
    return graph.get(f"/me/events/{series['id']}/instances?{WINDOW}")["value"]


def only(rows):
    (row,) = rows
    return row


def statuses(event):
    return {row["emailAddress"]["address"]: row["status"]["response"] for row in event["attendees"]}


def test_creating_with_attendees_invites_at_once(graph, control):
    """Trap 10: a POST with attendees mails them, inside and outside the tenant, and the mail knows its request."""
    answer = graph("POST", "/me/events", single(attendees=people(BOB, OUTSIDE)), client_request_id="c-1")
    mail = only(control.calendar.outbox())
    assert (mail["kind"], mail["from"], mail["subject"]) == ("invite", ANN, "Call")
    assert mail["recipients"] == [{"address": BOB, "inside": True}, {"address": OUTSIDE, "inside": False}]
    assert (mail["eventId"], mail["iCalUId"]) == (answer.json()["id"], answer.json()["iCalUId"])
    assert mail["cause"] == {
        "by": "request",
        "requestId": answer.headers["request-id"],
        "clientRequestId": "c-1",
        "method": "POST",
        "path": "/me/events",
    }
    assert (control.totals().mails, only(control.log())["mails"], control.state()["mails"]) == (2, 2, 2)


def test_events_without_attendees_mail_nobody(graph, sent):
    """Creating, changing and deleting an appointment sends nothing."""
    made = graph.event(**single())
    graph.change(made["id"], subject="Other", **span("2026-12-02"))
    graph("DELETE", f"/me/events/{made['id']}")
    assert sent() == []


def test_mails_of_a_batch_belong_to_their_parts(graph, control):
    """A request inside a batch has its own mails in the log, and they count for the batch."""
    post = {"method": "POST", "url": "/me/events", "headers": {"Content-Type": "application/json"}}
    bodies = [single(attendees=people(BOB, OUTSIDE)), single()]
    graph.batch(*({**post, "id": str(number), "body": body} for number, body in enumerate(bodies)))
    record = only(control.log())
    assert ([part["mails"] for part in record["batch"]], record["mails"]) == ([2, 0], 2)


def test_copy_has_its_own_id_and_the_shared_uid(graph, bob):
    """An attendee of this emulator has a copy: another id, the same iCalUId, not organised, not answered."""
    made = graph.event(**single(attendees=people(BOB, OUTSIDE), categories=["Red"], singleValueExtendedProperties=[]))
    copy = only(bob.view())
    assert copy["id"] != made["id"] and copy["iCalUId"] == made["iCalUId"]
    assert (made["isOrganizer"], copy["isOrganizer"]) == (True, False)
    assert copy["organizer"] == made["organizer"] == {"emailAddress": {"name": "ann", "address": ANN}}
    assert (made["responseStatus"]["response"], copy["responseStatus"]["response"]) == ("organizer", "notResponded")
    assert (copy["showAs"], copy["categories"]) == ("tentative", [])
    assert statuses(copy) == statuses(made) == {BOB: "none", OUTSIDE: "none"}
    assert bob("GET", f"/me/events/{made['id']}").status_code == 404


def test_copies_of_a_series_share_uids_per_occurrence(graph, bob):
    """Organiser's and attendee's occurrences of one day have the same iCalUId and different ids."""
    series = graph.event(**weekly(attendees=people(BOB)))
    own, copied = instances(graph, series), bob.view()
    assert [row["iCalUId"] for row in own] == [row["iCalUId"] for row in copied]
    assert not {row["id"] for row in own} & {row["id"] for row in copied}


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Other"},
        {"body": {"contentType": "text", "content": "Agenda"}},
        {"location": {"displayName": "Hall"}},
        {"sensitivity": "private"},
        {"isOnlineMeeting": True},
        span("2026-12-02"),
    ],
)
def test_update_of_the_organiser_reaches_the_copies_by_mail(graph, bob, sent, change):
    """A change that attendees see mails an update to all of them and is in their copies."""
    made = graph.event(**single(attendees=people(BOB, OUTSIDE)))
    sent()
    changed = graph.change(made["id"], **change)
    assert sent() == [("update", BOB, OUTSIDE)]
    copy = only(bob.view())
    assert all(copy[name] == changed[name] for name in change)


@pytest.mark.parametrize(
    "change",
    [
        {"categories": ["Red"]},
        {"showAs": "free"},
        {"isReminderOn": False},
        {"reminderMinutesBeforeStart": 5},
        {"subject": "Call"},
        {"singleValueExtendedProperties": marked("1")},
    ],
)
def test_what_only_the_organiser_sees_mails_nobody(graph, control, sent, change):
    """Categories, free or busy, reminders, marks and equal values go out to nobody; a setting mails equal values."""
    made = graph.event(**single(attendees=people(BOB)))
    sent()
    graph.change(made["id"], **change)
    assert sent() == []
    control.set_behaviour(unchanged_values_mail=True)
    graph.change(made["id"], **change)
    assert sent() == ([("update", BOB)] if "subject" in change else [])


def test_attendees_patch_replaces_the_whole_list(graph, bob, sent):
    """Trap 10: a list with one person missing removes that person with a cancellation, and the others get an update."""
    made = graph.event(**single(attendees=people(BOB, CAT, OUTSIDE)))
    sent()
    changed = graph.change(made["id"], attendees=people(CAT, OUTSIDE))
    assert list(statuses(changed)) == [CAT, OUTSIDE]
    assert sent() == [("cancel", BOB), ("update", CAT, OUTSIDE)]
    copy = only(bob.view())
    assert (copy["isCancelled"], copy["subject"]) == (True, "Canceled: Call")


def test_adding_one_attendee_may_mail_everybody(graph, control, sent):
    """Trap 10: who is added is invited, and everybody else gets an update; by a setting only those concerned do."""
    made = graph.event(**single(attendees=people(BOB)))
    sent()
    graph.change(made["id"], attendees=people(BOB, OUTSIDE))
    assert sent() == [("invite", OUTSIDE), ("update", BOB)]
    control.set_behaviour(attendee_change_mails_everybody=False)
    graph.change(made["id"], attendees=people(BOB, OUTSIDE, CAT))
    assert sent() == [("invite", CAT)]


def test_leaving_attendees_out_of_a_patch_keeps_them(graph, sent):
    """A PATCH without attendees leaves the list and the answers as they are; an empty list cancels for all."""
    made = graph.event(**single(attendees=people(BOB)))
    assert statuses(graph.change(made["id"], categories=["A"])) == {BOB: "none"}
    sent()
    assert graph.change(made["id"], attendees=[])["attendees"] == []
    assert sent() == [("cancel", BOB)]


def test_removed_attendee_may_lose_the_copy(graph, bob, control):
    """By a setting a cancelled copy is gone instead of being kept as cancelled; whoever is asked again has it again."""
    made = graph.event(**single(attendees=people(BOB)))
    control.set_behaviour(cancelled_copy_stays=False)
    graph.change(made["id"], attendees=[])
    assert bob.view() == []
    graph.change(made["id"], attendees=people(BOB))
    assert only(bob.view())["isCancelled"] is False


@pytest.mark.parametrize("way", ["cancel", "delete", "permanentDelete"])
def test_organiser_cancels_by_cancel_and_by_delete(graph, bob, control, sent, way):
    """Cancelling and deleting by the organiser both mail a cancellation and mark the copies; the event is gone."""
    made = graph.event(**single(attendees=people(BOB, OUTSIDE)))
    sent()
    path = f"/me/events/{made['id']}"
    if way == "delete":
        assert graph("DELETE", path).status_code == 204
    else:
        assert graph("POST", f"{path}/{way}", {"comment": "Sorry"}).status_code == (202 if way == "cancel" else 204)
    assert sent() == [("cancel", BOB, OUTSIDE)]
    assert graph("GET", path).status_code == 404
    assert len(control.calendar.deleted(ANN)) == (0 if way == "permanentDelete" else 1)
    assert only(bob.view())["isCancelled"] is True


def test_attendee_can_not_cancel_and_deletes_only_the_copy(graph, bob, control, sent):
    """An attendee's cancel is 400; an attendee's delete removes that copy, mails nothing, and is no cancellation."""
    made = graph.event(**single(attendees=people(BOB, CAT)))
    sent()
    path = f"/me/events/{only(bob.view())['id']}"
    answer = bob("POST", f"{path}/cancel", {"comment": ""})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidRequest")
    assert bob("DELETE", path).status_code == 204
    assert (sent(), bob.view()) == ([], [])
    assert statuses(graph.get(f"/me/events/{made['id']}")) == {BOB: "none", CAT: "none"}
    assert len(control.calendar.events(CAT)) == 1


def test_attendees_delete_may_decline(graph, bob, control, sent):
    """By a setting an attendee's delete tells the organiser that the meeting is declined."""
    made = graph.event(**single(attendees=people(BOB)))
    sent()
    control.set_behaviour(attendee_delete_declines=True)
    bob("DELETE", f"/me/events/{only(bob.view())['id']}")
    assert sent() == [("response", ANN)]
    assert statuses(graph.get(f"/me/events/{made['id']}")) == {BOB: "declined"}


def test_attendees_own_change_stays_local_until_the_next_update(graph, bob, sent):
    """What an attendee changes in the copy mails nobody, and is overwritten by the organiser's next update."""
    made = graph.event(**single(attendees=people(BOB)))
    sent()
    copy = only(bob.view())
    bob.change(copy["id"], subject="Mine", categories=["Red"], attendees=[], isReminderOn=False)
    assert (sent(), graph.get(f"/me/events/{made['id']}")["subject"]) == ([], "Call")
    graph.change(made["id"], location={"displayName": "Hall"})
    after = only(bob.view())
    assert (after["id"], after["subject"], statuses(after)) == (copy["id"], "Call", {BOB: "none"})
    assert (after["categories"], after["isReminderOn"]) == (["Red"], False)


@pytest.mark.parametrize(
    ("action", "answer", "shown"),
    [("accept", "accepted", "busy"), ("tentativelyAccept", "tentativelyAccepted", "tentative")],
)
def test_answers_reach_the_organiser_by_mail(graph, bob, sent, action, answer, shown):
    """An answer with sendResponse mails the organiser and shows there and in the own copy, in no other one."""
    made = graph.event(**single(attendees=people(BOB, CAT)))
    sent()
    copy = only(bob.view())
    assert bob("POST", f"/me/events/{copy['id']}/{action}", {"comment": "ok"}).status_code == 202
    assert sent() == [("response", ANN)]
    assert statuses(graph.get(f"/me/events/{made['id']}")) == {BOB: answer, CAT: "none"}
    after = only(bob.view())
    assert (after["responseStatus"]["response"], after["showAs"]) == (answer, shown)
    assert statuses(after) == {BOB: "none", CAT: "none"}


def test_answer_without_response_stays_here(graph, bob, sent):
    """With sendResponse false the organiser hears nothing."""
    made = graph.event(**single(attendees=people(BOB)))
    sent()
    bob("POST", f"/me/events/{only(bob.view())['id']}/accept", {"sendResponse": False})
    assert (sent(), statuses(graph.get(f"/me/events/{made['id']}"))) == ([], {BOB: "none"})
    assert only(bob.view())["responseStatus"]["response"] == "accepted"


def test_declined_copy_goes(graph, bob, control):
    """A declined meeting leaves the attendee's calendar, unless a setting keeps it; the next update brings it back."""
    made = graph.event(**single(attendees=people(BOB)))
    bob("POST", f"/me/events/{only(bob.view())['id']}/decline", {})
    assert bob.view() == []
    assert statuses(graph.get(f"/me/events/{made['id']}")) == {BOB: "declined"}
    graph.change(made["id"], subject="Please")
    control.set_behaviour(declined_copy_stays=True)
    bob("POST", f"/me/events/{only(bob.view())['id']}/decline", {})
    assert only(bob.view())["responseStatus"]["response"] == "declined"


def test_organiser_can_not_answer(graph):
    """Answering one's own meeting is refused."""
    path = f"/me/events/{graph.event(**single(attendees=people(BOB)))['id']}"
    answer = graph("POST", f"{path}/accept", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ErrorInvalidRequest")


def test_another_time_makes_answers_void(graph, bob):
    """A meeting moved to another time is unanswered again on both sides; a renamed one is not."""
    made = graph.event(**single(attendees=people(BOB)))
    bob("POST", f"/me/events/{only(bob.view())['id']}/accept", {})
    assert statuses(graph.change(made["id"], subject="Other")) == {BOB: "accepted"}
    assert statuses(graph.change(made["id"], **span("2026-12-02"))) == {BOB: "none"}
    assert only(bob.view())["responseStatus"]["response"] == "notResponded"


def test_hidden_attendees_see_only_themselves(graph, bob, control):
    """With hideAttendees each copy lists its owner alone; the organiser's event lists all."""
    made = graph.event(**single(attendees=people(BOB, CAT, OUTSIDE), hideAttendees=True))
    assert len(made["attendees"]) == 3
    copy = only(bob.view())
    assert (list(statuses(copy)), copy["hideAttendees"]) == ([BOB], True)
    assert list(statuses(only(control.calendar.events(CAT)))) == [CAT]


def test_draft_is_told_to_nobody_until_it_is_sent(graph, bob, control, sent):
    """What an organiser saves without sending is a draft: no mail, no copies; sending it does both."""
    made = control.calendar.create(ANN, single(attendees=people(BOB)), send=False)
    assert graph.get(f"/me/events/{made['id']}")["isDraft"] is True
    assert (sent(), bob.view()) == ([], [])
    control.calendar.send(ANN, made["id"])
    assert sent() == [("invite", BOB)]
    control.calendar.update(ANN, made["id"], {"attendees": people(CAT)}, send=False)
    assert (sent(), only(bob.view())["isCancelled"]) == ([], False)
    assert graph.change(made["id"], subject="Now")["isDraft"] is False
    assert sent() == [("invite", CAT), ("cancel", BOB)]


def test_changing_a_series_mails_once_more_for_each_exception(graph, sent):
    """An update of a master with changed occurrences mails everybody once for the series and once for each of them."""
    series = graph.event(**weekly(attendees=people(BOB, OUTSIDE)))
    first, second, *_ = instances(graph, series)
    graph.change(first["id"], subject="A")
    graph.change(second["id"], subject="B")
    assert sent() == [("invite", BOB, OUTSIDE), *[("update", BOB, OUTSIDE)] * 2]
    graph.change(series["id"], location={"displayName": "Hall"})
    assert sent() == [("update", BOB, OUTSIDE)] * 3


def test_one_occurrence_is_changed_and_cancelled_for_all(graph, bob, control, sent):
    """Changing and deleting one occurrence mails about that one, and the copies follow on the same day."""
    series = graph.event(**weekly(attendees=people(BOB)))
    first, second, *_ = instances(graph, series)
    sent()
    graph.change(first["id"], **span("2026-11-03"))
    assert graph("DELETE", f"/me/events/{second['id']}").status_code == 204
    assert sent() == [("update", BOB), ("cancel", BOB)]
    mails = control.calendar.outbox()[-2:]
    assert [(mail["type"], mail["originalDate"]) for mail in mails] == [
        ("exception", "2026-11-02"),
        ("occurrence", "2026-11-09"),
    ]
    rows = bob.view()
    assert [row["start"]["dateTime"][:10] for row in rows] == ["2026-11-03", "2026-11-09", "2026-11-16", "2026-11-23"]
    assert [row["isCancelled"] for row in rows] == [False, True, False, False]
    graph.change(series["id"], subject="Renamed")
    assert [row["isCancelled"] for row in bob.view()] == [False, True, False, False]


def test_attendee_deletes_or_answers_one_occurrence(graph, bob, sent):
    """An attendee's delete of one occurrence stays local; an answer to one occurrence is noted on that one."""
    series = graph.event(**weekly(attendees=people(BOB)))
    first, second, *_ = bob.view()
    sent()
    assert bob("DELETE", f"/me/events/{first['id']}").status_code == 204
    assert (sent(), len(bob.view()), len(instances(graph, series))) == ([], 3, 4)
    assert bob("POST", f"/me/events/{second['id']}/accept", {}).status_code == 202
    assert sent() == [("response", ANN)]
    assert [list(statuses(row).values()) for row in instances(graph, series)] == [
        ["none"], ["accepted"], ["none"], ["none"]
    ]  # fmt: skip


def test_guest_of_one_occurrence_has_a_single_event(graph, bob, sent):
    """Somebody asked to come to one occurrence only gets that one, with its iCalUId and without the series."""
    series = graph.event(**weekly())
    second = instances(graph, series)[1]
    graph.change(second["id"], attendees=people(BOB))
    assert sent() == [("invite", BOB)]
    copy = only(bob.view())
    assert (copy["type"], copy["seriesMasterId"], copy["iCalUId"]) == ("singleInstance", None, second["iCalUId"])
    graph("DELETE", f"/me/events/{series['id']}")
    assert (sent(), only(bob.view())["isCancelled"]) == ([("cancel", BOB)], True)


def test_attendee_taken_off_one_occurrence(graph, bob, sent):
    """Who is taken off one occurrence gets a cancellation of that one and keeps the others."""
    series = graph.event(**weekly(attendees=people(BOB, CAT)))
    sent()
    graph.change(instances(graph, series)[1]["id"], attendees=people(CAT))
    assert sent() == [("cancel", BOB), ("update", CAT)]
    assert [row["isCancelled"] for row in bob.view()] == [False, True, False, False]


def test_who_joins_a_series_joins_its_exceptions(graph, control):
    """Attendees added to or taken off a series are added to and taken off its changed occurrences."""
    series = graph.event(**weekly(attendees=people(BOB)))
    second = instances(graph, series)[1]
    graph.change(second["id"], attendees=people(BOB, OUTSIDE))
    graph.change(series["id"], attendees=people(CAT))
    assert list(statuses(graph.get(f"/me/events/{second['id']}"))) == [OUTSIDE, CAT]
    assert len(only(control.calendar.events(CAT))["exceptionOccurrences"]) == 1


def test_rooms_answer_by_themselves(graph, control, sent):
    """Trap 10: a free room accepts and a taken one declines, each with a mail of its own that no request asked for."""
    made = graph.event(**single(attendees=people(ROOM, kind="resource")))
    assert sent() == [("invite", ROOM), ("response", ANN)]
    assert control.calendar.outbox()[-1]["cause"]["by"] == "room"
    assert statuses(graph.get(f"/me/events/{made['id']}")) == {ROOM: "accepted"}
    second = graph.event(**single(attendees=[*people(BOB), *people(ROOM, kind="resource")]))
    assert statuses(second) == {BOB: "none", ROOM: "declined"}
    assert len(control.calendar.events(ROOM)) == 1
    sent()
    graph.change(made["id"], **span("2026-12-02"))
    assert sent() == [("update", ROOM), ("response", ANN)]


def test_past_meetings_mail_as_well(graph, sent):
    """The service doesn't look at the date: inviting to, changing and deleting a past meeting mails."""
    made = graph.event(**single(day="2020-01-07", attendees=people(OUTSIDE)))
    graph.change(made["id"], subject="Long ago")
    graph("DELETE", f"/me/events/{made['id']}")
    assert sent() == [("invite", OUTSIDE), ("update", OUTSIDE), ("cancel", OUTSIDE)]


def test_organiser_among_the_attendees_gets_no_mail(graph, sent):
    """An organiser who is listed as attendee has no second copy and no mail."""
    graph.event(**single(attendees=people(ANN, BOB)))
    assert sent() == [("invite", BOB)]
    assert len(graph.view()) == 1


def test_500_attendees_and_not_one_more(graph):
    """A meeting holds 500 attendees; 501 are refused and nothing is stored or mailed."""
    crowd = people(*(f"p{number}@x.example" for number in range(501)))
    assert graph("POST", "/me/events", single(attendees=crowd)).status_code == 400
    assert graph.get("/me/events")["value"] == []
    assert len(graph.event(**single(attendees=crowd[:500]))["attendees"]) == 500


def test_attendee_without_an_address_is_refused(graph):
    """Each attendee needs an address and a known type."""
    for row in ({}, {"emailAddress": {"name": "Bob"}}, {"type": "guest", "emailAddress": {"address": BOB}}):
        assert graph("POST", "/me/events", single(attendees=[row])).status_code == 400


def test_meeting_of_a_foreign_organiser(graph, control, sent):
    """Invitations, updates and cancellations from outside come in without mail; the copy can be answered by mail."""
    row = single("Theirs", iCalUId="foreign-1", attendees=people(ANN))
    row["organizer"] = {"emailAddress": {"name": "Dora", "address": OUTSIDE}}
    made = control.calendar.receive(ANN, row)
    assert (made["isOrganizer"], made["iCalUId"]) == (False, "foreign-1")
    assert graph("POST", f"/me/events/{made['id']}/cancel", {}).status_code == 400
    graph("POST", f"/me/events/{made['id']}/accept", {})
    assert sent() == [("response", OUTSIDE)]
    control.calendar.receive(ANN, {**row, "subject": "Theirs, later", **span("2026-12-03")})
    after = only(graph.view())
    assert (after["id"], after["subject"], after["responseStatus"]["response"]) == (
        made["id"], "Theirs, later", "notResponded"
    )  # fmt: skip
    control.calendar.receive_cancellation(ANN, "foreign-1")
    assert (only(graph.view())["isCancelled"], sent()) == (True, [])


def test_answer_from_outside(graph, control):
    """An attendee outside answers, and the organiser's event shows it."""
    made = graph.event(**single(attendees=people(OUTSIDE)))
    control.calendar.receive_answer(ANN, made["id"], OUTSIDE, "tentativelyAccepted")
    assert statuses(only(graph.get(VIEW)["value"])) == {OUTSIDE: "tentativelyAccepted"}
