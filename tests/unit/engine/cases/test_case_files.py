"""Case files read: every slip has a code, a place and a hint; any text gets an answer; what is written can be read."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.cases.parse import read_cases
from engine.cases.run import Runner
from engine.cases.values import read_value, write_value
from engine.cases.words import Cursor, rows
from engine.context import fold
from engine.language.codes import CASES, reference
from engine.language.diagnostics import Span, render
from engine.language.source import RawEntry
from engine.records import Reference, Value
from engine.schema import (
    ACCOUNT,
    DATE,
    EMAIL,
    FLAG,
    INSTANT,
    INTEGER,
    LONG_TEXT,
    POSTAL,
    TEXT,
    USER,
    ZONED,
    Type,
    choice,
    list_of,
    reference_to,
    structure,
)

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[4]
Read = Callable[[Any], Any]


@pytest.mark.parametrize("code", CASES)
def test_each_slip_is_answered_as_recorded(code: str, read: Read, text: str) -> None:
    """The catalogue's wrong example in the place of its right one gives one problem, of its code, as recorded."""
    assert CASES[code].right in text
    wrong = text.replace(CASES[code].right, CASES[code].wrong, 1)
    file, problems = read(wrong)
    answer = "\n".join(render(problem, file.text) for problem in problems) + "\n"
    if os.environ.get("TANDEM_WRITE_GOLDEN"):
        (GOLDEN / f"{code}.txt").write_text(answer, encoding="utf-8")
    assert [problem.code for problem in problems] == [code]
    assert answer == (GOLDEN / f"{code}.txt").read_text(encoding="utf-8")


def test_the_right_file_has_no_problems_and_each_case_runs(read: Read, text: str, people: Runner) -> None:
    """The examples of the catalogue are right, and end as they say, but for the one that asks."""
    file, problems = read(text)
    assert problems == []
    ran = [people.run(case) for case in file.cases]
    assert [one.case.name for one in ran if not one.passed] == ["deleted"]
    assert [one.case.name for one in ran if one.case.asks] == ["deleted"]


def test_every_code_is_used_recorded_and_explained() -> None:
    """What case files can be told is in the catalogue and on the reference page, and nothing else is."""
    folder = Path(read_cases.__code__.co_filename).parent
    used = {code for path in folder.glob("*.py") for code in re.findall(r'"(T[0-9]{3})"', path.read_text("utf-8"))}
    assert used == set(CASES) == {path.stem for path in GOLDEN.iterdir()}
    assert [code for code in CASES if f"### {code} · " not in reference()] == []


def test_each_slip_is_told_once_and_all_in_one_run(read: Read, text: str) -> None:
    """Three slips in three cases are three problems, each where it stands, with what was meant."""
    wrong = text.replace('nick "Nan"', 'nikc "Nan"').replace("born 2025-03-01", "born 2025-13-01")
    _, problems = read(wrong)
    assert [(one.code, one.span.line, one.hint) for one in problems] == [
        ("T602", 25, "Did you mean “nick”?"),
        ("T602", 32, "Did you mean “nick”?"),
        ("T603", 39, "Write a day such as 2026-11-30."),
    ]


@pytest.mark.parametrize(
    ("entry", "code", "hint"),
    [
        ("expect   update in mm65", "T600", "update in m365"),
        ("expect   updated in m365", "T600", "update in m365"),
        ("expect   refused m365.pseudonim", "T602", "pseudonym"),
        ("expect   update in m365\n      pseudo \"x\"", "T602", ""),
        ("expect   held\n      pseudonym \"x\"", "T601", "Delete the line"),
        ("expect   update in m365 mails 3 letters", "T601", "invitations"),
        ("crm   nick Ann", "T603", "quotes"),
        ("m365  mails \"ann@firm.example\"", "T603", "[ann, bob]"),
        ("m365  mails [\"a\" \"b\"]", "T601", ""),
        ("m365  mails [(\"a\", \"b\", \"c\")]", "T601", ""),
        ("crm   firm 7", "T603", "Acme"),
        ("crm   firm ltd \"Acme\"", "T603", "Acme"),
        ("setting  way to_crm", "T604", "ways"),
        ("like ann in outlook", "T601", "crm or m365"),
        ("there crm.Firms \"Acme\"", "T602", "crm.Firm"),
        ("clock  tomorrow", "T601", ""),
        ("clock  2026-02-30 10:00", "T603", "2026-11-22 09:00"),
        ("zone   \"Europe/Londom\"", "T603", "Europe/London"),
        ("series 3", "T601", ""),
        ("series of 100000000000000000000", "T603", "Two or three"),
        ("series of -1", "T603", "Two or three"),
        ("clock  0001-01-01 00:00 Asia/Tokyo", "T603", "2026-11-22 09:00"),
        ("first   agreement", "T601", ""),
        ("never   mind", "T601", ""),
        ("elsewhere bob follows", "T601", "mailbox"),
        ("user   \"ann\"", "T601", ""),
        ("deleted crm", "T601", "in crm"),
        ("expect ? nothing", "T601", ""),
        ("expect   nothing at all", "T601", ""),
        ("crm   nick \"Ann\" &", "T601", "quotes"),
    ],
)  # fmt: skip
def test_slips_are_understood(entry: str, code: str, hint: str, read: Read, text: str) -> None:
    """Each way to go wrong has its own answer, with the caret on the line and a hint where one helps."""
    _, problems = read(f'{text}\ncase "wrong"\n  like ann\n  expect nothing\n  {entry}\n')
    assert [problem.code for problem in problems] == [code], problems
    assert hint in problems[0].hint
    assert problems[0].span.line in (text.count("\n") + 5, text.count("\n") + 6)


def test_a_meeting_elsewhere_needs_its_record(read: Read, text: str) -> None:
    """What another mailbox leads belongs to a CRM record; a case that gives none says so."""
    lone = '\ncase "x"\n  m365 pseudonym "Ann"\n  elsewhere bob leads\n  expect nothing\n'
    assert [(one.code, one.hint) for one in read(text + lone)[1]] == [("T609", "Give the record in crm, too.")]


@pytest.mark.parametrize("given", ["", "language 1\n", "# nothing\n", 'case "x"\n', "cases people\n", "language 2\n"])
def test_files_without_cases_are_answered(given: str, read: Read) -> None:
    """An empty file, one that is about nothing, and one of another language say so; one without cases is lawful."""
    file, problems = read(given)
    assert file.cases == ()
    assert [problem.code for problem in problems] == ([] if given == "cases people\n" else ["T608"])


@settings(max_examples=60, deadline=None)
@example(b"\xff\xfe", 0)
@example(b"language 1\r\ncases people\r\n\tx", 0)
@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda one: one.encode("utf-8", "surrogatepass"))),
       st.integers(0, 700))  # fmt: skip
def test_any_text_gets_an_answer(read: Read, text: str, noise: bytes, at: int) -> None:
    """Noise anywhere in a case file gives problems or cases, never a crash."""
    whole = text.encode("utf-8")
    file, problems = read(whole[:at] + noise + whole[at:])
    for problem in problems:
        assert render(problem, file.text) and problem.span.line >= 1


def test_a_long_line_and_deep_brackets_are_answered_at_once(read: Read, text: str) -> None:
    """A line of a megabyte and a thousand brackets take no second."""
    start = time.perf_counter()
    for entry in ("  crm nick " + '"a"' * 300_000, "  m365 mails " + "[" * 1_000, "  m365 mails " + "(" * 1_000):
        _, problems = read(f'{text}\ncase "odd"\n{entry}\n')
        assert problems
    assert time.perf_counter() - start < 3


# ---- values ---------------------------------------------------------------------------------------------------

_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters='\n"\\'), min_size=1, max_size=20)
_NAMES = st.from_regex(r"[a-z_][a-z0-9_-]{0,8}", fullmatch=True)
_DAYS = st.dates().map(lambda day: day.isoformat())
_MOMENTS = st.datetimes().map(lambda moment: f"{moment.replace(microsecond=0).isoformat()}Z")
_ZONES = st.sampled_from(["Europe/London", "America/St_Johns", "Asia/Kolkata", "UTC"])
KINDS: dict[str, tuple[Type, st.SearchStrategy[Value]]] = {
    "text": (TEXT, _TEXTS),
    "long text": (LONG_TEXT, _TEXTS),
    "email": (EMAIL, _TEXTS),
    "flag": (FLAG, st.booleans()),
    "integer": (INTEGER, st.integers()),
    "date": (DATE, _DAYS),
    "instant": (INSTANT, _MOMENTS),
    "zoned": (ZONED, st.one_of(_DAYS, st.builds(lambda moment, zone: f"{moment}[{zone}]", _MOMENTS, _ZONES))),
    "user": (USER, st.one_of(_NAMES.filter(lambda name: name != "empty"), _TEXTS)),
    "account": (ACCOUNT, _TEXTS),
    "choice": (choice("red", "dark blue"), st.sampled_from(["red", "dark blue"])),
    "postal": (POSTAL, st.tuples(*[st.one_of(st.none(), _TEXTS)] * 5).filter(any)),
    "users": (list_of(USER), st.lists(_TEXTS, min_size=1, max_size=3).map(tuple)),
    "parts": (
        list_of(structure(value=EMAIL, kind=TEXT)),
        st.lists(st.tuples(_TEXTS, st.one_of(st.none(), _TEXTS)), min_size=1, max_size=3).map(tuple),
    ),
    "reference": (
        reference_to("Firm", "open"),
        st.builds(lambda name, flags: Reference(fold(name), name, flags), _TEXTS,
                  st.sampled_from([(), ("open",)])),
    ),
    "new reference": (reference_to("Firm"), _TEXTS.map(lambda name: Reference(None, name))),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data(), zone=_ZONES)
@settings(max_examples=40, deadline=None)
def test_what_is_written_can_be_read(name: str, data: st.DataObject, zone: str) -> None:
    """Every value of every type is read back as it was written, by the clocks of any zone."""
    kind, values = KINDS[name]
    value = data.draw(values)
    written = write_value(value, kind, zone)
    cursor = Cursor(rows(RawEntry(f"x {written}", Span("f", 1, 1, 2)))[0])
    cursor.take()
    assert read_value(cursor, kind, zone) == value
    cursor.finish()
    assert write_value(None, kind, zone) == "empty"
