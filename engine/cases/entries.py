"""The entries that say what is the case, each put into the draft of a setup."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, cast

from engine.cases.model import Another, Elsewhere, Fate, Part, Person, Setup, Thing, Values
from engine.cases.values import read_moment, read_value
from engine.cases.words import Cursor, Slip, Token, unquoted
from engine.context import EVERYTHING, SettingValue
from engine.language.program import Program, SettingSpec
from engine.language.suggestions import did_you_mean
from engine.records import Side, Value
from engine.schema import Schema, Schemas, Type
from engine.zoned import is_zone

SIDES: Final[tuple[Side, ...]] = ("crm", "m365")
_DURATION: Final = re.compile(r"(minute|hour|day|week|month|year)s?")


@dataclass(slots=True)
class Draft:
    """A setup in the making: that of the file, of a base or of a case. ``of`` are fields of Setup."""

    program: Program
    schemas: Schemas
    bases: Mapping[str, Draft]
    zone: str = "UTC"
    of: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> Draft:
        whole = {name: dict(value) if isinstance(value, dict) else value for name, value in self.of.items()}
        return replace(self, of=whole)

    def setup(self) -> Setup:
        return Setup(zone=self.zone, **self.of)

    def missing(self) -> str:
        """What a case can't do without and this one lacks."""
        return next((name for name in ("clock", "user") if name not in self.of), "")

    def schema(self, side: Side) -> Schema:
        return self.program.crm if side == "crm" else self.program.m365

    def put(self, name: str, key: str, value: object) -> None:
        self.of.setdefault(name, {})[key] = value

    def take(self, other: Draft, only: Side | None) -> None:
        """Put in what a base says; of the records only one side where that is said."""
        self.zone = other.zone
        for name, value in other.of.items():
            if name in ("records", "changed") and only is not None:
                value = {side: values for side, values in value.items() if side == only}
            if isinstance(value, dict):
                self.of[name] = {**self.of.get(name, {}), **value}
            elif isinstance(value, tuple):
                self.of[name] = (*self.of.get(name, ()), *value)
            else:
                self.of[name] = value


def put_entry(draft: Draft, cursor: Cursor) -> None:
    """Read one entry into the draft. Raises Slip with what is wrong with it."""
    word = cursor.need("word", "A word such as crm, changed or expect")
    reader = ENTRIES.get(word.text)
    if reader is None:
        hint = did_you_mean(word.text, (*ENTRIES, "expect")) or f"Entries are: {', '.join(ENTRIES)}, expect."
        raise Slip("T600", word.span, f"A case has no entry “{word.text}”.", hint)
    reader(draft, cursor, word)
    cursor.finish()


def _clock(draft: Draft, cursor: Cursor, word: Token) -> None:
    draft.of["clock"] = _moment(draft, cursor)


def _moment(draft: Draft, cursor: Cursor) -> datetime:
    token = cursor.need("moment", "A day and a time such as 2026-11-22 09:00")
    found = read_moment(token, draft.zone)
    if found is None:
        raise Slip("T603", token.span, f"{token.text} is not a day and a time.", "Write it as 2026-11-22 09:00.")
    return found


def _zone(draft: Draft, cursor: Cursor, word: Token) -> None:
    token = cursor.need("text", 'A zone in quotes such as "Europe/London"')
    if not is_zone(unquoted(token)):
        raise Slip("T603", token.span, f"There is no time zone {token.text}.", 'Write it as "Europe/London".')
    draft.zone = unquoted(token)


def _person(draft: Draft, cursor: Cursor, word: Token) -> None:
    name = cursor.need("word", "A user's name such as ann").text
    known = draft.of.get("people", {}).get(name, Person(name))
    address = unquoted(cursor.take()).lower() if cursor.next.kind == "text" else known.address
    connected = word.text != "colleague"
    if word.text == "user":
        draft.of["user"] = name
    draft.put("people", name, Person(name, address, connected))


def _setting(draft: Draft, cursor: Cursor, word: Token) -> None:
    token = cursor.need("word", "A setting's name")
    specs = {spec.name: spec for spec in draft.program.settings}
    if token.text not in specs:
        hint = did_you_mean(token.text, specs) or f"The settings are: {', '.join(specs)}."
        raise Slip("T604", token.span, f"{draft.program.name}.rules has no setting “{token.text}”.", hint)
    draft.put("settings", token.text, _setting_value(specs[token.text], cursor))


def _setting_value(spec: SettingSpec, cursor: Cursor) -> SettingValue:
    token = cursor.take()
    match spec.kind, token.kind:
        case "flag", "word" if token.text in ("yes", "no"):
            return token.text == "yes"
        case "choice", "word" if token.text in spec.choices:
            return token.text
        case "time", "time":
            return token.text
        case "duration", "number" if _DURATION.fullmatch(cursor.next.text):
            return f"{token.text} {cursor.take().text}"
        case "one", "text":
            return unquoted(token)
        case "one", "word" if token.text == "none":
            return None
        case "list", "word" if token.text == "everything":
            return EVERYTHING
        case "list", "text":
            names = [unquoted(token)]
            while cursor.takes(","):
                names.append(unquoted(cursor.need("text", "A name in quotes")))
            return tuple(names)
    hint = did_you_mean(token.text, spec.choices) or f"It is {_SAID.get(spec.kind) or ', '.join(spec.choices)}."
    raise Slip("T604", token.span, f"{token.text or 'Nothing'} is not a value of “{spec.name}”.", hint)


_SAID: Final = {
    "flag": "yes or no", "time": "a time such as 09:00", "duration": "a time such as 2 weeks",
    "one": "a name in quotes, or none", "list": 'everything, or names in quotes: "Clients", "Press"',
}  # fmt: skip


def _there(draft: Draft, cursor: Cursor, word: Token) -> None:
    token = cursor.need("word", "A kind of record such as crm.Company")
    side, _, kind = token.text.partition(".")
    schema = draft.schemas.get((cast(Side, side), kind))
    if schema is None:
        hint = did_you_mean(token.text, [f"{one}.{other}" for one, other in draft.schemas])
        raise Slip("T602", token.span, f"There is no kind of record “{token.text}”.", hint)
    flags = [name for name in schema.by_name if schema.by_name[name].type.name == "flag"]
    while True:
        told = []
        while cursor.next.kind == "word" and cursor.next.text in flags:
            told.append(cursor.take().text)
        name = unquoted(cursor.need("text", "A name in quotes"))
        draft.of["there"] = (*draft.of.get("there", ()), Thing(schema.side, kind, name, tuple(told)))
        if not cursor.takes(","):
            return


def _like(draft: Draft, cursor: Cursor, word: Token) -> None:
    token = cursor.need("word", "The name of a base")
    if token.text not in draft.bases:
        hint = did_you_mean(token.text, draft.bases) or "A base stands above the cases that are like it."
        raise Slip("T605", token.span, f"There is no base “{token.text}” above.", hint)
    draft.take(draft.bases[token.text], _side(cursor) if cursor.takes("in") else None)


def _side(cursor: Cursor) -> Side:
    if cursor.next.text not in SIDES:
        raise cursor.slip("A side is expected here.", "Write crm or m365.")
    return cast(Side, cursor.take().text)


def _in_side(cursor: Cursor) -> Side:
    if not cursor.takes("in"):
        raise cursor.slip("A side is expected here.", "Write in crm or in m365.")
    return _side(cursor)


def _record(draft: Draft, cursor: Cursor, word: Token) -> None:
    side = cast(Side, word.text)
    known = draft.of.get("records", {}).get(side, {})
    draft.put("records", side, {**known, **read_fields(draft, cursor, side)})


def _changed(draft: Draft, cursor: Cursor, word: Token) -> None:
    side = _in_side(cursor)
    if cursor.takes("at"):
        draft.put("modified", side, _moment(draft, cursor))
    known = draft.of.get("changed", {}).get(side, {})
    draft.put("changed", side, {**known, **read_fields(draft, cursor, side)})


def _fate(draft: Draft, cursor: Cursor, word: Token) -> None:
    draft.put("fate", _in_side(cursor), cast(Fate, word.text))


def _never(draft: Draft, cursor: Cursor, word: Token) -> None:
    if not cursor.takes("agreed"):
        raise cursor.slip("“agreed” is expected here.")
    draft.of["agreed"] = False


def _first(draft: Draft, cursor: Cursor, word: Token) -> None:
    if not cursor.takes("sync"):
        raise cursor.slip("“sync” is expected here.")
    draft.of["first"] = True


def _series(draft: Draft, cursor: Cursor, word: Token) -> None:
    if not cursor.takes("of"):
        raise cursor.slip("“of” and a number are expected here.")
    token = cursor.need("number", "How many occurrences there are")
    if not 1 <= int(token.text[:9]) <= _MOST:
        raise Slip(
            "T603", token.span, f"A series here has 1 to {_MOST} occurrences.", "Two or three tell all there is."
        )
    draft.of["series"] = int(token.text) - 1


_MOST: Final = 50
"""Occurrences of a series: rules can't tell more of them apart."""


def _another(draft: Draft, cursor: Cursor, word: Token) -> None:
    side = _side(cursor)
    base = _base_values(draft, cursor, side)
    more = Another(side, {**base, **read_fields(draft, cursor, side)}, word.text == "taken")
    draft.of["more"] = (*draft.of.get("more", ()), more)


def _base_values(draft: Draft, cursor: Cursor, side: Side) -> Values:
    """The values of a base, where ``like NAME`` comes next."""
    if not cursor.takes("like"):
        return {}
    other = replace(draft.copy(), of={})
    _like(other, cursor, cursor.next)
    found: Values = other.of.get("records", {}).get(side, {})
    return found


def _elsewhere(draft: Draft, cursor: Cursor, word: Token) -> None:
    user = cursor.need("word", "The user whose mailbox it is").text
    if cursor.next.text not in ("leads", "copy", "own"):
        raise cursor.slip("“leads”, “copy” or “own” is expected here.", "Say what the meeting is in that mailbox.")
    part = cast(Part, cursor.take().text)
    one = Elsewhere(user, part, read_fields(draft, cursor, "m365"))
    draft.of["elsewhere"] = (*draft.of.get("elsewhere", ()), one)


def read_fields(draft: Draft, cursor: Cursor, side: Side) -> dict[str, Value]:
    """Names and values up to the end; commas between them are welcome."""
    found: dict[str, Value] = {}
    schema = draft.schema(side)
    while cursor.next.kind != "end":
        token = cursor.need("word", "A field's name")
        name, _, part = token.text.partition(".")
        value = read_value(cursor, field_type(schema, token), draft.zone)
        found[name] = _as_part(schema, name, part, value) if part else value
        cursor.takes(",")
    return found


def _as_part(schema: Schema, name: str, part: str, value: Value) -> Value:
    return tuple(value if one == part else None for one, _ in schema.by_name[name].type.parts)


def field_type(schema: Schema, token: Token) -> Type:
    """The type of a field, or of a part of one. Raises Slip for an unknown name."""
    name, _, part = token.text.partition(".")
    if name in schema.by_name and not part:
        return schema.by_name[name].type
    if name in schema.by_name and schema.by_name[name].type.name == "structure":
        found = dict(schema.by_name[name].type.parts).get(part)
        if found is not None:
            return found
    hint = did_you_mean(token.text, schema.by_name)
    raise Slip("T602", token.span, f"{schema.side}.{schema.kind} has no field “{token.text}”.", hint)


Reader = Callable[[Draft, Cursor, Token], None]
ENTRIES: Final[Mapping[str, Reader]] = {
    "clock": _clock, "zone": _zone, "user": _person, "connected": _person, "colleague": _person, "setting": _setting,
    "there": _there, "like": _like, "crm": _record, "m365": _record, "changed": _changed, "deleted": _fate,
    "unreadable": _fate, "read-only": _fate, "never": _never, "first": _first, "series": _series,
    "another": _another, "taken": _another, "elsewhere": _elsewhere,
}  # fmt: skip
