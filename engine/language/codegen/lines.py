"""The two hot paths: has anything moved since the last agreement, and what would a new record hold.

One straight run of statements per map line. Trimming and passing on are written in line; other lenses are called.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final, TypeAlias

from engine.context import Context
from engine.language.checked import MapRule
from engine.language.codegen import nodes
from engine.language.codegen.nodes import Module, at, attribute, call, constant, name
from engine.language.diagnostics import Span
from engine.language.program import Line, with_one_more
from engine.lenses.base import Lens, Untranslatable
from engine.lenses.text import PlainLens, tidy, unchanged
from engine.records import M365, NO_BASE, NOT_FETCHED, Absence, Side, Value

Untold: TypeAlias = "list[tuple[int, str]] | None"


def attempt(
    out: dict[str, Value], path: str, lens: Lens, side: Side, value: Value, context: Context, index: int, untold: Untold
) -> None:
    """Put the translation of a new value; what has none is left out and told, with the index of the line."""
    try:
        out[path] = lens.to_m365(value, None, context) if side == M365 else lens.to_crm(value, None, context)
    except Untranslatable as problem:
        if untold is not None:
            untold.append((index, problem.reason))


def one_more(held: Value | Absence, one: Value | Absence) -> Value | Absence:
    """A list with one more element; not fetched where either is."""
    if isinstance(held, Absence) or isinstance(one, Absence):
        return NOT_FETCHED
    return with_one_more(held, one)


FUNCTIONS: Final[dict[str, object]] = {
    "attempt": attempt,
    "one_more": one_more,
    "length": len,
    "NOT_FETCHED": NOT_FETCHED,
    "NO_BASE": NO_BASE,
}
"""What the hot paths may use."""


Mapped: TypeAlias = tuple[MapRule, Line]


def write_moved(module: Module, span: Span, lines: Sequence[Mapped]) -> None:
    """``moved(crm, m365, crm_base, m365_base)``: the indexes of path-to-path lines that differ from their base."""
    sides = ("crm", "m365", "crm_base", "m365_base")
    body = [nodes.assign("found", nodes.list_of())]
    body += [nodes.assign(f"get_{side}", attribute(name(side), "get")) for side in sides]
    for index, (rule, line) in enumerate(lines):
        if line.crm_path is not None and line.m365_path is not None and not line.on_create:
            body += [at(rule.entry.span, part) for part in _moved_line(index, line, line.crm_path, line.m365_path)]
    module.function("moved", sides, [*body, nodes.answer(name("found"))], span)


def _moved_line(index: int, line: Line, crm_path: str, m365_path: str) -> list[ast.stmt]:
    def differs(value: str, base: str, path: str) -> ast.expr:
        return nodes.compare(name(value), ast.NotEq(), call(f"get_{base}", constant(path), name("NO_BASE")))

    different = [differs("a", "crm_base", crm_path), differs("b", "m365_base", m365_path)]
    get_added: list[ast.stmt] = []
    if line.added is not None:
        source = "crm" if line.to_m365 else "m365"
        get_added = [nodes.assign("c", call(f"get_{source}", constant(line.added), name("NOT_FETCHED")))]
        different.append(differs("c", f"{source}_base", line.added))
    known = nodes.all_of(
        nodes.is_not(name("a"), name("NOT_FETCHED")),
        nodes.is_not(name("b"), name("NOT_FETCHED")),
        nodes.any_of(*different),
    )
    add = ast.Expr(call(attribute(name("found"), "append"), constant(index)))
    return [
        nodes.assign("a", call("get_crm", constant(crm_path), name("NOT_FETCHED"))),
        nodes.assign("b", call("get_m365", constant(m365_path), name("NOT_FETCHED"))),
        *get_added,
        nodes.when(known, [add]),
    ]


def write_project(module: Module, span: Span, lines: Sequence[Mapped], side: Side) -> frozenset[int]:
    """``project_<side>(values, context, untold)``: what the unguarded lines make of the other side's values; the first
    line that writes a path counts. Returns the indexes of the lines in it."""
    body = [
        nodes.assign("out", ast.Dict([], [])),
        nodes.assign("get", attribute(name("values"), "get")),
    ]
    done: dict[str, int] = {}
    for index, (rule, line) in enumerate(lines):
        source, target = (line.crm_path, line.m365_path) if side == M365 else (line.m365_path, line.crm_path)
        if source is None or target is None or target in done or not _projected(line, side):
            continue
        done[target] = index
        body += [at(rule.entry.span, part) for part in _projection(module, line, side, source, target, index)]
    parameters = ("values", "context", "untold")
    module.function(f"project_{side}", parameters, [*body, nodes.answer(name("out"))], span, [constant(None)])
    return frozenset(done.values())


def _projected(line: Line, side: Side) -> bool:
    writes = line.to_m365 if side == M365 else line.to_crm
    return writes and line.guard is None and not line.on_first_sync


def _projection(module: Module, line: Line, side: Side, source: str, target: str, index: int) -> list[ast.stmt]:
    value = name("value")
    full = nodes.when(
        nodes.is_not(value, name("NOT_FETCHED")),
        _translation(module, line.lens, side, target, index),
    )
    read = call("get", constant(source), name("NOT_FETCHED"))
    if line.added is not None:
        read = call("one_more", read, call("get", constant(line.added), name("NOT_FETCHED")))
    return [
        nodes.assign("value", read),
        nodes.when(nodes.is_(value, constant(None)), [nodes.put("out", target, constant(None))], [full]),
    ]


def _translation(module: Module, lens: Lens, side: Side, target: str, index: int) -> list[ast.stmt]:
    """Statements that put the translation of ``value``, which is neither empty nor unknown."""
    value = name("value")
    called = call(
        "attempt", name("out"), constant(target), module.value(lens, "lens"), constant(side), value, name("context"),
        constant(index), name("untold"),
    )  # fmt: skip
    if not isinstance(lens, PlainLens):
        return [ast.Expr(called)]
    if lens.written is unchanged:
        return [nodes.put("out", target, value)]
    if lens.written is not tidy:
        return [ast.Expr(called)]
    limit = lens.ends.m365_max if side == M365 else lens.ends.crm_max
    odd = [nodes.compare(constant("\r"), ast.In(), value)]
    if limit is not None:
        odd.append(nodes.compare(call("length", value), ast.Gt(), constant(limit)))
    return [
        nodes.assign("value", call(attribute(value, "strip"))),
        nodes.when(nodes.any_of(*odd), [ast.Expr(called)], [nodes.put("out", target, _or_empty(value))]),
    ]


def _or_empty(value: ast.expr) -> ast.expr:
    return nodes.any_of(value, constant(None))
