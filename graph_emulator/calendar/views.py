"""Listings of events, calendar views, and the occurrences of one series: paged reads."""

from collections.abc import Sequence
from datetime import datetime

from graph_emulator import query
from graph_emulator.calendar import asked, moments, rows, series
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import CalendarFolder, Event, Instance
from graph_emulator.delta import Service
from graph_emulator.messages import Answer, Call, GraphError, Properties

BOUNDS = ("startDateTime", "endDateTime")
UNSELECTED = ("createdDateTime", "lastModifiedDateTime")  # a view doesn't return them when they are selected


def listing(box: CalendarBox, folder: CalendarFolder, call: Call, service: Service) -> Answer:
    """Single events and masters of a calendar, newest first, or those with an extended property."""
    wanted = asked.options(call, filters=True)
    if wanted.exceptions:
        raise GraphError(400, "BadRequest", "exceptionOccurrences can be expanded on a single event only.")
    if wanted.mark is None:
        found = [series.itself(event) for event in reversed(folder.members.values())]
    else:
        numbers = sorted(box.with_mark(wanted.mark.identifier, wanted.mark.value), reverse=True)
        found = [series.itself(folder.members[number]) for number in numbers if number in folder.members]
    return _paged(box, found, wanted, call, service, wanted.select)


def view(box: CalendarBox, folder: CalendarFolder, call: Call, service: Service) -> Answer:
    """What a calendar shows in a span: single events, occurrences and exceptions, by their begin."""
    wanted = asked.options(call)
    first, last = window(call)
    key = (len(folder.log.entries), first, last)
    if folder.viewed is None or folder.viewed[0] != key:
        found = [row for event in folder.members.values() for row in series.between(event, first, last)]
        folder.viewed = (key, sorted(found, key=lambda row: (row.begins, row.event.number)))
    return _paged(box, folder.viewed[1], wanted, call, service, _selectable(wanted.select))


def instances(box: CalendarBox, event: Event, call: Call, service: Service) -> Answer:
    """Occurrences and exceptions of a series in a span; a single event has none."""
    wanted = asked.options(call)
    first, last = window(call)
    found = series.between(event, first, last) if event.series else []
    return _paged(box, sorted(found, key=lambda row: row.begins), wanted, call, service, _selectable(wanted.select))


def window(call: Call) -> tuple[datetime, datetime]:
    """The span of a view as instants (naive, UTC); GraphError 400 when a bound is missing or makes no sense."""
    texts = [asked.parameter(call, name) for name in BOUNDS]
    if texts[0] is None or texts[1] is None:
        message = "This request needs the parameters startDateTime and endDateTime."
        raise GraphError(400, "ErrorInvalidParameter", message)
    first, last = moments.bound(BOUNDS[0], texts[0]), moments.bound(BOUNDS[1], texts[1])
    if last < first:
        raise GraphError(400, "ErrorInvalidParameter", "The parameter endDateTime is before startDateTime.")
    return first, last


def _selectable(selected: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if selected is None else tuple(name for name in selected if name not in UNSELECTED)


def _paged(
    box: CalendarBox,
    found: Sequence[Instance],
    wanted: asked.Asked,
    call: Call,
    service: Service,
    selected: tuple[str, ...] | None,
) -> Answer:
    form = asked.form(call, service.behaviour)
    end = wanted.skip + wanted.page_size
    page = [rows.event_row(box, row, form, selected, wanted.expand, thin=True) for row in found[wanted.skip : end]]
    body: Properties = {"@odata.context": f"{service.base_url}/v1.0/$metadata#events", "value": page}
    if end < len(found):
        body["@odata.nextLink"] = query.link(service.base_url, call, skip=str(end))
    return Answer(200, body)
