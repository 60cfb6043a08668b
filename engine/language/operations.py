"""What compiled conditions may call: reading, comparing, clock. Total, and true, false or *not known* (None).

A record that is not there and a field that was not fetched make a test not known: neither the test nor its negation
holds. Comparing with an empty value is false; its negation is true.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

from engine.context import Context, Everything, SettingValue, fold
from engine.language import moments
from engine.language.tree import Unit
from engine.lenses import days
from engine.lenses.base import Lens, Untranslatable
from engine.lenses.text import comparable
from engine.records import M365, NOT_FETCHED, Absence, Record, Reference, Side, Value

Answer: TypeAlias = "bool | None"
Operand: TypeAlias = "Value | Absence"
Moment: TypeAlias = "date | datetime | Absence | None"

# ---- reading --------------------------------------------------------------------------------------------------


def read(record: Record | None, name: str) -> Operand:
    return NOT_FETCHED if record is None else record.values.get(name, NOT_FETCHED)


def item(value: Operand, slot: int) -> Operand:
    """The element in a slot (from 1); empty where the list is shorter."""
    if isinstance(value, tuple):
        return value[slot - 1] if len(value) >= slot else None
    return value


def part(value: Operand, index: int) -> Operand:
    """One part of a structure."""
    return value[index] if isinstance(value, tuple) else value


def parts(value: Operand, index: int) -> Operand:
    """One part of every element of a list."""
    return tuple(one[index] for one in value if isinstance(one, tuple)) if isinstance(value, tuple) else value


def named(value: Operand) -> Operand:
    """What a reference is called."""
    return value.name if isinstance(value, Reference) else value


def names_of(value: Operand) -> Operand:
    return tuple(one.name for one in value if isinstance(one, Reference)) if isinstance(value, tuple) else value


def id_of(value: Operand) -> Operand:
    return value.id if isinstance(value, Reference) else value


def ids_of(value: Operand) -> Operand:
    return tuple(one.id for one in value if isinstance(one, Reference)) if isinstance(value, tuple) else value


def flagged(value: Operand, flag: str) -> Operand:
    """Whether a flag holds for what a reference points to."""
    return flag in value.flags if isinstance(value, Reference) else value


def flags_of(value: Operand, flag: str) -> Operand:
    if not isinstance(value, tuple):
        return value
    return tuple(flag in one.flags for one in value if isinstance(one, Reference))


# ---- comparing ------------------------------------------------------------------------------------------------


def blank(value: Operand | SettingValue) -> bool:
    return value is None or value == () or (isinstance(value, str) and not value.strip())


def equal(one: Operand | SettingValue, other: Operand | SettingValue) -> Answer:
    if isinstance(one, Absence) or isinstance(other, Absence):
        return None
    return not blank(one) and not blank(other) and _alike(one, other)


def _alike(one: Value | SettingValue, other: Value | SettingValue) -> bool:
    if isinstance(other, Reference) and not isinstance(one, Reference):
        one, other = other, one
    if isinstance(one, Reference):
        return _points_to(one, other)
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    if isinstance(one, str) and isinstance(other, str):
        return comparable(one) == comparable(other)
    return one == other


def _points_to(one: Reference, other: Value | SettingValue) -> bool:
    if isinstance(other, Reference):
        if one.id and other.id:
            return one.id == other.id
        return fold(one.name) == fold(other.name)
    return isinstance(other, str) and (one.id == other or fold(one.name) == fold(other))


def is_true(value: Operand | SettingValue) -> Answer:
    return None if isinstance(value, Absence) else value is True


def is_empty(value: Operand | SettingValue) -> Answer:
    return None if isinstance(value, Absence) else blank(value)


def same_instant(context: Context, one: Operand, other: Operand) -> Answer:
    """Whether two times mean one instant, whatever zone they were said in; a day begins at the user's midnight."""
    first, second = instant_of(context, one), instant_of(context, other)
    if isinstance(first, Absence) or isinstance(second, Absence):
        return None
    return first is not None and first == second


def is_connected(context: Context, kind: str, value: Operand) -> Answer:
    """Whether a person is connected, who is told by the id as a user of the CRM or by an account or an address."""
    if isinstance(value, Absence):
        return None
    if not isinstance(value, str) or not value.strip():
        return False
    directory = context.directory
    if kind == "email":
        return directory.connected_at(value) is not None
    return value in (directory.users if kind == "account" else directory.accounts)


def is_fetched(value: Operand) -> Answer:
    return not isinstance(value, Absence)


def is_given(record: Record | None) -> Answer:
    """A record that was handed over may be read; one that may not arrives as barred, never as a record."""
    return True if record is not None else None


def contains(chosen: Operand | SettingValue, value: Operand) -> Answer:
    """``value in chosen``. Everything has all; a list has an empty value, and the place items go to by default (a
    reference with an empty id), when it has the name ``none``."""
    if isinstance(chosen, Everything):
        return True
    if isinstance(chosen, Absence) or isinstance(value, Absence):
        return None
    elements = chosen if isinstance(chosen, tuple) else ()
    if blank(value) or (isinstance(value, Reference) and value.id == ""):
        if any(isinstance(one, str) and fold(one) == "none" for one in elements):
            return True
        if blank(value):
            return False
    return any(not blank(one) and _alike(value, one) for one in elements)


def shares(one: Operand | SettingValue, other: Operand | SettingValue) -> Answer:
    """Whether two lists have an element in common."""
    if isinstance(one, Absence) or isinstance(other, Absence):
        return None
    if isinstance(one, Everything) or isinstance(other, Everything):
        return not blank(other if isinstance(one, Everything) else one)
    return isinstance(one, tuple) and any(contains(other, element) for element in one if not blank(element))


def changed(context: Context, side: Side) -> Answer:
    """Whether this side differs from what was last agreed."""
    return side in context.changed


def negated(answer: Answer) -> Answer:
    return None if answer is None else not answer


def both(*answers: Answer) -> Answer:
    """Whether all hold: false as soon as one is known to fail."""
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def either(*answers: Answer) -> Answer:
    """Whether any holds: true as soon as one is known to."""
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) else False


# ---- clock ----------------------------------------------------------------------------------------------------


def user(context: Context) -> Value:
    return context.user


def account(context: Context) -> Value:
    return context.account


def today(context: Context) -> Value:
    return context.today.isoformat()


def today_at(context: Context, called: str) -> Value:
    """The instant of the user's calendar day at the time that a setting says."""
    found = days.instant(context.today, days.clock(str(context.settings[called])), context.zone)
    return days.written(found or context.now)


def chosen(context: Context, called: str, side: Side, kind: str) -> Value:
    """The record that a setting names, which was looked up before. Raises Untranslatable where the name leads to
    none, or to several."""
    name = context.settings[called]
    if not isinstance(name, str):
        return None
    found = context.names.look_up(side, kind, name)
    if len(found) != 1:
        what = "is not there" if not found else "is there more than once"
        raise Untranslatable(f"what the setting {called} names {what}")
    return found[0]


def found_or_user(lens: Lens, value: Operand, context: Context) -> Value:
    """Whom the lens finds in a value of Microsoft 365; where it finds nobody, the user whose sync it is."""
    if value is None or isinstance(value, Absence):
        return context.user
    try:
        return lens.to_crm(value, None, context) or context.user
    except Untranslatable:
        return context.user


def put(into: Side, lens: Lens, called: str, value: Value, context: Context) -> Value:
    """What a setting names, in the terms of the side it is written into. Raises Untranslatable, naming the setting."""
    if value is None:
        return None
    try:
        return lens.to_m365(value, None, context) if into == M365 else lens.to_crm(value, None, context)
    except Untranslatable as problem:
        raise Untranslatable(f"the setting {called}: {problem.reason}") from problem


def setting(context: Context, called: str) -> SettingValue:
    return context.settings[called]


def this_instant(context: Context) -> Moment:
    return context.now


def this_day(context: Context) -> Moment:
    return context.today


def point(value: Operand) -> Moment:
    """A field's value as a day or an instant."""
    return moments.parse(value) if isinstance(value, str) and value.strip() else _absence(value)


def _absence(value: Operand) -> Moment:
    return value if isinstance(value, Absence) else None


def shifted(context: Context, anchor: Moment, amount: int, unit: Unit) -> Moment:
    if anchor is None or isinstance(anchor, Absence):
        return anchor
    return moments.shifted(anchor, amount, unit, context.zone)


def before(context: Context, value: Operand, moment: Moment) -> Answer:
    return _ordered(context, point(value), moment)


def after(context: Context, value: Operand, moment: Moment) -> Answer:
    return _ordered(context, moment, point(value))


def _ordered(context: Context, one: Moment, other: Moment) -> Answer:
    if isinstance(one, Absence) or isinstance(other, Absence):
        return None
    return one is not None and other is not None and moments.earlier(one, other, context.zone)


def between(context: Context, value: Operand, start: Moment, end: Moment) -> Answer:
    """Inclusive at both ends."""
    found = point(value)
    if isinstance(found, Absence) or isinstance(start, Absence) or isinstance(end, Absence):
        return None
    if found is None or start is None or end is None:
        return False
    return not moments.earlier(found, start, context.zone) and not moments.earlier(end, found, context.zone)


def falls_on(context: Context, one: Operand, other: Operand) -> Answer:
    """Whether two dates or instants lie on one calendar day of the user."""
    first, second = point(one), point(other)
    if isinstance(first, Absence) or isinstance(second, Absence):
        return None
    if first is None or second is None:
        return False
    return moments.local_day(first, context.zone) == moments.local_day(second, context.zone)


def day_of(context: Context, value: Operand) -> Operand:
    """The user's calendar day of a date or an instant, as records hold days."""
    found = point(value)
    if found is None or isinstance(found, Absence):
        return found
    try:
        return moments.local_day(found, context.zone).isoformat()
    except OverflowError:  # the first and the last day of the calendar
        return None


def span_of_day(context: Context, value: Operand) -> Operand:
    """The instants of that day: its first, and the first after it."""
    found = point(value)
    if found is None or isinstance(found, Absence):
        return found
    try:
        day = moments.local_day(found, context.zone)
        return "/".join(days.written(moments.midnight(one, context.zone)) for one in (day, day + timedelta(days=1)))
    except OverflowError:  # the first and the last day of the calendar
        return None


def instant_of(context: Context, value: Operand) -> datetime | Absence | None:
    """The instant that a time means to the user; a day begins at midnight."""
    found = point(value)
    if found is None or isinstance(found, datetime | Absence):
        return found
    try:
        return moments.midnight(found, context.zone)
    except OverflowError:  # the first and the last day of the calendar
        return None


def span_of_instant(context: Context, value: Operand) -> Operand:
    """The second that a time means, as records are looked up by it: from that instant to the next."""
    found = instant_of(context, value)
    if found is None or isinstance(found, Absence):
        return found
    try:
        start = found.astimezone(UTC).replace(microsecond=0)
        return "/".join(days.written(one) for one in (start, start + timedelta(seconds=1)))
    except OverflowError:
        return None


def crossings(context: Context, value: Operand, amount: int, unit: Unit) -> list[datetime]:
    """Instants after now at which now or today, shifted, may pass the value."""
    found = point(value)
    if found is None or isinstance(found, Absence):
        return []
    return moments.crossings(found, amount, unit, context.now.astimezone(UTC), context.zone)
