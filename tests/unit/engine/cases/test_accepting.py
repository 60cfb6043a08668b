"""What came of cases is stored in their file, and nothing else of the file changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.cases.accept import accepted, difference
from engine.cases.run import Runner

Read = Callable[[Any], Any]


def test_only_what_does_not_hold_is_replaced(read: Read, text: str, people: Runner) -> None:
    """One question and one wrong field: these entries change, their comments stay, everything else is as it was."""
    wrong = text.replace('pseudonym "Ann" -> "Nan"', 'pseudonym "Ann" -> "Nancy"')
    file, problems = read(wrong)
    assert problems == []
    ran = [one for one in map(people.run, file.cases) if not one.passed]
    assert [one.case.name for one in ran] == ["a new nick", "deleted"]
    stored = accepted(file, ran, people.program)
    before, after = wrong.split("\n"), stored.split("\n")
    assert [line for line in before if line not in after] == [
        "  expect   update in m365   # only this", "      # a comment in between",
        '      pseudonym "Ann" -> "Nancy"', "  expect ?",
    ]  # fmt: skip
    assert [line for line in after if line not in before] == [
        "  # only this", "  # a comment in between",
        '      pseudonym  "Ann" -> "Nan"   by map/nick<->pseudonym',
        '  expect   recreate in m365 "deleted there"   by changes/deleted in m365',
        '      pseudonym       "Ann"                   by map/nick<->pseudonym',
        '      mails[1].value  "ann@firm.example"      by map/mail<->mails[1].value',
        "      since           1980-02-29              by map/born<->since",
    ]  # fmt: skip
    again, _ = read(stored)
    results = [people.run(case) for case in again.cases]
    assert all(one.passed for one in results)
    assert accepted(again, results, people.program) == stored


def test_line_ends_stay(read: Read, text: str, people: Runner) -> None:
    """A file with CRLF line ends has nothing else afterwards."""
    file, _ = read(text.replace("\n", "\r\n"))
    stored = accepted(file, [one for one in map(people.run, file.cases) if not one.passed], people.program)
    assert "recreate in m365" in stored and "\n" not in stored.replace("\r\n", "")


def test_differences_are_told_by_field(read: Read, text: str, people: Runner) -> None:
    """What differs stands below what was expected; a wrong entry is a difference."""
    expect = (
        'case "x"\n  like ann in crm\n  expect  create in m365\n      pseudonym "Ann"\n      since 1980-02-29\n'
        '      mails[1].value "ann@firm.example"  by map/firm<->employer\n'
    )
    file, problems = read(f"{text}\n{expect}  expect held\n")
    assert problems == []
    ran = people.run(file.cases[-1])
    assert difference(ran, people.program) == [
        (" ", "create in m365", "changes/created in crm"),
        (" ", '    pseudonym       "Ann"', "map/nick<->pseudonym"),
        (" ", "    since           1980-02-29", "map/born<->since"),
        ("-", '    mails[1].value  "ann@firm.example"', "map/firm<->employer"),
        ("+", '    mails[1].value  "ann@firm.example"', "map/mail<->mails[1].value"),
        ("-", "held", ""),
    ]
