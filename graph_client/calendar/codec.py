"""Between Graph's JSON and the values rules see of an event, driven by the field table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from engine.records import M365, Record, Reference, Value
from engine.zoned import Zoned
from graph_client.answers import Json
from graph_client.calendar.attendees import address_of, addresses, merged
from graph_client.calendar.bodies import Body, read_body, tidy, written_body
from graph_client.calendar.recurrence import read_rule, written_rule
from graph_client.calendar.times import (
    Unfit,
    Unreadable,
    read_instant,
    read_time,
    same_time,
    span,
    wall_time,
    written_time,
)
from graph_client.codec import etag, milliseconds
from graph_client.fields import DEFAULT_CALENDAR, EVENT_ROWS

Row: TypeAlias = Mapping[str, Json]

KIND: Final = "event"
MASTER: Final = "seriesMaster"
SINGLE: Final = "singleInstance"
IN_UTC: Final = 'outlook.timezone="UTC"'
"""Times are asked for in UTC; whole days lie between its midnights then."""
HOME: Final = Reference("", DEFAULT_CALENDAR)
_EXTRA: Final = ("id", "lastModifiedDateTime", "seriesMasterId", "originalStartTimeZone", "originalEndTimeZone",
                 "onlineMeeting")  # fmt: skip
_ROWS: Final = {row.name: row for row in EVENT_ROWS}
_MEMBERS: Final = tuple(row.wire_name for row in EVENT_ROWS if row.wire != "calendar")
SELECT: Final = ",".join((*_EXTRA, *_MEMBERS))
SELECT_BODILESS: Final = ",".join((*_EXTRA, *(name for name in _MEMBERS if name != "body")))
_TIMES: Final = ("start", "end", "isAllDay")


def decode(row: Row, zone: str, notes: Row | None = None) -> Record:
    """The record in one row; ``zone`` is the mailbox's own. ``notes`` is the row, of its series say, that tells what
    lists of occurrences don't: the notes, and when they were changed. Members that are missing were not fetched.
    Raises Unreadable for an event whose times make no sense."""
    id = row.get("id")
    if not isinstance(id, str) or not id:
        raise Unreadable("it has no id")
    whole = row.get("isAllDay") is True
    start = read_time(row.get("start"), row.get("originalStartTimeZone"), zone, whole)
    end = read_time(row.get("end"), row.get("originalEndTimeZone"), zone, whole)
    if end[:20] < start[:20]:  # both in UTC, or both days: in the order of time
        raise Unreadable("its end is before its start")
    values: dict[str, Value] = {"start": start, "end": end}
    values.update({name: read(row[member]) for name, member, read in _READERS if member in row})
    row = {**(notes or {}), **row}
    if "body" in row:
        values["body"] = body_of(row).text or None
    values.update(_people(row))
    values["originalStart"] = read_instant(row.get("originalStart"))
    values["calendar"] = HOME
    if "type" in row:
        values["recurrence"] = read_rule(row.get("recurrence"))
    return Record(
        M365, KIND, id, etag(row), values, modified=milliseconds(row.get("lastModifiedDateTime")), group=series_of(row)
    )


def series_of(row: Row) -> str:
    """The id of the series that an event is a part of, or is; '' for a single one."""
    above = row.get("seriesMasterId")
    if isinstance(above, str) and above:
        return above
    id = row.get("id")
    return id if row.get("type") == MASTER and isinstance(id, str) else ""


def body_of(row: Row) -> Body:
    """The event's words and its block to join by."""
    meeting = row.get("onlineMeeting")
    url = meeting.get("joinUrl") if isinstance(meeting, dict) else None
    return read_body(row.get("body"), url if isinstance(url, str) else "")


def _people(row: Row) -> dict[str, Value]:
    """Organiser and attendees; who comes is not known from a copy whose organiser hides it."""
    organizer = address_of(row.get("organizer"))
    found: dict[str, Value] = {"organizer": organizer} if "organizer" in row else {}
    hidden = row.get("hideAttendees") is True and row.get("isOrganizer") is not True
    if "attendees" in row and not hidden:
        found["attendees"] = addresses(row["attendees"], organizer)
    return found


def _text(raw: Json) -> Value:
    return raw if isinstance(raw, str) and raw else None


def _flag(raw: Json) -> Value:
    return raw if isinstance(raw, bool) else None


def _location(raw: Json) -> Value:
    name = raw.get("displayName") if isinstance(raw, dict) else None
    return (name,) if isinstance(name, str) and name else None


_READ: Final[Mapping[str, Callable[[Json], Value]]] = {"text": _text, "flag": _flag, "location": _location}
_READERS: Final = tuple((row.name, row.wire_name, _READ[row.wire]) for row in EVENT_ROWS if row.wire in _READ)


# ---- writing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Writing:
    """What every write of one mailbox needs to know: its zone, and its owner's address ('' where unknown)."""

    zone: str
    owner: str = ""

    def created(self, values: Mapping[str, Value]) -> dict[str, Json]:
        """The members of a new event; empty fields are left out. Raises Unfit for what no event can be."""
        given = {name: value for name, value in values.items() if value is not None and _ROWS[name].writable}
        whole = given.get("isAllDay") is True
        first, last = span(given.get("start"), given.get("end"), whole, self.zone)
        members: dict[str, Json] = {"isAllDay": whole}
        for name, value in given.items():
            if name not in (*_TIMES, "recurrence"):
                members[_ROWS[name].wire_name] = self._wire(name, value, {})
        rule = given.get("recurrence")
        if rule is None:
            return {**members, "start": dict(written_time(first)), "end": dict(written_time(last))}
        return {**members, **_series(rule, first, last)}

    def updated(self, values: Mapping[str, Value], row: Row) -> dict[str, Json]:
        """The members that turn the event in ``row`` into what ``values`` say: only what differs, for every write mails
        people. Raises Unfit for what no event can be."""
        present = decode(row, self.zone).values
        changed = {name: value for name, value in values.items() if self._differs(name, value, present)}
        members: dict[str, Json] = {}
        for name, value in changed.items():
            if name == "recurrence":
                raise Unfit("how a series repeats is changed in Outlook")
            if name not in _TIMES:
                members[_ROWS[name].wire_name] = self._wire(name, value, row)
        return {**members, **self._times(changed, present)}

    def _differs(self, name: str, value: Value, present: Mapping[str, Value]) -> bool:
        row = _ROWS[name]
        if not row.writable:
            return False
        if name == "body":
            value = tidy(value) or None if isinstance(value, str) else value
        if name in ("start", "end"):
            return not same_time(value, present.get(name))
        if name == "attendees" and isinstance(value, tuple):
            people = {one.strip().lower() for one in value if isinstance(one, str)}
            value = tuple(sorted(people - {self.owner, present.get("organizer")})) or None
        return (value or None) != (present.get(name) or None)

    def _times(self, changed: Mapping[str, Value], present: Mapping[str, Value]) -> dict[str, Json]:
        """Start and end, each where it changes; both, and the flag, where whole days come or go."""
        asked = [name for name in _TIMES if name in changed]
        if not asked:
            return {}
        now = {**present, **{name: changed[name] for name in asked}}
        whole = now.get("isAllDay") is True
        first, last = span(now.get("start"), now.get("end"), whole, self.zone)
        told: dict[str, Json] = {"start": dict(written_time(first)), "end": dict(written_time(last))}
        if "isAllDay" in asked:
            return {"isAllDay": whole, **told}
        return {name: told[name] for name in ("start", "end") if whole or name in asked}

    def _wire(self, name: str, value: Value, row: Row) -> Json:
        match _ROWS[name].wire:
            case "body":
                return dict(written_body(_words(value) or "", body_of(row).block))
            case "location":
                return {"displayName": _words(value[0] if isinstance(value, tuple) and value else None) or ""}
            case "people":
                organizer = address_of(row.get("organizer")) or self.owner or None
                return merged(value, row.get("attendees"), organizer)
            case _:
                text, most = _words(value), _ROWS[name].max_length
                if text is not None and most is not None and len(text) > most:
                    raise Unfit(f"the {name} is longer than {most} characters")
                return text


def _series(rule: Value, first: Zoned | date, last: Zoned | date) -> dict[str, Json]:
    """Start, end and pattern of a series, in the zone whose clocks it follows."""
    if not isinstance(rule, str):
        raise Unfit("how it repeats is not said in words")
    if isinstance(first, Zoned) and isinstance(last, Zoned):
        begin, end = wall_time(first), wall_time(Zoned(last.instant, first.zone))
    else:
        begin, end = written_time(first), written_time(last)
    day = first.wall().date() if isinstance(first, Zoned) else first
    return {"start": dict(begin), "end": dict(end), "recurrence": dict(written_rule(rule, day, str(begin["timeZone"])))}


def _words(value: Value) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Unfit("a text is expected")
    return value or None
