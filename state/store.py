"""The State port on SQL: set-based, one transaction per call, every write checked against the lease."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import UpdateBase

from engine.links import Base, Link
from engine.port import Ended, Feeds, Fence, Intent, LinkChange
from engine.records import Key
from state import leases
from state.among import among
from state.bulk import run_many
from state.database import reading, writing
from state.linkstore import LinkStore
from state.rows import ACTION_COLUMNS, action_values, digest, feed_row, to_feeds, to_intent
from state.tables import ACTION, CLAIM, FEED, OPEN

#: Parameters that the end of an action is written with.
_END: Final = ("of", "new_state", "at", "version", "new_note", "new_crm", "new_m365")


def _no_cut(point: str) -> None:
    """What happens around commits when nobody cuts."""


class SqlState:
    """What Tandem remembers of one organisation, in a database opened by ``open_database``.

    ``clock_ms`` is UTC now in milliseconds: a lease that ran out refuses writes even before another takes it.
    ``on_commit`` is called with ``before <method>`` and ``after <method>`` around each commit.
    """

    def __init__(
        self,
        engine: sa.Engine,
        org: str,
        clock_ms: Callable[[], int],
        on_commit: Callable[[str], None] = _no_cut,
    ) -> None:
        self._engine = engine
        self._org = org
        self._clock_ms = clock_ms
        self._on_commit = on_commit
        self._links = LinkStore(org)

    @contextmanager
    def _writing(self, name: str, fence: Fence | None = None) -> Iterator[sa.Connection]:
        with writing(self._engine) as connection:
            if fence is not None:
                leases.check(connection, self._org, fence, self._clock_ms())
            yield connection
            self._on_commit(f"before {name}")
        self._on_commit(f"after {name}")

    # ---- leases ----

    def hold(self, space: str, holder: str, now: int, until: int) -> Fence | None:
        with self._writing("hold") as connection:
            return leases.take(connection, self._org, space, holder, now, until)

    def renew(self, fence: Fence, until: int) -> None:
        with self._writing("renew") as connection:
            leases.extend(connection, self._org, fence, self._clock_ms(), until)

    def release(self, fence: Fence) -> None:
        with self._writing("release") as connection:
            leases.extend(connection, self._org, fence, self._clock_ms(), 0)

    # ---- links ----

    def links(
        self,
        space: str,
        kind: str,
        m365_ids: Collection[str] | None = None,
        crm_ids: Collection[str] | None = None,
    ) -> Iterator[tuple[Link, Base]]:
        if m365_ids is None and crm_ids is None:
            return self._links.all(self._engine, space, kind)
        return self._links.by_ids(self._engine, space, kind, m365_ids or (), crm_ids or ())

    def parked(self, space: str, kind: str, now: int) -> Iterator[tuple[Link, Base]]:
        return self._links.parked(self._engine, space, kind, now)

    def by_keys(self, space: str, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        return self._links.by_keys(self._engine, space, kind, keys)

    def peers(
        self, space: str, kind: str, identities: Collection[str], crm_ids: Collection[str]
    ) -> Iterator[tuple[Link, Base]]:
        return self._links.peers(self._engine, space, kind, identities, crm_ids)

    # ---- cursors ----

    def feeds(self, space: str, kind: str) -> Feeds:
        with reading(self._engine) as connection:
            return self._feeds(connection, space, kind)

    def _feeds(self, connection: sa.Connection, space: str, kind: str) -> Feeds:
        row = connection.execute(sa.select(FEED).where(*self._at(FEED, space, kind))).mappings().first()
        return Feeds() if row is None else to_feeds(row)

    def advance(self, fence: Fence, kind: str, before: Feeds, after: Feeds, changes: Sequence[LinkChange]) -> bool:
        with self._writing("advance", fence) as connection:
            if self._feeds(connection, fence.space, kind) != before:
                return False
            at, row = self._at(FEED, fence.space, kind), feed_row(after)
            if connection.execute(sa.update(FEED).where(*at).values(row)).rowcount == 0:
                key = {"org_id": self._org, "space_id": fence.space, "kind": kind}
                connection.execute(sa.insert(FEED).values(key | row))
            self._links.apply(connection, fence.space, kind, changes)
            return True

    # ---- claims ----

    def claim(self, fence: Fence, kind: str, keys: Collection[Key], now: int, until: int) -> frozenset[Key]:
        with self._writing("claim", fence) as connection:
            by_digest = {digest(key): key for key in keys}
            wanted = sorted(by_digest)  # one order for all spaces, or two claims could wait for each other
            rows = [(self._org, kind, key) for key in wanted]
            run_many(connection, self._claiming(fence.space, now, until), ("org_id", "kind", "key"), rows)
            others = sa.select(CLAIM.c.key).where(CLAIM.c.space_id != fence.space, *self._claims(kind))
            taken = connection.execute(others.where(among(connection, CLAIM.c.key, wanted))).scalars()
            return frozenset(by_digest[key] for key in taken)

    def _claiming(self, space: str, now: int, until: int) -> UpdateBase:
        """Insert a claim, renew an own one or take over one that ran out; another space's stays."""
        fresh: dict[str, object] = {"space_id": space, "until": until}
        free = sa.or_(CLAIM.c.space_id == space, CLAIM.c.until <= now)
        key = list(CLAIM.primary_key)
        if self._engine.dialect.name == "sqlite":
            return sqlite.insert(CLAIM).values(fresh).on_conflict_do_update(key, set_=fresh, where=free)
        from sqlalchemy.dialects import postgresql  # costs installations on SQLite nothing

        return postgresql.insert(CLAIM).values(fresh).on_conflict_do_update(None, key, set_=fresh, where=free)

    def _claims(self, kind: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (CLAIM.c.org_id == self._org, CLAIM.c.kind == kind)

    # ---- journal ----

    def open_intents(self, space: str, kind: str) -> Sequence[Intent]:
        wanted = sa.select(ACTION).where(*self._at(ACTION, space, kind), sa.text(OPEN))
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(ACTION.c.intended_at, ACTION.c.run_id, ACTION.c.seq))
            return [to_intent(row) for row in rows.mappings()]

    def intend(self, fence: Fence, run: str, intents: Sequence[Intent]) -> None:
        with self._writing("intend", fence) as connection:
            in_run = (ACTION.c.org_id == self._org, ACTION.c.run_id == run)
            last = connection.execute(sa.select(sa.func.max(ACTION.c.seq)).where(*in_run)).scalar_one()
            first = 1 if last is None else last + 1
            rows = [action_values(self._org, fence.space, run, seq, one) for seq, one in enumerate(intents, first)]
            run_many(connection, sa.insert(ACTION), ACTION_COLUMNS, rows)

    def finish(
        self,
        fence: Fence,
        kind: str,
        ended: Sequence[Ended],
        changes: Sequence[LinkChange],
        unclaim: Collection[Key],
    ) -> None:
        with self._writing("finish", fence) as connection:
            now = self._clock_ms()
            ends = [(one.action, one.state, now, one.version, one.note, one.crm_id, one.m365_id) for one in ended]
            run_many(connection, self._ending(fence.space), _END, ends)
            self._links.apply(connection, fence.space, kind, changes)
            if unclaim:
                freed = among(connection, CLAIM.c.key, map(digest, unclaim))
                own = CLAIM.c.space_id == fence.space
                connection.execute(sa.delete(CLAIM).where(*self._claims(kind), freed, own))

    def _ending(self, space: str) -> sa.Update:
        """Ids that the end doesn't name stay as intended."""
        return (
            sa.update(ACTION)
            .where(
                ACTION.c.org_id == self._org,
                ACTION.c.space_id == space,
                ACTION.c.action_id == sa.bindparam("of", type_=sa.String),
            )
            .values(
                state=sa.bindparam("new_state"),
                ended_at=sa.bindparam("at"),
                result_version=sa.bindparam("version"),
                note=sa.bindparam("new_note"),
                crm_id=sa.func.coalesce(sa.bindparam("new_crm", type_=sa.String), ACTION.c.crm_id),
                m365_id=sa.func.coalesce(sa.bindparam("new_m365", type_=sa.String), ACTION.c.m365_id),
            )
        )

    def _at(self, table: sa.Table, space: str, kind: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.c.org_id == self._org, table.c.space_id == space, table.c.kind == kind)
