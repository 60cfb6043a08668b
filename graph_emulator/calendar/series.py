"""Occurrences of a series: expanded in the wall time of its zone, and kept from passing their neighbours."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from graph_emulator.calendar import zones
from graph_emulator.calendar.event import Event, Instance, Timing
from graph_emulator.calendar.moments import Moment
from graph_emulator.messages import GraphError

LAST = date.max.toordinal()
FAR = 800  # days to look for a neighbour


def itself(event: Event) -> Instance:
    """An event as it stands: a single event, or the master of a series with its first dates."""
    return Instance(event, 0, event.timing.begins, event.timing.ends)


def on(event: Event, day: int) -> Instance | None:
    """The occurrence by its original day, None when the series has none there or it was cancelled."""
    recurrence = event.timing.recurrence
    if recurrence is None or day in event.cancelled or not 0 < day <= LAST:
        return None
    deviation = event.exceptions.get(day)
    if deviation is None and not recurrence.holds(date.fromordinal(day)):
        return None
    timing = deviation.timing if deviation else None
    begins, ends = (timing.begins, timing.ends) if timing else times(event.timing, day)
    return Instance(event, day, begins, ends)


def times(timing: Timing, day: int) -> tuple[datetime, datetime]:
    """Begin and end (naive, UTC) of the occurrence of a day; one that begins in a gap keeps its length."""
    zone = timing.start.zone
    first = timing.start.wall
    moved = timedelta(day - first.toordinal())
    begins = zones.to_utc(first + moved, zone)
    if zones.skipped(first + moved, zone):
        return begins, begins + (timing.ends - timing.begins)
    return begins, zones.to_utc(timing.end.within(zone).wall + moved, zone)


def between(event: Event, first: datetime, last: datetime) -> list[Instance]:
    """All appearances of an event that touch the span, occurrences in order of their original days."""
    if not event.series:
        found = itself(event)
        return [found] if touches(found, first, last) else []
    rows = [Instance(event, day, *times(event.timing, day)) for day in _days(event, first, last)]
    rows += [made for day in event.exceptions if (made := on(event, day))]
    return sorted((row for row in rows if touches(row, first, last)), key=lambda row: row.day)


def touches(instance: Instance, first: datetime, last: datetime) -> bool:
    """Whether an appearance lies in the span, if only in part."""
    return instance.begins < last and (instance.ends > first or instance.begins >= first)


def check_neighbours(event: Event, day: int, moved: Timing) -> None:
    """GraphError 400 when an occurrence would get onto or past the day of the one before or after it."""
    zone = event.timing.start.zone
    asked = zones.from_utc(moved.begins, zone).date()
    before, after = _neighbour(event, day, -1), _neighbour(event, day, 1)
    if (before and asked <= _date(before, zone)) or (after and asked >= _date(after, zone)):
        message = "Modified occurrence is crossing or overlapping adjacent occurrence."
        raise GraphError(400, "ErrorOccurrenceCrossingBoundary", message)


def _days(event: Event, first: datetime, last: datetime) -> Iterator[int]:
    recurrence, timing = event.timing.recurrence, event.timing
    assert recurrence is not None
    length = (timing.ends - timing.begins).days + 2
    low, high = max(first.toordinal() - length, 1), min(last.toordinal() + 2, LAST)
    for day in recurrence.days(date.fromordinal(low), date.fromordinal(high)):
        ordinal = day.toordinal()
        if ordinal not in event.cancelled and ordinal not in event.exceptions:
            yield ordinal


def _neighbour(event: Event, day: int, step: int) -> Instance | None:
    recurrence = event.timing.recurrence
    assert recurrence is not None
    span = (max(day - FAR, 1), max(day - 1, 1)) if step < 0 else (day + 1, min(day + FAR, LAST))
    found = [held.toordinal() for held in recurrence.days(*map(date.fromordinal, span))]
    kept = [other for other in found if other != day and other not in event.cancelled]
    return on(event, kept[-1 if step < 0 else 0]) if kept else None


def _date(instance: Instance, zone: str) -> date:
    return zones.from_utc(instance.begins, zone).date()


def moments(instance: Instance) -> tuple[Moment, Moment]:
    """Start and end of an appearance, read in the zones of its timing."""
    timing = instance.timing
    start = Moment(zones.from_utc(instance.begins, timing.start.zone), timing.start.fraction, timing.start.zone)
    return start, Moment(zones.from_utc(instance.ends, timing.end.zone), timing.end.fraction, timing.end.zone)
