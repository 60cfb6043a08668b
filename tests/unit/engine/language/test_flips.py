"""The next flip is the first instant at which a condition over the clock answers differently, and none before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import invented_systems as invented
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.language.program import Program
from engine.records import Record

ZONES = ("Europe/London", "America/New_York", "Pacific/Auckland", "Australia/Lord_Howe", "UTC")
CLOCK = (
    "crm.starts before 1 month before now",
    "crm.starts from 1 month before now to 3 days after now",
    "not crm.starts after 1 month after now",
    "m365.startsAt before 36 hours before now",
    "crm.due before 1 month before now or crm.due after 2 weeks after today",
    "crm.due is today",
    "crm.starts falls on today",
    "m365.startsAt after 90 minutes after today",
    "crm.due from 1 year before now to 1 month before today",
    "crm changed since last sync or m365.startsAt before 2 weeks before now",
)
START = datetime(2026, 1, 1, tzinfo=UTC)
seconds = st.integers(0, 2 * 365 * 86_400)
moments = seconds.map(lambda s: START + timedelta(seconds=s))
edges = st.sampled_from(
    ["2026-01-29T10:00", "2026-01-31T00:00", "2026-02-28T09:30", "2026-03-29T00:30", "2026-03-29T01:30",
     "2026-10-25T00:30", "2026-10-25T01:00", "2026-04-05T02:15", "2026-11-01T05:30"]
).map(lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))  # fmt: skip
near = st.integers(-40 * 86_400, 40 * 86_400)


def with_guard(condition: str) -> Program:
    """The invented rules with this condition as the only one over the clock."""
    kept = invented.RULES[: invented.RULES.index("window\n")] + invented.RULES[invented.RULES.index("match on") :]
    for line in ("  over       crm.due before today\n", "  private    not crm.private when over, else crm.private\n"):
        kept = kept.replace(line, "")
    kept = kept.replace("stop syncing      otherwise", "stop syncing").replace(
        '  "not mine":           delete in m365    when over\n', ""
    )
    return invented.compiled(kept.replace("when not over", f"when {condition}"))


PROGRAMS = {condition: with_guard(condition) for condition in CLOCK}


def guard_at(program: Program, crm: Record, m365: Record, zone: str, instant: datetime) -> bool:
    guard = next(line.guard for line in program.lines if line.entry.endswith("starts<->startsAt"))
    assert guard is not None
    return guard(crm, m365, invented.context(instant, zone))


@pytest.mark.parametrize("condition", CLOCK)
@settings(max_examples=40, deadline=None)
@given(value=edges | moments, offset=near, zone=st.sampled_from(ZONES), data=st.data())
@example(value=datetime(2026, 2, 28, 9, 30, tzinfo=UTC), offset=0, zone="Europe/London", data=None)
def test_nothing_changes_before_the_flip_and_something_does_at_it(
    condition: str, value: datetime, offset: int, zone: str, data: st.DataObject | None
) -> None:
    """The answer is constant up to the flip, different at it, and constant for good where there is none."""
    program = PROGRAMS[condition]
    now = value + timedelta(seconds=offset)
    text = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    crm, m365 = invented.ticket(starts=text, due=text[:10]), invented.card(startsAt=text, dueOn=text[:10])
    here = guard_at(program, crm, m365, zone, now)
    flip = program.flip(crm, m365, invented.context(now, zone))
    last = flip or now + timedelta(days=1000)
    if flip is not None:
        assert flip > now
        assert guard_at(program, crm, m365, zone, flip) != here
    length = (last - now) / timedelta(milliseconds=1)
    probes = [now + (last - now) * k / 200 for k in range(200)]
    probes += [last - timedelta(milliseconds=1), last - timedelta(seconds=1), last - timedelta(minutes=61)]
    if data is not None:
        probes += [now + timedelta(milliseconds=data.draw(st.integers(0, max(0, int(length) - 1)))) for _ in range(20)]
    for probe in probes:
        if now <= probe < last:
            assert guard_at(program, crm, m365, zone, probe) == here, probe


def test_rules_without_a_clock_never_wake() -> None:
    """A rule file that does not look at the clock has no flip."""
    program = with_guard("crm.private")
    assert program.flip(invented.ticket(starts="2026-01-01T00:00:00Z"), None, invented.context()) is None


def test_a_window_wakes_when_either_date_comes_or_goes() -> None:
    """The invented window: two months back, a year ahead, and the card's own fortnight."""
    program = invented.compiled_once()
    record = invented.ticket(starts="2027-03-25T09:00:00Z")
    assert program.window(record, None, invented.context()) is not None
    flip = program.flip(record, None, invented.context())
    assert flip == datetime(2026, 3, 25, 9, 0, tzinfo=UTC)
    assert program.window(record, None, invented.context(flip)) is None
    inside = invented.ticket(starts="2026-03-21T09:00:00Z")
    assert program.flip(inside, None, invented.context()) == datetime(2026, 5, 21, 8, 0, 0, 1000, tzinfo=UTC)


def test_absent_and_empty_dates_never_wake() -> None:
    """Without a date there is nothing that time could change."""
    program = invented.compiled_once()
    assert program.flip(invented.ticket(), None, invented.context()) is None
    assert program.flip(None, None, invented.context()) is None
