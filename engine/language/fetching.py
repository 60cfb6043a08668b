"""Fields that are fetched by a request of their own: what was not fetched must not look empty, and nothing is fetched
for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from engine.language.checked import AllOf, AnyOf, Choose, Expr, FieldRef, IsState, MapRule, RuleSet
from engine.language.comparisons import conditions
from engine.language.diagnostics import Problems
from engine.language.keys import fields
from engine.records import M365
from engine.schema import Schema, steps


def check(rules: RuleSet, problems: Problems) -> None:
    """Every such field is fetched by some entry, every such entry serves a line, and every line asks first."""
    fetched = {rule.field.path for rule in rules.fetches}
    for ref in _used(rules):
        name = steps(ref.path)[0].name
        if _apart(rules.m365, ref) and name not in fetched:
            text = f"“{name}” takes a request of its own for every record, and nothing says when it is worth one."
            problems.add("T565", ref.span, text, f"Add the section fetch with: m365.{name} only when …")
            fetched.add(name)
    used = {steps(ref.path)[0].name for ref in _used(rules) if ref.side == M365}
    for rule in rules.fetches:
        if rule.field.path not in used:
            text = f"“{rule.field.path}” is fetched here, and no line or condition looks at it."
            problems.add("T566", rule.entry.span, text, "Delete the entry, or map the field.")
    for line in rules.lines:
        _check_line(rules.m365, line, problems)


def _used(rules: RuleSet) -> Iterator[FieldRef]:
    """Fields that map lines and conditions look at, those that fetching itself asks for apart."""
    for line in rules.lines:
        yield from (end for end in (line.left, line.right, line.added) if isinstance(end, FieldRef))
    for expr in conditions(replace(rules, fetches=())):
        yield from fields(expr)


def _apart(schema: Schema, ref: FieldRef) -> bool:
    return ref.side == M365 and schema.by_name[steps(ref.path)[0].name].part is not None


def _check_line(schema: Schema, line: MapRule, problems: Problems) -> None:
    for ref in (line.right, line.added):
        if not isinstance(ref, FieldRef) or not _apart(schema, ref):
            continue
        name = steps(ref.path)[0].name
        if line.guard is None or not _asks(line.guard, name):
            text = f"“{name}” may not have been fetched, and what was not fetched must not look empty."
            problems.add("T564", ref.span, text, f"Write at the end of the line: when m365.{name} is fetched")


def _asks(expr: Expr, name: str) -> bool:
    """Whether the condition can only hold while the field was fetched."""
    match expr:
        case IsState(left=FieldRef(side="m365", path=path), state="fetched"):
            return path == name
        case AllOf(items=items):
            return any(_asks(item, name) for item in items)
        case AnyOf(items=items):
            return all(_asks(item, name) for item in items)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return _asks(otherwise, name) and (_asks(condition, name) or _asks(then, name))
    return False
