"""Deltas of a calendar view: one calendar, a span that is fixed by the first request, and rows that say too little."""

from datetime import datetime, timedelta

from graph_emulator import delta
from graph_emulator.calendar import asked, rows, series, views
from graph_emulator.calendar.asked import Form
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import CalendarFolder, Event, Instance
from graph_emulator.changelog import Entry
from graph_emulator.messages import Answer, Call, Properties

MARGIN = timedelta(days=2)


def serve(box: CalendarBox, folder: CalendarFolder, generation: int, call: Call, service: delta.Service) -> Answer:
    """One page of a round; GraphError 400 for a missing span or any query option, 410 for an expired link."""
    prefix = f"event:{box.owner}:{folder.number}:"
    held = delta.feed_of(call, service.seed)
    if held is not None and held.startswith(prefix):
        first, last = (datetime.fromisoformat(text) for text in held.removeprefix(prefix).split("|"))
    elif held is not None or any(name in call.query for name in delta.OWN):
        raise delta.badly_formed()
    else:
        first, last = views.window(call)
    told = Told(box, folder, (first, last), asked.form(call, service.behaviour), service)
    name = f"{prefix}{first.isoformat()}|{last.isoformat()}"
    feed = delta.Feed(name, folder.log, generation, told.rows, ("startdatetime", "enddatetime", "$top"))
    return Answer(200, delta.answer(feed, call, service))


class Told:
    """What the lines of a calendar's log look like from one span."""

    def __init__(
        self,
        box: CalendarBox,
        folder: CalendarFolder,
        span: tuple[datetime, datetime],
        form: Form,
        service: delta.Service,
    ) -> None:
        self.box = box
        self.folder = folder
        self.span = span
        self.form = form
        self.behaviour = service.behaviour

    def rows(self, entry: Entry, selected: tuple[str, ...] | None, first: bool) -> list[Properties]:
        """The rows for a line; `first`: the round lists the span, so that nobody holds anything yet."""
        event = self.folder.members.get(entry.number)
        if event is None:
            return [] if first or entry.day else [self._gone(entry)]
        if entry.day:
            return [] if first else self._occurrence(event, entry)
        return self._event(event, entry, first)

    def _event(self, event: Event, entry: Entry, first: bool) -> list[Properties]:
        found = series.between(event, *self.span)
        if not found:
            return [] if first or not self.behaviour.view_outside_tombstones else [self._gone(entry)]
        told = [self._row(instance) for instance in found]
        if event.series and self.behaviour.view_master_rows:
            told.insert(0, rows.event_row(self.box, series.itself(event), self.form))
        return told

    def _occurrence(self, event: Event, entry: Entry) -> list[Properties]:
        instance = series.on(event, entry.day)
        if instance is not None:
            if series.touches(instance, *self.span):
                return [self._row(instance)]
            return [self._gone(entry)] if self.behaviour.view_outside_tombstones else []
        if self.behaviour.view_deleted_occurrences != "tombstone" or not self._near(entry.day):
            return []
        return [self._gone(entry)]

    def _row(self, instance: Instance) -> Properties:
        if instance.type == "occurrence":
            return rows.stub(self.box, instance, self.form)
        return rows.event_row(self.box, instance, self.form)

    def _near(self, day: int) -> bool:
        (first, last), margin = self.span, MARGIN.days
        return first.toordinal() - margin <= day <= last.toordinal() + margin

    def _gone(self, entry: Entry) -> Properties:
        ids = self.box.ids
        number, day = entry.number, entry.day
        gone = ids.immutable(number, day) if self.form.immutable else ids.classic(number, entry.moves, day)
        row: Properties = {"id": gone, "@removed": {"reason": "deleted"}}
        event = self.box.events.get(number) or self.box.deleted.get(number)
        if event is not None and not self.behaviour.view_typeless_tombstones:
            row["type"] = "occurrence" if day else series.itself(event).type
        return row
