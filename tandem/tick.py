"""One tick of one space: take the lease, run the pipeline for every rule file, give it back, note how it went."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import sqlalchemy as sa
from msgspec import structs

from engine.errors import LeaseLost, SignInNeeded, Unavailable
from engine.language.program import Program
from engine.plans import Plan
from engine.port import Fence, Intent
from engine.records import M365
from engine.sync.pipeline import LEASE_MS, Report, plan, run
from engine.sync.pipeline import Tick as PipelineTick
from engine.sync.read import Progress, silent
from state import spaces
from state.accounts import pause_account
from state.database import reading
from state.journal import Run, record_run
from state.spaces import SpaceRecord
from state.store import SqlState
from state.tables import LEASE
from tandem.installation import Installation
from tandem.tasklists import publish_known

Result: TypeAlias = Literal["idle", "done", "guard", "paused", "unavailable", "busy", "lost"]
"""idle: nothing to write. done: written. guard: stopped until a person confirms. paused: the sign-in is needed again.
unavailable: a side can't be used now. busy: another process works on the space. lost: it took over in the middle."""

FAILED: Final[frozenset[Result]] = frozenset({"guard", "paused", "unavailable", "busy", "lost"})


@dataclass(frozen=True, slots=True)
class Order:
    """What a tick shall do besides the usual.

    ``everything`` reads both sides whole. ``only`` (kind ▸ decision content ▸ title) keeps to a saved plan, and
    ``agreed`` says that a person confirmed it. ``confirmed`` are digests of plans that may run although the guard
    objects.
    """

    everything: bool = False
    only: Mapping[str, Mapping[str, str]] | None = None
    agreed: bool = False
    confirmed: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Ticked:
    """How one space and rule file fared. ``text`` says what a person should know; ``report`` is there when the
    pipeline came to its end."""

    record: SpaceRecord
    program: Program
    result: Result
    report: Report | None = None
    text: str = ""

    @property
    def failed(self) -> bool:
        """Another process that works on a space which all users share does this one's work as well."""
        return self.result in FAILED and not (self.result == "busy" and self.record.shared)


class _Journal(SqlState):
    """The state, which also opens the run in the journal as soon as the first write is intended: an idle tick leaves
    no row, a killed one leaves its beginning. Lists of Planner that were just met are in the CRM before a record in
    them is."""

    def __init__(self, installation: Installation, record: SpaceRecord, opening: Run) -> None:
        super().__init__(installation.engine, installation.org, installation.milliseconds, installation.on_commit)
        self.opening = opening
        self.opened = False
        self._installation = installation
        self._record = record

    def intend(self, fence: Fence, run: str, intents: Sequence[Intent]) -> None:
        if not self.opened:
            record_run(self._installation.engine, self._installation.org, self.opening)
            self.opened = True
        if self._record.shared:
            publish_known(self._installation, self._record)
        super().intend(fence, run, intents)


def served(installation: Installation, record: SpaceRecord, programs: Sequence[Program]) -> list[Program]:
    """The rule files whose records live in this space: in a mailbox, or where several users share them. What ships
    switched off, and nobody has ever switched on, is not even read."""
    here = [program for program in programs if program.m365.shared is record.shared]
    return [program for program in here if not installation.asleep(record.space, program)]


def plan_space(
    installation: Installation, record: SpaceRecord, program: Program, *, everything: bool, progress: Progress = silent
) -> Plan:
    """What the next tick would do; writes nothing, and needs no lease."""
    run_id = _run_id(installation)
    return plan(installation.tick(record.space, program, run_id, everything=everything, progress=progress))


def tick_space(
    installation: Installation,
    record: SpaceRecord,
    programs: Sequence[Program],
    order: Order = Order(),
    progress: Progress = silent,
) -> list[Ticked]:
    """Run every rule file whose records live in this space under one lease, up to the first that fails; how each
    fared. A side that can't be used or a sign-in that is gone raises nothing: that space alone has a bad tick."""
    programs = served(installation, record, programs)
    if not programs:
        return []
    now = installation.milliseconds()
    fence = installation.state.hold(record.space.id, _holder(), now, now + LEASE_MS)
    if fence is None:
        return [Ticked(record, programs[0], "busy", text=_busy(installation, record))]
    results: list[Ticked] = []
    retry: float | None = None
    _announce(installation, record, programs)
    try:
        for program in programs:
            ticked, retry = _one(installation, record, program, fence, order, progress)
            results.append(ticked)
            if record.shared:
                results += _left_out(installation, record, program)
            if ticked.failed:
                break
        _note(installation, record, results, retry, fence)
    except BaseException:
        _release(installation, fence)
        raise
    return results


def _announce(installation: Installation, record: SpaceRecord, programs: Sequence[Program]) -> None:
    """Tell Microsoft 365 of all cursors of a mailbox at once: an idle tick is one round trip whatever its kinds."""
    if record.shared or len(programs) < 2:
        return
    wanted: dict[str, dict[str, str]] = {}
    for program in programs:
        installation.m365.want(program.m365.kind, program.reads[M365])  # cursors are good for the fields they were for
        cursors = installation.state.feeds(record.space.id, program.name).cursors
        wanted[program.m365.kind] = {id: cursor for (side, id), cursor in cursors.items() if side == M365}
    installation.m365.expect(record.space, wanted)


def _one(
    installation: Installation,
    record: SpaceRecord,
    program: Program,
    fence: Fence,
    order: Order,
    progress: Progress,
) -> tuple[Ticked, float | None]:
    """One rule file, and after how many seconds the side wants to be asked again."""
    try:
        return _run(installation, record, program, fence, order, progress), None
    except SignInNeeded as problem:
        if record.shared:
            return Ticked(record, program, "paused", text=str(problem)), None
        pause_account(installation.engine, installation.org, record.space.id, str(problem))
        text = f"{problem} This mailbox alone is paused until:  tandem user connect {record.space.user}"
        return Ticked(record, program, "paused", text=text), None
    except Unavailable as problem:
        return Ticked(record, program, "unavailable", text=str(problem)), problem.retry_after
    except LeaseLost:
        text = "another process took over this mailbox; what was not written is left to it"
        return Ticked(record, program, "lost", text=text), None


def _left_out(installation: Installation, record: SpaceRecord, program: Program) -> list[Ticked]:
    """Members whose sign-in has ended: they alone are paused, everybody else goes on."""
    found = []
    for account, problem in installation.m365.troubles(record.space).items():
        member = spaces.find_space(installation.engine, installation.org, account)
        if member is not None and isinstance(problem, SignInNeeded):
            pause_account(installation.engine, installation.org, account, str(problem))
            text = f"{problem} This account alone is paused until:  tandem user connect {member.space.user}"
            found.append(Ticked(member, program, "paused", text=text))
    return found


def _run(
    installation: Installation,
    record: SpaceRecord,
    program: Program,
    fence: Fence,
    order: Order,
    progress: Progress,
) -> Ticked:
    opening = Run(
        id=_run_id(installation), space=record.space.id, kind=program.name, cause="apply" if order.only else "tick",
        now=installation.milliseconds(), rules=program.digest, started=installation.milliseconds(),
    )  # fmt: skip
    journal = _Journal(installation, record, opening)
    tick = installation.tick(
        record.space, program, opening.id, everything=order.everything, state=journal, progress=progress
    )
    try:
        report = _confirmed(tick, fence, order)
    except BaseException as problem:
        if journal.opened:
            _close(installation, opening, type(problem).__name__, {})
        raise
    if journal.opened:
        counts = {" ".join(key): number for key, number in report.counts.items()}
        _close(installation, opening, "done", counts, report.plan.header.cause)
    if record.shared:
        publish_known(installation, record)
    if not report.ran:
        return Ticked(record, program, "guard", report, "the guard stopped the plan; nothing was written")
    return Ticked(record, program, "done" if report.counts else "idle", report)


def _confirmed(tick: PipelineTick, fence: Fence, order: Order) -> Report:
    """Run; and if the guard objects to a plan that a person confirmed by its digest, run that plan."""
    only = None if order.only is None else order.only.get(tick.program.name, {})
    if only is not None and order.agreed:
        # every decision left stands in what was confirmed
        return run(structs.replace(tick, limits={}), fence, only)
    report = run(tick, fence, only)
    if not report.ran and report.plan.digest() in order.confirmed:
        report = run(tick, fence, only, confirmed=report.plan.digest())
    return report


def _close(installation: Installation, opening: Run, outcome: str, counts: Mapping[str, int], cause: str = "") -> None:
    ended = replace(
        opening, outcome=outcome, counts=dict(counts), ended=installation.milliseconds(), cause=cause or opening.cause
    )
    record_run(installation.engine, installation.org, ended)


def _note(
    installation: Installation, record: SpaceRecord, results: Sequence[Ticked], retry: float | None, fence: Fence
) -> None:
    """Write down how it went, and give the lease back with it."""
    now = installation.milliseconds()
    result = next((one.result for one in results if one.failed or one.result == "done"), "idle")
    due = now + int(installation.settings.interval_minutes * 60_000)
    not_before = None if retry is None else now + int(retry * 1000)
    tick = spaces.Tick(at=now, result=result, next_at=due, not_before=not_before)
    spaces.note_tick(installation.engine, installation.org, record.space.id, tick, fence)


def _release(installation: Installation, fence: Fence) -> None:
    try:
        installation.state.release(fence)
    except LeaseLost:
        return  # whoever holds it now gives it back


def _busy(installation: Installation, record: SpaceRecord) -> str:
    wanted = sa.select(LEASE.c.holder, LEASE.c.expires_at).where(
        LEASE.c.org_id == installation.org, LEASE.c.space_id == record.space.id
    )
    with reading(installation.engine) as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None:
        return "another process works on this mailbox"
    left = max(0, (row.expires_at - installation.milliseconds()) // 1000)
    return f"{row.holder} works on this mailbox; if it was killed, its hold ends in {left} s"


def _holder() -> str:
    """Who holds a lease, as people can find it."""
    return f"process {os.getpid()} on {socket.gethostname()} ({secrets.token_hex(3)})"


def _run_id(installation: Installation) -> str:
    """Sorts by time and reads as one."""
    return f"{installation.clock():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
