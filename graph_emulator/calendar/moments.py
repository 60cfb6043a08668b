"""Points in time as Graph writes them: what a clock shows, seven digits of fraction, and the zone of that clock."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time

from graph_emulator.calendar import zones
from graph_emulator.messages import GraphError, Properties
from graph_emulator.properties import refused

NO_TIME = "0001-01-01T00:00:00Z"
_WALL = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?)?")


@dataclass(frozen=True, slots=True)
class Moment:
    """`wall` (naive, whole seconds) and `fraction` (seven digits) read in the zone `zone`."""

    wall: datetime
    fraction: str
    zone: str

    def utc(self) -> datetime:
        """The instant, naive, in UTC, without the fraction."""
        return zones.to_utc(self.wall, self.zone)

    def midnight(self) -> bool:
        """Whether a day begins here."""
        return self.wall.time() == time() and not self.fraction.strip("0")

    def within(self, zone: str) -> "Moment":
        """The same instant, read in another zone."""
        return Moment(zones.from_utc(self.utc(), zone), self.fraction, zone)


def written(name: str, value: object) -> Moment:
    """A `dateTimeTimeZone` of a request body; GraphError 400 for another shape or an unknown zone."""
    if not isinstance(value, dict):
        raise refused(name, "has to be an object with dateTime and timeZone")
    return Moment(*wall_of(name, value.get("dateTime")), zones.known(value.get("timeZone")))


def wall_of(name: str, text: object) -> tuple[datetime, str]:
    """Wall-clock reading and seven-digit fraction of a `dateTime` text."""
    found = _WALL.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise refused(name, "needs a dateTime such as 2026-05-04T09:00:00, without an offset")
    day, clock, fraction = found.groups()
    try:
        wall = datetime.fromisoformat(f"{day}T{clock or '00:00'}")
    except ValueError:
        raise refused(name, "is not a date and time") from None
    return wall, (fraction or "")[:7].ljust(7, "0")


def shown(instant: datetime, zone: str, fraction: str = "0000000") -> Properties:
    """An instant (naive, UTC) as a `dateTimeTimeZone` in the zone asked for."""
    return {"dateTime": f"{zones.from_utc(instant, zone).isoformat()}.{fraction}", "timeZone": zone}


def bound(name: str, text: str) -> datetime:
    """A bound of a calendar view, by its own offset (UTC without one), as a naive instant in UTC; GraphError 400."""
    try:
        given = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return given.astimezone(UTC).replace(tzinfo=None) if given.tzinfo else given
    except (ValueError, OverflowError):
        message = f"The value of the parameter '{name}' is invalid: it has to be a date and time."
        raise GraphError(400, "ErrorInvalidParameter", message) from None
