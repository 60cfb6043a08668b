"""What a new record would hold: the map lines that write a side, run on the record of the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from engine.context import Context
from engine.language.program import Line, Program
from engine.lenses.base import Untranslatable
from engine.plans import FieldChange, Refusal
from engine.records import CRM, M365, NO_BASE, Absence, Record, Reference, Side, Value, opposite
from engine.sync.slots import Layout, compose, view


class Draft(Struct, frozen=True):
    """A record to be created: whole ``values`` for the adapter, ``changes`` per path for people, and what the record
    would look like, for judging it by the scope rules before it is made. ``seen`` is the source with its slots."""

    values: Mapping[str, Value]
    changes: tuple[FieldChange, ...]
    refusals: tuple[Refusal, ...]
    record: Record
    seen: Mapping[str, Value]


def draft(
    program: Program,
    layout: Layout,
    side: Side,
    source: Record,
    context: Context,
    home: Reference | None,
    masked: frozenset[str] = frozenset(),
) -> Draft:
    """The record that ``source`` becomes on ``side``. ``home`` is where records without a collection go there;
    ``masked`` fields are left empty.

    Lines with a ``when`` come last: it is asked about the record as the others make it.
    """
    seen = view(source.values, {}, layout.slots[opposite(side)])
    untold: list[tuple[int, str]] = []
    written = program.project[side](seen, context, untold)
    refused = {one.path: one for one in (_refusal(program, side, *told) for told in untold)}
    drafting = _Drafting(side, source, seen, context, written, refused)
    drafting.run(layout.plain[side], None)
    if layout.guarded[side]:
        whole = compose({}, {}, written, layout.slots[side])
        drafting.run(layout.guarded[side], _imagined(program, layout, side, whole, home))
    written = {path: value for path, value in written.items() if value is not None and path not in masked}
    entries = {**layout.entries[side], **drafting.entries}
    changes = tuple([FieldChange(path, None, value, entries[path]) for path, value in written.items()])
    refusals = tuple(refusal for path, refusal in refused.items() if path not in written) if refused else ()
    values = compose({}, {}, written, layout.slots[side])
    return Draft(values, changes, refusals, _imagined(program, layout, side, values, home), seen)


def _refusal(program: Program, side: Side, index: int, reason: str) -> Refusal:
    line = program.lines[index]
    return Refusal(side, (line.crm_path if side == CRM else line.m365_path) or "", reason, line.entry)


@dataclass(slots=True)
class _Drafting:
    """A draft in the making: ``written`` value per path, ``refused`` what has no counterpart, so far."""

    side: Side
    source: Record
    seen: Mapping[str, Value]
    context: Context
    written: dict[str, Value]
    refused: dict[str, Refusal]
    entries: dict[str, str] = field(default_factory=dict)
    """The entries behind what lines wrote here, by path."""

    def run(self, lines: Sequence[tuple[str, Line]], made: Record | None) -> None:
        crm, m365 = (self.source, made) if self.side == M365 else (made, self.source)
        for path, line in lines:
            if path in self.written and not line.on_create:
                continue
            if line.guard is not None and not line.guard(crm, m365, self.context):
                continue
            try:
                value = self._value(line, crm, m365)
            except Untranslatable as problem:
                self.refused[path] = Refusal(self.side, path, problem.reason, line.entry)
                continue
            if value is not None:
                self.written[path] = value
                self.entries[path] = line.entry

    def _value(self, line: Line, crm: Record | None, m365: Record | None) -> Value:
        if line.source is not None:
            return line.source(crm, m365, self.context)
        given = line.carried(opposite(self.side), self.seen)
        if given is None or isinstance(given, Absence):
            return None
        if line.merging is not None:
            return line.merging.merge(self.side, None, NO_BASE, given, NO_BASE, self.context)
        lens = line.lens
        return lens.to_m365(given, None, self.context) if self.side == M365 else lens.to_crm(given, None, self.context)


def _imagined(
    program: Program, layout: Layout, side: Side, values: Mapping[str, Value], home: Reference | None
) -> Record:
    schema = program.m365 if side == M365 else program.crm
    whole: dict[str, Value] = {**layout.blank[side], **values}
    container = schema.container() if home is not None else None
    if container is not None and whole[container.name] is None:
        whole[container.name] = home
    return Record(side, schema.kind, "", "", whole)
