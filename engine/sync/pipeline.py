"""One tick on one screen: settle, read, pair and complete, decide, plan, guard, apply, remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from engine.context import Context, SettingValue
from engine.errors import LeaseLost
from engine.language.program import Program
from engine.links import Link, Space
from engine.plans import Class, Decision, Header, Plan, Verdict
from engine.port import Fence, ReadView, State, System, WriteView
from engine.records import CRM, M365, Side
from engine.sync.apply import Applied, Applier, stored, unsent
from engine.sync.complete import Completer
from engine.sync.decide import decide_all
from engine.sync.gather import Gatherer
from engine.sync.groups import as_series
from engine.sync.guard import DEFAULT_LIMITS, Guard, Limit
from engine.sync.pairs import Pairing
from engine.sync.read import Progress, Reading, again, read_changes, silent
from engine.sync.rules import Rules
from engine.sync.settle import Settled, settle
from engine.sync.slots import Layout, layout
from engine.sync.warn import Neighbours, nobody, warned

LEASE_MS: Final = 180_000
PAGE: Final = 500
"""Pairs decided together."""
ATTEMPTS: Final = 3
"""How often a pair whose record moved on under a write is decided within one run."""


class Tick(Struct, frozen=True, kw_only=True):
    """One space and one rule file at one instant. ``everything`` reads both sides whole, whatever the cursors say.
    ``clock`` gives UTC milliseconds, for leases only. ``others`` are the contexts of the space's further members: each
    pair is decided by the rules of one of them. ``neighbours`` tells of other spaces, for warnings."""

    program: Program
    space: Space
    context: Context
    crm: System
    m365: System
    state: State
    run: str
    clock: Callable[[], int]
    everything: bool = False
    limits: Mapping[Class, Limit] = field(default_factory=lambda: DEFAULT_LIMITS)
    progress: Progress = silent
    others: tuple[Context, ...] = ()
    neighbours: Neighbours = nobody

    @property
    def contexts(self) -> tuple[Context, ...]:
        return (self.context, *self.others)

    @property
    def now(self) -> int:
        return int(self.context.now.timestamp() * 1000)


class Report(Struct, frozen=True):
    """What a run did. ``counts`` per (verb, side, end); ``skipped`` are titles of saved decisions that no longer
    hold; ``ran`` is false where the guard or a switched-off direction kept everything from running."""

    plan: Plan
    counts: Mapping[tuple[str, Side, str], int]
    problems: Sequence[tuple[str, str]] = ()
    skipped: Sequence[str] = ()
    ran: bool = True


class _Prepared(Struct, frozen=True):
    plan: Plan
    rules: Rules
    reading: Reading
    settled: Settled
    layout: Layout


def plan(tick: Tick) -> Plan:
    """What the next run would do. Reads only: neither side, nor the state, is written."""
    return _prepare(tick, tick.crm.reader(tick.space), tick.m365.reader(tick.space)).plan


def run(tick: Tick, fence: Fence, only: Mapping[str, str] | None = None, confirmed: str | None = None) -> Report:
    """Do what the rules say. ``only`` (decision content ▸ title) limits the run to what a saved plan announced;
    ``confirmed`` is the digest of a plan a person agreed to, although the guard objects."""
    held = _Lease(tick, fence, fence.until)
    crm, m365 = tick.crm.writer(tick.space, held.ours), tick.m365.writer(tick.space, held.ours)
    prepared = _prepare(tick, crm, m365, fence)
    plan, skipped = prepared.plan, []
    if only is not None:
        kept = tuple(d for d in plan.decisions if d.actions and d.content() in only)
        missing = set(only) - {decision.content() for decision in kept}
        skipped = [title for content, title in only.items() if content in missing]
        plan = replace(plan, decisions=kept, verdict=_judge(tick, prepared.reading, kept))
    if not plan.verdict.allowed and confirmed != plan.digest():
        return Report(plan, {}, skipped=skipped, ran=False)
    applier = Applier(prepared.rules, {CRM: crm, M365: m365}, tick.state, fence, tick.clock, tick.progress, Applied())
    applied = applier.run(plan.decisions)
    left = _decide_again(tick, prepared, applier, crm, m365) if only is None else []
    if only is None:
        _remember(tick, fence, prepared, left)
    else:
        skipped += [decision.title for decision in applied.again]
    return Report(plan, dict(applied.counts), tuple(applied.problems), tuple(skipped))


def _prepare(tick: Tick, crm: ReadView, m365: ReadView, fence: Fence | None = None) -> _Prepared:
    state, program = tick.state, tick.program
    intents = state.open_intents(tick.space.id, program.name)
    settled = settle(intents, program, tick.space, crm, m365, state)
    if fence is not None and (settled.ended or settled.unclear):
        state.finish(fence, program.name, settled.ended, settled.changes(), ())
    before = state.feeds(tick.space.id, program.name)
    reading = read_changes(program, tick.contexts, crm, m365, before, tick.everything, tick.progress)
    shape = layout(program)
    decisions, rules = _decisions(tick, shape, reading, settled, crm, m365, tick.run)
    header = Header(
        org=tick.space.org, space=tick.space.id, user=tick.space.user, kind=program.name, program=program.digest,
        settings={name: plain(value) for name, value in sorted(tick.context.settings.items())},
        now=tick.context.now.isoformat(), zone=tick.context.zone, cause=reading.cause, inputs=reading.digest(),
        read={side: len(reading.records[side]) for side in (CRM, M365)},
    )  # fmt: skip
    plan = Plan(header=header, decisions=decisions, verdict=_judge(tick, reading, decisions))
    return _Prepared(plan, rules, reading, settled, shape)


def _decisions(
    tick: Tick, shape: Layout, reading: Reading, settled: Settled, crm: ReadView, m365: ReadView, run: str
) -> tuple[tuple[Decision, ...], Rules]:
    gatherer = Gatherer(
        tick.program, shape, tick.space, tick.context, crm, m365, tick.state, reading, settled
    )  # fmt: skip
    completer = Completer(tick.program, shape, tick.contexts, tick.space, tick.state, crm, m365)
    direction = tick.program.direction(tick.context)
    rules = Rules(
        tick.program, shape, tick.context, direction, tick.space, run, reading.home, tick.m365.effects,
        first=not reading.before.basis,
    )  # fmt: skip
    pages = completer.pages(gatherer.run(), PAGE)
    found = (_warned(tick, page, _decided(completer, rules.under(context), page)) for context, page in pages)
    decided = tuple(decision for decisions in found for decision in decisions)
    return as_series(rules, decided, lambda: _links(tick)), rules


def _warned(tick: Tick, page: Sequence[Pairing], decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    return warned(tick.program, tick.space, tick.state, tick.neighbours, page, decisions)


def _links(tick: Tick) -> Iterator[Link]:
    return (link for link, _ in tick.state.links(tick.space.id, tick.program.name))


def _decided(completer: Completer, rules: Rules, page: Sequence[Pairing]) -> tuple[Decision, ...]:
    """The decisions of one page; those that delete an item are made again once it is read whole."""
    decisions = decide_all(rules, page)
    doomed = {d.pair for d in decisions if any((a.verb, a.side) == ("delete", M365) for a in d.actions)}
    whole = completer.whole([pairing for pairing in page if pairing.id in doomed])
    if not whole:
        return decisions
    again = {decision.pair: decision for decision in decide_all(rules, whole)}
    return tuple(again.get(decision.pair, decision) for decision in decisions)


def _judge(tick: Tick, reading: Reading, decisions: Sequence[Decision]) -> Verdict:
    def links() -> int:
        return sum(1 for _ in tick.state.links(tick.space.id, tick.program.name))

    actions = [action for decision in decisions for action in decision.actions]
    return Guard(links, reading.cause == "first", tick.limits).judge(actions)


def _decide_again(tick: Tick, prepared: _Prepared, applier: Applier, crm: WriteView, m365: WriteView) -> list[Decision]:
    """Pairs whose record moved on while we wrote: read and decided afresh; what is still unsettled is returned."""
    for attempt in range(1, ATTEMPTS):
        stale, applier.applied.again = applier.applied.again, []
        if not stale:
            return []
        reading = again(prepared.reading, *unsent(stale))
        nothing = Settled({}, ())
        decisions, rules = _decisions(tick, prepared.layout, reading, nothing, crm, m365, f"{tick.run}.{attempt}")
        if not _judge(tick, reading, decisions).allowed:
            return stale
        replace(applier, rules=rules).run(decisions)
        _store(tick, applier.fence, decisions)
    return applier.applied.again


def _store(tick: Tick, fence: Fence, decisions: Sequence[Decision]) -> None:
    changes = [c for d in decisions if not d.actions and _moves(d) for c in stored(d, d.link, d.base)]
    if changes:
        tick.state.finish(fence, tick.program.name, (), changes, ())


def _remember(tick: Tick, fence: Fence, prepared: _Prepared, left: Sequence[Decision]) -> None:
    """Cursors move on together with everything that was delivered and not written: nothing lives only in a feed."""
    before, after = prepared.reading.before, prepared.reading.after
    quiet = [d for d in prepared.plan.decisions if not d.actions and _moves(d)]
    changes = [change for d in quiet for change in stored(d, d.link, d.base)]
    changes += [change for d in left for change in stored(d, _waiting(tick, d), None)]
    if before == after and not changes:
        return
    if not tick.state.advance(fence, tick.program.name, before, after, changes):
        raise LeaseLost("another process moved this space's cursors")


def _moves(decision: Decision) -> bool:
    return decision.link is not None or decision.before is not None


def _waiting(tick: Tick, decision: Decision) -> Link:
    """The row that brings an unsettled pair back at the next tick, with the base it had."""
    link = decision.before or decision.link
    assert link is not None
    waiting: Link = replace(link, wake_at=tick.now, reason="changed while it was being written")
    if decision.before is None:
        waiting = replace(waiting, state="waiting", keys=decision.claims)
    return waiting


@dataclass(slots=True)
class _Lease:
    """Whether a request may still be sent; renewed when half of it has passed."""

    tick: Tick
    fence: Fence
    until: int

    def ours(self) -> bool:
        now = self.tick.clock()
        if self.until - now > LEASE_MS // 2:
            return True
        try:
            self.tick.state.renew(self.fence, now + LEASE_MS)
        except LeaseLost:
            return False
        self.until = now + LEASE_MS
        return True


def plain(value: SettingValue) -> object:
    """A setting's value as JSON."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return list(value) if isinstance(value, tuple) else "everything"
