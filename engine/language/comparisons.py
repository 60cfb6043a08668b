"""Conditions against types: flags stand alone, like is compared with like, times with times, lists with elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from engine.language.checked import (
    AllOf,
    AnyOf,
    Between,
    Changed,
    Choose,
    Compare,
    Constant,
    Expr,
    FallsOn,
    FieldRef,
    In,
    Is,
    IsState,
    MayRead,
    Moment,
    Not,
    Operand,
    RuleSet,
    SettingRef,
    SharesAny,
    TodayRef,
    Truth,
    UserRef,
)
from engine.language.diagnostics import Problems, Span
from engine.language.keys import leaves
from engine.language.wording import capital, described
from engine.records import CRM
from engine.schema import ACCOUNT, DATE, FLAG, INTEGER, TEXT, USER, Type

_TEXTS: Final = frozenset({"text", "long text", "email", "phone", "choice"})
_TIMES: Final = frozenset({"date", "instant", "zoned"})
_INSTANTS: Final = frozenset({"instant", "zoned"})
_PEOPLE: Final = frozenset({"user", "account", "email"})


class Guarded(Protocol):
    """A rule that may have a ``when``."""

    @property
    def guard(self) -> Expr | None: ...


def check(rules: RuleSet, problems: Problems) -> None:
    """Every condition of the rule set."""
    for expr in conditions(rules):
        _check(expr, problems)
    for window in rules.window:
        _check_time(window.field, problems)
        _check_moments((window.start, window.end), problems)
    _check_permission(rules, problems)


def conditions(rules: RuleSet) -> Iterator[Expr]:
    """All conditions of a rule set, windows apart."""
    yield from (rule.needs for rule in rules.scope)
    for group in (rules.matches, rules.skips, rules.fetches):
        yield from (rule.condition for rule in group)
    guarded: tuple[Sequence[Guarded], ...] = (
        rules.scope, rules.leaving, rules.matches, rules.lines, rules.first_agreement, rules.changes, rules.conflict,
    )  # fmt: skip
    yield from (rule.guard for group in guarded for rule in group if rule.guard is not None)
    if rules.copies is not None:
        yield rules.copies.read


def type_of(operand: Operand) -> Type:
    """What an operand is, in the words of the schemas."""
    match operand:
        case FieldRef(type=found):
            return found
        case UserRef(account=account):
            return ACCOUNT if account else USER
        case TodayRef():
            return DATE
        case Constant(value=bool()):
            return FLAG
        case Constant(value=int()):
            return INTEGER
        case Constant():
            return TEXT
        case SettingRef(spec=spec):
            target = spec.target[1] if spec.target else None
            one = Type("reference", target=target)
            if spec.kind == "list":
                return Type("list", of=one)
            return {"flag": FLAG, "one": one, "choice": Type("choice", choices=spec.choices)}.get(spec.kind, TEXT)


def alike(one: Type, other: Type) -> bool:
    """Whether values of these types can ever be equal."""
    if one.name == "reference" or other.name == "reference":
        return one.target == other.target if one.name == other.name else bool({one.name, other.name} & _TEXTS)
    if one.name in _TEXTS and other.name in _TEXTS:
        return True
    return one.name == other.name and one.name not in ("list", "structure", "postal", "zoned")


def by_instant(one: Type, other: Type) -> bool:
    """Whether values of these types are equal when they mean the same instant, however it is written."""
    return {one.name, other.name} <= _INSTANTS and "zoned" in (one.name, other.name)


def _check(expr: Expr, problems: Problems) -> None:
    match expr:
        case AllOf(items=items) | AnyOf(items=items):
            for item in items:
                _check(item, problems)
        case Not(item=item):
            _check(item, problems)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for item in (condition, then, otherwise):
                _check(item, problems)
        case Truth(operand=operand):
            found = type_of(operand)
            if found != FLAG:
                problems.add(
                    "T320", operand.span, f"This holds {described(found)}, and is neither true nor false.", _say(found)
                )
        case Is(left=left, right=right):
            _check_equal(left, right, expr.span, problems)
        case In(left=left, right=right):
            _check_in(left, right, expr.span, problems)
        case SharesAny(left=left, right=right):
            _check_shares(left, right, problems)
        case FallsOn(left=left, right=right):
            _check_time(left, problems)
            _check_time(right, problems)
        case Compare(left=left, moment=moment):
            _check_time(left, problems)
            _check_moments((moment,), problems)
        case Between(left=left, start=start, end=end):
            _check_time(left, problems)
            _check_moments((start, end), problems)
        case IsState(left=left, state="connected"):
            found = type_of(left)
            if found.name not in _PEOPLE:
                text = f"This holds {described(found)}, and only people are connected."
                problems.add("T326", left.span, text, "Name a user, an account or an e-mail address.")
        case IsState() | MayRead() | Changed():
            return


def _say(found: Type) -> str:
    if found.of is not None:
        return "Say what it holds: … in it, or is not empty."
    return "Say what it is: … is …, or is not empty."


def _check_equal(left: Operand, right: Operand, span: Span, problems: Problems) -> None:
    one, other = type_of(left), type_of(right)
    if one.of is not None or other.of is not None:
        hint = "Write “in”: the one in the list. Between two lists write “shares any with”."
        problems.add("T321", span, "A list is never one value.", hint)
    elif not alike(one, other) and not by_instant(one, other):
        problems.add("T322", span, f"{capital(described(one))} is never {described(other)}.", _like(one, other))


def _like(one: Type, other: Type) -> str:
    if "reference" in (one.name, other.name):
        return "Compare its name: add .name to the reference."
    return "Compare two values of one kind."


def _check_in(left: Operand, right: Operand | tuple[Constant, ...], span: Span, problems: Problems) -> None:
    one = type_of(left)
    if one.of is not None:
        hint = "Name one place of the list, such as [1], or write “shares any with”."
        problems.add("T321", left.span, "A list is never one value.", hint)
        return
    if isinstance(right, tuple):
        for constant in right:
            _check_equal(left, constant, constant.span, problems)
        return
    other = type_of(right)
    if other.of is None:
        problems.add(
            "T323", right.span, f"This holds {described(other)}, which is no list.", "Write “is”, or name a list."
        )
    elif not alike(one, other.of):
        problems.add("T322", span, f"{capital(described(one))} is never in {described(other)}.", _like(one, other.of))


def _check_shares(left: Operand, right: Operand, problems: Problems) -> None:
    kinds = []
    for operand in (left, right):
        inner = type_of(operand).of
        if inner is None:
            hint = "Write “in” for one value and a list."
            problems.add("T323", operand.span, f"This holds {described(type_of(operand))}, which is no list.", hint)
            return
        kinds.append(inner)
    if not alike(*kinds):
        text = f"{capital(described(kinds[0]))} is never {described(kinds[1])}, so the lists share nothing."
        problems.add("T322", left.span, text, "Compare two values of one kind.")


def _check_time(operand: Operand, problems: Problems) -> None:
    found = type_of(operand)
    if found.name not in _TIMES:
        problems.add(
            "T324", operand.span, f"This holds {described(found)}, which is no date and no time.", "Name a date field."
        )


def _check_moments(moments: Sequence[Moment], problems: Problems) -> None:
    for moment in moments:
        if isinstance(moment.anchor, FieldRef):
            _check_time(moment.anchor, problems)


# ---- user may read ------------------------------------------------------------------------------------------------


def _check_permission(rules: RuleSet, problems: Problems) -> None:
    """The runner learns of a lost permission from the side itself, without a record to test: the entry is alone."""
    allowed: list[MayRead] = []
    for rule in rules.scope:
        if isinstance(rule.needs, MayRead) and rule.needs.side == rule.side == CRM and rule.guard is None:
            allowed.append(rule.needs)
    kept = allowed[:1]
    for expr in conditions(rules):
        for found in leaves(expr):
            if isinstance(found, MayRead) and not any(found is one for one in kept):
                hint = "Write it once, under scope: crm needs user may read crm else “…”"
                text = "The permission to read can't be joined with other conditions."
                if any(found is one for one in allowed):
                    text = "Another entry speaks of this permission already."
                problems.add("T325", found.span, text, hint)
