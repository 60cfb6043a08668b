"""Writes to a calendar, against a service that was written apart: what is stored, mailed, and never done."""

from __future__ import annotations

import json

import pytest
from calendar_world import CalendarWorld, action, meeting, only, starts
from graph_events import people, single, weekly
from graph_world import ANN, BOB
from msgspec.structs import replace

from engine.errors import LeaseLost
from engine.plans import Verb
from engine.port import Refused, Stale, Unknown, Written
from engine.records import Gone, Record, Reference, Value
from graph_client.calendar.writing import NOT_OURS
from graph_client.effects import NO_MAIL, Mail
from graph_client.marks import MARK

OUT, OTHER = "out@side.example", "other@side.example"
FULL: dict[str, Value] = {
    "subject": "Review", "body": "First line\n\n  <b>& more</b>", "location": ("Room 1",), "sensitivity": "private",
    "showAs": "tentative", "start": "2026-12-01T09:00:00Z[Europe/Berlin]", "end": "2026-12-01T10:30:00Z[Europe/Berlin]",
}  # fmt: skip


# ---- creations -------------------------------------------------------------------------------------------------


def test_an_event_comes_back_as_it_went(office: CalendarWorld) -> None:
    """Every field survives, in the answer, by id, and in the feed; nobody is mailed; the mark is on it."""
    cursor = office.round().cursor
    record = office.written(action("create", values=FULL, id="act"))
    assert {path: record.values[path] for path in FULL} == FULL
    assert office.event(record.id) == record
    assert office.round(cursor).records == {record.id: record}
    assert office.marks("act", "none") == {"act": (record.id,)}
    assert office.mail() == NO_MAIL
    row = only(office.people.events(ANN), id=record.id)
    assert row["start"]["dateTime"].startswith("2026-12-01T09:00:00")
    assert row["originalStartTimeZone"] == "W. Europe Standard Time"


def test_a_meeting_invites_everybody_but_its_organiser(office: CalendarWorld) -> None:
    """Each once; addresses in any case; the owner is no attendee of an own meeting."""
    act = action("create", values=meeting(attendees=(BOB.upper(), OUT, ANN)))
    assert office.written(act).values["attendees"] == (BOB, OUT)
    assert office.mail() == Mail(invitations=(BOB, OUT))


def test_whole_days_are_written_as_days(office: CalendarWorld) -> None:
    """Dates go as they are; times of an event that is to last whole days cover each day they touch."""
    record = office.make(isAllDay=True, start="2026-12-01", end="2026-12-03")
    assert (record.values["start"], record.values["end"]) == ("2026-12-01", "2026-12-03")
    record = office.make(
        isAllDay=True, start="2026-12-01T22:00:00Z[Asia/Tokyo]", end="2026-12-02T02:00:00Z[Asia/Tokyo]"
    )
    assert (record.values["start"], record.values["end"]) == ("2026-12-02", "2026-12-03")


def test_the_doubled_hour_and_the_skipped_one(office: CalendarWorld) -> None:
    """Both readings of half past two at the end of October, and a time just after the gap in March."""
    for start in ("2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", "2027-03-28T01:30:00Z"):
        record = office.make(start=f"{start}[Europe/Berlin]", end="2027-11-01T09:00:00Z[Europe/Berlin]")
        assert str(record.values["start"])[:20] == start


def test_a_series_follows_the_clocks_of_its_zone(office: CalendarWorld) -> None:
    """Made from words in a real zone, its occurrences keep their time of day when clocks change. The first of them,
    which no round has told of yet, stands for what was made, in the answer and under its mark."""
    values: dict[str, Value] = {
        "recurrence": "FREQ=WEEKLY;COUNT=3", "start": "2027-03-15T08:00:00Z[Europe/Berlin]",
        "end": "2027-03-15T09:00:00Z[Europe/Berlin]",
    }  # fmt: skip
    record = office.written(action("create", values=meeting(**values), id="act"))
    (series,) = office.people.events(ANN)
    assert (record.group, record.version) == (series["id"], "")
    assert record.values["recurrence"] == "FREQ=WEEKLY;BYDAY=MO;WKST=MO;COUNT=3"
    first = min(office.round().records.values(), key=lambda one: str(one.values["start"]))
    assert (record.id, record.group) == (first.id, first.group) and office.marks("act") == {"act": (first.id,)}
    assert starts(office.round().records.values()) == [
        "2027-03-15T08:00:00Z[Europe/Berlin]", "2027-03-22T08:00:00Z[Europe/Berlin]",
        "2027-03-29T07:00:00Z[Europe/Berlin]",
    ]  # fmt: skip


def test_a_series_of_whole_days(office: CalendarWorld) -> None:
    """Days repeat as days."""
    office.make(isAllDay=True, start="2026-12-01", end="2026-12-02", recurrence="FREQ=MONTHLY;COUNT=2")
    assert starts(office.round().records.values()) == ["2026-12-01", "2027-01-01"]


@pytest.mark.parametrize("repeat", ["same", "conflict", "bad_request"])
def test_a_creation_sent_twice_is_one_event(office: CalendarWorld, repeat: str) -> None:
    """However the service answers a transaction it knows: the event that is there, and one invitation."""
    office.world.control.set_behaviour(transaction_repeat=repeat)
    act = action("create", values=meeting(attendees=(OUT,)))
    assert office.written(act) == office.written(act)
    assert len(office.people.events(ANN)) == 1
    assert office.mail() == Mail(invitations=(OUT,))


def test_a_transaction_whose_event_is_gone_is_left_to_the_next_run(office: CalendarWorld) -> None:
    """It was used, and nothing is there: nothing is claimed."""
    refusal = {"kind": "status", "status": 409, "code": "ErrorDuplicateTransactionId"}
    office.world.control.add_rule(refusal, method="POST", path="/me/events$", part=True)
    act = action("create", values=meeting())
    assert office.write(act) == [Unknown(act.id)]


@pytest.mark.parametrize("kind", ["drop_request", "drop_answer", "cut"])
def test_a_lost_creation_is_looked_for_and_sent_once_more(office: CalendarWorld, kind: str) -> None:
    """Whether or not it had arrived, each event is there once and each person is invited once."""
    office.reader().collections("event")
    office.world.control.add_rule({"kind": kind}, method="POST", path=r"/\$batch")
    acts = [action("create", values=meeting(subject=f"M{n}", attendees=(OUT,))) for n in range(3)]
    outcomes = office.write(*acts)
    assert all(isinstance(one, Written) for one in outcomes)
    assert len(office.people.events(ANN)) == 3
    assert office.mail() == Mail(invitations=(OUT,) * 3)


def test_a_service_that_stays_down_leaves_creations_unknown(office: CalendarWorld) -> None:
    """Their marks say in the next run what became of them."""
    down = {"kind": "status", "status": 504}
    office.world.control.add_rule(down, method="POST", path="/me/events$", part=True, count=0)
    act = action("create", values=meeting())
    assert office.write(act) == [Unknown(act.id)]
    assert office.marks(act.id) == {}


def test_a_copied_mark_means_the_original(office: CalendarWorld) -> None:
    """Outlook copies the mark with the event: the one made first is the one."""
    record = office.written(action("create", values=meeting(), id="mark"))
    office.advance(days=1)
    office.people.copy(ANN, record.id)
    assert office.marks("mark") == {"mark": (record.id,)}


@pytest.mark.parametrize(
    ("values", "why"),
    [({"end": "2026-12-01T08:00:00Z[Europe/London]"}, "before"), ({"start": None}, "needs a start"),
     ({"start": "2026-12-01T09:00:00Z"}, "no time"), ({"attendees": ("Zebedee",)}, "no e-mail address"),
     ({"attendees": tuple(f"p{n}@x.example" for n in range(501))}, "more than 500"),
     ({"recurrence": "FREQ=MINUTELY"}, "daily"), ({"subject": "Zebedee" * 50}, "longer than 255"),
     ({"sensitivity": "Zebedee"}, "HTTP 400"), ({"body": "Zebedee" * 600_000}, "larger")],
)  # fmt: skip
def test_what_no_event_can_be_is_refused(office: CalendarWorld, values: dict[str, Value], why: str) -> None:
    """With a reason that quotes nothing; nothing is made and nobody is mailed."""
    act = action("create", values=meeting(**values))
    (outcome,) = office.write(act)
    assert isinstance(outcome, Refused)
    assert why in outcome.reason
    assert "Zebedee" not in outcome.reason
    assert office.people.events(ANN) == []
    assert office.mail() == NO_MAIL


# ---- updates ---------------------------------------------------------------------------------------------------


def test_an_update_writes_what_differs_and_nothing_else(office: CalendarWorld) -> None:
    """Values that are there already are not sent; if none is left, nothing is sent at all."""
    record = office.make(**FULL)
    office.world.control.reset("log")
    assert office.change(record, **FULL) == record
    same = office.change(record, start="2026-12-01T09:00:00Z[Asia/Tokyo]", body="First line\r\n\r\n  <b>& more</b> ")
    assert same == record
    assert patches(office) == 0
    changed = office.change(record, subject="Other", location=("Room 1",))
    assert (changed.values["subject"], changed.values["body"]) == ("Other", FULL["body"])
    assert patches(office) == 1


def patches(office: CalendarWorld) -> int:
    """How many updates were sent."""
    return sum(part["method"] == "PATCH" for entry in office.world.control.log() for part in entry["batch"])


def test_everything_can_be_cleared(office: CalendarWorld) -> None:
    """None empties what can be empty."""
    record = office.make(**FULL)
    bare = office.change(record, subject=None, body=None, location=None)
    assert [bare.values[path] for path in ("subject", "body", "location")] == [None] * 3


def test_whole_days_come_and_go(office: CalendarWorld) -> None:
    """Both ends follow the flag, whichever of them the action names."""
    record = office.make()
    days = office.change(record, isAllDay=True)
    assert (days.values["start"], days.values["end"]) == ("2026-12-01", "2026-12-02")
    midnights = {"start": "2026-12-01T00:00:00Z[Europe/London]", "end": "2026-12-02T00:00:00Z[Europe/London]"}
    assert office.change(days, **midnights) == days
    longer = office.change(days, end="2026-12-04")
    assert (longer.values["start"], longer.values["end"]) == ("2026-12-01", "2026-12-04")
    hours = office.change(longer, isAllDay=False, start="2026-12-01T09:00:00Z[UTC]", end="2026-12-01T10:00:00Z[UTC]")
    assert (hours.values["isAllDay"], hours.values["end"]) == (False, "2026-12-01T10:00:00Z[UTC]")


def test_the_list_of_people_goes_whole(office: CalendarWorld) -> None:
    """Those who stay keep their kind and their answer; rooms, guests and people without an address are not lost."""
    room = people("room@firm.example", kind="resource")
    (id,) = office.people.seed(ANN, [single("M", attendees=[*people(OUT), *people(OTHER, kind="optional"), *room])])
    office.people.receive_answer(ANN, id, OUT, "accepted")
    record = office.event(id)
    changed = office.change(record, attendees=(BOB, OUT, OTHER, "room@firm.example"))
    assert changed.values["attendees"] == (BOB, OTHER, OUT, "room@firm.example")
    there = {row["emailAddress"]["address"]: row for row in only(office.people.events(ANN), id=id)["attendees"]}
    assert {one: (row["type"], row["status"]["response"]) for one, row in there.items()} == {
        OUT: ("required", "accepted"), OTHER: ("optional", "none"), "room@firm.example": ("resource", "none"),
        BOB: ("required", "none"),
    }  # fmt: skip


def test_the_way_to_join_survives_new_notes(office: CalendarWorld) -> None:
    """The block stays where it was, byte for byte, and is no part of the notes."""
    body = {"contentType": "html", "content": "<p>Agenda</p>"}
    online = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    id = office.people.create(ANN, single("Teams", body=body, **online))["id"]
    record = office.event(id)
    assert record.values["body"] == "Agenda"
    for notes in ("New agenda\nwith lines", None, "Again"):
        record = office.change(record, body=notes)
        row = only(office.people.events(ANN), id=id)
        assert (record.values["body"], record.values["isOnlineMeeting"]) == (notes, True)
        assert row["onlineMeeting"]["joinUrl"] in row["body"]["content"]
        assert row["body"]["content"].count("Microsoft Teams meeting") == 1


def test_an_update_needs_the_version_it_was_decided_on(office: CalendarWorld) -> None:
    """Somebody was faster: nothing is written, whether that shows before or by the condition."""
    record = office.make()
    newer = office.change(record, subject="B")
    late = action("update", record, {"subject": "C"})
    assert office.write(late) == [Stale(late.id)]
    office.world.control.add_rule({"kind": "status", "status": 412, "code": ""}, method="PATCH", part=True)
    raced = action("update", newer, {"subject": "D"})
    assert office.write(raced) == [Stale(raced.id)]
    assert [row["subject"] for row in office.people.events(ANN)] == ["B"]


def test_one_occurrence_is_changed_by_its_own_id(office: CalendarWorld) -> None:
    """It becomes an exception of its series; the others stay as they are."""
    office.people.seed(ANN, [weekly("Jour")])
    first, second, *_ = office.round().called("Jour")
    changed = office.change(second, subject="Special", start="2026-11-10T12:00:00Z[Europe/Berlin]",
                            end="2026-11-10T13:00:00Z[Europe/Berlin]")  # fmt: skip
    assert (changed.id, changed.values["type"], changed.group) == (second.id, "exception", second.group)
    assert changed.values["originalStart"] == "2026-11-09T08:00:00Z"
    assert office.event(first.id).values["subject"] == "Jour"


def test_an_occurrence_may_not_pass_its_neighbours(office: CalendarWorld) -> None:
    """Outlook's own rule is a refusal with its code."""
    office.people.seed(ANN, [weekly("Jour")])
    first = office.round().called("Jour")[0]
    act = action("update", first, {"start": "2026-11-20T12:00:00Z[UTC]", "end": "2026-11-20T13:00:00Z[UTC]"})
    (outcome,) = office.write(act)
    assert isinstance(outcome, Refused)
    assert "erroroccurrencecrossingboundary" in outcome.reason.lower()


@pytest.mark.parametrize("values", [{"subject": "Mine"}, {"attendees": (BOB,)}, {"location": ("Here",)}])
def test_nothing_is_written_to_what_somebody_else_organises(office: CalendarWorld, values: dict[str, Value]) -> None:
    """An attendee's copy is refused before anything is sent."""
    office.people.create(ANN, single("M", attendees=people(BOB, OUT)))
    office.mail()
    (copy,) = office.round(upn=BOB).records.values()
    act = action("update", copy, values)
    assert office.write(act, upn=BOB) == [Refused(act.id, NOT_OURS)]
    assert office.mail() == NO_MAIL


def test_how_a_series_repeats_is_not_changed(office: CalendarWorld) -> None:
    """Only a creation says it."""
    record = office.event(office.make(recurrence="FREQ=WEEKLY;COUNT=3").id)
    act = action("update", record, {"recurrence": "FREQ=DAILY"})
    (outcome,) = office.write(act)
    assert isinstance(outcome, Refused)
    assert "changed in Outlook" in outcome.reason


def test_many_occurrences_of_one_series_in_one_go(office: CalendarWorld) -> None:
    """Each write moves the versions of all others: it is our own write that moved them, so none is held up by it."""
    office.people.seed(ANN, [weekly("Jour", count=26), weekly("Other", count=3)])
    found = office.round()
    parts, others = found.called("Jour"), found.called("Other")
    acts = [action("update", one, {"subject": f"Part {one.id[-4:]}"}) for one in parts[:13]]
    acts += [action("delete", one) for one in parts[13:]]
    acts += [action("update", others[0], {"subject": "Changed"})]
    outcomes = {one.action: one for one in office.write(*acts)}
    assert all(isinstance(outcomes[act.id], Written) for act in acts)
    left = {record.id: record.values["subject"] for record in office.round().records.values()}
    assert left == {one.id: f"Part {one.id[-4:]}" for one in parts[:13]} | {
        others[0].id: "Changed", others[1].id: "Other", others[2].id: "Other",
    }  # fmt: skip


def test_somebody_who_changes_the_series_meanwhile_is_noticed(office: CalendarWorld) -> None:
    """Between two of our writes to it: what shows now is not what the second was decided on."""
    (series,) = office.people.seed(ANN, [weekly("Jour")])
    first, second, *_ = office.round().called("Jour")
    acts = [action("update", one, {"location": ("Here",)}) for one in (first, second)]
    outcomes = office.writer().write(acts)
    assert isinstance(next(outcomes), Written)
    office.people.update(ANN, series, {"subject": "Theirs"})
    assert next(outcomes) == Stale(acts[1].id)


# ---- deletions -------------------------------------------------------------------------------------------------


def test_an_appointment_is_deleted_and_a_meeting_cancelled(office: CalendarWorld) -> None:
    """Whoever was asked to come hears of it; nobody else is mailed."""
    alone, together = office.make(), office.make(attendees=(BOB, OUT))
    office.mail()
    assert deleted(office, alone)
    assert office.mail() == NO_MAIL
    assert deleted(office, together)
    assert office.mail() == Mail(cancellations=(BOB, OUT))
    assert office.gone(alone.id)
    assert office.gone(together.id)
    (copy,) = office.round(upn=BOB).records.values()
    assert copy.values["isCancelled"] is True


def deleted(office: CalendarWorld, record: Record, upn: str = ANN) -> bool:
    act = action("delete", record)
    return office.write(act, upn=upn) == [Written(act.id, None)]


def test_an_attendees_copy_goes_alone(office: CalendarWorld) -> None:
    """The meeting stays, and nobody is mailed."""
    made = office.people.create(ANN, single("M", attendees=people(BOB, OUT)))
    office.mail()
    (copy,) = office.round(upn=BOB).records.values()
    assert deleted(office, copy, upn=BOB)
    assert office.mail() == NO_MAIL
    assert office.gone(copy.id, upn=BOB)
    assert office.event(made["id"]).values["isCancelled"] is False


def test_a_deletion_needs_the_version_too(office: CalendarWorld) -> None:
    """The service ignores the condition of a deletion: it is read just before, and left alone if it changed."""
    record = office.make()
    office.people.touch(ANN, record.id)
    act = action("delete", record)
    assert office.write(act) == [Stale(act.id)]
    assert deleted(office, office.event(record.id))
    assert deleted(office, record)


def test_one_occurrence_is_taken_out_and_then_the_series(office: CalendarWorld) -> None:
    """An occurrence goes by its own id, the whole by that of its group; each cancels once."""
    (series,) = office.people.seed(ANN, [weekly("Jour", attendees=people(OUT))])
    first, second, *_ = office.round().called("Jour")
    assert deleted(office, second)
    assert office.mail() == Mail(cancellations=(OUT,))
    assert office.gone(second.id)
    assert not office.gone(first.id)
    whole = replace(action("delete", office.event(series)), expected_version=None)
    assert office.write(whole) == [Written(whole.id, None)], "a series that goes as a whole goes at any version"
    assert office.mail() == Mail(cancellations=(OUT,))
    assert isinstance(office.read(first.id)[first.id], Gone)


# ---- trouble ---------------------------------------------------------------------------------------------------


def test_throttled_items_are_done_in_the_end(office: CalendarWorld) -> None:
    """They are waited for; nothing is made, and nobody mailed, twice."""
    rule = {"kind": "status", "status": 429, "code": "ApplicationThrottled", "headers": {"Retry-After": "7"}}
    office.world.control.add_rule(rule, method="POST", path="events$", part=True, count=2)
    outcomes = office.write(*(action("create", values=meeting(attendees=(OUT,))) for _ in range(6)))
    assert [type(one) for one in outcomes] == [Written] * 6
    assert office.mail() == Mail(invitations=(OUT,) * 6)


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_a_refusal_names_the_code_and_no_data(office: CalendarWorld, verb: Verb) -> None:
    """The reason is status and code."""
    record = office.make()
    refused = {"kind": "status", "status": 403, "code": "ErrorAccessDenied"}
    for method in ("POST", "PATCH", "DELETE"):
        office.world.control.add_rule(refused, method=method, path="events", part=True)
    act = action(verb, record if verb != "create" else None, meeting(subject="Zebedee"))
    (outcome,) = office.write(act)
    assert isinstance(outcome, Refused)
    assert "HTTP 403 erroraccessdenied" in outcome.reason
    assert "Zebedee" not in outcome.reason


@pytest.mark.parametrize(("verb", "found"), [("update", Stale), ("delete", Written)])
def test_what_went_meanwhile(office: CalendarWorld, verb: Verb, found: type) -> None:
    """A deletion has reached its end; an update has nothing left to change."""
    record = office.make()
    office.people.purge(ANN, record.id)
    (outcome,) = office.write(action(verb, record, {"subject": "x"}))
    assert isinstance(outcome, found)


def test_a_lost_cancellation_is_not_sent_twice(office: CalendarWorld) -> None:
    """The next run compares again; those who came were told once."""
    record = office.make(attendees=(OUT,))
    office.mail()
    office.world.control.add_rule({"kind": "drop_answer"}, method="POST", path="cancel$", part=True)
    act = action("delete", record)
    assert office.write(act) == [Unknown(act.id)]
    assert office.mail() == Mail(cancellations=(OUT,))


def test_contacts_and_events_go_through_one_view(office: CalendarWorld) -> None:
    """Each action reaches its own kind."""
    writer = office.writer()
    contact = replace(action("create", values={"givenName": "Ann"}), kind="contact")
    event = action("create", values=meeting())
    outcomes = {one.action: one for one in writer.write([event, contact])}
    assert all(isinstance(outcomes[act.id], Written) for act in (contact, event))
    assert len(office.world.control.contacts(ANN)) == len(office.people.events(ANN)) == 1
    with pytest.raises(KeyError):
        writer.collections("plannerTask")


def test_calendars_have_names(office: CalendarWorld) -> None:
    """The default one, whatever its own language calls it; no other is read yet."""
    view = office.reader()
    assert list(view.collections("event")) == [Reference("", "Calendar")]
    assert view.names("calendar", ["CALENDAR", "Other"]) == {"calendar": (Reference("", "Calendar"),)}


def test_a_lost_lease_writes_nothing_more(office: CalendarWorld) -> None:
    """The lease is asked before every request."""
    writer = office.systems[ANN].writer(office.world.space(ANN), iter([True, False]).__next__)
    with pytest.raises(LeaseLost):
        list(writer.write([action("create", values=meeting()) for _ in range(8)]))
    assert len(office.people.events(ANN)) == 4


def test_the_mark_is_on_every_event(office: CalendarWorld) -> None:
    """As the extended property that searches go by."""
    office.written(action("create", values=meeting(), id="the-mark"))
    (row,) = office.people.events(ANN)
    assert MARK in json.dumps(row)
    assert "the-mark" in json.dumps(row)
