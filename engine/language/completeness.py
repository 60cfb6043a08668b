"""Whether the rules answer every question they can be asked, and whether every entry can ever answer one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from engine.language.program import Event, SettingSpec
from engine.records import CRM, M365

_EVENTS: Final[tuple[Event, ...]] = ("created in crm", "created in m365", "deleted in crm", "deleted in m365")
_LIMIT: Final = 20_000
"""The most combinations of settings that a proof goes through; beyond, the last entry must have no ``when``."""

Settings = Mapping[str, SettingValue]


class Guarded(Protocol):
    """One of several entries that answer the same question; the first whose ``when`` holds counts."""

    @property
    def entry(self) -> Entry: ...

    @property
    def guard(self) -> Expr | None: ...


@dataclass(frozen=True, slots=True)
class Coverage:
    """``open``: settings for which no entry is sure to answer (None when all are answered, or when only an entry
    without a ``when`` could prove it). ``shadowed``: entries that never come to answer, with the last one before."""

    open: Settings | None
    total: bool
    shadowed: tuple[tuple[Guarded, Guarded], ...]


def check(rules: RuleSet, problems: Problems) -> None:
    """All sections that answer a question with the first entry that fits."""
    _check_leaving(rules, problems)
    _check_changes(rules, problems)
    _check_winners(rules, "conflict", rules.conflict, problems)
    _check_winners(rules, "first agreement", rules.first_agreement, problems)
    _check_windows(rules, problems)
    _check_settings(rules, problems)


def _check_leaving(rules: RuleSet, problems: Problems) -> None:
    given = {rule.reason: rule for rule in rules.scope}
    for reason, scope in given.items():
        answers = [rule for rule in rules.leaving if rule.reason == reason]
        if not answers:
            hint = f'Add under leaving scope: "{reason}": stop syncing'
            text = f"What happens to a pair that leaves because of “{reason}”?"
            problems.add("T550", scope.entry.span, text, hint)
            continue
        found = coverage(rules, answers)
        if not found.total:
            hint = f'Add a last entry without “when”: "{reason}": stop syncing'
            text = f"For “{reason}” no entry is sure to answer{_for(found.open)}."
            problems.add("T551", answers[-1].entry.span, text, hint)
        _report_shadowed(found, problems)
    for rule in rules.leaving:
        if rule.reason not in given:
            hint = "Write a reason that an entry under scope gives with “else”."
            problems.add("T552", rule.entry.span, f"No entry under scope gives the reason “{rule.reason}”.", hint)


def _check_changes(rules: RuleSet, problems: Problems) -> None:
    for event in _EVENTS:
        answers = [rule for rule in rules.changes if rule.event == event]
        if not answers:
            nothing = "leave alone" if event.startswith("created") else "stop syncing"
            hint = f"Add under changes: {event}: {nothing}"
            problems.add("T553", rules.entry.span, f"Nothing says what happens when a record is {event}.", hint)
            continue
        found = coverage(rules, answers)
        if not found.total:
            text = f"When a record is {event}, no entry is sure to answer{_for(found.open)}."
            problems.add("T551", answers[-1].entry.span, text, "Add a last entry with “otherwise”.")
        _report_shadowed(found, problems)


def _check_winners(rules: RuleSet, section: str, winners: Sequence[WinnerRule], problems: Problems) -> None:
    if not winners:
        return
    found = coverage(rules, winners)
    if not found.total:
        text = f"Under {section} no entry is sure to answer{_for(found.open)}."
        problems.add("T551", winners[-1].entry.span, text, "Add a last entry with “always”, such as: crm wins: always")
    _report_shadowed(found, problems)
    for rule in winners:
        for schema in (rules.crm, rules.m365):
            if rule.winner == "newest" and not schema.dated:
                text = f"{schema.side}.{schema.kind} does not say when a record was changed."
                problems.add("T556", rule.entry.span, text, "Write “crm wins” or “m365 wins”.")


def _report_shadowed(found: Coverage, problems: Problems) -> None:
    for rule, before in found.shadowed:
        note = Note(before.entry.span, "answers before it")
        text = "This entry never comes to answer: entries above it answer every time."
        problems.add("T554", rule.entry.span, text, "Delete it, or move it up.", note)


def _check_windows(rules: RuleSet, problems: Problems) -> None:
    for side in (CRM, M365):
        on_side = [rule for rule in rules.window if rule.field.side == side]
        for rule in on_side[1:]:
            note = Note(on_side[0].entry.span, "the first window")
            problems.add("T555", rule.entry.span, f"{side} has a window already.", "Keep one per side.", note)


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
                "T557", entry.span, f"No rule uses the setting “{spec.name}”.", "Use it in a condition, or delete it."
            )


def _for(settings: Settings | None) -> str:
    """The settings that show the gap, as a clause."""
    if not settings:
        return ""
    return " when " + " and ".join(f"setting.{name} is {_shown(value)}" for name, value in settings.items())


def _shown(value: SettingValue) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


# ---- proofs over settings -----------------------------------------------------------------------------------------


def coverage(rules: RuleSet, answers: Sequence[Guarded]) -> Coverage:
    """Try every combination of the settings that the guards look at. A guard over records may fail at any time, and
    counts as no answer."""
    settled = {id(rule): test for rule in answers if (test := _settled(rules, rule)) is not None}
    seen = dict.fromkeys(name for rule in answers for name in _names(rule) if id(rule) in settled)
    specs = [spec for spec in rules.settings if spec.name in seen]
    if prod(len(_values(spec)) for spec in specs) > _LIMIT:
        return Coverage(None, any(rule.guard is None for rule in answers), ())
    reached: set[int] = set()
    open_: Settings | None = None
    for values in product(*(_values(spec) for spec in specs)):
        settings = {spec.name: value for spec, value in zip(specs, values, strict=True)}
        if not _first(answers, settled, settings, reached) and open_ is None:
            open_ = settings
    shadowed = tuple(
        (rule, answers[max(place - 1, 0)]) for place, rule in enumerate(answers) if id(rule) not in reached
    )
    return Coverage(open_, open_ is None, shadowed)


def _first(
    answers: Sequence[Guarded],
    settled: Mapping[int, Test],
    settings: Settings,
    reached: set[int],
) -> bool:
    """Whether some entry is sure to answer; notes every entry that may."""
    for rule in answers:
        test = settled.get(id(rule))
        if test is None:
            reached.add(id(rule))
        elif test(settings):
            reached.add(id(rule))
            return True
    return False


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
