"""Which entries and table rows of a rule file the cases exercise: those that had a say in what came of a case.

The program's own answers are listened to; what writes a field, or translates it, is told by the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from engine.cases.model import Case, Setup
from engine.cases.world import World
from engine.context import Context
from engine.language.program import Line, Place, Program, no_parts
from engine.lenses.tables import Direction, TableLens
from engine.links import Link
from engine.plans import Action, Decision, FieldChange
from engine.records import CRM, M365, Record, Side, Value, opposite
from engine.sync.slots import view

Answer = TypeVar("Answer")


class Coverage(Struct, frozen=True):
    """``fired``: entry ▸ names of the cases that exercise it. ``silent`` are entries that none does, in rule order."""

    program: Program
    fired: Mapping[str, tuple[str, ...]]

    @property
    def counted(self) -> list[str]:
        """The entries that can be exercised: all but headings."""
        return sorted(
            (entry for entry in self.program.entries if not _is_heading(entry)),
            key=lambda entry: self.program.entries[entry].line,
        )

    @property
    def silent(self) -> list[tuple[str, Place]]:
        return [(entry, self.program.entries[entry]) for entry in self.counted if entry not in self.fired]


def _is_heading(entry: str) -> bool:
    parts = entry.split("/")
    return len(parts) == 1 or (parts[1] == "translate" and len(parts) == 3)


class Listener:
    """Hears what a program answers, and reads the outcome of each case. ``program`` is the one to decide with."""

    def __init__(self, program: Program) -> None:
        self.plain = program
        self.fired: dict[str, dict[str, None]] = {}
        self.now: datetime | None = None
        self.heard: set[str] = set()
        self.program = self._watched(program)

    def coverage(self) -> Coverage:
        return Coverage(self.plain, {entry: tuple(names) for entry, names in self.fired.items()})

    def begin(self, setup: Setup) -> None:
        self.now, self.heard = setup.clock, set()

    def end(self, case: Case, decisions: Sequence[Decision], world: World) -> None:
        """Take stock of one case that was decided by ``program``."""
        self.heard |= set(_settings(self.plain, case.setup))
        for decision in decisions:
            self.heard |= set(_Reading(self.plain, decision, world).entries())
        for entry in self.heard & self.plain.entries.keys():
            self.fired.setdefault(entry, {})[case.name] = None

    # ---- answers ----

    def _watched(self, program: Program) -> Program:
        copies = program.copies
        return replace(
            program, direction=self._entry_of(program.direction), scope=self._entry_of(program.scope),
            leaving=self._entry_of(program.leaving), window=self._window(program),
            change=self._entry_of(program.change),
            conflict=self._entry_of(program.conflict), first_agreement=self._entry_of(program.first_agreement),
            skip={side: self._entry_of(asked) for side, asked in program.skip.items()}, parts=self._parts(program),
            copies=replace(copies, leads=self._leads(program)) if copies is not None else None,
        )  # fmt: skip

    def _entry_of(self, asked: Callable[..., Answer]) -> Callable[..., Answer]:
        """The question asked, with an ear on the entries behind the answer and behind what is asked about; what
        will be in future is not heard."""

        def hearing(*given: object) -> Answer:
            answer = asked(*given)
            if self._counts(given[-1]):
                self.heard |= {getattr(one, "entry", "") for one in (answer, given[0])}
            return answer

        return hearing

    def _counts(self, context: object) -> bool:
        return isinstance(context, Context) and context.now == self.now

    def _window(self, program: Program) -> Callable[..., object]:
        dates = _dates(program)

        def hearing(crm: Record | None, m365: Record | None, context: Context) -> object:
            outside = program.window(crm, m365, context)
            if self._counts(context):
                empty = [one for one in (crm, m365) if one is not None and _undated(one, dates)]
                self.heard |= {f"{program.name}/window/undated"} if empty else set()
                self.heard |= {outside.entry, program.window_choice.entry} if outside is not None else set()
            return outside

        return hearing

    def _parts(self, program: Program) -> Callable[..., frozenset[str]]:
        if program.parts is no_parts:
            return no_parts

        def hearing(crm: Record | None, m365: Record | None, context: Context) -> frozenset[str]:
            found = program.parts(crm, m365, context)
            self.heard |= {f"{program.name}/fetch/{M365}.{name}" for name in found}
            return found

        return hearing

    def _leads(self, program: Program) -> Callable[..., bool]:
        copies = program.copies
        assert copies is not None

        def hearing(crm: Record | None, m365: Record | None, context: Context) -> bool:
            self.heard.add(f"{program.name}/copies/read from")
            return copies.leads(crm, m365, context)

        return hearing


def _dates(program: Program) -> dict[Side, str]:
    """The fields that the window looks at, as its entries name them."""
    names = [entry.split("/", 2)[2] for entry in program.entries if entry.split("/")[1:2] == ["window"]]
    found = (name.partition(".") for name in names)
    return {side: path for side, _, path in found if side in (CRM, M365)}


def _undated(record: Record, dates: Mapping[Side, str]) -> bool:
    return record.side in dates and record.values.get(dates[record.side]) is None


def _settings(program: Program, setup: Setup) -> Iterator[str]:
    """Settings that a case sets to something else than their default."""
    for spec in program.settings:
        if setup.settings.get(spec.name, spec.default) != spec.default:
            yield spec.entry


# ---- outcomes -------------------------------------------------------------------------------------------------


class _Reading(Struct, frozen=True):
    """The entries that one decision's outcome tells of."""

    program: Program
    decision: Decision
    world: World

    def entries(self) -> Iterator[str]:
        decision, program = self.decision, self.program
        yield decision.entry
        yield from (refusal.entry for refusal in decision.refusals)
        if decision.link is not None:
            yield decision.link.entry
        for action in decision.actions:
            yield action.entry
            if action.verb != "delete":
                yield from self._fields(action)
            if action.verb == "create" and action.side == CRM and action.klass == "create":
                yield program.if_none.entry
        yield from self._kept()
        yield from self._meetings()

    def _fields(self, action: Action) -> Iterator[str]:
        for change in action.changes:
            yield change.entry
            if change.before is None and not change.lost and self.decision.note == "matched":
                yield self.program.fill_entry
            for line in self._lines(action.side, change):
                yield line.entry
                if isinstance(line.lens, TableLens):
                    yield from self._row(line, line.lens, action.side, change)

    def _lines(self, side: Side, change: FieldChange) -> Iterator[Line]:
        """The line behind a change; who won a conflict is told instead of it."""
        for line in self.program.lines:
            path, writes = (line.crm_path, line.to_crm) if side == CRM else (line.m365_path, line.to_m365)
            if path == change.path and writes and (line.entry == change.entry or not _is_line(self.program, change)):
                yield line

    def _row(self, line: Line, lens: TableLens, side: Side, change: FieldChange) -> Iterator[str]:
        given = self._value(opposite(side), line)
        rows = lens.to_m365_rows if side == M365 else lens.to_crm_rows
        if rows(given) == change.after:
            yield from _row_entries(self.program, lens, side, rows, given)

    def _kept(self) -> Iterator[str]:
        """Values that a table kept although the other side's changed."""
        for line in self.program.lines:
            lens = line.lens
            if not isinstance(lens, TableLens) or line.crm_path is None or line.m365_path is None:
                continue
            for side, keeps in lens.keeps.items():
                held, given = self._value(side, line), self._value(opposite(side), line)
                if given == self._before(opposite(side), line) or held is None or given is None:
                    continue
                for keep in keeps:
                    if keep.keeps(held, given):
                        yield f"{self.program.name}/translate/{lens.name}/keep {_said(keep.value)}"

    def _value(self, side: Side, line: Line) -> Value:
        """What this side holds now under the line."""
        row = self.world.systems[side].area(self.world.schema(side).kind, self.world.space.id).get(self._id(side))
        if row is None:
            return None
        found = view(row.record.values, {}, self.world.shape.slots[side])
        return found.get((line.crm_path if side == CRM else line.m365_path) or "")

    def _before(self, side: Side, line: Line) -> Value:
        known = self.world.state.link.get(self.decision.pair)
        if known is None:
            return None
        base = known[1].crm if side == CRM else known[1].m365
        return base.get((line.crm_path if side == CRM else line.m365_path) or "")

    def _id(self, side: Side) -> str:
        for link in (self.decision.link, self.decision.before):
            found = (link.crm_id if side == CRM else link.m365_id) if link is not None else None
            if found is not None:
                return found
        return ""

    # ---- meetings ----

    def _meetings(self) -> Iterator[str]:
        """Entries of copies and series that say how meetings are, rather than answer a question."""
        name, decision = self.program.name, self.decision
        if self.program.copies is not None:
            for action in decision.actions:
                if action.side == M365 and action.verb == "create" and action.entry != self.program.copies.own:
                    yield f"{name}/copies/organiser"
                if action.side == M365 and action.verb == "update":
                    yield f"{name}/copies/write to"
        if self.program.series is not None and any(map(_grouped, (decision.before, decision.link))):
            yield from (f"{name}/series/{one}" for one in _occurrence(decision))


def _grouped(link: Link | None) -> bool:
    return link is not None and bool(link.group)


def _occurrence(decision: Decision) -> Iterator[str]:
    """What happened to one occurrence, as the section series calls it."""
    writes = {(action.verb, action.side) for action in decision.actions}
    if ("create", CRM) in writes:
        yield "occurrence in the window"
    if ("update", CRM) in writes:
        yield "changed occurrence"
    if ("update", M365) in writes:
        yield "changed activity"
    if ("delete", M365) in writes or decision.note.startswith(_WAITS):
        yield "deleted activity"
    if (decision.link is not None and decision.link.reason == _GONE) or ("recreate", M365) in writes:
        yield "deleted series"


_WAITS: Final = "waits in case"
_GONE: Final = "deleted in Microsoft 365"


def _is_line(program: Program, change: FieldChange) -> bool:
    return any(line.entry == change.entry for line in program.lines)


def _row_entries(program: Program, lens: TableLens, into: Side, rows: Direction, given: Value) -> Iterator[str]:
    """The row that translated a value, by what its name says."""
    prefix = f"{program.name}/translate/{lens.name}/"
    left = _said(given) if given in rows.rows else "any other"
    right = _said(rows(given))
    pairs = (left, right) if into == M365 else (right, left)
    arrows = ("<->", "->") if into == M365 else ("<->", "<-")
    yield from (f"{prefix}{pairs[0]}{arrow}{pairs[1]}" for arrow in arrows)


def _said(value: Value) -> str:
    """A constant as entry names have it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
