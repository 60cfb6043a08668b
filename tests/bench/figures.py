"""One figure of the table: ours, the reference of the same run, the target, and whether it is met."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median

from tests.bench.process import python
from tests.bench.world import BenchWorld


@dataclass(frozen=True, slots=True)
class Figure:
    """``unit`` is of ours, reference and target alike; ``more`` are further numbers of the same runs."""

    what: str
    ours: float
    reference: float
    target: float
    unit: str
    more: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.reference if self.reference else 0.0

    @property
    def met(self) -> bool:
        return self.ours <= self.target

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "ratio": round(self.ratio, 3), "met": self.met}


@dataclass(frozen=True, slots=True)
class Run:
    """One measured tick: ``engine`` is the whole process's wall time less the time inside the server."""

    engine: float
    cpu: float
    peak: float
    requests: int
    ticks: list[float]
    did: list[str]
    parsed: int = 0
    """Bytes of the server's answers that were parsed, where the process counts them."""


def measured_tick(world: BenchWorld, module: str, site: object, *arguments: str) -> Run:
    """Run ``tick`` or ``by_hand`` once, as a process of its own."""
    world.control.reset("log")
    usage = python(module, str(site), *arguments)
    totals, answer = world.control.totals(), usage.answer()
    return Run(
        usage.wall - totals.busy_seconds, usage.cpu, usage.peak, totals.requests, list(answer["cpu"]),
        list(answer["did"]), answer.get("parsed", 0),
    )  # fmt: skip


def compared(what: str, ours: list[Run], reference: list[Run], target: float) -> Figure:
    """Medians of engine seconds; CPU seconds and peak memory stand beside them."""
    more = {
        "cpu": median(run.cpu for run in ours), "reference cpu": median(run.cpu for run in reference),
        "peak MiB": median(run.peak for run in ours), "reference peak MiB": median(run.peak for run in reference),
        "slowest": max(run.engine for run in ours), "fastest": min(run.engine for run in ours),
    }  # fmt: skip
    middle = median(run.engine for run in ours), median(run.engine for run in reference)
    return Figure(what, *middle, target, "s", more)
