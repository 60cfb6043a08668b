"""What a person does with the calendar in Outlook, and what comes in from people outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from graph_emulator.calendar import answers, contents, copies, meetings, rows, seeding, series
from graph_emulator.calendar.asked import Form
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Event, Instance
from graph_emulator.calendar.meetings import Office
from graph_emulator.calendar.post import Cause
from graph_emulator.messages import GraphError, Properties

PLAIN = Form(immutable=True, zone="UTC", as_text=False)
RESPONSES = ("accepted", "tentativelyAccepted", "declined")


class CalendarEditError(Exception):
    """An edit that can't be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: whose mailbox, how meetings are handled, and the members given."""

    office: Office
    box: CalendarBox
    body: Properties

    def about(self, deleted: bool = False) -> Instance:
        """The event or occurrence named by `id`."""
        return self.box.find(str(self.body.get("id")), deleted)

    def properties(self) -> Properties:
        """The members of the event that are given."""
        given = self.body.get("properties") or {}
        if not isinstance(given, dict):
            raise CalendarEditError("properties have to be an object.")
        return given

    def sends(self) -> bool:
        """Whether the person presses Send; otherwise a meeting is saved as a draft."""
        return self.body.get("send", True) is not False


def edit(office: Office, box: CalendarBox, body: Properties) -> Properties:
    """Make the edit `action` with its members; returns the event that results (empty when there is none)."""
    action = EDITS.get(str(body.get("action")))
    if action is None:
        raise CalendarEditError(f"There is no calendar edit {body.get('action')!r}. Known: {', '.join(EDITS)}.")
    try:
        with office.post.because(Cause(by="person")):
            return action(Edit(office, box, body))
    except GraphError as error:
        raise CalendarEditError(error.message) from None


def state(box: CalendarBox) -> Properties:
    """All that the calendars of a mailbox hold."""
    return {
        "calendars": [{"id": folder.id, "name": folder.name} for folder in box.folders.values()],
        "events": [event_json(box, event) for event in box.events.values()],
        "deletedEvents": [event_json(box, event) for event in box.deleted.values()],
    }


def event_json(box: CalendarBox, event: Event) -> Properties:
    """An event with everything the emulator knows about it."""
    found = [series.on(event, day) for day in sorted(event.exceptions)]
    return {
        **_row(box, series.itself(event)),
        "classicId": box.id_on(event, 0, immutable=False),
        "calendar": event.folder.name,
        "exceptionOccurrences": [_row(box, instance) for instance in found if instance],
        "cancelledOccurrences": rows.cancelled_ids(box, event, immutable=True),
    }


def _row(box: CalendarBox, about: Instance) -> Properties:
    return rows.event_row(box, about, PLAIN, expand=tuple(about.extended))


def _create(asked: Edit) -> Properties:
    folder = seeding.calendar_named(asked.box, asked.body.get("calendar"))
    given = contents.read(asked.properties())
    return event_json(asked.box, meetings.create(asked.office, asked.box, folder, given, asked.sends()))


def _update(asked: Edit) -> Properties:
    about = asked.about()
    meetings.change(asked.office, asked.box, about, contents.read(asked.properties()), asked.sends())
    return event_json(asked.box, about.event)


def _send(asked: Edit) -> Properties:
    about = asked.about()
    if about.event.announced is None:
        raise CalendarEditError("That event has nothing that was not sent.")
    meetings.change(asked.office, asked.box, about, contents.Contents())
    return event_json(asked.box, about.event)


def _delete(asked: Edit) -> Properties:
    meetings.remove(asked.office, asked.box, asked.about())
    return {}


def _purge(asked: Edit) -> Properties:
    about = asked.about(deleted=True)
    if about.event.number in asked.box.events:
        meetings.remove(asked.office, asked.box, about, permanent=True)
    else:
        asked.box.delete(about.event, permanent=True)
    return {}


def _restore(asked: Edit) -> Properties:
    event = asked.about(deleted=True).event
    if event.number not in asked.box.deleted:
        raise CalendarEditError("That event is not in Deleted Items.")
    asked.box.restore(event)
    return event_json(asked.box, event)


def _respond(asked: Edit) -> Properties:
    response = asked.body.get("response")
    if response not in RESPONSES:
        raise CalendarEditError(f"response has to be one of {', '.join(RESPONSES)}.")
    meetings.respond(asked.office, asked.box, asked.about(), str(response), asked.sends())
    return {}


def _move(asked: Edit) -> Properties:
    event = asked.about().event
    asked.box.move(event, seeding.calendar_named(asked.box, asked.body.get("calendar")))
    return event_json(asked.box, event)


def _copy(asked: Edit) -> Properties:
    event, name = asked.about().event, asked.body.get("calendar")
    folder = seeding.calendar_named(asked.box, name) if name else event.folder
    copied = asked.box.copy(event, folder)
    copied.organiser, copied.organised = asked.office.post.owner(asked.box), True
    return event_json(asked.box, copied)


def _touch(asked: Edit) -> Properties:
    event = asked.about().event
    asked.box.touch(event)
    return event_json(asked.box, event)


def _touch_all(asked: Edit) -> Properties:
    for event in asked.box.events.values():
        asked.box.touch(event)
    return {"touched": len(asked.box.events)}


def _create_calendar(asked: Edit) -> Properties:
    folder = asked.box.create_folder(str(asked.body.get("name") or ""))
    return {"id": folder.id, "name": folder.name}


def _delete_calendar(asked: Edit) -> Properties:
    folder = seeding.calendar_named(asked.box, asked.body.get("calendar"))
    for event in list(folder.members.values()):
        meetings.remove(asked.office, asked.box, series.itself(event))
    asked.box.delete_folder(folder)
    return {}


def _empty(asked: Edit) -> Properties:
    asked.box.deleted.clear()
    return {}


def _seed(asked: Edit) -> Properties:
    given = asked.body.get("events")
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise CalendarEditError("events has to be a list of objects.")
    made = []
    for place, row in enumerate(given, start=1):
        try:
            made.append(seeding.seed(asked.office, asked.box, row))
        except GraphError as error:
            raise CalendarEditError(f"Event {place}: {error.message}") from None
    return {"ids": [asked.box.id_on(event, 0, immutable=True) for event in made]}


def _receive(asked: Edit) -> Properties:
    """An invitation or an update from an organiser outside; `iCalUId` says which meeting it is about."""
    row = asked.properties()
    organiser = seeding.organiser_of(asked.office, asked.box, row)
    if asked.office.post.owns(asked.box, organiser.address) or not row.get("iCalUId"):
        raise CalendarEditError("What is received needs an organizer outside this mailbox, and an iCalUId.")
    held = asked.box.with_uid(str(row["iCalUId"]))
    if held is None:
        return event_json(asked.box, seeding.seed(asked.office, asked.box, row))
    given = contents.read(row)
    timing = seeding.lenient_timing(asked.office, asked.box, row) if "start" in row else held.timing
    people = held.attendees if given.attendees is None else given.attendees
    kept = copies.shared({**held.properties, **given.properties})
    timing = timing if "recurrence" in row else replace(timing, recurrence=held.timing.recurrence)
    return event_json(asked.box, copies.upsert(asked.box, held.uid, kept, timing, organiser, people))


def _receive_cancellation(asked: Edit) -> Properties:
    """A cancellation from an organiser outside, of a meeting or of the occurrence that `original` (a date) names."""
    uid = str(asked.body.get("iCalUId"))
    held = asked.box.with_uid(uid)
    if held is None or held.organised:
        raise CalendarEditError("There is no meeting of somebody else with that iCalUId.")
    day = seeding.day_of(held, asked.body["original"]) if asked.body.get("original") else 0
    copies.cancel_copy(asked.box, uid, day, asked.office.behaviour.cancelled_copy_stays)
    return {}


def _receive_answer(asked: Edit) -> Properties:
    """An answer from an attendee outside to a meeting that the mailbox's owner organises."""
    about, response = asked.about(), asked.body.get("response")
    if response not in RESPONSES:
        raise CalendarEditError(f"response has to be one of {', '.join(RESPONSES)}.")
    address = str(asked.body.get("address"))
    if not answers.note(asked.box, about.event.uid, about.day, address, str(response)):
        raise CalendarEditError(f"{address} is not an attendee of that meeting.")
    return event_json(asked.box, about.event)


Action: TypeAlias = Callable[[Edit], Properties]
EDITS: Mapping[str, Action] = {
    "create": _create,
    "update": _update,
    "send": _send,
    "delete": _delete,
    "purge": _purge,
    "restore": _restore,
    "respond": _respond,
    "move": _move,
    "copy": _copy,
    "touch": _touch,
    "touch_all": _touch_all,
    "create_calendar": _create_calendar,
    "delete_calendar": _delete_calendar,
    "empty_deleted_items": _empty,
    "seed": _seed,
    "receive": _receive,
    "receive_cancellation": _receive_cancellation,
    "receive_answer": _receive_answer,
}
