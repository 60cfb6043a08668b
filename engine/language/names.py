"""Names to what they mean: fields of the two schemas, settings, defines, the user. Unknown ones get a suggestion.

A name that could not be resolved was reported, or belongs to an entry that was; either way ``failures`` grows and
the entry that used it is left out of the checked rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.language import checked as c
from engine.language import tree as t
from engine.language.diagnostics import Problems, Span
from engine.language.program import SettingSpec
from engine.language.suggestions import closest, did_you_mean
from engine.language.wording import one_of
from engine.records import CRM, M365, Side
from engine.schema import Schema, Type

FLAGS: Mapping[str, bool] = {"yes": True, "no": False}


@dataclass(slots=True)
class Names:
    """What the names of one file mean. ``broken`` are names of entries that did not parse."""

    crm: Schema
    m365: Schema
    problems: Problems
    broken: frozenset[str]
    settings: dict[str, SettingSpec] = field(default_factory=dict)
    defines: dict[str, t.DefineEntry] = field(default_factory=dict)
    failures: int = 0

    def fail(self, code: str, span: Span, message: str, hint: str = "") -> None:
        self.failures += 1
        self.problems.add(code, span, message, hint)

    def among(self, phrase: t.Phrase, allowed: tuple[str, ...]) -> bool:
        """Whether a phrase is one of these; if not, that is reported."""
        if phrase.text in allowed:
            return True
        hint = did_you_mean(phrase.text, allowed) or f"Write {one_of(allowed)}."
        self.fail("T223", phrase.span, f"“{phrase.text}” is not among what can be said here.", hint)
        return False

    def schema(self, side: Side) -> Schema:
        return self.crm if side == CRM else self.m365

    # ---- paths ------------------------------------------------------------------------------------------------

    def path(self, path: t.Path) -> c.Operand | None:
        """A path of a condition: ``crm.…``, ``m365.…`` or ``setting.…``."""
        head, _, rest = path.text.partition(".")
        for side in (CRM, M365):
            if head == side:
                return self.field(side, rest, path.span, len(head) + 1)
        if head == "setting":
            return self.setting(rest, path.span)
        if head == "user":
            self.fail("T209", path.span, "The user has no parts that a rule can name.", "Write user alone.")
            return None
        bare = head.partition("[")[0]
        sides = [side for side in (CRM, M365) if bare in self.schema(side).by_name]
        hint = f"Did you mean “{sides[0]}.{path.text}”?" if sides else "Start it with crm. or m365. or setting."
        self.fail("T208", path.span, f"“{path.text}” does not say which side it is on.", hint)
        return None

    def field(self, side: Side, text: str, span: Span, offset: int = 0) -> c.FieldRef | None:
        """A field of a side by its path without prefix, which starts ``offset`` columns into the span."""
        schema, known = self.schema(side), ""
        start = span.column + offset
        pieces = text.split(".")
        for position, piece in enumerate(pieces):
            trial = f"{known}.{piece}" if known else piece
            place = Span(span.file, span.line, start, start + len(piece))
            start += len(piece) + 1
            if not self._step(schema, known, piece, position == len(pieces) - 1, place):
                return None
            known = trial
        return c.FieldRef(side, known, schema.type_at(known), span)

    def _step(self, schema: Schema, known: str, piece: str, last: bool, place: Span) -> bool:
        name, _, slot = piece.partition("[")
        owner = f"{schema.side}.{schema.kind}"
        if not known:
            outer = "field"
            possible = [f.name for f in schema.fields]
        else:
            outer = f"part of {known}"
            possible = _parts(schema.type_at(known))
        if name not in possible:
            self._unknown_field(schema, owner, outer, name, possible, place)
            return False
        if not slot:
            return True
        found = schema.type_at(f"{known}.{name}" if known else name)
        number = int(slot.removesuffix("]"))
        if found.of is None or "[" in known or known:
            message = f"“{name}” is not a list, so it has no place {number}."
            self.fail("T210", place, message, f"Write {name} without [{number}].")
            return False
        if number < 1 or (found.limit is not None and number > found.limit):
            most = f"1 to {found.limit}" if found.limit is not None else "1 upwards"
            self.fail("T210", place, f"“{name}” has no place {number}.", f"Its places are counted from {most}.")
            return False
        return True

    def _unknown_field(
        self, schema: Schema, owner: str, outer: str, name: str, possible: list[str], place: Span
    ) -> None:
        other = self.schema(M365 if schema.side == CRM else CRM)
        hint = did_you_mean(name, possible)
        if not hint and outer == "field" and name in other.by_name:
            hint = f"{other.side}.{other.kind} has one; the CRM stands left of the arrow, Microsoft 365 right of it."
        if not hint and possible:
            shown = ", ".join(sorted(possible)[:12]) + (" …" if len(possible) > 12 else "")
            hint = f"There are: {shown}."
        self.fail("T201", place, f"{owner} has no {outer} called “{name}”.", hint)

    def setting(self, name: str, span: Span) -> c.SettingRef | None:
        spec = self.settings.get(name)
        if spec is not None:
            return c.SettingRef(spec, span)
        if name in self.broken:
            self.failures += 1
            return None
        hint = did_you_mean(name, self.settings) or "Declare it under settings."
        self.fail("T202", span, f"No setting is called “{name}”.", hint)
        return None

    # ---- words ------------------------------------------------------------------------------------------------

    def operand(self, term: t.Term, other: c.Operand | None = None) -> c.Operand | None:
        """A term that is compared; ``other`` is what with, which gives bare words their meaning."""
        match term:
            case t.Path():
                return self.path(term)
            case t.Number(value=number, span=span):
                return c.Constant(number, span)
            case t.Text(value=text, span=span):
                return c.Constant(text, span) if _open(other) else self._among(text, choices_of(other), span)
            case t.Word(text="user", span=span):
                return c.UserRef(span, holds_accounts(other))
            case t.Word(text="today", span=span):
                return c.TodayRef(span)
        return self._word(term, other)

    def _word(self, word: t.Word, other: c.Operand | None) -> c.Operand | None:
        choices = choices_of(other)
        if word.text in choices or (choices and not _open(other)):
            return self._among(word.text, choices, word.span)
        if word.text in FLAGS:
            return c.Constant(FLAGS[word.text], word.span)
        if word.text in self.broken:
            self.failures += 1
        elif word.text in self.defines:
            message = f"“{word.text}” is a condition of its own and can't be compared."
            self.fail("T211", word.span, message, "Use it alone, or with not, and, or.")
        else:
            self.fail("T212", word.span, f"“{word.text}” is no value here.", self._value_hint(word.text))
        return None

    def _value_hint(self, text: str) -> str:
        if text in self.settings:
            return f"Did you mean “setting.{text}”?"
        for side in (CRM, M365):
            if text in self.schema(side).by_name:
                return f"Did you mean “{side}.{text}”?"
        return f'A text stands in quotes: "{text}".'

    def _among(self, text: str, choices: tuple[str, ...], span: Span) -> c.Constant | None:
        if not choices or text in choices:
            return c.Constant(text, span)
        hint = did_you_mean(text, choices) or f"There are: {', '.join(choices)}."
        self.fail("T207", span, f"“{text}” is not among the values it can have.", hint)
        return None

    def unknown_condition(self, word: t.Word) -> None:
        """Report a bare word that should be a condition and is no define."""
        if word.text in self.broken:
            self.failures += 1
            return
        if word.text in self.settings or any(word.text in self.schema(side).by_name for side in (CRM, M365)):
            hint = self._value_hint(word.text)
        else:
            near = closest(word.text, [*self.defines, *(f"setting.{name}" for name in self.settings)])
            hint = f"Did you mean “{near}”?" if near else "Give the condition this name under define."
        self.fail("T203", word.span, f"No condition is called “{word.text}”.", hint)


def choices_of(operand: c.Operand | None) -> tuple[str, ...]:
    """The words an operand can hold, where they are a closed list."""
    match operand:
        case c.SettingRef(spec=spec) if spec.kind == "choice":
            return spec.choices
        case c.FieldRef(type=type_):
            return type_.choices or (type_.of.choices if type_.of else ())
    return ()


def _open(operand: c.Operand | None) -> bool:
    """Whether other values than the listed choices are lawful."""
    return isinstance(operand, c.FieldRef) and (operand.type.of or operand.type).open


def holds_accounts(operand: c.Operand | None) -> bool:
    """Whether a field names people by their accounts in Microsoft 365."""
    return isinstance(operand, c.FieldRef) and (operand.type.of or operand.type).name == "account"


def _parts(type_: Type) -> list[str]:
    """Names that may follow a dot after a value of this type."""
    if type_.of is not None:
        return _parts(type_.of)
    if type_.name == "reference":
        return ["name", "id", *(name for name, _ in type_.parts)]
    return [name for name, _ in type_.parts]
