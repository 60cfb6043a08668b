"""Who may read and who may edit which contact, as conditions that the database evaluates for whole sets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
    true,
    update,
)

from crm.tables import contact, membership, share, team, user
from crm.transactions import PENDING, Transaction
from engine.errors import SignInNeeded

ORG: Final[BindParameter[str]] = bindparam("org")
READER: Final[BindParameter[str]] = bindparam("reader")


@dataclass(frozen=True, slots=True, eq=False)
class Rights:
    """Conditions over the contact table; built once, so that statements over them are too."""

    readable: ColumnElement[bool]
    editable: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at an organisation's contacts: one of its users, or the CRM itself (None), which may everything."""

    org: str
    user: str | None = None

    @property
    def rights(self) -> Rights:
        return EVERYTHING if self.user is None else OF_READER

    @property
    def parameters(self) -> dict[str, str]:
        """What statements over :attr:`rights` are run with."""
        return {"org": self.org} if self.user is None else {"org": self.org, "reader": self.user}


def _allowed(levels: tuple[str, ...]) -> ColumnElement[bool]:
    """Owners read and edit; members of the owner's teams as each team shares; administrators everything. A private
    contact is for its owner and those it is shown to by name."""
    admin = exists().where(user.c.org_id == ORG, user.c.crm_id == READER, user.c.is_admin.is_(True))
    return or_(
        contact.c.owner_id == READER,
        and_(contact.c.private.is_(False), or_(admin, contact.c.owner_id.in_(_colleagues(levels)))),
        contact.c.crm_id.in_(_shown(levels)),
    )


def _colleagues(levels: tuple[str, ...]) -> Select[tuple[str]]:
    mine, theirs = membership.alias("mine"), membership.alias("theirs")
    return (
        select(theirs.c.user_id)
        .join(mine, and_(mine.c.org_id == ORG, mine.c.team_id == theirs.c.team_id))
        .join(team, and_(team.c.org_id == ORG, team.c.crm_id == theirs.c.team_id))
        .where(theirs.c.org_id == ORG, mine.c.user_id == READER, team.c.sharing.in_(levels))
    )


def _shown(levels: tuple[str, ...]) -> Select[tuple[str]]:
    teams = select(membership.c.team_id).where(membership.c.org_id == ORG, membership.c.user_id == READER)
    grantee = or_(
        and_(share.c.grantee_kind == "user", share.c.grantee_id == READER),
        and_(share.c.grantee_kind == "team", share.c.grantee_id.in_(teams)),
    )
    return select(share.c.contact_id).where(share.c.org_id == ORG, share.c.access.in_(levels), grantee)


EVERYTHING: Final = Rights(true(), true())
OF_READER: Final = Rights(_allowed(("read", "edit")), _allowed(("edit",)))


def viewer(connection: Connection, org: str, user_id: str) -> Viewer:
    """This user as a viewer. Raises SignInNeeded for one who is not active."""
    wanted = select(user.c.status).where(user.c.org_id == org, user.c.crm_id == user_id)
    if connection.execute(wanted).scalar_one_or_none() != "Active":
        raise SignInNeeded("The CRM user of this mailbox is not an active user of the CRM.")
    return Viewer(org, user_id)


def access_rev(connection: Connection, org: str, user_id: str) -> int | None:
    """The revision at which this user's rights last moved; None for an unknown user."""
    wanted = select(user.c.access_rev).where(user.c.org_id == org, user.c.crm_id == user_id)
    found: int | None = connection.execute(wanted).scalar_one_or_none()
    return found


def rights_moved(transaction: Transaction, users: Collection[str] = (), teams: Collection[str] = ()) -> None:
    """Note, in the same transaction, that these users and all members of these teams may see something else now."""
    members = select(membership.c.user_id).where(
        membership.c.org_id == transaction.org, membership.c.team_id.in_(sorted(teams))
    )
    affected = or_(user.c.crm_id.in_(sorted(users)), user.c.crm_id.in_(members))
    transaction.connection.execute(
        update(user).where(user.c.org_id == transaction.org, affected).values(access_rev=PENDING)
    )
    transaction.touch(user)
