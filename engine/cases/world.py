"""A case as a small world in memory: both systems and what is remembered, ready for a tick of the real runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from msgspec.structs import replace

from engine.cases.model import Setup, Thing, Values
from engine.context import Context, Directory, Names, fold
from engine.language.program import Program
from engine.links import Base, Link, Member, Space
from engine.memory import MemoryReader, MemoryState, MemorySystem, Row
from engine.plans import Action, Mail
from engine.port import Feeds, Page
from engine.records import CRM, M365, Key, Record, Reference, Side, Value
from engine.schema import Schema, Schemas
from engine.sync.lists import facing, remembered
from engine.sync.pipeline import Tick
from engine.sync.slots import Layout, beyond, layout, view

Effects: TypeAlias = Callable[[Action, Record | None, Context], Mail]
"""Whom a write to Microsoft 365 would mail."""

PAIR: Final = "pair"
SERIES: Final = "series"
MEETING: Final = "meeting"


class _System(MemorySystem):
    """A system that knows whom its writes mail, and what is in a series."""

    def __init__(self, side: Side, schemas: Schemas, effects: Effects | None, grouped: bool) -> None:
        own = [schema for (of, _), schema in schemas.items() if of == side]
        super().__init__(side, *own, private=side == M365)
        self.told = effects
        self.grouped = grouped

    def effects(self, action: Action, before: Record | None, context: Context) -> Mail:
        return self.told(action, before, context) if self.told else super().effects(action, before, context)

    def reader(self, space: Space) -> MemoryReader:
        return _Reader(self, space) if self.grouped else super().reader(space)


class _Reader(MemoryReader):
    """A view whose rounds tell what is in the series."""

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        yield from super().changes(kind, cursors)
        ids = [row.record.id for row in self._area(kind).values() if row.record.group]
        for collection in cursors:
            yield Page(collection, groups={SERIES: ids})


class World:
    """One case made ready; ``tick`` plans it, and ``who`` says which record a pair is about."""

    def __init__(
        self, program: Program, schemas: Schemas, setup: Setup, effects: Effects | None = None,
        shape: Layout | None = None,
    ) -> None:  # fmt: skip
        self.program = program
        self.setup = setup
        self.shape = shape or layout(program)
        people = list(setup.people.values())
        connected = [one.name for one in people if one.connected]
        self.directory = Directory(
            {name: name for name in connected},
            {one.name: one.address for one in people if one.connected and one.address},
            {one.name: one.address for one in people if one.address},
        )
        members = [setup.user, *(name for name in connected if name != setup.user)]
        self.contexts = [self._context(user) for user in (members if program.m365.shared else members[:1])]
        shared = tuple(Member(user, user, setup.zone) for user in members) if program.m365.shared else ()
        self.space = Space("org", setup.user, setup.user, setup.zone, shared)
        self.schemas = schemas
        grouped = setup.series is not None
        self.systems = {side: _System(side, schemas, effects if side == M365 else None, grouped) for side in SIDES}
        self.state = MemoryState()
        self.who: dict[str, str] = {}
        """Pair or record id ▸ which record that is; '' for the pair the case is about."""
        self._furnish()

    def _context(self, user: str) -> Context:
        defaults = {spec.name: spec.default for spec in self.program.settings}
        return Context(
            self.setup.clock, self.setup.zone, user, {**defaults, **self.setup.settings}, Names({}), account=user,
            directory=self.directory,
        )  # fmt: skip

    @property
    def context(self) -> Context:
        return self.contexts[0]

    def tick(self, program: Program) -> Tick:
        """A tick by this program, which may be one that is being watched."""
        now = int(self.setup.clock.timestamp() * 1000)
        return Tick(
            program=program, space=self.space, context=self.context, others=tuple(self.contexts[1:]),
            crm=self.systems[CRM], m365=self.systems[M365], state=self.state, run="case", clock=lambda: now, limits={},
        )  # fmt: skip

    # ---- what is there ----

    def _furnish(self) -> None:
        setup, crm, m365 = self.setup, self.systems[CRM], self.systems[M365]
        for thing in setup.there:
            self._thing(thing)
        crm.keys = self._keys
        crm.may_read = lambda user, record: record.id != CRM or setup.fate.get(CRM) != "unreadable"
        crm.may_edit = lambda user, record: record.id != CRM or setup.fate.get(CRM) != "read-only"
        m365.may_read = lambda user, record: record.id != M365 or setup.fate.get(M365) != "unreadable"
        m365.may_edit = lambda user, record: record.id != M365 or setup.fate.get(M365) != "read-only"
        agreed = {side: self.record(side, side, values) for side, values in setup.records.items()}
        for side, record in agreed.items():
            self.who[record.id] = ""
            if setup.fate.get(side) != "deleted":
                self._put(self._now(record))
        if len(agreed) == 2 and setup.agreed:
            self._link(PAIR, agreed[CRM], agreed[M365])
            self._occurrences(agreed[CRM], agreed[M365])
        for number, more in enumerate(setup.more, start=1):
            self._another(number, more.side, more.values, more.taken)
        for one in setup.elsewhere:
            item = self.record(M365, f"in the mailbox of {one.user}", one.values)
            role = "" if one.part == "leads" else one.part
            self._link(f"of {one.user}", agreed[CRM], item, space=one.user, role=role)
        if not setup.first:
            self.state.feed[self.space.id, self.program.name] = Feeds(basis="before")

    def _keys(self, kind: str, record: Record) -> list[Key]:
        if kind != self.program.crm.kind:
            return []
        return [key for entry in self.program.matches for key in entry.crm_keys(record, self.context)]

    def schema(self, side: Side) -> Schema:
        return self.program.crm if side == CRM else self.program.m365

    def record(self, side: Side, id: str, given: Values, version: str = "v1") -> Record:
        """A record that was fetched whole; fields not given are empty, but for where it is and which meeting it is."""
        schema = self.schema(side)
        values: dict[str, Value] = {**dict.fromkeys(schema.by_name), **given}
        self._point(side, schema, values)
        home = self.systems[side].reader(self.space).collections(schema.kind)[0]
        for field in schema.fields:
            held = values[field.name]
            if field.container and field.place and (held is None or _named(held, home.name)):
                values[field.name] = home
        if schema.identity and values[schema.identity] is None:
            values[schema.identity] = id if id.startswith(_OTHERS) else MEETING
        stamp = self.setup.modified.get(side, self.setup.clock - timedelta(hours=1))
        group = SERIES if self.setup.series is not None and side == M365 else ""
        return Record(side, schema.kind, id, version, values, int(stamp.timestamp() * 1000), group=group)

    def _point(self, side: Side, schema: Schema, values: Values) -> None:
        """What a record points to is there."""
        for name, value in values.items():
            kind = schema.by_name[name].type
            target = (kind.of or kind).target
            for one in value if isinstance(value, tuple) else (value,):
                if target is not None and isinstance(one, Reference) and one.id is not None:
                    self._thing(Thing(side, target, one.name, one.flags))

    def _thing(self, thing: Thing) -> None:
        system = self.systems[thing.side]
        schema = system.schemas.get(thing.kind)
        if schema is not None and fold(thing.name) not in system.area(thing.kind, self.space.id):
            values: dict[str, Value] = {schema.title[0]: thing.name, **dict.fromkeys(thing.flags, True)}
            system.add(thing.kind, values, self.space.id, id=fold(thing.name))

    def _now(self, agreed: Record) -> Record:
        """The record as it stands."""
        changed = self.setup.changed.get(agreed.side)
        return self.record(agreed.side, agreed.id, {**agreed.values, **changed}, "v2") if changed else agreed

    def _put(self, record: Record) -> None:
        self.systems[record.side].area(record.kind, self.space.id)[record.id] = Row(record, "", 1)

    def _another(self, number: int, side: Side, values: Values, taken: bool) -> None:
        record = self.record(side, f"another {side} {number}", values)
        self._put(record)
        self.who[record.id] = record.id
        if taken:
            other = self.record(M365, f"another {M365} of {number}", {})
            self._put(other)
            self._link(f"taken {number}", record, other)
            self.who[record.id] = HIDDEN

    def _occurrences(self, crm: Record, m365: Record) -> None:
        for number in range(self.setup.series or 0):
            pair = replace(crm, id=f"crm {number}"), replace(m365, id=f"m365 {number}")
            for record in pair:
                self._put(record)
            self._link(f"occurrence {number}", *pair)

    # ---- what is remembered ----

    def _link(self, id: str, crm: Record, m365: Record, space: str = "", role: str = "") -> None:
        named = m365.values.get(self.program.m365.identity) if self.program.m365.identity else ""
        link = Link(
            id=id, space=space or self.space.id, kind=self.program.name, m365_id=m365.id, crm_id=crm.id,
            crm_version="v1", m365_version="v1", identity=str(named or ""), group=m365.group,
            role=role, agreed_at=int(self.setup.clock.timestamp() * 1000) - 3_600_000,  # type: ignore[arg-type]
        )  # fmt: skip
        self.state.link[id] = (link, self._base(crm, m365))
        self.who[id] = "" if id == PAIR else HIDDEN

    def _base(self, crm: Record, m365: Record) -> Base:
        """What both sides are remembered to have held, as the runner itself remembers it."""
        of: dict[Side, dict[str, Value]] = {}
        seen = {one.side: view(one.values, {}, self.shape.slots[one.side]) for one in (crm, m365)}
        for side in SIDES:
            of[side] = {path: seen[side][path] for path in self.shape.paths[side] if path in seen[side]}
        kept: dict[Side, dict[str, Value]] = {}
        for side, other in ((CRM, M365), (M365, CRM)):
            there = facing(self.program.lines, side, of[other])
            kept[side] = remembered(self.shape.merging[side], side, of[side], {}, self.context, there)
            values = crm.values if side == CRM else m365.values
            kept[side] |= beyond(values, seen[side], {}, self.shape.slots[side])
        return Base(kept[CRM], kept[M365] | self.program.recall(m365.values))


_OTHERS: Final = "another"
HIDDEN: Final = "-"
"""Records that only belong to the scenery."""
SIDES: Final[Sequence[Side]] = (CRM, M365)


def _named(value: Value, name: str) -> bool:
    return isinstance(value, Reference) and fold(value.name) == fold(name)
