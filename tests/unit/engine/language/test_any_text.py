"""Whatever is in a rule file, the compiler answers: with a Program, or with problems that have a place."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crm.fields
import graph_client.fields
from engine import resources
from engine.language import source, syntax
from engine.language.codes import CATALOGUE
from engine.language.compiler import compile_text
from engine.language.diagnostics import Problems, RuleErrors
from engine.schema import Schemas

CONTACTS = (resources.rules() / "contacts.rules").read_text()
TASKS = (resources.rules() / "tasks.rules").read_text()
KNOWN = {**crm.fields.SCHEMAS, **graph_client.fields.SCHEMAS}

PIECES = st.sampled_from(
    ["<->", "->", "=>", "(", ")", '"', "\t", "\n", "\n  ", "\n      ", " when ", " and ", " or ", " not ", ":", ",",
     "|", "[", "]", "setting.", "crm.", "m365.", "user", "as phone", "on create",
     "always", "keep others", "with ", "at ", "as day", "as task_list", "as connected_users", " falls on ", "fetch\n",
     " only when ", " is fetched", "crm changed since last sync", "skip to crm\n", "any other", "today",
     "#", "0", "99999999999999999999", "é",
     "→", "\x00", "language 1\n", "map\n",
     "scope\n", "define\n", " else ", "now", "2 months", ".", "[1]", "[0]", "empty"]
)  # fmt: skip


def check(data: str | bytes, known: Schemas = KNOWN) -> None:
    """A Program, or problems of known codes that all name a line and columns within the text."""
    try:
        compile_text("f.rules", data, known)
    except RuleErrors as error:
        assert error.problems
        for problem in error.problems:
            assert problem.code in CATALOGUE and problem.message
            assert problem.span.line >= 1 and 1 <= problem.span.column < problem.span.end_column
        assert "f.rules:" in str(error)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_bytes(data: bytes) -> None:
    """Any bytes at all."""
    check(data)


@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_words_of_the_language_in_any_order(text: str) -> None:
    """Text that looks like rules and is none."""
    check(f"language 1\nsync x: crm.Contact <-> m365.contact\n{text}\n")


@pytest.mark.parametrize("text", [CONTACTS, TASKS], ids=["contacts", "tasks"])
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_edits_of_the_shipped_rules(text: str, data: st.DataObject) -> None:
    """Pieces deleted, repeated and put in at random places of a sound file."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 60)))
        text = text[:start] + data.draw(st.one_of(st.just(""), PIECES, st.just(text[start:end] * 2))) + text[end:]
    check(text)


def calls(text: str) -> int:
    """How many Python functions are called to parse a text: a measure of work that no busy machine disturbs."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    syntax.keywords()
    sys.setprofile(seen)
    try:
        problems = Problems()
        assert syntax.parse(source.cut("f", text, problems), problems) is not None
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "line",
    [
        "  a <-> b as phone when crm.x is not empty and crm.y in m365.z\n",
        "  a b\n",
        "  a <-> b when crm.x or crm.y and z\n",
    ],
    ids=["sound", "wrong", "mixed"],
)
def test_parsing_takes_time_in_proportion(line: str) -> None:
    """Four times the entries, sound or wrong, cost four times the work."""
    head = "language 1\nsync x: crm.X <-> m365.x\nmap\n"
    small, large = calls(head + line * 100), calls(head + line * 400)
    assert large < 4.2 * small


def test_a_long_entry_takes_time_in_proportion() -> None:
    """Four times the words in one entry cost four times the work."""
    head = "language 1\nsync x: crm.X <-> m365.x\nmap\n  a <-> b when crm.x"
    small, large = calls(head + " or crm.x" * 200), calls(head + " or crm.x" * 800)
    assert large < 4.2 * small


def test_three_hundred_lines_parse_in_80_ms() -> None:
    """The best of several runs, with the grammar's tables at hand."""
    body = CONTACTS.partition("\nmap\n")[2].partition("\nfirst agreement")[0]
    text = "language 1\nsync x: crm.X <-> m365.x\nmap\n" + body * 14
    assert text.count("\n") >= 300
    best = min(_timed(text) for _ in range(7))
    assert best < 0.080


def _timed(text: str) -> float:
    problems = Problems()
    start = time.perf_counter()
    syntax.parse(source.cut("f", text, problems), problems)
    return time.perf_counter() - start
