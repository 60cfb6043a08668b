"""Calendar arithmetic of the rules: durations, days and the order of dates and instants, in the user's zone.

Minutes and hours are lengths of time; days, weeks, months and years keep the wall clock (so that "2 months before
now" is the same time of day across a change of clocks), and a month too short for the day ends at its last day.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
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


def crossings(point: Point, amount: int, unit: Unit, now: datetime, zone: str) -> Iterator[datetime]:
    """Instants after ``now`` at which now or today, shifted by this duration, may come to stand at ``point`` or pass
    it: a superset, in milliseconds, in no order.

    Several days can be shifted to one (31 January and 28 January, plus a month), and a clock change moves wall times
    by an hour; hence more than one candidate.
    """
    opposite = shifted(point, -amount, unit, zone)
    if unit in _LENGTHS and isinstance(opposite, datetime):
        yield from _after(now, opposite)
    first = local_day(opposite, zone) - timedelta(days=1)
    if midnight(first + timedelta(days=7), zone) <= now:
        return
    for number in range(7):
        day = first + timedelta(days=number)
        yield from _after(now, midnight(day, zone))
        if isinstance(point, datetime):
            for wall in _walls(point, day, zone):
                yield from _after(now, wall)


def _walls(point: datetime, day: date, zone: str) -> Iterator[datetime]:
    """The time of day of ``point`` on another day, and an hour beside it where clocks change near either."""
    local = point.astimezone(ZoneInfo(zone))
    here = datetime.combine(day, local.timetz().replace(fold=0))
    yield here.astimezone(UTC)
    for step in (timedelta(hours=-1), timedelta(), timedelta(hours=1)):
        for fold in (0, 1):
            yield (here + step).replace(fold=fold).astimezone(UTC)


def _after(now: datetime, instant: datetime) -> Iterator[datetime]:
    """The instant, and the first tick after it (comparisons are strict), where they are still to come."""
    if instant > now:
        yield instant
    if instant + _TICK > now:
        yield instant + _TICK
