"""Events in Graph's JSON shapes, as short as tests want them."""

from __future__ import annotations

from collections.abc import Mapping

MARK = "String {6f2a3c1e-5b1d-4c57-9a3e-0d4b7f1c2a90} Name Mark"
WINDOW = "startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
VIEW = f"/me/calendarView?{WINDOW}&$top=500"
DELTA = f"/me/calendarView/delta?{WINDOW}"
Row = dict[str, object]


def at(text: str, zone: str = "UTC") -> Row:
    """A `dateTimeTimeZone`."""
    return {"dateTime": text, "timeZone": zone}


def span(day: str, clock: str = "09:00", zone: str = "UTC", until: str = "") -> Row:
    """Start and end of a meeting of half an hour, or until another time of the day."""
    hour, minute = clock.split(":")
    end = until or f"{hour}:{(int(minute) + 30) % 60:02}" if int(minute) < 30 else until or f"{int(hour) + 1:02}:00"
    return {"start": at(f"{day}T{clock}:00", zone), "end": at(f"{day}T{end}:00", zone)}


def single(subject: str = "Call", day: str = "2026-12-01", **more: object) -> Row:
    """A single event at nine."""
    return {"subject": subject, **span(day), **more}


def pattern(kind: str, start: str, ends: Mapping[str, object] | None = None, interval: int = 1, **more: object) -> Row:
    """A `patternedRecurrence` without end, or with the range members given."""
    span_ = {"type": "noEnd", "startDate": start, **(ends or {})}
    return {"pattern": {"type": kind, "interval": interval, **more}, "range": span_}


def weekly(
    subject: str = "Jour fixe",
    start: str = "2026-11-02",
    count: int = 4,
    clock: str = "09:00",
    zone: str = "Europe/Berlin",
    **more: object,
) -> Row:
    """A series on Mondays; four of them from 2 November 2026 on if nothing else is said."""
    ends = {"type": "numbered", "numberOfOccurrences": count}
    repeats = pattern("weekly", start, ends, daysOfWeek=["monday"], firstDayOfWeek="monday")
    return {"subject": subject, **span(start, clock, zone), "recurrence": repeats, **more}


def people(*addresses: str, kind: str = "required") -> list[Row]:
    """Attendees."""
    return [{"type": kind, "emailAddress": {"address": address, "name": address[:3]}} for address in addresses]


def marked(value: str | None) -> list[Row]:
    """The extended property that tests search by."""
    return [{"id": MARK, "value": value}]


def by_mark(value: str) -> str:
    """A filter on that property."""
    return f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq '{value}')"
