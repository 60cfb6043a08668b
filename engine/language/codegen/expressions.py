"""Conditions as Python expressions. Each condition has two: what makes it true, and what makes it false.

Neither holds where something is not known, so ``not`` over an unknown value stays unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from engine.language import checked, operations
from engine.language.checked import Expr, FieldRef, Moment, Operand
from engine.language.codegen import nodes
from engine.language.codegen.nodes import Module, at, call, constant
from engine.language.comparisons import by_instant, type_of
from engine.records import Side
from engine.schema import FLAG, Schema, Type, steps

FUNCTIONS: Final[dict[str, object]] = {
    function.__name__: function
    for function in (
        operations.read, operations.item, operations.part, operations.parts, operations.named, operations.names_of,
        operations.id_of, operations.ids_of, operations.flagged, operations.flags_of, operations.equal,
        operations.is_true,
        operations.is_empty, operations.is_fetched, operations.is_given, operations.contains, operations.shares,
        operations.user, operations.account, operations.today, operations.today_at, operations.chosen, operations.put,
        operations.found_or_user,
        operations.changed, operations.day_of, operations.span_of_day, operations.span_of_instant,
        operations.same_instant, operations.is_connected,
        operations.setting, operations.this_instant, operations.this_day,
        operations.point, operations.shifted, operations.before, operations.after, operations.between,
        operations.falls_on,
        operations.negated,
        operations.both,
        operations.either, operations.crossings,
    )
}  # fmt: skip
"""What compiled conditions may call."""

SIDES: Final = ("crm", "m365", "context")
"""The parameters of a compiled condition."""


class Conditions:
    """Writes conditions into one module, for functions with these parameters. ``roots`` replaces the reading of a
    field (by side and name)."""

    def __init__(
        self,
        module: Module,
        schemas: Mapping[Side, Schema],
        parameters: Sequence[str] = SIDES,
        roots: Mapping[tuple[Side, str], ast.expr] | None = None,
    ) -> None:
        self.module = module
        self.schemas = schemas
        self.parameters = parameters
        self.roots = roots or {}
        self.choices: dict[int, str] = {}

    def holds(self, expr: Expr) -> ast.expr:
        """True exactly when the condition is known to hold."""
        return at(expr.span, self._either(expr, True))

    def fails(self, expr: Expr) -> ast.expr:
        """True exactly when the condition is known not to hold."""
        return at(expr.span, self._either(expr, False))

    def _either(self, expr: Expr, wanted: bool) -> ast.expr:
        match expr:
            case checked.Not(item=item):
                return self._either(item, not wanted)
            case checked.AllOf(items=items):
                join = nodes.all_of if wanted else nodes.any_of
                return join(*(at(item.span, self._either(item, wanted)) for item in items))
            case checked.AnyOf(items=items):
                join = nodes.any_of if wanted else nodes.all_of
                return join(*(at(item.span, self._either(item, wanted)) for item in items))
            case _:
                return nodes.is_(self._test(expr), constant(wanted))

    def _test(self, expr: Expr) -> ast.expr:
        """A call that answers true, false or None (not known)."""
        match expr:
            case checked.Truth(operand=operand):
                return call("is_true", self.operand(operand))
            case checked.Is(left=left, right=right):
                if by_instant(type_of(left), type_of(right)):
                    return call("same_instant", nodes.name("context"), self.operand(left), self.operand(right))
                return call("equal", self.operand(left), self.operand(right))
            case checked.IsState(left=left, state="connected"):
                kind = constant(type_of(left).name)
                return call("is_connected", nodes.name("context"), kind, self.operand(left))
            case checked.IsState(left=left, state=state):
                return call("is_fetched" if state == "fetched" else "is_empty", self.operand(left))
            case checked.In(left=left, right=right):
                chosen = nodes.tuple_of(*map(self.operand, right)) if isinstance(right, tuple) else self.operand(right)
                return call("contains", chosen, self.operand(left))
            case checked.SharesAny(left=left, right=right):
                return call("shares", self.operand(left), self.operand(right))
            case checked.MayRead(side=side):
                return call("is_given", nodes.name(side))
            case checked.Changed(side=side):
                return call("changed", nodes.name("context"), constant(side))
            case checked.FallsOn(left=left, right=right):
                return call("falls_on", nodes.name("context"), self.operand(left), self.operand(right))
            case checked.Compare(left=left, sense=sense, moment=moment):
                return call(sense, nodes.name("context"), self.operand(left), self.moment(moment))
            case checked.Between(left=left, start=start, end=end):
                ends = (self.moment(start), self.moment(end))
                return call("between", nodes.name("context"), self.operand(left), *ends)
            case checked.Choose():
                return call(self._choice(expr), *map(nodes.name, self.parameters))
            case checked.Not(item=item):
                return call("negated", self._test(item))
            case checked.AllOf(items=items):
                return call("both", *(self._test(item) for item in items))
            case checked.AnyOf(items=items):
                return call("either", *(self._test(item) for item in items))
            case _:
                assert_never(expr)

    def _choice(self, expr: checked.Choose) -> str:
        """The function of a conditional define. Each is written once and asks its condition once, so that a chain of
        defines stays linear."""
        if id(expr) not in self.choices:
            test = nodes.assign("test", self._test(expr.condition))
            then = nodes.when(nodes.is_(nodes.name("test"), constant(True)), [nodes.answer(self._test(expr.then))])
            other = [nodes.answer(self._test(expr.otherwise))]
            otherwise = nodes.when(nodes.is_(nodes.name("test"), constant(False)), other)
            called = f"choice_of_{len(self.module.body)}"
            body = [test, then, otherwise, nodes.answer(constant(None))]
            self.choices[id(expr)] = self.module.function(called, self.parameters, body, expr.span)
        return self.choices[id(expr)]

    def operand(self, operand: Operand) -> ast.expr:
        return at(operand.span, self._operand(operand))

    def _operand(self, operand: Operand) -> ast.expr:
        match operand:
            case FieldRef():
                return self._field(operand)
            case checked.SettingRef(spec=spec):
                return call("setting", nodes.name("context"), constant(spec.name))
            case checked.UserRef(account=account):
                return call("account" if account else "user", nodes.name("context"))
            case checked.TodayRef():
                return call("today", nodes.name("context"))
            case checked.Constant(value=value):
                return constant(value)
            case _:
                assert_never(operand)

    def _field(self, ref: FieldRef) -> ast.expr:
        first, *rest = steps(ref.path)
        self.module.reads.add((ref.side, first.name))
        found = self.roots.get((ref.side, first.name))
        if found is None:
            found = call("read", nodes.name(ref.side), constant(first.name))
        kind = self.schemas[ref.side].by_name[first.name].type
        if first.slot is not None and kind.of is not None:
            found, kind = call("item", found, constant(first.slot)), kind.of
        for step in rest:
            found, kind = _stepped(found, kind, step.name)
        return found

    def moment(self, moment: Moment) -> ast.expr:
        if isinstance(moment.anchor, FieldRef):
            start = call("point", self.operand(moment.anchor))
        else:
            start = call("this_instant" if moment.anchor == "now" else "this_day", nodes.name("context"))
        if moment.amount:
            amount = signed(moment)
            start = call("shifted", nodes.name("context"), start, constant(amount), constant(moment.unit))
        return at(moment.span, start)


def signed(moment: Moment) -> int:
    """The amount of a moment, negative for before."""
    return -moment.amount if moment.sense == "before" else moment.amount


def _stepped(value: ast.expr, kind: Type, step: str) -> tuple[ast.expr, Type]:
    inner = kind.of or kind
    if inner.name == "reference" and step in ("name", "id"):
        many, one = ("names_of", "named") if step == "name" else ("ids_of", "id_of")
        return call(many if kind.of else one, value), Type("text")
    if inner.name == "reference":
        return call("flags_of" if kind.of else "flagged", value, constant(step)), FLAG
    index = [part for part, _ in inner.parts].index(step)
    part = inner.parts[index][1]
    called = "parts" if kind.of else "part"
    return call(called, value, constant(index)), Type("list", of=part) if kind.of else part
