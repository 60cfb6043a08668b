"""A made-up calendar of one mailbox, in Graph's JSON shapes: the same one for the same numbers and day."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.bench.people import FAMILY, TRADES, WORDS

BACK: Final = 50
"""Days before today at which it begins; it ends within a year from today."""
SPAN: Final = 390
WEEKS: Final = 55
MONTHS: Final = 12
"""Occurrences of a series: one half of them are weekly, the other half monthly."""


def shown(events: int, series: int) -> int:
    """How many single events and occurrences there are."""
    return events + series // 2 * MONTHS + (series - series // 2) * WEEKS


def calendar(events: int, series: int) -> list[dict[str, object]]:
    """Single events over fourteen months, and series that last as long; some have guests, some have notes."""
    chance = random.Random(events)
    first = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0) - timedelta(days=BACK)
    singles = [_event(chance, number, first + timedelta(days=chance.randrange(SPAN))) for number in range(events)]
    begins = [first + timedelta(days=number % 4) for number in range(series)]
    return singles + [_series(chance, number, begin) for number, begin in enumerate(begins)]


def _event(chance: random.Random, number: int, day: datetime) -> dict[str, object]:
    start = day + timedelta(minutes=30 * chance.randrange(20))
    guests = [f"{chance.choice(FAMILY).lower()}{chance.randrange(99)}@elsewhere.example" for _ in range(3)]
    text = " ".join(chance.choices(WORDS, k=chance.randrange(8, 60))) if chance.random() < 0.3 else ""
    return {
        "subject": f"{chance.choice(('Visit', 'Call', 'Review'))} {TRADES[number % 8]} {number}",
        "start": _said(start),
        "end": _said(start + timedelta(hours=1)),
        "location": {"displayName": chance.choice(("Yard", "Office", "Gate 4", ""))},
        "attendees": [_guest(one) for one in guests] if chance.random() < 0.4 else [],
        **({"body": {"contentType": "text", "content": text}} if text else {}),
    }


def _series(chance: random.Random, number: int, first: datetime) -> dict[str, object]:
    weekly = number % 2 == 0
    pattern: dict[str, object] = (
        {"type": "weekly", "daysOfWeek": [f"{first:%A}".lower()], "firstDayOfWeek": "monday"}
        if weekly
        else {"type": "absoluteMonthly", "dayOfMonth": first.day}
    )
    ends = {
        "type": "numbered", "startDate": f"{first:%Y-%m-%d}", "numberOfOccurrences": WEEKS if weekly else MONTHS,
    }  # fmt: skip
    return {
        **_event(chance, number, first),
        "subject": f"Round {number}",
        "start": _said(first),
        "end": _said(first + timedelta(hours=1)),
        "recurrence": {"pattern": {**pattern, "interval": 1}, "range": ends},
    }


def _said(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def _guest(address: str) -> dict[str, object]:
    return {"emailAddress": {"address": address, "name": address}, "type": "required"}
