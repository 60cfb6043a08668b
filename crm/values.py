"""Between the values that rules see and the columns that are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias

from crm.fields import BY_NAME, CONTACT, CONTACT_COLUMNS, GROUPED, POSTAL_GROUPS, Column
from engine.context import fold
from engine.records import Reference, Value
from engine.schema import DATE, FLAG

Stored: TypeAlias = "None | bool | str"

PLAIN: Final = tuple(column.name for column in CONTACT_COLUMNS if column.name not in GROUPED)
"""Columns whose value is a record's value as it stands."""

_SIMPLE: Final = {column.name: column.length for column in CONTACT_COLUMNS if column.length and column.name in PLAIN}

EMPTY_COLUMNS: Final[Mapping[str, Stored]] = {
    column.name: False if column.type == FLAG else None for column in CONTACT_COLUMNS
}


class Unfit(Exception):
    """A value the CRM can't hold. ``reason`` names the field by its label and holds no personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Draft:
    """What shall be stored of one contact. ``companies`` and ``folders`` are None where they stay as they are;
    ``companies`` holds one reference or none."""

    columns: dict[str, Stored] = field(default_factory=dict)
    companies: tuple[Reference, ...] | None = None
    folders: tuple[Reference, ...] | None = None


def draft(values: Mapping[str, Value]) -> Draft:
    """The draft for these whole top-level fields. Raises Unfit."""
    made = Draft()
    for name, value in values.items():
        if type(value) is str and 0 < len(value) <= _SIMPLE.get(name, 0) and value.isascii() and "\0" not in value:
            made.columns[name] = value  # what nearly every value is, without the way through the types
            continue
        known = CONTACT.by_name.get(name)
        if known is None or not known.writable:
            raise Unfit(f"the CRM has no field {name} that can be written")
        if name == "accountid":
            made.companies = _references(known.label, () if value is None else (value,))
        elif name == "folder":
            made.folders = _references(known.label, value)
        elif name == "assigned_user_id":
            made.columns["owner_id"] = _text(known.label, value, None)
        elif name in POSTAL_GROUPS:
            made.columns.update(_postal_columns(name, known.label, value))
        else:
            made.columns[name] = stored(BY_NAME[name], value)
    return made


def stored(column: Column, value: Value) -> Stored:
    """One column's value: flags are never empty, empty text is None. Raises Unfit."""
    if column.type is FLAG:
        if value is not None and not isinstance(value, bool):
            raise Unfit(f"{column.label} must be yes or no")
        return bool(value)
    kept = _text(column.label, value, column.length)
    if column.type is DATE and kept is not None and not _is_date(kept):
        raise Unfit(f"{column.label} must be a date in the form yyyy-mm-dd")
    return kept


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


def _references(label: str, value: Value) -> tuple[Reference, ...]:
    if value is None:
        return ()
    if not isinstance(value, tuple):
        raise Unfit(f"{label} must be a list")
    found: dict[Reference, None] = {}
    for item in value:
        if not isinstance(item, Reference):
            raise Unfit(f"{label} must name other records")
        if item.id is not None or fold(item.name):
            _text(label, item.name, CONTACT.by_name["folder"].max_length)
            found[item] = None
    return tuple(found)


def _postal_columns(group: str, label: str, value: Value) -> dict[str, Stored]:
    names = POSTAL_GROUPS[group]
    if value is None:
        return dict.fromkeys(names)
    if not isinstance(value, tuple) or len(value) != len(names) - 1:
        raise Unfit(f"{label} must have street, city, region, code and country")
    parts: Sequence[Value] = (*street_lines(_text(label, value[0], None)), *value[1:])
    return {name: stored(BY_NAME[name], part) for name, part in zip(names, parts, strict=True)}


def street_lines(street: Value) -> tuple[Value, Value]:
    """The two stored street lines: the first line, and all others."""
    if not isinstance(street, str):
        return None, None
    first, _, rest = street.replace("\r\n", "\n").partition("\n")
    return first or None, rest or None


def postal(parts: Sequence[str | None]) -> Value:
    """The address that rules see, from its stored columns in order; None when all are empty."""
    street, second, *rest = parts
    if street and second:
        street = f"{street}\n{second}"
    whole = (street or second, *rest)
    return whole if any(whole) else None
