"""What comes out of records can't steer a terminal, and JSON says exactly what was there."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from engine.records import Reference
from tandem import shown

ANY_TEXT = st.text(st.characters(codec=None, categories=None))
OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@given(ANY_TEXT)
def test_no_control_or_override_gets_through(text: str) -> None:
    """Whatever a record holds, what is shown has no controls, line breaks, bidi overrides or half characters."""
    for out in (shown.safe(text), shown.value(text), json.dumps(shown.safe(text), ensure_ascii=False)):
        assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in out)
        assert not set(out) & set(OVERRIDES)


@given(ANY_TEXT)
def test_json_keeps_the_text_and_shows_it_escaped(text: str) -> None:
    """A reader of the JSON gets the very text; a terminal that prints the JSON gets no control of it."""
    out = shown.to_json({"name": text})
    assert json.loads(out) == {"name": text}
    inside = out.replace("\n", "")
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in inside)
    assert not set(out) & set(OVERRIDES)


def test_names_keep_accents_and_emoji() -> None:
    """Escaping leaves alone what belongs in a name."""
    assert shown.safe("Þórdís ⚓💡 山本 👩‍🔧") == "Þórdís ⚓💡 山本 👩‍🔧"
    assert shown.safe("\x1b[31mred\x07\u202eevil") == r"\x1b[31mred\x07\u202eevil"


def test_values_read_as_people_say_them() -> None:
    """Flags are yes and no, empties say so, references are names, addresses their parts, long texts a start."""
    assert shown.value(None) == shown.value(()) == "(empty)"
    assert (shown.value(True), shown.value(False), shown.value(7)) == ("yes", "no", "7")
    assert shown.value(Reference("4", "Acme")) == '"Acme"'
    assert shown.value((Reference("1", "Clients"), Reference("2", "Press"))) == '"Clients, Press"'
    assert shown.value(("1 Quay\nRear", "Hull", None, "HU1", None)) == r'"1 Quay\nRear, Hull, HU1"'
    assert shown.value("x" * 4812) == f'"{"x" * 120}… (4,812 characters)"'


def test_columns_are_counted_as_terminals_draw_them() -> None:
    """East Asian letters take two columns, combining accents none."""
    assert [shown.width(text) for text in ("abc", "山本", "e\u0301", "é")] == [3, 4, 1, 1]
    assert shown.padded("山", 4) == "山  "
