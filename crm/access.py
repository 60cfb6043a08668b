"""Who may read and who may edit which record, as conditions that the database evaluates for whole sets."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
    true,
    update,
)

from crm.among import Texts, among
from crm.kinds import OWNER, Kind
from crm.tables import membership, share, team, user
from crm.transactions import PENDING, Transaction
from engine.errors import SignInNeeded

ORG: Final[BindParameter[str]] = bindparam("org")
READERS: Final[BindParameter[Iterable[str]]] = bindparam("readers", type_=Texts)
"""User ids: a statement is the same for one reader and for a thousand."""


@dataclass(frozen=True, slots=True, eq=False)
class Rights:
    """Conditions over the table of a kind; built once, so that statements over them are too."""

    readable: ColumnElement[bool]
    editable: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at an organisation's records: some of its users, who may together what each of them may, or the CRM
    itself (None), which may everything. ``parameters`` are what statements over :meth:`rights` are run with."""

    org: str
    users: tuple[str, ...] | None = None
    parameters: Mapping[str, object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        readers = {} if self.users is None else {"readers": self.users}
        object.__setattr__(self, "parameters", {"org": self.org, **readers})

    def rights(self, kind: Kind) -> Rights:
        return EVERYTHING if self.users is None else _of_readers(kind)


EVERYTHING: Final = Rights(true(), true())


@cache
def _of_readers(kind: Kind) -> Rights:
    return Rights(_allowed(kind, ("read", "edit")), _allowed(kind, ("edit",)))


def _allowed(kind: Kind, levels: tuple[str, ...]) -> ColumnElement[bool]:
    """Owners and participants read and edit; members of the owner's teams as each team shares; administrators
    everything. A private record is for its owner, its participants and those it is shown to by name."""
    owner, private = kind.table.c[OWNER.column], kind.table.c.private
    admin = exists().where(user.c.org_id == ORG, among(user.c.crm_id, READERS), user.c.is_admin.is_(True))
    return or_(
        among(owner, READERS),
        and_(private.is_(False), or_(admin, owner.in_(_colleagues(levels)))),
        *_taking_part(kind),
        kind.table.c.crm_id.in_(_shown(kind, levels)),
    )


def _taking_part(kind: Kind) -> list[ColumnElement[bool]]:
    if kind.participants is None:
        return []
    on_it = kind.participants.table
    this = on_it.c[kind.participants.record] == kind.table.c.crm_id
    ours = among(on_it.c[kind.participants.column], READERS).is_(True)  # else PostgreSQL reads the list once a record
    return [exists().where(on_it.c.org_id == ORG, this, ours)]


def _colleagues(levels: tuple[str, ...]) -> Select[tuple[str]]:
    theirs = membership.alias("theirs")
    teams = (
        select(membership.c.team_id)
        .join(team, and_(team.c.org_id == ORG, team.c.crm_id == membership.c.team_id))
        .where(membership.c.org_id == ORG, among(membership.c.user_id, READERS), team.c.sharing.in_(levels))
    )
    return select(theirs.c.user_id).where(theirs.c.org_id == ORG, theirs.c.team_id.in_(teams))


def _shown(kind: Kind, levels: tuple[str, ...]) -> Select[tuple[str]]:
    teams = select(membership.c.team_id).where(membership.c.org_id == ORG, among(membership.c.user_id, READERS))
    grantee = or_(
        and_(share.c.grantee_kind == "user", among(share.c.grantee_id, READERS)),
        and_(share.c.grantee_kind == "team", share.c.grantee_id.in_(teams)),
    )
    return select(share.c.crm_id).where(
        share.c.org_id == ORG, share.c.kind == kind.stored, share.c.access.in_(levels), grantee
    )


def viewer(connection: Connection, org: str, users: Sequence[str]) -> Viewer:
    """Those of these users who are active, as one viewer. Raises SignInNeeded when nobody is."""
    return Viewer(org, tuple(row.crm_id for row in _active(connection, org, users)))


def access_token(connection: Connection, org: str, users: Sequence[str]) -> str:
    """A text that changes when the rights of any of these users move, or when another of them is active. Raises
    SignInNeeded when nobody is."""
    active = _active(connection, org, users)
    moved = max(row.access_rev for row in active)
    if len(users) == 1:
        return str(moved)
    who = hashlib.blake2b("\n".join(sorted(row.crm_id for row in active)).encode(), digest_size=8)
    return f"{moved}.{who.hexdigest()}"


_ACTIVE: Final = select(user.c.crm_id, user.c.access_rev).where(
    user.c.org_id == ORG, among(user.c.crm_id, READERS), user.c.status == "Active"
)


def _active(connection: Connection, org: str, users: Sequence[str]) -> list[Row[Any, Any]]:
    """The active ones in the order given."""
    found = {row.crm_id: row for row in connection.execute(_ACTIVE, Viewer(org, tuple(users)).parameters)}
    if not found:
        whom = "The CRM user of this mailbox is not" if len(users) == 1 else "None of this space's CRM users is"
        raise SignInNeeded(f"{whom} an active user of the CRM.")
    return [found[one] for one in dict.fromkeys(users) if one in found]


def rights_moved(transaction: Transaction, users: Collection[str] = (), teams: Collection[str] = ()) -> None:
    """Note, in the same transaction, that these users and all members of these teams may see something else now."""
    members = select(membership.c.user_id).where(
        membership.c.org_id == transaction.org, membership.c.team_id.in_(sorted(teams))
    )
    affected = or_(user.c.crm_id.in_(sorted(users)), user.c.crm_id.in_(members))
    unmoved = user.c.access_rev != PENDING  # a thousand joining one team would else rewrite each other a thousand times
    transaction.connection.execute(
        update(user).where(user.c.org_id == transaction.org, unmoved, affected).values(access_rev=PENDING)
    )
    transaction.touch(user)
