"""What an event may hold: reads a request body, refuses what the service refuses, and works out when the event is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graph_emulator.calendar import bodies
from graph_emulator.calendar.event import Attendee, Timing
from graph_emulator.calendar.moments import Moment, written
from graph_emulator.calendar.recurrence_body import recurrence
from graph_emulator.messages import GraphError, Properties
from graph_emulator.properties import EXTENDED, extended_changes, refused

MOST_ATTENDEES = 500
ENUMS = {
    "importance": ("low", "normal", "high"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "showAs": ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"),
    "onlineMeetingProvider": ("unknown", "teamsForBusiness", "skypeForBusiness", "skypeForConsumer"),
}
SWITCHES = ("isReminderOn", "responseRequested", "allowNewTimeProposals", "hideAttendees", "isOnlineMeeting")
TIMES = ("start", "end", "isAllDay", "recurrence")
KINDS = ("required", "optional", "resource")
READ_ONLY = frozenset(
    {
        *("id", "changeKey", "createdDateTime", "lastModifiedDateTime", "iCalUId", "webLink"),
        *("type", "seriesMasterId", "instances", "exceptionOccurrences", "cancelledOccurrences", "originalStart"),
        *("originalStartTimeZone", "originalEndTimeZone", "organizer", "isOrganizer", "isCancelled", "isDraft"),
        *("responseStatus", "bodyPreview", "hasAttachments", "onlineMeeting", "onlineMeetingUrl"),
    }
)


@dataclass(slots=True)
class Contents:
    """A body's members that were given: `times` are raw, the rest is normalised; `attendees` None: not given."""

    properties: Properties = field(default_factory=dict)
    extended: dict[str, str | None] = field(default_factory=dict)
    times: Properties = field(default_factory=dict)
    attendees: tuple[Attendee, ...] | None = None
    transaction: str | None = None


def empty_event() -> Properties:
    """The properties of an event that says nothing about itself."""
    return {
        "subject": "",
        "body": bodies.normalised(None),
        "importance": "normal",
        "sensitivity": "normal",
        "showAs": "busy",
        "categories": [],
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 15,
        "responseRequested": True,
        "allowNewTimeProposals": True,
        "hideAttendees": False,
        "isOnlineMeeting": False,
        "onlineMeetingProvider": "unknown",
        "onlineMeeting": None,
        "onlineMeetingUrl": None,
        "location": place(None),
        "locations": [],
        "isCancelled": False,
        "isDraft": False,
        "hasAttachments": False,
    }


def read(body: Properties) -> Contents:
    """The contents of a request body; read-only members and annotations are dropped. GraphError 400."""
    found = Contents(extended=extended_changes(body))
    for name, value in body.items():
        if name in TIMES:
            found.times[name] = value
        elif name == "attendees":
            found.attendees = _attendees(value)
        elif name == "transactionId":
            found.transaction = _text(name, value) or None
        elif name in ("location", "locations"):
            continue
        elif reader := READERS.get(name):
            found.properties[name] = reader(name, value)
        elif name not in READ_ONLY and name != EXTENDED and "@odata." not in name:
            raise GraphError(400, "RequestBodyRead", f"The property '{name}' does not exist on type 'event'.")
    found.properties.update(_places(body))
    return found


def timing(times: Properties, before: Timing | None, midnight_zone: str | None) -> Timing:
    """When the event is after a write of `times`; `midnight_zone`: the zone that all-day events are kept in.

    GraphError 400 for an end before the start, an all-day event off midnight, or a range that starts on another day.
    """
    all_day = _switch("isAllDay", times["isAllDay"]) if "isAllDay" in times else bool(before and before.all_day)
    start, start_zone = _end_of("start", times, (before.start, before.zones[0]) if before else None)
    end, end_zone = _end_of("end", times, (before.end, before.zones[1]) if before else None)
    if all_day:
        if not (start.midnight() and end.midnight()) or start_zone != end_zone or end.wall <= start.wall:
            raise refused("isAllDay", "needs a start and a later end at midnight of one time zone")
        if midnight_zone:
            start, end = (
                Moment(start.wall, start.fraction, midnight_zone),
                Moment(end.wall, end.fraction, midnight_zone),
            )
    elif end.utc() < start.utc():
        raise refused("end", "is before the start")
    repeats = before.recurrence if before else None
    if "recurrence" in times:
        repeats = recurrence(times["recurrence"], start.zone)
    if repeats is not None:
        if not all_day:
            start, end = start.within(repeats.zone), end.within(repeats.zone)
        if repeats.start != start.wall.date():
            raise refused("recurrence", "has a range that starts on another day than the event")
    return Timing.of(start, end, all_day, (start_zone, end_zone), repeats)


def place(value: object, name: str = "location") -> Properties:
    """A location as it is kept."""
    if value is None:
        value = {}
    if not isinstance(value, dict) or not isinstance(value.get("displayName") or "", str):
        raise refused(name, "has to be an object with displayName")
    base = {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}}
    return {**base, **{key: kept for key, kept in value.items() if kept is not None}}


def _places(body: Properties) -> Properties:
    """`location` and `locations` mirror each other; `location` wins and drops the others."""
    if "location" in body:
        first = place(body["location"])
        return {"location": first, "locations": [first] if first["displayName"] else []}
    if "locations" not in body:
        return {}
    rows = body["locations"] or []
    if not isinstance(rows, list):
        raise refused("locations", "has to be a collection")
    kept = [place(row, "locations") for row in rows]
    return {"location": kept[0] if kept else place(None), "locations": kept}


def _end_of(name: str, times: Properties, before: tuple[Moment, str] | None) -> tuple[Moment, str]:
    """The moment at one end of the event and the zone name it was written with."""
    if name in times:
        moment = written(name, times[name])
        return moment, moment.zone
    if before is None:
        raise refused(name, "is required")
    return before


def _attendees(value: object) -> tuple[Attendee, ...]:
    if not isinstance(value, list | None):
        raise refused("attendees", "has to be a collection")
    found: dict[str, Attendee] = {}
    for row in value or []:
        person = row.get("emailAddress") if isinstance(row, dict) else None
        address = person.get("address") if isinstance(person, dict) else None
        if not isinstance(person, dict) or not isinstance(address, str) or "@" not in address:
            raise refused("attendees", "needs an emailAddress with an address in each row")
        kind = row.get("type") or "required"
        if kind not in KINDS:
            raise refused("attendees", f"has a type other than {', '.join(KINDS)}")
        found.setdefault(address.lower(), Attendee(address, str(person.get("name") or address), kind))
    if len(found) > MOST_ATTENDEES:
        raise refused("attendees", f"can't hold more than {MOST_ATTENDEES} people")
    return tuple(found.values())


def _text(name: str, value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise refused(name, "has to be text")
    return value or ""


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise refused(name, "has to be true or false")
    return value


def _choice(name: str, value: object) -> str:
    if value not in ENUMS[name]:
        raise refused(name, f"has to be one of {', '.join(ENUMS[name])}")
    return str(value)


def _minutes(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise refused(name, "has to be a number of minutes")
    return value


def _categories(name: str, value: object) -> list[str]:
    if not isinstance(value, list | None) or any(not isinstance(part, str) for part in value or []):
        raise refused(name, "has to be a collection of texts")
    return list(value or [])


def _body(name: str, value: object) -> Properties:
    return bodies.normalised(value)


READERS: Mapping[str, Callable[[str, object], object]] = {
    "subject": _text,
    "body": _body,
    "categories": _categories,
    "reminderMinutesBeforeStart": _minutes,
    **dict.fromkeys(SWITCHES, _switch),
    **dict.fromkeys(ENUMS, _choice),
}
