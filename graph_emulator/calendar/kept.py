"""Calendars in a snapshot: to JSON and back."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast

from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Attendee, CalendarFolder, Deviation, Event, Timing
from graph_emulator.calendar.moments import Moment
from graph_emulator.calendar.recurrence import Recurrence
from graph_emulator.changelog import ChangeLog
from graph_emulator.messages import Properties

PLAIN = ("number", "organised", "uid", "change_key", "created", "modified", "extended", "transaction", "raw", "moves")


def calendar_json(box: CalendarBox) -> Properties:
    """Everything in the calendars of a mailbox."""
    return {
        "counters": [box.serial, box.event_number, box.folder_number],
        "folders": [
            [folder.number, folder.name, folder.change_key, folder.log.entries, list(folder.members)]
            for folder in box.folders.values()
        ],
        "events": [_event_json(event) for event in box.events.values()],
        "deleted": [_event_json(event) for event in box.deleted.values()],
    }


def read_calendar(box: CalendarBox, data: object) -> None:
    """Put what `calendar_json` wrote into an empty box; nothing if there is nothing."""
    if data is None:
        return
    kept = cast(dict[str, Any], data)
    box.serial, box.event_number, box.folder_number = kept["counters"]
    box.folders, by_number = {}, {}
    for number, name, key, entries, _ in kept["folders"]:
        folder = CalendarFolder(number, box.ids.folder(number), name, key, log=log_from(entries))
        by_number[number] = box.folders[folder.id] = folder
    box.default = by_number[1]
    for name, held in (("events", box.events), ("deleted", box.deleted)):
        held.update({row["number"]: _event(row, by_number.get(row["folder"], box.default)) for row in kept[name]})
    for number, _, _, _, members in kept["folders"]:
        by_number[number].members = {member: box.events[member] for member in members}
    box.reindex()


def log_from(entries: Iterable[Iterable[Any]]) -> ChangeLog:
    """A log from its lines, each of them number, moves, removed and, if it has one, a day."""
    log = ChangeLog()
    for entry in entries:
        log.record(*entry)
    return log


def _event_json(event: Event) -> Properties:
    return {
        **{name: getattr(event, name) for name in PLAIN},
        "folder": event.folder.number,
        "properties": event.properties,
        "timing": _timing_json(event.timing),
        "organiser": _person_json(event.organiser),
        "attendees": [_person_json(person) for person in event.attendees],
        "announced": None if event.announced is None else [_person_json(person) for person in event.announced],
        "response": event.response,
        "exceptions": [[day, _deviation_json(found)] for day, found in event.exceptions.items()],
        "cancelled": sorted(event.cancelled),
    }


def _event(row: dict[str, Any], folder: CalendarFolder) -> Event:
    row = {**row, "folder": folder, "timing": _timing(row["timing"]), "organiser": Attendee(*row["organiser"])}
    row["attendees"] = _people(row["attendees"])
    row["announced"] = None if row["announced"] is None else _people(row["announced"])
    row["response"] = tuple(row["response"])
    row["exceptions"] = {day: _deviation(found) for day, found in row["exceptions"]}
    row["cancelled"] = set(row["cancelled"])
    return Event(**row)


def _deviation_json(found: Deviation) -> list[object]:
    people = None if found.attendees is None else [_person_json(person) for person in found.attendees]
    timing = None if found.timing is None else _timing_json(found.timing)
    head = [found.change_key, found.created, found.modified, found.properties, found.extended]
    return [*head, people, timing, found.response]


def _deviation(row: list[Any]) -> Deviation:
    key, created, modified, properties, extended, people, timing, response = row
    return Deviation(
        key,
        created,
        modified,
        properties,
        extended,
        attendees=None if people is None else _people(people),
        timing=None if timing is None else _timing(timing),
        response=None if response is None else (response[0], response[1]),
    )


def _person_json(person: Attendee) -> list[str]:
    return [person.address, person.name, person.kind, person.response, person.time]


def _people(rows: Iterable[Iterable[Any]]) -> tuple[Attendee, ...]:
    return tuple(Attendee(*row) for row in rows)


def _timing_json(timing: Timing) -> list[object]:
    ends = [[moment.wall.isoformat(), moment.fraction, moment.zone] for moment in (timing.start, timing.end)]
    found = timing.recurrence
    repeats = None
    if found is not None:
        until = found.until.isoformat() if found.until else None
        head = [found.kind, found.interval, found.start.isoformat(), found.zone, found.weekdays, found.first_weekday]
        repeats = [*head, found.day_of_month, found.month, found.index, until, found.count]
    return [*ends, timing.all_day, timing.zones, repeats]


def _timing(row: list[Any]) -> Timing:
    start, end, all_day, names, repeats = row
    moments = [Moment(datetime.fromisoformat(wall), fraction, zone) for wall, fraction, zone in (start, end)]
    recurrence = None
    if repeats is not None:
        kind, interval, first, zone, weekdays, first_weekday, day, month, index, until, count = repeats
        last = date.fromisoformat(until) if until else None
        head = (kind, interval, date.fromisoformat(first), zone, tuple(weekdays), first_weekday)
        recurrence = Recurrence(*head, day, month, index, last, count)
    return Timing.of(moments[0], moments[1], all_day, (names[0], names[1]), recurrence)
