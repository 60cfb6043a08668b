"""How series repeat: words to patterns and back, and words that no series of Outlook can follow."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_client.answers import Json
from graph_client.calendar.recurrence import read_rule, written_rule
from graph_client.calendar.times import Unfit

MONDAY = date(2026, 11, 2)
ZONE = "W. Europe Standard Time"
DAYS = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=7, unique=True)
ENDS = st.one_of(
    st.just(""), st.integers(1, 999).map("COUNT={}".format),
    st.dates(MONDAY, date(2030, 1, 1)).map(lambda day: f"UNTIL={day:%Y%m%d}"),
)  # fmt: skip
PLACES = st.sampled_from([1, 2, 3, 4, -1])
PATTERNS = st.one_of(
    st.just("FREQ=DAILY"), DAYS.map(lambda days: f"FREQ=WEEKLY;BYDAY={','.join(days)};WKST=MO"),
    st.integers(1, 31).map("FREQ=MONTHLY;BYMONTHDAY={}".format),
    st.builds("FREQ=MONTHLY;BYDAY={}{}".format, PLACES, st.sampled_from(["MO", "SU"])),
    st.builds("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS={}".format, PLACES),
    st.builds("FREQ=YEARLY;BYMONTH={};BYMONTHDAY={}".format, st.integers(1, 12), st.integers(1, 31)),
    st.builds("FREQ=YEARLY;BYMONTH={};BYDAY={}FR".format, st.integers(1, 12), PLACES),
)  # fmt: skip


@given(PATTERNS, st.integers(2, 99), ENDS)
def test_words_survive(pattern: str, interval: int, ends: str) -> None:
    """Every rule that a series can follow is read back as it was written."""
    freq, *rest = pattern.split(";")
    words = ";".join([freq, f"INTERVAL={interval}", *rest, *([ends] if ends else [])])
    assert read_rule(dict(written_rule(words, MONDAY, ZONE))) == words


def test_what_is_left_open_is_the_starts() -> None:
    """A weekly series without days, a monthly one without a day, a yearly one without a month."""
    weekly = written_rule("FREQ=WEEKLY", MONDAY, ZONE)
    assert weekly["pattern"] == {
        "type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday",
    }  # fmt: skip
    assert weekly["range"] == {"type": "noEnd", "startDate": "2026-11-02", "recurrenceTimeZone": ZONE}
    assert read_rule(dict(written_rule("FREQ=MONTHLY", MONDAY, ZONE))) == "FREQ=MONTHLY;BYMONTHDAY=2"
    assert read_rule(dict(written_rule("FREQ=YEARLY", MONDAY, ZONE))) == "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=2"


def test_the_last_day_is_one_of_the_series_zone() -> None:
    """An end that is said as an instant of UTC lies on the day that clocks of the series show then."""
    told = written_rule("RRULE:FREQ=DAILY;UNTIL=20261231T233000Z", MONDAY, ZONE)["range"]
    assert isinstance(told, dict)
    assert told["endDate"] == "2027-01-01"


@pytest.mark.parametrize(
    "words",
    ["", "FREQ=HOURLY", "FREQ=DAILY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=2MO", "FREQ=MONTHLY;BYDAY=5MO", "FREQ=DAILY;COUNT=0",
     "FREQ=DAILY;COUNT=1000", "FREQ=DAILY;COUNT=3;UNTIL=20270101", "FREQ=DAILY;UNTIL=20260101", "FREQ=DAILY;FREQ=DAILY",
     "FREQ=YEARLY;BYMONTH=13", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=MO", "FREQ=DAILY;UNTIL=20261331",
     "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=2", "FREQ=DAILY;BYHOUR=3", "every monday", "FREQ=WEEKLY;BYDAY=XX",
     "FREQ=MONTHLY;BYDAY=1MO,2MO", "FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=MONTHLY;BYMONTH=2", "INTERVAL=2"],
)  # fmt: skip
def test_what_no_series_can_follow_is_refused(words: str) -> None:
    """Never something near it."""
    with pytest.raises(Unfit):
        written_rule(words, MONDAY, ZONE)


@pytest.mark.parametrize(
    "raw", [None, {}, {"pattern": {"type": "lunar", "interval": 1}, "range": {}}, {"pattern": [], "range": {}},
            {"pattern": {"type": "daily", "interval": "x"}, "range": {}}],
)  # fmt: skip
def test_no_rule_is_none(raw: Json) -> None:
    """A single event, and patterns that words can't say."""
    assert read_rule(raw) is None
