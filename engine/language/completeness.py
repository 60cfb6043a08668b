"""Whether every entry and setting can ever act, and whether the sides can tell what an entry asks of them.

Whether every question has an answer is for policies.py, which knows the sections before their names are resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from math import prod
from typing import Final, Protocol

from engine.context import Context, SettingValue
from engine.language.checked import Constant, Entry, Expr, RuleSet, SettingRef, WinnerRule
from engine.language.codegen.expressions import FUNCTIONS, SIDES, Conditions
from engine.language.codegen.nodes import Module, answer
from engine.language.comparisons import conditions
from engine.language.diagnostics import Note, Problems
from engine.language.keys import fields, operands
from engine.language.program import SettingSpec
from engine.language.wording import SIDE_NAMES, capital
from engine.records import CRM, M365

_LIMIT: Final = 20_000
"""The most combinations of settings that are tried."""

Settings = Mapping[str, SettingValue]


class Guarded(Protocol):
    """One of several entries that answer the same question; the first whose ``when`` holds counts."""

    @property
    def entry(self) -> Entry: ...

    @property
    def guard(self) -> Expr | None: ...


def check(rules: RuleSet, problems: Problems) -> None:
    """Entries that never act, in all sections that answer with the first entry that fits."""
    for reason in dict.fromkeys(rule.reason for rule in rules.leaving):
        _report_shadowed(rules, [rule for rule in rules.leaving if rule.reason == reason], problems)
    for event in dict.fromkeys(rule.event for rule in rules.changes):
        _report_shadowed(rules, [rule for rule in rules.changes if rule.event == event], problems)
    for winners in (rules.conflict, rules.first_agreement):
        _report_shadowed(rules, winners, problems)
        _check_newest(rules, winners, problems)
    _check_windows(rules, problems)
    _check_settings(rules, problems)


def _check_newest(rules: RuleSet, winners: Sequence[WinnerRule], problems: Problems) -> None:
    for rule in winners:
        for schema in (rules.crm, rules.m365):
            if rule.winner == "newest" and not schema.dated:
                text = f"{schema.side}.{schema.kind} does not say when a record was changed."
                problems.add("T552", rule.entry.span, text, "Write “crm wins” or “m365 wins”.")


def _report_shadowed(rules: RuleSet, answers: Sequence[Guarded], problems: Problems) -> None:
    reached = reachable(rules, answers)
    for place, rule in enumerate(answers):
        if place not in reached:
            notes = [Note(answers[place - 1].entry.span, "the entry before it")] if place else []
            text = "This entry never comes to answer: its “when” never holds, or an entry above it always answers."
            problems.add("T550", rule.entry.span, text, "Delete it, or move it up.", *notes)


def _check_windows(rules: RuleSet, problems: Problems) -> None:
    for side in (CRM, M365):
        on_side = [rule for rule in rules.window if rule.field.side == side]
        for rule in on_side[1:]:
            note = Note(on_side[0].entry.span, "the first window")
            text = f"{capital(SIDE_NAMES[side])} has a window already."
            problems.add("T551", rule.entry.span, text, "Keep one per side.", note)


def _check_settings(rules: RuleSet, problems: Problems) -> None:
    """A declared setting that no rule reads would be offered to people and do nothing."""
    used = {rules.direction.follow.spec.name}
    for expr in conditions(rules):
        used |= {operand.spec.name for operand in operands(expr) if isinstance(operand, SettingRef)}
    for line in rules.lines:
        used |= {end.spec.name for end in (line.left, line.right) if isinstance(end, SettingRef)}
    for spec, entry in zip(rules.settings, rules.setting_entries, strict=True):
        if spec.name not in used:
            problems.add(
                "T553", entry.span, f"No rule uses the setting “{spec.name}”.", "Use it in a condition, or delete it."
            )


# ---- proofs over settings -----------------------------------------------------------------------------------------


def reachable(rules: RuleSet, answers: Sequence[Guarded]) -> set[int]:
    """The places of the entries that can be the first to answer. Every combination of the settings that guards look
    at is tried; a guard over records may hold or fail at any time."""
    tests = [_settled(rules, rule) for rule in answers]
    names = {name for rule, test in zip(answers, tests, strict=True) if test is not None for name in _names(rule)}
    specs = [spec for spec in rules.settings if spec.name in names]
    if prod(len(_values(spec)) for spec in specs) > _LIMIT:
        return set(range(len(answers)))
    reached: set[int] = set()
    for values in product(*(_values(spec) for spec in specs)):
        settings = {spec.name: value for spec, value in zip(specs, values, strict=True)}
        for place, test in enumerate(tests):
            if test is None:
                reached.add(place)
            elif test(settings):
                reached.add(place)
                break
    return reached


class Test(Protocol):
    """A guard over settings alone."""

    def __call__(self, settings: Settings, /) -> bool: ...


def _settled(rules: RuleSet, rule: Guarded) -> Test | None:
    """The guard as a function of settings; None where it looks at anything else, or at settings without an end."""
    if rule.guard is None:
        return lambda settings: True
    known = {spec.name: spec for spec in rules.settings}
    found = operands(rule.guard)
    if fields(rule.guard) or not all(isinstance(operand, SettingRef | Constant) for operand in found):
        return None
    if not _names(rule) or not all(_values(known[name]) for name in _names(rule)):
        return None
    condition = compiled(rules, rule.guard)
    return lambda settings: condition(None, None, Context(_ANY_TIME, "UTC", "", settings))


_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


class Compiled(Protocol):
    """A condition that looks at no record."""

    def __call__(self, crm: None, m365: None, context: Context, /) -> bool: ...


def compiled(rules: RuleSet, expr: Expr) -> Compiled:
    """A single condition, compiled by itself."""
    module = Module(rules.file, dict(FUNCTIONS))
    writer = Conditions(module, {CRM: rules.crm, M365: rules.m365})
    module.function("condition", SIDES, [answer(writer.holds(expr))], expr.span)
    made: Compiled = module.compiled()["condition"]
    return made


def _names(rule: Guarded) -> tuple[str, ...]:
    if rule.guard is None:
        return ()
    return tuple(operand.spec.name for operand in operands(rule.guard) if isinstance(operand, SettingRef))


def _values(spec: SettingSpec) -> tuple[SettingValue, ...]:
    """All values of a setting; none where they can't be listed."""
    if spec.kind == "flag":
        return (True, False)
    return spec.choices if spec.kind == "choice" else ()
