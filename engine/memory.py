"""Both ports in memory: the double that rules, plans and the runner are tested on, and that the contract suites run on.

A MemorySystem can be a shared system (one set of records, like a CRM) or a private one (a set of records per space,
like mailboxes). It can be told who may read and edit what, to normalise what it is given, and to lose answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from engine.context import Context, fold
from engine.errors import LeaseLost
from engine.links import NO_AGREEMENT, Base, Link, Space
from engine.plans import NO_MAIL, Action, Mail
from engine.port import (
    Ended,
    Feeds,
    Fence,
    Intent,
    LinkChange,
    Outcome,
    Page,
    Refused,
    Sent,
    Stale,
    Unknown,
    Written,
)
from engine.records import Barred, Gone, Key, Record, Reference, Side, Value
from engine.schema import Schema

Rights = Callable[[str, Record], bool]
"""(user, record): whether the user may."""


def _everyone(user: str, record: Record) -> bool:
    return True


@dataclass(slots=True)
class Row:
    record: Record
    mark: str
    changed: int


class MemorySystem:
    """A system of records. ``private`` gives each space its own records; ``normalise`` is applied to every write;
    ``fault`` makes an action be refused, be lost before (``unsent``) or after (``lost``) it was done, or a move stop
    in its middle (``half``)."""

    def __init__(self, side: Side, *schemas: Schema, private: bool = False, page_size: int = 50) -> None:
        self.side: Side = side
        self.schemas = {schema.kind: schema for schema in schemas}
        self.private = private
        self.page_size = page_size
        self.rows: dict[tuple[str, str], dict[str, Row]] = {}
        self.gone: dict[tuple[str, str], dict[str, int]] = {}
        self.clock = itertools.count(1)
        self.now = 0
        self.ids = itertools.count(1)
        self.may_read: Rights = _everyone
        self.may_edit: Rights = _everyone
        self.rights_revision = 0
        self.normalise: Callable[[str, dict[str, Value]], dict[str, Value]] = lambda kind, values: values
        self.fault: Callable[[Action], str | None] = lambda action: None
        self.mails: Callable[[Action, Record | None], Mail] = lambda action, before: NO_MAIL
        self.expired = False
        self.moves_change_ids = False
        self.writes = 0
        self.keys: Callable[[str, Record], Collection[Key]] = lambda kind, record: ()

    def schema(self, kind: str) -> Schema:
        return self.schemas[kind]

    def reader(self, space: Space) -> MemoryReader:
        return MemoryReader(self, space)

    def writer(self, space: Space, still_ours: Callable[[], bool]) -> MemoryView:
        return MemoryView(self, space, still_ours)

    def effects(self, action: Action, before: Record | None, context: Context) -> Mail:
        return self.mails(action, before)

    # ---- what people do there ----

    def area(self, kind: str, space: str = "") -> dict[str, Row]:
        return self.rows.setdefault((space if self.private else "", kind), {})

    def add(self, kind: str, values: Mapping[str, Value], space: str = "", mark: str = "", id: str = "") -> Record:
        """Make a record; fields not given are empty."""
        id = id or f"{self.side}-{next(self.ids)}"
        full = dict.fromkeys((field.name for field in self.schemas[kind].fields), None) | dict(values)
        return self._store(kind, space, id, self.normalise(kind, full), mark)

    def change(self, kind: str, id: str, values: Mapping[str, Value], space: str = "") -> Record:
        row = self.area(kind, space)[id]
        return self._store(kind, space, id, self.normalise(kind, {**row.record.values, **values}), row.mark)

    def remove(self, kind: str, id: str, space: str = "") -> None:
        del self.area(kind, space)[id]
        self.gone.setdefault((space if self.private else "", kind), {})[id] = self._tick()

    def records(self, kind: str, space: str = "") -> list[Record]:
        return [row.record for row in self.area(kind, space).values()]

    def _tick(self) -> int:
        self.now = next(self.clock)
        return self.now

    def _store(self, kind: str, space: str, id: str, values: dict[str, Value], mark: str) -> Record:
        now = self._tick()
        record = Record(self.side, kind, id, f"v{now}", values, modified=now)
        self.area(kind, space)[id] = Row(record, mark, now)
        return record


class MemoryReader:
    """One space's view of a MemorySystem, with that space's user's rights."""

    def __init__(self, system: MemorySystem, space: Space) -> None:
        self.system = system
        self.space = space

    def _area(self, kind: str) -> dict[str, Row]:
        return self.system.area(kind, self.space.id)

    def _seen(self, record: Record, parts: Collection[str] = ()) -> Record | Barred:
        users = [member.user for member in self.space.everyone]
        if not any(self.system.may_read(user, record) for user in users):
            return Barred(record.side, record.kind, record.id)
        apart = {f.name for f in self.system.schemas[record.kind].fields if f.part is not None} - set(parts)
        values = {name: value for name, value in record.values.items() if name not in apart}
        return replace(record, values=values, editable=any(self.system.may_edit(user, record) for user in users))

    def collections(self, kind: str) -> Sequence[Reference]:
        container = self.system.schemas[kind].container()
        target = container.type.target if container else None
        if target is None:
            return (Reference("", ""),)
        folders = (self.system.reader(self.space)._area(target)).values()
        return (Reference("", "Contacts"), *(self._reference(row.record) for row in folders))

    def _reference(self, record: Record) -> Reference:
        schema = self.system.schemas[record.kind]
        flags = tuple(field.name for field in schema.fields if record.values[field.name] is True)
        return Reference(record.id, str(record.values[schema.title[0]]), flags)

    def _collection(self, record: Record) -> str:
        container = self.system.schemas[record.kind].container()
        if container is None:
            return ""
        value = record.values[container.name]
        return (value.id or "") if isinstance(value, Reference) else ""

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        head = str(self.system.now)
        for collection, cursor in cursors.items():
            full = not cursor or self.system.expired
            since = 0 if full else int(cursor or 0)
            rows = [row for row in self._area(kind).values() if row.changed > since]
            here = [self._seen(r.record) for r in rows if self._collection(r.record) == collection]
            records = [state for state in here if isinstance(state, Record)]
            barred = [state.id for state in here if isinstance(state, Barred)]
            moved = [r.record.id for r in rows if self._collection(r.record) != collection]
            removed = self.system.gone.get((self.space.id if self.system.private else "", kind), {})
            gone = [] if full else [id for id, at in removed.items() if at > since] + moved
            for start in range(0, len(records), self.system.page_size):
                yield Page(collection, records[start : start + self.system.page_size], full=full)
            yield Page(collection, gone=gone, barred=[] if full else barred, cursor=head, full=full)
        self.system.expired = False

    def read(self, kind: str, ids: Collection[str], parts: Collection[str] = ()) -> Iterator[Record | Gone | Barred]:
        for id in ids:
            row = self._area(kind).get(id)
            yield Gone(self.system.side, kind, id) if row is None else self._seen(row.record, parts)

    def find(self, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        wanted = set(keys)
        for row in self._area(kind).values():
            if isinstance(self._seen(row.record), Record):
                yield from ((key, row.record.id) for key in self.system.keys(kind, row.record) if key in wanted)

    def find_marks(self, kind: str, sent: Collection[Sent]) -> Mapping[str, tuple[str, ...]]:
        marks = {one.action.id for one in sent}
        return {row.mark: (id,) for id, row in self._area(kind).items() if row.mark in marks}

    def names(self, kind: str, names: Collection[str]) -> Mapping[str, tuple[Reference, ...]]:
        found: dict[str, tuple[Reference, ...]] = {}
        for row in self._area(kind).values():
            reference = self._reference(row.record)
            if fold(reference.name) in {fold(name) for name in names}:
                found[fold(reference.name)] = (*found.get(fold(reference.name), ()), reference)
        return found

    def visible(self, kind: str) -> Iterator[str]:
        return (id for id, row in self._area(kind).items() if isinstance(self._seen(row.record), Record))

    def access(self) -> str:
        return str(self.system.rights_revision or "")


class MemoryView(MemoryReader):
    """The same view, with writing."""

    def __init__(self, system: MemorySystem, space: Space, still_ours: Callable[[], bool]) -> None:
        super().__init__(system, space)
        self.still_ours = still_ours

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        for action in actions:
            if not self.still_ours():
                raise LeaseLost("another process holds this space now")
            fault = self.system.fault(action)
            if fault == "refuse":
                yield Refused(action.id, "the side refused it")
            elif fault == "unsent":
                yield Unknown(action.id)
            else:
                outcome = self._do(action, whole=fault != "half")
                yield Unknown(action.id) if fault == "lost" else outcome

    def _do(self, action: Action, whole: bool) -> Outcome:
        system, area = self.system, self._area(action.kind)
        if action.target is None:
            system.writes += 1
            made = {name: self._resolve(action.kind, name, value) for name, value in action.values.items()}
            return Written(action.id, system.add(action.kind, made, self.space.id, action.id))
        row = area.get(action.target)
        if row is None:
            return Written(action.id, None) if action.verb == "delete" else Stale(action.id)
        seen = self._seen(row.record)
        if isinstance(seen, Barred) or not seen.editable:
            return Refused(action.id, "no right to edit")
        if row.record.version != action.expected_version:
            return Stale(action.id)
        system.writes += 1
        if action.verb == "delete":
            system.remove(action.kind, action.target, self.space.id)
            return Written(action.id, None)
        values = {name: self._resolve(action.kind, name, value) for name, value in action.values.items()}
        if action.verb == "move" and system.moves_change_ids:
            return self._move(action, {**row.record.values, **values}, whole)
        changed = system.change(action.kind, action.target, values, self.space.id)
        return Written(action.id, self._written(changed, action))

    def _move(self, action: Action, values: Mapping[str, Value], whole: bool) -> Outcome:
        """Made at its target, unless that was done before, and taken away where it was."""
        system, space = self.system, self.space.id
        there = self._area(action.kind).get(action.copy or "")
        if there is None:
            made = system.add(action.kind, values, space, action.id)
        else:
            made = system.change(action.kind, there.record.id, values, space)
        if not whole:
            return Unknown(action.id)
        system.remove(action.kind, action.target or "", space)
        return Written(action.id, self._written(made, action))

    def _written(self, record: Record, action: Action) -> Record:
        """As the side answers a write: with the parts that were written."""
        seen = self._seen(record, tuple(action.values))
        return seen if isinstance(seen, Record) else record

    def _resolve(self, kind: str, name: str, value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(self._resolve(kind, name, item) for item in value)
        if not isinstance(value, Reference) or value.id is not None:
            return value
        field = self.system.schemas[kind].by_name[name]
        target = (field.type.of or field.type).target or ""
        found = self.names(target, [value.name]).get(fold(value.name))
        if found:
            return found[0]
        first = self.system.schemas[target].title[0]
        return self._reference(self.system.add(target, {first: value.name}, self.space.id))


class MemoryState:
    """The State port in memory, for one organisation."""

    def __init__(self) -> None:
        self.leases: dict[str, tuple[Fence, int]] = {}
        self.fences = itertools.count(1)
        self.feed: dict[tuple[str, str], Feeds] = {}
        self.link: dict[str, tuple[Link, Base]] = {}
        self.journal: dict[str, tuple[Fence, Intent, Ended | None]] = {}
        self.claims: dict[tuple[str, Key], tuple[str, int]] = {}

    def hold(self, space: str, holder: str, now: int, until: int) -> Fence | None:
        held = self.leases.get(space)
        if held and held[1] > now:
            return None
        fence = Fence(space, holder, next(self.fences), until)
        self.leases[space] = (fence, until)
        return fence

    def renew(self, fence: Fence, until: int) -> None:
        self._check(fence)
        self.leases[fence.space] = (fence, until)

    def release(self, fence: Fence) -> None:
        self._check(fence)
        self.leases[fence.space] = (fence, 0)

    def _check(self, fence: Fence) -> None:
        held = self.leases.get(fence.space)
        if held is None or held[0] != fence:
            raise LeaseLost("another process holds this space now")

    def feeds(self, space: str, kind: str) -> Feeds:
        return self.feed.get((space, kind), Feeds())

    def links(
        self,
        space: str,
        kind: str,
        m365_ids: Collection[str] | None = None,
        crm_ids: Collection[str] | None = None,
    ) -> Iterator[tuple[Link, Base]]:
        everything = m365_ids is None and crm_ids is None
        for link, base in list(self.link.values()):
            if (link.space, link.kind) != (space, kind):
                continue
            if everything or link.m365_id in (m365_ids or ()) or link.crm_id in (crm_ids or ()):
                yield link, base

    def parked(self, space: str, kind: str, now: int) -> Iterator[tuple[Link, Base]]:
        for link, base in self.links(space, kind):
            if link.state == "held" or (link.wake_at is not None and link.wake_at <= now):
                yield link, base

    def by_keys(self, space: str, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        for link, _ in self.links(space, kind):
            yield from ((key, link.id) for key in link.keys if key in keys)

    def peers(
        self, space: str, kind: str, identities: Collection[str], crm_ids: Collection[str]
    ) -> Iterator[tuple[Link, Base]]:
        for link, base in list(self.link.values()):
            if (
                link.kind == kind
                and link.space != space
                and ((link.identity and link.identity in identities) or link.crm_id in crm_ids)
            ):
                yield link, base

    def open_intents(self, space: str, kind: str) -> Sequence[Intent]:
        return [
            intent
            for fence, intent, ended in self.journal.values()
            if (fence.space, intent.kind) == (space, kind) and (ended is None or ended.state == "unknown")
        ]

    def claim(self, fence: Fence, kind: str, keys: Collection[Key], now: int, until: int) -> frozenset[Key]:
        self._check(fence)
        taken = set()
        for key in keys:
            space, ends = self.claims.get((kind, key), (fence.space, 0))
            if space != fence.space and ends > now:
                taken.add(key)
            else:
                self.claims[kind, key] = (fence.space, until)
        return frozenset(taken)

    def intend(self, fence: Fence, run: str, intents: Sequence[Intent]) -> None:
        self._check(fence)
        for intent in intents:
            self.journal[intent.action.id] = (fence, intent, None)

    def finish(
        self, fence: Fence, kind: str, ended: Sequence[Ended], changes: Sequence[LinkChange], unclaim: Collection[Key]
    ) -> None:
        self._check(fence)
        for end in ended:
            begun, intent, _ = self.journal[end.action]
            self.journal[end.action] = (begun, intent, end)
        self._apply(changes)
        for key in unclaim:
            if self.claims.get((kind, key), ("", 0))[0] == fence.space:
                del self.claims[kind, key]

    def advance(self, fence: Fence, kind: str, before: Feeds, after: Feeds, changes: Sequence[LinkChange]) -> bool:
        self._check(fence)
        if self.feeds(fence.space, kind) != before:
            return False
        self.feed[fence.space, kind] = after
        self._apply(changes)
        return True

    def _apply(self, changes: Sequence[LinkChange]) -> None:
        for change in changes:
            kept = self.link.pop(change.id, None)
            if change.after is not None:
                base = change.base if change.base is not None else (kept[1] if kept else NO_AGREEMENT)
                self.link[change.id] = (change.after, base)
