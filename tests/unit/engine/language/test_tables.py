"""Translate tables answer every value once, keep what they say they keep, and never reset what already agrees."""

from __future__ import annotations

from itertools import product

import invented_systems as invented
import pytest

from engine.language.diagnostics import RuleErrors
from engine.lenses.base import Lens
from engine.records import Value

STATUSES: tuple[Value, ...] = ("Not Started", "In Progress", "On Hold", "Done", "Cancelled")
PERCENTS: tuple[Value, ...] = tuple(range(101))
SENSITIVITIES: tuple[Value, ...] = ("normal", "personal", "private", "confidential")


def lens(entry: str) -> Lens:
    program = invented.compiled_once()
    return next(line.lens for line in program.lines if line.entry == f"tickets/map/{entry}")


@pytest.mark.parametrize(
    ("status", "old", "percent"),
    [
        ("Not Started", None, 0), ("Done", 30, 100), ("Cancelled", 30, 100), ("In Progress", None, 50),
        ("In Progress", 30, 30), ("In Progress", 100, 50), ("On Hold", 30, 30), ("On Hold", 0, 50),
        ("Cancelled", 100, 100), (None, 30, None),
    ],
)  # fmt: skip
def test_statuses_become_percents(status: Value, old: Value, percent: Value) -> None:
    """What the card holds stays where the table, read back, already means this status."""
    assert lens("status<->percent").to_m365(status, old, invented.context()) == percent


@pytest.mark.parametrize(
    ("percent", "old", "status"),
    [
        (0, None, "Not Started"), (100, None, "Done"), (1, None, "In Progress"), (99, "Done", "In Progress"),
        (30, "On Hold", "On Hold"), (0, "On Hold", "Not Started"), (100, "On Hold", "Done"),
        (100, "Cancelled", "Cancelled"),
        (99, "Cancelled", "In Progress"), (None, "Done", None),
    ],
)  # fmt: skip
def test_percents_become_statuses(percent: Value, old: Value, status: Value) -> None:
    """“keep … while” and “keep … unless” hold what the table can't express."""
    assert lens("status<->percent").to_crm(percent, old, invented.context()) == status


@pytest.mark.parametrize(
    ("entry", "crm", "m365"),
    [("status<->percent", STATUSES, PERCENTS), ("private<->sensitivity", (True, False), SENSITIVITIES)],
)
def test_tables_keep_the_laws_in_every_cell(entry: str, crm: tuple[Value, ...], m365: tuple[Value, ...]) -> None:
    """put-get and get-put over all pairs of values; empty stays empty."""
    table, context = lens(entry), invented.context()
    for one, other in product((*crm, None), (*m365, None)):
        assert table.to_crm(table.to_m365(one, other, context), one, context) == one
        assert table.to_m365(table.to_crm(other, one, context), other, context) == other


def test_confidential_is_not_reset_by_a_private_record() -> None:
    """A sensitivity that only Microsoft 365 knows stays while the tick box agrees."""
    table, context = lens("private<->sensitivity"), invented.context()
    assert [table.to_m365(True, old, context) for old in SENSITIVITIES] == [
        "private", "personal", "private", "confidential",
    ]  # fmt: skip
    assert table.to_m365(False, "confidential", context) == "normal"


def problems(old: str, new: str) -> list[tuple[str, str]]:
    """Codes and messages of the invented rules with one change."""
    assert old in invented.RULES
    with pytest.raises(RuleErrors) as caught:
        invented.compiled(invented.RULES.replace(old, new))
    return [(problem.code, problem.message) for problem in caught.value.problems]


def test_a_value_without_a_row_is_named() -> None:
    """A gap is shown with the values that fall into it."""
    (code, message), *others = problems("  any other         ->  50\n", '  "On Hold"   ->  40\n')
    assert (code, others) == ("T402", [])
    assert "“In Progress”" in message and "On Hold" not in message and "->" in message


def test_a_value_with_two_rows_is_shown_with_the_first() -> None:
    """Two answers for one value are a contradiction, even where they are equal."""
    assert [code for code, _ in problems("  any other         ->  50\n", '  any other -> 50\n  "Done" -> 99\n')] == [
        "T403"
    ]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"Done"           <->  100', '"Done"           <->  101', "T400"),
        ("any other         ->  50", "any other        <->  50", "T401"),
        ('keep "Cancelled"    while 100', 'keep "Done"    while 100', "T405"),
        ("private      <->  sensitivity          as privacy\n", "private       ->  hidden\n", "T404"),
    ],
)
def test_tables_that_say_too_much_are_refused(old: str, new: str, code: str) -> None:
    """A value that is none, a row that writes any other, a keep without effect, a table nobody uses."""
    assert code in [found for found, _ in problems(old, new)]
