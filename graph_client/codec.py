"""Between Graph's JSON and the values rules see, driven by the field table alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from sys import intern
from typing import Final

from engine.records import M365, Record, Reference, Value
from graph_client.answers import Json
from graph_client.fields import CONTACT, CONTACT_ROWS, Row

ADDRESS_PARTS: Final = ("street", "city", "state", "postalCode", "countryOrRegion")
"""Graph's names of the five parts, in the engine's order: street, city, region, code, country."""
NAME_PARTS: Final = ("givenName", "middleName", "surname", "companyName", "emailAddresses")
"""What the display name is made of."""
NO_YEAR: Final = "0001"
_ROWS: Final = {row.name: row for row in CONTACT_ROWS}
_FOLDER: Final = next(row for row in CONTACT_ROWS if row.wire == "folder")

Place = Callable[[str], Reference]
"""The folder with this id, by the name people know."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some fields of a contact: what to ask for, and how each is read. ``digest`` tells it from others."""

    select: str
    readers: tuple[tuple[str, str, Callable[[Json], Value]], ...]
    digest: str


@cache
def wanted(fields: frozenset[str] | None = None) -> Wanted:
    """These fields, or all of them. Where a contact lies is always among them: it tells who is gone."""
    rows = [row for row in CONTACT_ROWS if fields is None or row.name in fields or row is _FOLDER]
    select = ",".join(("id", "lastModifiedDateTime", *(row.wire_name for row in rows)))
    readers = tuple((row.name, row.wire_name, _reader(row)) for row in rows if row is not _FOLDER)
    digest = hashlib.blake2b(f"{CONTACT.digest()} {select}".encode(), digest_size=6).hexdigest()
    return Wanted(select, readers, digest)


def _reader(row: Row) -> Callable[[Json], Value]:
    return _repeated if row.name in _REPEATED else _READ[row.wire]


def decode(row: Mapping[str, Json], place: Place, fields: Wanted | None = None) -> Record | None:
    """The record in one row of Graph's JSON; None when the row has no id. Members that are missing, or not wanted, were
    not fetched; members of an unexpected shape count as empty."""
    id = row.get("id")
    if not isinstance(id, str) or not id:
        return None
    values: dict[str, Value] = {}
    for name, member, read in (fields or wanted()).readers:
        if member in row:
            raw = row[member]
            values[name] = None if not raw else read(raw)
    folder = row.get(_FOLDER.wire_name)
    if isinstance(folder, str) and folder:
        values[_FOLDER.name] = place(folder)
    return Record(
        M365, "contact", intern(id), intern(etag(row)), values, modified=milliseconds(row.get("lastModifiedDateTime"))
    )


def etag(row: Mapping[str, Json]) -> str:
    tag = row.get("@odata.etag")
    return tag if isinstance(tag, str) else ""


def encode(values: Mapping[str, Value]) -> dict[str, Json]:
    """The members to send for these fields, containers left out (a folder is part of the address). Addresses and
    lists go whole; empty is sent as null or []. Raises ValueError for a value that its field can't hold."""
    return {
        row.wire_name: _to_wire(row, value)
        for name, value in values.items()
        if (row := _ROWS[name]).wire != "folder" and row.writable
    }


def display_name(members: Mapping[str, Json]) -> str:
    """What people read in a list: the name, else the company, else the e-mail address; '' where there is nothing."""
    name = " ".join(_text(members.get(part)) or "" for part in ("givenName", "middleName", "surname"))
    first = next((item for item in _items(members.get("emailAddresses")) if isinstance(item, dict)), {})
    return " ".join(name.split()) or _text(members.get("companyName")) or _text(first.get("address")) or ""


def updated(values: Mapping[str, Value], row: Mapping[str, Json]) -> dict[str, Json]:
    """The members of an update of the contact in ``row``. The display name is always among them, or the service may
    make up another: the present one, which a person may have chosen, unless a part that it is made of changes."""
    members = encode(values)
    renamed = any(part in members and (members[part] or None) != (row.get(part) or None) for part in NAME_PARTS)
    shown = _text(row.get("displayName"))
    if renamed or shown is None:
        shown = display_name({**row, **members})
    return {**members, "displayName": shown}


def _list(raw: Json) -> Value:
    return tuple(text for item in _items(raw) if (text := _text(item))) or None


def _addresses(raw: Json) -> Value:
    return tuple(pair for item in _items(raw) if isinstance(item, dict) and (pair := _address(item))) or None


def _postal(raw: Json) -> Value:
    if not isinstance(raw, dict):
        return None
    street, city, region, code, country = [_text(raw.get(part)) for part in ADDRESS_PARTS]
    if not (street or city or region or code or country):
        return None
    return (street, city and intern(city), region and intern(region), code, country and intern(country))


def _address(item: Mapping[str, Json]) -> tuple[Value, ...]:
    """(address, name); a name that only repeats the address was filled in by the service and means none."""
    address, name = _text(item.get("address")), _text(item.get("name"))
    if address is not None and name is not None and name.casefold() == address.casefold():
        name = None
    return (address, name) if address or name else ()


def _to_wire(row: Row, value: Value) -> Json:
    if row.wire == "list":
        return [_sent_text(row, item) for item in _tuple(row, value) if item]
    if row.wire == "addresses":
        return [_sent_address(row, item) for item in _tuple(row, value) if item]
    if row.wire == "postal":
        parts = _tuple(row, value) or (None,) * len(ADDRESS_PARTS)
        if len(parts) != len(ADDRESS_PARTS):
            raise ValueError(f"{row.name} needs {len(ADDRESS_PARTS)} parts")
        # the service blanks parts that are left out, so an address always goes whole
        return {name: _sent_text(row, part) or "" for name, part in zip(ADDRESS_PARTS, parts, strict=True)}
    if row.wire == "day" and value is not None:
        return f"{_sent_text(row, value)}T11:59:00Z"
    return _sent_text(row, value)


def _sent_address(row: Row, item: Value) -> Json:
    address, name = _tuple(row, item)
    sent: dict[str, Json] = {"address": _sent_text(row, address)}
    if name:
        sent["name"] = _sent_text(row, name)
    return sent


def _sent_text(row: Row, value: Value) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{row.name} holds text")
    return value or None


def _tuple(row: Row, value: Value) -> tuple[Value, ...]:
    if value is not None and not isinstance(value, tuple):
        raise ValueError(f"{row.name} holds a list")
    return value or ()


def _text(raw: Json) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def _items(raw: Json) -> list[Json]:
    return raw if isinstance(raw, list) else []


def _day(raw: Json) -> str | None:
    """The calendar day of an instant that means a day; the year 1 stands for no date at all."""
    text = _text(raw)
    if text is None or text.startswith(NO_YEAR):
        return None
    return text[:10]


def milliseconds(raw: Json) -> int | None:
    """UTC milliseconds of an instant; digits of a second beyond the third are dropped."""
    text = _text(raw)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _repeated(raw: Json) -> str | None:
    """A text that many contacts have: it is held once."""
    return intern(raw) if isinstance(raw, str) and raw else None


_REPEATED: Final = ("givenName", "surname", "jobTitle", "department")
_READ: Final[Mapping[str, Callable[[Json], Value]]] = {
    "text": _text, "list": _list, "addresses": _addresses, "postal": _postal, "day": _day,
}  # fmt: skip
