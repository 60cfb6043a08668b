"""The compiled form of one rule file: what the runner may ask, and nothing else.

Conditions arrive as plain functions; map lines as Line values; the two hot paths (has anything moved, what would a
new record hold) as generated code that carries rule positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from engine.context import Context, SettingValue
from engine.lenses.base import Lens, Merging, Untranslatable
from engine.records import CRM, NOT_FETCHED, Absence, Key, Record, Reference, Side, Value
from engine.schema import Schema

Condition: TypeAlias = Callable[[Record | None, Record | None, Context], bool]
"""(crm, m365, context); comparisons with empty, missing or not fetched values are false."""

Instants: TypeAlias = Callable[[Record | None, Record | None, Context], datetime | None]

Event: TypeAlias = Literal[
    "created in crm", "created in m365", "deleted in crm", "deleted in m365", "cancelled in m365"
]  # fmt: skip
Policy: TypeAlias = Literal[
    "create in m365", "create in crm", "delete in m365", "delete in crm", "recreate in m365", "recreate in crm",
    "stop syncing", "leave alone", "sync a last time, then stop", "sync", "report", "treat as created",
    "delete that occurrence", "delete the series",
]  # fmt: skip
Winner: TypeAlias = Literal["crm", "m365", "newest"]


class Place(Struct, frozen=True):
    """Where an entry stands now; shown, never stored as a key."""

    file: str
    line: int
    text: str


class Choice(Struct, frozen=True):
    """What a rule chose, and the entry that chose it."""

    policy: Policy
    entry: str


class Reason(Struct, frozen=True):
    """Why a record takes no part: the quoted text of the rule, and its entry. ``side`` is the side it speaks of."""

    text: str
    entry: str
    side: Side


class Direction(Struct, frozen=True):
    """Which writes the settings allow, and the entry that says so."""

    to_m365: bool
    to_crm: bool
    entry: str

    def allows(self, side: Side) -> bool:
        """Whether writes *into* this side are allowed."""
        return self.to_crm if side == "crm" else self.to_m365


class SettingSpec(Struct, frozen=True):
    """One declared setting. ``kind``: choice, flag, list, one, time, duration. ``target`` is (side, kind)
    of references."""

    name: str
    kind: Literal["choice", "flag", "list", "one", "time", "duration"]
    default: SettingValue
    set_by: tuple[Literal["org", "user"], ...]
    choices: tuple[str, ...] = ()
    target: tuple[Side, str] | None = None
    narrowest_wins: bool = False
    help: str = ""
    entry: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """One map entry.

    A line has a field path on at least one side; the other end may be a path, the ``user``, ``today``, a setting or a
    constant (then ``source`` computes what to write, in the terms of the written field, and the line writes one way;
    it raises Untranslatable like a lens). ``to_m365`` and ``to_crm`` are the arrows. ``guard`` is its ``when``; where
    a record is being made, it is asked about the record as it will be. ``slot`` paths (``emailAddresses[1].address``)
    are aligned by base before a line sees them.

    ``always``: it writes whenever the two sides differ after translation, whichever side changed, without a conflict;
    but never an empty value over one that differs from the written side's base (nobody on this side has seen it).

    ``merging``: the line's lens where the lists on both sides are merged element by element; such a line neither
    causes nor follows a conflict or a first agreement. Per direction that is open the new list is
    ``merging.merge(into, own, own base, carried(other side), carried(other side's base), context)``, written where
    ``lens.same`` tells it from what is there; the bases become ``merging.agreed(…)`` of what both sides then hold,
    that of the path ``added`` too. A refused direction leaves its source's base alone but for what was written into
    it: ``merging.merge(side, base, base, other, other base, context)``.

    ``added`` (only of one-way merging lines): a field of the side that is read whose value counts as one more element.
    ``keep_others``: what the entry says; it is bound into ``merging`` already.

    ``sticky`` (only of path-to-path lines that run at every sync): a value of the CRM's field that spreads and stays,
    asked of each side by :meth:`sticks`. (1) A side that holds it now and did not in its base, or has no base, sets the
    other side; nobody asks who wins. (2) Nothing else is ever written over it: what changed on the other side is
    recorded in that side's base and does not travel. (3) A side that gave it up tells nobody either: the change is
    recorded in its base. Values that neither side's base nor record holds as the sticky one travel as on any line.
    """

    entry: str
    crm_path: str | None
    m365_path: str | None
    lens: Lens
    to_m365: bool
    to_crm: bool
    on_create: bool = False
    on_first_sync: bool = False
    always: bool = False
    keep_others: bool = False
    added: str | None = None
    merging: Merging | None = None
    sticky: Value = None
    guard: Condition | None = None
    source: Callable[[Record | None, Record | None, Context], Value] | None = None

    def sticks(self, side: Side, value: Value | Absence, context: Context) -> bool:
        """Whether this side's value is, or means in the CRM's terms, the one that sticks."""
        if self.sticky is None or isinstance(value, Absence):
            return False
        try:
            meant = value if side == CRM else self.lens.to_crm(value, None, context)
        except Untranslatable:
            return False
        return self.lens.same(meant, self.sticky)

    def carried(self, side: Side, values: Mapping[str, Value]) -> Value | Absence:
        """What the line reads of this side's values (or of its base): the field's own, with ``added`` put in where
        this is the side that the line reads from. NOT_FETCHED where one of the two is missing."""
        held = values.get((self.crm_path if side == CRM else self.m365_path) or "", NOT_FETCHED)
        if self.added is None or self.to_m365 is not (side == CRM) or isinstance(held, Absence):
            return held
        more = values.get(self.added, NOT_FETCHED)
        return more if isinstance(more, Absence) else with_one_more(held, more)


def with_one_more(held: Value, one: Value) -> Value:
    """A list with one more element, unless it is empty or there already."""
    elements = held if isinstance(held, tuple) else ()
    return held if one is None or one in elements else (*elements, one)


class MatchEntry(Struct, frozen=True):
    """One way to recognise a record: keys of either side's record, equal exactly when the entry holds."""

    entry: str
    crm_keys: Callable[[Record, Context], tuple[Key, ...]]
    m365_keys: Callable[[Record, Context], tuple[Key, ...]]


class Rival(Struct, frozen=True):
    """One line of a conflict or first-agreement section."""

    winner: Winner
    tie: Side
    entry: str


class Projection(Protocol):
    """What the lines of a rule file make of the other side's values; generated code."""

    def __call__(
        self, values: Mapping[str, Value], context: Context, untold: list[tuple[int, str]] | None = None
    ) -> dict[str, Value]:
        """Value per written path. What has no translation is left out; ``untold`` is told the index of its line and
        the reason."""
        ...


class Copies(Struct, frozen=True, kw_only=True):
    """How the copies of one meeting in several mailboxes make one CRM record.

    ``organiser`` is the CRM path of the user in whose mailbox a meeting from the CRM is made. ``leads`` holds for the
    copy that is read and written; where no mailbox has it and ``first_synced`` says so, the copy met first is read
    alone. ``own`` is the entry by which a user who is not invited gets an event without guests; '' for none.
    """

    entry: str
    organiser: str
    leads: Condition
    first_synced: bool
    own: str


class Series(Struct, frozen=True, kw_only=True):
    """What becomes of the occurrences of a series. ``cancelled``: one went in Microsoft 365 and the series goes on.
    ``deleted``: the CRM record of one went. ``all_deleted``: those of all went."""

    cancelled: Choice
    deleted: Choice
    all_deleted: Choice


def no_parts(crm: Record | None, m365: Record | None, context: Context) -> frozenset[str]:
    """Rules that name no field fetched apart."""
    return frozenset()


class Program(Struct, frozen=True, kw_only=True):
    """One compiled rule file. ``digest`` covers its text, both schemas and the compiler's language number."""

    digest: str
    name: str
    crm: Schema
    m365: Schema
    settings: tuple[SettingSpec, ...]
    entries: Mapping[str, Place]
    lines: tuple[Line, ...]
    conflict_per: Literal["field", "record"]
    fill_empty: bool
    fill_entry: str
    matches: tuple[MatchEntry, ...]
    if_several: Choice
    if_taken: Choice
    if_none: Choice
    barred: Reason | None

    direction: Callable[[Context], Direction]
    scope: Callable[[Record | None, Record | None, Context], Reason | None]
    """The first scope entry that fails, of the sides given; None when all hold."""
    reads_collection: Callable[[Reference, Context], bool]
    """Whether items of this collection can be in scope, from the entries that look at the container alone."""
    leaving: Callable[[Reason, Record | None, Record | None, Context], Choice]
    window: Callable[[Record | None, Record | None, Context], Reason | None]
    """None while inside. A pair is inside while either side's date is (given both); one record is judged alone."""
    window_choice: Choice
    change: Callable[[Event, Record | None, Record | None, Context], Choice]
    conflict: Callable[[Record, Record, Context], Rival]
    first_agreement: Callable[[Record, Record, Context], Rival]
    flip: Instants
    """The next instant after now at which a condition, window or guard over the clock changes for these records."""
    moved: Callable[[Mapping[str, Value], Mapping[str, Value], Mapping[str, Value], Mapping[str, Value]], list[int]]
    """(crm, m365, crm base, m365 base): indexes of path-to-path lines whose raw value differs from its base on either
    side, or that have none; a line over a path that was not fetched is left out. Generated code; the hot path."""
    project: Mapping[Side, Projection]
    """Side to write ▸ (values of the other side, context) ▸ value per written path, for the lines in ``projected``."""
    reads: Mapping[Side, frozenset[str]]
    """The fields of each side that anything in the rules looks at or writes, and those that the schema points out: a
    side may leave all others unread."""
    projected: Mapping[Side, frozenset[int]]
    """Indexes of the lines that ``project`` runs: the first over each path, of the path-to-path lines without a guard
    that write that side and are not ``on first sync``."""

    skip: Mapping[Side, Callable[[Record | None, Record | None, Context], Reason | None]] = {}
    """Side that is then not written ▸ why a pair is left out there for now, creations included, with its base unmoved;
    None while it is not. Sides without such rules are missing. Nothing else stops: the other direction and the
    deletions of either record go on."""
    parts: Callable[[Record | None, Record | None, Context], frozenset[str]] = no_parts
    """Names of the fields of the Microsoft 365 record, of those fetched apart, that are worth a request now."""
    copies: Copies | None = None
    series: Series | None = None
    recalls: tuple[str, ...] = ()
    """Fields of the Microsoft 365 record that the rules ask about once it is gone, and that its base does not hold as
    they are: they are not mapped at every sync, or lists that are merged, of which a base tells only what travels."""
    asks_changed: bool = False
    """Whether any rule asks what changed since the last sync, so that contexts must say so."""

    def place(self, entry: str) -> Place:
        return self.entries[entry]

    def recall(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """What a base of Microsoft 365 keeps of a record beside the mapped paths, under names that no path has."""
        return {f"{_RECALLED}{path}": values[path] for path in self.recalls if path in values}

    def last_known(self, base: Mapping[str, Value]) -> dict[str, Value]:
        """The values of a Microsoft 365 record that is gone, for asking the rules: its base, with what was recalled."""
        plain = {path: value for path, value in base.items() if not path.startswith(_RECALLED)}
        for path in self.recalls:
            plain.pop(path, None)
            if f"{_RECALLED}{path}" in base:
                plain[path] = base[f"{_RECALLED}{path}"]
        return plain


_RECALLED: Final = "last "
