"""Whether the rules answer every question that a tick can ask, and whether every entry and setting can ever act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from math import prod
from typing import Final, Protocol

from msgspec import Struct

from engine.context import Context, SettingValue
from engine.language import fetching, leading
from engine.language.checked import Changed, Constant, Entry, Expr, RuleSet, SettingRef, WinnerRule
from engine.language.codegen.expressions import FUNCTIONS, SIDES, Conditions
from engine.language.codegen.nodes import Module, answer
from engine.language.comparisons import conditions
from engine.language.diagnostics import Note, Problems
from engine.language.keys import fields, leaves, operands
from engine.language.program import Event, SettingSpec
from engine.language.suggestions import closest, did_you_mean
from engine.language.wording import SIDE_NAMES, capital, shown
from engine.records import CRM, M365

_EVENTS: Final[tuple[Event, ...]] = ("created in crm", "created in m365", "deleted in crm", "deleted in m365")
_OF_MEETINGS: Final[tuple[Event, ...]] = ("cancelled in m365",)
_LIMIT: Final = 20_000
"""The most combinations of settings that are tried."""

Settings = Mapping[str, SettingValue]


class Guarded(Protocol):
    """One of several entries that answer the same question; the first whose ``when`` holds counts."""

    @property
    def entry(self) -> Entry: ...

    @property
    def guard(self) -> Expr | None: ...


class Coverage(Struct, frozen=True):
    """``reached``: places of the entries that can be the first to answer. ``gap``: settings for which none is sure
    to answer; None where one always is."""

    reached: frozenset[int]
    gap: Settings | None


def check(rules: RuleSet, problems: Problems) -> None:
    """Questions without an answer and entries that never act, wherever the first entry that fits answers."""
    _check_leaving(rules, problems)
    _check_changes(rules, problems)
    for section, code, winners in (
        ("first agreement", "T561", rules.first_agreement),
        (f"conflict per {rules.conflict_per}", "T562", rules.conflict),
    ):
        gap = _check_answers(rules, winners, problems)
        if gap is not None:
            text = f"The section {section} names no winner{_when(gap, winners)}."
            hint = "Add a last entry with “always”, or one for each choice of the setting."
            problems.add(code, winners[-1].entry.span if winners else rules.entry.span, text, hint)
        _check_newest(rules, winners, problems)
    _check_windows(rules, problems)
    _check_settings(rules, problems)
    leading.check(rules, problems)
    fetching.check(rules, problems)


def _check_leaving(rules: RuleSet, problems: Problems) -> None:
    """Every reason of scope has an answer, and every answer its reason."""
    scopes = {rule.reason: rule for rule in reversed(rules.scope)}
    unanswered = set(scopes) - {rule.reason for rule in rules.leaving}
    for rule in rules.leaving:
        if rule.reason not in scopes and not closest(rule.reason, unanswered):  # else T559 tells of the same slip
            hint = did_you_mean(rule.reason, scopes) or "Write the reason as it stands in scope, or take the entry out."
            problems.add("T563", rule.entry.span, f"No entry of scope gives the reason “{rule.reason}”.", hint)
    for reason in dict.fromkeys(rule.reason for rule in rules.scope):
        answers = [rule for rule in rules.leaving if rule.reason == reason]
        gap = _check_answers(rules, answers, problems)
        if gap is not None:
            text = f"Nothing says what becomes of a pair that leaves for “{reason}”{_when(gap, answers)}."
            hint = f'Add under leaving scope: "{reason}": stop syncing{" otherwise" if answers else ""}'
            problems.add("T559", scopes[reason].entry.span, text, hint)


def _check_changes(rules: RuleSet, problems: Problems) -> None:
    for event in (*_EVENTS, *(_OF_MEETINGS if rules.m365.cancelled else ())):
        answers = [rule for rule in rules.changes if rule.event == event]
        gap = _check_answers(rules, answers, problems)
        if gap is not None:
            nothing = "leave alone" if event.startswith("created") else "stop syncing"
            hint = f"Add under changes: {event}: {nothing}{' otherwise' if answers else ''}"
            span = answers[-1].entry.span if answers else rules.entry.span
            problems.add("T560", span, f"Nothing says what to do with a record {event}{_when(gap, answers)}.", hint)


def _check_answers(rules: RuleSet, answers: Sequence[Guarded], problems: Problems) -> Settings | None:
    """Report entries that never come to answer; the settings for which no entry is sure to, if there are any."""
    found = coverage(rules, answers)
    for place, rule in enumerate(answers):
        if place not in found.reached:
            notes = [Note(answers[place - 1].entry.span, "the entry before it")] if place else []
            text = "This entry never comes to answer: its “when” never holds, or an entry above it always answers."
            problems.add("T550", rule.entry.span, text, "Delete it, or move it up.", *notes)
    return found.gap


def _when(gap: Settings, answers: Sequence[Guarded]) -> str:
    """The settings that show the gap, as a clause; without settings some record may fall through."""
    if not gap:
        return " in every case" if answers else ""
    named = (f"setting.{name} is {shown(value) if isinstance(value, bool) else value}" for name, value in gap.items())
    return f" when {' and '.join(named)}"


def _check_newest(rules: RuleSet, winners: Sequence[WinnerRule], problems: Problems) -> None:
    for rule in winners:
        for schema in (rules.crm, rules.m365):
            if rule.winner == "newest" and not schema.dated:
                text = f"{schema.side}.{schema.kind} does not say when a record was changed."
                problems.add("T552", rule.entry.span, text, "Write “crm wins” or “m365 wins”.")


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
        used |= {end.spec.name for end in (line.left, line.right, line.at) if isinstance(end, SettingRef)}
    for spec, entry in zip(rules.settings, rules.setting_entries, strict=True):
        if spec.name not in used:
            problems.add(
                "T553", entry.span, f"No rule uses the setting “{spec.name}”.", "Use it in a condition, or delete it."
            )


# ---- proofs over settings -----------------------------------------------------------------------------------------


def coverage(rules: RuleSet, answers: Sequence[Guarded]) -> Coverage:
    """Try every combination of the settings that the guards look at. A guard over records may hold or fail at any
    time: its entry can answer, and is never sure to."""
    tests = [_settled(rules, rule) for rule in answers]
    names = {name for rule, test in zip(answers, tests, strict=True) if test is not None for name in _names(rule)}
    specs = [spec for spec in rules.settings if spec.name in names]
    if prod(len(_values(spec)) for spec in specs) > _LIMIT:
        sure = any(rule.guard is None for rule in answers)
        return Coverage(frozenset(range(len(answers))), None if sure else {})
    reached: set[int] = set()
    gap: Settings | None = None
    for values in product(*(_values(spec) for spec in specs)):
        settings = {spec.name: value for spec, value in zip(specs, values, strict=True)}
        if not _answered(tests, settings, reached) and gap is None:
            gap = settings
    return Coverage(frozenset(reached), gap)


def _answered(tests: Sequence[Test | None], settings: Settings, reached: set[int]) -> bool:
    """Whether an entry is sure to answer under these settings; notes every entry that can."""
    for place, test in enumerate(tests):
        if test is None:
            reached.add(place)
        elif test(settings):
            reached.add(place)
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
    if any(isinstance(test, Changed) for test in leaves(rule.guard)):
        return None
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
