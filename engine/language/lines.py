"""Map lines and translate tables with their names resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from engine.language import checked as c
from engine.language import tree as t
from engine.language.conditions import Conditions
from engine.language.declarations import Ids
from engine.language.diagnostics import Span
from engine.language.names import FLAGS, Names, holds_accounts
from engine.records import CRM, M365, Side


@dataclass(slots=True)
class _Words:
    """What stands behind the two ends of a map line, as far as it could be read."""

    lens: c.LensUse | None = None
    timing: Literal["on create", "on first sync"] | None = None
    always: Span | None = None
    keep_others: Span | None = None
    added: c.FieldRef | None = None
    at: c.SettingRef | None = None
    sticky: t.Constant | None = None
    or_user: Span | None = None


@dataclass(slots=True)
class Lines:
    names: Names
    conditions: Conditions
    ids: Ids
    tables: dict[str, c.Translation] = field(default_factory=dict)

    # ---- translate --------------------------------------------------------------------------------------------

    def translations(self, sections: Sequence[t.Section]) -> tuple[c.Translation, ...]:
        for section in sections:
            self._table(section)
        return tuple(self.tables.values())

    def _table(self, section: t.Section) -> None:
        heading = cast(t.TranslateHeading, section.heading)
        name = heading.name.text
        shown = f"translate {name}: {heading.left.text} <-> {heading.right.text}"
        entry = self.ids.named("translate", name, heading.span, shown)
        crm = self._of_kind(heading.left, CRM)
        m365 = self._of_kind(heading.right, M365)
        before = self.names.failures
        rows: list[c.Row] = []
        keeps: list[c.Keep] = []
        if crm is None or m365 is None:
            self.names.broken |= {name}
            return
        for written in section.entries:
            if isinstance(written.entry, t.RowEntry):
                rows += self._row(name, written.entry, written, crm, m365)
            elif isinstance(written.entry, t.KeepEntry):
                keeps += self._keep(name, written.entry, written, crm, m365)
        if self.names.failures != before:
            self.names.broken |= {name}
        elif name not in self.tables:
            self.tables[name] = c.Translation(entry, name, crm, m365, tuple(rows), tuple(keeps))

    def _of_kind(self, path: t.Path, side: Side) -> c.FieldRef | None:
        """A field written as ``side.Kind.field``, of this file's own kinds."""
        schema = self.names.schema(side)
        prefix = f"{side}.{schema.kind}."
        if not path.text.startswith(prefix):
            self.names.fail(
                "T224", path.span, f"“{path.text}” is not a field of {prefix[:-1]}, which this file keeps in step.",
                f"Write {prefix}field.",
            )  # fmt: skip
            return None
        return self.names.field(side, path.text.removeprefix(prefix), path.span, len(prefix))

    def _row(self, table: str, row: t.RowEntry, written: t.Written, crm: c.FieldRef, m365: c.FieldRef) -> list[c.Row]:
        left, right = self._cell(row.left, crm), self._cell(row.right, m365)
        made = self.ids.entry(f"translate/{table}", f"{_said(row.left)}{row.arrow}{_said(row.right)}", written)
        return [c.Row(made, left, row.arrow, right)] if left and right else []

    def _keep(
        self, table: str, keep: t.KeepEntry, written: t.Written, crm: c.FieldRef, m365: c.FieldRef
    ) -> list[c.Keep]:
        """The side that keeps is the one whose field can hold the value, the other one the conditions."""
        made = self.ids.entry(f"translate/{table}", f"keep {_said(keep.value)}", written)
        sides: dict[Side, c.FieldRef] = {CRM: crm, M365: m365}
        fits: list[Side] = []
        if _fits(keep.value, crm) and all(_fits(other, m365) for other in keep.others):
            fits.append(CRM)
        if _fits(keep.value, m365) and all(_fits(other, crm) for other in keep.others):
            fits.append(M365)
        if not fits:
            self.names.fail(
                "T207", keep.value.span, "No side holds this value while the other one holds those.",
                "Write keep, a value of one side, while or unless, and values of the other.",
            )  # fmt: skip
            return []
        side = fits[0]
        other = sides[M365 if side == CRM else CRM]
        value = self._cell(keep.value, sides[side])
        others = [self._cell(item, other) for item in keep.others]
        constants = tuple(item for item in others if isinstance(item, c.Constant))
        return [c.Keep(made, side, value, keep.sense, constants)] if isinstance(value, c.Constant) else []

    def _cell(self, cell: t.Cell, of: c.FieldRef) -> c.Cell | None:
        match cell:
            case t.AnyOther(span=span):
                return c.AnyOther(span)
            case t.Word(text=text, span=span) if of.type.name != "flag" and text not in (*FLAGS, *of.type.choices):
                if not of.type.choices:
                    self.names.fail("T212", span, f"“{text}” is no value here.", f'Put it in quotes: "{text}".')
                    return None
        found = self.names.operand(cell, of)
        return found if isinstance(found, c.Constant) else None

    # ---- map --------------------------------------------------------------------------------------------------

    def line(self, written: t.Written) -> c.MapRule | None:
        entry = cast(t.MapEntry, written.entry)
        before = self.names.failures
        left, right = self._end(entry.left, CRM), self._end(entry.right, M365)
        words = self._words(entry)
        lens = words.lens
        sticky = self._sticky(words.sticky, left)
        guard = self.conditions.guard(entry.guard)
        key = f"{_end_text(entry.left)}{entry.arrow}{_end_text(entry.right)}"
        made = self.ids.entry("map", key, written, f"as {lens.name}" if lens else "otherwise")
        if left is None or right is None or self.names.failures != before:
            return None
        left, right = _person(left, right), _person(right, left)
        return c.MapRule(
            made, left, entry.arrow, right, entry.arrow_span, lens, words.timing, guard, words.always,
            words.keep_others, words.added, words.at, sticky, words.or_user,
        )  # fmt: skip

    def _end(self, term: t.Term, side: Side) -> c.Operand | None:
        """One end of a line: a field of its side without prefix, or something that is only read."""
        match term:
            case t.Word(text=text, span=span) if text in self.names.schema(side).by_name:
                return self.names.field(side, text, span)
            case t.Word(text=("user" | "today" | "yes" | "no")) | t.Text() | t.Number():
                return self.names.operand(term)
            case t.Word(text=text, span=span):
                return self.names.field(side, text, span)
        return self._path_end(term, side)

    def _path_end(self, path: t.Path, side: Side) -> c.Operand | None:
        head = path.text.partition(".")[0]
        if head in (CRM, M365) and head != side:
            where = "the CRM stands left" if side == CRM else "Microsoft 365 stands right"
            self.names.fail("T216", path.span, f"In a map line {where} of the arrow.", "Swap the two ends.")
            return None
        if head in (CRM, M365, "setting") and head not in self.names.schema(side).by_name:
            return self.names.path(path)
        return self.names.field(side, path.text, path.span)

    def _words(self, entry: t.MapEntry) -> _Words:
        words = _Words()
        seen: set[str] = set()
        for modifier in entry.modifiers:
            group = "on" if modifier.word.startswith("on ") else modifier.word
            if group in seen:
                self.names.fail("T225", modifier.span, f"“{modifier.word}” is one too many here.", "Keep one of them.")
            seen.add(group)
            self._word(words, modifier, entry.arrow)
        return words

    def _word(self, words: _Words, modifier: t.Modifier, arrow: t.Arrow) -> None:
        match modifier:
            case t.Modifier(word="on create" | "on first sync" as timing):
                words.timing = timing
            case t.Modifier(word="always", span=span):
                words.always = span
            case t.Modifier(word="keep others", span=span):
                words.keep_others = span
            case t.Modifier(word="as", argument=t.Word() as name):
                words.lens = self._lens(name)
            case t.Modifier(word="at", argument=t.Path() as path):
                words.at = self._time(path)
            case t.Modifier(word="with", argument=(t.Word() | t.Path()) as path):
                words.added = self._added(path, M365 if arrow == "<-" else CRM)
            case t.Modifier(word="sticky", argument=(t.Word() | t.Text() | t.Number()) as value):
                words.sticky = value
            case t.Modifier(word="else", span=span):
                words.or_user = span

    def _sticky(self, value: t.Constant | None, left: c.Operand | None) -> c.Constant | None:
        """The value that sticks, in the CRM's words."""
        found = self.names.operand(value, left) if value is not None and left is not None else None
        return found if isinstance(found, c.Constant) else None

    def _time(self, path: t.Path) -> c.SettingRef | None:
        """The setting that a line takes its time of day from."""
        known = self.names.path(path)
        if known is None or (isinstance(known, c.SettingRef) and known.spec.kind == "time"):
            return known
        hint = "Declare under settings: start_time   time of day   default 09:00   set by user"
        self.names.fail("T227", path.span, f"“{path.text}” is not a setting with a time of day.", hint)
        return None

    def _added(self, path: t.Word | t.Path, side: Side) -> c.FieldRef | None:
        """The second field that a line reads, of the side that its arrow leads away from."""
        found = self._path_end(path, side) if isinstance(path, t.Path) else self.names.field(side, path.text, path.span)
        if found is None or isinstance(found, c.FieldRef):
            return found
        self.names.fail("T228", path.span, "Only a field can be added to a list.", "Write with and a field.")
        return None

    def _lens(self, word: t.Word) -> c.LensUse | None:
        name = word.text
        if name in self.names.broken and name not in self.tables:
            self.names.failures += 1
        return c.LensUse(name, word.span, self.tables.get(name))


def _person(end: c.Operand, other: c.Operand) -> c.Operand:
    """The user as the other end's side knows people."""
    return c.UserRef(end.span, holds_accounts(other)) if isinstance(end, c.UserRef) else end


def _end_text(term: t.Term) -> str:
    return f'"{term.value}"' if isinstance(term, t.Text) else str(_said(term))


def _said(cell: t.Cell | t.Path) -> str:
    match cell:
        case t.AnyOther():
            return "any other"
        case t.Text(value=value):
            return value
        case t.Number(value=number):
            return str(number)
    return cell.text


def _fits(constant: t.Constant, of: c.FieldRef) -> bool:
    match constant, of.type.name:
        case t.Number(), name:
            return name == "integer"
        case t.Word(text=text), "flag":
            return text in FLAGS
        case ((t.Word(text=text) | t.Text(value=text)), "choice"):
            return text in of.type.choices or (of.type.open and isinstance(constant, t.Text))
    return isinstance(constant, t.Text) and of.type.name in ("text", "long text")
