"""Time zones by the names that events carry: Windows names, IANA names, and what Exchange writes for lost zones."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from graph_emulator.calendar.zone_names import WINDOWS
from graph_emulator.messages import GraphError

UTC_NAMES = ("UTC", "tzone://Microsoft/Utc")
CUSTOM = "tzone://Microsoft/Custom"

_IANA_OF = {name.lower(): iana for name, iana in WINDOWS.items()}


@cache
def find(name: str) -> ZoneInfo | None:
    """The zone of a Windows name (whatever its case) or an IANA name; None if there is none of that name."""
    if name in UTC_NAMES:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(_IANA_OF.get(name.lower(), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def known(name: object) -> str:
    """The name, if it is that of a zone; GraphError 400 otherwise."""
    if not isinstance(name, str) or not name or find(name) is None:
        raise GraphError(400, "ErrorInvalidParameter", f"The time zone '{name}' is not supported.")
    return name


def to_utc(wall: datetime, name: str) -> datetime:
    """The instant (naive, UTC) at which clocks in the zone show `wall`: the first of two, after a gap if skipped.

    Placeholder years at the ends of the calendar are passed through, and so are zones without a name of their own.
    """
    zone = find(name)
    if zone is None or name in UTC_NAMES or not 2 < wall.year < 9998:
        return wall
    return wall.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def from_utc(instant: datetime, name: str) -> datetime:
    """What clocks in the zone show at an instant (naive, UTC)."""
    zone = find(name)
    if zone is None or name in UTC_NAMES or not 2 < instant.year < 9998:
        return instant
    return instant.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def skipped(wall: datetime, name: str) -> bool:
    """Whether clocks in the zone never show `wall`, because they jump over it."""
    return from_utc(to_utc(wall, name), name) != wall
