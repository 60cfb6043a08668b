"""Lenses for what people write in many ways: telephone numbers and postal addresses."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from engine.context import Context, fold
from engine.lenses.base import Ends
from engine.lenses.text import TEXTS, PlainLens, check_length, comparable, fits, tidy
from engine.records import Value
from engine.schema import Type

HOME_REGION: Final = "GB"
"""Where a number without a country code is taken to be."""


@lru_cache(maxsize=8192)
def canonical_number(text: str) -> str:
    """E.164 with extension; for what is no possible number its letters and digits without case.

    Text without either is compared as it stands.
    """
    import phonenumbers  # a second of metadata tables that checking rules never needs

    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return f"{e164};{number.extension}" if number.extension else e164
    return "".join(sign for sign in text.casefold() if sign.isalnum()) or text


def comparable_phone(value: Value) -> Value:
    found = comparable(value)
    return canonical_number(found) if isinstance(found, str) else found


def phone(ends: Ends) -> PlainLens:
    """Compared as numbers; the text that a person typed is passed on as it is."""
    return PlainLens("phone", ends, TEXTS, comparable_phone, tidy)


def comparable_address(value: Value) -> Hashable:
    """The parts without case, with white space and line ends joined; None when all of them are empty."""
    if not isinstance(value, tuple):
        return None
    parts = tuple(fold(part) if isinstance(part := comparable(item), str) else None for item in value)
    return parts if any(parts) else None


class PostalLens(Struct, frozen=True):
    """An address as one value of five parts: street, city, region, code, country."""

    ends: Ends
    name: str = "postal_address"
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        return fits(self.name, ("postal",), crm, m365)

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(value, old, self.ends.m365_max)

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        return self._put(value, old, self.ends.crm_max)

    def _put(self, value: Value, old: Value, limit: int | None) -> Value:
        if old is not None and self.same(value, old):
            return old
        parts = tuple(check_length(tidy(part), limit) for part in value) if isinstance(value, tuple) else ()
        return parts if any(parts) else None

    def same(self, one: Value, other: Value) -> bool:
        return comparable_address(one) == comparable_address(other)

    def names(self, value: Value) -> tuple[str, ...]:
        return ()
