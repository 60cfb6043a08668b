"""Rounds over a calendar, against a service that was written apart: what becomes of every trap of view deltas."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from calendar_world import CalendarWorld, starts
from graph_events import at, pattern, people, single, span, weekly
from graph_world import ANN, BOB

from engine.errors import Unavailable
from engine.records import Barred, Gone, Record, Reference
from graph_client.calendar.window import AHEAD, BEHIND

OUT = "out@side.example"
DELTA = "calendarView/delta"


# ---- single events ---------------------------------------------------------------------------------------------


def test_an_event_is_read_with_all_that_rules_see(office: CalendarWorld) -> None:
    """Every field of the table has a value, in the feed as by id."""
    row = office.people.create(
        ANN,
        {
            "subject": "Review", "body": {"contentType": "html", "content": "<p>Agenda</p><p>&amp; more</p>"},
            "start": at("2026-12-01T10:00:00", "W. Europe Standard Time"), "sensitivity": "private",
            "end": at("2026-12-01T11:30:00", "W. Europe Standard Time"), "location": {"displayName": "Room 1"},
            "attendees": people(BOB.upper(), OUT), "isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness",
        },
    )  # fmt: skip
    (record,) = office.round().records.values()
    assert dict(record.values) == {
        "subject": "Review", "body": "Agenda\n& more", "start": "2026-12-01T09:00:00Z[Europe/Berlin]",
        "end": "2026-12-01T10:30:00Z[Europe/Berlin]", "isAllDay": False, "location": ("Room 1",),
        "sensitivity": "private", "showAs": "busy", "attendees": (BOB, OUT), "organizer": ANN, "isOrganizer": True,
        "isCancelled": False, "isDraft": False, "hideAttendees": False, "isOnlineMeeting": True,
        "iCalUId": row["iCalUId"], "originalStart": None, "type": "singleInstance", "recurrence": None,
        "calendar": Reference("", "Calendar"),
    }  # fmt: skip
    assert (record.id, record.version, record.group) == (row["id"], row["@odata.etag"], "")
    assert record.modified == 1795348800000
    assert office.event(record.id) == record


def test_an_idle_round_is_one_request(office: CalendarWorld) -> None:
    """Nothing new costs one question and tells nothing."""
    office.people.seed(ANN, [single("A"), weekly("B")])
    cursor = office.round().cursor
    before = office.systems[ANN].requests
    view = office.reader()
    found = office.round(cursor, view=view)
    assert (found.records, found.gone, found.groups, found.full) == ({}, set(), {}, False)
    assert [one.id for one in view.collections("event")] == [""]
    assert office.systems[ANN].requests - before == 1


def test_contacts_and_events_share_an_idle_round_trip(office: CalendarWorld) -> None:
    """Announced beforehand, both kinds' questions go in one batch, whichever is read first."""
    view = office.reader()
    folders = {str(one.id): None for one in view.collections("contact")}
    contacts = {page.collection: page.cursor for page in view.changes("contact", folders) if page.cursor}
    feeds = {"contact": contacts, "event": {"": office.round().cursor}}
    system, space = office.systems[ANN], office.world.space(ANN)
    for order in (["contact", "event"], ["event", "contact"]):
        office.world.control.reset("log")
        system.expect(space, feeds)
        for kind in order:
            pages = list(office.reader().changes(kind, feeds[kind]))
            assert not any(page.records or page.full for page in pages)
            feeds[kind] = {page.collection: page.cursor for page in pages if page.cursor}
        assert len(office.reader().collections("event")) == 1
        assert office.world.control.totals().requests == 1
    assert len(feeds["contact"]) == 4


def test_answers_asked_ahead_are_used_once_and_not_for_long(office: CalendarWorld) -> None:
    """What happened since is told by the next round; an old answer is asked anew."""
    cursor = office.round().cursor
    office.systems[ANN].expect(office.world.space(ANN), {"contact": {}, "event": {"": cursor}})
    list(office.reader().changes("contact", {"": None}))
    office.people.seed(ANN, [single("Late")])
    first = office.round(cursor)
    assert first.subjects == []
    assert office.round(first.cursor).subjects == ["Late"]
    office.systems[ANN].expect(office.world.space(ANN), {"contact": {}, "event": {"": cursor}})
    list(office.reader().changes("contact", {"": None}))
    office.advance(days=1)
    assert office.round(cursor).subjects == ["Late"]


def test_edits_come_with_the_next_round(office: CalendarWorld) -> None:
    """A change, a creation and a deletion; the round after is empty."""
    kept, lost = office.people.seed(ANN, [single("Kept"), single("Lost")])
    cursor = office.round().cursor
    office.people.update(ANN, kept, {"subject": "Edited"})
    office.people.delete(ANN, lost)
    office.people.create(ANN, single("New"))
    found = office.round(cursor)
    assert (found.subjects, found.gone) == (["Edited", "New"], {lost})
    assert office.gone(lost)
    assert office.round(found.cursor).records == {}


def test_an_event_outside_the_span_is_a_suspicion_that_reading_clears(office: CalendarWorld) -> None:
    """The feed calls it removed; asked by id it is there, in its calendar."""
    cursor = office.round().cursor
    (id,) = office.people.seed(ANN, [single("Far", day="2029-01-01")])
    found = office.round(cursor)
    assert (found.records, found.gone) == ({}, {id})
    assert office.event(id).values["subject"] == "Far"


def test_an_event_moved_to_another_calendar_is_not_gone(office: CalendarWorld) -> None:
    """It has left the feed; reading finds it where it is."""
    (id,) = office.people.seed(ANN, [single("Moved")])
    cursor = office.round().cursor
    office.people.create_calendar(ANN, "Private")
    office.people.move(ANN, id, "Private")
    assert office.round(cursor).gone == {id}
    calendar = office.event(id).values["calendar"]
    assert isinstance(calendar, Reference)
    assert (calendar.name, bool(calendar.id)) == ("Private", True)


def test_what_lies_in_deleted_items_is_gone_although_it_answers(office: CalendarWorld) -> None:
    """Immutable ids may go on to work; no calendar shows it any more. Occurrences go with their series."""
    office.world.control.set_behaviour(deleted_items_readable=True)
    alone, series = office.people.seed(ANN, [single("A"), weekly("B")])
    parts = [one.id for one in office.round().called("B")]
    office.people.delete(ANN, alone)
    office.people.delete(ANN, series)
    assert all(office.gone(id) for id in (alone, *parts))


def test_a_mailbox_taken_away_deletes_nothing(office: CalendarWorld) -> None:
    """Its 404 is trouble with the mailbox."""
    (id,) = office.people.seed(ANN, [single("A")])
    office.world.control.enable_mailbox(ANN, False)
    with pytest.raises(Unavailable, match="Nothing was taken as deleted"):
        office.read(id)
    with pytest.raises(Unavailable):
        office.round()


# ---- series ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("masters", [True, False])
def test_occurrences_are_records_and_their_series_is_none(office: CalendarWorld, masters: bool) -> None:
    """Each has the series' fields, its own identity and time, and the series as its group."""
    office.world.control.set_behaviour(view_master_rows=masters)
    body = {"contentType": "html", "content": "<p>Weekly agenda</p>"}
    (series,) = office.people.seed(ANN, [weekly("Jour", body=body, location={"displayName": "Hall"})])
    found = office.round()
    assert starts(found.records.values()) == [
        f"2026-11-{day:02}T08:00:00Z[Europe/Berlin]" for day in (2, 9, 16, 23)
    ]  # fmt: skip
    assert len({record.values["iCalUId"] for record in found.records.values()}) == 4
    for record in found.records.values():
        assert (record.group, record.values["type"]) == (series, "occurrence")
        assert (record.values["body"], record.values["location"]) == ("Weekly agenda", ("Hall",))
        assert record.values["originalStart"] == str(record.values["start"])[:20]
        assert record.values["recurrence"] is None
        assert office.event(record.id) == record
    assert found.groups == {series: set(found.records)}


def test_the_series_itself_can_be_read(office: CalendarWorld) -> None:
    """For whoever wants to delete it as a whole: how it repeats, and its version."""
    (series,) = office.people.seed(ANN, [weekly("Jour")])
    record = office.event(series)
    assert (record.group, record.values["type"]) == (series, "seriesMaster")
    assert record.values["recurrence"] == "FREQ=WEEKLY;BYDAY=MO;WKST=MO;COUNT=4"


def test_a_series_keeps_its_time_of_day_over_the_change_of_clocks(office: CalendarWorld) -> None:
    """Nine o'clock in Berlin is seven in UTC before the end of October and eight after it."""
    office.people.seed(ANN, [weekly("Jour", start="2026-10-19", count=3)])
    assert starts(office.round().records.values()) == [
        "2026-10-19T07:00:00Z[Europe/Berlin]", "2026-10-26T08:00:00Z[Europe/Berlin]",
        "2026-11-02T08:00:00Z[Europe/Berlin]",
    ]  # fmt: skip


def test_a_deleted_occurrence_is_found_missing(office: CalendarWorld) -> None:
    """No tombstone tells of it: it is under suspicion because its series, listed as a whole, has it no more."""
    (series,) = office.people.seed(ANN, [weekly("Jour")])
    first = office.round()
    lost = first.called("Jour")[2].id
    office.people.delete(ANN, lost)
    found = office.round(first.cursor)
    assert found.groups[series] == set(first.records) - {lost}
    assert office.gone(lost)
    assert not any(office.gone(id) for id in found.groups[series])


def test_a_deleted_occurrence_may_have_a_tombstone(office: CalendarWorld) -> None:
    """Then that is the suspicion, and reading proves it."""
    office.world.control.set_behaviour(view_deleted_occurrences="tombstone")
    office.people.seed(ANN, [weekly("Jour")])
    first = office.round()
    lost = first.called("Jour")[2].id
    office.people.delete(ANN, lost)
    assert office.round(first.cursor).gone == {lost}
    assert office.gone(lost)


@pytest.mark.parametrize("typeless", [True, False])
def test_a_deleted_series_puts_its_occurrences_under_suspicion(office: CalendarWorld, typeless: bool) -> None:
    """Its one tombstone, with a type or without, says that nothing is known to be left of it."""
    office.world.control.set_behaviour(view_typeless_tombstones=typeless)
    (series,) = office.people.seed(ANN, [weekly("Jour")])
    first = office.round()
    office.people.delete(ANN, series)
    found = office.round(first.cursor)
    assert (series in found.gone, found.groups[series]) == (True, set())
    assert all(office.gone(id) for id in first.records)


def test_a_tombstone_of_a_single_event_names_an_empty_group(office: CalendarWorld) -> None:
    """Nobody can tell it from that of a series; no record is in a group of that name."""
    (id,) = office.people.seed(ANN, [single("A")])
    cursor = office.round().cursor
    office.people.delete(ANN, id)
    assert office.round(cursor).groups == {id: set()}


def test_a_changed_occurrence_is_told_with_its_notes_and_its_sisters(office: CalendarWorld) -> None:
    """It stays the same record; the others come along, because their versions moved with it."""
    (series,) = office.people.seed(ANN, [weekly("Jour")])
    first = office.round()
    moved = first.called("Jour")[1]
    body = {"contentType": "text", "content": "Special"}
    office.people.update(ANN, moved.id, {"subject": "Moved", "body": body, **span("2026-11-10", "15:00")})
    found = office.round(first.cursor)
    record = found.records[moved.id]
    assert (record.values["subject"], record.values["body"], record.group) == ("Moved", "Special", series)
    assert (record.values["start"], record.values["type"]) == ("2026-11-10T15:00:00Z[UTC]", "exception")
    assert record.values["originalStart"] == "2026-11-09T08:00:00Z"
    assert record.values["iCalUId"] == moved.values["iCalUId"]
    assert set(found.records) == set(first.records)
    assert {id: office.event(id) for id in found.records} == found.records


def test_an_unchanged_exception_comes_with_its_series_notes_and_all(office: CalendarWorld) -> None:
    """A change of the whole series tells its exceptions in full too: each shows its own notes."""
    (series,) = office.people.seed(ANN, [weekly("Jour")])
    first = office.round()
    special = first.called("Jour")[1]
    office.people.update(ANN, special.id, {"body": {"contentType": "text", "content": "Special"}})
    second = office.round(first.cursor)
    office.people.update(ANN, series, {"location": {"displayName": "Hall"}})
    found = office.round(second.cursor)
    assert {record.values["body"] for record in found.records.values()} == {"Special", None}
    assert found.records[special.id].values["location"] == ("Hall",)


def test_a_shortened_and_a_moved_series(office: CalendarWorld) -> None:
    """Occurrences that fall away are missing in the group; those on new days are new records."""
    (series,) = office.people.seed(ANN, [weekly("Jour")])
    first = office.round()
    shorter = weekly("Jour", count=2)["recurrence"]
    office.people.update(ANN, series, {"recurrence": shorter})
    second = office.round(first.cursor)
    assert len(second.groups[series]) == 2
    assert all(office.gone(id) for id in set(first.records) - second.groups[series])
    friday = pattern("weekly", "2026-11-06", {"type": "numbered", "numberOfOccurrences": 3}, daysOfWeek=["friday"],
                     firstDayOfWeek="monday")  # fmt: skip
    office.people.update(ANN, series, {"recurrence": friday, **span("2026-11-06", zone="Europe/Berlin")})
    third = office.round(second.cursor)
    assert len(third.records) == 3
    assert third.groups == {series: set(third.records)}
    assert all(office.gone(id) for id in second.groups[series] - third.groups[series])


def test_many_series_are_listed_in_few_round_trips(office: CalendarWorld) -> None:
    """Fifty series of a year each: two questions a series, twenty to a round trip, and the pages of the round."""
    daily = pattern("weekly", "2026-11-02", daysOfWeek=["monday"], firstDayOfWeek="monday")
    office.people.seed(ANN, [{**weekly(f"S{n}"), "recurrence": daily} for n in range(50)])
    before = office.systems[ANN].requests
    found = office.round()
    assert len(found.groups) == 50
    assert len(found.records) == sum(len(ids) for ids in found.groups.values()) > 50 * 60
    assert office.systems[ANN].requests - before < 40


# ---- meetings --------------------------------------------------------------------------------------------------


def test_copies_share_an_identity_and_not_an_id(office: CalendarWorld) -> None:
    """Each mailbox has its own record of a meeting; only one of them organises it."""
    office.people.create(ANN, single("M", attendees=people(BOB, OUT)))
    (ours,) = office.round().records.values()
    (theirs,) = office.round(upn=BOB).records.values()
    assert ours.id != theirs.id
    assert ours.values["iCalUId"] == theirs.values["iCalUId"]
    assert (ours.values["isOrganizer"], theirs.values["isOrganizer"]) == (True, False)
    assert ours.values["attendees"] == theirs.values["attendees"] == (BOB, OUT)
    assert theirs.values["organizer"] == ANN


def test_a_cancelled_meeting_is_a_record_that_says_so(office: CalendarWorld) -> None:
    """The copy stays in the attendee's calendar, marked."""
    made = office.people.create(ANN, single("M", attendees=people(BOB)))
    cursor = office.round(upn=BOB).cursor
    office.people.delete(ANN, made["id"])
    (copy,) = office.round(cursor, upn=BOB).records.values()
    assert copy.values["isCancelled"] is True
    assert office.event(copy.id, upn=BOB) == copy


def test_hidden_attendees_are_not_known_from_a_copy(office: CalendarWorld) -> None:
    """Nobody is taken off for not being shown; the organiser's own copy shows them all."""
    office.people.create(ANN, single("M", attendees=people(BOB, OUT), hideAttendees=True))
    (ours,) = office.round().records.values()
    (theirs,) = office.round(upn=BOB).records.values()
    assert ours.values["attendees"] == (BOB, OUT)
    assert "attendees" not in theirs.values
    assert "attendees" not in office.event(theirs.id, upn=BOB).values


def test_five_hundred_attendees(office: CalendarWorld) -> None:
    """All of them, each once."""
    everybody = tuple(f"p{n:03}@side.example" for n in range(500))
    office.people.seed(ANN, [single("M", attendees=people(*everybody))])
    (record,) = office.round().records.values()
    assert record.values["attendees"] == everybody


# ---- times -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("in_utc", [False, True])
def test_whole_days_are_dates(office: CalendarWorld, ignored: bool, in_utc: bool) -> None:
    """Whatever zone the service tells midnights in, the days are those that were meant; the end is exclusive."""
    office.world.control.set_behaviour(zone_preference_ignored=ignored, all_day_in_utc=in_utc)
    zones = ("UTC", "W. Europe Standard Time", "Tonga Standard Time", "Hawaiian Standard Time")
    for zone in zones:
        ends = {"start": at("2026-12-01T00:00:00", zone), "end": at("2026-12-03T00:00:00", zone)}
        office.people.create(ANN, {"subject": zone, "isAllDay": True, **ends})
    found = office.round()
    assert found.subjects == sorted(zones)
    for record in found.records.values():
        assert (record.values["start"], record.values["end"]) == ("2026-12-01", "2026-12-03")
        assert office.event(record.id) == record


@pytest.mark.parametrize("ignored", [False, True])
def test_instants_do_not_depend_on_the_zone_they_are_told_in(office: CalendarWorld, ignored: bool) -> None:
    """An answer in another zone than was asked for means the same."""
    office.world.control.set_behaviour(zone_preference_ignored=ignored)
    for day in ("2026-09-01", "2026-12-01"):
        office.people.create(ANN, {"subject": day, **span(day, zone="Pacific Standard Time")})
    assert starts(office.round().records.values()) == [
        "2026-09-01T16:00:00Z[America/Los_Angeles]", "2026-12-01T17:00:00Z[America/Los_Angeles]",
    ]  # fmt: skip


def test_a_lost_zone_is_the_owners(office: CalendarWorld) -> None:
    """The instant is known from UTC; only the zone is taken from the mailbox."""
    custom = {"originalStartTimeZone": "tzone://Microsoft/Custom", "originalEndTimeZone": "tzone://Microsoft/Utc"}
    office.people.seed(ANN, [single("A", **custom)])
    (record,) = office.round().records.values()
    assert record.values["start"] == "2026-12-01T09:00:00Z[Europe/London]"
    assert record.values["end"] == "2026-12-01T09:30:00Z[UTC]"


# ---- what makes no sense ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "why"),
    [({"end": at("2026-11-30T00:00:00.0000000")}, "before"),
     ({"start": at("0001-01-01T00:00:00.0000000"), "end": at("0001-01-01T00:00:00.0000000")}, "placeholder"),
     ({"end": at("9999-12-31T23:59:59.9999999")}, "placeholder"), ({"start": None}, "no start"),
     ({"end": at("whenever")}, "no time"), ({"start": at("2026-12-01T09:00:00", "tzone://Microsoft/Custom")}, "zone")],
)  # fmt: skip
def test_an_event_that_makes_no_sense_is_left_out_with_a_reason(
    office: CalendarWorld, members: dict[str, Any], why: str
) -> None:
    """It is named, is never gone, and holds up no other."""
    odd, _ = office.people.seed(ANN, [single("Odd", raw=members), single("Fine")])
    found = office.round()
    assert (found.subjects, found.barred) == (["Fine"], {odd})
    state = office.read(odd)[odd]
    assert isinstance(state, Barred)
    assert why in state.reason


def test_null_members_and_long_fractions_are_ordinary(office: CalendarWorld) -> None:
    """An event without a subject or an identity is an event; seven digits of a second are cut."""
    nothing = {"subject": None, "iCalUId": None, "seriesMasterId": None, "organizer": None, "attendees": None,
               "body": None, "location": None, "start": at("2026-12-01T09:00:00.9999999")}  # fmt: skip
    office.people.seed(ANN, [single("x", raw=nothing)])
    (record,) = office.round().records.values()
    assert record.values["start"] == "2026-12-01T09:00:00Z[UTC]"
    empty = ("subject", "iCalUId", "organizer", "attendees", "body", "location")
    assert {record.values[name] for name in empty} == {None}


@pytest.mark.parametrize(
    ("rule", "words"),
    [({"kind": "endless_next"}, "does not come to an end"), ({"kind": "endless_next", "fresh": True}, "come to an end"),
     ({"kind": "html", "status": 200}, "not Graph's JSON"), ({"kind": "duplicate_keys"}, "not Graph's JSON"),
     ({"kind": "foreign_link", "host": "evil.example"}, "leads elsewhere")],
)  # fmt: skip
def test_nonsense_is_never_a_round(office: CalendarWorld, rule: dict[str, Any], words: str) -> None:
    """The round fails as a whole and says why."""
    office.people.seed(ANN, [single("A")])
    office.world.control.add_rule(rule, path=DELTA, count=0)
    with pytest.raises(Unavailable, match=words):
        office.round()


# ---- cursors and spans -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [(410, "SyncStateNotFound"), (400, "syncStateInvalid")])
def test_an_expired_cursor_becomes_a_full_round(office: CalendarWorld, status: int, code: str) -> None:
    """Everything is told, and it is said so."""
    office.people.seed(ANN, [single("A"), weekly("B")])
    cursor = office.round().cursor
    office.world.control.set_behaviour(delta_expired_status=status, delta_expired_code=code)
    office.world.control.expire_delta_tokens(ANN)
    found = office.round(cursor)
    assert (found.full, found.subjects) == (True, ["A", "B", "B", "B", "B"])


def test_a_token_that_expires_between_pages_starts_again(office: CalendarWorld) -> None:
    """A round that breaks off in the middle is read anew, and whole."""
    office.people.seed(ANN, [single(f"{n:03}") for n in range(300)])
    office.world.control.add_rule({"kind": "expire_delta"}, path=DELTA, nth=2)
    assert len(office.round().records) == 300


@pytest.mark.parametrize("odd", ["nonsense", "{}", "[1]", '{"fields": "000000000000"}'])
def test_a_cursor_of_another_kind_is_read_anew(office: CalendarWorld, odd: str) -> None:
    """It starts a full round, and is never followed."""
    assert office.round(odd).full


def test_a_cursor_that_leads_elsewhere_is_read_anew(office: CalendarWorld) -> None:
    """Stored links are checked again on use."""
    cursor = office.round().cursor
    here = office.world.endpoints.graph
    assert here in cursor
    assert office.round(cursor.replace(here, "https://evil.example")).full


def test_what_is_a_year_ahead_comes_near_without_a_full_round(office: CalendarWorld) -> None:
    """The span is wider than any rule's: an event 13 months ahead is told at once, and a month later nothing is
    listed anew; before the span's end comes near it is minted anew, and what dropped out of it is not gone."""
    (near, far) = office.people.seed(ANN, [single("Past", day="2026-09-01"), single("Far", day="2027-12-20")])
    first = office.round()
    assert first.subjects == ["Far", "Past"]
    office.advance(days=31)
    second = office.round(first.cursor)
    assert (second.full, second.records, second.gone) == (False, {}, set())
    office.advance(days=40)
    third = office.round(second.cursor)
    assert (third.full, third.subjects, third.gone) == (True, ["Far"], set())
    assert isinstance(office.read(near)[near], Record)
    assert AHEAD.days + BEHIND.days == 553
    assert far in third.records


def test_rounds_may_come_in_any_order_and_twice(office: CalendarWorld) -> None:
    """Repeated rows, empty pages and rows out of order end in the same."""
    office.world.control.set_behaviour(delta_repeats=True, delta_empty_pages=True, delta_shuffles=True)
    office.people.seed(ANN, [single(f"{n:03}") for n in range(450)] + [weekly("S")])
    found = office.round()
    assert len(found.records) == 454
    for id in itertools.islice(found.records, 3):
        assert not isinstance(office.read(id)[id], Gone)
