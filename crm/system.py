"""The CRM as the sync sees it: the port, with the rights of the CRM users whose space is being synced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine

from crm.access import Viewer, access_token, viewer
from crm.actions import carry_out
from crm.changes import START, Position, gone_since, head, merged_into, since
from crm.fields import SCHEMAS
from crm.kinds import NAMED, Kind, kind_named, narrowed
from crm.matching import find_records
from crm.matchkeys import CHUNK, chunks
from crm.reading import find_marks, load, visible
from crm.references import find_named
from crm.transactions import CommitLost, Database, utc_milliseconds
from engine.context import Context
from engine.errors import LeaseLost
from engine.links import Space
from engine.plans import NO_MAIL, Action, Mail
from engine.port import Outcome, Page, ReadView, Sent, Unknown, WriteView, Written
from engine.records import CRM, Barred, Gone, Key, Record, Reference, Side
from engine.schema import Schema

BATCH: Final = 1000
"""How many writes share a transaction."""

Fields: TypeAlias = Mapping[str, frozenset[str]]
"""By kind, the fields that are wanted of its records; of other kinds all are."""

WHOLE: Final = ""
"""The CRM has one change feed; this is its collection."""


class CrmReader:
    """Reads the CRM with the rights of a space's users: what one of them may, the space may; those who are not active
    are left out. Every call opens and ends its own short transactions; the change feed one per page, so that a slow
    reader never holds up a writer."""

    def __init__(self, database: Database, users: Sequence[str], fields: Fields) -> None:
        self._database = database
        self._users = users
        self._fields = fields

    def collections(self, kind: str) -> Sequence[Reference]:
        return (Reference(WHOLE, ""),)

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        """Records in the order of their revisions; the cursor is the revision of the whole CRM when the round
        began. A cursor that this CRM never gave out (a restored backup) starts a full round."""
        found = self._kind(kind)
        for collection, cursor in cursors.items():
            if collection != WHOLE:
                raise ValueError(f"the CRM has no collection {collection!r}")
            yield from self._round(found, cursor)

    def _round(self, kind: Kind, cursor: str | None) -> Iterator[Page]:
        with self._database.reading() as connection:
            us, first = self._viewer(connection), head(connection, self._database.org)
        start = int(cursor) if cursor and cursor.isdecimal() else None
        full = start is None or start > first
        after: Position | None = START if start is None or full else (start + 1, "")
        while after is not None:
            with self._database.reading() as connection:
                page, after = _page(connection, kind, us, after, full)
            yield page
        gone: list[str] = []
        if start is not None and not full:
            with self._database.reading() as connection:
                gone = list(gone_since(connection, self._database.org, kind, start))
        yield Page(WHOLE, gone=gone, cursor=str(first), full=full)

    def read(self, kind: str, ids: Collection[str], parts: Collection[str] = ()) -> Iterator[Record | Gone | Barred]:
        """The CRM hands over whole records: there are no parts to ask for."""
        found = self._kind(kind)
        for part in chunks(dict.fromkeys(ids)):
            with self._database.reading() as connection:
                states = list(self._states(connection, found, part))
            yield from states

    def _states(self, connection: Connection, kind: Kind, ids: list[str]) -> Iterator[Record | Gone | Barred]:
        seen = load(connection, kind, self._viewer(connection), ids)
        missing = [crm_id for crm_id in ids if crm_id not in seen]
        merged = merged_into(connection, self._database.org, kind, missing)
        for crm_id in ids:
            if crm_id not in seen:
                yield Gone(CRM, kind.name, crm_id, merged.get(crm_id))
            elif seen[crm_id].readable:
                yield seen[crm_id].record
            else:
                yield Barred(CRM, kind.name, crm_id)

    def find(self, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        wanted = kind_named(kind)
        with self._database.reading() as connection:
            found = list(find_records(connection, wanted, self._viewer(connection), keys))
        yield from found

    def find_marks(self, kind: str, sent: Collection[Sent]) -> Mapping[str, tuple[str, ...]]:
        wanted = kind_named(kind)
        with self._database.reading() as connection:
            found = find_marks(connection, wanted, self._database.org, [one.action.id for one in sent])
        return {mark: (id,) for mark, id in found.items()}

    def names(self, kind: str, names: Collection[str]) -> Mapping[str, tuple[Reference, ...]]:
        with self._database.reading() as connection:
            found = find_named(connection, self._database.org, NAMED[kind], names)
        return {name: tuple(references) for name, references in found.items()}

    def visible(self, kind: str) -> Iterator[str]:
        wanted = kind_named(kind)
        with self._database.reading() as connection:
            found = visible(connection, wanted, self._viewer(connection))
        yield from found

    def access(self) -> str:
        with self._database.reading() as connection:
            return access_token(connection, self._database.org, self._users)

    def _viewer(self, connection: Connection) -> Viewer:
        return viewer(connection, self._database.org, self._users)

    def _kind(self, name: str) -> Kind:
        """The kind, with the fields that are wanted of it."""
        found, fields = kind_named(name), self._fields.get(name)
        return found if fields is None else narrowed(found, fields)


def _page(connection: Connection, kind: Kind, us: Viewer, after: Position, full: bool) -> tuple[Page, Position | None]:
    rows = since(connection, kind, us, after, CHUNK)
    seen = load(connection, kind, us, [row.crm_id for row in rows if row.readable])
    records = [seen[row.crm_id].record for row in rows if row.crm_id in seen]
    barred = [] if full else [row.crm_id for row in rows if not row.readable]
    return Page(WHOLE, records, barred=barred, full=full), rows[-1].position if len(rows) == CHUNK else None


class CrmWriter(CrmReader):
    """Reads and writes the CRM with the rights of a space's users."""

    def __init__(
        self, database: Database, users: Sequence[str], fields: Fields, still_ours: Callable[[], bool]
    ) -> None:
        super().__init__(database, users, fields)
        self._still_ours = still_ours

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """One transaction per 1,000 actions; outcomes are handed out after its commit. A commit whose end is not known
        makes its writes Unknown; any other trouble raises and nothing of that batch was kept."""
        for batch in _batches(actions):
            if not self._still_ours():
                raise LeaseLost("Another process took over this mailbox.")
            yield from self._batch(batch)

    def _batch(self, batch: Sequence[Action]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        try:
            with self._database.writing() as transaction:
                outcomes = carry_out(transaction, self._users, batch)
        except CommitLost:
            return [Unknown(outcome.action) if isinstance(outcome, Written) else outcome for outcome in outcomes]
        return outcomes


class CrmSystem:
    """The CRM of one organisation. ``clock`` gives UTC milliseconds; ``on_commit`` is told ``before commit`` and
    ``after commit`` around every commit."""

    side: Side = CRM

    def __init__(
        self,
        engine: Engine,
        org: str,
        clock: Callable[[], int] = utc_milliseconds,
        on_commit: Callable[[str], None] | None = None,
    ) -> None:
        self._database = Database(engine, org, clock, on_commit)
        self._fields: Fields = {}

    def reading(self, kind: str, fields: frozenset[str]) -> CrmSystem:
        """The same CRM, of which records of this kind are read with these fields alone: the others count as not
        fetched."""
        narrow = copy(self)
        narrow._fields = {**self._fields, kind: fields}
        return narrow

    def schema(self, kind: str) -> Schema:
        return SCHEMAS[CRM, kind]

    def reader(self, space: Space) -> ReadView:
        return CrmReader(self._of(space), _users(space), self._fields)

    def writer(self, space: Space, still_ours: Callable[[], bool]) -> WriteView:
        return CrmWriter(self._of(space), _users(space), self._fields, still_ours)

    def effects(self, action: Action, before: Record | None, context: Context) -> Mail:
        """The CRM mails nobody."""
        return NO_MAIL

    def _of(self, space: Space) -> Database:
        if space.org != self._database.org:
            raise ValueError("this space belongs to another organisation")
        return self._database


def _users(space: Space) -> Sequence[str]:
    return [member.user for member in space.everyone]


def _batches(actions: Sequence[Action]) -> Iterator[list[Action]]:
    """Up to 1,000 actions of one kind each; two for one record never share a batch."""
    batch: list[Action] = []
    targets: set[str] = set()
    for action in actions:
        if batch and (len(batch) == BATCH or action.target in targets or action.kind != batch[0].kind):
            yield batch
            batch, targets = [], set()
        batch.append(action)
        if action.target is not None:
            targets.add(action.target)
    if batch:
        yield batch
