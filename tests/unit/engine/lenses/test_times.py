"""Times with their zone: only the instant travels, in every zone and over both changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context
from engine.lenses.base import Ends, Untranslatable
from engine.lenses.days import written
from engine.lenses.times import ZonedTime
from engine.schema import DATE, INSTANT, ZONED
from engine.zoned import Zoned, read_zoned

LENS = ZonedTime(Ends(INSTANT, ZONED))
zones = st.sampled_from(sorted(available_timezones()))
moments = st.integers(0, 80 * 365 * 86_400).map(
    lambda seconds: datetime(1980, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
)


def context(zone: str = "Europe/London") -> Context:
    return Context(datetime(2026, 3, 1, tzinfo=UTC), zone, "u1", {})


@settings(max_examples=300, deadline=None)
@given(moment=moments, said_in=zones, zone=zones, other=moments)
def test_the_instant_travels_and_the_zone_stays(moment: datetime, said_in: str, zone: str, other: datetime) -> None:
    """A time that is moved keeps the zone it was said in; a new one is said in the user's; both come back exactly."""
    here = context(zone)
    held = Zoned(other, said_in).text()
    moved = LENS.to_m365(written(moment), held, here)
    assert isinstance(moved, str) and read_zoned(moved) == Zoned(moment, said_in)
    new = LENS.to_m365(written(moment), None, here)
    assert isinstance(new, str) and read_zoned(new) == Zoned(moment, zone)
    assert LENS.to_crm(moved, None, here) == LENS.to_crm(new, None, here) == written(moment)
    assert LENS.same(moved, new)


@settings(max_examples=300, deadline=None)
@given(day=st.dates(date(1980, 1, 1), date(2060, 1, 1)), zone=zones)
def test_a_whole_day_begins_at_the_users_midnight(day: date, zone: str) -> None:
    """A day becomes its first instant, also where clocks skip midnight, and that instant leaves the day as it is."""
    here = context(zone)
    start = LENS.to_crm(day.isoformat(), None, here)
    assert isinstance(start, str)
    local = datetime.fromisoformat(start).astimezone(ZoneInfo(zone))
    assert local.date() == day or datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) == local
    assert LENS.to_m365(start, day.isoformat(), here) == day.isoformat()
    later = written(datetime.fromisoformat(start) + timedelta(hours=9))
    assert LENS.to_m365(later, day.isoformat(), here) == Zoned(datetime.fromisoformat(later), zone).text()


@pytest.mark.parametrize(
    ("instant", "wall"),
    [
        ("2026-03-29T00:59:59Z", "00:59:59"), ("2026-03-29T01:00:00Z", "02:00:00"),
        ("2026-10-25T00:30:00Z", "01:30:00"), ("2026-10-25T01:30:00Z", "01:30:00"),
    ],
)  # fmt: skip
def test_both_changes_of_the_clock(instant: str, wall: str) -> None:
    """The hour that clocks show twice is two instants, and the one that they skip none."""
    here = context()
    there = LENS.to_m365(instant, None, here)
    assert there == f"{instant}[Europe/London]"
    assert read_zoned(there).wall().strftime("%H:%M:%S") == wall  # type: ignore[union-attr]
    assert LENS.to_crm(there, None, here) == instant


def test_the_same_instant_leaves_either_side_as_it_is() -> None:
    """Another zone for the same instant is no change."""
    here = context()
    held = "2026-12-01T09:00:00Z[Asia/Kolkata]"
    assert LENS.to_m365("2026-12-01T09:00:00Z", held, here) == held
    assert LENS.same(held, "2026-12-01T09:00:00Z[UTC]") and LENS.same(held, "2026-12-01T09:00:00Z")
    assert not LENS.same(held, "2026-12-01T09:00:01Z[Asia/Kolkata]") and not LENS.same(held, "2026-12-01")
    assert LENS.to_crm(held, "2026-12-01T09:00:00Z", here) == "2026-12-01T09:00:00Z"


def test_what_is_no_time_is_said_so() -> None:
    """Empty is empty; junk and what lies beyond the calendar have no counterpart, and junk that is held is replaced."""
    here = context("Asia/Tokyo")
    assert LENS.to_crm(None, "2026-12-01T09:00:00Z", here) is None and LENS.to_m365("", "2026-12-01", here) is None
    for junk in ("soon", "2026-12-01T09:00:00Z[Mars/Base]", "2026-13-01"):
        with pytest.raises(Untranslatable, match="no date and time"):
            LENS.to_crm(junk, None, here)
        assert LENS.to_m365("2026-12-01T09:00:00Z", junk, here) == "2026-12-01T09:00:00Z[Asia/Tokyo]"
        assert LENS.same(junk, junk) and not LENS.same(junk, "2026-12-01")
    with pytest.raises(Untranslatable, match="beyond the end"):
        LENS.to_crm("0001-01-01", None, here)


def test_it_joins_an_instant_and_a_time_with_its_zone() -> None:
    """Other types are refused with a sentence."""
    assert LENS.accepts(INSTANT, ZONED) is None
    for crm, m365 in ((ZONED, INSTANT), (DATE, ZONED), (INSTANT, INSTANT)):
        assert "with its zone in Microsoft 365" in (LENS.accepts(crm, m365) or "")
