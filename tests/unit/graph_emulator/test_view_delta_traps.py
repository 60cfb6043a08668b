"""Traps of deltas of a calendar view, by plain HTTP."""

import pytest
from graph_events import DELTA, MARK, WINDOW, at, marked, people, single, span, weekly

ANN, BOB = "ann@firm.example", "bob@firm.example"
SMALL = {"Prefer": 'IdType="ImmutableId", odata.maxpagesize=3'}
STUB = {"id", "seriesMasterId", "type", "start", "end"}


def removed(event_id, **more):
    return {"id": event_id, "@removed": {"reason": "deleted"}, **more}


def kinds(rows):
    return [row.get("type") for row in rows]


@pytest.fixture
def series(graph):
    """A series of four Mondays in November."""
    return graph.event(**weekly())


def occurrences(graph, series):
    """Occurrences of a series with their own ids."""
    return graph.get(f"/me/events/{series['id']}/instances?{WINDOW}")["value"]


@pytest.mark.parametrize(
    "option",
    [
        "$select=subject",
        f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}')",
        "$filter=subject eq 'x'",
        "$orderby=start/dateTime",
        "$search=x",
    ],
)
def test_view_delta_takes_no_query_options(graph, option):
    """Trap 1: a delta of a calendar view refuses `$select`, `$expand`, `$filter`, `$orderby` and `$search`."""
    assert graph("GET", f"{DELTA}&{option}").status_code == 400


def test_foreign_ids_never_arrive_with_changes(graph):
    """Trap 1: rows of a delta don't carry extended properties."""
    made = graph.event(**single(singleValueExtendedProperties=marked("7")))
    (row,) = graph.round(DELTA)[0]
    assert row["id"] == made["id"]
    assert "singleValueExtendedProperties" not in row


def test_window_is_mandatory_and_baked_into_the_link(graph):
    """The first call needs a span; later calls can't name one, and events of other spans don't come."""
    for query in ("", "?startDateTime=2026-10-01", "?startDateTime=2026-10-01&endDateTime=soon"):
        assert graph("GET", f"/me/calendarView/delta{query}").status_code == 400
    inside, _ = graph.event(**single()), graph.event(**single(day="2027-06-01"))
    rows, link, _ = graph.round(DELTA)
    assert [row["id"] for row in rows] == [inside["id"]]
    assert graph("GET", f"{link}&{WINDOW}").status_code == 400


def test_occurrences_are_stubs_of_five_members(graph, series):
    """Trap 2: occurrences carry id, master, type, start and end, and not even an etag."""
    rows = graph.round(DELTA)[0]
    stubs = [row for row in rows if row["type"] == "occurrence"]
    assert len(stubs) == 4
    assert all(row.keys() == STUB and row["seriesMasterId"] == series["id"] for row in stubs)
    assert [row["start"]["dateTime"][:10] for row in stubs] == ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]


def test_singles_and_exceptions_are_full_rows(graph, series):
    """Single events and changed occurrences come with everything that a read of them has."""
    graph.event(**single("Alone"))
    graph.change(occurrences(graph, series)[1]["id"], subject="Other")
    rows = graph.round(DELTA)[0]
    full = {row["type"]: row for row in rows if row["type"] != "occurrence"}
    assert (full["singleInstance"]["subject"], full["exception"]["subject"]) == ("Alone", "Other")
    assert {"body", "iCalUId", "attendees", "@odata.etag"} <= full["exception"].keys()
    assert full["exception"]["seriesMasterId"] == series["id"]
    assert kinds(rows).count("occurrence") == 3


def test_master_row_shows_the_first_occurrence(graph, control, series):
    """Trap 3: the master comes once, with the dates of the series' beginning; by a setting it doesn't come at all."""
    rows = graph.round(DELTA.replace("2026-10-01", "2026-11-10"))[0]
    (master,) = [row for row in rows if row["type"] == "seriesMaster"]
    assert (master["id"], master["start"]["dateTime"][:10]) == (series["id"], "2026-11-02")
    assert kinds(rows).count("occurrence") == 2
    control.set_behaviour(view_master_rows=False)
    assert set(kinds(graph.round(DELTA)[0])) == {"occurrence"}


def test_events_outside_the_window_are_told_as_removed_when_they_change(graph, control):
    """Trap 4: an event that was never in the span is told as deleted when it is made or changed."""
    _, link, _ = graph.round(DELTA)
    far = graph.event(**single(day="2027-06-01"))
    rows, link, _ = graph.round(link)
    assert rows == [removed(far["id"])]
    assert graph("GET", f"/me/events/{far['id']}").status_code == 200
    control.set_behaviour(view_outside_tombstones=False)
    graph.change(far["id"], subject="still far")
    assert graph.round(link)[0] == []


def test_event_that_leaves_the_window_is_told_as_removed(graph):
    """Trap 4: moving an event out of the span looks like deleting it."""
    made = graph.event(**single())
    _, link, _ = graph.round(DELTA)
    graph.change(made["id"], **span("2027-06-01"))
    assert graph.round(link)[0] == [removed(made["id"])]


def test_series_that_is_deleted_leaves_one_typeless_tombstone(graph, control, series):
    """Trap 5: deleting a series tells the master's id and nothing of its occurrences; by a setting with its type."""
    _, link, _ = graph.round(DELTA)
    graph("DELETE", f"/me/events/{series['id']}")
    assert graph.round(link)[0] == [removed(series["id"])]
    control.set_behaviour(view_typeless_tombstones=False)
    assert graph.round(link)[0] == [removed(series["id"], type="seriesMaster")]


def test_deleted_occurrence_gives_no_tombstone(graph, series):
    """Trap 6: what tells of a deleted occurrence is only that it is missing from the series told anew."""
    _, link, _ = graph.round(DELTA)
    gone = occurrences(graph, series)[1]
    graph("DELETE", f"/me/events/{gone['id']}")
    rows = graph.round(link)[0]
    assert kinds(rows) == ["seriesMaster", "occurrence", "occurrence", "occurrence"]
    assert gone["id"] not in [row["id"] for row in rows]


@pytest.mark.parametrize(("mode", "told"), [("tombstone", True), ("nothing", False)])
def test_deleted_occurrence_by_the_other_settings(graph, control, series, mode, told):
    """Trap 6: by a setting a deleted occurrence has a tombstone, or nothing whatever is told."""
    control.set_behaviour(view_deleted_occurrences=mode)
    _, link, _ = graph.round(DELTA)
    gone = occurrences(graph, series)[1]
    graph("DELETE", f"/me/events/{gone['id']}")
    assert graph.round(link)[0] == ([removed(gone["id"])] if told else [])


def test_shortened_series_tells_what_is_left(graph, control, series):
    """Occurrences cut off the end of a series are missing from the rows, or have tombstones by a setting."""
    _, link, _ = graph.round(DELTA)
    lost = {row["id"] for row in occurrences(graph, series)[2:]}
    graph.change(series["id"], recurrence=weekly(count=2)["recurrence"])
    assert kinds(graph.round(link)[0]) == ["seriesMaster", "occurrence", "occurrence"]
    control.set_behaviour(view_deleted_occurrences="tombstone")
    rows = graph.round(link)[0]
    assert {row["id"] for row in rows if "@removed" in row} == lost


def test_extended_series_tells_the_new_occurrences(graph, series):
    """A series that gets longer is told anew with all its occurrences in the span."""
    _, link, _ = graph.round(DELTA)
    graph.change(series["id"], recurrence=weekly(count=6)["recurrence"])
    assert kinds(graph.round(link)[0]) == ["seriesMaster", *["occurrence"] * 6]


def test_changed_occurrence_is_told_alone(graph, series):
    """Editing one occurrence tells that exception and not the rest of the series."""
    _, link, _ = graph.round(DELTA)
    moved = occurrences(graph, series)[1]
    graph.change(moved["id"], **span("2026-11-10"))
    (row,) = graph.round(link)[0]
    assert (row["id"], row["type"], row["originalStart"]) == (moved["id"], "exception", "2026-11-09T08:00:00Z")


def test_empty_pages_repeats_and_disorder(graph, series):
    """Trap 19: a round of several pages has an empty page with a nextLink, a row twice, and loses nothing."""
    for day in range(1, 8):
        graph.event(**single(day=f"2026-12-0{day}"))
    rows, _, pages = graph.round(DELTA, **SMALL)
    assert any(page["value"] == [] and "@odata.nextLink" in page for page in pages)
    assert len({row["id"] for row in rows}) == 12 < len(rows)
    assert all(len(page["value"]) <= 4 for page in pages)


def test_changes_during_a_round_of_a_long_series_are_not_lost(graph):
    """A series that changes while its occurrences are being paged comes whole in this round or the next."""
    series = graph.event(**weekly(count=8))
    first = graph.get(DELTA, **SMALL)
    graph.change(series["id"], subject="Renamed", **span("2026-11-02", "11:00", "Europe/Berlin"))
    rows, link, _ = graph.round(first["@odata.nextLink"], **SMALL)
    rows += graph.round(link)[0]
    last = {row["id"]: row for row in rows if row["type"] == "occurrence"}
    assert len(last) == 8
    assert {row["start"]["dateTime"][11:16] for row in last.values()} == {"10:00"}


def test_expired_link_is_410(graph, control):
    """Trap 18: an expired link is 410 with SyncStateNotFound, and a new round gives everything."""
    graph.event(**single())
    _, link, _ = graph.round(DELTA)
    control.expire_delta_tokens(ANN)
    answer = graph("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "SyncStateNotFound")
    assert len(graph.round(DELTA)[0]) == 1


def test_links_belong_to_one_calendar_and_stand_as_they_are(graph, bob):
    """Trap 16: a link that was altered, or is another mailbox's, is refused."""
    _, link, _ = graph.round(DELTA)
    assert graph("GET", link + "x").status_code == 400
    assert bob("GET", link).status_code == 400
    assert graph("GET", link.replace("calendarView", "contacts")).status_code == 400


def test_top_truncates_the_round(graph):
    """Trap 17: `$top` caps what a round of the view gives in all."""
    for day in range(1, 6):
        graph.event(**single(day=f"2026-12-0{day}"))
    rows, link, _ = graph.round(f"{DELTA}&$top=3")
    assert len(rows) == 3
    assert graph.round(link)[0] == []


def test_delta_of_each_calendar_is_its_own(graph, control):
    """A view's delta covers one calendar; moving an event to another one removes it here and adds it there."""
    other = graph.create("/me/calendars", name="Other")
    there = f"/me/calendars/{other['id']}/calendarView/delta?{WINDOW}"
    made = graph.event(**single())
    (_, here_link, _), (rows, there_link, _) = graph.round(DELTA), graph.round(there)
    assert rows == []
    control.calendar.move(ANN, made["id"], "Other")
    assert graph.round(here_link)[0] == [removed(made["id"])]
    assert [row["id"] for row in graph.round(there_link)[0]] == [made["id"]]


def test_deleted_calendar_is_not_told(graph):
    """Deleting a calendar makes its links 404; no delta tells that its events are gone."""
    other = graph.create("/me/calendars", name="Other")
    path = f"/me/calendars/{other['id']}"
    graph.event(f"{path}/events", **single())
    _, link, _ = graph.round(f"{path}/calendarView/delta?{WINDOW}")
    assert graph("DELETE", path).status_code == 204
    assert graph("GET", link).status_code == 404
    assert [row["name"] for row in graph.get("/me/calendars")["value"]] == ["Calendar"]


def test_own_writes_come_back(graph):
    """Trap 35: what a client wrote comes back by delta with the etag that the write returned."""
    _, link, _ = graph.round(DELTA)
    made = graph.event(**single())
    assert graph.round(link)[0][0]["@odata.etag"] == made["@odata.etag"]


def test_delta_follows_the_preferred_zone(graph):
    """Start and end of delta rows come in the zone of the Prefer header of each call."""
    graph.event(**single())
    (row,) = graph.round(DELTA, Prefer='outlook.timezone="Tokyo Standard Time"')[0]
    assert row["start"] == at("2026-12-01T18:00:00.0000000", "Tokyo Standard Time")


def test_answers_of_attendees_bump_the_organisers_event(graph, bob):
    """An attendee's answer changes the organiser's etag and comes by delta, though the organiser did nothing."""
    made = graph.event(**single(attendees=people(BOB)))
    _, link, _ = graph.round(DELTA)
    (copy,) = bob.view()
    assert bob("POST", f"/me/events/{copy['id']}/accept", {"sendResponse": True}).status_code == 202
    (row,) = graph.round(link)[0]
    assert row["@odata.etag"] != made["@odata.etag"]
    assert row["attendees"][0]["status"]["response"] == "accepted"
