"""What a new record would hold: the map lines that write a side, run on the record of the other side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.context import Context
from engine.language.program import Line, Program
from engine.lenses.base import Untranslatable
from engine.plans import FieldChange, Refusal
from engine.records import M365, Record, Reference, Side, Value, opposite
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
    """The record that ``source`` becomes on ``side``. ``home`` is where records without a collection go there."""
    seen = view(source.values, {}, layout.slots[opposite(side)])
    written = dict(program.project[side](seen, context))
    refusals = []
    for path, line in layout.writing[side]:
        try:
            if path not in written or line.on_create:
                value = _value(line, side, source, seen, context)
                if value is not None:
                    written[path] = value
        except Untranslatable as problem:
            refusals.append(Refusal(side, path, problem.reason, line.entry))
    written = {path: value for path, value in written.items() if value is not None}
    values = compose({}, {}, written, layout.slots[side])
    changes = tuple(FieldChange(path, None, value, layout.entries[side][path]) for path, value in written.items())
    return Draft(values, changes, tuple(refusals), _imagined(program, side, values, home), seen)


def _value(line: Line, side: Side, source: Record, seen: Mapping[str, Value], context: Context) -> Value:
    crm, m365 = (source, None) if side == M365 else (None, source)
    if line.guard is not None and not line.guard(crm, m365, context):
        return None
    if line.source is not None:
        return line.source(crm, m365, context)
    given = seen.get((line.crm_path if side == M365 else line.m365_path) or "")
    if given is None:
        return None
    return line.lens.to_m365(given, None, context) if side == M365 else line.lens.to_crm(given, None, context)


def _imagined(program: Program, side: Side, values: Mapping[str, Value], home: Reference | None) -> Record:
    schema = program.m365 if side == M365 else program.crm
    whole: dict[str, Value] = {**dict.fromkeys(schema.by_name), **values}
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
