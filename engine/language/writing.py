"""Which fields map lines write: none that can't be written, no place of a list twice, no field by two lines."""

from __future__ import annotations

from collections.abc import Sequence

from engine.language.checked import FieldRef, MapRule, RuleSet
from engine.language.diagnostics import Note, Problems, Span
from engine.language.wording import SIDE_NAMES
from engine.records import CRM, M365, Side
from engine.schema import steps


def writes(rule: MapRule, side: Side) -> bool:
    """Whether the line's arrow leads to this side."""
    return rule.arrow != ("<-" if side == M365 else "->")


def check_ends(rules: RuleSet, rule: MapRule, problems: Problems) -> None:
    """Parts are mapped of structures only, and what its own system alone writes is only read."""
    for side, end in ((CRM, rule.left), (M365, rule.right)):
        if not isinstance(end, FieldRef):
            continue
        schema = rules.crm if side == CRM else rules.m365
        first, *rest = steps(end.path)
        whole = schema.by_name[first.name].type.name != "structure"
        if rest and first.slot is None and whole:
            hint = f"Map “{first.name}” as a whole, or one place of a list: {first.name}[1]."
            problems.add("T309", end.span, f"A part of “{first.name}” can't be mapped on its own.", hint)
        elif writes(rule, side) and not schema.by_name[first.name].writable:
            text = f"Only {SIDE_NAMES[side]} itself writes “{first.name}”."
            hint = f"Read it instead: {'->' if side == CRM else '<-'}"
            problems.add("T310", end.span, text, hint)


def check_slots(rules: RuleSet, side: Side, problems: Problems) -> None:
    """Mapped places of a list: from the first, without gaps, one part of each, and not the whole list beside them."""
    slots: dict[str, dict[int, tuple[str, Span]]] = {}
    whole: dict[str, Span] = {}
    for ref in _mapped(rules, side):
        first, *rest = steps(ref.path)
        if first.slot is None:
            whole[first.name] = ref.span
            continue
        part = ".".join(step.name for step in rest)
        known = slots.setdefault(first.name, {}).setdefault(first.slot, (part, ref.span))
        if known[0] != part:
            note = Note(known[1], "the other part")
            text = f"“{first.name}[{first.slot}]” is mapped by two of its parts."
            problems.add("T311", ref.span, text, "Map one part of every place.", note)
    for name, found in slots.items():
        last = max(found)
        for number in range(1, last):
            if number not in found:
                text = f"“{name}[{last}]” is mapped, and “{name}[{number}]” is not."
                problems.add("T311", found[last][1], text, f"Map the places from 1 on: {name}[{number}] comes first.")
                break
        if len({part for part, _ in found.values()}) > 1:
            problems.add("T311", found[last][1], f"The places of “{name}” are mapped by different parts.", "Map one.")
        if name in whole:
            text = f"“{name}” is mapped as a whole and by its places."
            problems.add("T311", whole[name], text, "Keep one of the two.")


def _mapped(rules: RuleSet, side: Side) -> Sequence[FieldRef]:
    ends = (rule.left if side == CRM else rule.right for rule in rules.lines)
    return [end for end in ends if isinstance(end, FieldRef)]


def check_writers(rules: RuleSet, side: Side, problems: Problems) -> None:
    """Two lines that always write one field: the second would never act, or both would act in turn."""
    first: dict[tuple[str, bool], MapRule] = {}
    for rule in rules.lines:
        end = rule.left if side == CRM else rule.right
        if not isinstance(end, FieldRef) or not writes(rule, side) or rule.guard is not None:
            continue
        known = first.setdefault((end.path, rule.timing == "on create"), rule)
        if known is not rule:
            note = Note(known.entry.span, "written here already")
            text = f"“{end.path}” is written by another line, so this one would never have a say."
            problems.add("T312", end.span, text, "Delete one of the two, or give each its own “when”.", note)
