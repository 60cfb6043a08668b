"""Times in CSV cells: as a clock in a named zone shows them, and exact on the way back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from crm.people import is_zone
from crm.values import Unfit
from engine.errors import UserError

DEFAULT_ZONE: Final = "UTC"
"""Of times in files, unless the caller names another."""

_FORM: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?) ?(Z|[+-]\d\d:\d\d(?::\d\d)?)?", re.ASCII)


def zone_named(name: str) -> ZoneInfo:
    """Raises UserError for a zone that is not known."""
    if not is_zone(name):
        raise UserError(f"The time zone {name} is not known.", "Give a name such as Europe/London.")
    return ZoneInfo(name)


def time_to_cell(instant: str, zone: ZoneInfo) -> str:
    """``2026-11-22 09:00``; the distance from UTC stands behind a time that the clock shows twice that day."""
    moment = datetime.fromisoformat(instant)
    try:
        local = moment.astimezone(zone)
    except OverflowError:  # the first and the last day there are
        local = moment.astimezone(UTC)
    clear = local.tzinfo is zone and local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()
    return (local.replace(tzinfo=None) if clear else local).isoformat(" ", "seconds" if local.second else "minutes")


def time_from_cell(label: str, cell: str, zone: ZoneInfo) -> str | None:
    """The inverse; any distance from UTC may be given, and Z. Raises Unfit."""
    if not cell.strip():
        return None
    found = _FORM.fullmatch(cell.strip())
    try:
        if found is None:
            raise ValueError
        moment = datetime.fromisoformat(f"{found[1]} {found[2]}{found[3] or ''}")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        utc = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit(f"{label} must be a date and time such as 2026-11-22 09:00") from None
    return utc.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
