"""Which of several copies of one meeting leads, as the section copies tells it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import astuple

from engine.language.checked import Changed, MayRead, RuleSet
from engine.language.diagnostics import Note, Problems, Span
from engine.language.keys import fields, leaves
from engine.records import CRM


def check(rules: RuleSet, problems: Problems) -> None:
    """One copy leads: it is read and written, and it is told by itself, since the CRM has one record for all."""
    copies = rules.copies
    if copies is None:
        return
    asks = [test.span for test in leaves(copies.read) if isinstance(test, Changed | MayRead)]
    asks += [ref.span for ref in fields(copies.read) if ref.side == CRM]
    if asks:
        text = "Which copy leads is told by the copy, and this asks about something else."
        problems.add("T567", asks[0], text, "Compare a field of the copy: m365.…")
    elif bare(copies.read) != bare(copies.write):
        text = "The copy that is written is another one than the copy that is read."
        note = Note(copies.read.span, "the copy that is read")
        problems.add("T567", copies.write.span, text, "Write the same condition in both entries.", note)


def bare(value: object) -> object:
    """A condition without its places in the file, for comparing what it says."""
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple):
        return tuple(map(bare, value))
    if not isinstance(value, Struct):
        return value
    return (type(value), *map(bare, astuple(value)))
