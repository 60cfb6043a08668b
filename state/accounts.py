"""Microsoft 365 accounts: who is connected, paused or disconnected. An account belongs to one user of one
organisation in the whole installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlalchemy as sa

from engine.errors import UserError
from state.database import reading, writing
from state.organisations import require
from state.tables import ACCOUNT, BASE, CLAIM, FEED, LEASE, LINK, LINK_KEY, SPACE, TOKEN_CACHE

AccountStatus: TypeAlias = Literal["connected", "paused", "disconnected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """``id`` is the Entra object id, which is also the mailbox's space id; ``user`` the CRM user's id; ``zone`` an
    IANA name; ``reason`` says why it is paused."""

    id: str
    user: str
    tenant_id: str
    upn: str
    zone: str
    status: AccountStatus = "connected"
    reason: str = ""


def connect_account(engine: sa.Engine, org: str, account: Account, now: int) -> None:
    """Connect an account, or connect it again; its space is due ``now``.

    After a disconnection reading starts from scratch, with the links that are still there. Raises UserError when
    the account is connected elsewhere, the user has another one, or the tenant isn't the organisation's.
    """
    try:
        with writing(engine) as connection:
            tenant = require(connection, org).tenant_id
            if tenant and tenant != account.tenant_id:
                raise UserError(
                    "This account belongs to another Microsoft 365 tenant.", "Sign in with the organisation's account."
                )
            _refuse_taken(connection, org, account)
            _store(connection, org, account, now)
    except sa.exc.IntegrityError as problem:  # somebody else was quicker between the check and here
        raise _taken() from problem


def _taken() -> UserError:
    return UserError("This Microsoft 365 account is connected already.", "Disconnect it there first.")


def _refuse_taken(connection: sa.Connection, org: str, account: Account) -> None:
    same = (ACCOUNT.c.tenant_id == account.tenant_id, ACCOUNT.c.account_id == account.id)
    active = ACCOUNT.c.status != "disconnected"
    other = sa.or_(ACCOUNT.c.org_id != org, ACCOUNT.c.crm_user_id != account.user)
    if connection.execute(sa.select(ACCOUNT.c.org_id).where(*same, active, other)).first() is not None:
        raise _taken()
    of_user = (ACCOUNT.c.org_id == org, ACCOUNT.c.crm_user_id == account.user, ACCOUNT.c.account_id != account.id)
    if connection.execute(sa.select(ACCOUNT.c.org_id).where(*of_user, active)).first() is not None:
        raise UserError(f"User {account.user} has another account connected.", "Disconnect that one first.")


def _store(connection: sa.Connection, org: str, account: Account, now: int) -> None:
    at, there = _at(org, account.id), _there(org, account.id)
    columns = _columns(account)
    before = connection.execute(sa.select(ACCOUNT.c.status).where(*at)).scalar_one_or_none()
    if before is None:
        connection.execute(sa.insert(ACCOUNT).values(columns | {"org_id": org, "account_id": account.id}))
        place = {"org_id": org, "space_id": account.id}
        due = {"account_id": account.id, "status": "active", "reason": "", "next_tick_at": now, "last_result": ""}
        connection.execute(sa.insert(SPACE).values(place | due))
        connection.execute(sa.insert(LEASE).values(place | {"holder": "", "fence": 0, "expires_at": 0}))
        return
    connection.execute(sa.update(ACCOUNT).where(*at).values(columns))
    connection.execute(sa.update(SPACE).where(*there).values(next_tick_at=now, not_before=None))
    if before == "disconnected":
        connection.execute(sa.delete(FEED).where(FEED.c.org_id == org, FEED.c.space_id == account.id))


def pause_account(engine: sa.Engine, org: str, account: str, reason: str) -> None:
    """Stop its ticks until it is connected again (a revoked sign-in). ``reason`` is for people."""
    with writing(engine) as connection:
        paused = sa.update(ACCOUNT).where(*_at(org, account), ACCOUNT.c.status != "disconnected")
        if connection.execute(paused.values(status="paused", reason=reason)).rowcount != 1:
            raise _unknown(account)


def disconnect_account(engine: sa.Engine, org: str, account: str) -> None:
    """End the sign-in: tokens are destroyed and a running tick loses its lease. Links stay for a reconnection."""
    with writing(engine) as connection:
        ended = sa.update(ACCOUNT).where(*_at(org, account)).values(status="disconnected", reason="")
        if connection.execute(ended).rowcount != 1:
            raise _unknown(account)
        owner = (TOKEN_CACHE.c.org_id == org, TOKEN_CACHE.c.account_id == account)
        connection.execute(sa.delete(TOKEN_CACHE).where(*owner))
        _cut_off(connection, org, account)


def forget_account(engine: sa.Engine, org: str, account: str) -> None:
    """Remove cursors, links and bases of a disconnected account; the journal stays until its own time is over."""
    with writing(engine) as connection:
        status = sa.select(ACCOUNT.c.status).where(*_at(org, account)).with_for_update()
        if connection.execute(status).scalar_one_or_none() != "disconnected":
            raise UserError(f"Account {account} is not a disconnected account.", "Disconnect it first.")
        _cut_off(connection, org, account)
        for table in (FEED, LINK, LINK_KEY, BASE, CLAIM):
            connection.execute(sa.delete(table).where(table.c.org_id == org, table.c.space_id == account))


def accounts(engine: sa.Engine, org: str) -> list[Account]:
    """All accounts, disconnected ones too, by CRM user."""
    wanted = sa.select(ACCOUNT).where(ACCOUNT.c.org_id == org).order_by(ACCOUNT.c.crm_user_id, ACCOUNT.c.account_id)
    with reading(engine) as connection:
        return [_account(row) for row in connection.execute(wanted).mappings()]


def account_of(engine: sa.Engine, org: str, user: str) -> Account | None:
    """The account of a CRM user that is connected or paused."""
    wanted = sa.select(ACCOUNT).where(
        ACCOUNT.c.org_id == org, ACCOUNT.c.crm_user_id == user, ACCOUNT.c.status != "disconnected"
    )
    with reading(engine) as connection:
        row = connection.execute(wanted).mappings().first()
    return None if row is None else _account(row)


def _cut_off(connection: sa.Connection, org: str, space: str) -> None:
    fresh = {"holder": "", "fence": LEASE.c.fence + 1, "expires_at": 0}
    connection.execute(sa.update(LEASE).where(LEASE.c.org_id == org, LEASE.c.space_id == space).values(fresh))


def _at(org: str, account: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (ACCOUNT.c.org_id == org, ACCOUNT.c.account_id == account)


def _there(org: str, space: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (SPACE.c.org_id == org, SPACE.c.space_id == space)


def _unknown(account: str) -> UserError:
    return UserError(f"The organisation has no connected account {account}.", "`tandem user list` shows them.")


def _columns(account: Account) -> dict[str, object]:
    return {
        "crm_user_id": account.user, "tenant_id": account.tenant_id, "upn": account.upn, "zone": account.zone,
        "status": account.status, "reason": account.reason,
    }  # fmt: skip


def _account(row: sa.RowMapping) -> Account:
    return Account(
        id=row["account_id"], user=row["crm_user_id"], tenant_id=row["tenant_id"], upn=row["upn"],
        zone=row["zone"], status=row["status"], reason=row["reason"],
    )  # fmt: skip
