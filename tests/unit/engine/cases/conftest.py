"""Two small systems, a rule file and a case file of theirs. Nothing of the shipped field tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from engine.cases.model import CaseFile
from engine.cases.parse import read_cases
from engine.cases.run import Runner, runner
from engine.language.compiler import compile_text
from engine.language.diagnostics import Problem
from engine.records import CRM, M365
from engine.schema import DATE, EMAIL, TEXT, Field, Schema, Schemas, list_of, reference_to, schemas, structure

HERE = Path(__file__).parent
PERSON = Schema(
    CRM, "Person",
    (
        Field("nick", TEXT), Field("mail", EMAIL, matchable=True), Field("born", DATE),
        Field("firm", reference_to("Firm")),
    ),
    ("nick", "mail"), label="person",
)  # fmt: skip
HUMAN = Schema(
    M365, "person",
    (
        Field("pseudonym", TEXT), Field("mails", list_of(structure(value=EMAIL, kind=TEXT), 3)), Field("since", DATE),
        Field("employer", TEXT),
    ),
    ("pseudonym",), label="person",
)  # fmt: skip
FIRM = Schema(CRM, "Firm", (Field("name", TEXT),), ("name",))
KNOWN: Schemas = schemas(PERSON, HUMAN, FIRM)

Read: TypeAlias = Callable[[str | bytes], tuple[CaseFile, list[Problem]]]


@pytest.fixture(scope="session")
def people() -> Runner:
    """Runs cases of the small rule file."""
    text = (HERE / "people.rules").read_text(encoding="utf-8")
    return runner(compile_text("people.rules", text, KNOWN), KNOWN)


@pytest.fixture(scope="session")
def text() -> str:
    """A case file without mistakes."""
    return (HERE / "people.case").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def read(people: Runner) -> Read:
    """Reads the text of a case file about the small rules."""
    return lambda given: read_cases("people.case", given, {"people": people.program}, KNOWN)
