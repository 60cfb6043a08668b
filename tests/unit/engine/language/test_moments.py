"""Durations follow the calendar and the wall clock of the user's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from engine.language.moments import Point, earlier, local_day, midnight, shifted
from engine.language.tree import Unit

LONDON = "Europe/London"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-03-28T09:00:00Z", 1, "day", "2026-03-29T08:00:00Z"),
        ("2026-03-28T09:00:00Z", 24, "hour", "2026-03-29T09:00:00Z"),
        ("2026-03-28T01:30:00Z", 1, "day", "2026-03-29T01:30:00Z"),
        ("2026-10-24T00:30:00Z", 1, "day", "2026-10-25T00:30:00Z"),
        ("2026-01-31T12:00:00Z", 1, "month", "2026-02-28T12:00:00Z"),
        ("2024-02-29T12:00:00Z", 1, "year", "2025-02-28T12:00:00Z"),
        ("2026-03-31T11:00:00Z", -1, "month", "2026-02-28T12:00:00Z"),
        ("2026-05-20T11:00:00Z", -2, "month", "2026-03-20T12:00:00Z"),
        ("2026-03-20T12:00:00Z", 90, "minute", "2026-03-20T13:30:00Z"),
    ],
)
def test_days_and_months_keep_the_wall_clock(start: str, amount: int, unit: Unit, expected: str) -> None:
    """A day later is the same time of day, also where clocks change between; hours are lengths of time."""
    assert shifted(instant(start), amount, unit, LONDON) == instant(expected)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        (date(2026, 1, 31), 1, "month", date(2026, 2, 28)),
        (date(2026, 1, 5), -2, "week", date(2025, 12, 22)),
        (date(2026, 6, 1), -1, "hour", instant("2026-05-31T22:00:00Z")),
        (date(2026, 6, 1), 0, "hour", date(2026, 6, 1)),
        (date(9998, 1, 1), 100, "year", date(9998, 12, 31)),
        (date(3, 1, 1), -100, "week", date(2, 1, 1)),
    ],
)
def test_days_move_as_days(start: date, amount: int, unit: Unit, expected: Point) -> None:
    """A calendar day stays one, unless hours move it; the calendar's ends are never passed."""
    assert shifted(start, amount, unit, LONDON) == expected


def test_a_day_and_an_instant_are_compared_as_days_of_the_user() -> None:
    """Half past eleven at night in London belongs to another day in Auckland."""
    late = instant("2026-01-10T23:30:00Z")
    assert local_day(late, LONDON) == date(2026, 1, 10)
    assert local_day(late, "Pacific/Auckland") == date(2026, 1, 11)
    assert not earlier(date(2026, 1, 10), late, LONDON)
    assert earlier(date(2026, 1, 10), late, "Pacific/Auckland")
    assert earlier(late, instant("2026-01-10T23:30:01Z"), LONDON)
    assert midnight(date(2026, 7, 1), LONDON) == instant("2026-06-30T23:00:00Z")


def test_hours_beyond_the_calendar_stop_at_its_ends() -> None:
    """Every duration has an answer, however long."""
    assert shifted(instant("9998-12-30T00:00:00Z"), 10**9, "hour", LONDON) == instant("9998-12-31T00:00:00Z")
    assert shifted(instant("0002-01-02T00:00:00Z"), -(10**12), "minute", LONDON) == instant("0002-01-01T00:00:00Z")
