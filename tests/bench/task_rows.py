"""The rows about tasks: a first sync from Planner, and a tick in which nothing happened there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.board import pages
from tests.bench.figures import Figure, Run, compared, measured_tick
from tests.bench.process import BenchError
from tests.bench.site import PLANNERS
from tests.bench.world import BenchWorld

TICKS: Final = 21
SHARED: Final = "--shared"


@dataclass(slots=True)
class TaskBench:
    """One world, and folders in it in which the first sync is done: ours and the reference's."""

    world: BenchWorld
    runs: int
    synced: dict[str, Path] = field(default_factory=dict)
    serial: int = 0

    def first(self) -> tuple[Run, Run]:
        """A first sync of ours and of the reference, each into a new folder."""
        self.serial += 1
        name, (first, *others) = f"planner-{self.serial}", PLANNERS
        ours = self.world.installation(first, name, *others)
        reference = self.world.by_hand(first, f"{name}-by-hand")
        found = measured_tick(self.world, "tick", ours, SHARED)
        if found.did != [f"{self.world.tasks} create crm done"]:
            raise BenchError(f"the first sync of tasks did something else: {found.did}")
        by_hand = measured_tick(self.world, "tasks_by_hand", reference, "--full")
        self.synced = {"tick": ours, "tasks_by_hand": reference}
        return found, by_hand

    def idle(self) -> tuple[Run, Run]:
        """Ticks in which nothing happened."""
        times = ("--times", str(TICKS))
        ours = measured_tick(self.world, "tick", self.synced["tick"], SHARED, *times)
        if ours.did:
            raise BenchError(f"an idle tick of tasks wrote something: {ours.did}")
        return ours, measured_tick(self.world, "tasks_by_hand", self.synced["tasks_by_hand"], *times)


def first_sync(bench: TaskBench) -> Iterator[Figure]:
    runs = [bench.first() for _ in range(bench.runs)]
    what = f"first sync of {bench.world.tasks:,} tasks of two users"
    yield compared(what, [ours for ours, _ in runs], [reference for _, reference in runs], 3.0)


def idle(bench: TaskBench) -> Iterator[Figure]:
    if not bench.synced:
        bench.first()
    measured_tick(bench.world, "tick", bench.synced["tick"], SHARED)
    pairs = [bench.idle() for _ in range(bench.runs)]
    both = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    count = bench.world.tasks
    trips = [max(run.requests for run in runs) / TICKS for runs in both]
    yield Figure(f"idle tick at {count:,} tasks, HTTP requests", *trips, float(pages(count)), "")
    read = [max(run.parsed for run in runs) / TICKS / 1024 for runs in both]
    yield Figure("  of their bodies parsed", *read, 4.0, "KiB")
    spent = [median(median(run.ticks[1:]) * 1000 for run in runs) for runs in both]
    yield Figure("  its CPU time (the reference parses every page)", *spent, spent[1], "ms")


ROWS: Final[dict[str, Callable[[TaskBench], Iterator[Figure]]]] = {"tasks": first_sync, "tasks-idle": idle}
