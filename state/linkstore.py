"""Links with their bases and match keys: read by pages or by id, replaced set by set."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from engine.links import NO_AGREEMENT, Base, Link
from engine.port import LinkChange
from engine.records import Key
from state.among import among
from state.bulk import Values, run_many
from state.chunks import chunks
from state.database import reading
from state.rows import LINK_COLUMNS, LINKED, base_text, digest, link_values, to_base, to_link
from state.tables import BASE, LINK, LINK_KEY

Pair = tuple[Link, Base]

#: Links per page of a full read: no transaction stays open between pages, and memory stays flat.
PAGE: Final = 2000


@dataclass(frozen=True, slots=True)
class LinkStore:
    """The links of one organisation."""

    org: str

    def all(self, engine: sa.Engine, space: str, kind: str) -> Iterator[Pair]:
        last = ""
        while True:
            page = sa.select(*LINKED).where(*self._at(LINK, space, kind), LINK.c.link_id > last)
            page = page.order_by(LINK.c.link_id).limit(PAGE)
            with reading(engine) as connection:
                rows = connection.execute(page).all()
                until = rows[-1][0] if rows else last
                span = (BASE.c.link_id > last, BASE.c.link_id <= until)
                bases = self._bases(connection, space, kind, *span)
            for row in rows:
                yield to_link(space, kind, row), to_base(bases.pop(row[0], None))
            if len(rows) < PAGE:
                return
            last = until

    def by_ids(
        self, engine: sa.Engine, space: str, kind: str, m365_ids: Collection[str], crm_ids: Collection[str]
    ) -> Iterator[Pair]:
        """Each link once, though both of its ids may be asked for."""
        seen: set[str] = set()
        for column, ids in ((LINK.c.m365_id, m365_ids), (LINK.c.crm_id, crm_ids)):
            for some in chunks(list(dict.fromkeys(ids))):
                with reading(engine) as connection:
                    found = self._where(connection, space, kind, column.in_(some))
                for link, base in found:
                    if link.id not in seen:
                        seen.add(link.id)
                        yield link, base

    def peers(
        self, engine: sa.Engine, space: str, kind: str, identities: Collection[str], crm_ids: Collection[str]
    ) -> Iterator[Pair]:
        """Links of other spaces, each once."""
        found: dict[str, set[str]] = {}
        with reading(engine) as connection:
            for column, ids in ((LINK.c.identity, identities), (LINK.c.crm_id, crm_ids)):
                for some in chunks(list(dict.fromkeys(ids))):
                    wanted = sa.select(LINK.c.space_id, LINK.c.link_id).where(
                        LINK.c.org_id == self.org, LINK.c.kind == kind, LINK.c.space_id != space, column.in_(some)
                    )
                    for place, link in connection.execute(wanted):
                        found.setdefault(place, set()).add(link)
        for place, links in found.items():
            with reading(engine) as connection:
                pairs = self._where(connection, place, kind, among(connection, LINK.c.link_id, sorted(links)))
            yield from pairs

    def parked(self, engine: sa.Engine, space: str, kind: str, now: int) -> Iterator[Pair]:
        with reading(engine) as connection:
            return self._where(connection, space, kind, LINK.c.due_at <= now)

    def _where(
        self, connection: sa.Connection, space: str, kind: str, condition: sa.ColumnElement[bool]
    ) -> Iterator[Pair]:
        rows = connection.execute(sa.select(*LINKED).where(*self._at(LINK, space, kind), condition)).all()
        bases: dict[str, str] = {}
        if rows:
            bases = self._bases(connection, space, kind, among(connection, BASE.c.link_id, (row[0] for row in rows)))
        return ((to_link(space, kind, row), to_base(bases.get(row[0]))) for row in rows)

    def _bases(
        self, connection: sa.Connection, space: str, kind: str, *conditions: sa.ColumnElement[bool]
    ) -> dict[str, str]:
        """Asked for apart: a join over fresh tables without statistics is planned badly by PostgreSQL (measured)."""
        wanted = sa.select(BASE.c.link_id, BASE.c.packed).where(*self._at(BASE, space, kind), *conditions)
        return {str(link): str(packed) for link, packed in connection.execute(wanted)}

    def by_keys(self, engine: sa.Engine, space: str, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        by_digest = {digest(key): key for key in keys}
        for some in chunks(list(by_digest)):
            wanted = sa.select(LINK_KEY.c.key, LINK_KEY.c.link_id)
            wanted = wanted.where(*self._at(LINK_KEY, space, kind), LINK_KEY.c.key.in_(some))
            with reading(engine) as connection:
                found = connection.execute(wanted).all()
            yield from ((by_digest[key], link) for key, link in found)

    def apply(self, connection: sa.Connection, space: str, kind: str, changes: Sequence[LinkChange]) -> None:
        """Replace links as a set: rows go first, so that an id may pass from one link to another."""
        last = _folded(changes)
        for change in last.values():
            if change.after is not None and (change.after.space, change.after.kind) != (space, kind):
                raise ValueError(f"link {change.id} belongs to another space or kind")
        self._clear(connection, space, kind, list(last), (LINK, LINK_KEY))
        self._clear(
            connection, space, kind, [id for id, c in last.items() if c.after is None or c.base is not None], (BASE,)
        )
        place = (self.org, space, kind)
        kept = [(change, change.after) for change in last.values() if change.after is not None]
        links = [place + link_values(link) for _, link in kept]
        bases: list[Values] = [
            (*place, change.id, base_text(change.base))
            for change, _ in kept
            if change.base is not None and (change.base.crm or change.base.m365)
        ]
        keys: list[Values] = [
            (*place, link.id, digest(key)) for _, link in kept if link.keys for key in dict.fromkeys(link.keys)
        ]
        here = ("org_id", "space_id", "kind")
        run_many(connection, sa.insert(LINK), (*here, *LINK_COLUMNS), links)
        run_many(connection, sa.insert(BASE), (*here, "link_id", "packed"), bases)
        run_many(connection, sa.insert(LINK_KEY), (*here, "link_id", "key"), keys)

    def _clear(
        self, connection: sa.Connection, space: str, kind: str, ids: Sequence[str], tables: tuple[sa.Table, ...]
    ) -> None:
        for table in tables if ids else ():
            these = (*self._at(table, space, kind), among(connection, table.c.link_id, ids))
            connection.execute(sa.delete(table).where(*these))

    def _at(self, table: sa.Table, space: str, kind: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (table.c.org_id == self.org, table.c.space_id == space, table.c.kind == kind)


def _folded(changes: Sequence[LinkChange]) -> dict[str, LinkChange]:
    """One change per link: the last one, with the base that the ones before it gave."""
    last: dict[str, LinkChange] = {}
    for change in changes:
        before = last.pop(change.id, None)
        base = change.base
        if base is None and before is not None:
            base = before.base if before.after else NO_AGREEMENT
        last[change.id] = LinkChange(change.id, change.after, base)
    return last
