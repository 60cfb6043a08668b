"""Made-up tasks in two plans of Planner, in Graph's JSON shapes: the same ones for the same number and day."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.bench.people import FAMILY, TRADES, WORDS

PLANS: Final = ("Fleet", "Harbour")
"""Two thirds of the tasks are in the first."""
BUCKETS: Final = ("To do", "Doing", "Waiting")
PAGE: Final = 400
"""Tasks on a page of Planner's."""


def sizes(count: int) -> tuple[int, int]:
    """How many of so many tasks are in each plan."""
    return count - count // 3, count // 3


def pages(count: int) -> int:
    """How many pages the tasks of all plans fill."""
    return sum(-(-size // PAGE) for size in sizes(count))


def planner(upns: tuple[str, ...], count: int) -> dict[str, object]:
    """A Planner file of the emulator. Every task is assigned to one of these people, all of whom see both plans."""
    chance, now = random.Random(count), datetime.now(UTC)
    where = [plan for plan, size in zip(PLANS, sizes(count), strict=True) for _ in range(size)]
    return {
        "groups": [{"id": plan, "displayName": f"Team {plan}", "members": list(upns)} for plan in PLANS],
        "plans": [{"id": plan, "title": plan, "owner": plan} for plan in PLANS],
        "buckets": [{"id": f"{plan} {name}", "planId": plan, "name": name} for plan in PLANS for name in BUCKETS],
        "tasks": [_task(chance, number, plan, upns, now) for number, plan in enumerate(where)],
    }


def _task(chance: random.Random, number: int, plan: str, upns: tuple[str, ...], now: datetime) -> dict[str, object]:
    days = chance.randrange(-25, 26) if chance.random() < 0.7 else chance.randrange(40, 200)
    due = f"{now + timedelta(days=days):%Y-%m-%d}T10:00:00Z" if chance.random() < 0.95 else None
    text = " ".join(chance.choices(WORDS, k=chance.randrange(8, 60))) if chance.random() < 0.4 else ""
    return {
        "planId": plan,
        "bucketId": f"{plan} {chance.choice(BUCKETS)}",
        "title": f"{chance.choice(('Call', 'See', 'Write to'))} {chance.choice(FAMILY)} {TRADES[number % 8]} {number}",
        "percentComplete": chance.choice((0, 0, 30, 50, 100)),
        "dueDateTime": due,
        "assignments": {chance.choice(upns): {}},
        **({"details": {"description": text}} if text else {}),
    }
