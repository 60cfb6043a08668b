"""What a lens is: one value in two systems' terms, with laws that property tests hold.

Laws, for every value the declared types allow:
  put-get   to_crm(to_m365(a, b), a) is the same as a where the lens is lossless
  get-put   to_m365(to_crm(b, a), b) is the same as b where the lens is lossless
  same      is an equivalence, and both directions respect it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias, runtime_checkable

from msgspec import Struct

from engine.context import Context
from engine.records import NO_BASE, Absence, Side, Value
from engine.schema import Type


class Ends(Struct, frozen=True):
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


@runtime_checkable
class Merging(Protocol):
    """What a lens over lists has besides: its elements travel one by one, so that both sides' edits survive.

    A base here is what :meth:`agreed` made of a list when both sides last agreed. An element *travels* while the
    context knows its counterpart on the other side; the rest is invisible, and stays where it is.
    """

    @property
    def keep_others(self) -> bool:
        """False: a write leaves nothing in the list but what the other side has."""
        ...

    def keeping_others(self) -> Self:
        """The same lens, for a line that says ``keep others``."""
        ...

    def merge(
        self,
        into: Side,
        own: Value,
        own_base: Value | Absence,
        other: Value,
        other_base: Value | Absence,
        context: Context,
    ) -> Value:
        """The list that side ``into`` shall hold: ``own``, what it holds now, with what was added on the other side
        since ``other_base`` added, and what was removed there removed if ``own_base`` has it (else it was added here
        since). With a base missing nothing is removed and everything is added. Pure, and in ``own``'s order."""
        ...

    def agreed(
        self, side: Side, value: Value, base: Value | Absence, context: Context, other: Value | Absence = NO_BASE
    ) -> Value:
        """What the base remembers of a list (or of one value that is added to one) from now on: with ``other``, what
        the other side holds, who is on both lists, and whoever was and is on one only because the removal could not
        travel; without it, whoever is known, and what the base had of those who are not known now. What is in no base
        counts as added once it can travel: so a line that was closed, or a person who was not connected, catches up
        where ``other`` is given, and does not where it is left out."""
        ...

    def changed(self, side: Side, value: Value, base: Value | Absence, context: Context) -> bool:
        """Whether the list differs from its base in anything that travels."""
        ...


@runtime_checkable
class Timed(Protocol):
    """What a lens has besides that puts a time of day to a day where the written side has none."""

    @property
    def at(self) -> str | None:
        """The name of the setting that says the time."""
        ...

    def starting_at(self, setting: str) -> Self: ...


Bind: TypeAlias = Callable[[Ends], Lens]
"""Makes a lens for the two ends of one line."""
