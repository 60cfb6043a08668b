"""Measures what was asked for and prints the table of numbers."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.bench import event_rows, start_rows, sync_rows, task_rows
from tests.bench.event_rows import EventBench
from tests.bench.figures import Figure
from tests.bench.process import BenchError
from tests.bench.sync_rows import Bench
from tests.bench.task_rows import TaskBench
from tests.bench.world import bench_world

NAMES: Final = (*start_rows.ROWS, *sync_rows.ROWS, *task_rows.ROWS, *event_rows.ROWS)
NOTES: Final = """\
Seconds are engine time: a whole process, journal and audit on, byte code cached, less the time inside the emulated
server. The reference is the same job by hand (requests, sqlite3, no rules, guard or recovery), in turns with ours.
Medians; targets in seconds were set for a quiet machine with two cores, so on a busy one ratios and CPU say more."""


def main(arguments: Sequence[str]) -> int:
    """Always 0: a benchmark is no test."""
    parser = argparse.ArgumentParser(prog="table.py", description="Speed and memory of contacts, tasks and meetings.")
    parser.add_argument("--quick", action="store_true", help="1,000 records and one run, for trying")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument("--only", choices=NAMES, action="append", metavar="NAME", help=", ".join(NAMES))
    given = parser.parse_args(arguments)
    wanted = given.only or NAMES
    found = []
    for figure in _figures(wanted, given.quick, quiet=given.json):
        found.append(figure)
        if not given.json:
            _say(_line(figure))
    if given.json:
        _say(json.dumps({"load": os.getloadavg()[0], "figures": [figure.as_json() for figure in found]}, indent=1))
    else:
        over = sum(not figure.met for figure in found)
        _say(f"\n{len(found) - over} of {len(found)} within target; load average {os.getloadavg()[0]:.1f}.\n{NOTES}")
    return 0


def _figures(wanted: Sequence[str], quick: bool, quiet: bool) -> Iterator[Figure]:
    if not quiet:
        _say(f"{'what':56}{'ours':>12}{'reference':>12}{'ratio':>8}{'target':>12}")
    for name, start in start_rows.ROWS.items():
        if name in wanted:
            yield from _kept(name, start())
    if not set(wanted) - start_rows.ROWS.keys():
        return
    count, pulled, tasks, runs = (1_000, 500, 1_000, 1) if quick else (10_000, 5_000, 3_000, 3)
    diary = (400, 10) if quick else (2_000, 50)
    with (
        tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder,
        bench_world(Path(folder), count, pulled, tasks, diary) as world,
    ):
        bench = Bench(world, runs, {})
        for name, row in sync_rows.ROWS.items():
            if name in wanted:
                yield from _kept(name, row(bench))
        of_tasks = TaskBench(world, runs)
        for task_name, task_row in task_rows.ROWS.items():
            if task_name in wanted:
                yield from _kept(task_name, task_row(of_tasks))
        of_events = EventBench(world, runs)
        for event_name, event_row in event_rows.ROWS.items():
            if event_name in wanted:
                yield from _kept(event_name, event_row(of_events))


def _kept(name: str, row: Iterator[Figure]) -> Iterator[Figure]:
    """The figures of a row; one that can't be measured is told and does not end the table."""
    try:
        yield from row
    except BenchError as problem:
        sys.stderr.write(f"{name}: {problem}\n")


def _line(figure: Figure) -> str:
    values = [f"{_number(value)} {figure.unit}".strip() for value in (figure.ours, figure.reference, figure.target)]
    verdict = "ok" if figure.met else "OVER"
    spent = f"  CPU {figure.more['cpu']:.2f} / {figure.more['reference cpu']:.2f} s" if "cpu" in figure.more else ""
    numbers = f"{values[0]:>12}{values[1]:>12}{figure.ratio:>7.2f}×{values[2]:>12}"
    return f"{figure.what:56}{numbers}  {verdict:4}{spent}".rstrip()


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
