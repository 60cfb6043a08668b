"""Times of events: laws over all zones and both clock changes, and the oddities of the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.zoned import Zoned, read_zoned
from graph_client.answers import Json
from graph_client.calendar.times import Unfit, Unreadable, read_instant, read_time, span, wall_time, written_time
from graph_client.calendar.windows_zones import WINDOWS_ZONES
from graph_client.calendar.zones import iana, windows

ZONES = sorted(zone for zone in available_timezones() if zone != "localtime")
START = datetime(2020, 1, 1, tzinfo=UTC)
OWNER = "Europe/London"
MOMENTS = st.integers(0, 10 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def changes(zone: str, year: int) -> list[datetime]:
    """The hours at which clocks in the zone change in a year."""
    info, found = ZoneInfo(zone), []
    for hour in range(366 * 24):
        moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        if moment.astimezone(info).utcoffset() != (moment + timedelta(hours=1)).astimezone(info).utcoffset():
            found.append(moment + timedelta(hours=1))
    return found


def back(wire: Json, said_in: str) -> str:
    return read_time(wire, said_in, OWNER, whole_days=False)


@given(MOMENTS, st.sampled_from(ZONES))
def test_an_instant_survives_in_every_zone(moment: datetime, zone: str) -> None:
    """What is written for an instant said in any zone is read as that instant."""
    wire = written_time(Zoned(moment, zone))
    found = read_zoned(back(dict(wire), str(wire["timeZone"])))
    assert isinstance(found, Zoned)
    assert found.instant == moment


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
                                  "America/Havana", "Asia/Beirut", "America/Santiago", "Pacific/Chatham"])  # fmt: skip
def test_both_clock_changes_keep_every_minute(zone: str) -> None:
    """Around each change of clocks every quarter of an hour is kept, the doubled ones and those after a gap too."""
    moments = changes(zone, 2026)
    assert moments
    for change in moments:
        for quarter in range(-12, 13):
            moment = change + timedelta(minutes=15 * quarter)
            wire = written_time(Zoned(moment, zone))
            found = read_zoned(back(dict(wire), str(wire["timeZone"])))
            assert isinstance(found, Zoned)
            assert found.instant == moment


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_series_is_said_by_its_wall_time(moment: datetime, zone: str) -> None:
    """Series keep what clocks show, in a zone that shows the same."""
    told = wall_time(Zoned(moment, zone))
    assert told["dateTime"] == moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="seconds")
    assert iana(str(told["timeZone"])) is not None


@given(st.dates(START.date(), datetime(2030, 1, 1, tzinfo=UTC).date()), st.sampled_from(ZONES))
def test_a_day_survives_however_it_is_told(day: object, zone: str) -> None:
    """A whole day written by us, or told by the service as the author's midnight in UTC, is that day."""
    text = str(day)
    first, _ = span(text, text, True, zone)
    assert read_time(dict(written_time(first)), zone, OWNER, whole_days=True) == text
    midnight = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    assume(midnight.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == midnight.replace(tzinfo=None))
    shifted = {"dateTime": midnight.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
    assume(not shifted["dateTime"].endswith("T00:00:00"))
    assert read_time(dict(shifted), zone, OWNER, whole_days=True) == text


@pytest.mark.parametrize("name", WINDOWS_ZONES)
def test_windows_names_lead_there_and_back(name: str) -> None:
    """Every Windows zone is known, without regard to case, and is written under a name that means the same."""
    zone = iana(name.upper())
    assert zone is not None
    assert zone == iana(windows(zone)) or zone == "UTC"


def test_every_zone_but_one_has_a_windows_name() -> None:
    """Only Troll in Antarctica changes its clocks as no Windows zone does; its times are written in UTC."""
    assert [zone for zone in ZONES if windows(zone) is None] == ["Antarctica/Troll"]
    assert written_time(Zoned(START, "Antarctica/Troll"))["timeZone"] == "UTC"


def test_a_neighbouring_zone_is_written_for_one_that_windows_lacks() -> None:
    """Vienna has no Windows name of its own: that of Berlin says the same."""
    assert windows("Europe/Vienna") == "W. Europe Standard Time"
    assert windows("America/Toronto") == "Eastern Standard Time"
    assert windows("UTC") == "UTC"


def test_names_that_exchange_makes_up() -> None:
    """One means UTC, the other that the rules were lost."""
    assert iana("tzone://Microsoft/Utc") == "UTC"
    assert iana("tzone://Microsoft/Custom") is None
    assert iana("") is iana(None) is iana("Nowhere Standard Time") is None


def test_a_lost_zone_counts_as_the_owners() -> None:
    """The instant is told in UTC, so only the zone is guessed."""
    wire: Json = {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"}
    assert back(wire, "tzone://Microsoft/Custom") == f"2026-12-01T09:00:00Z[{OWNER}]"
    assert back(wire, "W. Europe Standard Time") == "2026-12-01T09:00:00Z[Europe/Berlin]"


def test_the_zone_sent_along_counts() -> None:
    """An answer may come in another zone than was asked for; an offset inside the time counts above all."""
    told: Json = {"dateTime": "2026-07-01T09:00:00.1234567", "timeZone": "Pacific Standard Time"}
    assert back(told, "Europe/Paris") == "2026-07-01T16:00:00Z[Europe/Paris]"
    odd: Json = {"dateTime": "2026-07-01T09:00:00+02:00", "timeZone": "Pacific Standard Time"}
    assert back(odd, "UTC") == "2026-07-01T07:00:00Z[UTC]"


@pytest.mark.parametrize(
    "raw",
    [None, {}, "2026-12-01", {"dateTime": None, "timeZone": "UTC"}, {"dateTime": "soon", "timeZone": "UTC"},
     {"dateTime": "0001-01-01T00:00:00.0000000", "timeZone": "UTC"},
     {"dateTime": "9999-12-31T23:59:59.9999999", "timeZone": "UTC"},
     {"dateTime": "2026-12-01T09:00:00", "timeZone": "tzone://Microsoft/Custom"},
     {"dateTime": "2026-12-01T09:00:00", "timeZone": "Nowhere Standard Time"}],
)  # fmt: skip
def test_times_that_make_no_sense_are_unreadable(raw: Json) -> None:
    """Missing, broken and placeholder times, and zones nobody knows: never a guess."""
    with pytest.raises(Unreadable):
        read_time(raw, "UTC", OWNER, whole_days=False)


def test_instants_of_the_wire() -> None:
    """Seven digits of a fraction are cut; placeholders and broken ones are none."""
    assert read_instant("2026-11-02T08:00:00.1234567Z") == "2026-11-02T08:00:00Z"
    assert read_instant("2026-11-02T08:00:00+02:00") == "2026-11-02T06:00:00Z"
    assert [read_instant(odd) for odd in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x", None, 7)] == [None] * 5


def test_ends_fit_their_starts() -> None:
    """Whole days end at a midnight; times of a day that became whole days cover each day they touch."""
    nine, ten = "2026-12-01T09:00:00Z[Europe/Berlin]", "2026-12-01T10:00:00Z[Europe/Berlin]"
    days = span(nine, ten, True, OWNER)
    assert [str(day) for day in days] == ["2026-12-01", "2026-12-02"]
    assert [str(day) for day in span("2026-12-01", "2026-12-01", True, OWNER)] == ["2026-12-01", "2026-12-02"]
    first, last = span("2026-12-01", "2026-12-02", False, "America/New_York")
    assert isinstance(first, Zoned)
    assert first.text() == "2026-12-01T05:00:00Z[America/New_York]"
    assert isinstance(last, Zoned)
    assert last.instant - first.instant == timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [("2026-12-01T10:00:00Z[UTC]", "2026-12-01T09:00:00Z[UTC]", "before"), (None, None, "needs"),
     ("2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z", "no time"), ("2026-12-02", "2026-12-01", "before"),
     ("0001-01-01T00:00:00Z[UTC]", "0001-01-01T00:00:00Z[UTC]", "beyond"),
     ("9999-12-31", "9999-12-31", "beyond"), (True, 5, "needs")],
)  # fmt: skip
def test_times_that_no_event_can_have_are_refused(start: str | None, end: str | None, why: str) -> None:
    """The reason says what is wrong and quotes nothing."""
    with pytest.raises(Unfit, match=why):
        span(start, end, isinstance(start, str) and len(start) == 10, OWNER)
