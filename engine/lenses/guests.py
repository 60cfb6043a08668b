"""Lenses between users of the CRM and e-mail addresses: who organises a meeting, and who is invited to it.

Nobody is a guest of a meeting of their own, and no address of a stranger ever becomes one through the sync.
"""

from __future__ import annotations

from msgspec import Struct

from engine.context import Context, Directory
from engine.lenses.base import Ends, Lens, Untranslatable
from engine.lenses.people import PeopleLens, connected_accounts, plain
from engine.records import CRM, Side, Value
from engine.schema import Type

_TYPES = ("list of user", "list of email")
_NEEDS = "a list of users in the CRM and a list of e-mail addresses in Microsoft 365"


def _known(side: Side, element: str, context: Context) -> str | None:
    """The CRM user that an element means: a user by the id, or whoever has this address."""
    directory = context.directory
    if side == CRM:
        return element if element in directory.addresses or element in directory.mailboxes else None
    return directory.people.get(str(plain(element)))


def _own(directory: Directory, user: str, address: str | None) -> str | None:
    """The address, unless the directory gives it to somebody else."""
    return address if address and directory.people.get(address) == user else None


def _of_any_user(side: Side, element: str, context: Context) -> str | None:
    directory = context.directory
    if side == CRM:
        return _own(directory, element, directory.mailboxes.get(element) or directory.addresses.get(element))
    return _known(side, element, context)


def _of_connected_user(side: Side, element: str, context: Context) -> str | None:
    directory = context.directory
    if side == CRM:
        return _own(directory, element, directory.mailboxes.get(element))
    user = _known(side, element, context)
    return user if user in directory.mailboxes else None


def _of_account(side: Side, element: str, context: Context) -> str | None:
    """Who can be invited: a connected user whose main e-mail is that account, or another one with an address of the
    same domain; never the user whose calendar it is."""
    directory = context.directory
    user = _known(side, element, context)
    if user is None or user == context.user:
        return None
    address, account = directory.addresses.get(user), directory.mailboxes.get(user)
    fitting = address == account if account is not None else _domain(address) in directory.domains
    found = _own(directory, user, address) if fitting else None
    return found if side == CRM or found is None else user


def _domain(address: str | None) -> str:
    return (address or "").rpartition("@")[2]


def crm_users(ends: Ends) -> PeopleLens:
    """Addresses that belong to users of the CRM, connected or not."""
    return PeopleLens("crm_users", ends, _TYPES, _NEEDS, _of_any_user, _known)


def account_addresses(ends: Ends) -> PeopleLens:
    """Users whose address can be invited, as those addresses."""
    return PeopleLens("account_addresses", ends, _TYPES, _NEEDS, _of_account, _known)


def connected_users(ends: Ends) -> Lens:
    """Connected users, by their accounts or by their addresses, as Microsoft 365's field has them."""
    if str(ends.m365) != _TYPES[1]:
        return connected_accounts(ends)
    return PeopleLens("connected_users", ends, _TYPES, _NEEDS, _of_connected_user, _known)


class ConnectedUser(Struct, frozen=True):
    """One connected user, and the address of the account. Somebody else has no counterpart."""

    ends: Ends
    name: str = "connected_user"
    lossless: bool = True

    def accepts(self, crm: Type, m365: Type) -> str | None:
        if (crm.name, m365.name) == ("user", "email"):
            return None
        return f"“{self.name}” needs a user in the CRM and an e-mail address in Microsoft 365"

    def to_m365(self, value: Value, old: Value, context: Context) -> Value:
        if value is None:
            return None
        if isinstance(value, str) and isinstance(old, str) and context.directory.connected_at(old) == value:
            return old
        found = context.directory.mailboxes.get(value) if isinstance(value, str) else None
        if found is None:
            raise Untranslatable("this user is not connected")
        return found

    def to_crm(self, value: Value, old: Value, context: Context) -> Value:
        if not isinstance(value, str) or not value.strip():
            return None
        found = context.directory.connected_at(value)
        if found is None:
            raise Untranslatable("nobody who is connected has this address")
        return found

    def same(self, one: Value, other: Value) -> bool:
        return (plain(one) or None) == (plain(other) or None)

    def names(self, value: Value) -> tuple[str, ...]:
        return ()
