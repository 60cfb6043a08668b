"""Seeding calendars, people's edits in Outlook, the outbox, snapshots and firms from files."""

import json
from time import perf_counter

import pytest
from graph_events import DELTA, WINDOW, at, marked, people, single, span, weekly

from graph_emulator.control_client import ControlClient, ControlError
from graph_emulator.firm import Contents, Firm, FirmError, load_firm, tenant_from
from graph_emulator.server import Emulator

ANN, BOB = "ann@firm.example", "bob@firm.example"
EVE, OUTSIDE = "eve@other.example", "dora@customer.example"
USERS = [
    {"id": f"00000000-0000-4000-8000-{number:012}", "userPrincipalName": upn, "displayName": upn[:3]}
    for number, upn in enumerate((ANN, BOB), start=1)
]
TENANT = {"tenantId": "t-1", "name": "Firm", "clientId": "c-1", "users": USERS}


def only(rows):
    (row,) = rows
    return row


def test_two_thousand_events_and_fifty_series_are_seeded_in_seconds(graph, control):
    """2,000 events and 50 series are seeded within three seconds, without any mail, and one round tells them."""
    day = [f"2026-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(2000)]
    rows = [single(f"E{n}", day[n], attendees=people(OUTSIDE, BOB)) for n in range(2000)]
    rows += [weekly(f"S{n}", start="2026-01-05", count=60) for n in range(50)]
    began = perf_counter()
    ids = control.calendar.seed(ANN, rows)
    assert perf_counter() - began < 3
    assert (len(set(ids)), control.calendar.outbox()) == (2050, [])
    window = "startDateTime=2026-01-01&endDateTime=2027-03-01"
    began = perf_counter()
    told, _, _ = graph.round(f"/me/calendarView/delta?{window}", Prefer="odata.maxpagesize=500")
    assert perf_counter() - began < 3
    assert len({row["id"] for row in told}) == 2000 + 50 * 61


def test_seeded_meetings_have_copies_with_the_answers_given(graph, bob, control):
    """A seeded meeting is in the attendees' mailboxes too, answered as its attendees' status says."""
    attendee = {**only(people(BOB)), "status": {"response": "accepted", "time": "2026-01-01T00:00:00Z"}}
    control.calendar.seed(ANN, [single(attendees=[attendee])])
    copy = only(bob.view())
    assert (copy["isOrganizer"], copy["responseStatus"]["response"], copy["showAs"]) == (False, "accepted", "busy")
    assert only(graph.view())["attendees"][0]["status"]["response"] == "accepted"


def test_seeded_series_have_exceptions_and_cancellations(graph, control):
    """A seeded series may come with changed and cancelled occurrences, named by their original day."""
    exception = {"originalStart": "2026-11-09T08:00:00Z", "subject": "Moved", **span("2026-11-10")}
    row = weekly(exceptionOccurrences=[exception], cancelledOccurrences=["2026-11-16"])
    control.calendar.seed(ANN, [row])
    found = [(row["start"]["dateTime"][:10], row["subject"]) for row in graph.view()]
    assert found == [("2026-11-02", "Jour fixe"), ("2026-11-10", "Moved"), ("2026-11-23", "Jour fixe")]


def test_seeded_meeting_of_somebody_else(graph, control):
    """A row whose organizer is not the owner is an invitation; the same iCalUId joins the copy that is there."""
    row = single("Theirs", iCalUId="foreign-1", organizer={"emailAddress": {"address": OUTSIDE}})
    first = control.calendar.seed(ANN, [row])
    assert only(graph.view())["isOrganizer"] is False
    again = {**row, "categories": ["Red"], "responseStatus": {"response": "accepted"}}
    assert control.calendar.seed(ANN, [again]) == first
    after = only(graph.view())
    assert (after["categories"], after["responseStatus"]["response"]) == (["Red"], "accepted")


def test_people_edit_without_going_through_the_api(graph, bob, control):
    """A person's edits as organiser and as attendee show in Graph, and their mails are put down to a person."""
    made = control.calendar.create(ANN, single(attendees=people(BOB)))
    control.calendar.update(ANN, made["id"], {"subject": "Renamed"})
    copy = only(bob.view())
    control.calendar.update(BOB, copy["id"], {"subject": "Mine"})
    control.calendar.respond(BOB, copy["id"], "tentativelyAccepted")
    assert only(bob.view())["subject"] == "Mine"
    assert only(graph.view())["attendees"][0]["status"]["response"] == "tentativelyAccepted"
    control.calendar.delete(ANN, made["id"])
    mails = control.calendar.outbox()
    assert [mail["kind"] for mail in mails] == ["invite", "update", "response", "cancel"]
    assert {mail["cause"]["by"] for mail in mails} == {"person"}
    assert control.log()[0]["mails"] == 0
    control.calendar.purge(ANN, made["id"])
    control.calendar.delete(BOB, copy["id"])
    control.calendar.empty_deleted_items(BOB)
    assert (control.calendar.deleted(ANN), control.calendar.deleted(BOB)) == ([], [])


def test_people_edit_occurrences_and_calendars(graph, control):
    """A person changes and deletes one occurrence, keeps several calendars, and touches events."""
    control.calendar.create_calendar(ANN, "Private")
    series = control.calendar.create(ANN, weekly(singleValueExtendedProperties=marked("7")), "Private")
    path = f"/me/events/{series['id']}/instances?{WINDOW}"
    first, second, *_ = graph.get(path)["value"]
    control.calendar.update(ANN, first["id"], {"subject": "Other"})
    control.calendar.delete(ANN, second["id"])
    held = only(control.calendar.events(ANN))
    assert (held["calendar"], held["singleValueExtendedProperties"]) == ("Private", marked("7"))
    assert [row["subject"] for row in held["exceptionOccurrences"]] == ["Other"]
    assert len(held["cancelledOccurrences"]) == 1
    control.calendar.move(ANN, series["id"])
    assert [row["subject"] for row in graph.view()] == ["Other", "Jour fixe", "Jour fixe"]
    before = graph.get(f"/me/events/{series['id']}")["@odata.etag"]
    control.calendar.touch(ANN, series["id"])
    control.calendar.touch_all(ANN)
    assert graph.get(f"/me/events/{series['id']}")["@odata.etag"] != before
    control.calendar.delete_calendar(ANN, "Private")
    assert len(graph.get("/me/calendars")["value"]) == 1


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda c: c.calendar.seed(ANN, [single(), {"subject": "x"}]), "Event 2"),
        (lambda c: c.calendar.delete(ANN, "nonsense"), "malformed"),
        (lambda c: c.calendar.create(ANN, single(), "Nowhere"), "no calendar 'Nowhere'"),
        (lambda c: c.calendar.receive(ANN, single()), "organizer outside"),
        (lambda c: c.calendar.receive_cancellation(ANN, "x"), "no meeting"),
        (lambda c: c.calendar.respond(ANN, "x", "maybe"), "one of"),
        (lambda c: c.call("calendar", mailbox=ANN, action="paint"), "no calendar edit"),
        (lambda c: c.set_behaviour(transaction_repeat="never"), "takes one of: same"),
    ],
)
def test_wrong_edits_say_what_is_wrong(control, act, reason):
    """An edit that can't be made is refused with its reason."""
    with pytest.raises(ControlError, match=reason):
        act(control)


def test_outbox_is_read_from_a_number_on_and_reset(graph, control):
    """The outbox numbers its mails from 1, is read from any number on, and begins anew after a reset."""
    made = graph.event(**single(attendees=people(BOB)))
    graph.change(made["id"], subject="Other")
    assert [mail["kind"] for mail in control.calendar.outbox(since=1)] == ["update"]
    control.reset("outbox")
    assert control.calendar.outbox() == []
    graph.change(made["id"], subject="Third")
    assert only(control.calendar.outbox())["number"] == 1


def test_snapshot_holds_calendars_and_outbox(tmp_path):
    """After save and load everything about calendars is as it was: rows, links, copies, cancelled days, mails."""
    with Emulator.start(tmp_path, Firm(tenant_from(TENANT, "tenant.json"))) as emulator:
        control = ControlClient(emulator.url, emulator.ca_file, emulator.control_key)
        exception = {"originalStart": "2026-11-09", "subject": "Moved", **span("2026-11-10"), "attendees": people(BOB)}
        rows = [
            weekly(attendees=people(BOB), exceptionOccurrences=[exception], cancelledOccurrences=["2026-11-16"]),
            single(raw={"subject": None}, transactionId="t-1", singleValueExtendedProperties=marked("7")),
        ]
        control.calendar.seed(ANN, rows)
        draft = control.calendar.create(ANN, single("Draft", attendees=people(BOB)), send=False)
        sent = control.calendar.create(ANN, single("Sent", attendees=people(OUTSIDE)))
        control.calendar.delete(ANN, sent["id"])
        before, mails = control.state(), control.calendar.outbox()
        control.save()
        for event in control.calendar.events(ANN):
            control.calendar.purge(ANN, event["id"])
        control.reset("outbox")
        control.load()
        assert (control.state(), control.calendar.outbox()) == (before, mails)
        control.calendar.send(ANN, draft["id"])
        assert control.calendar.outbox()[-1]["number"] == len(mails) + 1
        assert len(control.calendar.events(BOB)) == 2
        control.close()


def test_delta_goes_on_after_a_load(graph, control):
    """A delta link from before a save works after loading it."""
    made = graph.event(**weekly())
    _, link, _ = graph.round(DELTA)
    control.save()
    control.load()
    graph.change(made["id"], subject="Other")
    assert graph.round(link)[0][0]["subject"] == "Other"


def test_firm_files_hold_calendars_and_events(tmp_path):
    """A mailbox file has calendars and events in Graph's shapes; a wrong one is refused naming file and event."""
    folder = tmp_path / "mailboxes"
    folder.mkdir()
    (folder / "tenant.json").write_text(json.dumps(TENANT), "utf-8")
    events = [{**weekly(attendees=people(BOB)), "calendar": "Work"}, single()]
    mailbox = {"calendars": [{"name": "Work"}], "events": events}
    (folder / f"{ANN}.json").write_text(json.dumps(mailbox), "utf-8")
    with Emulator.start(tmp_path, folder) as emulator:
        control = ControlClient(emulator.url, emulator.ca_file, emulator.control_key)
        assert [row["calendar"] for row in control.calendar.events(ANN)] == ["Work", "Calendar"]
        assert only(control.calendar.events(BOB))["isOrganizer"] is False
        control.calendar.touch_all(ANN)
        control.calendar.delete(ANN, control.calendar.events(ANN)[1]["id"])
        control.reset("mailboxes")
        assert len(control.calendar.events(ANN)) == 2
        assert control.calendar.outbox() == []
        control.close()
    events[1]["start"] = at("tomorrow")
    (folder / f"{ANN}.json").write_text(json.dumps(mailbox), "utf-8")
    with pytest.raises(FirmError, match=f"{ANN}.json, event 2: .*start"), Emulator.start(tmp_path, folder):
        pytest.fail("the firm was taken")
    assert load_firm(folder).mailboxes[ANN].calendars == ({"name": "Work"},)
    double = Firm(tenant_from(TENANT, "tenant.json"), {ANN: Contents(calendars=({"name": "A"}, {"name": "A"}))})
    with pytest.raises(FirmError, match="calendar 2"), Emulator.start(tmp_path, double):
        pytest.fail("the firm was taken")


def test_mailboxes_of_other_tenants_have_copies_and_count_as_outside(tmp_path):
    """An attendee in another organisation of the same emulator has a copy, and the mail is one to outside."""
    user = {"id": "99999999-0000-4000-8000-000000000001", "userPrincipalName": EVE}
    other = {"tenantId": "t-2", "name": "Other", "clientId": "c-2", "users": [user]}
    firms = [Firm(tenant_from(tenant, "tenant.json")) for tenant in (TENANT, other)]
    with (
        Emulator.start(tmp_path, firms) as emulator,
        ControlClient(emulator.url, emulator.ca_file, emulator.control_key) as control,
    ):
        made = control.calendar.create(ANN, single(attendees=people(EVE)))
        assert only(control.calendar.outbox())["recipients"] == [{"address": EVE, "inside": False}]
        assert only(control.calendar.events(EVE))["iCalUId"] == made["iCalUId"]
