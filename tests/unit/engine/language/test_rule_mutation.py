"""Every word of the shipped rules matters: whatever is changed in them is refused, or changes an outcome.

``recorded/NAME.json`` holds what the rules make of every situation. After a wanted change of the rules or of a
decision, run this file with TANDEM_WRITE_GOLDEN=1 once and look at the difference.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import activity_situations
import contact_situations
import pytest
import task_situations
from rule_mutants import Mutant, Mutations
from situations import Book

from engine.language.diagnostics import RuleErrors
from engine.language.program import Program

BOOKS: Final[tuple[Book[Any], ...]] = (contact_situations.BOOK, task_situations.BOOK, activity_situations.BOOK)
RECORDED: Final = Path(__file__).parent / "recorded"


def plain(outcome: object) -> object:
    """An outcome as JSON gives it back."""
    return json.loads(json.dumps(outcome))


@cache
def shipped(book: Book[Any]) -> Program:
    return book.compiled(book.text)


@cache
def recorded(book: Book[Any]) -> dict[str, object]:
    """What the shipped rules make of every situation."""
    file = RECORDED / f"{book.name}.json"
    if os.environ.get("TANDEM_WRITE_GOLDEN"):
        RECORDED.mkdir(exist_ok=True)
        lines = [f"  {json.dumps(n)}: {json.dumps(o, ensure_ascii=False)}" for n, o in book.outcomes(shipped(book))]
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    found: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(("book", "name"), [(book, name) for book in BOOKS for name in book.situations], ids=str)
def test_each_situation_ends_as_recorded(book: Book[Any], name: str) -> None:
    """The shipped rules, situation by situation."""
    assert plain(book.situations[name](book.table(shipped(book)))) == recorded(book)[name]


@pytest.mark.parametrize("book", BOOKS, ids=str)
def test_nothing_is_recorded_for_situations_that_are_gone(book: Book[Any]) -> None:
    """The record and the situations belong together."""
    assert set(recorded(book)) == set(book.situations)


def first_difference(book: Book[Any], program: Program, telling: Counter[str]) -> str | None:
    """A situation that ends differently than recorded; those are tried first that told most changes so far."""
    known, table = recorded(book), book.table(program)
    for name in [*(name for name, _ in telling.most_common()), *book.situations]:
        if plain(book.situations[name](table)) != known[name]:
            return name
    return None


@pytest.mark.parametrize("book", BOOKS, ids=str)
def test_no_change_of_the_rules_goes_unnoticed(
    book: Book[Any], record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each literal changed and each entry deleted, one at a time: refused by the compiler, or another outcome, but for
    the few changes that are known to say the same."""
    mutants = Mutations(book.text, book.crm, book.m365).all()
    killed: Counter[str] = Counter()
    telling: Counter[str] = Counter()
    survivors: list[Mutant] = []
    for mutant in mutants:
        try:
            program = book.compiled(mutant.text)
        except RuleErrors:
            killed["refused"] += 1
            continue
        situation = first_difference(book, program, telling)
        if situation is None:
            survivors.append(mutant)
        else:
            telling[situation] += 1
    killed["another outcome"] = telling.total()
    told = f"{len(mutants)} mutants: {dict(killed)}, {len(survivors)} that change nothing"
    record_property("mutants", told)
    with capsys.disabled():
        print(f"\n{book.name}.rules: {told}")  # noqa: T201
    assert {str(survivor) for survivor in survivors} == set(book.alike)
    assert killed["refused"] > 500 and killed["another outcome"] > 150
