"""Building syntax trees of Python: rule text only ever as constants, chosen functions and values as the only globals.

Every node carries the place of the rule it came from, so that tracebacks and profilers name the rule file's line.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from engine.language.diagnostics import Span

Node = TypeVar("Node", bound=ast.AST)

ALLOWED: Final = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.If, ast.Assign, ast.Expr, ast.Call,
    ast.Attribute, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.Is,
    ast.IsNot, ast.Eq, ast.NotEq, ast.Gt, ast.In, ast.Subscript, ast.Tuple, ast.List, ast.Dict, ast.IfExp,
)  # fmt: skip
"""The only kinds of nodes generated code may hold."""

ATTRIBUTES: Final = frozenset({"append", "get", "strip", "text", "values"})
"""The only attributes generated code may use."""


def at(span: Span, node: Node) -> Node:
    """Give a place to every part of the node that has none yet; parts placed before are whole and are passed over."""
    waiting: list[ast.AST] = [node]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.expr | ast.stmt | ast.arg):
            if hasattr(inner, "lineno"):
                continue
            inner.lineno, inner.end_lineno = span.line, span.line
            inner.col_offset, inner.end_col_offset = span.column - 1, span.end_column - 1
        waiting.extend(ast.iter_child_nodes(inner))
    return node


def name(called: str) -> ast.expr:
    return ast.Name(called, ast.Load())


def constant(value: None | bool | int | str) -> ast.expr:
    return ast.Constant(value)


def call(function: str | ast.expr, *arguments: ast.expr) -> ast.expr:
    return ast.Call(name(function) if isinstance(function, str) else function, list(arguments), [])


def attribute(of: ast.expr, called: str) -> ast.expr:
    return ast.Attribute(of, called, ast.Load())


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [operator], [right])


def is_(left: ast.expr, right: ast.expr) -> ast.expr:
    return compare(left, ast.Is(), right)


def is_not(left: ast.expr, right: ast.expr) -> ast.expr:
    return compare(left, ast.IsNot(), right)


def all_of(*items: ast.expr) -> ast.expr:
    return _joined(ast.And(), items, True)


def any_of(*items: ast.expr) -> ast.expr:
    return _joined(ast.Or(), items, False)


def _joined(operator: ast.boolop, items: Sequence[ast.expr], of_none: bool) -> ast.expr:
    if not items:
        return constant(of_none)
    return items[0] if len(items) == 1 else ast.BoolOp(operator, list(items))


def assign(called: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(called, ast.Store())], value)


def choose(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    return ast.IfExp(test, then, otherwise)


def put(mapping: str, key: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Subscript(name(mapping), constant(key), ast.Store())], value)


def when(test: ast.expr, then: Sequence[ast.stmt], otherwise: Sequence[ast.stmt] = ()) -> ast.stmt:
    return ast.If(test, list(then), list(otherwise))


def answer(value: ast.expr) -> ast.stmt:
    return ast.Return(value)


def list_of(*items: ast.expr) -> ast.expr:
    return ast.List(list(items), ast.Load())


def tuple_of(*items: ast.expr) -> ast.expr:
    return ast.Tuple(list(items), ast.Load())


class Sharing(ast.NodeTransformer):
    """Calls of these functions that stand in several places of the expressions, made once: ``before`` are assignments
    to go ahead of them. They have to be calls that answer whatever the records hold."""

    def __init__(self, functions: frozenset[str], expressions: Sequence[ast.expr]) -> None:
        self.functions = functions
        self.before: list[ast.stmt] = []
        self._counts = Counter(ast.dump(node) for one in expressions for node in ast.walk(one) if self._is_one(node))
        self._named: dict[str, str] = {}

    def _is_one(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self.functions

    def visit_Call(self, node: ast.Call) -> ast.expr:
        said = ast.dump(node)
        self.generic_visit(node)
        if not self._is_one(node) or self._counts[said] < 2:
            return node
        if said not in self._named:
            self._named[said] = f"shared_{len(self._named)}"
            self.before.append(assign(self._named[said], node))
        return ast.copy_location(name(self._named[said]), node)


class Module:
    """One generated module: functions with their places, and the chosen globals they may use."""

    def __init__(self, file: str, functions: dict[str, object]) -> None:
        self.file = file
        self.body: list[ast.stmt] = []
        self.reads: set[tuple[str, str]] = set()
        """(side, field) of every record field that a condition, a key or a source looks at."""
        self.globals: dict[str, object] = {"__builtins__": {}, **functions}

    def value(self, value: object, kind: str) -> ast.expr:
        """A ready-made value as a global; its name is made from ``kind`` and a number, never from rule text."""
        called = f"{kind}_{len(self.globals)}"
        self.globals[called] = value
        return name(called)

    def function(
        self,
        called: str,
        parameters: Sequence[str],
        body: Sequence[ast.stmt],
        span: Span,
        defaults: Sequence[ast.expr] = (),
    ) -> str:
        """Add a function; ``defaults`` are those of its last parameters."""
        if called in self.globals:
            raise AssertionError(f"{called} is a global of generated code already")
        given = [ast.arg(parameter) for parameter in parameters]
        arguments = ast.arguments([], given, None, [], [], None, list(defaults))
        self.body.append(at(span, _definition(called, arguments, body)))
        return called

    def tree(self) -> ast.Module:
        return ast.Module(self.body, [])

    def compiled(self) -> Mapping[str, Callable[..., Any]]:
        """The functions, compiled in the name of the rule file."""
        space: dict[str, Any] = dict(self.globals)
        exec(compile(self.tree(), self.file, "exec", dont_inherit=True), space)  # the tree is ours: see ALLOWED
        return {
            statement.name: space[statement.name] for statement in self.body if isinstance(statement, ast.FunctionDef)
        }


def _definition(called: str, arguments: ast.arguments, body: Sequence[ast.stmt]) -> ast.FunctionDef:
    definition = ast.FunctionDef(called, arguments, list(body), [], None, None)
    if "type_params" in definition._fields:  # Python 3.12 and later
        definition.type_params = []  # type: ignore[attr-defined]
    return definition
