"""Lenses for values that both sides write alike: text, e-mail addresses, flags, numbers, dates, choices.

They pass a value on unchanged, and know which differences are a remote's normalisation and no change.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Hashable
from typing import Final

from msgspec import Struct

from engine.context import Context, fold
from engine.lenses.base import Ends, Untranslatable
from engine.records import Value
from engine.schema import Type

_NOUNS: Final = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "flag": "yes or no",
    "integer": "a whole number",
    "date": "a date",
    "instant": "a date and time",
    "postal": "a postal address",
    "user": "a user",
    "account": "an account",
    "choice": "a choice",
}

TEXTS: Final = ("text", "long text", "email", "phone")


def tidy(value: Value) -> Value:
    """Text as it is written: trimmed, line ends as ``\\n``, nothing left = empty. Other values as they are."""
    if not isinstance(value, str):
        return value
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return value.strip() or None


def comparable(value: Value) -> Value:
    """Tidy text in Unicode's composed form (NFC), as remotes store it."""
    tidied = tidy(value)
    if isinstance(tidied, str) and not tidied.isascii():
        return unicodedata.normalize("NFC", tidied).strip() or None
    return tidied


def comparable_email(value: Value) -> Value:
    """E-mail addresses are compared without case: no mail service in use tells them apart by it."""
    found = comparable(value)
    return fold(found) if isinstance(found, str) else found


_ODD: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f\xa0]")


def comparable_lines(value: Value) -> Value:
    """Text that was a page once: as :func:`comparable`, and neither blanks at the ends of lines nor what kind of blank
    it is makes a difference."""
    found = comparable(value)
    if not isinstance(found, str):
        return found
    return "\n".join(line.rstrip(" ") for line in _ODD.sub(" ", found).split("\n")).strip(" \n") or None


def unchanged(value: Value) -> Value:
    return value


def check_length(value: Value, limit: int | None) -> Value:
    """The value itself. Raises Untranslatable for a text that does not fit."""
    if limit is not None and isinstance(value, str) and len(value) > limit:
        raise Untranslatable(f"the text has {len(value)} characters, and only {limit} fit there")
    return value


class PlainLens(Struct, frozen=True):
    """A value in the same terms on both sides.

    ``canonical`` gives equal results for values that mean the same; ``written`` makes the form to write. What means
    the same as the old value leaves the old value in place.
    """

    name: str
    ends: Ends
    allowed: tuple[str, ...]
    canonical: Callable[[Value], Hashable] = unchanged
    written: Callable[[Value], Value] = unchanged
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        return fits(self.name, self.allowed, crm, m365)

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(value, old, self.ends.m365_max)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(value, old, self.ends.crm_max)

    def _put(self, value: Value, old: Value, limit: int | None) -> Value:
        if old is not None and self.canonical(value) == self.canonical(old):
            return old
        return check_length(self.written(value), limit)

    def same(self, one: Value, other: Value) -> bool:
        return self.canonical(one) == self.canonical(other)

    def names(self, value: Value) -> tuple[str, ...]:
        return ()


def fits(name: str, allowed: Collection[str], crm: Type, m365: Type) -> str | None:
    """None when both types are allowed, else the sentence that says what the lens needs."""
    if crm.name in allowed and m365.name in allowed:
        return None
    return f"“{name}” needs {' or '.join(_NOUNS.get(one, one) for one in allowed)} on both sides"


class ChoiceLens(Struct, frozen=True):
    """Lists of values that both sides spell alike; lossless where both sides can hold the same."""

    ends: Ends
    name: str = "choice"

    @property
    def lossless(self) -> bool:
        crm, m365 = self.ends.crm, self.ends.m365
        return (crm.open and m365.open) or (crm.open is m365.open and set(crm.choices) == set(m365.choices))

    def accepts(self, crm: Type, m365: Type) -> str | None:
        return fits(self.name, ("choice",), crm, m365)

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(value, self.ends.m365)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(value, self.ends.crm)

    def _put(self, value: Value, into: Type) -> Value:
        if value is not None and value not in into.choices and not into.open:
            raise Untranslatable("the other side does not know this choice")
        return value

    def same(self, one: Value, other: Value) -> bool:
        return one == other

    def names(self, value: Value) -> tuple[str, ...]:
        return ()


def text(ends: Ends) -> PlainLens:
    return PlainLens("text", ends, TEXTS, comparable, tidy)


def plain_text(ends: Ends) -> PlainLens:
    """The words of a page without its layout."""
    return PlainLens("plain_text", ends, ("text", "long text"), comparable_lines, tidy)


def email(ends: Ends) -> PlainLens:
    return PlainLens("email", ends, TEXTS, comparable_email, tidy)


def flag(ends: Ends) -> PlainLens:
    return PlainLens("flag", ends, ("flag",))


def integer(ends: Ends) -> PlainLens:
    return PlainLens("integer", ends, ("integer",))


def date(ends: Ends) -> PlainLens:
    return PlainLens("date", ends, ("date",))


def instant(ends: Ends) -> PlainLens:
    return PlainLens("instant", ends, ("instant",))


def user(ends: Ends) -> PlainLens:
    return PlainLens("user", ends, ("user",))
