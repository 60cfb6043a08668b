"""The one layout of rule files: where lines begin, what is blank between them, and which words stand below each other.

Line breaks within entries are the author's, and so are single blank lines between entries; everything else follows
from the words alone. Nothing but white space is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from lark import Token
from msgspec import Struct

from engine.language import columns, grammar, source, syntax
from engine.language.diagnostics import Problems, RuleErrors
from engine.language.forms import HEADINGS, SECTIONS
from engine.language.source import LIMITS, Comment, Limits, RawEntry, RawSection, Source

ENTRY: Final = 2
"""Spaces before an entry, and before a help text of a heading."""
DEEPER: Final = 6
"""Spaces before what continues an entry."""

Kind: TypeAlias = Literal["heading", "heading help", "entry", "deeper", "note"]
"""What a line is; a note is a comment with a line of its own."""


def lay_out(file: str, data: bytes, limits: Limits = LIMITS) -> str:
    """The text of a rule file in its one layout. ``file`` is how messages call it.

    Raises RuleErrors with the problems of a file that can't be read or parsed. What names mean is not looked at.
    """
    problems = Problems()
    text = _mended(source.decode(file, data, problems, limits))
    if problems:
        shown = data[: limits.file_bytes].decode("utf-8", "replace")
        raise RuleErrors(problems, {file: "\n".join(shown.split("\n")[:1000])})
    cut = source.cut(file, text, problems, limits)
    if not problems:
        syntax.parse(cut, problems)
    if problems:
        raise RuleErrors(problems, {file: cut.text})
    return "".join(f"{line}\n" for line in _written(_lines(cut)))


_TABBED: Final = re.compile(r'"[^"]*"|#.*|\t')


def _mended(text: str) -> str:
    """Line ends of all kinds made one, and tabs outside of quoted texts made spaces."""
    return "\n".join(_without_tabs(line) for line in re.split("\r\n|\r|\n", text))


def _without_tabs(line: str) -> str:
    if "\t" not in line:
        return line
    body = line.lstrip(" \t")
    margin = line[: len(line) - len(body)].expandtabs(8)
    return margin + _TABBED.sub(lambda m: m[0] if m[0].startswith('"') else m[0].replace("\t", " "), body)


# ---- what each line of the file is --------------------------------------------------------------------------------


class _Line(Struct, frozen=True):
    """``blank``: whether a blank line stood before it. ``row`` is set for the first line of an entry. ``column``: where
    it stood, from 1."""

    kind: Kind
    text: str
    blank: bool
    comment: str = ""
    row: columns.Row | None = None
    column: int = 1


def _lines(cut: Source) -> list[_Line]:
    comments = {comment.line: comment for comment in _comments(cut)}
    placed: dict[int, tuple[Kind, str, columns.Row | None]] = {}
    for section in cut.sections:
        placed[section.heading.line] = ("heading", _heading(section.heading), None)
        for entry in section.entries:
            placed.update(_entry(_rule(section), entry))
    found: list[_Line] = []
    blank = False
    beneath: Kind = "heading"
    for number, text in enumerate(cut.text.split("\n"), start=1):
        comment = comments.get(number)
        code = (text[: comment.column - 1] if comment else text).strip()
        if not code and comment is None:
            blank = True
            continue
        if not code and comment is not None:
            found.append(_Line("note", comment.text, blank, column=comment.column))
        else:
            helps: Kind = "heading help" if beneath in ("heading", "heading help") else "deeper"
            beneath, said, row = placed.get(number, (helps, code, None))
            column = len(text) - len(text.lstrip()) + 1
            found.append(_Line(beneath, said, blank, comment.text if comment else "", row, column))
        blank = False
    return found


def _comments(cut: Source) -> Iterator[Comment]:
    for section in cut.sections:
        for raw in (section.heading, *section.entries):
            yield from raw.comments
    yield from cut.comments


def _rule(section: RawSection) -> str:
    name = section.heading.flat()
    return SECTIONS["translate" if name.startswith("translate ") else name].rule


def _heading(raw: RawEntry) -> str:
    form = HEADINGS.get(raw.flat().split(" ")[0])
    if form is None:
        return raw.flat()
    (said,) = columns.cells("", _pieces(raw, form.rule)).values()
    return " ".join(cell.text.strip() for cell in said)


def _entry(rule: str, raw: RawEntry) -> Iterator[tuple[int, tuple[Kind, str, columns.Row | None]]]:
    for line, words in columns.cells(rule, _pieces(raw, rule)).items():
        if line == 1:
            yield raw.line, ("entry", "", columns.row(rule, words))
        else:
            yield raw.line + line - 1, ("deeper", columns.spoken(words), None)


def _pieces(raw: RawEntry, rule: str) -> list[columns.Piece]:
    tree = grammar.parser().parse(raw.text, start=rule)
    tokens = tree.scan_values(lambda value: isinstance(value, Token))
    return list(columns.pieces(sorted(tokens, key=lambda token: token.start_pos or 0)))


# ---- writing them anew --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Page:
    """Lines written so far, and the block of entries that still grows."""

    lines: list[str] = field(default_factory=list)
    comments: dict[int, str] = field(default_factory=dict)
    block: list[tuple[int, columns.Row]] = field(default_factory=list)

    def blank(self) -> None:
        self.end_block()
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def put(self, indent: int, line: _Line) -> None:
        if line.comment:
            self.comments[len(self.lines)] = line.comment
        if line.row is not None:
            self.block.append((len(self.lines), line.row))
        self.lines.append(" " * indent + line.text)

    def end_block(self) -> None:
        """Line up the entries since the last blank line, now that all of them are known."""
        for (number, _), text in zip(self.block, columns.aligned([row for _, row in self.block]), strict=True):
            self.lines[number] = " " * ENTRY + text
        self.block = []

    def finish(self) -> list[str]:
        """All lines, with comments behind adjoining lines below each other."""
        self.end_block()
        for number in sorted(self.comments):
            if number - 1 in self.comments:
                continue
            run = [number]
            while run[-1] + 1 in self.comments:
                run.append(run[-1] + 1)
            width = max(len(self.lines[one]) for one in run) + columns.GAP
            for one in run:
                self.lines[one] = self.lines[one].ljust(width) + self.comments[one]
        return self.lines


def _written(lines: Sequence[_Line]) -> list[str]:
    page = _Page()
    owners = _owners(lines)
    for number, line in enumerate(lines):
        if number and _parted(lines[number - 1], owners[number - 1], line, owners[number]):
            page.blank()
        page.put(_INDENT[owners[number]], line)
    return page.finish()


def _parted(before: _Line, above: Kind, line: _Line, owner: Kind) -> bool:
    """Whether a blank line comes between: above each section with its notes, and where the author left one between
    entries."""
    if owner == "heading" and (above != "heading" or before.kind == line.kind == "heading"):
        return True
    return line.blank and owner in ("heading", "entry") and not _opens(before)


_INDENT: Final[Mapping[Kind, int]] = {
    "heading": 0, "heading help": ENTRY, "entry": ENTRY, "deeper": DEEPER,
}  # fmt: skip


def _opens(line: _Line) -> bool:
    return line.kind in ("heading", "heading help")


def _owners(lines: Sequence[_Line]) -> list[Kind]:
    """For each line its kind; for a note that of the line it belongs to, which is the one below, except for

    - notes right below an entry and deeper than it, which belong to that entry;
    - indented notes above a heading or at the end, which belong to the section above unless a note at the margin
      comes before them.
    """
    owners: list[Kind] = []
    entry: int | None = None
    for number, line in enumerate(lines):
        before = owners[-1] if number else None
        if line.kind != "note":
            owners.append(line.kind)
            entry = line.column if line.kind == "entry" else None if line.kind == "heading" else entry
            continue
        following: Kind = next((one.kind for one in lines[number:] if one.kind != "note"), "heading")
        if following in ("entry", "heading") and entry is not None and line.column > entry and not line.blank:
            first = lines[number - 1].kind != "note"
            if first or before == "deeper":
                following = "deeper"
        if following == "heading" and number and line.column > 1:
            margin = lines[number - 1].kind == "note" and before == "heading"
            following = "heading" if margin else "entry"
        owners.append(following)
    return owners
