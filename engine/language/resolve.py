"""The syntax tree of one file to its checked form: names resolved, phrases known, what is not built yet refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, cast

from msgspec import Struct

from engine.language import checked as c
from engine.language import tree as t
from engine.language.conditions import Conditions
from engine.language.declarations import Ids, Settings, heading
from engine.language.diagnostics import Problems
from engine.language.lines import Lines
from engine.language.meetings import Meetings
from engine.language.names import Names
from engine.language.phrases import CHANGES, DIRECTIONS, FILL, LEAVING, MATCH, WINDOW, WINNERS
from engine.language.program import Event, Policy, Winner
from engine.language.source import LIMITS, Limits
from engine.language.suggestions import did_you_mean
from engine.language.wording import one_of
from engine.records import M365, Side
from engine.schema import Schemas


@dataclass(slots=True)
class Found:
    """The parts of a rule set as they are read; policies are None until their entry was met."""

    direction: c.Direction | None = None
    scope: list[c.ScopeRule] = field(default_factory=list)
    leaving: list[c.LeavingRule] = field(default_factory=list)
    window: list[c.WindowRule] = field(default_factory=list)
    skips: list[c.SkipRule] = field(default_factory=list)
    fetches: list[c.FetchRule] = field(default_factory=list)
    matches: list[c.MatchRule] = field(default_factory=list)
    policies: dict[str, c.PolicyRule] = field(default_factory=dict)
    first_agreement: list[c.WinnerRule] = field(default_factory=list)
    changes: list[c.ChangeRule] = field(default_factory=list)
    conflict: list[c.WinnerRule] = field(default_factory=list)
    conflict_per: Literal["field", "record"] = "field"


class Resolved(Struct, frozen=True):
    """One file's names, and what was read with them; ``rule_set`` joins it once the policies are complete."""

    file: t.RuleFile
    names: Names
    entry: c.Entry
    setting_entries: tuple[c.Entry, ...]
    found: Found
    translations: tuple[c.Translation, ...]
    lines: tuple[c.MapRule, ...]
    meetings: Meetings


def resolve(file: t.RuleFile, schemas: Schemas, problems: Problems, limits: Limits = LIMITS) -> Resolved | None:
    """Resolve every name of a file; None when its two kinds of record are not known. Problems are recorded."""
    declared = heading(file, schemas, problems)
    if declared is None:
        return None
    ids = Ids(file.heading.name.text, problems)
    specs, setting_entries, broken = Settings(schemas, problems, ids).read(_entries(file, "settings"))
    names = Names(declared.crm, declared.m365, problems, file.broken | broken, specs)
    _read_defines(file, names, ids)
    conditions = Conditions(names, limits)
    conditions.resolve_defines()
    lines = Lines(names, conditions, ids)
    translations = lines.translations([s for s in file.sections if s.name == "translate"])
    meetings = Meetings(names, conditions, ids)
    reader = _Reader(names, conditions, ids, meetings)
    for section in file.sections:
        reader.section(section)
    mapped = tuple(lines.line(written) for written in _entries(file, "map"))
    shown = f"sync {file.heading.name.text}: {file.heading.left.text} <-> {file.heading.right.text}"
    entry = c.Entry(file.heading.name.text, file.heading.span, shown)
    kept = tuple(line for line in mapped if line is not None)
    return Resolved(file, names, entry, setting_entries, reader.found, translations, kept, meetings)


def _entries(file: t.RuleFile, name: str) -> list[t.Written]:
    return [written for section in file.sections if section.name == name for written in section.entries]


def _read_defines(file: t.RuleFile, names: Names, ids: Ids) -> None:
    for written in _entries(file, "define"):
        entry = cast(t.DefineEntry, written.entry)
        ids.entry("define", entry.name.text, written)
        names.defines.setdefault(entry.name.text, entry)


@dataclass(slots=True)
class _Reader:
    names: Names
    conditions: Conditions
    ids: Ids
    meetings: Meetings
    found: Found = field(default_factory=Found)

    def section(self, section: t.Section) -> None:
        if section.name in ("copies", "series"):
            self.meetings.section(section)
            return
        for written in section.entries:
            before = self.names.failures
            match written.entry:
                case t.DirectionEntry() as entry:
                    self._direction(entry, written)
                case t.ScopeEntry() as entry:
                    self._scope(entry, written, before)
                case t.LeavingEntry() as entry:
                    self._leaving(entry, written, before)
                case t.WindowEntry() as entry:
                    self._window(entry, written)
                case t.SkipEntry() as entry:
                    self._skip(section.name, entry, written, before)
                case t.FetchEntry() as entry:
                    self._fetch(entry, written, before)
                case t.MatchEntry() as entry:
                    self._match(entry, written, before)
                case t.WinnerEntry() as entry:
                    self._winner(section.name, entry, written, before)
                case t.PhraseEntry() as entry:
                    self._phrase(section.name, entry, written, before)

    # ---- which records ----------------------------------------------------------------------------------------

    def _direction(self, entry: t.DirectionEntry, written: t.Written) -> None:
        made = self.ids.entry("direction", "follow", written)
        setting = self.names.path(entry.follow)
        if setting is None:
            return
        if not isinstance(setting, c.SettingRef) or not set(setting.spec.choices or ("",)) <= set(DIRECTIONS):
            self.names.fail(
                "T221", entry.follow.span, f"“{entry.follow.text}” is not a setting that says a direction.",
                f"Follow a setting with the choices {' | '.join(DIRECTIONS)}.",
            )  # fmt: skip
            return
        self.found.direction = c.Direction(made, setting)

    def _scope(self, entry: t.ScopeEntry, written: t.Written, before: int) -> None:
        made = self.ids.entry("scope", entry.reason.value, written, entry.side)
        needs, guard = self.conditions.whole(entry.needs), self.conditions.guard(entry.guard)
        if needs is not None and self.names.failures == before:
            self.found.scope.append(c.ScopeRule(made, entry.side, needs, entry.reason.value, guard))

    def _leaving(self, entry: t.LeavingEntry, written: t.Written, before: int) -> None:
        made = self.ids.entry("leaving scope", entry.reason.value, written, entry.policy.text)
        guard = self.conditions.guard(entry.guard)
        if self.names.among(entry.policy, LEAVING) and self.names.failures == before:
            policy = cast(Policy, entry.policy.text)
            self.found.leaving.append(c.LeavingRule(made, entry.reason.value, policy, guard))

    def _window(self, entry: t.WindowEntry, written: t.Written) -> None:
        made = self.ids.entry("window", entry.field.text, written)
        field_ = self.names.path(entry.field)
        start, end = self.conditions.moment(entry.start), self.conditions.moment(entry.end)
        if field_ is not None and not isinstance(field_, c.FieldRef):
            self.names.fail("T214", field_.span, "Only a field can be in a window.", "Name a date of a record.")
        elif field_ and start and end:
            self.found.window.append(c.WindowRule(made, field_, start, end))

    def _skip(self, section: str, entry: t.SkipEntry, written: t.Written, before: int) -> None:
        made = self.ids.entry(section, entry.reason.value, written)
        condition = self.conditions.whole(entry.condition)
        if condition is not None and self.names.failures == before:
            side = cast(Side, section.rpartition(" ")[2])
            self.found.skips.append(c.SkipRule(made, side, condition, entry.reason.value))

    def _fetch(self, entry: t.FetchEntry, written: t.Written, before: int) -> None:
        made = self.ids.entry("fetch", entry.part.text, written)
        field_, condition = self.names.path(entry.part), self.conditions.whole(entry.condition)
        if field_ is None or condition is None or self.names.failures != before:
            return
        known = self.names.m365.by_name
        parts = [f"{M365}.{name}" for name, one in known.items() if one.part is not None]
        if isinstance(field_, c.FieldRef) and entry.part.text in parts:
            self.found.fetches.append(c.FetchRule(made, field_, condition))
            return
        self.names.fail(
            "T226", entry.part.span, f"“{entry.part.text}” is not fetched apart from the rest of its record.",
            f"Write {one_of(tuple(parts))}." if parts else "Delete this section: here every field comes by itself.",
        )  # fmt: skip

    def _match(self, entry: t.MatchEntry, written: t.Written, before: int) -> None:
        made = self.ids.entry("match on first sync", f"by {entry.name.text}", written)
        condition, guard = self.conditions.whole(entry.condition), self.conditions.guard(entry.guard)
        if condition is not None and self.names.failures == before:
            rule = c.MatchRule(made, entry.name.text, condition, entry.ignoring_case, guard)
            self.found.matches.append(rule)

    # ---- what happens -----------------------------------------------------------------------------------------

    def _winner(self, section: str, entry: t.WinnerEntry, written: t.Written, before: int) -> None:
        if not self.names.among(entry.winner, (*WINNERS, *FILL) if section == "first agreement" else WINNERS):
            return
        made = self.ids.entry(section, entry.winner.text, written)
        winner = cast(Winner, entry.winner.text.partition(" ")[0])
        if (winner == "newest") != (entry.tie is not None):
            place = entry.tie.span if entry.tie else entry.winner.span
            self.names.fail(
                "T222", place, "“tie” belongs to newest wins, and only there: it says who wins at equal times.",
                "Write newest wins: … tie crm (or tie m365); no other line has a tie.",
            )  # fmt: skip
        guard = self.conditions.guard(entry.guard)
        if self.names.failures != before:
            return
        rule = c.WinnerRule(made, winner, guard, cast(Side, entry.tie.text) if entry.tie else None)
        if section == "first agreement":
            self.found.first_agreement.append(rule)
        else:
            self.found.conflict.append(rule)
            self.found.conflict_per = "record" if section.endswith("record") else "field"

    def _phrase(self, section: str, entry: t.PhraseEntry, written: t.Written, before: int) -> None:
        if section == "changes":
            self._change(entry, written, before)
            return
        allowed = {"window": WINDOW, "match on first sync": MATCH}.get(section, FILL)
        heads = (*allowed, *WINNERS) if allowed is FILL else tuple(allowed)
        if section.startswith("conflict"):
            heads = WINNERS
        if not self.names.among(entry.head, heads):
            return
        body = entry.body[0]
        if entry.head.text in WINNERS:
            hint = did_you_mean(body.text, ("always", "otherwise")) or "Write always, or when and a condition."
            self.names.fail("T203", body.span, f"“{body.text}” does not say when {entry.head.text}.", hint)
        elif self.names.among(body, allowed[entry.head.text]):
            made = self.ids.entry(section, entry.head.text, written)
            policy = cast(Policy, body.text)
            self.found.policies.setdefault(entry.head.text, c.PolicyRule(made, policy))

    def _change(self, entry: t.PhraseEntry, written: t.Written, before: int) -> None:
        if entry.head.text == "cancelled in m365" and not self.names.m365.cancelled:
            text = f"Records of m365.{self.names.m365.kind} are deleted, never cancelled."
            self.names.fail("T503", entry.head.span, text, "Remove the entry.")
            return
        guard = self.conditions.guard(entry.guard)
        if not self.names.among(entry.head, tuple(CHANGES)):
            return
        policy, event = entry.body[0], cast(Event, entry.head.text)
        made = self.ids.entry("changes", event, written, policy.text)
        if self.names.among(policy, CHANGES[event]) and self.names.failures == before:
            self.found.changes.append(c.ChangeRule(made, event, cast(Policy, policy.text), guard))
