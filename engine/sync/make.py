"""What a new record would hold: the map lines that write a side, run on the record of the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.context import Context
from engine.language.program import Line, Program
from engine.lenses.base import Untranslatable
from engine.plans import FieldChange, Refusal
from engine.records import M365, NO_BASE, Absence, Record, Reference, Side, Value, opposite
from engine.sync.slots import Layout, compose, view


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be created: whole ``values`` for the adapter, ``changes`` per path for people, and what the record
    would look like, for judging it by the scope rules before it is made. ``seen`` is the source with its slots."""

    values: Mapping[str, Value]
    changes: tuple[FieldChange, ...]
    refusals: tuple[Refusal, ...]
    record: Record
    seen: Mapping[str, Value]


def draft(
    program: Program, layout: Layout, side: Side, source: Record, context: Context, home: Reference | None
) -> Draft:
    """The record that ``source`` becomes on ``side``. ``home`` is where records without a collection go there.

    Lines with a ``when`` come last: it is asked about the record as the others make it.
    """
    seen = view(source.values, {}, layout.slots[opposite(side)])
    drafting = _Drafting(program, layout, side, source, seen, context, dict(program.project[side](seen, context)))
    drafting.run(layout.plain[side], None)
    if layout.guarded[side]:
        drafting.run(layout.guarded[side], _imagined(program, layout, side, drafting.written, home))
    written = {path: value for path, value in drafting.written.items() if value is not None}
    changes = tuple(FieldChange(path, None, value, layout.entries[side][path]) for path, value in written.items())
    refusals = tuple(refusal for path, refusal in drafting.refused.items() if path not in written)
    record = _imagined(program, layout, side, written, home)
    return Draft(compose({}, {}, written, layout.slots[side]), changes, refusals, record, seen)


@dataclass(slots=True)
class _Drafting:
    """A draft in the making: ``written`` value per path, ``refused`` what has no counterpart, so far."""

    program: Program
    layout: Layout
    side: Side
    source: Record
    seen: Mapping[str, Value]
    context: Context
    written: dict[str, Value]
    refused: dict[str, Refusal] = field(default_factory=dict)

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
    program: Program, layout: Layout, side: Side, written: Mapping[str, Value], home: Reference | None
) -> Record:
    schema = program.m365 if side == M365 else program.crm
    whole: dict[str, Value] = {**dict.fromkeys(schema.by_name), **compose({}, {}, written, layout.slots[side])}
    container = schema.container()
    if container is not None and whole[container.name] is None:
        whole[container.name] = home
    return Record(side, schema.kind, "", "", whole)


def names_wanted(
    layout: Layout, side: Side, values: Mapping[str, Value], base: Mapping[str, Value], paired: bool
) -> set[tuple[Side, str, str]]:
    """(side, kind, name) to look up before what changed of these values can be translated. Of a pair that is
    complete, lines that run on creation only translate nothing."""
    wanted: set[tuple[Side, str, str]] = set()
    for path, kind, line in layout.naming[side]:
        value = values.get(path)
        if value is not None and value != base.get(path) and not (paired and line.on_create):
            wanted.update((opposite(side), kind, name) for name in line.lens.names(value))
    return wanted
