"""Laws of series: which days they have, and that they keep their wall time through every zone and clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_emulator.calendar import series, zones
from graph_emulator.calendar.event import Timing
from graph_emulator.calendar.moments import Moment
from graph_emulator.calendar.recurrence import DAYS, INDEXES, Recurrence
from graph_emulator.calendar.recurrence_body import recurrence
from graph_emulator.calendar.zone_names import WINDOWS

START = date(2026, 3, 2)
ZONES = st.sampled_from(sorted([*WINDOWS, *WINDOWS.values(), "Europe/Dublin", "America/New_York"]))
SPANS = st.tuples(st.dates(date(2026, 3, 2), date(2031, 1, 1)), st.integers(0, 200))


@st.composite
def recurrences(draw):
    """Any pattern from 2 March 2026 on, with any sort of end."""
    kind = draw(
        st.sampled_from(["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"])
    )
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    ends = draw(st.sampled_from(["never", "until", "count"]))
    return Recurrence(
        kind,
        draw(st.integers(1, 5)),
        START,
        "UTC",
        tuple(sorted(days)) if kind == "weekly" or kind.startswith("relative") else (),
        draw(st.integers(0, 6)),
        draw(st.integers(1, 31)) if kind.startswith("absolute") else 0,
        draw(st.integers(1, 12)) if kind.endswith("Yearly") else 0,
        draw(st.integers(0, 4)) if kind.startswith("relative") else 0,
        START + timedelta(draw(st.integers(0, 900))) if ends == "until" else None,
        draw(st.integers(1, 40)) if ends == "count" else 0,
    )


def falls_on(found, day):
    """Whether a day fits a pattern, worked out for that day alone."""
    months = (day.year - START.year) * 12 + day.month - START.month
    last = (day.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1)
    if found.kind == "daily":
        return (day - START).days % found.interval == 0
    if found.kind == "weekly":
        first = START - timedelta((START.weekday() - found.first_weekday) % 7)
        return day.weekday() in found.weekdays and (day - first).days // 7 % found.interval == 0
    if found.kind.endswith("Yearly"):
        if day.month != found.month or (day.year - START.year) % found.interval:
            return False
    elif months % found.interval:
        return False
    if found.kind.startswith("absolute"):
        return day.day == min(found.day_of_month, last.day)
    fitting = [n for n in range(1, last.day + 1) if day.replace(day=n).weekday() in found.weekdays]
    chosen = fitting[-1:] if found.index == 4 else fitting[found.index : found.index + 1]
    return [day.day] == chosen


@given(recurrences(), SPANS)
def test_days_of_a_series_are_those_that_fit_its_pattern(found, span):
    """Every pattern gives in any span exactly the days that fit it one by one, and ends where its range ends."""
    first, length = span
    fitting = [START + timedelta(n) for n in range((first - START).days + length + 1)]
    fitting = [day for day in fitting if falls_on(found, day) and (found.until is None or day <= found.until)]
    kept = fitting[: found.count] if found.count else fitting
    assert list(found.days(first, first + timedelta(length))) == [day for day in kept if day >= first]


@given(recurrences())
def test_a_pattern_is_read_back_as_it_was_told(found):
    """What Graph returns for a recurrence, zeros and placeholders included, is understood when it is sent back."""
    assert recurrence(found.as_json(), "UTC") == found


@given(ZONES, st.times().map(lambda t: t.replace(second=0, microsecond=0)), st.integers(1, 600), st.integers(0, 800))
def test_occurrences_keep_their_wall_time_in_every_zone(zone, clock, minutes, offset):
    """Trap 13: on each day the zone's clocks show the series' time, or the time after the gap where they skip it."""
    start = datetime.combine(START, clock)
    moments = [Moment(wall, "0000000", zone) for wall in (start, start + timedelta(minutes=minutes))]
    timing = Timing.of(*moments, False, (zone, zone), None)
    begins, ends = series.times(timing, START.toordinal() + offset)
    there = begins.replace(tzinfo=UTC).astimezone(ZoneInfo(WINDOWS.get(zone, zone))).replace(tzinfo=None)
    wanted = start + timedelta(offset)
    if zones.skipped(wanted, zone):
        assert there > wanted
        assert ends - begins == timing.ends - timing.begins
    else:
        assert there == wanted
    assert ends > begins


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 3, 28), time(8)),
        (date(2026, 3, 29), time(7)),
        (date(2026, 10, 24), time(7)),
        (date(2026, 10, 25), time(8)),
    ],
)
def test_both_edges_of_summer_time(day, utc):
    """At nine in Berlin is seven UTC in summer and eight in winter, from the very day on which clocks change."""
    start = datetime.combine(START, time(9))
    timing = Timing.of(
        *(Moment(wall, "0000000", "W. Europe Standard Time") for wall in (start, start + timedelta(hours=1))),
        False,
        ("Europe/Berlin", "Europe/Berlin"),
        None,
    )
    assert series.times(timing, day.toordinal())[0] == datetime.combine(day, utc)


def test_every_windows_name_leads_to_a_zone():
    """All Windows names and the IANA names behind them are known, whatever the case of a Windows name."""
    for name, iana in WINDOWS.items():
        assert zones.find(name) is zones.find(iana) or zones.find(name).key == zones.find(iana).key
        assert zones.find(name.upper()) is not None
    assert zones.find("Middle-earth Standard Time") is None
    assert (len(DAYS), len(INDEXES)) == (7, 5)
