"""The lens between users of the CRM and accounts of Microsoft 365, as lists that both sides edit.

Who is who stands in the context. An element whose counterpart is not known does not travel: it is neither carried
over nor taken away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.context import Context
from engine.lenses.base import Ends
from engine.records import CRM, M365, Absence, Side, Value, opposite
from engine.schema import Type


def _elements(value: Value | Absence) -> tuple[Value, ...]:
    """A list's elements; a single value is a list of one, what is empty or not known one of none."""
    if isinstance(value, tuple):
        return value
    return () if value is None or isinstance(value, Absence) else (value,)


def _counterpart(side: Side, element: Value, context: Context) -> str | None:
    """An element of this side in the terms of the other one; None while it does not travel."""
    if not isinstance(element, str):
        return None
    return context.directory.account_of(element) if side == CRM else context.directory.user_of(element)


def _joined(elements: Iterable[Value]) -> Value:
    return tuple(dict.fromkeys(elements)) or None


@dataclass(frozen=True, slots=True)
class ConnectedUsers:
    """A list of users, a list of accounts; compared without order."""

    ends: Ends
    keep_others: bool = False
    name: str = "connected_users"

    @property
    def lossless(self) -> bool:
        return self.keep_others

    def keeping_others(self) -> ConnectedUsers:
        return replace(self, keep_others=True)

    def accepts(self, crm: Type, m365: Type) -> str | None:
        if (crm.of, m365.of) != (None, None) and (str(crm), str(m365)) == ("list of user", "list of account"):
            return None
        return f"“{self.name}” needs a list of users in the CRM and a list of accounts in Microsoft 365"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(M365, value, old, context)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(CRM, value, old, context)

    def _put(self, into: Side, value: Value, old: Value, context: Context) -> Value:
        """The translated list; what of the old one has no counterpart stays."""
        wanted = self._carried(into, value, context)
        held = [one for one in self._stays(into, old, context) if one in wanted or not _known(into, one, context)]
        return self._settled(old, _joined((*held, *wanted)))

    def merge(
        self,
        into: Side,
        own: Value,
        own_base: Value | Absence,
        other: Value,
        other_base: Value | Absence,
        context: Context,
    ) -> Value:
        agreed = not isinstance(own_base, Absence) and not isinstance(other_base, Absence)
        now = self._carried(into, other, context)
        past = self._carried(into, other_base, context) if agreed else []
        removed = {one for one in past if one not in now and one in _elements(own_base)}
        kept = [one for one in self._stays(into, own, context) if one not in removed]
        return self._settled(own, _joined((*kept, *(one for one in now if one not in past))))

    def agreed(self, side: Side, value: Value, base: Value | Absence, context: Context) -> Value:
        seen = [one for one in _elements(value) if _known(side, one, context)]
        asleep = [one for one in _elements(base) if not _known(side, one, context)]
        if isinstance(value, tuple) or isinstance(base, tuple):
            return _joined((*seen, *asleep))
        return next(iter((*seen, *asleep)), None)

    def changed(self, side: Side, value: Value, base: Value | Absence, context: Context) -> bool:
        if isinstance(base, Absence):
            return True
        now, past = ({one for one in _elements(held) if _known(side, one, context)} for held in (value, base))
        return now != past

    def same(self, one: Value, other: Value) -> bool:
        return set(_elements(one)) == set(_elements(other))

    def names(self, value: Value) -> tuple[str, ...]:
        return ()

    def _carried(self, into: Side, value: Value | Absence, context: Context) -> list[Value]:
        """What of the other side's list travels, in the terms of this one."""
        found = (_counterpart(opposite(into), one, context) for one in _elements(value))
        return list(dict.fromkeys(one for one in found if one is not None))

    def _stays(self, side: Side, value: Value, context: Context) -> list[Value]:
        return [one for one in _elements(value) if self.keep_others or _known(side, one, context)]

    def _settled(self, old: Value, found: Value) -> Value:
        """The old list itself where nothing but the order would change."""
        return old if old is not None and self.same(old, found) else found


def _known(side: Side, element: Value, context: Context) -> bool:
    return _counterpart(side, element, context) is not None
