"""Slots: how rules speak of the first and second e-mail address although systems keep plain lists, and of one part
of a structure.

A value keeps the slot it had when both sides last agreed; a value that is new takes the slot whose value vanished,
else the first free one. What lies beyond the mapped slots is never touched, and a written list has no gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from engine.language.program import Line, Program
from engine.lenses.base import Lens, Merging
from engine.records import Side, Value
from engine.schema import Schema, steps


class SlotGroup(Struct, frozen=True):
    """The mapped slots of one list field, in slot order; ``part`` is the index of the structure part they mean."""

    field: str
    paths: tuple[str, ...]
    part: int | None
    width: int
    lens: Lens


class PartGroup(Struct, frozen=True):
    """The mapped parts of one structure field, with their places among all its parts."""

    field: str
    paths: tuple[str, ...]
    places: tuple[int, ...]
    width: int


Group: TypeAlias = SlotGroup | PartGroup


class Layout(Struct, frozen=True):
    """What of each side's values the lines of a program look at, worked out once per program."""

    slots: Mapping[Side, tuple[Group, ...]]
    pairs: tuple[tuple[int, ...], ...]
    """Indexes of the lines over the same two paths: halves of one slot with one base."""
    pair_of: Mapping[int, int]
    paths: Mapping[Side, tuple[str, ...]]
    """The paths that get a base: those of path-to-path lines that run after the creation too."""
    naming: Mapping[Side, tuple[tuple[str, str, Line], ...]]
    """Per source side: (path, kind named on the other side, line) of lines that write references."""
    plain: Mapping[Side, tuple[tuple[str, Line], ...]]
    """Per written side: (path, line) of the lines without a ``when`` that write it and that the projection does not
    run, in the order of the rules."""
    guarded: Mapping[Side, tuple[tuple[str, Line], ...]]
    """The same for the lines that have one."""
    entries: Mapping[Side, Mapping[str, str]]
    """Per written side and path: the entry behind what the projection writes."""
    merging: Mapping[Side, Mapping[str, Merging]]
    """Per side: paths whose lists are merged element by element, with what is added to them."""
    merged: frozenset[int]
    """Numbers of the pairs of such lists."""
    partners: Mapping[Side, Mapping[str, str]]
    """Per side: slot path ▸ the path of the other side that it goes with."""
    blank: Mapping[Side, Mapping[str, None]]
    """Per side: a record of which all fields are empty."""
    fixed: tuple[Line, ...]
    """Lines that write the user, the day or a constant, not only on creation."""


def layout(program: Program) -> Layout:
    lasting = [i for i, line in enumerate(program.lines) if line.crm_path and line.m365_path and not line.on_create]
    pairs: dict[tuple[str | None, str | None], list[int]] = {}
    for index in lasting:
        line = program.lines[index]
        pairs.setdefault((line.crm_path, line.m365_path), []).append(index)
    lines = [program.lines[index] for index in lasting]
    slots: dict[Side, tuple[Group, ...]] = {
        "crm": _groups(program.crm, [(line.crm_path or "", line) for line in lines]),
        "m365": _groups(program.m365, [(line.m365_path or "", line) for line in lines]),
    }
    return Layout(
        slots=slots,
        pairs=tuple(tuple(indexes) for indexes in pairs.values()),
        pair_of={index: number for number, indexes in enumerate(pairs.values()) for index in indexes},
        paths={
            "crm": _lasting(lines, "crm"),
            "m365": _lasting(lines, "m365"),
        },
        naming={"crm": _naming(program, "crm"), "m365": _naming(program, "m365")},
        plain={"crm": _plain(program, "crm"), "m365": _plain(program, "m365")},
        guarded={"crm": _writing(program, "crm", True), "m365": _writing(program, "m365", True)},
        entries={"crm": _entries(program, "crm"), "m365": _entries(program, "m365")},
        merging={"crm": _merging(lines, "crm"), "m365": _merging(lines, "m365")},
        merged=frozenset(
            number
            for number, indexes in enumerate(pairs.values())
            if any(program.lines[index].merging is not None for index in indexes)
        ),
        partners={
            "crm": _partners(slots["crm"], {line.crm_path or "": line.m365_path or "" for line in lines}),
            "m365": _partners(slots["m365"], {line.m365_path or "": line.crm_path or "" for line in lines}),
        },
        blank={"crm": dict.fromkeys(program.crm.by_name), "m365": dict.fromkeys(program.m365.by_name)},
        fixed=tuple(line for line in program.lines if line.source is not None and not line.on_create),
    )


def _lasting(lines: list[Line], side: Side) -> tuple[str, ...]:
    paths = dict.fromkeys((line.crm_path if side == "crm" else line.m365_path) or "" for line in lines)
    added = {line.added: None for line in lines if line.added is not None and line.to_m365 is (side == "crm")}
    return tuple(paths | added)


def _merging(lines: list[Line], side: Side) -> Mapping[str, Merging]:
    found: dict[str, Merging] = {}
    for line in lines:
        if line.merging is not None:
            found[(line.crm_path if side == "crm" else line.m365_path) or ""] = line.merging
            if line.added is not None and line.to_m365 is (side == "crm"):
                found[line.added] = line.merging
    return found


def _partners(groups: tuple[Group, ...], others: Mapping[str, str]) -> Mapping[str, str]:
    return {path: others[path] for group in groups if isinstance(group, SlotGroup) for path in group.paths}


def _writing(program: Program, side: Side, guarded: bool) -> tuple[tuple[str, Line], ...]:
    found = []
    for line in program.lines:
        path, writes = (line.m365_path, line.to_m365) if side == "m365" else (line.crm_path, line.to_crm)
        if path and writes and (line.guard is not None) is guarded:
            found.append((path, line))
    return tuple(found)


def _plain(program: Program, side: Side) -> tuple[tuple[str, Line], ...]:
    projected = [program.lines[index] for index in program.projected[side]]
    found = _writing(program, side, False)
    return tuple((path, line) for path, line in found if not any(line is one for one in projected))


def _entries(program: Program, side: Side) -> Mapping[str, str]:
    lines = [program.lines[index] for index in sorted(program.projected[side])]
    return {(line.crm_path if side == "crm" else line.m365_path) or "": line.entry for line in lines}


def _naming(program: Program, source: Side) -> tuple[tuple[str, str, Line], ...]:
    found = []
    for line in program.lines:
        if line.crm_path and line.m365_path:
            written = program.m365 if source == "crm" else program.crm
            kind = written.type_at(line.m365_path if source == "crm" else line.crm_path)
            target = (kind.of or kind).target
            if target is not None:
                found.append((line.crm_path if source == "crm" else line.m365_path, target, line))
    return tuple(found)


def _groups(schema: Schema, found: list[tuple[str, Line]]) -> tuple[Group, ...]:
    slotted: dict[str, dict[int, tuple[str, Line]]] = {}
    structures: dict[str, list[str]] = {}
    for path, line in found:
        first, *rest = steps(path)
        if first.slot is not None:
            slotted.setdefault(first.name, {})[first.slot] = (path, line)
        elif rest and schema.by_name[first.name].type.name == "structure":
            structures.setdefault(first.name, []).append(path)
    groups: list[Group] = [_parts(schema, field, list(dict.fromkeys(paths))) for field, paths in structures.items()]
    for name, by_slot in slotted.items():
        ordered = [by_slot[slot] for slot in sorted(by_slot)]
        inner = schema.by_name[name].type.of
        names = [part for part, _ in inner.parts] if inner else []
        inside = steps(ordered[0][0])[1:]
        part = names.index(inside[0].name) if inside else None
        groups.append(SlotGroup(name, tuple(p for p, _ in ordered), part, len(names), ordered[0][1].lens))
    return tuple(groups)


def _parts(schema: Schema, field: str, paths: list[str]) -> PartGroup:
    names = [name for name, _ in schema.by_name[field].type.parts]
    return PartGroup(field, tuple(paths), tuple(names.index(steps(path)[1].name) for path in paths), len(names))


def view(values: Mapping[str, Value], base: Mapping[str, Value], groups: tuple[Group, ...]) -> Mapping[str, Value]:
    """The record's values with one entry more per slot path, aligned by ``base``, and per mapped part."""
    if not groups:
        return values
    seen = dict(values)
    for group in groups:
        if group.field not in values:
            continue
        if isinstance(group, PartGroup):
            seen.update(zip(group.paths, _held(group, values[group.field]), strict=True))
        else:
            seen.update(zip(group.paths, _aligned(group, _column(group, values[group.field]), base), strict=True))
    return seen


def _held(group: PartGroup, value: Value) -> list[Value]:
    return [value[place] if isinstance(value, tuple) else None for place in group.places]


def guessed(base: Mapping[str, Value], other: Mapping[str, Value], partners: Mapping[str, str]) -> Mapping[str, Value]:
    """The base to align slots by: where nothing was agreed yet, what the other side holds says which value is which,
    so that a private address alone in a list is not taken for the business one."""
    if not partners or not base.keys().isdisjoint(partners):
        return base
    return {**base, **{path: other.get(partner) for path, partner in partners.items()}}


def _column(group: SlotGroup, value: Value) -> list[Value]:
    """What the slots mean, for every element of the list."""
    elements = value if isinstance(value, tuple) else ()
    if group.part is None:
        return list(elements)
    return [element[group.part] if isinstance(element, tuple) else None for element in elements]


def _aligned(group: SlotGroup, column: list[Value], base: Mapping[str, Value]) -> list[Value]:
    agreed = [base.get(path) for path in group.paths]
    past = base.get(group.field)
    if agreed.count(None) == len(agreed) and past is None:
        return (column + agreed)[: len(agreed)]
    if column[: len(agreed)] == [value for value in agreed if value is not None]:
        return agreed
    placed: list[Value] = [None] * len(agreed)
    rest = []
    for value in column:
        slot = _slot_of(group, value, agreed, placed)
        if slot is None:
            rest.append(value)
        else:
            placed[slot] = value
    fresh = [value for value in rest if not (isinstance(past, tuple) and value in past)]
    vanished = [i for i, value in enumerate(placed) if value is None and agreed[i] is not None]
    free = vanished + [i for i, value in enumerate(placed) if value is None and agreed[i] is None]
    for slot, value in zip(free, fresh, strict=False):
        placed[slot] = value
    return placed


def beyond(
    values: Mapping[str, Value], seen: Mapping[str, Value], base: Mapping[str, Value], groups: tuple[Group, ...]
) -> dict[str, Value]:
    """What to remember beside the slots: per list field, the values in no slot. They never move into one by
    themselves; only fields that have such values, or had, are named."""
    found: dict[str, Value] = {}
    for group in groups:
        if isinstance(group, PartGroup):
            continue
        held = values.get(group.field)
        if base.get(group.field) is None and (not isinstance(held, tuple) or len(held) <= len(group.paths)):
            continue
        rest = _column(group, held)
        for path in group.paths:
            if seen.get(path) in rest:
                rest.remove(seen.get(path))
        found[group.field] = tuple(rest) or None
    return found


def _slot_of(group: SlotGroup, value: Value, agreed: list[Value], placed: list[Value]) -> int | None:
    for slot, before in enumerate(agreed):
        if placed[slot] is None and before is not None and group.lens.same(before, value):
            return slot
    return None


def compose(
    present: Mapping[str, Value], seen: Mapping[str, Value], written: Mapping[str, Value], groups: tuple[Group, ...]
) -> dict[str, Value]:
    """Whole top-level fields for writing: slot paths folded into their lists, packed, everything beyond kept.

    ``present`` holds the record's own values (empty for a creation), ``seen`` its view, ``written`` value per path.
    """
    whole = dict(written)
    for group in groups:
        paths = [path for path in group.paths if path in whole]
        if not paths:
            continue
        for path in paths:
            del whole[path]
        held = present.get(group.field)
        packed = _joined(group, held, written) if isinstance(group, PartGroup) else _packed(group, held, seen, written)
        whole[group.field] = packed
    return whole


def _joined(group: PartGroup, present: Value, written: Mapping[str, Value]) -> Value:
    """The whole structure with the written parts put in."""
    parts: list[Value] = list(present) if isinstance(present, tuple) else [None] * group.width
    for path, place in zip(group.paths, group.places, strict=True):
        parts[place] = written.get(path, parts[place])
    return tuple(parts)


def _packed(group: SlotGroup, present: Value, seen: Mapping[str, Value], written: Mapping[str, Value]) -> Value:
    elements = list(present) if isinstance(present, tuple) else []
    column = _column(group, tuple(elements))
    slots = []
    for path in group.paths:
        held, after = seen.get(path), written.get(path, seen.get(path))
        element = elements.pop(column.index(held)) if held is not None and held in column else None
        if element is not None:
            column.remove(held)
        if after is not None:
            slots.append(element if after == held and element is not None else _element(group, after))
    return tuple(slots + elements) or None


def _element(group: SlotGroup, value: Value) -> Value:
    if group.part is None:
        return value
    return tuple(value if index == group.part else None for index in range(group.width))
