"""From a checked rule set to a Program: every section written into one module, compiled, and handed over."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, Protocol

from msgspec import Struct

from engine.language import keys
from engine.language.checked import (
    Changed,
    Entry,
    FieldRef,
    MapRule,
    MatchRule,
    MayRead,
    Operand,
    PolicyRule,
    RuleSet,
    SettingRef,
    TodayRef,
)
from engine.language.codegen import entries, expressions, lines, nodes
from engine.language.codegen.entries import Sections
from engine.language.codegen.expressions import SIDES, Conditions
from engine.language.codegen.nodes import Module, answer, at, call, constant, name
from engine.language.comparisons import conditions
from engine.language.flips import clocked, never, next_flip, tippings
from engine.language.keys import Alternative, Term
from engine.language.program import Choice, Copies, Instants, Line, MatchEntry, Place, Program, Reason, Series
from engine.lenses.base import Lens, Merging
from engine.records import Side
from engine.schema import Schema, steps

FUNCTIONS: Final[dict[str, object]] = {
    **expressions.FUNCTIONS,
    **lines.FUNCTIONS,
    **entries.FUNCTIONS,
    "keys_of": keys.keys_of,
    "united": keys.united,
}
"""All that generated code may call."""

LANGUAGE: Final = 1
"""The number of the rule language this compiler speaks; part of every digest."""

SIDES_OF_A_PAIR: Final[tuple[Side, ...]] = ("crm", "m365")

_ANSWERS: Final = (
    "direction", "scope", "reads_collection", "leaving", "window", "change", "conflict", "first_agreement", "moved",
)  # fmt: skip


class Checked(Struct, frozen=True):
    """A rule set without problems: the lens of every map line, and the alternatives of every match entry, by id."""

    rules: RuleSet
    lenses: Mapping[str, Lens]
    alternatives: Mapping[str, tuple[Alternative, ...]]


class Generator:
    """Writes one rule set's module; ``tree`` is what will be compiled."""

    def __init__(self, checked: Checked) -> None:
        self.rules = checked.rules
        self.checked = checked
        self.module = Module(checked.rules.file, dict(FUNCTIONS))
        self.conditions = Conditions(self.module, {"crm": checked.rules.crm, "m365": checked.rules.m365})
        self.guards: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.projected: dict[Side, frozenset[int]] = {}

    def write(self) -> None:
        Sections(self.rules, self.module, self.conditions).write()
        if self.rules.copies is not None:
            body = [answer(self.conditions.holds(self.rules.copies.read))]
            self.module.function("leads", SIDES, body, self.rules.copies.same.span)
        self._match_keys()
        for number, rule in enumerate(self.rules.lines):
            self._line_functions(number, rule)
        drafts = [(rule, self._line(rule, {})) for rule in self.rules.lines]
        span = self.rules.entry.span
        lines.write_moved(self.module, span, drafts)
        for side in SIDES_OF_A_PAIR:
            self.projected[side] = lines.write_project(self.module, span, drafts, side)
        self._clock()

    def program(self, text: str) -> Program:
        """Compile what was written. ``text`` is the rule file's text, for the digest."""
        made = self.module.compiled()
        rules = self.rules
        answers: dict[str, Any] = {called: made[called] for called in _ANSWERS}
        return Program(
            digest=digest(rules, text), name=rules.name, crm=rules.crm, m365=rules.m365, settings=rules.settings,
            projected=self.projected, reads={side: self._reads(side) for side in SIDES_OF_A_PAIR},
            entries=places(rules), lines=tuple(self._line(rule, made) for rule in rules.lines),
            conflict_per=rules.conflict_per, fill_empty=rules.fill.policy == "fill it", fill_entry=rules.fill.entry.id,
            matches=self._matches(made), if_several=choice(rules.if_several), if_taken=choice(rules.if_taken),
            if_none=choice(rules.if_none), barred=barred(rules), window_choice=entries.window_choice(rules),
            project={"crm": made["project_crm"], "m365": made["project_m365"]}, flip=self._flip(made),
            parts=made["wanted_parts"],
            skip={side: made[f"skip_{side}"] for side in entries.skipped(rules)},
            copies=self._copies(made), series=series(rules), recalls=recalls(rules, self.checked.lenses),
            asks_changed=any(isinstance(test, Changed) for expr in conditions(rules) for test in keys.leaves(expr)),
            **answers,
        )  # fmt: skip

    def _copies(self, made: Mapping[str, Any]) -> Copies | None:
        rule = self.rules.copies
        if rule is None:
            return None
        return Copies(
            entry=rule.same.id, organiser=rule.organiser.path, leads=made["leads"], first_synced=rule.first_synced,
            own=rule.own.id if rule.own else "",
        )  # fmt: skip

    def _reads(self, side: Side) -> frozenset[str]:
        """Fields that conditions, keys and sources look at, those of the map lines, and what the schema points out."""
        schema = self.rules.crm if side == "crm" else self.rules.m365
        found = {name for of_side, name in self.module.reads if of_side == side}
        for rule in self.rules.lines:
            ends = (rule.left, rule.right, rule.added)
            found |= {steps(end.path)[0].name for end in ends if isinstance(end, FieldRef) and end.side == side}
        return frozenset(found | pointed_out(schema))

    # ---- map lines --------------------------------------------------------------------------------------------

    def _line_functions(self, number: int, rule: MapRule) -> None:
        span = rule.entry.span
        if rule.guard is not None:
            body = [at(span, answer(self.conditions.holds(rule.guard)))]
            self.guards[rule.entry.id] = self.module.function(f"guard_{number}", SIDES, body, span)
        source = end(rule)
        if source is not None:
            body = [at(span, answer(self._source(rule, source)))]
        elif rule.or_user is not None:
            lens = self.module.value(self.checked.lenses[rule.entry.id], "lens")
            body = [at(span, answer(call("found_or_user", lens, self.conditions.operand(rule.right), name("context"))))]
        if source is not None or rule.or_user is not None:
            self.sources[rule.entry.id] = self.module.function(f"source_{number}", SIDES, body, span)

    def _source(self, rule: MapRule, source: Operand) -> ast.expr:
        """What the end of a line that is no field comes to, in the terms of the field that is written."""
        here = name("context")
        if isinstance(source, TodayRef) and rule.at is not None:
            return call("today_at", here, constant(rule.at.spec.name))
        if not isinstance(source, SettingRef) or source.spec.target is None:
            return self.conditions.operand(source)
        side, kind = source.spec.target
        called = constant(source.spec.name)
        found = call("chosen", here, called, constant(side), constant(kind))
        lens = self.module.value(self.checked.lenses[rule.entry.id], "lens")
        return call("put", constant("m365" if rule.arrow == "->" else "crm"), lens, called, found, here)

    def _line(self, rule: MapRule, made: Mapping[str, Any]) -> Line:
        """The line as a value; before compiling, its guard and source are stand-ins that only say they exist."""
        guard, source = self.guards.get(rule.entry.id), self.sources.get(rule.entry.id)
        lens = self.checked.lenses[rule.entry.id]
        return Line(
            entry=rule.entry.id,
            crm_path=rule.left.path if isinstance(rule.left, FieldRef) else None,
            m365_path=rule.right.path if isinstance(rule.right, FieldRef) and rule.or_user is None else None,
            lens=lens,
            to_m365=rule.arrow != "<-",
            to_crm=rule.arrow != "->",
            on_create=rule.timing == "on create",
            on_first_sync=rule.timing == "on first sync",
            always=rule.always is not None,
            keep_others=rule.keep_others is not None,
            added=rule.added.path if rule.added else None,
            merging=lens if isinstance(lens, Merging) else None,
            sticky=rule.sticky.value if rule.sticky else None,
            guard=made.get(guard, _before_compiling) if guard else None,
            source=made.get(source, _before_compiling) if source else None,
        )

    # ---- matching ---------------------------------------------------------------------------------------------

    def _match_keys(self) -> None:
        for number, rule in enumerate(self.rules.matches):
            found = self.checked.alternatives[rule.entry.id]
            for side in SIDES_OF_A_PAIR:
                groups = [self._group(rule, alternative, side) for alternative in found]
                body = [answer(call("united", *groups))]
                self.module.function(f"{side}_keys_{number}", (side, "context"), body, rule.entry.span)

    def _group(self, rule: MatchRule, alternative: Alternative, side: Side) -> ast.expr:
        """The keys of one alternative, where this side's tests hold; else none."""
        own = alternative.crm if side == "crm" else alternative.m365
        tests = [self.conditions.holds(test) for test in own]
        terms = [self._term(term, side, rule.ignoring_case) for term in alternative.terms]
        made = call("keys_of", constant(rule.entry.id), constant(rule.ignoring_case), *terms)
        return nodes.choose(nodes.all_of(*tests), made, nodes.tuple_of()) if tests else made

    def _term(self, term: Term, side: Side, folded: bool) -> ast.expr:
        ref = term.crm if side == "crm" else term.m365
        value = self.conditions.operand(ref)
        if term.by == "day":
            value = call("span_of_day" if term.crm.type.name == "instant" else "day_of", name("context"), value)
        elif term.by == "instant":
            value = call("span_of_instant", name("context"), value)
        return nodes.tuple_of(constant(term.crm.path), value, constant(folded and term.by == "value"))

    def _matches(self, made: Mapping[str, Any]) -> tuple[MatchEntry, ...]:
        return tuple(
            MatchEntry(rule.entry.id, made[f"crm_keys_{number}"], made[f"m365_keys_{number}"])
            for number, rule in enumerate(self.rules.matches)
        )

    # ---- clock ------------------------------------------------------------------------------------------------

    def _clock(self) -> None:
        found = clocked(self.rules)
        if not found:
            return
        span = self.rules.entry.span
        answers = _distinct(
            [side for expr in found for side in (self.conditions.holds(expr), self.conditions.fails(expr))]
        )
        sharing = nodes.Sharing(_OF_THE_CLOCK, answers)
        told = answer(nodes.tuple_of(*[sharing.visit(one) for one in answers]))
        self.module.function("clock_state", SIDES, [*sharing.before, told], span)
        points = [self._crossing(tip.operand, tip.amount, tip.unit) for expr in found for tip in tippings(expr)]
        self.module.function("clock_points", SIDES, [answer(nodes.list_of(*_distinct(points)))], span)

    def _crossing(self, operand: Operand, amount: int, unit: str) -> ast.expr:
        value = self.conditions.operand(operand)
        return call("crossings", name("context"), value, constant(amount), constant(unit))

    def _flip(self, made: Mapping[str, Any]) -> Instants:
        return next_flip(made["clock_points"], made["clock_state"]) if "clock_points" in made else never


def _distinct(made: Iterable[ast.expr]) -> list[ast.expr]:
    """Rules say the same in several places; asked by the clock it is asked once."""
    return list({ast.dump(one): one for one in made}.values())


_OF_THE_CLOCK: Final = frozenset({"after", "before", "between", "shifted", "this_day", "this_instant"})


def _before_compiling(*_: object) -> Any:
    raise AssertionError("the module is not compiled yet")


def generate(checked: Checked, text: str) -> Program:
    """The Program of a rule set in which no problem was found. ``text`` is the rule file's text."""
    generator = Generator(checked)
    generator.write()
    return generator.program(text)


def end(rule: MapRule) -> Operand | None:
    """The end of a line that is no field, if there is one."""
    return next((operand for operand in (rule.left, rule.right) if not isinstance(operand, FieldRef)), None)


def pointed_out(schema: Schema) -> set[str]:
    """The fields that the schema itself says something about, whatever that is."""
    told = [getattr(schema, one.name) for one in fields(schema) if one.name not in ("fields", "by_name")]
    names = {name for one in told for name in (one if isinstance(one, tuple) else (one,)) if isinstance(name, str)}
    return {field.name for field in schema.fields if field.name in names or field.container or field.part}


def choice(rule: PolicyRule) -> Choice:
    return Choice(entries.policy(rule), rule.entry.id)


def series(rules: RuleSet) -> Series | None:
    """What the section series chose."""
    if rules.series is None:
        return None
    found = rules.series
    return Series(
        cancelled=choice(found.cancelled), deleted=choice(found.deleted), all_deleted=choice(found.all_deleted)
    )


def recalls(rules: RuleSet, lenses: Mapping[str, Lens]) -> tuple[str, ...]:
    """Fields of Microsoft 365 that the section changes asks about once the record is gone, and that no base holds:
    they are not mapped at every sync, or merged, so that bases tell what travels and no more."""
    held = {
        rule.right.path
        for rule in rules.lines
        if isinstance(rule.right, FieldRef) and rule.guard is None and rule.timing is None and rule.or_user is None
        if not isinstance(lenses[rule.entry.id], Merging)
    }
    asked = (
        steps(ref.path)[0].name
        for rule in rules.changes
        if rule.event in ("deleted in m365", "cancelled in m365") and rule.guard is not None
        for ref in keys.fields(rule.guard)
        if ref.side == "m365"
    )
    return tuple(sorted({name for name in asked if name not in held}))


def barred(rules: RuleSet) -> Reason | None:
    """The reason of the entry that speaks of the user's permission to read."""
    for rule in rules.scope:
        if isinstance(rule.needs, MayRead):
            return Reason(rule.reason, rule.entry.id, rule.side)
    return None


def digest(rules: RuleSet, text: str) -> str:
    """One digest for the text of the rules, both schemas and the language: what programs are told apart by."""
    parts = (str(LANGUAGE), rules.crm.digest(), rules.m365.digest(), text)
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def places(rules: RuleSet) -> dict[str, Place]:
    """Where every entry stands, by id."""
    return {entry.id: Place(entry.span.file, entry.span.line, entry.text) for entry in every_entry(rules)}


def every_entry(rules: RuleSet) -> Iterator[Entry]:
    """All entries of a rule set, headings included."""
    yield rules.entry
    yield from rules.setting_entries
    policies = (rules.outside, rules.undated, rules.if_several, rules.if_taken, rules.if_none, rules.fill)
    yield from (rule.entry for rule in policies if rule is not None)
    for table in rules.translations:
        yield table.entry
        yield from (row.entry for row in table.rows)
        yield from (keep.entry for keep in table.keeps)
    many: tuple[Sequence[HasEntry], ...] = (
        (rules.direction,), rules.scope, rules.leaving, rules.window, rules.matches, rules.lines,
        rules.first_agreement, rules.changes, rules.conflict, rules.skips, rules.fetches,
    )  # fmt: skip
    yield from (rule.entry for group in many for rule in group)
    for section in (rules.copies, rules.series):
        yield from section.entries if section is not None else ()


class HasEntry(Protocol):
    """Any rule of a rule set."""

    @property
    def entry(self) -> Entry: ...
