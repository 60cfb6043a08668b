"""Every word of the shipped contact rules matters: whatever is changed in them is refused, or changes an outcome.

``recorded/contacts.json`` holds what the rules make of every situation. After a wanted change of the rules or of a
decision, run this file with TANDEM_WRITE_GOLDEN=1 once and look at the difference.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from contact_situations import SITUATIONS, Table, outcomes
from memory_world import CONTACTS, compiled
from rule_mutants import Mutant, Mutations

from crm import fields as crm_fields
from engine.language.diagnostics import RuleErrors
from engine.language.program import Program
from graph_client import fields as graph_fields

RECORDED = Path(__file__).parent / "recorded" / "contacts.json"


def plain(outcome: object) -> object:
    """An outcome as JSON gives it back."""
    return json.loads(json.dumps(outcome))


@pytest.fixture(scope="module")
def recorded() -> dict[str, object]:
    """What the shipped rules make of every situation."""
    if os.environ.get("TANDEM_WRITE_GOLDEN"):
        RECORDED.parent.mkdir(exist_ok=True)
        lines = [f"  {json.dumps(n)}: {json.dumps(o, ensure_ascii=False)}" for n, o in outcomes(compiled()).items()]
        RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    found: dict[str, object] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_situation_ends_as_recorded(name: str, recorded: dict[str, object]) -> None:
    """The shipped rules, situation by situation."""
    assert plain(SITUATIONS[name](Table(compiled_once()))) == recorded[name]


def test_nothing_is_recorded_for_situations_that_are_gone(recorded: dict[str, object]) -> None:
    """The record and the situations belong together."""
    assert set(recorded) == set(SITUATIONS)


def first_difference(program: Program, recorded: dict[str, object]) -> str | None:
    """The first situation that ends differently than recorded."""
    table = Table(program)
    for name, situation in SITUATIONS.items():
        if plain(situation(table)) != recorded[name]:
            return name
    return None


def test_no_change_of_the_rules_goes_unnoticed(
    recorded: dict[str, object], record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each literal changed and each entry deleted, one at a time: refused by the compiler, or another outcome."""
    mutants = Mutations(CONTACTS, crm_fields.CONTACT, graph_fields.CONTACT).all()
    killed: Counter[str] = Counter()
    survivors: list[Mutant] = []
    for mutant in mutants:
        try:
            program = compiled(mutant.text)
        except RuleErrors:
            killed["refused"] += 1
            continue
        situation = first_difference(program, recorded)
        if situation is None:
            survivors.append(mutant)
        else:
            killed["another outcome"] += 1
    told = f"{len(mutants)} mutants: {dict(killed)}, {len(survivors)} survivors"
    record_property("mutants", told)
    with capsys.disabled():
        print(f"\ncontacts.rules: {told}")  # noqa: T201
    assert [str(survivor) for survivor in survivors] == []
    assert killed["refused"] > 500 and killed["another outcome"] > 250


_ONCE: list[Program] = []


def compiled_once() -> Program:
    if not _ONCE:
        _ONCE.append(compiled())
    return _ONCE[0]
