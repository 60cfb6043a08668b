"""The applying step: the only caller of ``write``. Intents first, then the systems, then what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.links import Base, Link
from engine.plans import Action, Decision
from engine.port import Ended, Fence, Intent, LinkChange, Outcome, Refused, Stale, State, Unknown, WriteView, Written
from engine.records import CRM, M365, Key, Record, Reference, Side
from engine.sync.lists import facing, remembered
from engine.sync.read import Progress
from engine.sync.rows import meeting, recalled, with_values
from engine.sync.rules import Rules
from engine.sync.slots import beyond, view

BATCH: Final = 1000
"""Decisions that share intents and their end: a commit each, so that a first sync is not all commits."""
SENT: Final = 100
"""Of them at most so many that are sent over the network: what a crash leaves to be settled stays small."""
CLAIM_MS: Final = 120_000
MEETING_MS: Final = 86_400_000
"""A meeting is found by no key in the CRM: until its maker has settled what became of a lost answer, nobody else makes
it."""
BEING_CREATED: Final = "the same person is being created by another mailbox"


@dataclass(slots=True)
class Applied:
    """``counts`` per (verb, side, end); ``again`` the decisions to be made again because a record moved on;
    ``problems`` what people should read (title, reason)."""

    counts: Counter[tuple[str, Side, str]] = field(default_factory=Counter)
    again: list[Decision] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)


class Applier(Struct, frozen=True):
    rules: Rules
    writers: Mapping[Side, WriteView]
    state: State
    fence: Fence
    clock: Callable[[], int]
    progress: Progress
    applied: Applied

    def run(self, decisions: Sequence[Decision]) -> Applied:
        done = 0
        for batch in _batches(decisions):
            free = self._claimed(batch)
            if free:
                self._write(free)
            done += len(batch)
            self.progress("writing", done)
        return self.applied

    # ---- claims: one person, one CRM record ----

    def _claimed(self, batch: Sequence[Decision]) -> list[Decision]:
        """The decisions whose CRM creation nobody else has made or is making."""
        kind = self.rules.program.name
        keys = {key for decision in batch for key in decision.claims}
        if not keys:
            return list(batch)
        now = self.clock()
        known = self._entries()
        meetings = {key for key in keys if key.entry not in known}
        taken = set(self.state.claim(self.fence, kind, keys - meetings, now, now + CLAIM_MS))
        asked = keys - meetings - taken
        if meetings:
            taken |= self.state.claim(self.fence, kind, meetings, now, now + MEETING_MS)
        crm = self.writers[CRM]
        taken |= {key for key, _ in crm.find(self.rules.program.crm.kind, asked)}
        if not taken:
            return list(batch)
        late = [decision for decision in batch if taken.intersection(decision.claims)]
        if late:
            freed = {key for decision in late for key in decision.claims}
            self.state.finish(self.fence, kind, (), (), freed)
            self.applied.again.extend(late)
            self.applied.problems.extend((decision.title, BEING_CREATED) for decision in late)
        return [decision for decision in batch if decision not in late]

    def _entries(self) -> frozenset[str]:
        """Entries by whose keys the CRM knows its records."""
        return frozenset([match.entry for match in self.rules.program.matches])

    # ---- writing ----

    def _write(self, batch: Sequence[Decision]) -> None:
        self.state.intend(self.fence, self.rules.run, [i for decision in batch for i in self._intents(decision)])
        outcomes: dict[str, Outcome] = {}
        crm = [action for decision in batch for action in decision.actions if action.side == CRM]
        if crm:
            outcomes.update(_by_action(self.writers[CRM].write(crm)))
        m365 = [action for decision in batch for action in self._still_due(decision, outcomes)]
        if m365:
            outcomes.update(_by_action(self.writers[M365].write(m365)))
        known = self._entries()
        changes, ended, freed = list[LinkChange](), list[Ended](), set[Key]()
        for decision in batch:
            results = [outcomes.get(action.id) or Stale(action.id) for action in decision.actions]
            changes.extend(self._change(decision, results))
            ended.extend(map(_ended, decision.actions, results))
            unknown = any(isinstance(result, Unknown) for result in results)
            freed.update(key for key in decision.claims if not unknown or key.entry in known)
            self._count(decision, results)
        self.state.finish(self.fence, self.rules.program.name, ended, changes, freed)

    def _intents(self, decision: Decision) -> Iterator[Intent]:
        link = decision.link or decision.before
        assert link is not None
        for action in decision.actions:
            yield Intent(
                action, self.rules.program.name, self.rules.run, decision.pair, link.crm_id, link.m365_id, self.clock()
            )

    def _still_due(self, decision: Decision, outcomes: Mapping[str, Outcome]) -> Iterator[Action]:
        """Actions on Microsoft 365, unless the CRM half of the same decision did not go through."""
        first = [outcomes[action.id] for action in decision.actions if action.id in outcomes]
        if all(isinstance(outcome, Written) for outcome in first):
            yield from (action for action in decision.actions if action.side == M365)

    def _change(self, decision: Decision, results: Sequence[Outcome]) -> Iterator[LinkChange]:
        if any(isinstance(outcome, Unknown) for outcome in results):
            return
        refused = next((outcome for outcome in results if isinstance(outcome, Refused)), None)
        if refused is not None:
            yield from stored(decision, *self._refused(decision, refused))
        elif all(isinstance(outcome, Written) for outcome in results):
            yield from stored(decision, *written(self.rules, decision, [o for o in results if isinstance(o, Written)]))

    def _refused(self, decision: Decision, refused: Refused) -> tuple[Link, None]:
        """The pair is held with the reason; the agreed state stays, so the difference stays known."""
        link = decision.link or decision.before
        assert link is not None
        held = replace(link, state="held", reason=refused.reason, attempts=link.attempts + 1, wake_at=None)
        return held, None

    def _count(self, decision: Decision, results: Sequence[Outcome]) -> None:
        for action, outcome in zip(decision.actions, results, strict=True):
            self.applied.counts[action.verb, action.side, _end(outcome)] += 1
            if isinstance(outcome, Refused):
                self.applied.problems.append((decision.title, outcome.reason))
            if isinstance(outcome, Unknown):
                self.applied.problems.append((decision.title, "the answer was lost; the next run settles it"))
        if any(isinstance(outcome, Stale) for outcome in results) and not any(
            isinstance(outcome, Unknown | Refused) for outcome in results
        ):
            self.applied.again.append(decision)


def stored(decision: Decision, link: Link | None, base: Base | None) -> Iterator[LinkChange]:
    """The rows that a decision leaves behind; the links it takes the place of go first."""
    yield from (LinkChange(id, None) for id in decision.supersedes)
    yield LinkChange(decision.pair, link, base)


def written(rules: Rules, decision: Decision, results: Sequence[Written]) -> tuple[Link | None, Base | None]:
    """The link and base after all writes of a decision: what the sides returned is what was agreed."""
    link, base = decision.link, decision.base
    if link is None:
        return None, None
    for action, result in zip(decision.actions, results, strict=True):
        if result.record is not None:
            link = _identified(rules, link, action, result.record)
            base = _returned(rules, base, action, result.record)
        if link.copy and link.copy in (action.copy, action.target):
            link = replace(link, copy="")
    return link, base


def _identified(rules: Rules, link: Link, action: Action, record: Record) -> Link:
    if action.side == CRM:
        return replace(link, crm_id=record.id, crm_version=record.version)
    container = rules.program.m365.container()
    home = record.values.get(container.name) if container else None
    collection = home.id or "" if isinstance(home, Reference) else link.collection
    link = replace(link, m365_id=record.id, m365_version=record.version, collection=collection)
    return with_values(link, **meeting(rules.program, record))


def _returned(rules: Rules, base: Base, action: Action, record: Record) -> Base:
    before = base.crm if action.side == CRM else base.m365
    groups = rules.layout.slots[action.side]
    seen = view(record.values, before, groups)
    lasting = rules.layout.paths[action.side]
    paths = lasting if action.verb == "create" else [c.path for c in action.changes if c.path in lasting]
    after = {**before, **{path: seen[path] for path in paths if path in seen}}
    merging, other = rules.layout.merging[action.side], base.m365 if action.side == CRM else base.crm
    others = facing(rules.program.lines, action.side, other) if merging else {}
    after = remembered(merging, action.side, after, before, rules.context, others)
    after.update(beyond(record.values, seen, before, groups))
    if action.side == CRM:
        return Base(after, base.m365)
    return Base(base.crm, after | recalled(rules.program, record))


def _batches(decisions: Sequence[Decision]) -> Iterator[Sequence[Decision]]:
    batch, sent = list[Decision](), 0
    for decision in decisions:
        if not decision.actions:
            continue
        remote = any(action.side == M365 for action in decision.actions)
        if len(batch) == BATCH or sent + remote > SENT:
            yield batch
            batch, sent = [], 0
        batch.append(decision)
        sent += remote
    if batch:
        yield batch


def _by_action(outcomes: Iterator[Outcome]) -> dict[str, Outcome]:
    return {outcome.action: outcome for outcome in outcomes}


def _end(outcome: Outcome) -> str:
    return type(outcome).__name__.lower().replace("written", "done")


def _ended(action: Action, outcome: Outcome) -> Ended:
    if isinstance(outcome, Written):
        record = outcome.record
        id = record.id if record else action.target
        crm_id, m365_id = (id, None) if action.side == CRM else (None, id)
        return Ended(action.id, "done", crm_id, m365_id, record.version if record else "")
    if isinstance(outcome, Refused):
        return Ended(action.id, "refused", note=outcome.reason)
    return Ended(action.id, "stale" if isinstance(outcome, Stale) else "unknown")


def unsent(decisions: Collection[Decision]) -> tuple[set[str], set[str]]:
    """(CRM ids, Microsoft 365 ids) of the records behind these decisions."""
    links = [link for d in decisions for link in (d.link, d.before) if link is not None]
    return {link.crm_id for link in links if link.crm_id}, {link.m365_id for link in links if link.m365_id}
