"""Everything a decision may depend on besides the two records: clock, zone, user, settings, names. Frozen."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.records import Reference, Side


class Everything:
    """The value of a list setting that chooses all there is."""

    def __repr__(self) -> str:
        return "everything"


EVERYTHING: Final = Everything()

SettingValue: TypeAlias = "None | bool | int | str | tuple[str, ...] | Everything"
"""Flags for yes/no; text for choices, times of day (``09:00``) and single references; tuples of ids or names
for lists."""


class Names(Struct, frozen=True):
    """References found by name before deciding: (side, kind, folded name) to all that carry it."""

    found: Mapping[tuple[Side, str, str], tuple[Reference, ...]] = {}

    def look_up(self, side: Side, kind: str, name: str) -> tuple[Reference, ...]:
        return self.found.get((side, kind, fold(name)), ())


NO_NAMES = Names()


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is who. ``accounts``: CRM user id ▸ Microsoft 365 account id, of the users that are connected and sync this
    kind. ``mailboxes``: CRM user id ▸ address of that account. ``addresses``: CRM user id ▸ main e-mail, of every
    active user. Addresses are lower case."""

    accounts: Mapping[str, str] = field(default_factory=dict)
    mailboxes: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(init=False, repr=False, compare=False)
    owners: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """Address of a connected account ▸ its CRM user."""
    people: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """Any address that is known ▸ its CRM user."""
    domains: frozenset[str] = field(init=False, repr=False, compare=False)
    """What follows the @ in addresses of connected accounts."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "users", {account: user for user, account in self.accounts.items()})
        object.__setattr__(self, "owners", {address: user for user, address in self.mailboxes.items()})
        named = {address: user for user, address in self.addresses.items()}
        object.__setattr__(self, "people", {**named, **self.owners})
        found = frozenset(address.rpartition("@")[2] for address in self.mailboxes.values())
        object.__setattr__(self, "domains", found - {""})

    def account_of(self, user: str) -> str | None:
        return self.accounts.get(user)

    def user_of(self, account: str) -> str | None:
        return self.users.get(account)

    def connected_at(self, address: str) -> str | None:
        """The connected user whom an address belongs to, be it the account's or the main e-mail."""
        user = self.people.get(address.strip().lower())
        return user if user in self.mailboxes else None


NOBODY: Final = Directory()


class Context(Struct, frozen=True):
    """``now`` is an aware UTC instant; ``zone`` the IANA name of the user's zone; ``user`` the CRM user's id and
    ``account`` that of the user's Microsoft 365 account. ``changed`` names the sides that differ from what was last
    agreed, for the pair that is being decided."""

    now: datetime
    zone: str
    user: str
    settings: Mapping[str, SettingValue]
    names: Names = NO_NAMES
    account: str = ""
    directory: Directory = NOBODY
    changed: frozenset[Side] = frozenset()

    @property
    def today(self) -> date:
        """The user's calendar day."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Text as names and match keys compare it without case: trimmed, inner white space joined, case folded, in
    Unicode's composed form."""
    joined = " ".join(text.split())
    if joined.isascii():
        return joined.casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", joined).casefold())
