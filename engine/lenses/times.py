"""The lens between an instant and a time that also tells the zone it was said in.

Only the instant travels. The zone of a time that is there already stays; a new one is said in the user's zone. A whole
day begins at the user's midnight.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, date, datetime, time
from typing import TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.context import Context
from engine.lenses.base import Ends, Untranslatable
from engine.lenses.days import written
from engine.records import Value
from engine.schema import Type
from engine.zoned import Zoned, read_zoned

_Time: TypeAlias = "Zoned | datetime | date"


def _read(value: Value) -> _Time | None:
    """A day, an instant with its zone, or one without (aware, UTC); None for an empty value. Raises ValueError."""
    if not isinstance(value, str) or not value.strip():
        return None
    if value.endswith("Z"):
        return datetime.fromisoformat(value).astimezone(UTC)
    return read_zoned(value)


def _instant(value: Value, zone: str) -> datetime | None:
    """The instant that a value means to a user in this zone. Raises Untranslatable."""
    try:
        found = _read(value)
        if found is None or isinstance(found, datetime):
            return found
        return found.instant if isinstance(found, Zoned) else _midnight(found, zone)
    except ValueError:
        raise Untranslatable("this is no date and time") from None
    except OverflowError:
        raise Untranslatable("the date is beyond the end of the calendar") from None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _comparable(value: Value) -> Hashable:
    try:
        found = _read(value)
    except (ValueError, OverflowError):
        return value
    return found.instant if isinstance(found, Zoned) else found


class ZonedTime(Struct, frozen=True):
    """An instant in the CRM, an instant with its zone or a day in Microsoft 365."""

    ends: Ends
    name: str = "zoned_time"
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        if (crm.name, m365.name) == ("instant", "zoned"):
            return None
        return f"“{self.name}” needs a date and time in the CRM, and one with its zone in Microsoft 365"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        wanted = _instant(value, context.zone)
        if wanted is None:
            return None
        try:
            held = _read(old)
            if held is not None and _instant(old, context.zone) == wanted:
                return old
        except (ValueError, Untranslatable):
            held = None
        return Zoned(wanted, held.zone if isinstance(held, Zoned) else context.zone).text()

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        wanted = _instant(value, context.zone)
        if wanted is None:
            return None
        return old if self.same(written(wanted), old) else written(wanted)

    def same(self, one: Value, other: Value) -> bool:
        return _comparable(one) == _comparable(other)

    def names(self, value: Value) -> tuple[str, ...]:
        return ()
