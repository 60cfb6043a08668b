"""Spaces as the scheduler sees them: which are due, and how their last tick went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlalchemy as sa

from engine.errors import UserError
from engine.links import Member, Space
from engine.port import Fence
from state import leases
from state.database import reading, writing
from state.tables import ACCOUNT, ACTIVE, LEASE, SPACE

SpaceStatus: TypeAlias = Literal["active", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceRecord:
    """A space and its timetable. ``shared`` says that it is no mailbox, but all connected users'; ``account_status``,
    of its owner or leader, is connected, paused or disconnected; ``not_before`` is what the other side asked for
    (Retry-After). Times are UTC in milliseconds."""

    space: Space
    shared: bool
    account_status: str
    status: SpaceStatus
    reason: str
    next_tick_at: int
    last_tick_at: int | None
    last_result: str
    not_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """How a tick of a space went: when, with what result, and when the next one is due."""

    at: int
    result: str
    next_at: int
    not_before: int | None = None


_CONNECTED = ACCOUNT.c.status == "connected"
_SELECT = sa.select(
    SPACE, ACCOUNT.c.crm_user_id, ACCOUNT.c.zone, ACCOUNT.c.status.label("account_status")
).join_from(SPACE, ACCOUNT)  # fmt: skip


def spaces(engine: sa.Engine, org: str) -> list[SpaceRecord]:
    """All spaces of the organisation, by the CRM user who owns or leads them."""
    return _records(engine, _SELECT.where(SPACE.c.org_id == org).order_by(ACCOUNT.c.crm_user_id, SPACE.c.space_id))


def share_space(engine: sa.Engine, org: str, space: str, now: int) -> None:
    """Make sure that the organisation has this space of all its connected users, led by one that is connected (the
    lowest account id); nothing where nobody is connected."""
    lowest = sa.select(sa.func.min(ACCOUNT.c.account_id)).where(ACCOUNT.c.org_id == org, _CONNECTED)
    there = sa.select(SPACE.c.account_id).where(*_at(org, space))
    with reading(engine) as connection:
        leader, before = connection.execute(lowest).scalar_one(), connection.execute(there).scalar_one_or_none()
    if leader is None or leader == before:
        return
    with writing(engine) as connection:
        place = {"org_id": org, "space_id": space}
        if connection.execute(sa.update(SPACE).where(*_at(org, space)).values(account_id=leader)).rowcount == 0:
            due = {"account_id": leader, "status": "active", "reason": "", "next_tick_at": now, "last_result": ""}
            connection.execute(sa.insert(SPACE).values(place | due))
            connection.execute(sa.insert(LEASE).values(place | {"holder": "", "fence": 0, "expires_at": 0}))


def find_space(engine: sa.Engine, org: str, space: str) -> SpaceRecord | None:
    return next(iter(_records(engine, _SELECT.where(*_at(org, space)))), None)


def due_spaces(engine: sa.Engine, org: str, now: int, limit: int = 50) -> list[SpaceRecord]:
    """Active spaces of connected accounts whose time has come and that nobody works on, longest waiting first."""
    free = sa.exists().where(
        LEASE.c.org_id == SPACE.c.org_id, LEASE.c.space_id == SPACE.c.space_id, LEASE.c.expires_at <= now
    )
    wanted = _SELECT.where(
        SPACE.c.org_id == org,
        SPACE.c.next_tick_at <= now,
        sa.text(f"space.{ACTIVE}"),
        sa.or_(SPACE.c.not_before.is_(None), SPACE.c.not_before <= now),
        ACCOUNT.c.status == "connected",
        free,
    )
    return _records(engine, wanted.order_by(SPACE.c.next_tick_at, SPACE.c.space_id).limit(limit))


def note_tick(engine: sa.Engine, org: str, space: str, tick: Tick, fence: Fence | None = None) -> None:
    """``result`` holds no personal data. The lease of ``fence`` is given back in the same transaction, so that an idle
    tick does not pay for two."""
    columns: dict[str, object] = {
        "last_tick_at": tick.at, "last_result": tick.result, "next_tick_at": tick.next_at,
        "not_before": tick.not_before,
    }  # fmt: skip
    with writing(engine) as connection:
        _update(connection, org, space, columns)
        if fence is not None:
            leases.give_back(connection, org, fence)


def make_due(engine: sa.Engine, org: str, space: str, at: int) -> None:
    """Bring the next tick forward to ``at``; what the other side asked for still counts."""
    _change(engine, org, space, {"next_tick_at": at})


def pause_space(engine: sa.Engine, org: str, space: str, reason: str) -> None:
    """Stop ticks until :func:`resume_space`, because a person has to look. ``reason`` is for people."""
    _change(engine, org, space, {"status": "paused", "reason": reason})


def resume_space(engine: sa.Engine, org: str, space: str, at: int) -> None:
    _change(engine, org, space, {"status": "active", "reason": "", "next_tick_at": at})


def _at(org: str, space: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (SPACE.c.org_id == org, SPACE.c.space_id == space)


def _change(engine: sa.Engine, org: str, space: str, columns: dict[str, object]) -> None:
    with writing(engine) as connection:
        _update(connection, org, space, columns)


def _update(connection: sa.Connection, org: str, space: str, columns: dict[str, object]) -> None:
    if connection.execute(sa.update(SPACE).where(*_at(org, space)).values(columns)).rowcount != 1:
        raise UserError(f"The organisation has no space {space}.", "`tandem user list` shows them.")


def _records(engine: sa.Engine, wanted: sa.Select[*tuple[object, ...]]) -> list[SpaceRecord]:
    with reading(engine) as connection:
        rows = connection.execute(wanted).mappings().all()
        shared = {row["org_id"] for row in rows if row["space_id"] != row["account_id"]}
        members = {org: _members(connection, org) for org in shared}
    return [_record(row, members.get(row["org_id"], ())) for row in rows]


def _members(connection: sa.Connection, org: str) -> tuple[Member, ...]:
    """All connected users, by account id."""
    wanted = sa.select(ACCOUNT.c.crm_user_id, ACCOUNT.c.account_id, ACCOUNT.c.zone)
    found = connection.execute(wanted.where(ACCOUNT.c.org_id == org, _CONNECTED).order_by(ACCOUNT.c.account_id))
    return tuple(Member(*row) for row in found)


def _record(row: sa.RowMapping, members: tuple[Member, ...]) -> SpaceRecord:
    shared = row["space_id"] != row["account_id"]
    return SpaceRecord(
        space=Space(row["org_id"], row["space_id"], row["crm_user_id"], row["zone"], members if shared else ()),
        shared=shared, account_status=row["account_status"], status=row["status"], reason=row["reason"],
        next_tick_at=row["next_tick_at"], last_tick_at=row["last_tick_at"], last_result=row["last_result"],
        not_before=row["not_before"],
    )  # fmt: skip
