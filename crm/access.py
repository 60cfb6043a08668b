"""Who may read and who may edit which contact, as conditions that the database evaluates for whole sets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, false, or_, select, true, update

from crm.tables import contact, membership, share, team, user
from crm.transactions import PENDING, Transaction
from engine.errors import SignInNeeded


@dataclass(frozen=True, slots=True)
class Rights:
    """Conditions over the contact table for one reader."""

    readable: ColumnElement[bool]
    editable: ColumnElement[bool]


EVERYTHING: Final = Rights(true(), true())
"""The rights of the CRM itself: imports, exports, administration."""


def rights_of(connection: Connection, org: str, user_id: str) -> Rights:
    """The rights of one CRM user.

    Owners read and edit; members of the owner's teams as each team shares; administrators everything; a private
    contact is for its owner and those it is shown to by name. Raises SignInNeeded for a user who is not active.
    """
    wanted = select(user.c.status, user.c.is_admin).where(user.c.org_id == org, user.c.crm_id == user_id)
    row = connection.execute(wanted).one_or_none()
    if row is None or row.status != "Active":
        raise SignInNeeded("The CRM user of this mailbox is not an active user of the CRM.")
    return Rights(
        _allowed(org, user_id, row.is_admin, ("read", "edit")),
        _allowed(org, user_id, row.is_admin, ("edit",)),
    )


def _allowed(org: str, user_id: str, admin: bool, levels: tuple[str, ...]) -> ColumnElement[bool]:
    by_team = contact.c.owner_id.in_(_colleagues(org, user_id, levels))
    by_role: ColumnElement[bool] = true() if admin else false()
    return or_(
        contact.c.owner_id == user_id,
        and_(contact.c.private.is_(False), or_(by_role, by_team)),
        contact.c.crm_id.in_(_shown(org, user_id, levels)),
    )


def _colleagues(org: str, user_id: str, levels: tuple[str, ...]) -> Select[tuple[str]]:
    mine, theirs = membership.alias("mine"), membership.alias("theirs")
    return (
        select(theirs.c.user_id)
        .join(mine, and_(mine.c.org_id == org, mine.c.team_id == theirs.c.team_id))
        .join(team, and_(team.c.org_id == org, team.c.crm_id == theirs.c.team_id))
        .where(theirs.c.org_id == org, mine.c.user_id == user_id, team.c.sharing.in_(levels))
    )


def _shown(org: str, user_id: str, levels: tuple[str, ...]) -> Select[tuple[str]]:
    teams = select(membership.c.team_id).where(membership.c.org_id == org, membership.c.user_id == user_id)
    grantee = or_(
        and_(share.c.grantee_kind == "user", share.c.grantee_id == user_id),
        and_(share.c.grantee_kind == "team", share.c.grantee_id.in_(teams)),
    )
    return select(share.c.contact_id).where(share.c.org_id == org, share.c.access.in_(levels), grantee)


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
