"""Zone names as events tell them: Windows names, IANA names, and the two that Exchange makes up itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from engine.zoned import is_zone
from graph_client.calendar.windows_zones import WINDOWS_ZONES

UTC_NAME: Final = "UTC"
_UTC_NAMES: Final = frozenset({"utc", "etc/utc", "gmt", "etc/gmt", "tzone://microsoft/utc", "z"})
_TO_IANA: Final[Mapping[str, str]] = {name.casefold(): iana for name, iana in WINDOWS_ZONES.items()}
_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS: Final = 3 * 366


def iana(name: str | None) -> str | None:
    """The IANA zone that a wire name means; None where it means none that is known: ``tzone://Microsoft/Custom`` stands
    for a zone whose rules were lost."""
    if not name:
        return None
    if name.casefold() in _UTC_NAMES:
        return UTC_NAME
    return _TO_IANA.get(name.casefold()) or (name if is_zone(name) else None)


@lru_cache(maxsize=1024)
def windows(zone: str) -> str | None:
    """The Windows name to write for an IANA zone: that of a zone whose clocks show the same in the years around now,
    one in the same part of the world first. None where Windows has no such zone."""
    if zone.casefold() in _UTC_NAMES:
        return UTC_NAME
    for name, known in WINDOWS_ZONES.items():
        if known == zone:
            return name
    area = zone.partition("/")[0]
    nearest = sorted(WINDOWS_ZONES, key=lambda name: WINDOWS_ZONES[name].partition("/")[0] != area)
    return next((name for name in nearest if _alike(zone, WINDOWS_ZONES[name])), None)


def _alike(one: str, other: str) -> bool:
    """Whether clocks in both zones show the same; two days tell most apart."""
    return _seasons(one) == _seasons(other) and _days(one) == _days(other) and _same_hours(one, other)


@lru_cache(maxsize=1024)
def _seasons(zone: str) -> tuple[timedelta | None, ...]:
    """What the zone is ahead of UTC in winter and in summer."""
    return tuple((_SINCE + timedelta(days=day)).astimezone(ZoneInfo(zone)).utcoffset() for day in (0, 182))


@lru_cache(maxsize=1024)
def _days(zone: str) -> tuple[timedelta | None, ...]:
    """What the zone is ahead of UTC, day by day."""
    info = ZoneInfo(zone)
    return tuple((_SINCE + timedelta(days=day)).astimezone(info).utcoffset() for day in range(_DAYS))


def _same_hours(one: str, other: str) -> bool:
    """Whether two zones that agree day by day also change at the same hours."""
    offsets, first, second = _days(one), ZoneInfo(one), ZoneInfo(other)
    changing = (day for day in range(1, _DAYS) if offsets[day] != offsets[day - 1])
    moments = (_SINCE + timedelta(days=day - 1, minutes=half * 30) for day in changing for half in range(48))
    return all(moment.astimezone(first).utcoffset() == moment.astimezone(second).utcoffset() for moment in moments)
