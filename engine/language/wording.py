"""Types and values in the words of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.records import CRM, M365, Side, Value
from engine.schema import Type

_WORDS: Final = {
    "text": "text", "long text": "long text", "email": "an e-mail address", "phone": "a phone number",
    "flag": "yes or no", "integer": "a whole number", "date": "a date", "instant": "a date and time",
    "zoned": "a date and time with its zone", "postal": "a postal address", "user": "a user",
    "account": "a Microsoft 365 account", "structure": "several parts",
}  # fmt: skip


SIDE_NAMES: Final[Mapping[Side, str]] = {CRM: "the CRM", M365: "Microsoft 365"}


def described(kind: Type) -> str:
    """What a field of this type holds: ``a reference to Company``, ``one of red, green``."""
    if kind.name == "list" and kind.of is not None:
        return f"a list ({described(kind.of)} each)"
    if kind.name == "reference":
        return f"a reference to {kind.target}"
    if kind.name == "choice":
        return f"one of {', '.join(kind.choices)}{', or one of its own' if kind.open else ''}"
    return _WORDS[kind.name]


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def shown(value: Value) -> str:
    """A constant as rules write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{value}”" if isinstance(value, str) else str(value)


def one_of(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def some(values: Sequence[Value]) -> str:
    """The first few values, and how many more there are."""
    named = ", ".join(shown(value) for value in values[:6])
    return f"{named} and {len(values) - 6} more" if len(values) > 6 else named
