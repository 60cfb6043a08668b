"""The day of an instant: kept across zones, clock changes and users, with the CRM's time of day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context
from engine.lenses import days
from engine.lenses.base import Ends, Timed, Untranslatable
from engine.lenses.days import DayLens
from engine.records import Value
from engine.schema import INSTANT, TEXT

ZONES = sorted(available_timezones())
LENS = DayLens(Ends(INSTANT, INSTANT)).starting_at("start_time")

zones = st.sampled_from(ZONES)
instants = st.integers(-70 * 365 * 86_400, 130 * 365 * 86_400).map(
    lambda seconds: days.written(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
)
clocks = st.times().map(lambda moment: moment.strftime("%H:%M"))


def context(zone: str, start: str = "09:00") -> Context:
    return Context(datetime(2026, 3, 1, tzinfo=UTC), zone, "u1", {"start_time": start})


def local(value: Value, zone: str) -> datetime:
    """What the user's calendar and clocks show."""
    assert isinstance(value, str) and len(value) == len("2026-03-01T00:00:00Z")
    return datetime.fromisoformat(value).astimezone(ZoneInfo(zone))


@settings(max_examples=500, deadline=None)
@given(start=instants, due=st.none() | instants, zone=zones)
def test_planner_gets_the_users_day(start: str, due: str | None, zone: str) -> None:
    """In every zone: the due date lies on the start's day, and stays where it lies there already."""
    written = LENS.to_m365(start, due, context(zone))
    assert local(written, zone).date() == local(start, zone).date()
    if due is not None and local(due, zone).date() == local(start, zone).date():
        assert written == due


@settings(max_examples=500, deadline=None)
@given(start=st.none() | instants, due=instants, zone=zones, clock=clocks)
def test_the_crm_gets_the_due_day_with_its_own_time(start: str | None, due: str, zone: str, clock: str) -> None:
    """In every zone: the start lies on the due day; the same day leaves it alone, another one keeps its time of day,
    the setting counts where there was none, and only a time that clocks skip is another."""
    written = LENS.to_crm(due, start, context(zone, clock))
    there, day = local(written, zone), local(due, zone).date()
    assert there.date() == day
    if start is not None and local(start, zone).date() == day:
        assert written == start
        return
    wanted = local(start, zone).time() if start else time.fromisoformat(clock)
    if days.instant(day, wanted, zone) is not None and not skipped(day, wanted, zone):
        assert there.time() == wanted


def skipped(day: date, clock: time, zone: str) -> bool:
    """Whether no instant shows this time on this day."""
    wall = datetime.combine(day, clock, ZoneInfo(zone))
    return wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall.replace(tzinfo=None)


@settings(max_examples=300, deadline=None)
@given(start=instants, due=instants, zone=zones, clock=clocks, other=clocks)
def test_a_start_that_is_there_never_follows_a_setting(start: str, due: str, zone: str, clock: str, other: str) -> None:
    """Two users with different start times make the same of the same task."""
    assert LENS.to_crm(due, start, context(zone, clock)) == LENS.to_crm(due, start, context(zone, other))


@settings(max_examples=300, deadline=None)
@given(start=instants, zone=zones, other=zones)
def test_what_one_user_wrote_reads_as_the_same_day_elsewhere(start: str, zone: str, other: str) -> None:
    """The day that is written is the same day for every user between UTC-10 and UTC+13."""
    day = local(start, zone).date()
    noon = datetime.combine(day, time(12), UTC)
    offsets = [noon.astimezone(ZoneInfo(name)).utcoffset() or timedelta() for name in (zone, other)]
    if all(timedelta(hours=-10) <= offset <= timedelta(hours=13) for offset in offsets):
        assert local(LENS.to_m365(start, None, context(zone)), other).date() == day


@pytest.mark.parametrize(
    ("zone", "start", "due", "written"),
    [
        ("Europe/London", "2026-03-20T01:30:00Z", "2026-03-29T10:00:00Z", "2026-03-29T01:30:00Z"),  # 02:30: no 01:30
        ("Europe/London", "2026-03-20T08:00:00Z", "2026-03-29T10:00:00Z", "2026-03-29T07:00:00Z"),
        ("Europe/London", "2026-10-20T00:30:00Z", "2026-10-25T10:00:00Z", "2026-10-25T00:30:00Z"),  # the first 01:30
        ("Africa/Cairo", "2026-04-20T22:30:00Z", "2026-04-24T10:00:00Z", "2026-04-23T22:30:00Z"),  # no 00:30 that day
        ("Pacific/Kiritimati", "2026-03-20T20:00:00Z", "2026-03-22T20:00:00Z", "2026-03-22T20:00:00Z"),
        ("Pacific/Apia", "2011-12-29T20:00:00Z", "2011-12-31T11:00:00Z", "2011-12-31T20:00:00Z"),  # no 30 December
    ],
)  # fmt: skip
def test_clock_changes(zone: str, start: str, due: str, written: str) -> None:
    """Another day keeps the wall time, through changes of the clocks and of the calendar."""
    assert LENS.to_crm(due, start, context(zone)) == written


@pytest.mark.parametrize(
    ("zone", "start", "due"),
    [
        ("Europe/London", "2026-03-20T23:30:00Z", "2026-03-20T10:00:00Z"),
        ("Pacific/Auckland", "2026-01-20T11:30:00Z", "2026-01-21T10:00:00Z"),
        ("America/New_York", "2026-01-20T03:00:00Z", "2026-01-19T10:00:00Z"),
        ("Pacific/Kiritimati", "2026-01-20T12:00:00Z", "2026-01-20T22:00:00Z"),
        ("Pacific/Niue", "2026-01-20T12:00:00Z", "2026-01-20T23:00:00Z"),
    ],
)
def test_the_time_that_stands_for_a_day(zone: str, start: str, due: str) -> None:
    """Ten in the morning, UTC; where that is another day already, the user's own noon."""
    assert LENS.to_m365(start, None, context(zone)) == due


def test_nothing_comes_of_nothing() -> None:
    """Empty stays empty either way, whatever the other side held."""
    for held in (None, "2026-01-20T12:00:00Z"):
        assert LENS.to_m365(None, held, context("UTC")) is None
        assert LENS.to_crm(None, held, context("UTC")) is None


def test_without_a_setting_the_instant_is_taken_as_it_is() -> None:
    """A line without “at” invents no time of day."""
    bare = DayLens(Ends(INSTANT, INSTANT))
    assert isinstance(bare, Timed) and bare.at is None
    assert bare.to_crm("2026-01-20T12:34:56Z", None, context("Asia/Tokyo")) == "2026-01-20T12:34:56Z"


def test_the_ends_of_the_calendar_are_refused() -> None:
    """A date that has no day in the user's zone is no crash."""
    with pytest.raises(Untranslatable, match="calendar"):
        LENS.to_m365("9999-12-31T23:00:00Z", None, context("Asia/Tokyo"))
    assert LENS.to_m365("9999-12-31T23:00:00Z", None, context("UTC")) == "9999-12-31T10:00:00Z"


def test_it_joins_instants_only() -> None:
    """Anything else is refused with a sentence."""
    assert LENS.accepts(INSTANT, INSTANT) is None
    assert "a date and time" in (LENS.accepts(TEXT, INSTANT) or "")
