"""Text to sections and entries with their places; nothing is parsed here, so one slip spoils one entry only.

Sections start at the margin, entries are indented, deeper lines continue the entry above. A line that is only a
quoted text is help for what stands above it. Comments start with ``#`` and stay with their entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from engine.language.diagnostics import Problems, Span


class Limits(Struct, frozen=True):
    """How much one file may hold; all generous for people and small for machines."""

    file_bytes: int = 1 << 20
    entries: int = 5_000
    entry_characters: int = 10_000
    define_depth: int = 20
    condition_parts: int = 2_000


LIMITS = Limits()


class Comment(Struct, frozen=True):
    line: int
    column: int
    text: str


class RawEntry(Struct, frozen=True):
    """One entry or heading as written. ``text`` keeps lines and columns, with comments and help blanked out;
    ``span`` covers its first line. What is spoilt has a problem already
    and is not to be parsed."""

    text: str
    span: Span
    help: str = ""
    comments: tuple[Comment, ...] = ()
    spoilt: bool = False

    @property
    def line(self) -> int:
        return self.span.line

    def flat(self) -> str:
        """The entry on one line with single spaces, for showing it; quoted text keeps its spaces."""
        pieces = re.split(r'("[^"\n]*")', self.text)
        return "".join(p if p.startswith('"') else re.sub(r"\s+", " ", p) for p in pieces).strip()


class RawSection(Struct, frozen=True):
    heading: RawEntry
    entries: tuple[RawEntry, ...]


class Source(Struct, frozen=True):
    """One file cut into pieces, in order; ``comments`` are those that stand after the last entry."""

    file: str
    text: str
    sections: tuple[RawSection, ...]
    comments: tuple[Comment, ...] = ()


def decode(file: str, data: bytes, problems: Problems, limits: Limits = LIMITS) -> str:
    """The bytes of a rule file as text (UTF-8, a leading byte order mark and CRLF accepted)."""
    start = Span(file, 1, 1, 2)
    if len(data) > limits.file_bytes:
        problems.add(
            "T101", start, f"This file has {len(data):,} bytes; a rule file may have {limits.file_bytes:,}.",
            "Split it by record type: one file for each pair of record types.",
        )  # fmt: skip
        return ""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig", "replace")) + 1
        problems.add(
            "T102", Span(file, line, column, column + 1),
            f"The byte 0x{data[error.start]:02X} here is not UTF-8 text.", "Save the file as UTF-8 in your editor.",
        )  # fmt: skip
        return ""


def cut(file: str, text: str, problems: Problems, limits: Limits = LIMITS) -> Source:
    """Cut a file's text. Layout problems are recorded, and what they spoil is marked so."""
    text = text.replace("\r\n", "\n")
    if _has_strange_characters(file, text, problems):
        return Source(file, text, ())
    cutter = _Cutter(file, problems, limits)
    for number, line in enumerate(text.split("\n"), start=1):
        cutter.take(number, line)
    return Source(file, text, *cutter.finish())


_STRANGE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def _has_strange_characters(file: str, text: str, problems: Problems) -> bool:
    """Tabs and characters nobody can see would make columns and meaning differ from what is shown."""
    found = False
    for code, pattern in (("T103", re.compile(r"\t")), ("T104", _STRANGE)):
        match = pattern.search(text)
        if match is None:
            continue
        found = True
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        more = len({text.count("\n", 0, m.start()) for m in _first(pattern, text)}) - 1
        also = "" if not more else f" ({'more' if more >= _ENOUGH else more} other line{'s' if more > 1 else ''} too)"
        span = Span(file, line, column, column + 1)
        if code == "T103":
            problems.add(
                code,
                span,
                f"There is a tab here{also}.",
                "Write spaces in its place; `tandem fmt` does so outside of quoted texts.",
            )
        else:
            problems.add(
                code, span, f"There is a character here that can't be seen: U+{ord(match.group()):04X}{also}.",
                "Delete it and type a normal space or nothing in its place.",
            )  # fmt: skip
    return found


_ENOUGH = 20


def _first(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = []
    for match in pattern.finditer(text):
        found.append(match)
        if len(found) > _ENOUGH:
            break
    return found


_PIECE = re.compile(r'"[^"]*"|[^"#]+')
_ONLY_HELP = re.compile(r'\s+"[^"]*"\s*')
_WANTS_MORE = re.compile(r"(?:\b(?:else|needs|is|in|and|or|not|unless|while|keep|sticky)|[,\[:>|-])\s*$")


@dataclass(slots=True)
class _Open:
    """An entry or heading that further lines may still continue."""

    indent: int
    span: Span
    lines: list[str]
    comments: list[Comment]
    help: list[str] = field(default_factory=list)
    spoilt: bool = False

    def close(self) -> RawEntry:
        return RawEntry("\n".join(self.lines), self.span, "\n".join(self.help), tuple(self.comments), self.spoilt)


@dataclass(slots=True)
class _Cutter:
    file: str
    problems: Problems
    limits: Limits
    sections: list[tuple[RawEntry, list[RawEntry]]] = field(default_factory=list)
    open: _Open | None = None
    indent: int | None = None
    uneven: bool = False
    waiting: list[Comment] = field(default_factory=list)
    count: int = 0

    def take(self, number: int, line: str) -> None:
        code, comment, closed = _split(number, line)
        if not code.strip():
            if comment is not None:
                self.waiting.append(comment)
            return
        indent = len(code) - len(code.lstrip(" "))
        span = Span(self.file, number, indent + 1, len(code.rstrip()) + 1)
        if indent > 0 and self._continues(indent):
            self._continue(number, code.rstrip(), span)
        else:
            self._start(indent, code.rstrip(), span)
        if comment is not None and self.open is not None:
            self.open.comments.append(comment)
        if not closed:
            self._unclosed(span, code)

    def _continues(self, indent: int) -> bool:
        """Deeper than the entry above, and not where the section's entries start."""
        return self.open is not None and indent > self.open.indent > 0 and indent != self.indent

    def _continue(self, number: int, code: str, span: Span) -> None:
        assert self.open is not None
        self.open.comments += self.waiting
        self.waiting = []
        self.open.lines += [""] * (number - self.open.span.line - len(self.open.lines))
        is_help = _ONLY_HELP.fullmatch(code) and not _WANTS_MORE.search("\n".join(self.open.lines).rstrip())
        if is_help:
            self.open.help.append(code.strip()[1:-1])
            return
        if self.open.help and not self.open.spoilt:
            self.problems.add(
                "T107", span, "This line goes on after the entry's help text.",
                "Put help texts, the lines that are only a quoted text, last.",
            )  # fmt: skip
            self.open.spoilt = True
        self.open.lines.append(code)

    def _start(self, indent: int, code: str, span: Span) -> None:
        if indent > 0 and _ONLY_HELP.fullmatch(code) and self.open is not None and self.open.indent == 0:
            self.open.help.append(code.strip()[1:-1])
            self.open.comments += self.waiting
            self.waiting = []
            return
        self._close()
        self.open = _Open(indent, span, [code], self.waiting)
        self.waiting = []
        if indent == 0:
            self.indent, self.uneven = None, False
        elif _ONLY_HELP.fullmatch(code):
            self._spoil("T107", span, "This help text stands under no entry.", "Indent it deeper than its entry.")
        elif self.indent is None:
            self.indent = indent
        elif indent != self.indent and not self.uneven:
            self.uneven = True
            self._spoil(
                "T105", span, f"This line is indented by {indent}, the entries above it by {self.indent}.",
                f"Indent entries by {self.indent}; indent deeper to continue the entry above.",
            )  # fmt: skip

    def _unclosed(self, span: Span, code: str) -> None:
        column = code.rfind('"') + 1
        place = replace(span, column=column, end_column=column + 1)
        self._spoil("T106", place, "This quotation mark is never closed.", 'Close the text with " on the same line.')

    def _spoil(self, code: str, span: Span, message: str, hint: str) -> None:
        self.problems.add(code, span, message, hint)
        if self.open is not None:
            self.open.spoilt = True

    def _close(self) -> None:
        """Put the finished heading or entry in its place."""
        piece, self.open = self.open, None
        if piece is None:
            return
        if piece.indent == 0:
            self.sections.append((piece.close(), []))
            return
        self.count += 1
        if self.count == self.limits.entries + 1:
            self.problems.add(
                "T108", piece.span, f"This is entry {self.count:,}; a rule file may have {self.limits.entries:,}.",
                "Split the file, or remove entries that are not needed.",
            )  # fmt: skip
        if self.count <= self.limits.entries:
            self._keep(piece)

    def _keep(self, piece: _Open) -> None:
        if len("\n".join(piece.lines)) > self.limits.entry_characters:
            self.problems.add(
                "T109", piece.span, f"This entry is longer than {self.limits.entry_characters:,} characters.",
                "Give parts of it a name under define.",
            )  # fmt: skip
            piece.spoilt = True
        if self.sections:
            self.sections[-1][1].append(piece.close())
        elif not piece.spoilt:
            self.problems.add(
                "T110", piece.span, "This entry stands before the first heading.",
                "Start headings at the margin: language 1, then sync name: crm.Kind <-> m365.kind.",
            )  # fmt: skip

    def finish(self) -> tuple[tuple[RawSection, ...], tuple[Comment, ...]]:
        self._close()
        return tuple(RawSection(h, tuple(entries)) for h, entries in self.sections), tuple(self.waiting)


def _split(number: int, line: str) -> tuple[str, Comment | None, bool]:
    """The line without its comment, the comment, and whether every quotation mark is closed."""
    end = 0
    while (match := _PIECE.match(line, end)) is not None:
        end = match.end()
    if end == len(line):
        return line, None, True
    if line[end] == "#":
        return line[:end], Comment(number, end + 1, line[end:].rstrip()), True
    return line, None, False
