"""Records as both sides hand them over, and the three kinds of absence.

A value is what the side returned, decoded into a few plain types. ``None`` means *empty*; a path that a record does
not hold at all is *not fetched* and never overwrites anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct

Side: TypeAlias = Literal["crm", "m365"]
CRM: Final[Side] = "crm"
M365: Final[Side] = "m365"


class Absence(Enum):
    """Marks that are not values: told apart from an empty value (None) by identity."""

    NOT_FETCHED = "not fetched"
    NO_BASE = "never agreed"


NOT_FETCHED: Final = Absence.NOT_FETCHED
NO_BASE: Final = Absence.NO_BASE


class Reference(Struct, frozen=True, omit_defaults=True):
    """A pointer to another record (company, folder) with the name people know it by.

    ``id`` is None where the writer shall find or make the record called ``name``. ``flags`` are the names of the
    flags that hold for what it points to, of those its type declares.
    """

    id: str | None
    name: str
    flags: tuple[str, ...] = ()


Value: TypeAlias = "None | bool | int | str | Reference | tuple[Value, ...]"
"""Text; flags; whole numbers; dates as ``YYYY-MM-DD``; instants as ``YYYY-MM-DDTHH:MM:SSZ``, with a zone behind them as
``YYYY-MM-DDTHH:MM:SSZ[Area/City]``; tuples for lists, for structures (parts in schema order) and for postal addresses
(street, city, region, code, country)."""


def opposite(side: Side) -> Side:
    return M365 if side == CRM else CRM


class Record(Struct, frozen=True):
    """One record of one side.

    ``version`` changes with every modification (etag, CRM version); ``modified`` is UTC in milliseconds where the
    side knows it. ``editable`` is false when the space's user may read but not edit it. ``group`` is the id of the
    series that the record is a part of. A path missing from ``values`` was not fetched.
    """

    side: Side
    kind: str
    id: str
    version: str
    values: Mapping[str, Value]
    modified: int | None = None
    editable: bool = True
    group: str = ""

    def get(self, path: str) -> Value | Absence:
        return self.values.get(path, NOT_FETCHED)


class Gone(Struct, frozen=True):
    """Proof that a record no longer exists: its system answered so when asked by id. ``cancelled`` says that it was
    one occurrence of a series that goes on without it."""

    side: Side
    kind: str
    id: str
    merged_into: str | None = None
    cancelled: bool = False


class Barred(Struct, frozen=True):
    """The record may exist, but the space's user may not read it: never the same as gone. ``reason`` says why, without
    personal data, where it is not a matter of rights: what its system tells of it makes no sense."""

    side: Side
    kind: str
    id: str
    reason: str = ""


State: TypeAlias = Record | Gone | Barred


class Key(NamedTuple):
    """One way to recognise a record: all ``terms`` (CRM path, value to compare) must hold.

    Keys computed from a CRM record and from a Microsoft 365 record are equal exactly when the match entry holds, so
    that pairing is a join. Empty values make no key. The value of a CRM instant is a span, from its first instant to
    the first after it: that of a user's calendar day, ``2026-03-01T05:00:00Z/2026-03-02T05:00:00Z``, or of one
    second. A named tuple, because a first sync puts tens of thousands into sets, several times over.
    """

    entry: str
    terms: tuple[tuple[str, str], ...]
    ignore_case: bool = False

    def text(self) -> str:
        """A stable form for storing and comparing (terms in rule order); lengths keep different keys apart."""
        terms = [f"{len(path)}:{path}{len(value)}:{value}" for path, value in self.terms]
        return f"{len(self.entry)}:{self.entry}{'~' if self.ignore_case else '='}{''.join(terms)}"


def to_json(value: Value) -> object:
    """Plain JSON for a value; a reference becomes ``{"id": …, "name": …}``, with its flags if any."""
    if isinstance(value, Reference):
        plain: dict[str, object] = {"id": value.id, "name": value.name}
        return plain | {"flags": list(value.flags)} if value.flags else plain
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return value


def from_json(raw: object) -> Value:
    """The inverse of :func:`to_json`. Raises TypeError for what no value can be."""
    if isinstance(raw, dict):
        return Reference(raw["id"], raw["name"], tuple(raw.get("flags", ())))
    if isinstance(raw, list):
        return tuple(from_json(item) for item in raw)
    if raw is None or isinstance(raw, bool | int | str):
        return raw
    raise TypeError(f"no value has the JSON type {type(raw).__name__}")
