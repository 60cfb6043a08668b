"""Values as case files write them, by the types of their fields.

Times are written by the clocks of the case's zone; what they can't say exactly is written in UTC with a Z.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.cases.words import Cursor, Slip, Token, quoted, unquoted
from engine.context import fold
from engine.language.wording import described
from engine.records import Reference, Value
from engine.schema import Type
from engine.zoned import Zoned, is_zone, read_zoned

_BARE: Final = re.compile(r"[A-Za-z_][\w-]*")


def read_value(cursor: Cursor, kind: Type, zone: str) -> Value:
    """One value of this type. Raises Slip for anything else."""
    if cursor.takes("empty"):
        return None
    match kind.name:
        case "list":
            return _listed(cursor, kind, zone)
        case "structure" | "postal":
            return _parts(cursor, kind, zone)
        case "reference":
            return _reference(cursor, kind)
    token = cursor.take()
    found = _plain(token, kind, zone)
    if found is None:
        raise Slip("T603", token.span, f"{token.text or 'Nothing'} is not {described(kind)}.", _hint(kind))
    return found


def _plain(token: Token, kind: Type, zone: str) -> Value:
    """The value of a single token; None where it is none of this type."""
    match kind.name, token.kind:
        case (("text" | "long text" | "email" | "phone" | "choice" | "user" | "account"), "text"):
            text = unquoted(token)
            return text if kind.name != "choice" or kind.open or text in kind.choices else None
        case "choice", "word":
            return token.text if kind.open or token.text in kind.choices else None
        case (("user" | "account"), "word"):
            return token.text
        case "flag", "word":
            return {"yes": True, "no": False}.get(token.text)
        case "integer", "number":
            number = int(token.text)
            return number if kind.limit is None or 0 <= number <= kind.limit else None
        case "date", "moment":
            return _day(token)
        case "instant", "moment":
            moment = read_moment(token, zone)
            return _exactly(moment) if moment is not None and len(token.text) > 10 else None
        case "zoned", "moment":
            return _zoned(token, zone)
    return None


def read_moment(token: Token, zone: str) -> datetime | None:
    """The instant (UTC) that a moment means by this zone's clocks; None where there is no such day or time."""
    said, there = token.text[:10], token.text[11:]
    clock, _, named = there.partition(" ")
    if clock and not clock[0].isdigit():
        clock, named = "", there
    if named and not is_zone(named):
        return None
    try:
        found = datetime.fromisoformat(f"{said} {clock.removesuffix('Z') or '00:00'}")
        here = UTC if clock.endswith("Z") else ZoneInfo(named or zone)
        return found.replace(tzinfo=here).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day or time; none that can be told in UTC
        return None


def _day(token: Token) -> str | None:
    try:
        return date.fromisoformat(token.text).isoformat() if len(token.text) == 10 else None
    except ValueError:
        return None


def _zoned(token: Token, zone: str) -> str | None:
    moment = read_moment(token, zone)
    if moment is None or len(token.text) == 10:
        return _day(token)
    named = token.text.rpartition(" ")[2]
    return Zoned(moment, named if "/" in named or named == "UTC" else zone).text()


def _hint(kind: Type) -> str:
    match kind.name:
        case "choice":
            return f"It can be: {', '.join(kind.choices)}."
        case "flag":
            return "Write yes or no."
        case "date":
            return "Write a day such as 2026-11-30."
        case "instant" | "zoned":
            return "Write a day and a time by the clocks of the zone, such as 2026-11-30 14:15."
        case "integer":
            return "Write a whole number." if kind.limit is None else f"Write a whole number from 0 to {kind.limit}."
        case "user" | "account":
            return "Write the name of a user, such as ann."
        case "list":
            return "Write a list in brackets, such as [ann, bob]."
    return 'Write texts in quotes, such as "Ann"; for nothing write empty.'


def _listed(cursor: Cursor, kind: Type, zone: str) -> Value:
    if not cursor.takes("["):
        raise Slip("T603", cursor.next.span, "This field holds a list.", _hint(kind))
    found: list[Value] = []
    while not cursor.takes("]"):
        found.append(read_value(cursor, kind.of or kind, zone))
        if not cursor.takes(",") and cursor.next.text != "]":
            raise cursor.slip("A comma or “]” is expected here.")
    return tuple(found) or None


def _parts(cursor: Cursor, kind: Type, zone: str) -> Value:
    """``(a, b)``; a single text is the first part."""
    kinds = [part for _, part in kind.parts] if kind.name == "structure" else [Type("text")] * POSTAL_PARTS
    if not cursor.takes("("):
        return (read_value(cursor, kinds[0], zone), *[None] * (len(kinds) - 1))
    found: list[Value] = []
    for part in kinds:
        found.append(read_value(cursor, part, zone))
        if cursor.takes(")"):
            break
        if not cursor.takes(","):
            raise cursor.slip("A comma or “)” is expected here.", f"There are {len(kinds)} parts.")
    else:
        raise cursor.slip(f"There are {len(kinds)} parts at most.")
    return (*found, *[None] * (len(kinds) - len(found)))


POSTAL_PARTS: Final = 5


def _reference(cursor: Cursor, kind: Type) -> Value:
    flags, new = list[str](), cursor.takes("new")
    known = [name for name, _ in kind.parts]
    while cursor.next.kind == "word":
        flag = cursor.take()
        if flag.text not in known:
            raise Slip("T603", flag.span, f"{flag.text} is not {described(kind)}.", 'Write the name in quotes: "Acme".')
        flags.append(flag.text)
    if cursor.next.kind != "text":
        raise Slip("T603", cursor.next.span, "A name in quotes is expected here.", 'Such as "Acme"; for none, empty.')
    name = unquoted(cursor.take())
    return Reference(None if new else fold(name), name, tuple(flags))


def write_value(value: Value, kind: Type, zone: str) -> str:
    """The inverse of :func:`read_value`."""
    if value is None or value == ():
        return "empty"
    if isinstance(value, Reference):
        return " ".join([*(["new"] if value.id is None else []), *value.flags, quoted(value.name)])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return _write_many(value, kind, zone)
    if isinstance(value, int):
        return str(value)
    match kind.name:
        case "date":
            return value
        case "instant":
            return write_moment(datetime.fromisoformat(value), zone)
        case "zoned":
            return _write_zoned(value, zone)
        case "user" | "account" if _BARE.fullmatch(value):
            return value
    return quoted(value)


def _write_many(value: tuple[Value, ...], kind: Type, zone: str) -> str:
    if kind.of is not None:
        return f"[{', '.join(write_value(one, kind.of, zone) for one in value)}]"
    kinds = [part for _, part in kind.parts] or [Type("text")] * POSTAL_PARTS
    last = max((number for number, one in enumerate(value) if one is not None), default=0)
    written = [write_value(one, part, zone) for one, part in zip(value, kinds, strict=False)][: last + 1]
    return written[0] if len(written) == 1 else f"({', '.join(written)})"


def write_moment(moment: datetime, zone: str) -> str:
    """By the zone's clocks to the minute, or exactly in UTC where these can't say it."""
    if moment.second or moment.microsecond:
        return _exactly(moment)
    try:
        local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        said_again = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:
        return _exactly(moment)
    told = said_again == moment and not local.second  # before clocks were set by zones, they differed by seconds
    return local.isoformat(" ", "minutes") if told else _exactly(moment)


def _exactly(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _write_zoned(value: str, zone: str) -> str:
    found = read_zoned(value)
    if isinstance(found, date) and not isinstance(found, datetime):
        return value
    assert isinstance(found, Zoned)
    said = write_moment(found.instant, found.zone)
    return said if found.zone == zone and not said.endswith("Z") else f"{said} {found.zone}"
