"""Lenses between people of the CRM and people of Microsoft 365, as lists that both sides edit.

Who is who stands in the context. An element whose counterpart is not known does not travel: it is neither carried
over nor taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.context import Context
from engine.lenses.base import Ends
from engine.records import CRM, M365, NO_BASE, Absence, Side, Value, opposite
from engine.schema import Type

Across: TypeAlias = Callable[[Side, str, Context], "str | None"]
"""(side, element, context): the element in the terms of the other side; None while it does not travel."""

Person: TypeAlias = Callable[[Side, str, Context], "str | None"]
"""(side, element, context): whom the element means, whether it travels or not; None where nobody knows."""


def _elements(value: Value | Absence) -> tuple[Value, ...]:
    """A list's elements; a single value is a list of one, what is empty or not known one of none."""
    if isinstance(value, tuple):
        return value
    return () if value is None or isinstance(value, Absence) else (value,)


def _joined(elements: Iterable[Value]) -> Value:
    return tuple(dict.fromkeys(elements)) or None


def plain(element: Value) -> Value:
    """An element as lists compare it: addresses without case."""
    return element.strip().lower() if isinstance(element, str) and "@" in element else element


class PeopleLens(Struct, frozen=True):
    """A list of people on each side, compared without order. ``needs`` says what it joins; ``across`` which elements
    travel, and ``person`` whom any element means, so that two ways to write one person count as one."""

    name: str
    ends: Ends
    types: tuple[str, str]
    needs: str
    across: Across
    person: Person
    keep_others: bool = False

    @property
    def lossless(self) -> bool:
        return self.keep_others

    def keeping_others(self) -> PeopleLens:
        return replace(self, keep_others=True)

    def accepts(self, crm: Type, m365: Type) -> str | None:
        return None if (str(crm), str(m365)) == self.types else f"“{self.name}” needs {self.needs}"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(M365, value, old, context)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(CRM, value, old, context)

    def _put(self, into: Side, value: Value, old: Value, context: Context) -> Value:
        """The translated list; what of the old one has no counterpart stays."""
        wanted = self._carried(into, value, context)
        held = [
            one
            for one in self._stays(into, old, context)
            if not self._travels(into, one, context) or self._person(into, one, context) in wanted
        ]
        return self._settled(old, self._with(into, held, wanted, context))

    def merge(
        self,
        into: Side,
        own: Value,
        own_base: Value | Absence,
        other: Value,
        other_base: Value | Absence,
        context: Context,
    ) -> Value:
        back = opposite(into)
        agreed = not isinstance(own_base, Absence) and not isinstance(other_base, Absence)
        here, there = self._people(into, own_base, context), self._people(back, other, context)
        past = self._people(back, other_base, context) if agreed else frozenset()
        removed = self._carried(into, other_base, context).keys() & here - there if agreed else frozenset()
        kept = [one for one in self._stays(into, own, context) if not self._removed(into, one, removed, context)]
        added = {who: one for who, one in self._carried(into, other, context).items() if who not in past}
        return self._settled(own, self._with(into, kept, added, context))

    def agreed(
        self, side: Side, value: Value, base: Value | Absence, context: Context, other: Value | Absence = NO_BASE
    ) -> Value:
        if isinstance(other, Absence):
            kept = [one for one in _elements(value) if self._person(side, one, context) is not None]
            kept += [one for one in _elements(base) if self._person(side, one, context) is None]
        else:
            kept = self._on_both(side, value, base, other, context)
        if isinstance(value, tuple) or isinstance(base, tuple):
            return _joined(kept)
        return next(iter(kept), None)

    def _on_both(self, side: Side, value: Value, base: Value | Absence, other: Value, context: Context) -> list[Value]:
        """Who is on both lists; who was and still is on one of them, because the removal could not travel; and who
        was when somebody still knew whom the element means."""
        there, before = self._people(opposite(side), other, context), self._people(side, base, context)
        now = self._people(side, value, context)
        kept = [one for one in _elements(value) if self._person(side, one, context) in there | before]
        for one in _elements(base):
            who = self._person(side, one, context)
            if who is None or (who in there and who not in now):
                kept.append(one)
        return kept

    def changed(self, side: Side, value: Value, base: Value | Absence, context: Context) -> bool:
        if isinstance(base, Absence):
            return True
        now, past = (
            {self._person(side, one, context) for one in _elements(held) if self._travels(side, one, context)}
            for held in (value, base)
        )
        return now != past

    def same(self, one: Value, other: Value) -> bool:
        return {plain(element) for element in _elements(one)} == {plain(element) for element in _elements(other)}

    def names(self, value: Value) -> tuple[str, ...]:
        return ()

    # ---- elements ---------------------------------------------------------------------------------------------

    def _person(self, side: Side, element: Value, context: Context) -> str | None:
        return self.person(side, element, context) if isinstance(element, str) else None

    def _people(self, side: Side, value: Value | Absence, context: Context) -> frozenset[str]:
        found = (self._person(side, one, context) for one in _elements(value))
        return frozenset(who for who in found if who is not None)

    def _travels(self, side: Side, element: Value, context: Context) -> bool:
        return isinstance(element, str) and self.across(side, element, context) is not None

    def _carried(self, into: Side, value: Value | Absence, context: Context) -> dict[str, Value]:
        """Who of the other side's list travels, in the terms of this one."""
        found: dict[str, Value] = {}
        for one in _elements(value):
            who = self._person(opposite(into), one, context)
            made = self.across(opposite(into), one, context) if isinstance(one, str) else None
            if who is not None and made is not None:
                found.setdefault(who, made)
        return found

    def _stays(self, side: Side, value: Value, context: Context) -> list[Value]:
        return [one for one in _elements(value) if self.keep_others or self._travels(side, one, context)]

    def _removed(self, side: Side, element: Value, removed: Collection[str], context: Context) -> bool:
        return self._travels(side, element, context) and self._person(side, element, context) in removed

    def _with(self, side: Side, held: list[Value], more: dict[str, Value], context: Context) -> Value:
        """The elements held, and those of the others who are not among them in whatever form."""
        here = self._people(side, tuple(held), context)
        return _joined((*held, *(one for who, one in more.items() if who not in here)))

    def _settled(self, old: Value, found: Value) -> Value:
        """The old list itself where nothing but the order would change."""
        return old if old is not None and self.same(old, found) else found


def _account(side: Side, element: str, context: Context) -> str | None:
    return context.directory.account_of(element) if side == CRM else context.directory.user_of(element)


def _user_of_account(side: Side, element: str, context: Context) -> str | None:
    user = element if side == CRM else context.directory.user_of(element)
    return user if user is not None and context.directory.account_of(user) is not None else None


def connected_accounts(ends: Ends) -> PeopleLens:
    """CRM users and the accounts they connected."""
    return PeopleLens(
        "connected_users", ends, ("list of user", "list of account"),
        "a list of users in the CRM and a list of addresses or of accounts in Microsoft 365", _account,
        _user_of_account,
    )  # fmt: skip
