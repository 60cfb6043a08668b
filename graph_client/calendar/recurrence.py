"""How a series repeats: the words of iCalendar's RRULE on our side, a pattern with a range on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from graph_client.answers import Json
from graph_client.calendar.times import Unfit
from graph_client.calendar.zones import UTC_NAME, iana

_DAYS: Final = {
    "MO": "monday", "TU": "tuesday", "WE": "wednesday", "TH": "thursday", "FR": "friday", "SA": "saturday",
    "SU": "sunday",
}  # fmt: skip
_CODES: Final = {name: code for code, name in _DAYS.items()}
_INDEXES: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
_PLACES: Final = {name: number for number, name in _INDEXES.items()}
_PART: Final = re.compile(r"([A-Z]+)=([A-Z0-9,+\-]+)")
_BYDAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_KNOWN: Final = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL", "WKST"})
LONGEST: Final = 999
"""The greatest interval and number of occurrences."""


def read_rule(raw: Json) -> str | None:
    """A ``patternedRecurrence`` as RRULE words; None where there is none, or one that words can't say."""
    pattern = raw.get("pattern") if isinstance(raw, dict) else None
    ends = raw.get("range") if isinstance(raw, dict) else None
    if not isinstance(pattern, dict) or not isinstance(ends, dict):
        return None
    kind, interval = pattern.get("type"), pattern.get("interval")
    words = _pattern_words(str(kind), pattern)
    if words is None or not isinstance(interval, int):
        return None
    if interval != 1:
        words.insert(1, f"INTERVAL={interval}")
    return ";".join(words + _range_words(ends))


def _pattern_words(kind: str, pattern: Mapping[str, Json]) -> list[str] | None:
    raw = pattern.get("daysOfWeek")
    days = [_CODES[day] for day in (raw if isinstance(raw, list) else []) if isinstance(day, str) and day in _CODES]
    place = _PLACES.get(str(pattern.get("index")), 1)
    by_day = [f"BYDAY={','.join(days)}"]
    if kind.startswith("relative"):
        by_day = [f"BYDAY={place}{days[0]}"] if len(days) == 1 else [*by_day, f"BYSETPOS={place}"]
    match kind:
        case "daily":
            return ["FREQ=DAILY"]
        case "weekly":
            first = _CODES.get(str(pattern.get("firstDayOfWeek")), "SU")
            return ["FREQ=WEEKLY", *by_day, f"WKST={first}"]
        case "absoluteMonthly":
            return ["FREQ=MONTHLY", f"BYMONTHDAY={pattern.get('dayOfMonth')}"]
        case "relativeMonthly":
            return ["FREQ=MONTHLY", *by_day]
        case "absoluteYearly":
            return ["FREQ=YEARLY", f"BYMONTH={pattern.get('month')}", f"BYMONTHDAY={pattern.get('dayOfMonth')}"]
        case "relativeYearly":
            return ["FREQ=YEARLY", f"BYMONTH={pattern.get('month')}", *by_day]
        case _:
            return None


def _range_words(ends: Mapping[str, Json]) -> list[str]:
    if ends.get("type") == "numbered":
        return [f"COUNT={ends.get('numberOfOccurrences')}"]
    if ends.get("type") == "endDate":
        return [f"UNTIL={str(ends.get('endDate')).replace('-', '')}"]
    return []


def written_rule(text: str, start: date, zone: str) -> dict[str, Json]:
    """The ``patternedRecurrence`` for RRULE words and a series that starts on a day of a zone (as the wire names it).

    ``UNTIL`` is a day or an instant, inclusive. What the words leave open is the start's: its day of the week or month,
    its month. Raises Unfit for words that no series of Outlook can follow.
    """
    words = _words(text)
    every = _number(words.get("INTERVAL", "1"))
    pattern: dict[str, Json] = {"interval": every, **_pattern(words, start)}
    return {"pattern": pattern, "range": {**_range(words, start, zone), "recurrenceTimeZone": zone}}


def _words(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").strip(";").split(";"):
        match = _PART.fullmatch(part.strip())
        if match is None or match[1] not in _KNOWN or match[1] in found:
            raise Unfit("how it repeats is not said in words that a series of Outlook can follow")
        found[match[1]] = match[2]
    if "COUNT" in found and "UNTIL" in found:
        raise Unfit("a series ends after a number of times or on a day, not both")
    return found


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or not 0 < int(text) <= LONGEST:
        raise Unfit(f"numbers of a series go from 1 to {LONGEST}")
    return int(text)


def _pattern(words: Mapping[str, str], start: date) -> dict[str, Json]:
    freq = words.get("FREQ")
    places, days = _by_day(words)
    weekday = list(_DAYS.values())[start.weekday()]
    if freq == "DAILY":
        _only(words)
        return {"type": "daily"}
    if freq == "WEEKLY":
        _only(words, "BYDAY")
        if places:
            raise Unfit("a weekly series has days of the week without numbers")
        first = _DAYS.get(words.get("WKST", "MO"), "monday")
        return {"type": "weekly", "daysOfWeek": list(days) or [weekday], "firstDayOfWeek": first}
    if freq not in ("MONTHLY", "YEARLY"):
        raise Unfit("a series repeats daily, weekly, monthly or yearly")
    yearly = freq == "YEARLY"
    month: dict[str, Json] = {"month": _one(words, "BYMONTH", start.month, 12)} if yearly else {}
    _only(words, "BYDAY", "BYMONTHDAY", "BYSETPOS", *(("BYMONTH",) if yearly else ()))
    if days:
        return {
            "type": f"relative{freq.capitalize()}",
            "daysOfWeek": list(days),
            "index": _index(words, places),
            **month,
        }
    day = _one(words, "BYMONTHDAY", start.day, 31)
    return {"type": f"absolute{freq.capitalize()}", "dayOfMonth": day, **month}


def _only(words: Mapping[str, str], *allowed: str) -> None:
    if any(word.startswith("BY") and word not in allowed for word in words):
        raise Unfit("a series of Outlook does not combine these rules")
    if "BYDAY" in words and "BYMONTHDAY" in words:
        raise Unfit("a series of Outlook does not combine these rules")


def _by_day(words: Mapping[str, str]) -> tuple[set[int], tuple[str, ...]]:
    """The numbers before the days, and the days."""
    places, days = set[int](), list[str]()
    for item in words["BYDAY"].split(",") if "BYDAY" in words else ():
        match = _BYDAY.fullmatch(item)
        if match is None:
            raise Unfit("its days of the week are none")
        if match[1]:
            places.add(int(match[1]))
        days.append(_DAYS[match[2]])
    return places, tuple(dict.fromkeys(days))


def _index(words: Mapping[str, str], places: set[int]) -> str:
    """Which of the days in the month is meant."""
    wanted = {_signed(words["BYSETPOS"])} if "BYSETPOS" in words else places
    if len(wanted) != 1 or not wanted <= set(_INDEXES) or ("BYSETPOS" in words and places):
        raise Unfit("one day is meant: the first, second, third, fourth or last")
    return _INDEXES[wanted.pop()]


def _signed(text: str) -> int:
    return int(text) if re.fullmatch("[+-]?[0-9]{1,3}", text) else 0


def _one(words: Mapping[str, str], name: str, otherwise: int, most: int) -> int:
    number = _number(words[name]) if name in words else otherwise
    if number > most:
        raise Unfit("its day or month does not exist")
    return number


def _range(words: Mapping[str, str], start: date, zone: str) -> dict[str, Json]:
    begin: dict[str, Json] = {"startDate": start.isoformat()}
    if "COUNT" in words:
        return {"type": "numbered", "numberOfOccurrences": _number(words["COUNT"]), **begin}
    if "UNTIL" not in words:
        return {"type": "noEnd", **begin}
    last = _last_day(words["UNTIL"], zone)
    if last < start:
        raise Unfit("the series ends before it starts")
    return {"type": "endDate", "endDate": last.isoformat(), **begin}


def _last_day(text: str, zone: str) -> date:
    """The last day in the series' zone; an instant is the day that it lies on there."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(ZoneInfo(iana(zone) or UTC_NAME)) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        raise Unfit("the day on which it ends is none") from None
