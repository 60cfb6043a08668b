"""The rows about meetings: a first sync of a calendar, and a tick in which nothing happened there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.diary import shown
from tests.bench.figures import Figure, Run, compared, measured_tick
from tests.bench.process import BenchError
from tests.bench.site import DIARY
from tests.bench.world import BenchWorld

TICKS: Final = 21
SETTINGS: Final = {"activities.direction": "both", "contacts.direction": "off"}
"""Meetings alone."""


@dataclass(slots=True)
class EventBench:
    """One world, and folders in it in which the first sync is done: ours and the reference's."""

    world: BenchWorld
    runs: int
    synced: dict[str, Path] = field(default_factory=dict)
    serial: int = 0

    @property
    def count(self) -> int:
        return shown(*self.world.diary)

    def first(self) -> tuple[Run, Run]:
        """A first sync of ours and of the reference, each into a new folder."""
        self.serial += 1
        name = f"diary-{self.serial}"
        ours = self.world.installation(DIARY, name, settings=SETTINGS)
        reference = self.world.by_hand(DIARY, f"{name}-by-hand")
        found = measured_tick(self.world, "tick", ours)
        if found.did != [f"{self.count} create crm done"]:
            raise BenchError(f"the first sync of meetings did something else: {found.did}")
        by_hand = measured_tick(self.world, "events_by_hand", reference, "--full")
        if by_hand.did != [f"{self.count} added"]:
            raise BenchError(f"the reference did something else: {by_hand.did}")
        self.synced = {"tick": ours, "events_by_hand": reference}
        return found, by_hand

    def idle(self, times: int = TICKS) -> tuple[Run, Run]:
        """Ticks in which nothing happened, in one process each."""
        ours = measured_tick(self.world, "tick", self.synced["tick"], "--times", str(times))
        if ours.did:
            raise BenchError(f"an idle tick of meetings wrote something: {ours.did}")
        by_hand = measured_tick(self.world, "events_by_hand", self.synced["events_by_hand"], "--times", str(times))
        return ours, by_hand


def first_sync(bench: EventBench) -> Iterator[Figure]:
    runs = [bench.first() for _ in range(bench.runs)]
    events, series = bench.world.diary
    what = f"first sync of {events:,} events, {series} series ({bench.count:,} in all)"
    yield compared(what, [ours for ours, _ in runs], [reference for _, reference in runs], 3.0)


def idle(bench: EventBench) -> Iterator[Figure]:
    if not bench.synced:
        bench.first()
    measured_tick(bench.world, "tick", bench.synced["tick"])
    once = bench.idle(1)
    pairs = [bench.idle() for _ in range(bench.runs)]
    both = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    more = [max(run.requests for run in runs) - one.requests for runs, one in zip(both, once, strict=True)]
    trips = [count / (TICKS - 1) for count in more]  # each process asks for a little more at first
    yield Figure(f"idle tick at {bench.count:,} meetings, HTTP requests", *trips, 1.0, "")
    spent = [median(median(run.ticks[1:]) * 1000 for run in runs) for runs in both]
    yield Figure("  its CPU time", *spent, 20.0, "ms")


ROWS: Final[dict[str, Callable[[EventBench], Iterator[Figure]]]] = {"meetings": first_sync, "meetings-idle": idle}
