"""Tenants and users."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """A work account with a mailbox. `id` is the Entra object id, `zone` a time zone name.

    `room`: the mailbox of a room, which answers invitations by itself.
    """

    id: str
    upn: str
    mail: str
    name: str
    zone: str
    room: bool = False


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation and the applications registered in it."""

    id: str
    name: str
    client_ids: tuple[str, ...]
    users: dict[str, User] = field(default_factory=dict)

    def by_upn(self, upn: str) -> User | None:
        """A user by sign-in name, compared without case."""
        return next((user for user in self.users.values() if user.upn.lower() == upn.lower()), None)
