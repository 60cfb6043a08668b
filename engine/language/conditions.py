"""Conditions with their names resolved; defines are put in where they are used, so nothing is left to call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from engine.language import checked as c
from engine.language import tree as t
from engine.language.diagnostics import Span
from engine.language.names import Names
from engine.language.source import LIMITS, Limits


class _Size(Struct, frozen=True):
    parts: int
    levels: int


@dataclass(slots=True)
class Conditions:
    """Resolves conditions of one file. ``condition`` answers None after a failure that ``names`` counted."""

    names: Names
    limits: Limits = LIMITS
    _known: dict[str, c.Expr | None] = field(default_factory=dict)
    _sizes: dict[str, _Size] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _parts: int = 0
    _levels: int = 0
    _refused: bool = False

    def whole(self, expr: t.Expr) -> c.Expr | None:
        """One entry's condition; its size is counted from here."""
        self._parts = self._levels = 0
        return self.condition(expr)

    def condition(self, expr: t.Expr) -> c.Expr | None:
        self._parts += 1
        match expr:
            case t.AnyOf(items=items, span=span):
                found = self._all(items)
                return c.AnyOf(found, span) if found else None
            case t.AllOf(items=items, span=span):
                found = self._all(items)
                return c.AllOf(found, span) if found else None
            case t.Not(item=item, span=span):
                inner = self.condition(item)
                return c.Not(inner, span) if inner else None
            case t.Truth(term=term, span=span):
                return self._truth(term, span)
            case t.MayRead(side=side, span=span):
                return c.MayRead(side, span)
            case t.Changed(side=side, span=span):
                return c.Changed(side, span)
            case t.IsState(left=left, state=state, span=span):
                return self._state(left, state, span)
            case t.In(left=left, right=right, span=span):
                return self._in(left, right, span)
            case t.Compare() | t.Between():
                return self._times(expr)
            case _:
                return self._pair(expr)

    def guard(self, guard: t.Guard) -> c.Expr | None:
        """The condition of a ``when``; None without one, and for ``otherwise`` and ``always``."""
        return None if guard is None or isinstance(guard, t.Otherwise) else self.whole(guard)

    def _all(self, items: tuple[t.Expr, ...]) -> tuple[c.Expr, ...]:
        """All resolved, or nothing; each is looked at, so that each mistake is reported."""
        found = [self.condition(item) for item in items]
        whole = tuple(item for item in found if item is not None)
        return whole if len(whole) == len(found) else ()

    def _truth(self, term: t.Term, span: Span) -> c.Expr | None:
        if isinstance(term, t.Word):
            if term.text in self.names.defines:
                return self._define(term)
            self.names.unknown_condition(term)
            return None
        if not isinstance(term, t.Path):
            self.names.fail("T213", span, "A value alone is no condition.", "Say what it is compared with: … is …")
            return None
        operand = self.names.path(term)
        return c.Truth(operand, span) if operand else None

    def _state(self, left: t.Term, state: t.StateWord, span: Span) -> c.Expr | None:
        operand = self.names.operand(left)
        return c.IsState(operand, state, span) if operand else None

    def _pair(self, expr: t.Is | t.FallsOn | t.SharesAny) -> c.Expr | None:
        left, right = self._operands(expr.left, expr.right)
        if left is None or right is None:
            return None
        match expr:
            case t.Is():
                return c.Is(left, right, expr.span)
            case t.FallsOn():
                return c.FallsOn(left, right, expr.span)
        return c.SharesAny(left, right, expr.span)

    def _operands(self, left: t.Term, right: t.Term) -> tuple[c.Operand | None, c.Operand | None]:
        """Both ends; a path is resolved first, since it says what a bare word at the other end can mean."""
        if isinstance(right, t.Path) and not isinstance(left, t.Path):
            known = self.names.operand(right)
            return (self.names.operand(left, known) if known else None), known
        known = self.names.operand(left)
        if known is None and isinstance(right, t.Word):
            return None, None
        return known, self.names.operand(right, known)

    def _in(self, left: t.Term, right: t.Term | tuple[t.Constant, ...], span: Span) -> c.Expr | None:
        if not isinstance(right, tuple):
            one, other = self._operands(left, right)
            return c.In(one, other, span) if one and other else None
        operand = self.names.operand(left)
        if operand is None:
            return None
        found = [self.names.operand(item, operand) for item in right]
        constants = tuple(item for item in found if isinstance(item, c.Constant))
        return c.In(operand, constants, span) if len(constants) == len(right) else None

    # ---- time -------------------------------------------------------------------------------------------------

    def _times(self, expr: t.Compare | t.Between) -> c.Expr | None:
        left = self.names.operand(expr.left)
        if left is not None and not isinstance(left, c.FieldRef):
            self.names.fail("T214", left.span, "Only a field can be compared with a time.", "Name a date of a record.")
            left = None
        if isinstance(expr, t.Compare):
            moment = self.moment(expr.moment)
            return c.Compare(left, expr.sense, moment, expr.span) if left and moment else None
        start, end = self.moment(expr.start), self.moment(expr.end)
        return c.Between(left, start, end, expr.span) if left and start and end else None

    def moment(self, moment: t.Moment) -> c.Moment | None:
        anchor = moment.anchor
        if isinstance(anchor, t.Word):
            known: c.Operand | None = None
        else:
            known = self.names.path(anchor)
            if known is None:
                return None
            if not isinstance(known, c.FieldRef):
                self.names.fail(
                    "T214", anchor.span, "Only a field, now or today is a time.", "Name a date of a record."
                )
                return None
        at: Literal["now", "today"] | c.FieldRef = "today" if anchor.text == "today" else "now"
        if isinstance(known, c.FieldRef):
            at = known
        if moment.offset is None or moment.sense is None:
            return c.Moment(at, moment.span)
        if moment.offset.amount > _LONGEST[moment.offset.unit]:
            self.names.fail("T215", moment.offset.span, "This is longer than a hundred years.", "Shorten it.")
            return None
        return c.Moment(at, moment.span, moment.offset.amount, moment.offset.unit, moment.sense)

    # ---- defines ----------------------------------------------------------------------------------------------

    def resolve_defines(self) -> None:
        """Look at every define once, used or not, so that each mistake is reported."""
        for entry in self.names.defines.values():
            self._parts = self._levels = 0
            self._define(entry.name)

    def _define(self, word: t.Word) -> c.Expr | None:
        name = word.text
        if name in self._open:
            self._refuse_circle(word)
            return None
        if name not in self._known:
            if len(self._open) > self.limits.define_depth:
                self._refuse_size(word)
                return None
            outer, self._parts, self._levels = (self._parts, self._levels), 0, 0
            self._open.append(name)
            self._known[name] = self._body(self.names.defines[name])
            self._open.pop()
            self._sizes[name] = _Size(self._parts, self._levels + 1)
            self._parts, self._levels = outer
        if self._known[name] is None:
            self.names.failures += 1
            return None
        self._parts += self._sizes[name].parts
        self._levels = max(self._levels, self._sizes[name].levels)
        if self._parts > self.limits.condition_parts or self._levels > self.limits.define_depth:
            self._refuse_size(word)
            return None
        return self._known[name]

    def _refuse_size(self, word: t.Word) -> None:
        self._known[word.text] = None
        if self._refused:
            self.names.failures += 1
            return
        self._refused = True
        self.names.fail(
            "T206", word.span, "With all that its defines stand for, this condition is too large: more than "
            f"{self.limits.condition_parts:,} parts or {self.limits.define_depth} levels.", "Make the defines smaller.",
        )  # fmt: skip

    def _body(self, entry: t.DefineEntry) -> c.Expr | None:
        then = self.condition(entry.body)
        if entry.condition is None or entry.otherwise is None:
            return then
        condition, otherwise = self.condition(entry.condition), self.condition(entry.otherwise)
        if then is None or condition is None or otherwise is None:
            return None
        return c.Choose(condition, then, otherwise, entry.span)

    def _refuse_circle(self, word: t.Word) -> None:
        circle = [*self._open[self._open.index(word.text) :], word.text]
        self.names.fail(
            "T205", word.span, f"“{word.text}” refers to itself: {' → '.join(circle)}.",
            "Write out what it stands for.",
        )  # fmt: skip


_LONGEST = {"minute": 52_596_000, "hour": 876_600, "day": 36_525, "week": 5_218, "month": 1_200, "year": 100}
