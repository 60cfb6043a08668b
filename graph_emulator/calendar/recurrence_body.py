"""Reads a `patternedRecurrence` of a request body; what the service requires is required here."""

from datetime import date

from graph_emulator.calendar import zones
from graph_emulator.calendar.recurrence import DAYS, INDEXES, Recurrence
from graph_emulator.messages import GraphError, Properties
from graph_emulator.properties import refused

KINDS = ("daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly")
ENDS = ("endDate", "noEnd", "numbered")


def recurrence(value: object, zone: str) -> Recurrence | None:
    """The recurrence of a body, None for null; `zone` counts if the range names none. GraphError 400."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _wrong("has to be an object")
    pattern, span = value.get("pattern"), value.get("range")
    if not isinstance(pattern, dict) or not isinstance(span, dict):
        raise _wrong("needs a pattern and a range")
    kind = pattern.get("type")
    if kind not in KINDS:
        raise _wrong(f"needs a pattern type, one of {', '.join(KINDS)}")
    relative, weekly = kind.startswith("relative"), kind == "weekly"
    absolute, yearly = kind.startswith("absolute"), kind.endswith("Yearly")
    ends = span.get("type")
    if ends not in ENDS:
        raise _wrong(f"needs a range type, one of {', '.join(ENDS)}")
    rzone = span.get("recurrenceTimeZone")
    return Recurrence(
        kind,
        _number(pattern, "interval", 1, 999),
        _day(span, "startDate"),
        zones.known(rzone) if rzone else zone,
        _weekdays(pattern) if relative or weekly else (),
        _first_weekday(pattern, weekly),
        _number(pattern, "dayOfMonth", 1, 31) if absolute else 0,
        _number(pattern, "month", 1, 12) if yearly else 0,
        _index(pattern) if relative else 0,
        _day(span, "endDate") if ends == "endDate" else None,
        _number(span, "numberOfOccurrences", 1, 999) if ends == "numbered" else 0,
    )


def _wrong(why: str) -> GraphError:
    return refused("recurrence", why)


def _number(row: Properties, name: str, least: int, most: int) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(f"needs {name}, a number from {least} to {most}")
    return value


def _day(span: Properties, name: str) -> date:
    value = span.get(name)
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or not 1 < found.year < 9000:
        raise _wrong(f"needs {name}, a date such as 2026-05-04")
    return found


def _weekdays(pattern: Properties) -> tuple[int, ...]:
    given = pattern.get("daysOfWeek")
    if not isinstance(given, list) or not given or any(day not in DAYS for day in given):
        raise _wrong("needs daysOfWeek, a list of days such as monday")
    return tuple(sorted({DAYS.index(day) for day in given}))


def _first_weekday(pattern: Properties, required: bool) -> int:
    day = pattern.get("firstDayOfWeek")
    if day in DAYS:
        return DAYS.index(str(day))
    if required or day is not None:
        raise _wrong("needs firstDayOfWeek, a day such as sunday")
    return DAYS.index("sunday")


def _index(pattern: Properties) -> int:
    index = pattern.get("index")
    if index not in INDEXES:
        raise _wrong(f"needs index, one of {', '.join(INDEXES)}")
    return INDEXES.index(str(index))
