"""Calendar arithmetic of the rules: durations, days and the order of dates and instants, in the user's zone.

Minutes and hours are lengths of time; days, weeks, months and years keep the wall clock (so that "2 months before
now" is the same time of day across a change of clocks), and a month too short for the day ends at its last day.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from engine.language.tree import Unit

Point: TypeAlias = "date | datetime"
"""A calendar day, or an aware instant."""

_LENGTHS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_DAYS: Final = {"day": 1, "week": 7}
_MONTHS: Final = {"month": 1, "year": 12}
_FIRST: Final = date(2, 1, 1)
_LAST: Final = date(9998, 12, 31)
_TICK: Final = timedelta(milliseconds=1)


@lru_cache(maxsize=4096)
def parse(text: str) -> Point:
    """``2026-03-01`` as a day, ``2026-03-01T09:00:00Z`` as an instant, be there the name of a zone behind it or not.
    Raises ValueError for anything else."""
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text.partition("[")[0])


def local_day(point: Point, zone: str) -> date:
    """The user's calendar day of a point."""
    return point.astimezone(ZoneInfo(zone)).date() if isinstance(point, datetime) else point


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a day starts for the user."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=4096)
def shifted(point: Point, amount: int, unit: Unit, zone: str) -> Point:
    """``point`` moved by a signed amount; days far beyond any calendar stop at its first or last year."""
    if amount == 0:
        return point
    if unit in _LENGTHS:
        start = point if isinstance(point, datetime) else midnight(point, zone)
        return _later(start, amount, unit)
    if not isinstance(point, datetime):
        return _moved_day(point, amount, unit)
    local = point.astimezone(ZoneInfo(zone))
    return datetime.combine(_moved_day(local.date(), amount, unit), local.timetz()).astimezone(UTC)


def _later(start: datetime, amount: int, unit: Unit) -> datetime:
    try:
        moved = start + amount * _LENGTHS[unit]
    except OverflowError:
        moved = None
    if moved is None or not _FIRST <= moved.date() <= _LAST:
        return datetime.combine(_LAST if amount > 0 else _FIRST, time(), UTC)
    return moved


def _moved_day(day: date, amount: int, unit: Unit) -> date:
    if unit in _DAYS:
        number = day.toordinal() + amount * _DAYS[unit]
        return date.fromordinal(min(max(number, _FIRST.toordinal()), _LAST.toordinal()))
    month = day.year * 12 + day.month - 1 + amount * _MONTHS[unit]
    year, index = divmod(month, 12)
    if not _FIRST.year <= year <= _LAST.year:
        return _FIRST if year < _FIRST.year else _LAST
    return date(year, index + 1, min(day.day, calendar.monthrange(year, index + 1)[1]))


def earlier(one: Point, other: Point, zone: str) -> bool:
    """Whether ``one`` comes before ``other``; compared as the user's days where either is a day."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    return local_day(one, zone) < local_day(other, zone)


def crossings(point: Point, amount: int, unit: Unit, now: datetime, zone: str) -> list[datetime]:
    """Instants after ``now`` at which now or today, shifted by this duration, may come to stand at ``point`` or pass
    it: a superset, in milliseconds, in no order."""
    return [instant for instant in _tipping(point, amount, unit, zone) if instant > now]


@lru_cache(maxsize=2048)
def _tipping(point: Point, amount: int, unit: Unit, zone: str) -> tuple[datetime, ...]:
    """The same whenever it is asked. Several days can be shifted to one (31 January and 28 January, plus a month), and
    a clock change moves wall times by an hour; hence more than one candidate. The ends of the calendar never come."""
    if not _FIRST.year < point.year < _LAST.year:
        return ()
    opposite = shifted(point, -amount, unit, zone)
    first = local_day(opposite, zone) - timedelta(days=1)
    days = [first + timedelta(days=number) for number in range(7)]
    if unit not in _LENGTHS and _steady(days, zone) and _steady(_around(local_day(point, zone)), zone):
        return tuple(_by_wall_clock(point, amount, unit, days, zone))
    found = [midnight(day, zone) for day in days]
    if isinstance(point, datetime):
        found += [wall for day in days for wall in _walls(point, day, zone)]
    if unit in _LENGTHS and isinstance(opposite, datetime):
        found.append(opposite)
    return tuple(dict.fromkeys(_with_ticks(found)))


def _by_wall_clock(point: Point, amount: int, unit: Unit, days: Sequence[date], zone: str) -> Iterator[datetime]:
    """Where no clock changes: the days that are shifted to that of ``point`` as they begin and at its time of day, and
    the first day that is shifted beyond."""
    wanted = local_day(point, zone)
    time_of_day = point.astimezone(ZoneInfo(zone)).timetz() if isinstance(point, datetime) else None
    for day in days:
        moved = _moved_day(day, amount, unit) if amount else day
        if moved >= wanted:
            yield midnight(day, zone)
        if moved > wanted:
            return
        if moved == wanted and time_of_day is not None:
            yield from _with_ticks([datetime.combine(day, time_of_day).astimezone(UTC)])


def _around(day: date) -> list[date]:
    return [day + timedelta(days=number) for number in range(-1, 3)]


def _steady(days: Sequence[date], zone: str) -> bool:
    """Whether the clocks of a zone stand alike from the first of these days to the end of the last."""
    region = ZoneInfo(zone)
    ends = (*days, days[-1] + timedelta(days=1))
    return len({region.utcoffset(datetime.combine(day, time())) for day in ends}) == 1


def _walls(point: datetime, day: date, zone: str) -> Iterator[datetime]:
    """The time of day of ``point`` on another day, and an hour beside it where clocks change near either."""
    local = point.astimezone(ZoneInfo(zone))
    here = datetime.combine(day, local.timetz().replace(fold=0))
    yield here.astimezone(UTC)
    for step in (timedelta(hours=-1), timedelta(), timedelta(hours=1)):
        for fold in (0, 1):
            yield (here + step).replace(fold=fold).astimezone(UTC)


def _with_ticks(instants: Iterable[datetime]) -> Iterator[datetime]:
    """Each instant, and the first tick after it: comparisons are strict."""
    for instant in instants:
        yield instant
        yield instant + _TICK
