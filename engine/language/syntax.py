"""Cut text to the syntax tree: each heading and entry is parsed from its own start rule, so one slip is one message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, cast

from lark import Token, Tree, UnexpectedInput
from lark.lexer import PatternRE

from engine.language import entries, grammar, slips
from engine.language import tree as t
from engine.language.builder import Builder
from engine.language.diagnostics import Note, Problems, Span
from engine.language.forms import HEADINGS, SECTIONS, Form
from engine.language.source import RawEntry, RawSection, Source
from engine.language.suggestions import did_you_mean

LANGUAGE: Final = 1
"""The number of the language this compiler reads."""


def parse(source: Source, problems: Problems) -> t.RuleFile | None:
    """The tree of everything that could be parsed; None when the file has no usable ``language`` or ``sync`` line
    (then with the problem recorded). Never raises for bad input."""
    reader = _Reader(source, problems)
    if not source.sections:
        if not problems:
            reader.first_line_missing()
        return None
    if not reader.language(source.sections[0]):
        return None
    for section in source.sections[1:]:
        reader.section(section)
    return reader.file()


@cache
def keywords() -> Mapping[str, str]:
    """Keyword terminals and how they are written."""
    found = {}
    for terminal in grammar.parser().terminals:
        written = re.sub(r"\\b.*", "", re.sub(r"\[ [^]]+\]\+", " ", terminal.pattern.value))
        if isinstance(terminal.pattern, PatternRE) and re.fullmatch(r"[a-z0-9][a-z0-9 ]*", written):
            found[terminal.name] = written
    return found


@dataclass(slots=True)
class _Reader:
    source: Source
    problems: Problems
    heading: t.SyncHeading | None = None
    sections: list[t.Section] = field(default_factory=list)
    seen: dict[str, Span] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    whole: bool = True

    def first_line_missing(self, span: Span | None = None) -> None:
        at = span or Span(self.source.file, 1, 1, 2)
        self.problems.add(
            "T111", at, "A rule file starts with the number of its language.", f"Write language {LANGUAGE} as line 1."
        )

    def language(self, first: RawSection) -> bool:
        if first.heading.spoilt:
            return False
        if _first_word(first.heading) != "language":
            self.first_line_missing(first.heading.span)
            return False
        parsed = self._parse(first.heading, HEADINGS["language"])
        if parsed is None:
            return False
        number = int(cast(Token, parsed.children[1]))
        if number != LANGUAGE:
            self.problems.add(
                "T112", first.heading.span, f"This file is written in language {number}; Tandem reads {LANGUAGE}.",
                f"Write language {LANGUAGE}, or install the version of Tandem that the file was written for.",
            )  # fmt: skip
            return False
        self._no_entries(first)
        return True

    def section(self, raw: RawSection) -> None:
        if raw.heading.spoilt:
            self._give_up(raw)
            return
        word = _first_word(raw.heading)
        if word == "sync":
            self._sync(raw)
        elif word == "translate":
            self._translate(raw)
        elif word == "language":
            self.problems.add("T114", raw.heading.span, "The language is named a second time.", "Remove this line.")
        else:
            self._plain(raw)

    def file(self) -> t.RuleFile | None:
        if self.heading is None:
            if "sync" not in self.seen and self.whole:
                span = self.source.sections[0].heading.span
                self.problems.add(
                    "T113", span, "This file does not say which records it keeps in step.",
                    f"Write after the language line: {HEADINGS['sync'].reads}",
                )  # fmt: skip
            return None
        return t.RuleFile(
            self.source.file,
            self.heading,
            tuple(self.sections),
            frozenset(self.broken),
            self.whole and not self.problems,
        )

    # ---- headings ---------------------------------------------------------------------------------------------

    def _sync(self, raw: RawSection) -> None:
        self._no_entries(raw)
        if "sync" in self.seen:
            note = Note(self.seen["sync"], "The first one stands here.")
            self.problems.add(
                "T114", raw.heading.span, "A file has one sync line; this is a second one.",
                "Put the other pair of records into a file of its own.", note,
            )  # fmt: skip
            return
        self.seen["sync"] = raw.heading.span
        parsed = self._parse(raw.heading, HEADINGS["sync"])
        if parsed is not None:
            self.heading = Builder(raw.heading).sync(parsed)

    def _translate(self, raw: RawSection) -> None:
        parsed = self._parse(raw.heading, HEADINGS["translate"])
        heading = Builder(raw.heading).translate(parsed) if parsed is not None else None
        found = self._entries(raw, SECTIONS["translate"])
        if heading is not None:
            self.sections.append(t.Section("translate", raw.heading.span, found, heading))

    def _plain(self, raw: RawSection) -> None:
        name = raw.heading.flat()
        if name not in SECTIONS or name == "translate":
            self._unknown(raw, name)
            return
        kind = "conflict" if name.startswith("conflict") else name
        if kind in self.seen:
            note = Note(self.seen[kind], "The first one stands here.")
            self.problems.add(
                "T116", raw.heading.span, f"The section {kind} stands here a second time.",
                "Move its entries to the first one.", note,
            )  # fmt: skip
        self.seen.setdefault(kind, raw.heading.span)
        self.sections.append(t.Section(name, raw.heading.span, self._entries(raw, SECTIONS[name])))

    def _unknown(self, raw: RawSection, name: str) -> None:
        known = [*SECTIONS, "sync name: …", "translate name: …"]
        plain = name.rstrip(": ")
        hint = did_you_mean(plain, list(SECTIONS)) or f"Sections are: {', '.join(sorted(known))}."
        if plain in SECTIONS:
            hint = f"Write {plain}, without a colon."
        self.problems.add("T115", raw.heading.span, f"There is no section called “{_short(plain)}”.", hint)
        self._give_up(raw)

    def _give_up(self, raw: RawSection) -> None:
        """Nothing in this section can be judged; what it may have named is remembered as broken."""
        for entry in (raw.heading, *raw.entries):
            self._break(entry)

    def _no_entries(self, raw: RawSection) -> None:
        for entry in (entry for entry in raw.entries if not entry.spoilt):
            self.problems.add(
                "T110", entry.span, "This entry stands before the first section.",
                f"Put a heading above it, one of: {', '.join(SECTIONS)}.",
            )  # fmt: skip
            self._break(entry)

    # ---- entries ----------------------------------------------------------------------------------------------

    def _entries(self, raw: RawSection, form: Form) -> tuple[t.Written, ...]:
        found = []
        for entry in raw.entries:
            parsed = self._parse(entry, form)
            if parsed is not None:
                found.append(t.Written(entries.entry(Builder(entry), parsed), entry.flat()))
        return tuple(found)

    def _parse(self, raw: RawEntry, form: Form) -> Tree[Token] | None:
        if raw.spoilt:
            self._break(raw)
            return None
        slip = slips.Slip(raw, form, self.problems)
        if slips.before_parsing(slip):
            self._break(raw)
            return None
        try:
            return grammar.parser().parse(raw.text, start=form.rule)
        except UnexpectedInput as error:
            slips.explain(slip, error, keywords())
            self._break(raw)
            return None

    def _break(self, raw: RawEntry) -> None:
        self.whole = False
        self.broken.update(re.findall(r'"([^"]*)"', raw.text))
        self.broken.update(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", raw.text.partition(":")[0])[:3])


def _first_word(raw: RawEntry) -> str:
    match = re.match(r"[a-z]+", raw.text)
    return match.group() if match else ""


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
