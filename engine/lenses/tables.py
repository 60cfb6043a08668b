"""The lens of a ``translate`` section: a finite table, read from either side, with values that one side may keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from engine.context import Context
from engine.lenses.base import Ends, Untranslatable
from engine.records import CRM, M365, Side, Value
from engine.schema import Type


class Direction(Struct, frozen=True):
    """What becomes of each listed value of one side, and of any other."""

    rows: Mapping[Value, Value]
    other: Value = None

    def __call__(self, value: Value) -> Value:
        """The value on the other side; None (empty) where no row has it."""
        return self.rows.get(value, self.other)


class Keep(Struct, frozen=True):
    """A value that stays while (or unless) the other side holds one of these."""

    value: Value
    sense: Literal["while", "unless"]
    others: frozenset[Value]

    def keeps(self, held: Value, given: Value) -> bool:
        return held == self.value and (given in self.others) is (self.sense == "while")


class TableLens(Struct, frozen=True):
    """Rows in both directions. Empty stays empty. What the written side holds stays where it already agrees: where
    the table, read the other way, makes of it just what is given."""

    name: str
    ends: Ends
    to_m365_rows: Direction
    to_crm_rows: Direction
    keeps: Mapping[Side, tuple[Keep, ...]]
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        if (crm, m365) == (self.ends.crm, self.ends.m365):
            return None
        return f"“{self.name}” translates the fields that its heading names"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(M365, value, old)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(CRM, value, old)

    def _put(self, into: Side, value: Value, old: Value) -> Value:
        if value is None:
            return None
        back: Side = CRM if into == M365 else M365
        if old is not None and self.translated(back, old, value) == value:
            return old
        found = self.translated(into, value, old)
        if found is None:
            raise Untranslatable(f"the table {self.name} has no row for this value")
        return found

    def translated(self, into: Side, value: Value, old: Value) -> Value:
        """What the rows alone say, with what they keep; None where no row has the value."""
        if any(keep.keeps(old, value) for keep in self.keeps.get(into, ())):
            return old
        return self.to_m365_rows(value) if into == M365 else self.to_crm_rows(value)

    def same(self, one: Value, other: Value) -> bool:
        return one == other

    def names(self, value: Value) -> tuple[str, ...]:
        return ()
