"""Where the words of an entry stand: each line falls into cells, and the cells of a block line up in columns.

How far two columns are apart is the author's choice: a place that most rows of a block have for a column stays if it
leaves room, so that mending one line doesn't move the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from lark import Token
from msgspec import Struct
from msgspec.structs import replace

GAP: Final = 4
"""Spaces between two columns where nothing else is settled, and before a comment behind a line."""

KEPT: Final = range(2, 13)
"""Spaces between the widest cell of a column and the next column that are left as they are."""

LONGEST: Final = 60
"""A cell of more characters moves what follows it on its own line, and no other line of the block."""

ARROWS: Final[Mapping[str, str]] = {"BOTH": "<->", "TO_M365": " ->", "TO_CRM": "<- "}

_ARROW: Final = dict.fromkeys(ARROWS, 1)
_CHOSEN: Final = {"WHEN": 2, "OTHERWISE": 2}
_LENS: Final = dict.fromkeys(("AS", "WITH", "AT", "STICKY", "KEEP_OTHERS", "ELSE"), 3)

_OPENING: Final[Mapping[str, Mapping[str, int]]] = {
    "e_settings": {"DEFAULT": 2, "SET_BY": 3, "NARROWEST_WINS": 4},
    "e_scope": {"NEEDS": 1, "ELSE": 2, "WHEN": 3},
    "e_leaving": _CHOSEN,
    "e_changes": _CHOSEN,
    "e_window": {"FROM": 1},
    "e_fetch": {"ONLY": 1},
    "e_match": {"IGNORING_CASE": 2, "WHEN": 3},
    "e_translate": {**_ARROW, "WHILE": 1, "UNLESS": 1},
    "e_map": {**_ARROW, **_LENS, "ON_CREATE": 4, "ON_FIRST_SYNC": 4, "ALWAYS": 5, "WHEN": 6},
    "e_winners": {"TIE": 2},
}
"""Start rule ▸ terminal ▸ the column that it opens."""

_BEHIND: Final[Mapping[str, int]] = {"COLON": 1, **dict.fromkeys(ARROWS, 2)}
"""Terminal ▸ the column that the next word opens."""

_NARROW: Final[Mapping[tuple[str, int], int]] = {("e_scope", 1): 2, ("e_map", 2): 2, ("e_translate", 2): 2}
"""(start rule, column) ▸ the gap before it, which is not the author's to choose."""

_BESIDE_ALL: Final = ("e_map", 3)
"""The column that also stands clear of rows which end before it."""

_SIDE: Final = len("m365")


class Piece(Struct, frozen=True):
    """A token, or the part of it on one line: entries may break within words such as “set by”. ``line`` counts from 1
    within the entry, ``start`` from 0 within the line."""

    kind: str
    text: str
    line: int
    start: int


class Cell(Struct, frozen=True):
    """Words that stay together, and where they stood as the author wrote them."""

    column: int
    text: str
    start: int
    end: int


class Row(Struct, frozen=True):
    """The first line of an entry. Rows of one ``shape`` line up with each other."""

    shape: str
    cells: tuple[Cell, ...]


def pieces(tokens: Iterable[Token]) -> Iterator[Piece]:
    """The tokens of an entry, in order."""
    for token in tokens:
        for offset, part in enumerate(token.split("\n")):
            text = part if token.type == "STRING" else re.sub(" +", " ", part.strip())
            start = len(part) - len(part.lstrip()) if offset else (token.column or 1) - 1
            if text:
                yield Piece(token.type, text, (token.line or 1) + offset, start)


def cells(rule: str, entry: Sequence[Piece]) -> dict[int, list[Cell]]:
    """Line of the entry ▸ its cells, of an entry that parsed from the start rule ``rule``."""
    found: dict[int, list[Cell]] = {}
    column = 0
    for index, piece in enumerate(entry):
        opened = _opened(rule, entry, index, column)
        line = found.setdefault(piece.line, [])
        if not line or opened > column:
            column = max(opened, column)
            line.append(_cell(column, piece))
        else:
            text = line[-1].text + _between(entry[index - 1], piece) + piece.text
            line[-1] = replace(line[-1], text=text, end=piece.start + len(piece.text))
    return found


def _cell(column: int, piece: Piece) -> Cell:
    """Arrows are written three wide; ``start`` and ``end`` are those of the three."""
    text = ARROWS.get(piece.kind, piece.text)
    start = piece.start - (len(text) - len(text.lstrip()))
    return Cell(column, text, start, start + len(text))


def _opened(rule: str, entry: Sequence[Piece], index: int, column: int) -> int:
    """The column that a word belongs to, ``column`` being that of the word before it."""
    if index == 0:
        return 0
    kind = entry[index].kind
    opened = max(_OPENING.get(rule, {}).get(kind, 0), _BEHIND.get(entry[index - 1].kind, 0))
    if rule in ("e_settings", "e_define") and index == 1:
        return 1
    if rule == "e_skip" and index == len(entry) - 1:
        return 1
    if rule == "e_map" and kind in ("ALWAYS", "WHEN") and column < 3:
        return 3
    return opened


def _between(before: Piece, piece: Piece) -> str:
    return "" if piece.kind in ("COMMA", "COLON", "RSQB") or before.kind == "LSQB" else " "


def spoken(words: Sequence[Cell]) -> str:
    """A line that lines up with no other, such as one that continues an entry."""
    text = words[0].text.strip()
    for before, cell in pairwise(words):
        gap = cell.start - before.end
        text += " " * (gap if gap in KEPT else GAP) + cell.text.strip()
    return text


def row(rule: str, words: Sequence[Cell]) -> Row:
    """The first line of an entry as a row of its block."""
    if rule == "e_scope":
        words = [replace(cell, text=cell.text.ljust(_SIDE)) if cell.column == 0 else cell for cell in words]
    keeps = rule == "e_translate" and all(cell.text not in ARROWS.values() for cell in words)
    return Row(f"{rule} keep" if keeps else rule, tuple(words))


def aligned(block: Sequence[Row]) -> list[str]:
    """The rows of one block as text, in order, each column beginning at one place for all rows of a shape."""
    begins = {shape: _begins([row for row in block if row.shape == shape]) for shape in {row.shape for row in block}}
    return [_written(row, begins[row.shape]) for row in block]


def _begins(rows: Sequence[Row]) -> dict[int, int]:
    """Column ▸ where it begins."""
    begins = {0: 0}
    for column in sorted({cell.column for row in rows for cell in row.cells if cell.column}):
        ends, places = [], []
        for row in rows:
            before = _cell_before(row, column)
            if before is None:
                continue
            follows = next((cell for cell in row.cells if cell.column == column), None)
            if follows is not None:
                places.append(begins[before.column] + follows.start - before.start)
            if follows is not None or (row.shape, column) == _BESIDE_ALL:
                ends.append(begins[before.column] + len(before.text))
        shape = rows[0].shape
        begins[column] = _place(max(ends, default=0), places, max(begins.values()), _NARROW.get((shape, column)))
    return begins


def _place(widest: int, places: Sequence[int], least: int, fixed: int | None) -> int:
    """Where a column begins behind its widest neighbour: where most rows have it, if that leaves room."""
    if fixed is not None:
        return widest + fixed
    kept = Counter(place for place in places if place - max(widest, least - KEPT[0]) in KEPT)
    if kept:
        return max(kept, key=lambda place: (kept[place], -place))
    return max(widest + GAP, least)


def _cell_before(row: Row, column: int) -> Cell | None:
    """The last cell of a row before ``column``; None where a cell is too long to count."""
    cells = [cell for cell in row.cells if cell.column < column]
    return cells[-1] if all(len(cell.text) <= LONGEST for cell in cells) else None


def _written(row: Row, begins: Mapping[int, int]) -> str:
    text = ""
    for cell in row.cells:
        place = begins[cell.column]
        if text and place < len(text) + KEPT[0]:
            place = len(text) + GAP
        text = text.ljust(place) + cell.text
    return text.rstrip()
