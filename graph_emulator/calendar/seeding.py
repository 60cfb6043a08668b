"""Events as though they had long been there: from rows in Graph's shapes, with no mail, and as odd as a test wants."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from graph_emulator.calendar import contents, copies, moments, zones
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Attendee, CalendarFolder, Event, Timing
from graph_emulator.calendar.meetings import Office
from graph_emulator.calendar.moments import NO_TIME, Moment
from graph_emulator.calendar.recurrence_body import recurrence
from graph_emulator.identifiers import digest
from graph_emulator.messages import GraphError, Properties
from graph_emulator.properties import refused

OWN = frozenset({"calendar", "raw"})
NULLS = ("subject", "iCalUId", "seriesMasterId")


def seed(office: Office, box: CalendarBox, row: Properties) -> Event:
    """Put an event into a mailbox and copies of a meeting into the attendees', silently; GraphError 400.

    Besides Graph's members: `calendar` (a name), `raw` (members that are told as they are), days in
    `cancelledOccurrences`, and `originalStart` in each of `exceptionOccurrences`. An `organizer` who is not the owner
    makes it somebody else's meeting.
    """
    given = contents.read({name: value for name, value in row.items() if name not in OWN})
    organiser = organiser_of(office, box, row)
    organised = office.post.owns(box, organiser.address)
    timing = lenient_timing(office, box, row)
    people = _with_answers(row, given.attendees or ())
    uid = str(row["iCalUId"]) if row.get("iCalUId") else None
    held = box.with_uid(uid) if uid else None
    answer = _answer(row.get("responseStatus")) or ("notResponded", NO_TIME)
    if held is not None and not organised:
        local = {name: value for name, value in given.properties.items() if name in copies.LOCAL}
        box.edit(held, lambda: held.properties.update(local))
        held.response = answer
        return held
    if uid is None and not organised:
        uid = f"foreign-{digest(16, box.owner, organiser.address, box.event_number).hex()}"
    properties = {**contents.empty_event(), **given.properties, "isCancelled": bool(row.get("isCancelled"))}
    folder = calendar_named(box, row.get("calendar"))
    event = box.create(
        folder, properties, timing, organiser, uid, given.extended, given.transaction, organised=organised
    )
    event.attendees = people
    if not organised:
        event.response = answer
    _days(office, box, event, row)
    event.raw = {**{name: None for name in NULLS if name in row and row[name] is None}, **_object(row, "raw")}
    if organised and people:
        _copies(office, box, event)
    return event


def calendar_named(box: CalendarBox, name: object) -> CalendarFolder:
    """A calendar by name, the default one if none is named; GraphError 404."""
    found = box.named(name) if isinstance(name, str) else box.default
    if found is None:
        raise GraphError(404, "ErrorItemNotFound", f"There is no calendar {name!r}.")
    return found


def organiser_of(office: Office, box: CalendarBox, row: Properties) -> Attendee:
    """Who organises the event of a row: `organizer`, or the owner of the mailbox."""
    person = _object(_object(row, "organizer"), "emailAddress")
    address = person.get("address")
    if not isinstance(address, str):
        return office.post.owner(box)
    return Attendee(address, str(person.get("name") or address))


def lenient_timing(office: Office, box: CalendarBox, row: Properties) -> Timing:
    """The timing of a row, also one that the service would refuse: an end before the start, a lost zone."""
    all_day = row.get("isAllDay") is True
    ends = []
    names = []
    for name in ("start", "end"):
        value = _object(row, name)
        zone = str(value.get("timeZone") or "UTC")
        wall, fraction = moments.wall_of(name, value.get("dateTime"))
        kept = office.midnight_zone if all_day else None
        ends.append(Moment(wall, fraction, kept or (zone if zones.find(zone) else box.zone)))
        names.append(str(row.get(f"original{name.capitalize()}TimeZone") or zone))
    pattern = row.get("recurrence")
    if isinstance(pattern, dict) and isinstance(pattern.get("range"), dict):
        span = dict(pattern["range"])
        if span.get("recurrenceTimeZone") == zones.CUSTOM:
            del span["recurrenceTimeZone"]
        pattern = {**pattern, "range": span}
    repeats = recurrence(pattern, ends[0].zone)
    if repeats is not None and not all_day:
        ends = [moment.within(repeats.zone) for moment in ends]
    return Timing.of(ends[0], ends[1], all_day, (names[0], names[1]), repeats)


def day_of(event: Event, text: object) -> int:
    """The day (ordinal) that a date, an instant or an occurrence id means in a series; GraphError 400."""
    try:
        if isinstance(text, str) and "T" in text:
            instant = moments.bound("originalStart", text)
            return zones.from_utc(instant, event.timing.start.zone).toordinal()
        return date.fromisoformat(str(text)[-10:]).toordinal()
    except ValueError:
        raise refused("originalStart", "has to be a date or an instant") from None


def _days(office: Office, box: CalendarBox, event: Event, row: Properties) -> None:
    for text in _list(row, "cancelledOccurrences"):
        event.cancelled.add(day_of(event, text))
    for given in _list(row, "exceptionOccurrences"):
        if not isinstance(given, dict):
            raise refused("exceptionOccurrences", "has to be a collection of events")
        day = day_of(event, given.get("originalStart"))
        found = contents.read(given)
        deviation = box.deviate(event, day)
        deviation.properties, deviation.extended = found.properties, found.extended
        if found.attendees is not None:
            deviation.attendees = _with_answers(given, found.attendees)
        if "start" in given:
            timing = lenient_timing(office, box, {**given, "isAllDay": event.timing.all_day})
            deviation.timing = replace(timing, recurrence=None)


def _copies(office: Office, box: CalendarBox, event: Event) -> None:
    copies.deliver(office.post, box, event, event.attendees)
    for person in event.attendees:
        place = office.post.place(person.address)
        copy = place.box.with_uid(event.uid) if place and place.box is not box else None
        if place is None or copy is None or copy.organised or person.response in ("none", "notResponded"):
            continue
        copy.response = (person.response, person.time)
        copy.properties["showAs"] = "tentative" if person.response == "tentativelyAccepted" else "busy"
        if person.response == "declined" and not office.behaviour.declined_copy_stays:
            place.box.delete(copy)


def _with_answers(row: Properties, people: tuple[Attendee, ...]) -> tuple[Attendee, ...]:
    answers: dict[str, tuple[str, str]] = {}
    for given in _list(row, "attendees"):
        if isinstance(given, dict) and (answer := _answer(given.get("status"))):
            answers[str(_object(given, "emailAddress").get("address")).lower()] = answer
    return tuple(
        replace(person, response=answers[person.key()][0], time=answers[person.key()][1])
        if person.key() in answers
        else person
        for person in people
    )


def _answer(value: object) -> tuple[str, str] | None:
    if not isinstance(value, dict) or not isinstance(value.get("response"), str):
        return None
    return value["response"], str(value.get("time") or NO_TIME)


def _object(row: Mapping[str, object], name: str) -> Properties:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _list(row: Properties, name: str) -> list[object]:
    value = row.get(name) or []
    if not isinstance(value, list):
        raise refused(name, "has to be a collection")
    return value
