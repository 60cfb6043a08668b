"""Match entries as keys: what must be equal on both sides becomes a value that either side computes alone.

An entry is taken apart into alternatives (disjunctive normal form). Each is a set of terms (one CRM path and one
Microsoft 365 path that are equal, or of which one lists the other) and of tests that one side or none can answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from msgspec import Struct

from engine.context import fold
from engine.language.checked import (
    AllOf,
    AnyOf,
    Between,
    Changed,
    Choose,
    Compare,
    Expr,
    FallsOn,
    FieldRef,
    In,
    Is,
    IsState,
    MatchRule,
    MayRead,
    Not,
    Operand,
    SharesAny,
    Truth,
)
from engine.language.diagnostics import Problems, Span
from engine.language.operations import Operand as Found
from engine.lenses.text import comparable
from engine.records import Absence, Key, Reference, Side, Value
from engine.schema import Schema, steps

LIMIT: Final = 64
"""The most alternatives that one entry may have."""


class Term(Struct, frozen=True):
    """Two paths that hold the same ``value``; either may be a list, of which one element counts. By ``day``: two dates
    or instants that lie on the same calendar day of the user; by ``instant``: two times that mean the same one."""

    crm: FieldRef
    m365: FieldRef
    by: Literal["value", "day", "instant"] = "value"


class Alternative(Struct, frozen=True):
    """One way for the entry to hold: all terms agree, and the tests of each side and of the settings hold."""

    terms: tuple[Term, ...]
    crm: tuple[Expr, ...]
    m365: tuple[Expr, ...]


@dataclass(slots=True)
class _TooMany(Exception):
    span: Span


def alternatives(rule: MatchRule, schema: Schema, problems: Problems) -> tuple[Alternative, ...]:
    """All ways for a match entry to hold. What no key can express is a problem, and is left out."""
    guards = [rule.guard] if rule.guard is not None else []
    try:
        found = _normal(AllOf((*guards, rule.condition), rule.condition.span), True)
    except _TooMany as problem:
        hint = "Write it as several entries."
        problems.add("T557", problem.span, f"This condition has more than {LIMIT} alternatives.", hint)
        return ()
    made = []
    for tests in found:
        alternative = _sorted(rule, tests, schema, problems)
        if alternative is not None:
            made.append(alternative)
    _check_apart(rule, made, problems)
    return tuple(made)


def _normal(expr: Expr, wanted: bool) -> list[tuple[Expr, ...]]:
    """Disjunctive normal form: alternatives of tests, negations pushed down to single tests. What one side can answer
    alone is one test."""
    if isinstance(expr, Not):
        return _normal(expr.item, not wanted)
    if _splits(expr, wanted) and len({ref.side for ref in fields(expr)}) == 1:
        return [(expr,)] if wanted else [(Not(expr, expr.span),)]
    if isinstance(expr, Choose):
        then = AllOf((expr.condition, expr.then), expr.span)
        otherwise = AllOf((Not(expr.condition, expr.span), expr.otherwise), expr.span)
        if wanted:
            return _normal(AnyOf((then, otherwise), expr.span), True)
        opposite = Choose(expr.condition, Not(expr.then, expr.span), Not(expr.otherwise, expr.span), expr.span)
        return _normal(opposite, True)
    if not isinstance(expr, AllOf | AnyOf):
        return [(expr,)] if wanted else [(Not(expr, expr.span),)]
    inner = [_normal(item, wanted) for item in expr.items]
    if isinstance(expr, AnyOf) is wanted:
        found = [tests for alternatives_ in inner for tests in alternatives_]
    else:
        size = 1
        for alternatives_ in inner:
            size *= len(alternatives_)
        if size > LIMIT:
            raise _TooMany(expr.span)
        found = [tuple(test for tests in chosen for test in tests) for chosen in product(*inner)]
    if len(found) > LIMIT:
        raise _TooMany(expr.span)
    return found


def _splits(expr: Expr, wanted: bool) -> bool:
    """Whether there are several ways for the condition to hold (or, not ``wanted``, to fail)."""
    return isinstance(expr, Choose | (AnyOf if wanted else AllOf))


def _sorted(rule: MatchRule, tests: Sequence[Expr], schema: Schema, problems: Problems) -> Alternative | None:
    terms: list[Term] = []
    own: Mapping[Side, list[Expr]] = {"crm": [], "m365": []}
    for test in tests:
        sides = {ref.side for ref in fields(test)}
        if len(sides) == 2:
            term = _term(test)
            if term is None:
                _refuse(test, problems)
                return None
            if not schema.by_name[steps(term.crm.path)[0].name].matchable:
                hint = "Compare a field that the CRM can look up, such as the name or the e-mail address."
                problems.add("T556", term.crm.span, f"The CRM can't search by “{term.crm.path}”.", hint)
            terms.append(term)
        elif not isinstance(test, MayRead):
            for side in sides or ("crm", "m365"):
                own[side].append(test)
    if not terms:
        hint = "Say what must be equal on both sides: crm.… is m365.…"
        problems.add("T555", rule.condition.span, f"Nothing joins the two sides in “by {rule.name}”.", hint)
        return None
    return Alternative(tuple(terms), tuple(own["crm"]), tuple(own["m365"]))


def _refuse(test: Expr, problems: Problems) -> None:
    if ("T322", test.span) in problems.places:
        return  # the two are never equal anyway
    hint = "Write “is”, “in” with a list, or “falls on”, between one field of each side. Tests of one side are free."
    problems.add("T554", test.span, "Records can't be looked up by this comparison of the two sides.", hint)


def _term(test: Expr) -> Term | None:
    if isinstance(test, Is | FallsOn) or (isinstance(test, In) and not isinstance(test.right, tuple)):
        left, right = test.left, test.right
    else:
        return None
    if not (isinstance(left, FieldRef) and isinstance(right, FieldRef)):
        return None
    by: Literal["value", "day", "instant"] = "day" if isinstance(test, FallsOn) else "value"
    if isinstance(test, Is) and {left.type.name, right.type.name} <= {"instant", "zoned"}:
        by = "instant"
    elif by == "value" and not (_plain(left) and _plain(right)):
        return None
    return Term(left, right, by) if left.side == "crm" else Term(right, left, by)


def _plain(ref: FieldRef) -> bool:
    inner = ref.type.of or ref.type
    return inner.name not in ("structure", "reference", "postal", "list", "instant", "zoned")


def _check_apart(rule: MatchRule, made: Sequence[Alternative], problems: Problems) -> None:
    """Alternatives over the same CRM paths have the same keys, so their tests of the CRM record must be the same."""
    seen: dict[tuple[str, ...], Alternative] = {}
    for alternative in made:
        paths = tuple(term.crm.path for term in alternative.terms)
        first = seen.setdefault(paths, alternative)
        if (first.crm, first.m365) != (alternative.crm, alternative.m365):
            hint = "Write the alternatives as entries of their own."
            text = f"Two alternatives compare {' and '.join(paths)} under different conditions."
            problems.add("T558", rule.condition.span, text, hint)


def fields(expr: Expr) -> tuple[FieldRef, ...]:
    """All fields that a condition reads, records it asks about included as fields without a path."""
    return tuple(operand for operand in operands(expr) if isinstance(operand, FieldRef))


def operands(expr: Expr) -> tuple[Operand, ...]:
    """All operands of a condition, anchors of moments included."""
    match expr:
        case AllOf(items=items) | AnyOf(items=items):
            return tuple(operand for item in items for operand in operands(item))
        case Not(item=item):
            return operands(item)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return (*operands(condition), *operands(then), *operands(otherwise))
        case Truth(operand=operand):
            return (operand,)
        case IsState(left=left):
            return (left,)
        case In(left=left, right=tuple() as constants):
            return (left, *constants)
        case Is(left=left, right=right) | FallsOn(left=left, right=right) | SharesAny(left=left, right=right):
            return (left, right)
        case In(left=left, right=right):
            return (left, right)  # type: ignore[return-value]
        case Compare(left=left, moment=moment):
            return (left, *([moment.anchor] if isinstance(moment.anchor, FieldRef) else []))
        case Between(left=left, start=start, end=end):
            anchors = (moment.anchor for moment in (start, end))
            return (left, *(anchor for anchor in anchors if isinstance(anchor, FieldRef)))
        case MayRead() | Changed():
            return ()


def leaves(expr: Expr) -> Iterator[Expr]:
    """The single tests of a condition."""
    match expr:
        case AllOf(items=items) | AnyOf(items=items):
            for item in items:
                yield from leaves(item)
        case Not(item=item):
            yield from leaves(item)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for item in (condition, then, otherwise):
                yield from leaves(item)
        case _:
            yield expr


# ---- at run time ----------------------------------------------------------------------------------------------


def keys_of(entry: str, ignore_case: bool, *found: tuple[str, Found, bool]) -> tuple[Key, ...]:
    """Keys for (CRM path, value on this side, whether it is folded) of every term; lists count once per element,
    empties make no key."""
    columns = []
    for path, value, folded in found:
        column = [(path, text) for text in _texts(value, folded)]
        if not column:
            return ()
        columns.append(column)
    if len(columns) == 1:
        return tuple([Key(entry, (term,), ignore_case) for term in columns[0]])
    return tuple([Key(entry, terms, ignore_case) for terms in product(*columns)])


def _texts(value: Found, ignore_case: bool) -> list[str]:
    if value is None or isinstance(value, Absence):
        return []
    if not isinstance(value, tuple):
        text = _compared(value, ignore_case)
        return [] if text is None else [text]
    return list(dict.fromkeys(text for one in value if (text := _compared(one, ignore_case)) is not None))


def _compared(value: Value, ignore_case: bool) -> str | None:
    """A value as keys hold it: text folded or as it stands, other values spelt as rules spell them."""
    if isinstance(value, Reference):
        value = value.name
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        plain = fold(value) if ignore_case else comparable(value)
        return str(plain) if plain else None
    return None if value is None or isinstance(value, tuple) else str(value)


def united(*groups: tuple[Key, ...]) -> tuple[Key, ...]:
    """Keys of all alternatives, each once, in rule order."""
    return tuple(dict.fromkeys(key for group in groups for key in group))
