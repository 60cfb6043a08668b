"""The words behind the two ends of a map line: whether each has something to do there."""

from __future__ import annotations

from engine.language.checked import FieldRef, MapRule, RuleSet
from engine.language.choices import fits
from engine.language.diagnostics import Problems
from engine.language.wording import described, shown
from engine.language.writing import writes
from engine.lenses.base import Lens, Merging, Timed
from engine.records import M365
from engine.schema import USER


def tuned(rule: MapRule, lens: Lens, problems: Problems) -> Lens:
    """The lens with what the words behind it say: a time of day, elements to keep."""
    into_crm = rule.arrow != "->"
    if rule.at is not None and isinstance(lens, Timed) and into_crm:
        lens = lens.starting_at(rule.at.spec.name)
    elif rule.at is not None:
        text = "This line puts no time of day to a day, so “at” has nothing to do here."
        problems.add("T313", rule.at.span, text, "Leave “at” out.")
    elif isinstance(lens, Timed) and into_crm:
        text = "A day comes from Microsoft 365, and the CRM needs a time of day besides."
        problems.add("T313", rule.arrow_span, text, "Say where it comes from: at, and a setting with a time of day.")
    if rule.keep_others is not None:
        if isinstance(lens, Merging):
            return lens.keeping_others()
        text = "This line joins no lists of which one side could hold elements that the other can't."
        problems.add("T314", rule.keep_others, text, "Leave “keep others” out.")
    return lens


def check(rules: RuleSet, rule: MapRule, lens: Lens | None, problems: Problems) -> None:
    """The words that don't belong to the lens; ``lens`` is None where the line has another problem."""
    _check_added(rule, lens, problems)
    _check_always(rule, lens, problems)
    _check_sticky(rule, lens, problems)
    _check_or_user(rule, lens, problems)
    _check_guests(rules, rule, problems)


def _joins_fields(rule: MapRule) -> bool:
    return isinstance(rule.left, FieldRef) and isinstance(rule.right, FieldRef)


def _check_added(rule: MapRule, lens: Lens | None, problems: Problems) -> None:
    """``with`` puts one value more into the list that a line reads, and can't say what came back of it."""
    if rule.added is None:
        return
    source = rule.left if rule.arrow == "->" else rule.right
    kind = source.type.of if isinstance(source, FieldRef) else None
    if lens is None and isinstance(source, FieldRef) and source.type.of is not None:
        return  # the types of this line don't fit anyway
    if not isinstance(lens, Merging) or rule.arrow == "<->" or rule.added.type != kind:
        text = f"“{rule.added.path}” can't be added to what this line reads."
        hint = "“with” adds a field to a list of its kind, on a line with one arrow that merges lists."
        problems.add("T315", rule.added.span, text, hint)


def _check_always(rule: MapRule, lens: Lens | None, problems: Problems) -> None:
    """``always`` needs one side that is right and one that is written, at every sync."""
    if rule.always is None:
        return
    if rule.arrow == "<->" or not _joins_fields(rule) or rule.timing is not None or isinstance(lens, Merging):
        text = "“always” makes one field follow another at every sync, so it needs two fields and one arrow."
        problems.add("T316", rule.always, text, "Write -> or <- between two fields, or leave “always” out.")


def _check_sticky(rule: MapRule, lens: Lens | None, problems: Problems) -> None:
    """``sticky`` needs changes to compare: two fields, at every sync, neither of them always right."""
    if rule.sticky is None:
        return
    once = rule.timing is not None or rule.always is not None
    if not isinstance(rule.left, FieldRef) or not _joins_fields(rule) or once or isinstance(lens, Merging):
        text = "“sticky” lets one value of a field spread and stay, so it needs two fields that are synced every time."
        problems.add("T317", rule.sticky.span, text, "Leave “sticky” out, or the other words of this line.")
    elif not fits(rule.sticky.value, rule.left.type):
        text = f"“{rule.left.path}” holds {described(rule.left.type)}, never {shown(rule.sticky.value)}."
        problems.add("T318", rule.sticky.span, text, "Write a value of the CRM's field.")


def _check_or_user(rule: MapRule, lens: Lens | None, problems: Problems) -> None:
    """``else user`` fills a field with one user when the record is made; later it would overwrite whom people chose."""
    if rule.or_user is None:
        return
    finds = _joins_fields(rule) and isinstance(rule.left, FieldRef) and rule.left.type == USER
    if not finds or rule.arrow != "<-" or rule.timing != "on create" or isinstance(lens, Merging):
        text = "“else user” names the user of a new record where the other side names nobody."
        hint = "Write it on a line into one user of the CRM: owner <- m365.field as lens, else user on create"
        problems.add("T319", rule.or_user, text, hint)


def _check_guests(rules: RuleSet, rule: MapRule, problems: Problems) -> None:
    """A list of guests is replaced whole: whoever is left out gets a cancellation."""
    end = rule.right
    if not isinstance(end, FieldRef) or end.path != rules.m365.guests or not writes(rule, M365):
        return
    if rule.keep_others is None:
        text = f"Guests in “{end.path}” whom the CRM does not know would be sent a cancellation."
        problems.add("T327", end.span, text, "Write at the end of the line: keep others")
