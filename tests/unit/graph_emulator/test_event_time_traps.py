"""Traps of time zones, all-day events and odd instants, by plain HTTP."""

import pytest
from graph_events import DELTA, VIEW, at, pattern, single, span, weekly

ANN = "ann@firm.example"
CUSTOM = "tzone://Microsoft/Custom"


def ends(row):
    return row["start"]["dateTime"], row["end"]["dateTime"]


def all_day(first, last, zone="UTC", **more):
    """An all-day event; `last` is the day after."""
    return {"start": at(f"{first}T00:00:00", zone), "end": at(f"{last}T00:00:00", zone), "isAllDay": True, **more}


@pytest.mark.parametrize("zone", ["W. Europe Standard Time", "Europe/Berlin", "w. europe standard time"])
def test_windows_and_iana_names_mean_the_same(graph, zone):
    """Times come back in UTC with seven digits of fraction; the author's zone name is kept as it was written."""
    made = graph.event(**{**single(), **span("2026-07-01", "09:00", zone)})
    assert made["start"] == {"dateTime": "2026-07-01T07:00:00.0000000", "timeZone": "UTC"}
    assert (made["originalStartTimeZone"], made["originalEndTimeZone"]) == (zone, zone)


def test_preferred_zone_is_that_of_the_answer(graph):
    """`Prefer: outlook.timezone` sets the zone of start and end; both kinds of names do, an unknown one is refused."""
    path = f"/me/events/{graph.event(**single())['id']}"
    for name, clock in (("Tokyo Standard Time", "18"), ("America/New_York", "04")):
        row = graph.get(path, Prefer=f'outlook.timezone="{name}"')
        assert row["start"] == at(f"2026-12-01T{clock}:00:00.0000000", name)
    assert graph("GET", path, Prefer='outlook.timezone="Nowhere"').status_code == 400


def test_answer_may_come_in_another_zone_than_asked(graph, control):
    """By a setting the preferred zone is not followed; the zone sent along says so."""
    made = graph.event(**single())
    control.set_behaviour(zone_preference_ignored=True)
    row = graph.get(f"/me/events/{made['id']}", Prefer='outlook.timezone="Tokyo Standard Time"')
    assert row["start"] == at("2026-12-01T09:00:00.0000000")


def test_two_preferences_in_one_header_or_two_lines(graph, server):
    """Trap 15: preferences count joined by commas, and repeated in lines of their own as a proxy joins them."""
    made = graph.event(**single())
    both = 'IdType="ImmutableId", outlook.timezone="Tokyo Standard Time", outlook.body-content-type="text"'
    row = graph.get(f"/me/events/{made['id']}", Prefer=both)
    assert (row["id"], row["start"]["timeZone"], row["body"]["contentType"]) == (
        made["id"],
        "Tokyo Standard Time",
        "text",
    )
    only = graph("GET", f"/me/events/{made['id']}", Prefer='outlook.timezone="Tokyo Standard Time"')
    assert only.json()["id"] != made["id"]
    assert only.headers["Preference-Applied"] == 'outlook.timezone="Tokyo Standard Time"'


@pytest.mark.parametrize(
    "body",
    [
        {"start": at("2026-12-01T09:00:00", "Middle-earth Standard Time"), "end": at("2026-12-01T10:00:00")},
        {"start": at("2026-12-01T09:00:00", CUSTOM), "end": at("2026-12-01T10:00:00")},
        {"start": at("2026-12-01T09:00:00+01:00"), "end": at("2026-12-01T10:00:00")},
        {"start": at("tomorrow"), "end": at("2026-12-01T10:00:00")},
        {"start": at("2026-12-01T25:00:00"), "end": at("2026-12-02T10:00:00")},
        {"start": "2026-12-01T09:00:00", "end": at("2026-12-01T10:00:00")},
        {"start": at("2026-12-01T10:00:00"), "end": at("2026-12-01T09:00:00")},
        {"start": at("2026-12-01T10:00:00")},
        {},
    ],
)
def test_times_that_make_no_sense_are_refused(graph, body):
    """Unknown zones, offsets inside dateTime, an end before the start and missing ends are 400, nothing is stored."""
    assert graph("POST", "/me/events", {"subject": "x", **body}).status_code == 400
    assert graph.get("/me/events")["value"] == []


def test_all_day_needs_midnights_of_one_zone_and_ends_exclusive(graph):
    """Trap 12: all-day events need both ends at midnight of one zone, and end on the day after their last."""
    made = graph.event(**all_day("2026-12-01", "2026-12-03"))
    assert ends(made) == ("2026-12-01T00:00:00.0000000", "2026-12-03T00:00:00.0000000")
    for wrong in (
        all_day("2026-12-01", "2026-12-01"),
        {**all_day("2026-12-01", "2026-12-02"), "end": at("2026-12-01T23:59:59")},
        {**all_day("2026-12-01", "2026-12-02"), "end": at("2026-12-02T00:00:00", "Europe/Berlin")},
    ):
        assert graph("POST", "/me/events", wrong).status_code == 400
    assert graph("PATCH", f"/me/events/{made['id']}", span("2026-12-01")).status_code == 400
    assert graph.change(made["id"], isAllDay=False, **span("2026-12-01"))["isAllDay"] is False


def test_all_day_shifts_when_read_in_another_zone(graph, control):
    """Trap 12: an all-day event read in a zone other than UTC is off midnight, whatever zone it was written in."""
    made = graph.event(**all_day("2026-12-01", "2026-12-02", "Europe/Berlin"))
    assert ends(made)[0] == "2026-12-01T00:00:00.0000000"
    assert made["originalStartTimeZone"] == "Europe/Berlin"
    there = graph.get(f"/me/events/{made['id']}", Prefer='outlook.timezone="America/New_York"')
    assert ends(there)[0] == "2026-11-30T19:00:00.0000000"
    control.set_behaviour(all_day_in_utc=False)
    assert ends(graph.event(**all_day("2026-12-01", "2026-12-02", "Europe/Berlin")))[0] == "2026-11-30T23:00:00.0000000"


def test_all_day_series_has_whole_days_over_the_clock_change(graph):
    """An all-day series has midnights on every day, on that of the clock change too."""
    repeats = pattern("daily", "2026-10-24", {"type": "numbered", "numberOfOccurrences": 3})
    graph.event(**all_day("2026-10-24", "2026-10-25", "Europe/Berlin", recurrence=repeats))
    assert [ends(row)[0][:16] for row in graph.view()] == [f"2026-10-{day}T00:00" for day in (24, 25, 26)]


def test_fractions_have_seven_digits(graph):
    """A fraction of seven digits, one more than many clocks have, is kept."""
    made = graph.event(start=at("2026-12-01T09:00:00.1234567"), end=at("2026-12-01T09:30:00.5"))
    assert ends(made) == ("2026-12-01T09:00:00.1234567", "2026-12-01T09:30:00.5000000")


def test_view_bounds_follow_their_own_offset(graph):
    """The span of a view is read by the offset of its bounds, UTC without one, and not by the preferred zone."""
    graph.event(**single())
    prefer = {"Prefer": 'outlook.timezone="Tokyo Standard Time"'}
    for first, last, found in (
        ("2026-12-01T09:00:00", "2026-12-01T09:10:00", 1),
        ("2026-12-01T18:00:00", "2026-12-01T18:10:00", 0),
        ("2026-12-01T18:00:00%2B09:00", "2026-12-01T18:10:00%2B09:00", 1),
        ("2026-12-01T09:30:00Z", "2026-12-01T10:00:00Z", 0),
        ("2026-12-01T08:00:00Z", "2026-12-01T09:00:00.0000000Z", 0),
    ):
        path = f"/me/calendarView?startDateTime={first}&endDateTime={last}"
        assert len(graph.get(path, **prefer)["value"]) == found, first
    for wrong in ("startDateTime=2026-12-01", "startDateTime=2026-12-02&endDateTime=2026-12-01"):
        assert graph("GET", f"/me/calendarView?{wrong}").status_code == 400


def test_custom_zone_is_told_and_can_not_be_written(graph, control):
    """Trap 14: an event from a lost zone carries `tzone://Microsoft/Custom`; one from UTC may carry another name."""
    rows = [
        single("lost", originalStartTimeZone=CUSTOM, originalEndTimeZone=CUSTOM),
        {**single("lost too"), **span("2026-12-01", "09:00", CUSTOM)},
        {**single("utc"), **span("2026-12-01", "09:00", "tzone://Microsoft/Utc")},
        weekly("series", zone=CUSTOM),
    ]
    control.calendar.seed(ANN, rows)
    found = {row["subject"]: row["originalStartTimeZone"] for row in graph.get("/me/events")["value"]}
    assert found == {"lost": CUSTOM, "lost too": CUSTOM, "utc": "tzone://Microsoft/Utc", "series": CUSTOM}
    assert len(graph.view()) == 7


def test_placeholder_years_and_null_members(graph, control):
    """Events with year 0001 or 9999, a null subject, iCalUId or master id are told as they are, and break nothing."""
    odd = single("x", raw={"subject": None, "iCalUId": None, "start": at("0001-01-01T00:00:00.0000000")})
    first, last = at("0001-01-01T00:00:00"), at("9999-12-31T00:00:00")
    control.calendar.seed(
        ANN, [odd, {"subject": None, "start": first, "end": last}, weekly(raw={"seriesMasterId": None})]
    )
    rows = graph.round(DELTA)[0]
    assert [row["subject"] for row in rows if row["type"] == "singleInstance"] == [None, None]
    assert {row["start"]["dateTime"][:4] for row in rows} == {"0001", "2026"}
    assert {row["seriesMasterId"] for row in rows if row["type"] == "occurrence"} == {None}
    early = "/me/calendarView?startDateTime=0001-01-01&endDateTime=9999-12-31&$top=1"
    assert len(graph.get(early)["value"]) == 1


def test_stub_of_an_unknown_series(graph, control):
    """A seeded series may name a master that nobody knows."""
    control.calendar.seed(ANN, [weekly(raw={"seriesMasterId": "AAkA" + "x" * 68})])
    stubs = [row for row in graph.round(DELTA)[0] if row["type"] == "occurrence"]
    assert {graph("GET", f"/me/events/{row['seriesMasterId']}").status_code for row in stubs} == {404}


def test_end_before_start_can_be_seeded(graph, control):
    """An event that ends before it starts, as old programs made them, is told as it is."""
    control.calendar.seed(ANN, [{"subject": "x", "start": at("2026-12-02T09:00:00"), "end": at("2026-12-01T09:00:00")}])
    assert len(graph.get("/me/events")["value"]) == 1
    assert graph.get(VIEW)["value"][0]["end"]["dateTime"] < graph.get(VIEW)["value"][0]["start"]["dateTime"]
