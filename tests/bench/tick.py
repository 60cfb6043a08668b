"""A measured process: ticks of one mailbox, wired as an installation wires them, nothing left out."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crm import fields as crm_fields
from crm.system import CrmSystem
from engine.context import Context
from engine.language.compiler import compile_text
from engine.language.program import Program
from engine.links import Space
from engine.resources import rules
from engine.schema import schemas
from engine.sync import pipeline
from graph_client import fields as graph_fields
from graph_client.system import GraphSystem
from state.database import open_database
from state.store import SqlState
from tests.bench.site import ORG, Site, read_site

RUNS = itertools.count(1)


@dataclass(slots=True)
class FileStore:
    """A TokenStore over one file; nobody else uses it."""

    path: Path

    def load(self) -> tuple[str, int]:
        return self.path.read_text("utf-8"), 1

    def save(self, text: str, version: int) -> bool:
        self.path.write_text(text, "utf-8")
        return True


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


def program() -> Program:
    known = schemas(
        crm_fields.CONTACT, crm_fields.COMPANY, crm_fields.FOLDER, graph_fields.CONTACT, graph_fields.CONTACT_FOLDER
    )
    return compile_text("contacts.rules", (rules() / "contacts.rules").read_bytes(), known)


def tick(site: Site, compiled: Program, crm: CrmSystem, m365: GraphSystem, state: SqlState, full: bool) -> list[str]:
    """One tick; the answer is what it wrote, in words."""
    space = Space(ORG, site.space, site.upn, "Europe/London")
    settings = {spec.name: spec.default for spec in compiled.settings}
    now = datetime.now(UTC)
    this = pipeline.Tick(
        program=compiled, space=space, context=Context(now=now, zone=space.zone, user=space.user, settings=settings),
        crm=crm, m365=m365, state=state, run=f"{now:%H%M%S%f}-{next(RUNS)}", clock=milliseconds, everything=full,
    )  # fmt: skip
    fence = state.hold(space.id, this.run, milliseconds(), milliseconds() + pipeline.LEASE_MS)
    if fence is None:
        raise SystemExit("another tick holds the mailbox")
    report = pipeline.run(this, fence)
    state.release(fence)
    if not report.ran:
        raise SystemExit("the guard objected")
    done = Counter[str]({f"{verb} {side} {end}": n for (verb, side, end), n in report.counts.items()})
    return [f"{n} {what}" for what, n in sorted(done.items())] + sorted({reason for _, reason in report.problems})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    site, compiled, spent, did = read_site(given.site), program(), list[float](), list[str]()
    engine = open_database(f"sqlite:///{site.database}", must_exist=True)
    crm, state = CrmSystem(engine, ORG), SqlState(engine, ORG, milliseconds)
    with GraphSystem(site.endpoints(), lambda space: FileStore(Path(site.cache))) as m365:
        for _ in range(given.times):
            began = time.process_time()
            did = tick(site, compiled, crm, m365, state, given.full)
            spent.append(time.process_time() - began)
    sys.stdout.write(json.dumps({"did": did, "cpu": spent}) + "\n")


if __name__ == "__main__":
    main()
