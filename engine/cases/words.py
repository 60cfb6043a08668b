"""The words of one entry of a case file, with their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from engine.language.diagnostics import Span
from engine.language.source import RawEntry

Kind: TypeAlias = Literal["text", "moment", "time", "number", "arrow", "word", "mark", "entry", "end"]


class Slip(Exception):
    """What is wrong with one entry of a case; becomes a problem of the file."""

    def __init__(self, code: str, span: Span, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.span, self.message, self.hint = code, span, message, hint


class Token(Struct, frozen=True):
    kind: Kind
    text: str
    span: Span


_TOKENS: Final = re.compile(
    r"""
      (?P<text>"[^"\n]*")
    | (?P<moment>\d{4}-\d\d-\d\d (?:[ T]\d\d:\d\d(?::\d\d)?Z?)? (?:[ ]UTC\b | [ ][A-Z][A-Za-z_+-]*(?:/[\w+-]+)+)?)
    | (?P<time>\d\d:\d\d)
    | (?P<number>-?\d+)
    | (?P<arrow>->)
    | (?P<entry>(?<=\s)by[ ]+\S.*)
    | (?P<word>[A-Za-z_][\w-]*(?:\[\d+\])?(?:\.[A-Za-z_]\w*(?:\[\d+\])?)*)
    | (?P<mark>[][(),?])
    """,
    re.VERBOSE,
)
_ESCAPES: Final = {"n": "\n", "q": '"', "\\": "\\"}


def rows(raw: RawEntry) -> list[list[Token]]:
    """The tokens of each line that has any. Raises Slip for what is no word."""
    found = [_row(raw, number, line) for number, line in enumerate(raw.text.split("\n"))]
    return [row for row in found if row]


def _row(raw: RawEntry, number: int, line: str) -> list[Token]:
    place, end, found = raw.line + number, 0, list[Token]()
    while end < len(line):
        if line[end] == " ":
            end += 1
            continue
        match = _TOKENS.match(line, end)
        if match is None:
            span = Span(raw.span.file, place, end + 1, end + 2)
            raise Slip("T601", span, f"“{line[end]}” can't stand here.", "Write texts in quotes.")
        kind, text = match.lastgroup or "", match.group().rstrip()
        span = Span(raw.span.file, place, end + 1, end + len(text) + 1)
        found.append(Token(kind, text, span))  # type: ignore[arg-type]
        end = match.end()
    return found


@dataclass(slots=True)
class Cursor:
    """Reads one token after the other."""

    tokens: Sequence[Token]
    at: int = 0

    @property
    def next(self) -> Token:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        last = self.tokens[-1].span
        return Token("end", "", Span(last.file, last.line, last.end_column, last.end_column + 1))

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def takes(self, *words: str) -> bool:
        """Take these words if they come next."""
        if [token.text for token in self.tokens[self.at : self.at + len(words)]] != list(words):
            return False
        self.at += len(words)
        return True

    def need(self, kind: Kind, what: str) -> Token:
        if self.next.kind != kind:
            raise self.slip(f"{what} is expected here.")
        return self.take()

    def finish(self, hint: str = "") -> None:
        if self.next.kind != "end":
            raise self.slip("Nothing more is expected here.", hint)

    def slip(self, message: str, hint: str = "") -> Slip:
        return Slip("T601", self.next.span, message, hint)


def unquoted(token: Token) -> str:
    r"""A text in quotes: ``\n`` is a new line, ``\q`` a quotation mark, ``\\`` a backslash."""
    return re.sub(r"\\([nq\\])", lambda match: _ESCAPES[match[1]], token.text[1:-1])


def quoted(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\\", "\\\\").replace("\n", "\\n").replace('"', "\\q")
    return f'"{plain}"'
