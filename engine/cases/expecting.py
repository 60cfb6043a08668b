"""What is expected of a case: read from its entries, compared with what came of it, and written as entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from engine.cases.entries import SIDES, Draft
from engine.cases.model import NOTHING, STATES, WHATS, WRITES, Expectation, Told, ToldField
from engine.cases.values import read_value, write_value
from engine.cases.words import Cursor, Slip, Token, quoted, unquoted
from engine.language.diagnostics import Span
from engine.language.program import Program
from engine.language.suggestions import did_you_mean
from engine.plans import NO_MAIL, Mail
from engine.records import Reference, Side, Value
from engine.schema import Type, steps

_MAIL: Final = ("invitations", "updates", "cancellations", "outside")


def read_expectation(draft: Draft, span: Span, lines: Sequence[Sequence[Token]]) -> Expectation:
    """One ``expect`` entry: its first line says what, each further one a field. Raises Slip."""
    cursor = Cursor(lines[0])
    cursor.take()
    if cursor.takes("?"):
        cursor.finish()
        return Expectation(None, span)
    what, side = _what(cursor)
    place = _place(draft, cursor) if what == "refused" else ""
    who = _who(cursor) if cursor.takes("for") else ""
    reason = unquoted(cursor.take()) if cursor.next.kind == "text" else None
    mail = _mail(cursor)
    entry = _entry(cursor)
    cursor.finish()
    if len(lines) > 1 and side is None:
        raise Slip("T601", lines[1][0].span, f"“{what}” writes no fields.", "Delete the line.")
    fields = tuple(_field(draft, cast(Side, side), Cursor(line)) for line in lines[1:])
    return Expectation(
        Told(what=what, who=who, place=place, reason=reason, entry=entry, mail=mail, fields=fields), span
    )


def _what(cursor: Cursor) -> tuple[str, Side | None]:
    start = cursor.next
    for what in WHATS:
        if cursor.takes(*what.split()):
            return what, side_of(what) if what in WRITES else None
    words = " ".join(token.text for token in cursor.tokens[cursor.at :] if token.kind == "word")
    hint = did_you_mean(words, WHATS) or f"It can be: {', '.join(STATES)}, or such as “update in crm”."
    raise Slip("T600", start.span, "This is nothing that can be expected.", hint)


def _place(draft: Draft, cursor: Cursor) -> str:
    token = cursor.need("word", "Where it is refused, such as m365.title")
    side, _, path = token.text.partition(".")
    if side not in SIDES:
        raise Slip("T602", token.span, f"{side} is no side.", "Write crm or m365, and the field if it is about one.")
    if path:
        _type_at(draft, side, path, token.span)
    return token.text


def _who(cursor: Cursor) -> str:
    words = [cursor.need("word", "Which other record, such as another crm").text]
    while cursor.next.kind in ("word", "number"):
        words.append(cursor.take().text)
    return " ".join(words)


def _mail(cursor: Cursor) -> Mail:
    if not cursor.takes("mails"):
        return NO_MAIL
    found: dict[str, int] = {}
    while cursor.next.kind == "number":
        number = int(cursor.take().text)
        token = cursor.need("word", "What is mailed")
        name = next((name for name in _MAIL if token.text in (name, name.removesuffix("s"))), "")
        if not name:
            raise Slip("T601", token.span, f"“{token.text}” is no mail.", f"Write {', '.join(_MAIL)}.")
        found[name] = number
        cursor.takes(",")
    return Mail(**found)


def _entry(cursor: Cursor) -> str:
    """The entry behind ``by``, without the name of the rules. One that the rules don't have is no slip: it may have
    gone with a change of the rules, and then the case fails."""
    if cursor.next.kind != "entry":
        return ""
    return cursor.take().text[2:].strip()


def _type_at(draft: Draft, side: Side, path: str, span: Span) -> Type:
    try:
        return draft.schema(side).type_at(path)
    except (KeyError, ValueError):
        schema = draft.schema(side)
        hint = did_you_mean(path, schema.by_name)
        raise Slip("T602", span, f"{side}.{schema.kind} has no field “{path}”.", hint) from None


def _field(draft: Draft, side: Side, cursor: Cursor) -> ToldField:
    """``path after`` or ``path before -> after``, then ``lost`` and the entry where they are said."""
    token = cursor.need("word", "A field's name")
    kind = _type_at(draft, side, token.text, token.span)
    after, before, said = read_value(cursor, kind, draft.zone), None, False
    if cursor.next.kind == "arrow":
        cursor.take()
        before, after, said = after, read_value(cursor, kind, draft.zone), True
    lost = cursor.takes("lost")
    entry = _entry(cursor)
    cursor.finish()
    return ToldField(token.text, before, after, entry, lost, said)


# ---- comparing ------------------------------------------------------------------------------------------------


def meets(expected: Told, told: Told) -> bool:
    """Whether this is what was expected; what an expectation leaves out may be anything."""
    return (
        key(expected) == key(told)
        and expected.reason in (None, told.reason or "")
        and expected.entry in ("", told.entry)
        and expected.mail == told.mail
        and (not expected.fields or _same_fields(expected.fields, told.fields))
    )


def key(told: Told) -> tuple[str, str, str]:
    """What tells one thing that comes of a case from another."""
    return told.what, told.who, told.place


def _same_fields(expected: Sequence[ToldField], told: Sequence[ToldField]) -> bool:
    got = {one.path: one for one in told}
    return len(expected) == len(got) and all(field_meets(one, got.get(one.path)) for one in expected)


def field_meets(expected: ToldField, told: ToldField | None) -> bool:
    if told is None or expected.lost != told.lost or not _same(expected.after, told.after):
        return False
    return expected.entry in ("", told.entry) and (not expected.said_before or _same(expected.before, told.before))


def _same(expected: Value, told: Value) -> bool:
    """Whether values are written alike: what is pointed to is known by its name, and by whether it is there."""
    if isinstance(expected, Reference) and isinstance(told, Reference):
        known = (expected.id is None) is (told.id is None)
        return known and (expected.name, expected.flags) == (told.name, told.flags)
    if isinstance(expected, tuple) and isinstance(told, tuple):
        return len(expected) == len(told) and all(map(_same, expected, told))
    return expected == told


def unmet(expected: Sequence[Told], told: Sequence[Told]) -> tuple[list[Told], list[Told]]:
    """What was expected and did not come, and what came unexpected; each thing counts once."""
    missing, left = [], list(told)
    for one in expected:
        found = next((other for other in left if meets(one, other)), None)
        if found is None:
            missing.append(one)
        else:
            left.remove(found)
    return missing, left


# ---- writing --------------------------------------------------------------------------------------------------


def head(told: Told) -> str:
    """What stands behind ``expect``, without the entry."""
    parts = [told.what, told.place, f"for {told.who}" if told.who else ""]
    parts.append(quoted(told.reason) if told.reason else "")
    counts = ((name, getattr(told.mail, name)) for name in _MAIL)
    mail = [f"{number} {name.removesuffix('s') if number == 1 else name}" for name, number in counts if number]
    parts.append(f"mails {', '.join(mail)}" if mail else "")
    return " ".join(part for part in parts if part)


def field_columns(told: ToldField, program: Program, side: Side, zone: str) -> tuple[str, str]:
    """A field's name, and what happens to its value."""
    schema = program.crm if side == "crm" else program.m365
    kind = schema.type_at(told.path) if steps(told.path) else Type("text")
    after = write_value(told.after, kind, zone)
    before = f"{write_value(told.before, kind, zone)} -> " if told.said_before else ""
    return told.path, f"{before}{after}{' lost' if told.lost else ''}"


def side_of(what: str) -> Side:
    """The side that is written."""
    return "crm" if what.endswith(" crm") else "m365"


def lines(told: Told, program: Program, zone: str) -> list[tuple[str, str]]:
    """The lines of one thing that comes of a case, each with the entry behind it: the head, then the fields in
    columns."""
    found = [(head(told), told.entry)]
    columns = [field_columns(one, program, side_of(told.what), zone) for one in told.fields]
    width = max((len(path) for path, _ in columns), default=0)
    found += [(f"{path:<{width}}  {value}", one.entry) for (path, value), one in zip(columns, told.fields, strict=True)]
    return found


def no_more(told: Sequence[Told]) -> tuple[Told, ...]:
    """What came of a case; where that is nothing it is said."""
    return tuple(told) or (Told(what=NOTHING),)
