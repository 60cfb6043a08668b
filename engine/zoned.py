"""Times with the zone they were said in, as records hold them: an instant and a zone in one text, or a bare day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

_SHAPE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\[([A-Za-z0-9_+\-/]+)\]")


class Zoned(Struct, frozen=True):
    """An instant (aware, UTC, whole seconds) and the IANA name of the zone it was said in."""

    instant: datetime
    zone: str

    def text(self) -> str:
        """``2026-12-01T09:00:00Z[Europe/Berlin]``."""
        return f"{self.instant.replace(tzinfo=None).isoformat(timespec='seconds')}Z[{self.zone}]"

    def wall(self) -> datetime:
        """What clocks in the zone show then (aware)."""
        return self.instant.astimezone(ZoneInfo(self.zone))


def read_zoned(text: str) -> Zoned | date:
    """The inverse of :meth:`Zoned.text`; ``2026-12-01`` is a day, all of it. Raises ValueError for anything else."""
    if len(text) == 10:
        return date.fromisoformat(text)
    match = _SHAPE.fullmatch(text)
    if match is None or not is_zone(match[2]):
        raise ValueError("not a time with a zone")
    return Zoned(datetime.fromisoformat(match[1]).astimezone(UTC), match[2])


def same_moment(one: str, other: str) -> bool:
    """Whether two such texts mean the same instant, whatever the zones, or the same day."""
    first, second = read_zoned(one), read_zoned(other)
    if isinstance(first, Zoned) and isinstance(second, Zoned):
        return first.instant == second.instant
    return first == second


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether the zone database knows this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a name at all; a folder of the database
        return False
    return True
