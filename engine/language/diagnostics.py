"""Problems found in rule files, as values: a code, a place, plain words and what to write instead.

Rendering shows the lines of source with a caret under the guilty text; colour is the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.errors import UserError

Part: TypeAlias = Literal["code", "place", "message", "gutter", "source", "caret", "hint"]
"""What a piece of rendered text is, for a style to colour."""


class Style:
    """How pieces of a rendered problem look. This one is plain; a terminal's subclass adds colour."""

    def paint(self, part: Part, text: str) -> str:
        del part
        return text


PLAIN = Style()


class Span(Struct, frozen=True, order=True):
    """A stretch of one line. Lines and columns count from 1, in characters; ``end_column`` is exclusive."""

    file: str
    line: int
    column: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Note(Struct, frozen=True):
    """A second place that belongs to a problem, such as where a name was declared first."""

    span: Span
    text: str


class Problem(Struct, frozen=True):
    """One mistake. ``message`` says what is wrong with the text shown, ``hint`` what to write instead."""

    code: str
    span: Span
    message: str
    hint: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Problems:
    """Collects the problems of one run; the compiler's passes add to it and carry on."""

    found: list[Problem] = field(default_factory=list)
    places: set[tuple[str, Span]] = field(default_factory=set)

    def add(self, code: str, span: Span, message: str, hint: str = "", *notes: Note) -> None:
        """Record a problem; a second one of the same code at the same place is dropped."""
        if (code, span) not in self.places:
            self.places.add((code, span))
            self.found.append(Problem(code, span, message, hint, notes))

    def __bool__(self) -> bool:
        return bool(self.found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.found)


class RuleErrors(UserError):
    """Rule files that do not compile, with every problem of every file, sorted by place.

    ``sources`` holds the text of each file by the name its spans use; ``str()`` is the plain rendering of all.
    """

    def __init__(self, problems: Iterable[Problem], sources: Mapping[str, str]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.span, p.code)))
        self.sources = dict(sources)
        super().__init__(self.render())

    def render(self, style: Style = PLAIN) -> str:
        """All problems and a closing count, as text that ends without a line break."""
        count = len(self.problems)
        blocks = [render(problem, self.sources.get(problem.span.file, ""), style) for problem in self.problems]
        return "\n\n".join([*blocks, f"{count} problem{'s' if count != 1 else ''} found."])


def render(problem: Problem, text: str, style: Style = PLAIN, around: int = 1) -> str:
    """One problem as lines of text, with up to ``around`` lines of source before the guilty one.

    ``text`` is the file's text; a place beyond it is shown without source lines.
    """
    head = f"{style.paint('code', problem.code)} {style.paint('place', str(problem.span))}"
    parts = [f"{head}  {style.paint('message', problem.message)}"]
    parts += _excerpt(problem.span, text, style, around)
    for note in problem.notes:
        parts.append(f"  {style.paint('place', str(note.span))}  {note.text}")
    if problem.hint:
        parts.append(f"  {style.paint('hint', problem.hint)}")
    return "\n".join(parts)


def _excerpt(span: Span, text: str, style: Style, around: int) -> list[str]:
    lines = text.split("\n")
    if span.line > len(lines):
        return []
    width = len(str(span.line))
    shown = []
    for number in range(max(1, span.line - around), span.line):
        before, _ = _clip(lines[number - 1], 1)
        if before.strip():
            shown.append(_numbered(f"{number:>{width}}", before, style))
    guilty, shift = _clip(lines[span.line - 1], span.column)
    shown.append(_numbered(f"{span.line}", guilty, style))
    gap = " " * (span.column - 1 - shift)
    length = max(1, min(span.end_column - span.column, _WIDTH))
    shown.append(f"{style.paint('gutter', '  ' + ' ' * width + ' | ')}{gap}{style.paint('caret', '^' * length)}")
    return shown


def _numbered(number: str, source: str, style: Style) -> str:
    return f"{style.paint('gutter', f'  {number} | ')}{style.paint('source', source)}".rstrip()


_WIDTH = 160


def _clip(line: str, column: int) -> tuple[str, int]:
    """The part of an overlong line around a column, with how many characters were cut before it."""
    visible = "".join(c if c.isprintable() or c == " " else "�" for c in line.rstrip("\r"))
    if len(visible) <= _WIDTH:
        return visible, 0
    start = max(0, column - 1 - _WIDTH // 2)
    return visible[start : start + _WIDTH], start
