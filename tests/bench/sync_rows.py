"""The rows about ticks: first sync, everything read, one in a hundred changed, nothing to do, requests."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tandem.installation import Installation
from tandem.settings import read_settings
from tests.bench.figures import Figure, Run, compared, measured_tick
from tests.bench.process import BenchError
from tests.bench.site import BY_HAND, OURS, PULLED, read_site
from tests.bench.world import BenchWorld

TICKS: Final = 21
MEMORY: Final = 150.0


@dataclass(slots=True)
class Bench:
    """One world and the installations in it that were synced once."""

    world: BenchWorld
    runs: int
    synced: dict[str, Path]
    serial: int = 0

    def fresh(self, upn: str) -> Path:
        self.serial += 1
        make = self.world.by_hand if upn == BY_HAND else self.world.installation
        return make(upn, f"site-{self.serial}")

    def ready(self, upn: str) -> Path:
        """An installation of this mailbox in which nothing is left to do."""
        if upn not in self.synced:
            self.synced[upn] = site = self.fresh(upn)
            measured_tick(self.world, _module(upn), site, *_first(upn))
        return self.synced[upn]

    def both(self, *arguments: str) -> tuple[list[Run], list[Run]]:
        """Interleaved runs of ours and of the reference."""
        pairs = [
            tuple(measured_tick(self.world, _module(upn), self.ready(upn), *arguments) for upn in (OURS, BY_HAND))
            for _ in range(self.runs)
        ]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _module(upn: str) -> str:
    return "by_hand" if upn == BY_HAND else "tick"


def _first(upn: str) -> tuple[str, ...]:
    return ("--full",) if upn == BY_HAND else ()


def first_sync(bench: Bench) -> Iterator[Figure]:
    runs: dict[str, list[Run]] = {OURS: [], BY_HAND: []}
    for _ in range(bench.runs):
        for upn in runs:
            site = bench.synced[upn] = bench.fresh(upn)
            runs[upn].append(measured_tick(bench.world, _module(upn), site, *_first(upn)))
    created = [f"{bench.world.count} create crm done"]
    if any(run.did != created for run in runs[OURS]):
        raise BenchError(f"the first sync did something else: {runs[OURS][0].did}")
    yield compared(f"first sync of {bench.world.count:,}", runs[OURS], runs[BY_HAND], 4.0)


def unchanged(bench: Bench) -> Iterator[Figure]:
    ours, reference = bench.both("--full")
    if any(run.did for run in ours):
        raise BenchError(f"a sync of nothing new wrote something: {ours[0].did}")
    found = compared(f"sync {bench.world.count:,}, nothing changed, everything read", ours, reference, 2.0)
    yield found
    peaks = found.more["peak MiB"], found.more["reference peak MiB"]
    yield Figure("  its peak memory", *peaks, MEMORY, "MiB")


def changed(bench: Bench) -> Iterator[Figure]:
    ours, reference = list[Run](), list[Run]()
    for number in range(bench.runs):
        _edit(bench, number)
        ours.append(measured_tick(bench.world, "tick", bench.ready(OURS), "--full"))
        reference.append(measured_tick(bench.world, "by_hand", bench.ready(BY_HAND), "--full"))
    edits = max(1, bench.world.count // 200)
    expected = [f"{edits} update crm done", f"{edits} update m365 done"]
    if any(run.did != expected for run in ours):
        raise BenchError(f"one in a hundred changed, and the sync did something else: {ours[0].did}")
    yield compared("the same, 1 % changed", ours, reference, 2.2)


def _edit(bench: Bench, number: int) -> None:
    """People edit 0.5 % of the records on each side, others each time, in both installations."""
    world, edits = bench.world, max(1, bench.world.count // 200)
    first, title = number * 2 * edits, f"Deputy {number}"
    for upn in (OURS, BY_HAND):
        bench.ready(upn)
        items = sorted(str(row["id"]) for row in world.control.contacts(upn))
        for item in items[first : first + edits]:
            world.control.update_contact(upn, item, {"jobTitle": title})
        others = items[first + edits : first + 2 * edits]
        if upn == OURS:
            _edit_crm(bench.synced[upn], others, title)
        else:
            _edit_people(bench.synced[upn].with_name("by-hand.db"), others, title)


def _edit_crm(described: Path, items: list[str], title: str) -> None:
    site = read_site(described)
    with Installation(read_settings(Path(site.folder))) as opened:
        record = opened.chosen_spaces(site.user)[0]
        links = [link for link, _ in opened.state.links(record.space.id, "contacts", items, ())]
        with opened.store.edit() as edit:
            edit.put("Contact", [(link.crm_id, {"title": title}) for link in links])


def _edit_people(path: Path, items: list[str], title: str) -> None:
    with sqlite3.connect(path) as database:
        for item in items:
            of_item = "id = (SELECT person FROM link WHERE item = ?)"
            database.execute(f"UPDATE person SET title = ?, changed = ? WHERE {of_item}", (title, time.time(), item))
    database.close()


def idle(bench: Bench) -> Iterator[Figure]:
    for upn in (OURS, BY_HAND):
        measured_tick(bench.world, _module(upn), bench.ready(upn))
    ours, reference = bench.both("--times", str(TICKS))
    trips = max(run.requests for run in ours) / TICKS, max(run.requests for run in reference) / TICKS
    yield Figure(f"idle tick at {bench.world.count:,} links, HTTP requests", *trips, 1.0, "")
    spent = [median(median(run.ticks[1:]) * 1000 for run in runs) for runs in (ours, reference)]
    yield Figure("  its CPU time", spent[0], spent[1], 20.0, "ms")


def pull(bench: Bench) -> Iterator[Figure]:
    ours = measured_tick(bench.world, "tick", bench.fresh(PULLED))
    reference = measured_tick(bench.world, "by_hand", bench.world.by_hand(PULLED, "pulled-by-hand"), "--full")
    what = f"first pull of {bench.world.pulled:,} contacts, HTTP requests"
    yield Figure(what, ours.requests, reference.requests, 60.0, "")


ROWS: Final[dict[str, Callable[[Bench], Iterator[Figure]]]] = {
    "first": first_sync, "unchanged": unchanged, "changed": changed, "idle": idle, "pull": pull,
}  # fmt: skip
