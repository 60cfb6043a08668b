"""Lenses for references that the other side knows by name only: a record behind a text, folders behind a folder.

What carries a name is looked up before deciding and stands in the context, so that translating stays pure.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from engine.context import Context, fold
from engine.lenses.base import Ends, Untranslatable
from engine.lenses.text import check_length, comparable, tidy
from engine.records import CRM, M365, Reference, Side, Value
from engine.schema import Type

_AMBIGUOUS: Final = "several records there carry this name, so nobody can say which is meant"


def folded(value: Value) -> str | None:
    """The name of a reference, or a text, as names are compared; None when there is none."""
    name = value.name if isinstance(value, Reference) else value
    found = comparable(name)
    return fold(found) or None if isinstance(found, str) else None


def _resolve(side: Side, target: Type, name: str, old: Value, context: Context) -> Reference:
    """The record called ``name``: the old one if it is called so, else the only one found, else one to be made."""
    wanted = folded(name)
    if isinstance(old, Reference) and folded(old) == wanted:
        return old
    found = context.names.look_up(side, target.target or "", name)
    if len(found) > 1:
        if isinstance(old, Reference) and any(one.id == old.id for one in found):
            return old
        raise Untranslatable(_AMBIGUOUS)
    return found[0] if found else Reference(None, str(tidy(name)))


class CompanyByName(Struct, frozen=True):
    """A reference in the CRM, the name of what it points to in Microsoft 365."""

    ends: Ends
    name: str = "company_by_name"
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        if crm.name == "reference" and m365.name in ("text", "long text"):
            return None
        return f"“{self.name}” needs a reference in the CRM and text in Microsoft 365"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        if folded(value) == folded(old):
            return old
        return check_length(tidy(value.name) if isinstance(value, Reference) else None, self.ends.m365_max)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        if folded(value) == folded(old):
            return old
        if not isinstance(value, str) or folded(value) is None:
            return None
        check_length(tidy(value), self.ends.crm_max)
        return _resolve(CRM, self.ends.crm, value, old, context)

    def same(self, one: Value, other: Value) -> bool:
        return folded(one) == folded(other)

    def names(self, value: Value) -> tuple[str, ...]:
        return (value,) if isinstance(value, str) and folded(value) else ()


def _first(value: Value) -> Value:
    """What decides: the first of a list, or the single reference itself. None where it has no name, or where it is
    the place items go to by default (a reference without an id of its own)."""
    first = (value[0] if value else None) if isinstance(value, tuple) else value
    if isinstance(first, Reference) and first.id == "":
        return None
    return first if folded(first) else None


class FirstFolder(Struct, frozen=True):
    """A list of folders in the CRM, one folder in Microsoft 365, where empty is the folder items go to by default.

    The first folder decides. Moving it replaces the first and keeps the rest; the default folder empties the list.
    """

    ends: Ends
    name: str = "first_folder"
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        inner = crm.of
        if inner is not None and inner.name == "reference" and m365.name == "reference":
            return None
        return f"“{self.name}” needs a list of references in the CRM and one reference in Microsoft 365"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        first = _first(value)
        if not isinstance(first, Reference):
            return old if _first(old) is None else None
        return _resolve(M365, self.ends.m365, first.name, old, context)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        if self.same(value, old):
            return old
        if not isinstance(value, Reference) or self.ends.crm.of is None or _first(value) is None:
            return None
        held = old if isinstance(old, tuple) else ()
        known = next((one for one in held if folded(one) == folded(value)), None)
        chosen = known or _resolve(CRM, self.ends.crm.of, value.name, None, context)
        return (chosen, *(other for other in held[1:] if folded(other) != folded(value)))

    def same(self, one: Value, other: Value) -> bool:
        return folded(_first(one)) == folded(_first(other))

    def names(self, value: Value) -> tuple[str, ...]:
        first = _first(value)
        return (first.name,) if isinstance(first, Reference) else ()


class TaskList(Struct, frozen=True):
    """A list of the CRM that may also be one of Microsoft 365: then both know it by one id, and a flag of the CRM's
    reference says so. Microsoft 365 always has one; the CRM's own lists mean nothing there and move nothing, so that
    the laws speak of the lists that both know."""

    ends: Ends
    name: str = "task_list"
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        if crm.name == m365.name == "reference" and len(crm.parts) == 1:
            return None
        return f"“{self.name}” needs a list in the CRM that may be one of Planner's, and a list of Planner"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        if isinstance(value, Reference) and set(self._flags()) <= set(value.flags):
            return old if self.same(value, old) else Reference(value.id, value.name)
        if isinstance(old, Reference):
            return old
        raise Untranslatable(
            "not one of Planner's lists" if value else "a task in Planner is always in one of its lists"
        )

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        if not isinstance(value, Reference):
            return None
        if isinstance(old, Reference) and self.same(value, old) and set(self._flags()) <= set(old.flags):
            return old
        return Reference(value.id, value.name, self._flags())

    def same(self, one: Value, other: Value) -> bool:
        return _identity(one) == _identity(other)

    def names(self, value: Value) -> tuple[str, ...]:
        return ()

    def _flags(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.ends.crm.parts)


def _identity(value: Value) -> tuple[str | None, str | None] | None:
    if not isinstance(value, Reference):
        return None
    return (value.id, None) if value.id is not None else (None, folded(value))
