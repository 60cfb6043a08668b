"""Map lines against the types of both schemas: the lens of every line, and whether its arrow keeps what it promises.

``<->`` is a promise: both directions exist and undo each other. What loses information must be written one way.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.language import modifiers, writing
from engine.language.checked import (
    Constant,
    FieldRef,
    LensUse,
    MapRule,
    Operand,
    RuleSet,
    SettingRef,
    TodayRef,
    UserRef,
)
from engine.language.choices import fits
from engine.language.diagnostics import Problems
from engine.language.suggestions import did_you_mean
from engine.language.wording import described, shown
from engine.lenses import registry
from engine.lenses.base import Ends, Lens, Merging
from engine.lenses.tables import TableLens
from engine.records import CRM, M365
from engine.schema import ACCOUNT, DATE, FLAG, INSTANT, USER, Schema, Type, steps


def lenses(rules: RuleSet, tables: Mapping[str, TableLens], problems: Problems) -> dict[str, Lens]:
    """The lens of every map line, by entry id; a line with a problem may have none."""
    found: dict[str, Lens] = {}
    for rule in rules.lines:
        lens = _lens(rules, rule, tables, problems)
        if lens is not None:
            found[rule.entry.id] = lens
        writing.check_ends(rules, rule, problems)
    for side in (CRM, M365):
        writing.check_slots(rules, side, problems)
        writing.check_writers(rules, side, problems)
    return found


def _lens(rules: RuleSet, rule: MapRule, tables: Mapping[str, TableLens], problems: Problems) -> Lens | None:
    left, right = rule.left, rule.right
    if isinstance(left, FieldRef) and isinstance(right, FieldRef):
        ends = Ends(left.type, right.type, _length(rules.crm, left), _length(rules.m365, right))
        lens = _checked(rule, left, right, _between(rule, left, right, ends, tables, problems), problems)
    else:
        lens = _from_source(rules, rule, tables, problems)
    modifiers.check(rules, rule, lens, problems)
    return lens


def _length(schema: Schema, ref: FieldRef) -> int | None:
    return schema.by_name[steps(ref.path)[0].name].max_length


def _between(
    rule: MapRule, left: FieldRef, right: FieldRef, ends: Ends, tables: Mapping[str, TableLens], problems: Problems
) -> Lens | None:
    use = rule.lens
    if use is None:
        lens = registry.default(ends)
        if lens is None:
            fitting = registry.fitting(ends)
            hint = (
                f"Say what turns one into the other: as {fitting[0]}"
                if fitting
                else "Write a translate section for it, or map other fields."
            )
            text = f"“{left.path}” holds {described(ends.crm)} and “{right.path}” {described(ends.m365)}."
            problems.add("T301", rule.arrow_span, text, hint)
        return lens
    if use.translation is not None:
        return tables[use.translation.name]
    return _named(use, ends, tables, problems)


def _named(use: LensUse, ends: Ends, tables: Mapping[str, TableLens], problems: Problems) -> Lens | None:
    if use.name not in registry.LENSES:
        known = [*registry.LENSES, *tables]
        hint = did_you_mean(use.name, known) or f"There are: {', '.join(sorted(known))}."
        problems.add("T302", use.span, f"No translation is called “{use.name}”.", hint)
        return None
    return registry.LENSES[use.name](ends)


def _checked(rule: MapRule, left: FieldRef, right: FieldRef, lens: Lens | None, problems: Problems) -> Lens | None:
    """The lens, if it fits between these fields and keeps the promise of the arrow."""
    if lens is None:
        return None
    misfit = lens.accepts(left.type, right.type)
    if misfit is not None:
        ends = Ends(left.type, right.type)
        fitting = registry.fitting(ends)
        hint = f"Write “as {fitting[0]}”." if fitting else "Map other fields."
        if registry.default(ends) is not None:
            hint = "Leave “as …” out."
        text = f"{misfit}; “{left.path}” holds {described(left.type)}, “{right.path}” {described(right.type)}."
        problems.add("T303", rule.lens.span if rule.lens else rule.arrow_span, text, hint)
        return None
    lens = modifiers.tuned(rule, lens, problems)
    if rule.timing == "on first sync" and isinstance(lens, Merging):
        problems.add("T308", rule.entry.span, "Lists are merged at every sync.", "Leave “on first sync” out.")
    if rule.arrow == "<->" and not lens.lossless:
        text = f"“{left.path}” and “{right.path}” don't have the same values, so nothing goes both ways unchanged."
        hint = "Write a translate section for it, or one arrow: -> or <-."
        problems.add("T304", rule.arrow_span, text, hint)
    elif left.type.name == "choice" and right.type.name == "choice" and rule.lens is None:
        _check_subset(rule, left, right, problems)
    return lens


def _check_subset(rule: MapRule, left: FieldRef, right: FieldRef, problems: Problems) -> None:
    given, held = (left, right) if rule.arrow != "<-" else (right, left)
    missing = [value for value in given.type.choices if value not in held.type.choices and not held.type.open]
    if given.type.open and not held.type.open and rule.arrow != "<->":
        text = f"“{given.path}” can hold values of its own, which “{held.path}” has not."
        problems.add("T304", rule.arrow_span, text, "Write a translate section that says what becomes of any other.")
    elif missing and rule.arrow != "<->":
        text = f"“{held.path}” has no “{missing[0]}”, which “{given.path}” can hold."
        problems.add("T304", rule.arrow_span, text, "Write a translate section that says what becomes of it.")


# ---- ends that are no field ---------------------------------------------------------------------------------------


def _from_source(rules: RuleSet, rule: MapRule, tables: Mapping[str, TableLens], problems: Problems) -> Lens | None:
    """A line from the user, today, a setting or a constant into a field."""
    target, source = (rule.left, rule.right) if isinstance(rule.left, FieldRef) else (rule.right, rule.left)
    if not isinstance(target, FieldRef):
        hint = "Name a field of the CRM on the left, or one of Microsoft 365 on the right."
        problems.add("T305", rule.entry.span, "This line names no field to write.", hint)
        return None
    arrow = "<-" if target.side == CRM else "->"
    if rule.arrow != arrow:
        text = f"“{target.path}” is the only field here, so the arrow must point to it."
        problems.add("T306", rule.arrow_span, text, f"Write {arrow}")
    if rule.keep_others is not None:
        problems.add("T314", rule.keep_others, "This line joins no two lists.", "Leave “keep others” out.")
    _check_timing(rule, source, problems)
    length = _length(rules.crm if target.side == CRM else rules.m365, target)
    if rule.lens is not None:
        return _from_record(rules, rule, rule.lens, source, target, length, tables, problems)
    if rule.at is not None and not isinstance(source, TodayRef):
        problems.add("T313", rule.at.span, "There is no day here that needs a time of day.", "Leave “at” out.")
    misfit = _misfit(source, target.type, rule.at is not None)
    if misfit:
        problems.add(
            "T307", source.span, f"“{target.path}” holds {described(target.type)}, not {misfit}.", _wanted(target.type)
        )
        return None
    return registry.default(Ends(target.type, target.type, length, length))


def _from_record(
    rules: RuleSet, rule: MapRule, use: LensUse, source: Operand, target: FieldRef, length: int | None,
    tables: Mapping[str, TableLens], problems: Problems,
) -> Lens | None:  # fmt: skip
    """A line from a setting that chooses one record of the other side, which a lens can translate."""
    if not isinstance(source, SettingRef) or source.spec.target is None or source.spec.kind != "one":
        hint = f"Leave “as {use.name}” out."
        problems.add("T303", use.span, "Only fields, and settings that choose a record, can be translated.", hint)
        return None
    side, kind = source.spec.target
    given = _reference(rules.crm if side == CRM else rules.m365, kind)
    crm, m365 = (given, target.type) if target.side == M365 else (target.type, given)
    lens = None if use.translation else _named(use, Ends(crm, m365, length, length), tables, problems)
    misfit = lens.accepts(crm, m365) if lens is not None else f"“{use.name}” translates two fields"
    if lens is not None and misfit is None and side == target.side:
        misfit = f"“setting.{source.spec.name}” and “{target.path}” are on one side"
    if misfit is None:
        return lens
    if lens is not None or use.translation:
        problems.add("T303", use.span, f"{misfit}.", "Use the lens of the line that maps this field.")
    return None


def _reference(schema: Schema, kind: str) -> Type:
    """References to this kind as the side's records hold them, with what is known of each."""
    known = (field.type for field in schema.fields if field.type.name == "reference" and field.type.target == kind)
    return next(known, Type("reference", target=kind))


def _check_timing(rule: MapRule, source: Operand, problems: Problems) -> None:
    if rule.timing == "on first sync":
        hint = "Write: on create"
        problems.add("T308", rule.entry.span, "“on first sync” joins two fields; this line has one.", hint)
    elif isinstance(source, TodayRef) and rule.timing is None:
        text = "Today is another day tomorrow, so this field would be written every day."
        problems.add("T308", source.span, text, "Write “on create” at the end of the line.")


def _misfit(source: Operand, target: Type, timed: bool) -> str:
    """What the source is, where the target can't hold it; '' where it can."""
    match source:
        case UserRef():
            return "" if target in (USER, ACCOUNT) else "a user"
        case TodayRef():
            return "" if target == (INSTANT if timed else DATE) else "a date and time" if timed else "a date"
        case SettingRef(spec=spec):
            if spec.kind == "flag":
                return "" if target == FLAG else "yes or no"
            fitting = spec.kind == "choice" and all(fits(word, target) for word in spec.choices)
            return "" if fitting else f"what the setting “{spec.name}” can be"
        case Constant(value=value):
            return "" if fits(value, target) else shown(value)
    return f"a field like “{source.path}”"


def _wanted(target: Type) -> str:
    if target.name == "choice":
        return f"Write one of: {', '.join(target.choices)}."
    return {
        "flag": "Write yes or no.",
        "user": "Write user.",
        "account": "Write user.",
        "date": "Write today, with “on create”.",
        "instant": "Write today, with “at” and a setting with a time of day, and “on create”.",
        "integer": "Write a whole number" + (f" from 0 to {target.limit}." if target.limit is not None else "."),
    }.get(target.name, "Write text in quotation marks." if fits("", target) else "Map it from a field instead.")
