"""Whether a file says everything that a tick will ask it: the sections, and an answer for each case within them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.language import checked as c
from engine.language.diagnostics import Problems
from engine.language.forms import SECTIONS
from engine.language.phrases import CHANGES, FILL, MATCH, WINDOW
from engine.language.program import SettingSpec
from engine.language.resolve import Resolved

NEEDED: Final = ("direction", "match on first sync", "map", "first agreement", "changes", "conflict")
"""Sections that no file can do without; ``conflict`` is per field or per record."""


def rule_set(resolved: Resolved, problems: Problems) -> c.RuleSet:
    """The checked rules. What is missing is recorded; something lawful stands in its place, so that later passes can
    look at the rest, but such a rule set is never run."""
    _missing_sections(resolved, problems)
    if resolved.file.whole and not problems:
        _Completeness(resolved, problems).check()
    found, heading = resolved.found, resolved.file.heading
    direction = found.direction or c.Direction(resolved.entry, c.SettingRef(_STAND_IN, heading.span))

    def policy(head: str, stand_in: c.PolicyText = "report") -> c.PolicyRule:
        return found.policies.get(head) or c.PolicyRule(resolved.entry, stand_in)

    return c.RuleSet(
        file=resolved.file.file,
        name=heading.name.text,
        crm=resolved.names.crm,
        m365=resolved.names.m365,
        entry=resolved.entry,
        settings=tuple(resolved.names.settings.values()),
        setting_entries=resolved.setting_entries,
        direction=direction,
        scope=tuple(found.scope),
        leaving=tuple(found.leaving),
        window=tuple(found.window),
        outside=found.policies.get("outside"),
        undated=found.policies.get("undated"),
        matches=tuple(found.matches),
        if_several=policy("if several"),
        if_taken=policy("if taken"),
        if_none=policy("if none", "treat as created"),
        translations=resolved.translations,
        lines=resolved.lines,
        fill=policy("one side empty", "fill it"),
        first_agreement=tuple(found.first_agreement),
        changes=tuple(found.changes),
        conflict_per=found.conflict_per,
        conflict=tuple(found.conflict),
    )


_STAND_IN = SettingSpec("direction", "choice", "off", (), ("both", "to_m365", "to_crm", "off"))


def _missing_sections(resolved: Resolved, problems: Problems) -> None:
    if any(problem.code in ("T115", "T106") for problem in problems):
        return  # a heading that could not be read may be the one that is missing
    there = {section.name.partition(" per ")[0] for section in resolved.file.sections}
    for name in NEEDED:
        if name not in there:
            form = SECTIONS.get(name) or SECTIONS["conflict per field"]
            shown = "conflict per field (or conflict per record)" if name == "conflict" else name
            problems.add(
                "T500", resolved.entry.span, f"This file has no section {shown}.",
                f"Add it; an entry of it reads: {form.reads}",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Completeness:
    resolved: Resolved
    problems: Problems

    def check(self) -> None:
        self._reasons()
        self._policies()
        self._events()
        self._winners("T505", "first agreement", self.resolved.found.first_agreement)
        self._winners("T506", "conflict", self.resolved.found.conflict)

    def _reasons(self) -> None:
        """Every reason of scope has something that becomes of a pair which leaves for it."""
        for reason in dict.fromkeys(rule.reason for rule in self.resolved.found.scope):
            guards = [rule.guard for rule in self.resolved.found.leaving if rule.reason == reason]
            if covers(guards):
                continue
            first = next(rule for rule in self.resolved.found.scope if rule.reason == reason)
            left = "in every case " if guards else ""
            self.problems.add(
                "T501", first.entry.span, f'Nothing says {left}what becomes of a pair that leaves for "{reason}".',
                f'Add to leaving scope: "{reason}": stop syncing' + (" otherwise" if guards else ""),
            )  # fmt: skip

    def _policies(self) -> None:
        wanted: list[tuple[str, str, str, Iterable[str]]] = [
            ("T502", "match on first sync", head, values) for head, values in MATCH.items()
        ]
        wanted += [("T503", "first agreement", head, values) for head, values in FILL.items()]
        if self.resolved.found.window:
            wanted += [("T504", "window", head, values) for head, values in WINDOW.items()]
        for code, section, head, values in wanted:
            if head not in self.resolved.found.policies:
                span = next(s.span for s in self.resolved.file.sections if s.name == section)
                self.problems.add(
                    code, span, f"The section {section} does not say what to do {_CASES[head]}.",
                    f"Add the entry: {head}: {' or '.join(values)}",
                )  # fmt: skip

    def _events(self) -> None:
        span = next(s.span for s in self.resolved.file.sections if s.name == "changes")
        for event, policies in CHANGES.items():
            guards = [rule.guard for rule in self.resolved.found.changes if rule.event == event]
            if not covers(guards):
                end = " otherwise" if guards else ""
                self.problems.add(
                    "T507", span, f"Nothing says what to do with a record {event}{' in every case' if end else ''}.",
                    f"Add the entry: {event}: {' or '.join(policies)}{end}",
                )  # fmt: skip

    def _winners(self, code: str, section: str, rules: Sequence[c.WinnerRule]) -> None:
        if not covers([rule.guard for rule in rules]):
            span = next(s.span for s in self.resolved.file.sections if s.name.partition(" per ")[0] == section)
            self.problems.add(
                code, span, f"The section {section} does not name a winner in every case.",
                "Add a last entry with always (or otherwise), or one for each choice of the setting.",
            )  # fmt: skip


_CASES: Final = {
    "if several": "when several records match",
    "if taken": "when the match belongs to another item already",
    "if none": "when nothing matches",
    "one side empty": "when one side is empty",
    "outside": "with records outside it",
    "undated": "with records that have no date",
}


def covers(guards: Sequence[c.Expr | None]) -> bool:
    """Whether one of the guards always holds: one is none at all, or they name every choice of one setting."""
    if any(guard is None for guard in guards):
        return True
    named: dict[str, set[object]] = {}
    specs: dict[str, SettingSpec] = {}
    for guard in guards:
        for spec, value in _choices(guard):
            specs[spec.name] = spec
            named.setdefault(spec.name, set()).add(value)
    return any(named[name] >= _all_values(spec) for name, spec in specs.items() if _all_values(spec))


def _all_values(spec: SettingSpec) -> set[object]:
    return {True, False} if spec.kind == "flag" else set(spec.choices)


def _choices(guard: c.Expr | None) -> Iterable[tuple[SettingSpec, object]]:
    """The setting and value that a guard names, where that is all it asks."""
    match guard:
        case c.Is(left=c.SettingRef(spec=spec), right=c.Constant(value=value)):
            return [(spec, value)]
        case c.Is(left=c.Constant(value=value), right=c.SettingRef(spec=spec)):
            return [(spec, value)]
        case c.Truth(operand=c.SettingRef(spec=spec)):
            return [(spec, True)]
        case c.Not(item=c.Truth(operand=c.SettingRef(spec=spec))):
            return [(spec, False)]
        case c.Not(item=c.Is(left=c.SettingRef(spec=spec), right=c.Constant(value=value))):
            return [(spec, other) for other in _all_values(spec) - {value}]
        case c.In(left=c.SettingRef(spec=spec), right=tuple() as constants):
            return [(spec, constant.value) for constant in constants]
        case c.AnyOf(items=items):
            return [choice for item in items for choice in _choices(item)]
    return []
