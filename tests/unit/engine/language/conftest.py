"""Two small systems for language tests: people here and people there. Nothing of the shipped field tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.records import CRM, M365
from engine.schema import (
    ACCOUNT,
    DATE,
    EMAIL,
    FLAG,
    INSTANT,
    INTEGER,
    LONG_TEXT,
    PHONE,
    POSTAL,
    TEXT,
    USER,
    ZONED,
    Field,
    Schema,
    Schemas,
    choice,
    list_of,
    reference_to,
    schemas,
    structure,
)  # fmt: skip

PERSON = Schema(
    CRM, "Person",
    (
        Field("nick", TEXT, max_length=40, matchable=True),
        Field("tag", TEXT),
        Field("note", LONG_TEXT),
        Field("mail", EMAIL, matchable=True),
        Field("call", PHONE),
        Field("rank", choice("gold", "silver", "bronze")),
        Field("points", INTEGER),
        Field("wanted", FLAG),
        Field("born", DATE),
        Field("met", INSTANT),
        Field("owner", USER),
        Field("fans", list_of(USER)),
        Field("home", POSTAL),
        Field("firm", reference_to("Firm")),
        Field("boxes", list_of(reference_to("Box"))),
        Field("serial", TEXT, writable=False),
    ),
    ("nick",), label="person",
)  # fmt: skip
HUMAN = Schema(
    M365, "person",
    (
        Field("pseudonym", TEXT, max_length=60),
        Field("keyword", TEXT),
        Field("remarks", LONG_TEXT),
        Field("mails", list_of(structure(value=EMAIL, kind=TEXT), 3)),
        Field("numbers", list_of(PHONE, 2)),
        Field("level", choice("gold", "silver", "bronze")),
        Field("colour", choice("red", "blue")),
        Field("share", INTEGER),
        Field("hidden", FLAG),
        Field("since", DATE),
        Field("seen", INSTANT),
        Field("employer", TEXT),
        Field("house", POSTAL),
        Field("box", reference_to("box"), container=True),
        Field("stamp", TEXT, writable=False),
        Field("members", list_of(ACCOUNT)),
        Field("extras", structure(text=LONG_TEXT), part="extras"),
    ),
    ("pseudonym",), label="person",
)  # fmt: skip
PARTY = Schema(
    M365, "party",
    (
        *HUMAN.fields, Field("code", TEXT, writable=False), Field("guests", list_of(EMAIL)),
        Field("host", EMAIL, writable=False), Field("hosted", FLAG, writable=False), Field("starts", ZONED),
        Field("off", FLAG, writable=False),
    ),
    ("pseudonym",), label="party", identity="code", organiser="host", guests="guests", cancelled="off",
)  # fmt: skip
CARD = Schema(M365, "card", HUMAN.fields, ("pseudonym",), dated=False, label="card")
BOX = Schema(CRM, "Box", (Field("name", TEXT),), ("name",))
FIRM = Schema(CRM, "Firm", (Field("name", TEXT),), ("name",))
PILE = Schema(M365, "box", (Field("name", TEXT),), ("name",))

KNOWN = schemas(PERSON, HUMAN, PARTY, CARD, BOX, FIRM, PILE)


@pytest.fixture
def known() -> Schemas:
    """Schemas of the two small systems, as the compiler takes them."""
    return KNOWN


@pytest.fixture
def golden() -> Path:
    """The folder of wrong rule files and of what the compiler says about them."""
    return Path(__file__).parent / "golden"


@pytest.fixture
def people() -> str:
    """A rule file without mistakes that uses most of the language."""
    return (Path(__file__).parent / "people.rules").read_text()


@pytest.fixture
def parties() -> str:
    """The same over records of which several mailboxes hold a copy each."""
    return (Path(__file__).parent / "parties.rules").read_text()
