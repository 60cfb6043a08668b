"""What a lens is: one value in two systems' terms, with laws that property tests hold.

Laws, for every value the declared types allow:
  put-get   to_crm(to_m365(a, b), a) is the same as a where the lens is lossless
  get-put   to_m365(to_crm(b, a), b) is the same as b where the lens is lossless
  same      is an equivalence, and both directions respect it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from engine.context import Context
from engine.records import Value
from engine.schema import Type


@dataclass(frozen=True, slots=True)
class Ends:
    """What a lens joins: the type at either end, and how many characters it holds there (None = no limit)."""

    crm: Type
    m365: Type
    crm_max: int | None = None
    m365_max: int | None = None


@dataclass(frozen=True, slots=True)
class Untranslatable(Exception):
    """The value has no counterpart on the other side; ``reason`` is shown to people and holds no personal data."""

    reason: str


class Lens(Protocol):
    """One translation. ``old`` is what the written side holds now: lenses may keep what they can't express.

    Both directions raise Untranslatable where a value has no counterpart. ``lossless`` lenses may stand in ``<->``.
    """

    @property
    def name(self) -> str: ...

    @property
    def lossless(self) -> bool: ...

    def accepts(self, crm: Type, m365: Type) -> str | None:
        """None when the lens fits between these types, else one sentence that says what it needs."""
        ...

    def to_m365(self, value: Value, old: Value, context: Context) -> Value: ...

    def to_crm(self, value: Value, old: Value, context: Context) -> Value: ...

    def same(self, one: Value, other: Value) -> bool:
        """Whether two values of one side mean the same (a remote's normalisation is no change)."""
        ...

    def names(self, value: Value) -> tuple[str, ...]:
        """Names on the written side that must be looked up before this value can be translated (mostly none)."""
        ...


Bind: TypeAlias = Callable[[Ends], Lens]
"""Makes a lens for the two ends of one line."""
