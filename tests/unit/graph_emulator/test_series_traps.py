"""Traps of series, occurrences and exceptions, by plain HTTP."""

import pytest
from graph_events import VIEW, WINDOW, at, marked, pattern, single, span, weekly

ANN = "ann@firm.example"


def refused(answer, code="ErrorPropertyValidationFailure"):
    return (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def instances(graph, series, query=""):
    return graph.get(f"/me/events/{series['id']}/instances?{WINDOW}{query}")["value"]


def starts(rows):
    return [row["start"]["dateTime"][:16] for row in rows]


@pytest.fixture
def series(graph):
    """A series of four Mondays in November at nine in Berlin."""
    return graph.event(**weekly())


@pytest.mark.parametrize(
    ("kind", "missing", "members"),
    [
        ("weekly", "firstDayOfWeek", {"daysOfWeek": ["monday"], "firstDayOfWeek": "sunday"}),
        ("weekly", "daysOfWeek", {"daysOfWeek": ["monday"], "firstDayOfWeek": "sunday"}),
        ("daily", "interval", {"interval": 1}),
        ("absoluteMonthly", "dayOfMonth", {"dayOfMonth": 2}),
        ("absoluteYearly", "month", {"dayOfMonth": 2, "month": 11}),
        ("relativeMonthly", "index", {"daysOfWeek": ["monday"], "index": "first"}),
        ("relativeMonthly", "daysOfWeek", {"daysOfWeek": ["monday"], "index": "first"}),
        ("relativeYearly", "month", {"daysOfWeek": ["monday"], "index": "first", "month": 11}),
    ],
)
def test_pattern_without_what_it_needs_is_refused(graph, kind, missing, members):
    """Trap 20: weekly needs firstDayOfWeek, and every other pattern the members that define it."""
    whole = pattern(kind, "2026-11-02", **members)
    graph.event(**single(day="2026-11-02", recurrence=whole))
    whole["pattern"].pop(missing)
    assert refused(graph("POST", "/me/events", single(day="2026-11-02", recurrence=whole)))


@pytest.mark.parametrize(
    "ends",
    [
        {"type": "endDate"},
        {"type": "numbered"},
        {"type": "numbered", "numberOfOccurrences": 0},
        {"type": "never"},
        {"startDate": "2026-11-03"},
    ],
)
def test_range_without_its_end_or_on_another_day_is_refused(graph, ends):
    """A range needs the end its type says, and has to start on the day on which the event starts."""
    repeats = pattern("daily", "2026-11-02", ends)
    assert refused(graph("POST", "/me/events", single(day="2026-11-02", recurrence=repeats)))


def test_end_date_is_included(graph):
    """The last day of a range is a day of the series."""
    repeats = pattern("daily", "2026-11-02", {"type": "endDate", "endDate": "2026-11-04"})
    series = graph.event(**single(day="2026-11-02", recurrence=repeats))
    assert starts(instances(graph, series)) == ["2026-11-02T09:00", "2026-11-03T09:00", "2026-11-04T09:00"]


def test_view_expands_in_wall_time(graph):
    """Trap 13: a series in its real zone keeps its hour across the clock change; one written in UTC drifts."""
    graph.event(**weekly("Berlin", start="2026-10-19", count=2))
    graph.event(**weekly("UTC", start="2026-10-19", count=2, clock="07:00", zone="UTC"))
    berlin = graph.get(VIEW, Prefer='outlook.timezone="Europe/Berlin"')["value"]
    found = [(row["subject"], row["start"]["dateTime"][11:16]) for row in berlin]
    assert sorted(found) == [("Berlin", "09:00"), ("Berlin", "09:00"), ("UTC", "08:00"), ("UTC", "09:00")]


def test_recurrence_zone_counts_over_the_zone_of_start(graph):
    """A series whose start is written in UTC and whose range names Berlin keeps Berlin's wall time."""
    ends = {"type": "numbered", "numberOfOccurrences": 2, "recurrenceTimeZone": "W. Europe Standard Time"}
    repeats = pattern("weekly", "2026-10-19", ends, daysOfWeek=["monday"], firstDayOfWeek="monday")
    series = graph.event(**span("2026-10-19", "07:00"), recurrence=repeats)
    assert starts(instances(graph, series)) == ["2026-10-19T07:00", "2026-10-26T08:00"]
    assert series["recurrence"]["range"]["recurrenceTimeZone"] == "W. Europe Standard Time"


def test_occurrences_have_ids_and_uids_of_their_own(graph, series):
    """Each occurrence has an id and an iCalUId of its own, the master's id, and no recurrence."""
    rows = instances(graph, series)
    assert len({row["id"] for row in rows} | {series["id"]}) == 5
    assert len({row["iCalUId"] for row in rows} | {series["iCalUId"]}) == 5
    assert {(row["seriesMasterId"], row["type"], row["recurrence"]) for row in rows} == {
        (series["id"], "occurrence", None)
    }
    read = graph.get(f"/me/events/{rows[2]['id']}")
    assert (read["start"], read["iCalUId"]) == (rows[2]["start"], rows[2]["iCalUId"])


def test_instances_are_paged_and_need_a_window(graph, series):
    """Occurrences of a master come in pages, by `$top` or by the preference, and only for a span."""
    assert graph("GET", f"/me/events/{series['id']}/instances").status_code == 400
    page = graph.get(f"/me/events/{series['id']}/instances?{WINDOW}", Prefer="odata.maxpagesize=3")
    assert (len(page["value"]), len(graph.get(page["@odata.nextLink"])["value"])) == (3, 1)
    assert len(instances(graph, series, "&$top=2")) == 2
    alone = graph.event(**single())
    assert instances(graph, alone) == []


def test_masters_are_listed_and_occurrences_viewed(graph, series):
    """`/events` has masters and singles, the calendar view has singles and occurrences, never the other way."""
    graph.event(**single())
    assert sorted(row["type"] for row in graph.get("/me/events")["value"]) == ["seriesMaster", "singleInstance"]
    assert sorted({row["type"] for row in graph.view()}) == ["occurrence", "singleInstance"]


def test_changed_occurrence_is_an_exception(graph, series):
    """A changed occurrence keeps its id and its original start, and takes from the series what it doesn't change."""
    second = instances(graph, series)[1]
    changed = graph.change(second["id"], subject="Other", **span("2026-11-10", "15:00", "Europe/Berlin"))
    assert (changed["id"], changed["type"]) == (second["id"], "exception")
    assert (changed["originalStart"], changed["iCalUId"]) == ("2026-11-09T08:00:00Z", second["iCalUId"])
    assert starts(instances(graph, series)) == [
        "2026-11-02T08:00",
        "2026-11-10T14:00",
        "2026-11-16T08:00",
        "2026-11-23T08:00",
    ]
    graph.change(series["id"], location={"displayName": "Hall"}, subject="Renamed")
    after = graph.get(f"/me/events/{second['id']}")
    assert (after["subject"], after["location"]["displayName"]) == ("Other", "Hall")


@pytest.mark.parametrize("day", ["2026-11-02", "2026-11-01", "2026-11-16", "2026-11-20"])
def test_occurrence_may_not_cross_its_neighbours(graph, series, day):
    """An occurrence moved onto or past the day of a neighbour is refused, and nothing changes."""
    second = instances(graph, series)[1]
    answer = graph("PATCH", f"/me/events/{second['id']}", span(day, "15:00"))
    assert refused(answer, "ErrorOccurrenceCrossingBoundary")
    assert graph.get(f"/me/events/{second['id']}") == second
    graph.change(second["id"], **span("2026-11-15", "15:00"))


def test_neighbours_count_where_they_were_moved_to(graph, series):
    """A neighbour that was moved or deleted makes room, and takes it."""
    first, second, third, last = instances(graph, series)
    graph.change(third["id"], **span("2026-11-12"))
    assert refused(graph("PATCH", f"/me/events/{second['id']}", span("2026-11-12")), "ErrorOccurrenceCrossingBoundary")
    graph("DELETE", f"/me/events/{first['id']}")
    graph.change(second["id"], **span("2026-10-30"))
    graph("DELETE", f"/me/events/{third['id']}")
    graph.change(last["id"], **span("2026-11-11"))


def test_deleted_occurrence_is_among_the_cancelled_ones(graph, series):
    """Deleting an occurrence by its own id takes it out of the series; the master lists it as an opaque id."""
    second, third = instances(graph, series)[1:3]
    assert graph("DELETE", f"/me/events/{second['id']}").status_code == 204
    graph.change(third["id"], subject="Other")
    path = f"/me/events/{series['id']}?$select=subject,cancelledOccurrences&$expand=exceptionOccurrences"
    master = graph.get(path)
    assert [row["id"] for row in master["exceptionOccurrences"]] == [third["id"]]
    (cancelled,) = master["cancelledOccurrences"]
    assert cancelled.endswith("2026-11-09")
    assert graph("GET", f"/me/events/{cancelled}").status_code == 404
    assert graph("GET", f"/me/events/{second['id']}").status_code == 404
    assert graph("DELETE", f"/me/events/{second['id']}").status_code == 404
    assert len(instances(graph, series)) == 3


def test_exceptions_and_cancellations_are_told_by_a_get_by_id_only(graph, series):
    """Lists refuse `$expand=exceptionOccurrences` and leave cancelledOccurrences out; a plain read has neither."""
    assert graph("GET", "/me/events?$expand=exceptionOccurrences").status_code == 400
    assert "cancelledOccurrences" not in graph.get("/me/events?$select=cancelledOccurrences")["value"][0]
    assert not {"exceptionOccurrences", "cancelledOccurrences"} & graph.get(f"/me/events/{series['id']}").keys()


def test_writing_cancelled_occurrences_does_nothing(graph, series):
    """A PATCH of cancelledOccurrences or exceptionOccurrences is taken and has no effect."""
    graph.change(series["id"], cancelledOccurrences=["2026-11-09"], exceptionOccurrences=[])
    assert len(instances(graph, series)) == 4


def test_occurrence_can_not_recur(graph, series):
    """An occurrence takes no recurrence of its own."""
    second = instances(graph, series)[1]
    body = {"recurrence": weekly(start="2026-11-09")["recurrence"]}
    assert refused(graph("PATCH", f"/me/events/{second['id']}", body), "ErrorInvalidRequest")


def test_shortening_and_extending_keep_exceptions_inside(graph, series):
    """A new end of the range keeps exceptions and cancellations that are still inside it."""
    first, second, third, _ = instances(graph, series)
    graph("DELETE", f"/me/events/{first['id']}")
    graph.change(second["id"], subject="Other")
    graph.change(third["id"], subject="Lost")
    graph.change(series["id"], recurrence=weekly(count=2)["recurrence"])
    assert [row["subject"] for row in instances(graph, series)] == ["Other"]
    graph.change(series["id"], recurrence=weekly(count=3)["recurrence"])
    assert [row["subject"] for row in instances(graph, series)] == ["Other", "Jour fixe"]


def test_another_pattern_or_time_drops_exceptions(graph, control, series):
    """Another time of a series makes all its occurrences plain again, unless a setting keeps those that still fit."""
    first, second, *_ = instances(graph, series)
    graph("DELETE", f"/me/events/{first['id']}")
    graph.change(second["id"], subject="Other")
    control.set_behaviour(series_change_keeps_exceptions=True)
    graph.change(series["id"], **span("2026-11-02", "10:00", "Europe/Berlin"))
    assert [row["subject"] for row in instances(graph, series)] == ["Other", "Jour fixe", "Jour fixe"]
    control.set_behaviour(series_change_keeps_exceptions=False)
    graph.change(series["id"], **span("2026-11-02", "11:00", "Europe/Berlin"))
    assert starts(instances(graph, series))[:2] == ["2026-11-02T10:00", "2026-11-09T10:00"]


def test_split_series(graph, series):
    """A series cut short and a second one from there on have each occurrence once."""
    graph.change(series["id"], recurrence=weekly(count=2)["recurrence"])
    graph.event(**weekly(start="2026-11-16", count=2, clock="11:00"))
    assert starts(graph.view()) == ["2026-11-02T08:00", "2026-11-09T08:00", "2026-11-16T10:00", "2026-11-23T10:00"]


def test_start_of_a_series_moves_only_with_its_range(graph, series):
    """Another start day without the range that goes with it is refused."""
    assert refused(graph("PATCH", f"/me/events/{series['id']}", span("2026-11-09")))
    graph.change(series["id"], **span("2026-11-09"), recurrence=weekly(start="2026-11-09")["recurrence"])
    assert len(instances(graph, series)) == 4


def test_series_becomes_a_single_event_and_back(graph, series):
    """Recurrence null leaves the first dates as a single event of the same id; a recurrence makes it a series."""
    alone = graph.change(series["id"], recurrence=None)
    assert (alone["id"], alone["type"], len(graph.view())) == (series["id"], "singleInstance", 1)
    again = graph.change(series["id"], recurrence=weekly(count=3)["recurrence"])
    assert (again["type"], len(graph.view())) == ("seriesMaster", 3)


def test_deleting_the_master_takes_the_series(graph, series):
    """With the master go all its occurrences, each of them 404."""
    rows = instances(graph, series)
    assert graph("DELETE", f"/me/events/{series['id']}").status_code == 204
    assert {graph("GET", f"/me/events/{row['id']}").status_code for row in rows} == {404}
    assert graph.view() == []


def test_occurrences_show_the_extended_property_of_their_series(graph):
    """An occurrence read with `$expand` shows the series' property; a search finds the master and no occurrence."""
    series = graph.event(**weekly(singleValueExtendedProperties=marked("7")))
    mark = marked("7")[0]
    path = f"/me/calendarView?{WINDOW}&$expand=singleValueExtendedProperties($filter=id eq '{mark['id']}')"
    assert [row["singleValueExtendedProperties"] for row in graph.get(path)["value"]] == [[mark]] * 4
    found = f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{mark['id']}' and ep/value eq '7')"
    assert [row["id"] for row in graph.get(f"/me/events?{found}")["value"]] == [series["id"]]
    changed = graph.change(instances(graph, series)[0]["id"], singleValueExtendedProperties=marked("8"))
    assert changed["type"] == "exception"


def test_occurrence_has_the_etag_of_its_series_and_an_exception_its_own(graph, series):
    """If-Match on an occurrence is that of the series until the occurrence is changed."""
    first, second, *_ = instances(graph, series)
    assert first["@odata.etag"] == series["@odata.etag"]
    path = f"/me/events/{second['id']}"
    changed = graph("PATCH", path, {"subject": "A"}, If_Match=second["@odata.etag"]).json()
    assert graph("PATCH", path, {"subject": "B"}, If_Match=second["@odata.etag"]).status_code == 412
    assert graph("PATCH", path, {"subject": "C"}, If_Match=changed["@odata.etag"]).status_code == 200


def test_odd_patterns(graph):
    """The 31st falls on the last day of short months; the last workday is one of the days given."""
    last = pattern("absoluteMonthly", "2026-10-31", {"type": "numbered", "numberOfOccurrences": 3}, dayOfMonth=31)
    graph.event(
        "/me/events",
        **{**single("31st"), "start": at("2026-10-31T09:00:00"), "end": at("2026-10-31T09:30:00")},
        recurrence=last,
    )
    assert [text[:10] for text in starts(graph.view())] == ["2026-10-31", "2026-11-30", "2026-12-31"]
    days = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    work = pattern("relativeMonthly", "2026-10-30", daysOfWeek=days, index="last")
    series = graph.event(**single(day="2026-10-30", recurrence=work))
    assert [text[:10] for text in starts(instances(graph, series))] == ["2026-10-30", "2026-11-30"]
