"""Lists that are merged element by element: people are added and removed on both sides, and all of it survives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from engine.context import Context
from engine.language.program import Line, with_one_more
from engine.lenses.base import Merging
from engine.links import Base
from engine.records import CRM, M365, NO_BASE, NOT_FETCHED, Absence, Side, Value, opposite


class ListMerge(Struct, frozen=True):
    """One pair of list paths being merged. ``values`` are both sides' values, ``lines`` the open line per written
    side, ``refused`` the written sides that must not be written."""

    lines: Mapping[Side, Line]
    values: Mapping[Side, Mapping[str, Value]]
    base: Base
    context: Context
    refused: frozenset[Side]
    added: Mapping[Side, Collection[str]]
    """Per side, the fields that lines over these lists add to them, whether they are open now or not."""
    settled: bool = False
    """Whether what differs now counts as agreed, although it did not travel."""

    def wanted(self, side: Side) -> Value | Absence:
        """The list that this side shall hold; NO_BASE where no line writes it or a value was not fetched."""
        line = self.lines.get(side)
        if line is None or line.merging is None:
            return NO_BASE
        own = self.values[side].get(path_on(line, side), NO_BASE)
        other = line.carried(opposite(side), self.values[opposite(side)])
        if isinstance(own, Absence) or isinstance(other, Absence):
            return NO_BASE
        agreed = self._base(side).get(path_on(line, side), NO_BASE)
        before = self._before(line, opposite(side))
        if agreed is not NO_BASE:
            return line.merging.merge(side, own, agreed, other, before, self.context)
        named = self._named(side, own)
        whole = line.merging.merge(side, (*listed(own), *named), agreed, other, before, self.context)
        return tuple(one for one in listed(whole) if one not in named) or None

    def bases(self, held: Mapping[Side, Value]) -> dict[Side, dict[str, Value]]:
        """What both bases become once the sides hold these lists. Of a side whose changes could not travel only what
        was written into it is agreed; the rest stays known as a difference, and so is what no line carries now."""
        found: dict[Side, dict[str, Value]] = {CRM: {}, M365: {}}
        for side in held:
            line = self.lines.get(opposite(side)) or self.lines[side]
            assert line.merging is not None
            path = path_on(line, side)
            base = self._base(side).get(path, NO_BASE)
            if opposite(side) in self.refused:
                found[side].update(self._only_written(side, path, base))
                continue
            other = NO_BASE if self.settled else self._whole(opposite(side), held)
            found[side][path] = line.merging.agreed(side, held[side], base, self.context, other)
            for added in self.added[side]:
                value, more = self.values[side].get(added, NOT_FETCHED), self._base(side).get(added, NO_BASE)
                if not isinstance(value, Absence):
                    found[side][added] = line.merging.agreed(side, value, more, self.context, other)
        return found

    def _named(self, side: Side, own: Value) -> tuple[Value, ...]:
        """Who is on this side by another field alone: no news to its list when both meet."""
        named = (self.values[side].get(added) for added in self.added[side])
        return tuple(one for one in named if one is not None and one not in listed(own))

    def _whole(self, side: Side, held: Mapping[Side, Value]) -> Value:
        """Everybody on this side, those in added fields too."""
        whole = held[side]
        for added in self.added[side]:
            whole = with_one_more(whole, self.values[side].get(added))
        return whole

    def _before(self, line: Line, side: Side) -> Value | Absence:
        """What the line read of this side when both agreed; an added field that no base knows was nobody then."""
        base = self._base(side)
        found = line.carried(side, base)
        return base.get(path_on(line, side), NO_BASE) if isinstance(found, Absence) else found

    def _only_written(self, side: Side, path: str, base: Value | Absence) -> dict[str, Value]:
        line = self.lines.get(side)
        if line is None or line.merging is None or isinstance(base, Absence) or side in self.refused:
            return {}
        other = line.carried(opposite(side), self.values[opposite(side)])
        if isinstance(other, Absence):
            return {}
        before = self._before(line, opposite(side))
        return {path: line.merging.merge(side, base, base, other, before, self.context)}

    def _base(self, side: Side) -> Mapping[str, Value]:
        return self.base.crm if side == CRM else self.base.m365


def added_fields(lines: Iterable[Line]) -> dict[Side, Collection[str]]:
    """Per side, the fields that some line adds to the list it reads there."""
    found: dict[Side, dict[str, None]] = {CRM: {}, M365: {}}
    for line in lines:
        if line.added is not None:
            found[CRM if line.to_m365 else M365][line.added] = None
    return {side: tuple(paths) for side, paths in found.items()}


def listed(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else ()


def path_on(line: Line, side: Side) -> str:
    return (line.crm_path if side == CRM else line.m365_path) or ""


def remembered(
    merging: Mapping[str, Merging],
    side: Side,
    values: Mapping[str, Value],
    base: Mapping[str, Value],
    context: Context,
    others: Mapping[str, Value],
) -> dict[str, Value]:
    """Values as a base keeps them: of lists that are merged, who is on both sides. ``others`` is what :func:`facing`
    says; where it has nothing for a path, everybody who is known counts as agreed."""
    kept = dict(values)
    for path, lens in merging.items():
        if path in kept:
            kept[path] = lens.agreed(side, kept[path], base.get(path, NO_BASE), context, others.get(path, NO_BASE))
    return kept


def facing(lines: Iterable[Line], side: Side, values: Mapping[str, Value]) -> dict[str, Value]:
    """Per path of this side whose list is merged: everybody on the other side, which holds these values."""
    found: dict[str, Value] = {}
    merging = [line for line in lines if line.merging is not None]
    for line in merging:
        whole = found.get(path_on(line, side), values.get(path_on(line, opposite(side))))
        if line.added is not None and line.to_m365 is (side == M365):
            whole = with_one_more(whole, values.get(line.added))
        found[path_on(line, side)] = whole
    for line in merging:
        if line.added is not None and line.to_m365 is (side == CRM):
            found[line.added] = found[path_on(line, side)]
    return found
