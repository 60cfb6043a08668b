"""What changed since a revision: light rows in the order of their revisions, so that a reader who remembers the head
it read first can lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from sqlalchemy import BigInteger, Connection, Integer, Select, String, bindparam, select, tuple_

from crm.access import ORG, Rights, Viewer
from crm.kinds import Kind
from crm.tables import clock, tombstone

START: Final = (0, "")
"""The position before everything."""

Position: TypeAlias = tuple[int, str]
"""Revision and id: records changed by one transaction share a revision."""


@dataclass(frozen=True, slots=True)
class Light:
    """A changed record: where it stands in the feed, and whether this reader may read it."""

    crm_id: str
    rev: int
    readable: bool

    @property
    def position(self) -> Position:
        return self.rev, self.crm_id


def head(connection: Connection, org: str) -> int:
    """The revision of the last committed change; 0 before the first."""
    found: int | None = connection.execute(select(clock.c.rev).where(clock.c.org_id == org)).scalar_one_or_none()
    return found or 0


def since(connection: Connection, kind: Kind, viewer: Viewer, after: Position, limit: int) -> list[Light]:
    """The next records after a position, readable or not."""
    position = {"rev": after[0], "crm_id": after[1], "most": limit}
    rows = connection.execute(_since(kind, viewer.rights(kind)), {**viewer.parameters, **position})
    return [Light(row.crm_id, row.rev, bool(row.readable)) for row in rows]


@cache
def _since(kind: Kind, rights: Rights) -> Select[tuple[str, int, bool]]:
    """The page first, then what may be read of it: PostgreSQL would else prepare for the rights of all records."""
    after = tuple_(bindparam("rev", type_=BigInteger), bindparam("crm_id", type_=String))
    table = kind.table
    page = (
        select(table.c.crm_id, table.c.rev)
        .where(table.c.org_id == ORG, tuple_(table.c.rev, table.c.crm_id) > after)
        .order_by(table.c.rev, table.c.crm_id)
        .limit(bindparam("most", type_=Integer))
        .subquery("page")
    )
    return (
        select(page.c.crm_id, page.c.rev, rights.readable.label("readable"))
        .join(table, (table.c.org_id == ORG) & (table.c.crm_id == page.c.crm_id))
        .order_by(page.c.rev, page.c.crm_id)
    )


def gone_since(connection: Connection, org: str, kind: Kind, rev: int) -> Iterator[str]:
    """Ids of records of this kind that went after a revision."""
    wanted = (
        select(tombstone.c.crm_id)
        .where(tombstone.c.org_id == org, tombstone.c.kind == kind.stored, tombstone.c.rev > rev)
        .order_by(tombstone.c.rev, tombstone.c.crm_id)
    )
    yield from connection.execute(wanted).scalars()


def merged_into(connection: Connection, org: str, kind: Kind, ids: list[str]) -> dict[str, str | None]:
    """For ids that went: the record each was merged into, if it was."""
    wanted = select(tombstone.c.crm_id, tombstone.c.merged_into).where(
        tombstone.c.org_id == org, tombstone.c.kind == kind.stored, tombstone.c.crm_id.in_(ids)
    )
    return {row.crm_id: row.merged_into for row in connection.execute(wanted)}
