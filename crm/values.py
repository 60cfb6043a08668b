"""Between the values that rules see and the columns that are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from sys import intern
from typing import TypeAlias

from crm.fields import Column
from crm.kinds import Kind, Many, Pointer
from engine.context import fold
from engine.records import Reference, Value
from engine.schema import DATE, FLAG, INSTANT

Stored: TypeAlias = "None | bool | str"


class Unfit(Exception):
    """A value the CRM can't hold. ``reason`` names the field by its label and holds no personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Draft:
    """What shall be stored of one record: its own columns, and by field what the pointers among them shall point to.
    What is in neither stays as it is."""

    columns: dict[str, Stored] = field(default_factory=dict)
    references: dict[str, tuple[Reference, ...]] = field(default_factory=dict)


@cache
def empty_columns(kind: Kind) -> Mapping[str, Stored]:
    """What a record holds where nothing is given."""
    return {column.name: _empty(column) for column in kind.columns}


@cache
def _short_texts(kind: Kind) -> Mapping[str, int]:
    """Columns of free text, with their lengths."""
    free = (column for column in kind.plain if column.type not in (DATE, INSTANT) and not column.type.choices)
    return {column.name: column.length for column in free if column.length}


def draft(kind: Kind, values: Mapping[str, Value]) -> Draft:
    """The draft for these whole top-level fields. Raises Unfit."""
    made = Draft()
    short = _short_texts(kind)
    for name, value in values.items():
        if type(value) is str and 0 < len(value) <= short.get(name, 0) and value.isascii() and "\0" not in value:
            made.columns[name] = value  # what nearly every value is, without the way through the types
            continue
        known = kind.schema.by_name.get(name)
        if known is None or not known.writable:
            raise Unfit(f"the CRM has no field {name} that can be written")
        if name in kind.pointers:
            made.references[name] = _references(kind.pointers[name], known.label, known.max_length, value)
        elif name in kind.groups:
            made.columns.update(_postal_columns(kind, name, known.label, value))
        else:
            made.columns[name] = stored(kind.by_name[name], value)
    return made


def lacking(kind: Kind, made: Draft, new: bool) -> str | None:
    """Why a draft can't become a record: a required field that would be empty."""
    for column in kind.required:
        if (new or column.name in made.columns) and made.columns.get(column.name) is None:
            return f"a {kind.label} needs a {column.label}"
    return None


def stored(column: Column, value: Value) -> Stored:
    """One column's value; an empty one is what the column holds by default. Raises Unfit."""
    if column.type is FLAG:
        if value is not None and not isinstance(value, bool):
            raise Unfit(f"{column.label} must be yes or no")
        return bool(value)
    kept = _text(column.label, value, column.length)
    if kept is None:
        return _empty(column)
    if column.type is DATE and not _is_date(kept):
        raise Unfit(f"{column.label} must be a date in the form yyyy-mm-dd")
    if column.type is INSTANT and not _is_instant(kept):
        raise Unfit(f"{column.label} must be a date and time in the form yyyy-mm-ddThh:mm:ssZ")
    return _chosen(column, kept) if column.type.choices else kept


def _empty(column: Column) -> Stored:
    return False if column.type is FLAG else column.default


def _chosen(column: Column, value: str) -> str:
    """The choice in the spelling that rules know; only an open one may be another text."""
    for known in column.type.choices:
        if fold(known) == fold(value):
            return known
    if not column.type.open:
        raise Unfit(f"{column.label} must be one of: {', '.join(column.type.choices)}")
    return value


def _text(label: str, value: Value, length: int | None) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Unfit(f"{label} must be text")
    if length is not None and len(value) > length:
        raise Unfit(f"{label} is longer than {length} characters")
    if "\0" in value or not (value.isascii() or _encodable(value)):
        raise Unfit(f"{label} holds a character that can't be stored")
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    try:
        return len(text) == 20 and datetime.fromisoformat(text).isoformat() == text.replace("Z", "+00:00")
    except ValueError:
        return False


def _references(pointer: Pointer, label: str, length: int | None, value: Value) -> tuple[Reference, ...]:
    if value is None:
        return ()
    if not isinstance(pointer, Many):
        value = (value,)
    if not isinstance(value, tuple):
        raise Unfit(f"{label} must be a list")
    found: dict[Reference, None] = {}
    for item in value:
        if pointer.to.plain:
            if id := _text(label, item, None):
                found[Reference(id, "")] = None
        elif not isinstance(item, Reference):
            raise Unfit(f"{label} must name other records")
        elif item.id is not None or fold(item.name):
            _text(label, item.name, length)
            found[item] = None
    return tuple(found)


def _postal_columns(kind: Kind, group: str, label: str, value: Value) -> dict[str, Stored]:
    names = kind.groups[group]
    if value is None:
        return dict.fromkeys(names)
    if not isinstance(value, tuple) or len(value) != len(names) - 1:
        raise Unfit(f"{label} must have street, city, region, code and country")
    parts: Sequence[Value] = (*street_lines(_text(label, value[0], None)), *value[1:])
    return {name: stored(kind.by_name[name], part) for name, part in zip(names, parts, strict=True)}


def street_lines(street: Value) -> tuple[Value, Value]:
    """The two stored street lines: the first line, and all others."""
    if not isinstance(street, str):
        return None, None
    first, _, rest = street.replace("\r\n", "\n").partition("\n")
    return first or None, rest or None


def postal(parts: Sequence[str | None]) -> Value:
    """The address that rules see, from its stored columns in order; None when all are empty. Of towns and countries,
    which many records share, one text is kept."""
    street, second, city, region, code, country = parts
    if street and second:
        street = f"{street}\n{second}"
    if not (street or second or city or region or code or country):
        return None
    return (
        street or second, city and intern(city), region and intern(region), code, country and intern(country),
    )  # fmt: skip
