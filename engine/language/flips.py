"""Time is a change: for conditions over now and today, the next instant at which their answer changes.

For every comparison with the clock the instants at which it may tip are known; the first of them at which any of the
conditions answers differently than now is the flip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.context import Context
from engine.language.checked import Between, Compare, Expr, FieldRef, Moment, Operand, RuleSet, TodayRef
from engine.language.keys import leaves, operands
from engine.language.program import Instants
from engine.language.tree import Unit
from engine.records import Record

State: TypeAlias = Callable[[Record | None, Record | None, Context], tuple[bool, ...]]
Points: TypeAlias = Callable[[Record | None, Record | None, Context], list[list[datetime]]]


class Tipping(Struct, frozen=True):
    """A comparison of an operand with now or today, shifted by a signed amount."""

    operand: Operand
    amount: int
    unit: Unit


def tippings(expr: Expr) -> tuple[Tipping, ...]:
    """All comparisons with the clock inside a condition."""
    return tuple(tipping for test in leaves(expr) for tipping in _of_test(test))


def _of_test(test: Expr) -> Iterator[Tipping]:
    match test:
        case Compare(left=left, moment=moment):
            yield from _with_clock(left, moment)
        case Between(left=left, start=start, end=end):
            yield from _with_clock(left, start)
            yield from _with_clock(left, end)
        case _:
            found = operands(test)
            if any(isinstance(operand, TodayRef) for operand in found):
                yield from (Tipping(operand, 0, "day") for operand in found)


def _with_clock(left: FieldRef, moment: Moment) -> Iterator[Tipping]:
    if not isinstance(moment.anchor, FieldRef):
        yield Tipping(left, -moment.amount if moment.sense == "before" else moment.amount, moment.unit)


def clocked(rules: RuleSet) -> tuple[Expr, ...]:
    """All conditions of a rule set whose answer can change by time alone."""
    return tuple(expr for expr in _conditions(rules) if tippings(expr))


def _conditions(rules: RuleSet) -> Iterator[Expr]:
    for scope in rules.scope:
        yield scope.needs
    yield from (rule.condition for rule in rules.skips)
    yield from (rule.condition for rule in rules.fetches)
    for window in rules.window:
        yield Between(window.field, window.start, window.end, window.entry.span)
    guarded: tuple[Sequence[Guarded], ...] = (
        rules.scope, rules.leaving, rules.matches, rules.lines, rules.first_agreement, rules.changes, rules.conflict,
    )  # fmt: skip
    yield from (rule.guard for group in guarded for rule in group if rule.guard is not None)
    if rules.copies is not None:
        yield rules.copies.read


class Guarded(Protocol):
    """A rule that may have a ``when``."""

    @property
    def guard(self) -> Expr | None: ...


def never(crm: Record | None, m365: Record | None, context: Context) -> datetime | None:
    """The flip of rules that don't look at the clock."""
    del crm, m365, context
    return None


def next_flip(points: Points, state: State) -> Instants:
    """The first instant after now at which ``state`` differs, tried at each of the ``points``."""

    def flip(crm: Record | None, m365: Record | None, context: Context) -> datetime | None:
        if context.changed:
            context = replace(context, changed=frozenset())  # by then nobody has changed anything
        here = state(crm, m365, context)
        for instant in _ascending(points(crm, m365, context)):
            if state(crm, m365, replace(context, now=instant)) != here:
                return instant
        return None

    return flip


def _ascending(found: Sequence[Sequence[datetime]]) -> list[datetime]:
    return sorted({instant for instants in found for instant in instants})
