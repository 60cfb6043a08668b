"""A case file's text to its cases, with every problem of the file in one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.cases.entries import SIDES, Draft, put_entry
from engine.cases.expecting import read_expectation
from engine.cases.model import Case, CaseFile, Expectation
from engine.cases.words import Cursor, Slip, Token, rows, unquoted
from engine.language import source
from engine.language.diagnostics import Note, Problem, Problems, Span
from engine.language.program import Program
from engine.language.source import RawSection
from engine.language.suggestions import did_you_mean
from engine.schema import Schemas


def read_cases(
    file: str, data: str | bytes, programs: Mapping[str, Program], schemas: Schemas
) -> tuple[CaseFile, list[Problem]]:
    """The cases of one file, and what is wrong with it. ``file`` is how messages call it; ``programs`` are the compiled
    rules by name."""
    problems = Problems()
    text = source.decode(file, data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data, problems)
    cut = source.cut(file, text, problems) if not problems else source.Source(file, "", ())
    reader = _Reader(programs, schemas, problems)
    for section in cut.sections:
        reader.take(section)
    if not problems and reader.draft is None:
        problems.add("T608", Span(file, 1, 1, 2), "This file says nowhere which rules its cases are about.", _START)
    name = reader.draft.program.name if reader.draft is not None else ""
    return CaseFile(file, text, name, tuple(reader.cases)), list(problems)


_START = "Begin it with a line “language 1” and a line “cases NAME”, where NAME.rules are the rules."


@dataclass(slots=True)
class _Reader:
    programs: Mapping[str, Program]
    schemas: Schemas
    problems: Problems
    draft: Draft | None = None
    bases: dict[str, Draft] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    names: dict[str, Span] = field(default_factory=dict)
    lost: bool = False
    """Whether nobody knows which rules the cases are about: then nothing more can be said of them."""
    shaky: bool = False
    """Whether a base, or what is said for all, has slips: then cases may lack what stands there."""

    def take(self, section: RawSection) -> None:
        if self.lost:
            return
        try:
            heading = [token for row in rows(section.heading) for token in row]
            self._section(section, heading)
        except Slip as slip:
            self._add(slip)

    def _add(self, slip: Slip, *notes: Note) -> None:
        self.problems.add(slip.code, slip.span, slip.message, slip.hint, *notes)

    def _section(self, section: RawSection, heading: Sequence[Token]) -> None:
        cursor = Cursor(heading)
        word = cursor.need("word", "A heading such as case")
        if word.text == "language":
            number = cursor.need("number", "The number of the language")
            if number.text != "1":
                raise Slip("T608", number.span, f"Language {number.text} is not known.", "Write language 1.")
            cursor.finish()
        elif word.text == "cases":
            self._cases(section, cursor)
        elif word.text not in ("base", "case"):
            hint = did_you_mean(word.text, ("cases", "base", "case")) or "Headings are: cases, base, case."
            raise Slip("T600", word.span, f"A case file has no heading “{word.text}”.", hint)
        elif self.draft is None:
            self.lost = True
            raise Slip("T608", word.span, f"This {word.text} stands before the rules it is about.", _START)
        elif word.text == "base":
            name = cursor.need("word", "The base's name, such as ann")
            cursor.finish("A base's name is one word.")
            draft = self.draft.copy()
            self._once("base", name)
            self._shared(section, draft)
            self.bases[name.text] = draft
        else:
            name = cursor.need("text", "The case's name in quotes")
            cursor.finish()
            self._once("case", name)
            self._case(section, name, self.draft.copy())

    def _cases(self, section: RawSection, cursor: Cursor) -> None:
        token = cursor.need("word", "The name of the rules")
        cursor.finish()
        name = token.text.removesuffix(".rules")
        if name not in self.programs:
            self.lost = True
            hint = did_you_mean(name, self.programs) or f"There are: {', '.join(self.programs)}."
            raise Slip("T608", token.span, f"There are no rules “{name}”.", hint)
        if self.draft is not None:
            raise Slip("T606", token.span, "A case file is about one rule file.", "Put other cases in another file.")
        self.draft = Draft(self.programs[name], self.schemas, self.bases)
        self._shared(section, self.draft)

    def _shared(self, section: RawSection, draft: Draft) -> None:
        """What many cases have in common; nothing is expected of it."""
        before = len(self.problems.found)
        expected = self._entries(section, draft)
        if expected:
            hint = "Put it under the heading of a case."
            self.problems.add("T600", expected[0].span, "Only a case expects something.", hint)
        self.shaky = self.shaky or before < len(self.problems.found)

    def _once(self, what: str, name: Token) -> None:
        first = self.names.setdefault(f"{what} {name.text}", name.span)
        if first is not name.span:
            slip = Slip("T606", name.span, f"There is a {what} called {name.text} already.", "Give it another name.")
            self._add(slip, Note(first, "The first one stands here."))

    def _case(self, section: RawSection, name: Token, draft: Draft) -> None:
        before = len(self.problems.found)
        expected = self._entries(section, draft)
        try:
            if before == len(self.problems.found) and not self.shaky:
                self._check(name, draft, expected)
        except Slip as slip:
            self._add(slip)
        if before == len(self.problems.found) and not draft.missing():
            self.cases.append(Case(unquoted(name), name.span, draft.setup(), tuple(expected)))

    def _entries(self, section: RawSection, draft: Draft) -> list[Expectation]:
        """Put all entries into the draft; the expectations."""
        found = []
        for raw in section.entries:
            if raw.spoilt:
                continue
            try:
                lines = rows(raw)
                if lines[0][0].text == "expect":
                    found.append(read_expectation(draft, raw.span, lines))
                else:
                    put_entry(draft, Cursor([token for row in lines for token in row]))
            except Slip as slip:
                self._add(slip)
        return found

    def _check(self, name: Token, draft: Draft, expected: Sequence[Expectation]) -> None:
        """What each entry can't tell by itself."""
        missing, of = draft.missing(), draft.of
        if missing:
            raise Slip("T607", name.span, f"This case has no {missing}.", f"Say it once for all: {_MISSING[missing]}")
        if not expected:
            raise Slip("T607", name.span, "This case expects nothing.", "Write “expect ?” to be told what comes of it.")
        records, fate = of.get("records", {}), of.get("fate", {})
        if not records:
            raise Slip("T607", name.span, "This case has no record.", "Write crm or m365 with the fields that matter.")
        if of.get("elsewhere") and "crm" not in records:
            text = "The same meeting stands in another mailbox, and the CRM has no record of it."
            raise Slip("T609", name.span, text, "Give the record in crm, too.")
        for side in SIDES:
            gone = fate.get(side) in ("deleted", "unreadable")
            if gone and side in of.get("changed", {}):
                text = f"The record in {side} is {fate[side]}, and changed as well."
                raise Slip("T609", name.span, text, "Delete one of the two entries.")
            if (gone or side in of.get("changed", {})) and len(records) < 2:
                text = (
                    f"What was {fate.get(side, 'changed')} in {side} was agreed with nobody: there is one record only."
                )
                raise Slip("T609", name.span, text, "Give both records as they were last agreed.")
        if not of.get("agreed", True) and (of.get("changed") or _gone(fate.values())):
            text = "What was never agreed can't have changed since."
            raise Slip("T609", name.span, text, "Give the records as they are now.")


def _gone(fates: Iterable[str]) -> bool:
    return any(fate != "read-only" for fate in fates)


_MISSING = {
    "clock": "clock 2026-11-22 09:00, under the heading cases.",
    "user": 'user ann "ann@firm.test", under the heading cases.',
}
