"""The lens between an instant that says when something starts and one that only means a day.

Which day an instant lies on depends on the user's zone; a time of day survives a change of day, and a day survives a
change of zone or of the time on either side.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from engine.context import Context
from engine.lenses.base import Ends, Untranslatable
from engine.lenses.text import fits
from engine.records import Value
from engine.schema import Type

MIDDAY: Final = time(10, tzinfo=UTC)
"""When a day is meant, this time of it is written: people from UTC-10 to UTC+13 read the same day in it."""


def instant(day: date, clock: time, zone: str) -> datetime | None:
    """The UTC instant at which clocks in ``zone`` show this time on this day; where they skip it, the time that far
    later, or else earlier, on the same day. None where the zone skips the day."""
    wall = datetime.combine(day, clock.replace(tzinfo=None), ZoneInfo(zone))
    try:
        return next((found for found in _readings(wall) if found.astimezone(wall.tzinfo).date() == day), None)
    except OverflowError:  # the first and the last day of the calendar
        return None


def _readings(wall: datetime) -> Iterator[datetime]:
    yield from (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def written(moment: datetime) -> str:
    """A UTC instant as records hold it."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def clock(text: str) -> time:
    """The time of day that a setting says (``09:00``)."""
    return time.fromisoformat(text)


def _local(value: Value, zone: str) -> datetime | None:
    """What the user's clocks and calendar show at an instant; None for an empty one."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
    except OverflowError:
        raise Untranslatable("the date is beyond the end of the calendar") from None


class DayLens(Struct, frozen=True):
    """Start in the CRM, due in Microsoft 365: the same when they lie on one calendar day of the user.

    ``at`` names the setting with the time of day for a start that has none yet; without it the other side's instant
    is taken as it is.
    """

    ends: Ends
    at: str | None = None
    name: str = "day"
    lossless: bool = True

    def starting_at(self, setting: str) -> DayLens:
        return replace(self, at=setting)

    def accepts(self, crm: Type, m365: Type) -> str | None:
        return fits(self.name, ("instant",), crm, m365)

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        wanted, held = _local(value, context.zone), _local(old, context.zone)
        if wanted is None:
            return None
        if held is not None and held.date() == wanted.date():
            return old
        for noon in (datetime.combine(wanted.date(), MIDDAY), instant(wanted.date(), time(12), context.zone)):
            if noon is not None and noon.astimezone(wanted.tzinfo).date() == wanted.date():
                return written(noon.astimezone(UTC))
        return value

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        wanted, held = _local(value, context.zone), _local(old, context.zone)
        if wanted is None:
            return None
        if held is not None and held.date() == wanted.date():
            return old
        if held is None and self.at is None:
            return value
        wall = held.time() if held is not None else clock(str(context.settings[self.at or ""]))
        found = instant(wanted.date(), wall, context.zone)
        return value if found is None else written(found)

    def same(self, one: Value, other: Value) -> bool:
        return one == other

    def names(self, value: Value) -> tuple[str, ...]:
        return ()
