"""Start and end between the wire and records: an instant with its zone, or whole days.

The wire says a time of day, and the zone it is to be read in; asked for UTC it says UTC, and apart from that the zone
in which the author said it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from engine.records import Value
from engine.zoned import Zoned, read_zoned
from graph_client.answers import Json
from graph_client.calendar.zones import UTC_NAME, iana, windows

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998
"""Years beyond stand for no date at all: odd items come with the first or the last one there is."""
_HALF_A_DAY: Final = timedelta(hours=12)


class Unreadable(ValueError):
    """An event whose times make no sense; the text says why, without quoting them."""


class Unfit(ValueError):
    """Times that no event can have; the text says why, without quoting them."""


def read_time(raw: Json, said_in: Json, owner: str, whole_days: bool) -> str:
    """A ``dateTimeTimeZone`` as a record holds it. ``said_in`` is the author's zone as the wire tells it, ``owner`` the
    mailbox's own, which counts where the author's is not known. Raises Unreadable."""
    wall, zone = _wall(raw)
    if whole_days:
        return _day(wall, zone, iana(said_in if isinstance(said_in, str) else None) or owner).isoformat()
    moment = _moment(wall, zone)
    known = iana(said_in) if isinstance(said_in, str) else None
    return Zoned(moment, known or (owner if said_in else _plain(zone))).text()


def _plain(zone: str) -> str:
    return iana(zone) or UTC_NAME


def read_instant(raw: Json) -> str | None:
    """A ``DateTimeOffset`` to the second in UTC, as records hold instants; None for none."""
    if not isinstance(raw, str) or not raw:
        return None
    try:
        moment = datetime.fromisoformat(raw)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _wall(raw: Json) -> tuple[datetime, str]:
    """Time of day and the wire's name of the zone."""
    members: Mapping[str, Json] = raw if isinstance(raw, dict) else {}
    text, zone = members.get("dateTime"), members.get("timeZone")
    if not isinstance(text, str):
        raise Unreadable("it has no start or no end")
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("its start or end is no time") from None
    if wall.tzinfo is not None:
        wall, zone = wall.astimezone(UTC).replace(tzinfo=None), UTC_NAME
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        raise Unreadable("its start or end is a placeholder, not a date")
    return wall.replace(microsecond=0), zone if isinstance(zone, str) else UTC_NAME


def _moment(wall: datetime, zone: str) -> datetime:
    known = iana(zone)
    if known is None:
        raise Unreadable("its start or end is told in a time zone that is not known")
    return wall.replace(tzinfo=ZoneInfo(known)).astimezone(UTC)


def _day(wall: datetime, zone: str, said_in: str) -> date:
    """The day whose midnight is meant. Told in another zone than it was said in, midnight may have shifted: then it is
    the author's midnight, or else the nearest one."""
    if wall.time() == time():
        return wall.date()
    there = _moment(wall, zone).astimezone(ZoneInfo(said_in))
    if there.time() == time():
        return there.date()
    return (wall + _HALF_A_DAY).date()


# ---- writing ---------------------------------------------------------------------------------------------------


def written_time(value: Zoned | date) -> dict[str, Json]:
    """The ``dateTimeTimeZone`` for a value: a time in its own zone, so that people see what was meant; a day in UTC.

    A time of day that clocks show twice is written in UTC when its later reading is meant, and so is a time in a zone
    that Windows does not have: the instant is what counts.
    """
    if not isinstance(value, Zoned):
        return _told(datetime.combine(value, time()), UTC_NAME)
    name = windows(value.zone)
    wall = value.instant.astimezone(ZoneInfo(iana(name) or UTC_NAME))
    return _told(value.instant, UTC_NAME) if name is None or wall.fold else _told(wall, name)


def wall_time(value: Zoned) -> dict[str, Json]:
    """The same for a series, which lives by wall time and can't be said in UTC."""
    return _told(value.wall(), windows(value.zone) or value.zone)


def _told(wall: datetime, zone: str) -> dict[str, Json]:
    return {"dateTime": wall.replace(tzinfo=None).isoformat(timespec="seconds"), "timeZone": zone}


def span(start: Value, end: Value, whole_days: bool, zone: str) -> tuple[Zoned | date, Zoned | date]:
    """Start and end that fit each other: both days where the event lasts whole days, both instants else; ``zone`` is
    the mailbox's. Raises Unfit for what no event can have."""
    first, last = _read(start), _read(end)
    if whole_days:
        first, last = _first_day(first), _day_after(last)
        if last == first:
            last = first + timedelta(days=1)
    else:
        first, last = _midnight(first, zone), _midnight(last, zone)
    if _ends_before(first, last):
        raise Unfit("the end is before the start")
    return first, last


def same_time(one: Value, other: Value) -> bool:
    """Whether two values mean one time: the same instant in whatever zones, or a day and the midnight it begins at.
    Written, the one for the other would change nothing and mail people all the same."""
    try:
        first, second = _read(one), _read(other)
    except Unfit:
        return one == other
    if isinstance(first, Zoned) and isinstance(second, Zoned):
        return first.instant == second.instant
    return _as_day(first) == _as_day(second)


def _as_day(value: Zoned | date) -> date | Zoned:
    if not isinstance(value, Zoned):
        return value
    wall = value.wall()
    return wall.date() if wall.time() == time() else value


def _read(value: Value) -> Zoned | date:
    if not isinstance(value, str) or not value:
        raise Unfit("an event needs a start and an end")
    try:
        found = read_zoned(value)
    except ValueError:
        raise Unfit("its start or end is no time with a zone") from None
    year = found.instant.year if isinstance(found, Zoned) else found.year
    if not FIRST_YEAR < year < LAST_YEAR:
        raise Unfit("its start or end lies beyond the calendar")
    return found


def _ends_before(first: Zoned | date, last: Zoned | date) -> bool:
    if isinstance(first, Zoned) and isinstance(last, Zoned):
        return last.instant < first.instant
    return isinstance(first, date) and isinstance(last, date) and last < first


def _first_day(value: Zoned | date) -> date:
    return value.wall().date() if isinstance(value, Zoned) else value


def _day_after(value: Zoned | date) -> date:
    """Ends are exclusive: an event that ends during a day lasts until the next midnight."""
    if not isinstance(value, Zoned):
        return value
    wall = value.wall()
    return wall.date() if wall.time() == time() else wall.date() + timedelta(days=1)


def _midnight(value: Zoned | date, zone: str) -> Zoned:
    if isinstance(value, Zoned):
        return value
    return Zoned(datetime.combine(value, time(), ZoneInfo(zone)).astimezone(UTC), zone)
