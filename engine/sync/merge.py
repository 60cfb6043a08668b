"""The three-way comparison of one pair: per mapped field, against what each side held when they last agreed.

A side has changed only against its own base. Where one side changed the other follows; where both did, the conflict
section of the rules decides; where nothing was ever agreed, its first-agreement section does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from engine.context import Context
from engine.language.program import Direction, Line, Program, Reason, Rival
from engine.lenses.base import Untranslatable
from engine.links import Base
from engine.plans import FieldChange, Refusal
from engine.records import CRM, M365, NO_BASE, Absence, Record, Reference, Side, Value, opposite
from engine.sync.lists import ListMerge, added_fields, path_on
from engine.sync.pairs import Pairing
from engine.sync.slots import Layout, guessed, view

ONE_WAY = "not done: one-way"
NO_RIGHT = "no right to edit"


class Bounds(Struct, frozen=True):
    """What keeps one pair from being written as its rules say. ``closed`` sides are not written, with the reason;
    ``masked`` are fields of Microsoft 365 that are not; a difference on an ``agreed`` side is taken as agreed."""

    closed: Mapping[Side, Reason] = {}
    masked: frozenset[str] = frozenset()
    agreed: frozenset[Side] = frozenset()


UNBOUND = Bounds()


@dataclass(slots=True)
class Merged:
    """What a merge came to: changes per written side, the base as it shall stand, and what was refused."""

    changes: dict[Side, list[FieldChange]] = field(default_factory=lambda: {CRM: [], M365: []})
    base: dict[Side, dict[str, Value]] = field(default_factory=lambda: {CRM: {}, M365: {}})
    refusals: list[Refusal] = field(default_factory=list)
    settled: bool = False
    """Whether the base moved without a write."""
    seen: Mapping[Side, Mapping[str, Value]] = field(default_factory=dict)
    """Both records' values with their slots aligned."""


class _Slot(Struct, frozen=True):
    """One pair of paths in one merge: values and bases of both sides."""

    crm: Value
    m365: Value
    crm_base: Value | Absence
    m365_base: Value | Absence
    crm_changed: bool
    m365_changed: bool

    @property
    def agreed_before(self) -> bool:
        return self.crm_base is not NO_BASE and self.m365_base is not NO_BASE


class Merger(Struct, frozen=True):
    """One pair being merged; ``values`` are the records' values with their slots aligned."""

    program: Program
    layout: Layout
    crm: Record
    m365: Record
    base: Base
    context: Context
    direction: Direction
    values: Mapping[Side, Mapping[str, Value]]
    merged: Merged
    bounds: Bounds

    def run(self) -> Merged:
        moved = dict.fromkeys(self.layout.pair_of[index] for index in self._moved())
        slots = [(pair, self._slot(pair)) for pair in moved if pair not in self.layout.merged]
        winner = self._record_winner(slots)
        for pair, slot in slots:
            self._merge_slot(pair, slot, winner)
        for pair in sorted(self.layout.merged):
            self._merge_lists(pair)
        self._fixed_sources()
        return self.merged

    def _moved(self) -> list[int]:
        return self.program.moved(self.values[CRM], self.values[M365], self.base.crm, self.base.m365)

    def _slot(self, pair: int) -> _Slot:
        line = self.program.lines[self.layout.pairs[pair][0]]
        crm_path, m365_path = line.crm_path or "", line.m365_path or ""
        a, b = self.values[CRM][crm_path], self.values[M365][m365_path]
        ba, bb = self.base.crm.get(crm_path, NO_BASE), self.base.m365.get(m365_path, NO_BASE)
        renamed = self._renamed(m365_path, b, bb)
        return _Slot(a, b, ba, bb, _changed(line, a, ba), _changed(line, b, bb) and not renamed)

    def _renamed(self, path: str, value: Value, base: Value | Absence) -> bool:
        """Whether the place a record lies in only got another name: nobody has moved it."""
        field = self.program.m365.by_name.get(path)
        if field is None or not field.place or not isinstance(value, Reference) or not isinstance(base, Reference):
            return False
        return value.id is not None and value.id == base.id

    def _record_winner(self, slots: Sequence[tuple[int, _Slot]]) -> Side | None:
        """The side that wins every line, where the rules decide conflicts per record and both sides changed."""
        if self.program.conflict_per != "record":
            return None
        known = [slot for pair, slot in slots if slot.agreed_before and not self._alone(pair)]
        if any(slot.crm_changed for slot in known) and any(slot.m365_changed for slot in known):
            return self._winner(self.program.conflict)[0]
        return None

    def _alone(self, pair: int) -> bool:
        """Whether these lines have a precedence of their own, and neither cause a conflict nor follow one."""
        return any(line is not None and (line.always or line.sticky is not None) for line in self._lines(pair))

    def _winner(self, rivals: Callable[[Record, Record, Context], Rival]) -> tuple[Side, str]:
        """The side that wins by these rules, and the entry that says so."""
        rival = rivals(self.crm, self.m365, self.context)
        if rival.winner != "newest":
            return rival.winner, rival.entry
        crm, m365 = self.crm.modified or 0, self.m365.modified or 0
        if abs(crm - m365) <= CLOCK_TOLERANCE_MS:
            return rival.tie, rival.entry
        return (CRM if crm > m365 else M365), rival.entry

    def _merge_slot(self, pair: int, slot: _Slot, winner: Side | None) -> None:
        to_m365, to_crm = self._lines(pair)
        if to_m365 is None and to_crm is None:
            return
        line = to_m365 or to_crm
        assert line is not None
        unmoved = slot.agreed_before and not slot.crm_changed and not slot.m365_changed
        if unmoved or self._agrees(to_m365, to_crm, slot):
            self._settle(line, slot)
        elif line.sticky is not None:
            self._stick(line, to_m365, to_crm, slot)
        elif (to_m365 and to_m365.always) or (to_crm and to_crm.always):
            self._overrule(to_m365, to_crm, slot)
        elif not slot.agreed_before:
            self._first(to_m365, to_crm, slot)
        elif line.on_first_sync:
            return
        else:
            self._follow(to_m365, to_crm, slot, winner)

    def _lines(self, pair: int) -> tuple[Line | None, Line | None]:
        """The first line per direction whose guard holds: lines over the same two fields are halves of one."""
        to_m365 = to_crm = None
        for index in self.layout.pairs[pair]:
            line = self.program.lines[index]
            if line.guard is None or line.guard(self.crm, self.m365, self.context):
                open_there = line.to_m365 and (line.m365_path or "").partition(".")[0] not in self.bounds.masked
                to_m365 = to_m365 or (line if open_there else None)
                to_crm = to_crm or (line if line.to_crm else None)
        return to_m365, to_crm

    def _agrees(self, to_m365: Line | None, to_crm: Line | None, slot: _Slot) -> bool:
        """Whether the other side already holds what a write would put there."""
        try:
            if to_m365 and to_m365.lens.same(to_m365.lens.to_m365(slot.crm, slot.m365, self.context), slot.m365):
                return True
        except Untranslatable:
            pass
        try:
            return bool(to_crm and to_crm.lens.same(to_crm.lens.to_crm(slot.m365, slot.crm, self.context), slot.crm))
        except Untranslatable:
            return False

    def _settle(self, line: Line, slot: _Slot) -> None:
        self.merged.base[CRM][line.crm_path or ""] = slot.crm
        self.merged.base[M365][line.m365_path or ""] = slot.m365
        self.merged.settled = True

    def _first(self, to_m365: Line | None, to_crm: Line | None, slot: _Slot) -> None:
        """No agreed state: an empty side is filled and never erases; two values are decided by the rules."""
        line = to_m365 or to_crm
        assert line is not None
        gaps: list[Side] = [side for side, value in ((CRM, slot.crm), (M365, slot.m365)) if _empty(line, value)]
        if gaps:
            if self.program.fill_empty:
                self._write(gaps[0], to_m365, to_crm, slot, lost=False)
            return
        if line.on_first_sync:
            self._settle(line, slot)
            return
        side, entry = self._winner(self.program.first_agreement)
        self._write(_loser(side), to_m365, to_crm, slot, lost=True, entry=entry)

    def _stick(self, line: Line, to_m365: Line | None, to_crm: Line | None, slot: _Slot) -> None:
        """A sticky value travels from wherever it is set, conflict or not; nothing is written over it, and a side that
        gives it up tells nobody. Other values travel as ever."""
        now: dict[Side, bool] = {}
        before: dict[Side, bool] = {}
        for side, value, base in ((CRM, slot.crm, slot.crm_base), (M365, slot.m365, slot.m365_base)):
            now[side], before[side] = (line.sticks(side, one, self.context) for one in (value, base))
        if now[CRM] or now[M365]:
            holding: Side = CRM if now[CRM] else M365
            if before[holding] or now[opposite(holding)]:
                self._settle(line, slot)
            else:
                lost = _changed_on(opposite(holding), slot) and slot.agreed_before
                self._write(opposite(holding), to_m365, to_crm, slot, lost=lost)
            return
        slot = replace(
            slot, crm_changed=slot.crm_changed and not before[CRM], m365_changed=slot.m365_changed and not before[M365]
        )
        if not slot.agreed_before:
            self._first(to_m365, to_crm, slot)
        elif slot.crm_changed or slot.m365_changed:
            self._follow(to_m365, to_crm, slot, None)
        else:
            self._settle(line, slot)

    def _overrule(self, to_m365: Line | None, to_crm: Line | None, slot: _Slot) -> None:
        """A line that writes always: whichever side changed; but no empty value over one nobody here has seen."""
        side: Side = M365 if to_m365 and to_m365.always else CRM
        source, base, changed = (
            (slot.crm, slot.m365_base, slot.m365_changed)
            if side == M365
            else (slot.m365, slot.crm_base, slot.crm_changed)
        )
        if source is None and (base is NO_BASE or changed):
            return
        self._write(side, to_m365, to_crm, slot, lost=changed)

    def _merge_lists(self, pair: int) -> None:
        to_m365, to_crm = self._lines(pair)
        lines: dict[Side, Line] = {}
        if to_m365 is not None:
            lines[M365] = to_m365
        if to_crm is not None:
            lines[CRM] = to_crm
        refused: dict[Side, Refusal] = {}
        for side, line in lines.items():
            refusal = self._forbidden(side, path_on(line, side), line.entry)
            if refusal is not None:
                refused[side] = refusal
        joined = [self.program.lines[index] for index in self.layout.pairs[pair]]
        settled = (joined[0].m365_path or "") in self.bounds.masked and M365 not in self.bounds.closed
        lists = ListMerge(
            lines, self.values, self.base, self.context, frozenset(refused), added_fields(joined), settled
        )
        held: dict[Side, Value] = {}
        for side, line in lines.items():
            path = path_on(line, side)
            wanted = lists.wanted(side)
            if isinstance(wanted, Absence):
                continue
            held[side] = own = self.values[side][path]
            if line.lens.same(wanted, own):
                continue
            if side in refused:
                self.merged.refusals.append(refused[side])
                continue
            held[side] = wanted
            self.merged.changes[side].append(FieldChange(path, own, wanted, line.entry))
        if held:
            for side, line in lines.items():
                held.setdefault(opposite(side), self.values[opposite(side)].get(path_on(line, opposite(side)), None))
            for side, bases in lists.bases(held).items():
                self.merged.base[side].update(bases)
            self.merged.settled = True

    def _follow(self, to_m365: Line | None, to_crm: Line | None, slot: _Slot, winner: Side | None) -> None:
        m365_open = to_m365 is not None and self._open(M365)
        crm_open = to_crm is not None and self._open(CRM)
        if winner is not None and m365_open and crm_open:
            self._write(_loser(winner), to_m365, to_crm, slot, lost=_changed_on(_loser(winner), slot))
        elif slot.crm_changed and slot.m365_changed:
            self._conflict(to_m365, to_crm, slot, m365_open, crm_open)
        elif slot.crm_changed and to_m365:
            self._write(M365, to_m365, to_crm, slot, lost=False)
        elif slot.m365_changed and to_crm:
            self._write(CRM, to_m365, to_crm, slot, lost=False)

    def _conflict(
        self, to_m365: Line | None, to_crm: Line | None, slot: _Slot, m365_open: bool, crm_open: bool
    ) -> None:
        """One-way lines and one-way directions have no conflict: their source counts."""
        if m365_open and crm_open:
            side, entry = self._winner(self.program.conflict)
            self._write(_loser(side), to_m365, to_crm, slot, lost=True, entry=entry)
        elif m365_open:
            self._write(M365, to_m365, to_crm, slot, lost=True)
        elif crm_open:
            self._write(CRM, to_m365, to_crm, slot, lost=True)
        else:
            self._write(M365 if to_m365 else CRM, to_m365, to_crm, slot, lost=True)

    def _write(
        self,
        side: Side,
        to_m365: Line | None,
        to_crm: Line | None,
        slot: _Slot,
        lost: bool,
        entry: str = "",
    ) -> None:
        line = to_m365 if side == M365 else to_crm
        if line is None:
            return
        path = (line.m365_path if side == M365 else line.crm_path) or ""
        if side in self.bounds.agreed:
            self._settle(line, slot)
            return
        refused = self._forbidden(side, path, line.entry)
        if refused is not None:
            self.merged.refusals.append(refused)
            return
        before = slot.m365 if side == M365 else slot.crm
        try:
            after = _translate(line, side, slot, self.context)
        except Untranslatable as problem:
            self.merged.refusals.append(Refusal(side, path, problem.reason, line.entry))
            return
        self.merged.changes[side].append(
            FieldChange(path, before, after, entry or line.entry, lost and before is not None)
        )
        self._settle(line, slot)
        self.merged.base[side][path] = after

    def _open(self, side: Side) -> bool:
        """Whether settings and rules let this side be written; the user's rights are another matter."""
        return self.direction.allows(side) and self._skipped(side) is None

    def _skipped(self, side: Side) -> Reason | None:
        if side in self.bounds.closed:
            return self.bounds.closed[side]
        skip = self.program.skip.get(side)
        return skip(self.crm, self.m365, self.context) if skip else None

    def _forbidden(self, side: Side, path: str, entry: str) -> Refusal | None:
        if not self.direction.allows(side):
            return Refusal(side, path, ONE_WAY, entry, quiet=True)
        skipped = self._skipped(side)
        if skipped is not None:
            return Refusal(side, path, skipped.text, skipped.entry, quiet=True)
        record = self.crm if side == CRM else self.m365
        return None if record.editable else Refusal(side, path, NO_RIGHT, entry)

    def _fixed_sources(self) -> None:
        """Lines whose other end is the user, the day or a constant, where they run on every sync."""
        for line in self.layout.fixed:
            if line.source is None or (line.guard and not line.guard(self.crm, self.m365, self.context)):
                continue
            side: Side = CRM if line.crm_path else M365
            path = line.crm_path or line.m365_path or ""
            before, after = self.values[side][path], line.source(self.crm, self.m365, self.context)
            if line.lens.same(before, after):
                continue
            refused = self._forbidden(side, path, line.entry)
            if refused is not None:
                self.merged.refusals.append(refused)
            else:
                self.merged.changes[side].append(FieldChange(path, before, after, line.entry))


CLOCK_TOLERANCE_MS = 2_000
"""Two modified times closer than this count as equal, and the rule's ``tie`` decides."""


def merge(
    program: Program,
    layout: Layout,
    crm: Record,
    m365: Record,
    base: Base,
    context: Context,
    direction: Direction,
    bounds: Bounds = UNBOUND,
) -> Merged:
    """Compare a pair with its base. Pure; the same inputs give the same result in the same order."""
    of_crm = guessed(base.crm, m365.values, layout.partners[CRM])
    of_m365 = guessed(base.m365, crm.values, layout.partners[M365])
    values: dict[Side, Mapping[str, Value]] = {
        CRM: view(crm.values, of_crm, layout.slots[CRM]),
        M365: view(m365.values, of_m365, layout.slots[M365]),
    }
    return Merger(program, layout, crm, m365, base, context, direction, values, Merged(seen=values), bounds).run()


def changed_sides(program: Program, layout: Layout, pairing: Pairing) -> frozenset[Side]:
    """The sides that hold something else than when they last agreed; a record that is new has changed."""
    crm, m365 = pairing.crm, pairing.m365
    here: dict[Side, Record] = {state.side: state for state in (crm, m365) if isinstance(state, Record)}
    if pairing.link is None or len(here) < 2:
        return frozenset(here)
    found = set()
    for side, record in here.items():
        base = pairing.base.crm if side == CRM else pairing.base.m365
        seen = view(record.values, base, layout.slots[side])
        for line in (program.lines[indexes[0]] for indexes in layout.pairs):
            path = (line.crm_path if side == CRM else line.m365_path) or ""
            if path in seen and path in base and _changed(line, seen[path], base[path]):
                found.add(side)
    return frozenset(found)


def _changed(line: Line, value: Value, base: Value | Absence) -> bool:
    return isinstance(base, Absence) or (value != base and not line.lens.same(value, base))


def _empty(line: Line, value: Value) -> bool:
    """Whether nobody has filled this in: what is the same as nothing (a record in the default folder) counts."""
    return value is None or line.lens.same(value, None)


def _changed_on(side: Side, slot: _Slot) -> bool:
    return slot.crm_changed if side == CRM else slot.m365_changed


def _loser(winner: Side) -> Side:
    return M365 if winner == CRM else CRM


def _translate(line: Line, side: Side, slot: _Slot, context: Context) -> Value:
    if side == M365:
        return line.lens.to_m365(slot.crm, slot.m365, context)
    return line.lens.to_crm(slot.m365, slot.crm, context)
