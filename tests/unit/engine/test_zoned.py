"""Times with their zone, as texts that records hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.zoned import Zoned, is_zone, read_zoned, same_moment

ZONES = sorted(zone for zone in available_timezones() if zone != "localtime")


@given(st.integers(-2_000_000_000, 250_000_000_000), st.sampled_from(ZONES))
def test_texts_keep_instant_and_zone(seconds: int, zone: str) -> None:
    """Every instant to the second, in every zone, is read back as it was."""
    value = Zoned(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds), zone)
    assert read_zoned(value.text()) == value


def test_a_day_is_a_day() -> None:
    """A bare date stands for the whole day, wherever."""
    assert read_zoned("2026-12-01") == date(2026, 12, 1)


@pytest.mark.parametrize(
    "text", ["", "2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z[Mars/Base]", "2026-13-01", "2026-12-01T09:00[UTC]",
             "2026-12-01T25:00:00Z[UTC]", "2026-12-01T09:00:00Z[../../etc/passwd]", "2026-12-01T09:00:00Z[Europe]"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """No zone, an unknown one, and times that are none."""
    with pytest.raises(ValueError):
        read_zoned(text)


def test_the_same_moment_may_be_said_in_two_zones() -> None:
    """Instants decide, not the zones; a day is no instant."""
    assert same_moment("2026-12-01T09:00:00Z[Europe/Berlin]", "2026-12-01T09:00:00Z[UTC]")
    assert not same_moment("2026-12-01T09:00:00Z[Europe/Berlin]", "2026-12-01T09:00:01Z[Europe/Berlin]")
    assert not same_moment("2026-12-01", "2026-12-01T00:00:00Z[UTC]")
    assert same_moment("2026-12-01", "2026-12-01")


def test_folders_of_the_database_are_no_zones() -> None:
    """Only names that mean a zone count."""
    assert [is_zone(name) for name in ("Europe/Berlin", "UTC", "Europe", "", "Nowhere/Land", "/etc")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
