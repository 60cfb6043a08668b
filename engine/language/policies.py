"""One file's rules joined into a rule set, with the sections and the fixed heads that every file needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.language import checked as c
from engine.language.diagnostics import Problems
from engine.language.forms import SECTIONS
from engine.language.phrases import FILL, MATCH, OTHER_USERS, SERIES, WINDOW
from engine.language.program import SettingSpec
from engine.language.resolve import Resolved

NEEDED: Final = ("direction", "match on first sync", "map", "first agreement", "changes", "conflict")
"""Sections that no file can do without; ``conflict`` is per field or per record."""

OF_MEETINGS: Final = ("copies", "series")
"""Sections that files over records with copies in several mailboxes need besides."""


def rule_set(resolved: Resolved, problems: Problems) -> c.RuleSet:
    """The checked rules. What is missing is recorded; something lawful stands in its place, so that later passes can
    look at the rest, but such a rule set is never run."""
    _missing_sections(resolved, problems)
    if resolved.file.whole and not problems:
        _missing_heads(resolved, problems)
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
        skips=tuple(found.skips),
        fetches=tuple(found.fetches),
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
        copies=resolved.meetings.copies(),
        series=resolved.meetings.series(),
    )


_STAND_IN = SettingSpec("direction", "choice", "off", (), ("both", "to_m365", "to_crm", "off"))


def _missing_sections(resolved: Resolved, problems: Problems) -> None:
    if any(problem.code in ("T115", "T106") for problem in problems):
        return  # a heading that could not be read may be the one that is missing
    there = {section.name.partition(" per ")[0]: section for section in resolved.file.sections}
    for name in (*NEEDED, *(OF_MEETINGS if resolved.names.m365.identity else ())):
        shown = "conflict per field (or conflict per record)" if name == "conflict" else name
        form = SECTIONS.get(name) or SECTIONS["conflict per field"]
        if name not in there:
            problems.add(
                "T500", resolved.entry.span, f"This file has no section {shown}.",
                f"Add it; an entry of it reads: {form.reads}",
            )  # fmt: skip
        elif not there[name].entries and resolved.file.whole:
            problems.add(
                "T500", there[name].span, "This section has no entries.", f"An entry of it reads: {form.reads}"
            )


_CASES: Final = {
    "if several": "when several records match",
    "if taken": "when the record that matches belongs to another item already",
    "if none": "when nothing matches",
    "one side empty": "when only one side holds a value",
    "outside": "with records outside it",
    "undated": "with records that have no date",
    "same record": "about what copies of one meeting have in common",
    "organiser": "about who organises a meeting that comes from the CRM",
    "read from": "about which copy is read",
    "write to": "about which copy is written",
    "other users": "about users who are not invited",
    "cancelled occurrence": "when one occurrence is cancelled in Microsoft 365",
    "deleted activity": "when the activity of one occurrence is deleted in the CRM",
    "all activities deleted": "when all activities of a series are deleted in the CRM",
}
_READS: Final[Mapping[str, str]] = {
    "same record": "m365.field", "organiser": "crm.field", "read from": "the copy where condition",
    "write to": "the copy where condition", "other users": ", else ".join(OTHER_USERS[-1]),
}  # fmt: skip


def _missing_heads(resolved: Resolved, problems: Problems) -> None:
    """Each of these sections has cases that come up for every record type and need an answer."""
    wanted = {"match on first sync": MATCH, "first agreement": FILL, "window": WINDOW}
    for section in resolved.file.sections:
        for head, values in wanted.get(section.name, {}).items():
            if head not in resolved.found.policies:
                problems.add(
                    "T501", section.span, f"The section {section.name} does not say what to do {_CASES[head]}.",
                    f"Add the entry: {head}: {' or '.join(values)}",
                )  # fmt: skip
        if section.name in OF_MEETINGS and resolved.names.m365.identity:
            for head in resolved.meetings.missing(section.name):
                says = _READS.get(head) or " or ".join(SERIES[head])
                text = f"The section {section.name} says nothing {_CASES[head]}."
                problems.add("T501", section.span, text, f"Add the entry: {head}: {says}")
