"""How values, names and other people's text are shown: escaped, shortened, and as wide as a terminal draws them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from engine.records import Reference, Value

Role: TypeAlias = Literal["create", "update", "delete", "match", "held", "quiet", "title", "place", "strong"]
Paint: TypeAlias = Callable[[Role, str], str]
"""Colours a piece of text by what it is; the plain one returns it as it is."""

LONGEST: Final = 120
"""Characters of a value before it is shortened."""

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
"""Controls, line and paragraph separators, bidi marks and overrides, invisible and half characters."""
_NAMED: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\x1b": r"\x1b"}


def unpainted(role: Role, text: str) -> str:
    """The look of a pipe or a file."""
    del role
    return text


def safe(text: str) -> str:
    """Text that can't steer a terminal, reorder a line or hide in it; emoji and accents stay as they are."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    number = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shorten(text: str, longest: int = LONGEST) -> str:
    """Text of at most ``longest`` characters, with its whole length where it was cut."""
    if len(text) <= longest:
        return text
    return f"{text[:longest].rstrip()}… ({len(text):,} characters)"


def value(given: Value) -> str:
    """A field's value for people, on one line."""
    if given is None or given == ():
        return "(empty)"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, int):
        return str(given)
    text = plain(given)
    cut = shorten(text)
    return f'"{safe(cut)}"' if cut == text else f'"{safe(text[:LONGEST].rstrip())}… ({len(text):,} characters)"'


def plain(given: Value) -> str:
    """A value as text without quotes: addresses by their parts, lists by their elements, references by name."""
    if given is None:
        return ""
    if isinstance(given, Reference):
        return given.name
    if isinstance(given, tuple):
        return ", ".join(part for part in map(plain, given) if part)
    return ("yes" if given else "no") if isinstance(given, bool) else str(given)


def width(text: str) -> int:
    """Columns that a terminal needs for text."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))


def to_json(document: object) -> str:
    """JSON that reads like the text it holds, with unsafe characters escaped the JSON way."""
    return _UNSAFE.sub(_json_escaped, json.dumps(document, ensure_ascii=False, indent=2))


def _json_escaped(match: re.Match[str]) -> str:
    # Line breaks and tabs in the document are layout: within strings json has escaped them already.
    return match[0] if match[0] in "\n" else json.dumps(match[0])[1:-1]


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 record``, ``2,000 records``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
