"""All small mistakes that a hand could make in a rule file: each literal changed, each entry deleted, one at a time.

Help texts and comments are left alone; everything else of the text is a literal or a word, and each is changed at
least once: into other words that could stand there, and into a misspelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.language.phrases import CHANGES, FILL, LEAVING, MATCH, WINNERS
from engine.lenses.registry import LENSES
from engine.records import Side
from engine.schema import Schema, Type, steps

_TOKEN: Final = re.compile(r'"[^"]*"|<->|->|<-|[A-Za-z_][\w.]*(?:\[\d+\])?(?:\.\w+)*|\d+|\S')
_COMMENT: Final = re.compile(r"\s+#.*$")
_HELP: Final = re.compile(r'\s+"[^"]*"\s*$')
_PHRASES: Final[tuple[tuple[str, ...], ...]] = (
    tuple(CHANGES), LEAVING, tuple(dict.fromkeys(word for words in CHANGES.values() for word in words)), WINNERS,
    tuple(MATCH), *MATCH.values(), tuple(FILL), *FILL.values(),
)  # fmt: skip
_ALIKE: Final[tuple[tuple[str, ...], ...]] = (
    ("yes", "no"), ("both", "to_m365", "to_crm", "off"), ("email", "email_or_name", "none"), ("crm", "m365", "newest"),
    ("org", "user"), ("and", "or"), ("<->", "->", "<-"), ("field", "record"), ("everything", "none"),
    ("needs", "needs not"),
    ("is", "is not"), ("in", "is"), ("when", "when not"), tuple(LENSES), ("is not", "is"),
    ("before", "after"), ("now", "today"), ("week", "month", "year"), ("weeks", "months", "years"), ("while", "unless"),
)  # fmt: skip
_DROPPED: Final = (
    "narrowest wins", "ignoring case", "on create", "tie crm", "set by org, user", "set by org", "set by user",
    ", user", "org, ", "not ", "list of ", "[1]", "[2]", "as phone", "as postal_address", "as company_by_name",
    "as first_folder", ".address", ".name", ".in_planner", "with assigned_user_id", "keep others", "always",
    "at setting.start_time",
)  # fmt: skip
_OPERAND: Final = re.compile(r" (?:or|and) .+?(?= or | and | else | when |  |$)|, (?:\d+|\"[^\"]*\")(?=,|$)")
_MODIFIER: Final = re.compile(r" (?:at|with|keep|sticky|else user) ?")
"""What may follow a modifier with a comma or without: the grammar gives that comma no meaning."""
_SWAPPED: Final[Mapping[str, str]] = {"on create": "on first sync", "tie crm": "tie m365", "[1]": "[2]", "[2]": "[1]"}


@dataclass(frozen=True)
class Mutant:
    """One change: where, what it was, what it is now, and the whole text with it."""

    line: str
    was: str
    now: str
    text: str

    def __str__(self) -> str:
        return f"{' '.join(self.line.split())}: {self.was!r} -> {self.now!r}"


class Mutations:
    """The mutants of one rule file for two schemas."""

    def __init__(self, text: str, crm: Schema, m365: Schema) -> None:
        self.lines = text.split("\n")
        self.schemas: dict[Side, Schema] = {"crm": crm, "m365": m365}

    def all(self) -> list[Mutant]:
        """Each mutant once, in the order of the text."""
        found = [*self._deletions(), *self._literals()]
        return list({mutant.text: mutant for mutant in found}.values())

    # ---- deletions --------------------------------------------------------------------------------------------

    def _deletions(self) -> Iterator[Mutant]:
        """Every entry with all lines that continue it, every continuation that is no help, and every section."""
        for number, line in enumerate(self.lines):
            if not line.strip() or line.lstrip().startswith("#") or _HELP.fullmatch(line):
                continue
            indent = len(line) - len(line.lstrip())
            end = number + 1
            while end < len(self.lines) and (
                len(self.lines[end]) - len(self.lines[end].lstrip()) > indent or (indent == 0 and not self.lines[end])
            ):
                end += 1
            kept = [*self.lines[:number], *self.lines[end:]]
            yield Mutant(line, line.strip(), "", "\n".join(kept))

    # ---- literals ---------------------------------------------------------------------------------------------

    def _literals(self) -> Iterator[Mutant]:
        for number, line in enumerate(self.lines):
            body = _COMMENT.sub("", line)
            if not body.strip() or body.lstrip().startswith("#") or _HELP.fullmatch(body):
                continue
            for start, end, now in {*self._of_tokens(body), *self._of_phrases(body)}:
                changed = body[:start] + now + body[end:]
                if changed != body:
                    yield self._mutant(number, body[start:end], now, changed)

    def _mutant(self, number: int, was: str, now: str, line: str) -> Mutant:
        return Mutant(self.lines[number], was, now, "\n".join([*self.lines[:number], line, *self.lines[number + 1 :]]))

    def _of_phrases(self, body: str) -> Iterator[tuple[int, int, str]]:
        for group in _PHRASES:
            for phrase in group:
                for found in re.finditer(rf"(?<![\w.]){re.escape(phrase)}(?![\w.])", body):
                    yield from ((*found.span(), other) for other in group if other != phrase)
        for words in _DROPPED:
            for found in re.finditer(re.escape(words), body):
                yield (*found.span(), "")
                if words in _SWAPPED:
                    yield (*found.span(), _SWAPPED[words])
        for found in _OPERAND.finditer(body):
            yield (*found.span(), "")

    def _of_tokens(self, body: str) -> Iterator[tuple[int, int, str]]:
        for found in _TOKEN.finditer(body):
            word = found.group()
            if word == "," and _MODIFIER.match(body, found.end()):
                continue
            yield (*found.span(), self._misspelt(word))
            for group in _ALIKE:
                if word in group:
                    yield from ((*found.span(), other) for other in group if other != word)
            if word.isdigit():
                yield (*found.span(), str(int(word) + 1))
            yield from ((*found.span(), other) for other in self._other_fields(word, found.start(), body))

    def _misspelt(self, word: str) -> str:
        if word.startswith('"'):
            return f'{word[:-1]}x"'
        return f"{word}x" if word[0].isalnum() else ""

    def _other_fields(self, word: str, start: int, body: str) -> Iterator[str]:
        """Other fields of the same side and type: mistakes that no type can catch."""
        prefix, _, rest = word.partition(".")
        sides: tuple[Side, ...] = ("crm", "m365")
        arrow = re.search(r"<->|->|<-", body)
        for side in sides:
            path = rest if prefix == side else word if arrow and (start < arrow.start()) is (side == "crm") else ""
            if path:
                yield from (f"{side}.{other}" if prefix == side else other for other in self._alike(side, path))

    def _alike(self, side: Side, path: str) -> Iterator[str]:
        schema = self.schemas[side]
        first = steps(path)[0].name if re.fullmatch(r"[\w.\[\]]+", path) and not path[0].isdigit() else ""
        if first not in schema.by_name:
            return
        kind: Type = schema.by_name[first].type
        for other in schema.fields:
            if other.name != first and other.type == kind:
                yield path.replace(first, other.name, 1)
