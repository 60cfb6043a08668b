"""Cases run: what the real rules and the real runner make of them, told in the words of case files."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from engine.cases.coverage import Listener
from engine.cases.expecting import no_more, unmet
from engine.cases.model import Case, Setup, Told, ToldField
from engine.cases.world import HIDDEN, Effects, World
from engine.language.program import Program, Reason
from engine.plans import Action, Decision
from engine.records import CRM, M365, Record, Side
from engine.schema import Schemas
from engine.sync import pipeline
from engine.sync.rules import mark
from engine.sync.slots import Layout, layout


class Ran(Struct, frozen=True):
    """One case with what came of it: ``missing`` was expected and did not come, ``extra`` came unexpected."""

    case: Case
    told: tuple[Told, ...]
    missing: tuple[Told, ...]
    extra: tuple[Told, ...]

    @property
    def passed(self) -> bool:
        return not (self.missing or self.extra or self.case.asks)


class Runner(Struct, frozen=True):
    """Runs cases of one rule file. ``effects`` tells whom a write to Microsoft 365 mails."""

    program: Program
    schemas: Schemas
    shape: Layout
    effects: Effects | None = None

    def run(self, case: Case, listener: Listener | None = None) -> Ran:
        """What comes of a case; ``listener`` hears which entries have a say in it."""
        if listener is None:
            told, _, _ = self.outcome(case.setup, self.program)
        else:
            listener.begin(case.setup)
            told, decisions, world = self.outcome(case.setup, listener.program)
            listener.end(case, decisions, world)
        missing, extra = unmet([one.told for one in case.expected if one.told is not None], told)
        return Ran(case, told, tuple(missing), () if case.asks else tuple(extra))

    def outcome(self, setup: Setup, program: Program) -> tuple[tuple[Told, ...], tuple[Decision, ...], World]:
        """What this program makes of a setup, and the decisions behind it."""
        world = World(self.program, self.schemas, setup, self.effects, self.shape)
        decisions = pipeline.plan(world.tick(program)).decisions
        told = [one for decision in decisions for one in _told(world, decision)]
        told += _left_out(world, program, decisions)
        return no_more(told), decisions, world


def runner(program: Program, schemas: Schemas, effects: Effects | None = None) -> Runner:
    return Runner(program, schemas, layout(program), effects)


def short(entry: str) -> str:
    """An entry's id without the name of its rules."""
    return entry.partition("/")[2]


def _who(world: World, decision: Decision) -> str:
    """Which of the case's records a decision is about."""
    if decision.pair in world.who:
        return world.who[decision.pair]
    for link in (decision.link, decision.before):
        for id in (link.m365_id, link.crm_id) if link is not None else ():
            if id in world.who:
                return world.who[id]
    sides: Sequence[Side] = (CRM, M365)
    marks = {mark(world.space.id, world.program.name, side, id): who for id, who in world.who.items() for side in sides}
    return marks.get(decision.pair, HIDDEN)


def _told(world: World, decision: Decision) -> list[Told]:
    who = _who(world, decision)
    if who == HIDDEN:
        return []
    found = [_write(action, who) for action in decision.actions]
    if decision.note == "matched":
        found.insert(0, Told(what="matched", who=who, entry=short(decision.entry)))
    for refusal in decision.refusals:
        place = f"{refusal.side}.{refusal.path}" if refusal.path else refusal.side
        found.append(Told(what="refused", who=who, place=place, reason=refusal.reason, entry=short(refusal.entry)))
    refused = {refusal.reason for refusal in decision.refusals}
    return found + [one for one in _state(decision, who) if one.what == "held" or one.reason not in refused]


def _write(action: Action, who: str) -> Told:
    fields = tuple(
        ToldField(one.path, one.before, one.after, short(one.entry), one.lost, action.verb != "create")
        for one in (action.changes if action.verb != "delete" else ())
    )
    verb = "recreate" if action.klass == "recreate" else action.verb
    entry = "" if fields and fields[0].entry == short(action.entry) else short(action.entry)
    return Told(
        what=f"{verb} in {action.side}", who=who, reason=action.reason, entry=entry, mail=action.mail, fields=fields
    )


def _state(decision: Decision, who: str) -> list[Told]:
    """What else becomes of the pair, where it is not simply in step from now on."""
    link = decision.link
    if link is None:
        gone = not decision.actions and not decision.refusals and decision.before is not None
        return [Told(what="forgotten", who=who, reason=decision.note)] if gone else []
    words = {"held": "held", "dormant": "left out", "waiting": "left out", "ended": "stopped"}
    if link.state not in words and not link.reason:
        return []
    what = words.get(link.state, "left out")
    return [Told(what=what, who=who, reason=link.reason, entry=short(link.entry))]


def _left_out(world: World, program: Program, decisions: Sequence[Decision]) -> list[Told]:
    """Why a new record came to nothing at all, which no decision tells."""
    if len(world.setup.records) == 2 and world.setup.agreed:
        return []
    decided = {
        id for one in decisions for link in (one.link, one.before) if link for id in (link.crm_id, link.m365_id)
    }  # fmt: skip
    decided |= {action.target for one in decisions for action in one.actions}
    pairs = {one.pair for one in decisions}
    found = []
    for side in world.setup.records:
        record = world.systems[side].area(world.schema(side).kind, world.space.id)[side].record
        if side not in decided and mark(world.space.id, program.name, side, side) not in pairs:
            reason = _why(program, record, world)
            if reason is not None:
                found.append(Told(what="left out", reason=reason.text, entry=short(reason.entry)))
    return found


def _why(program: Program, record: Record, world: World) -> Reason | None:
    crm, m365 = (record, None) if record.side == CRM else (None, record)
    return program.window(crm, m365, world.context) or program.scope(crm, m365, world.context)
