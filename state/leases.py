"""Leases: who works on a space now. The fencing number grows with every taking, and each state write checks it."""

from __future__ import annotations

import sqlalchemy as sa

from engine.errors import LeaseLost, UserError
from engine.port import Fence
from state.tables import LEASE


def take(connection: sa.Connection, org: str, space: str, holder: str, now: int, until: int) -> Fence | None:
    """The lease, if it is free or ran out at ``now``; None while another holds it.

    One statement decides, so that of many takers one wins. Raises UserError for a space the organisation lacks.
    """
    here = sa.and_(LEASE.c.org_id == org, LEASE.c.space_id == space)
    taken = (
        sa.update(LEASE)
        .where(here, LEASE.c.expires_at <= now)
        .values(holder=holder, fence=LEASE.c.fence + 1, expires_at=until)
        .returning(LEASE.c.fence)
    )
    number = connection.execute(taken).scalar_one_or_none()
    if number is not None:
        return Fence(space, holder, int(number), until)
    if connection.execute(sa.select(LEASE.c.fence).where(here)).first() is None:
        raise UserError(f"The organisation has no space {space}.", "Connect the user first.")
    return None


def check(connection: sa.Connection, org: str, fence: Fence, now: int) -> None:
    """Raise LeaseLost unless the lease is held; then it can't be taken before this transaction ends."""
    held = sa.select(LEASE.c.fence).where(*_holding(org, fence, now)).with_for_update()
    if connection.execute(held).first() is None:
        raise LeaseLost("another process holds this space now")


def extend(connection: sa.Connection, org: str, fence: Fence, now: int, until: int) -> None:
    """Move the lease's end, to ``until`` (0 gives it back). Raises LeaseLost when it isn't held."""
    moved = sa.update(LEASE).where(*_holding(org, fence, now)).values(expires_at=until)
    if connection.execute(moved).rowcount != 1:
        raise LeaseLost("another process holds this space now")


def give_back(connection: sa.Connection, org: str, fence: Fence) -> None:
    """End the lease if it is still this one; another's stays."""
    here = (LEASE.c.org_id == org, LEASE.c.space_id == fence.space, LEASE.c.fence == fence.number)
    connection.execute(sa.update(LEASE).where(*here).values(expires_at=0))


def _holding(org: str, fence: Fence, now: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        LEASE.c.org_id == org,
        LEASE.c.space_id == fence.space,
        LEASE.c.holder == fence.holder,
        LEASE.c.fence == fence.number,
        LEASE.c.expires_at > now,
    )
