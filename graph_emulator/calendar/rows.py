"""Events and calendars as the JSON that Graph returns."""

from datetime import date

from graph_emulator.calendar import bodies, series
from graph_emulator.calendar.asked import Form
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Attendee, CalendarFolder, Event, Instance
from graph_emulator.calendar.event_ids import uid_on
from graph_emulator.calendar.moments import shown
from graph_emulator.messages import Properties
from graph_emulator.properties import EXTENDED

THIN = 255  # extended values longer than this come shortened in listings


def etag(about: Instance) -> str:
    """The weak etag that wraps the change key."""
    return f'W/"{about.version()[0]}"'


def event_row(
    box: CalendarBox,
    about: Instance,
    form: Form,
    selected: tuple[str, ...] | None = None,
    expand: tuple[str, ...] = (),
    thin: bool = False,
) -> Properties:
    """An appearance as JSON: all properties, or id, etag and those selected."""
    row: Properties = {"@odata.etag": etag(about), "id": box.id_of(about, form.immutable)}
    whole = _whole(box, about, form)
    row.update(whole if selected is None else {name: whole[name] for name in selected if name in whole})
    found = [{"id": name, "value": about.extended[name]} for name in expand if name in about.extended]
    if found:
        row[EXTENDED] = [{**mark, "value": mark["value"][:THIN]} for mark in found] if thin else found
    return row


def stub(box: CalendarBox, about: Instance, form: Form) -> Properties:
    """The five members that a view delta tells of an occurrence."""
    whole = _times(about, form)
    event = about.event
    row: Properties = {"id": box.id_of(about, form.immutable), "seriesMasterId": box.id_on(event, 0, form.immutable)}
    row |= {"type": "occurrence", "start": whole["start"], "end": whole["end"]}
    return {name: event.raw.get(name, value) for name, value in row.items()}


def cancelled_ids(box: CalendarBox, event: Event, immutable: bool) -> list[str]:
    """The ids of the occurrences that a series has lost; opaque texts that no request takes."""
    master = box.id_on(event, 0, immutable)
    return [f"OID.{master}.{date.fromordinal(day).isoformat()}" for day in sorted(event.cancelled)]


def calendar_row(
    box: CalendarBox, folder: CalendarFolder, owner: Attendee, selected: tuple[str, ...] | None = None
) -> Properties:
    """A calendar as JSON."""
    row: Properties = {
        "name": folder.name,
        "color": "auto",
        "isDefaultCalendar": folder is box.default,
        "changeKey": folder.change_key,
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "isRemovable": folder is not box.default,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "owner": {"name": owner.name, "address": owner.address},
    }
    kept = {name: value for name, value in row.items() if selected is None or name in selected}
    return {"id": folder.id, **kept}


def _whole(box: CalendarBox, about: Instance, form: Form) -> Properties:
    event, properties = about.event, about.properties
    key, created, modified = about.version()
    answer, answered = about.response
    timing = about.timing
    row: Properties = {
        "createdDateTime": created,
        "lastModifiedDateTime": modified,
        "changeKey": key,
        "originalStartTimeZone": timing.zones[0],
        "originalEndTimeZone": timing.zones[1],
        "iCalUId": uid_on(event.uid, about.day),
        **properties,
        "bodyPreview": bodies.preview(properties["body"]),
        "body": bodies.shown(properties["body"], form.as_text),
        "isAllDay": timing.all_day,
        "isOrganizer": event.organised,
        "type": about.type,
        "seriesMasterId": box.id_on(event, 0, form.immutable) if about.day else None,
        "recurrence": event.timing.recurrence.as_json() if event.timing.recurrence and not about.day else None,
        "responseStatus": {"response": answer, "time": answered},
        "attendees": [person.as_json() for person in about.attendees],
        "organizer": {"emailAddress": {"name": event.organiser.name, "address": event.organiser.address}},
        "webLink": f"https://outlook.example/owa/?itemid={event.number}-{about.day}",
        **_times(about, form),
    }
    if event.transaction is not None and not about.day:
        row["transactionId"] = event.transaction
    if about.day:
        row["originalStart"] = f"{series.times(event.timing, about.day)[0].isoformat()}Z"
    if event.raw:
        row.update(event.raw)
    return row


def _times(about: Instance, form: Form) -> Properties:
    timing = about.timing
    return {
        "start": shown(about.begins, form.zone, timing.start.fraction),
        "end": shown(about.ends, form.zone, timing.end.fraction),
    }
