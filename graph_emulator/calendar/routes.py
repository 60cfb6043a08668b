"""Calendars and events of one mailbox, as Graph serves them."""

from collections.abc import Sequence

from graph_emulator import query
from graph_emulator.calendar import asked, contents, meetings, rows, series, view_delta, views
from graph_emulator.calendar.box import CalendarBox, not_found
from graph_emulator.calendar.event import CalendarFolder, Instance
from graph_emulator.calendar.meetings import Office
from graph_emulator.contacts import no_segment
from graph_emulator.delta import Service
from graph_emulator.mailbox import Mailbox
from graph_emulator.messages import Answer, Call, GraphError, Properties

ANSWERS = {"accept": "accepted", "tentativelyaccept": "tentativelyAccepted", "decline": "declined"}


def scope(call: Call) -> frozenset[str]:
    """The scopes of which one is needed."""
    return frozenset({"Calendars.ReadWrite"} | ({"Calendars.Read"} if call.method == "GET" else set()))


def serve_events(mailbox: Mailbox, call: Call, rest: Sequence[str], service: Service) -> Answer:
    """`/me/events…`: lists the default calendar, reaches any event by id."""
    return _Desk(mailbox, call, service).events(None, rest)


def serve_view(mailbox: Mailbox, call: Call, rest: Sequence[str], service: Service) -> Answer:
    """`/me/calendarView…`: the default calendar."""
    return _Desk(mailbox, call, service).view(mailbox.calendar.default, rest)


def serve_default(mailbox: Mailbox, call: Call, rest: Sequence[str], service: Service) -> Answer:
    """`/me/calendar…`."""
    return _Desk(mailbox, call, service).calendar(mailbox.calendar.default, rest)


def serve_calendars(mailbox: Mailbox, call: Call, rest: Sequence[str], service: Service) -> Answer:
    """`/me/calendars…`."""
    return _Desk(mailbox, call, service).calendars(rest)


class _Desk:
    """Serves one call on the calendars of one mailbox."""

    def __init__(self, mailbox: Mailbox, call: Call, service: Service) -> None:
        self.box: CalendarBox = mailbox.calendar
        self.generation = mailbox.delta_generation
        self.call = call
        self.service = service
        self.office = Office(service.post, service.behaviour)

    # Calendars

    def calendars(self, rest: Sequence[str]) -> Answer:
        """The list of calendars, or one of them."""
        if rest:
            return self.calendar(self.box.folder(rest[0]), rest[1:])
        if self.call.method == "POST":
            return Answer(201, self._calendar_row(self.box.create_folder(self._name())))
        self._only_get()
        wanted, folders = asked.options(self.call), list(self.box.folders.values())
        end = wanted.skip + wanted.page_size
        page = [self._calendar_row(folder, wanted.select) for folder in folders[wanted.skip : end]]
        body: Properties = {"@odata.context": f"{self.service.base_url}/v1.0/$metadata#calendars", "value": page}
        if end < len(folders):
            body["@odata.nextLink"] = query.link(self.service.base_url, self.call, skip=str(end))
        return Answer(200, body)

    def calendar(self, folder: CalendarFolder, rest: Sequence[str]) -> Answer:
        """One calendar, or what lies in it."""
        member = rest[0].lower() if rest else ""
        if member == "events":
            return self.events(folder, rest[1:])
        if member == "calendarview":
            return self.view(folder, rest[1:])
        if (member == "permanentdelete" and self.call.method == "POST") or (not rest and self.call.method == "DELETE"):
            self.box.delete_folder(folder)
            return Answer(204)
        if rest:
            raise no_segment(rest[0])
        if self.call.method == "PATCH":
            self.box.rename_folder(folder, self._name())
        else:
            self._only_get()
        return Answer(200, self._calendar_row(folder, query.select(self.call.query)))

    def view(self, folder: CalendarFolder, rest: Sequence[str]) -> Answer:
        """A calendar view, or its delta."""
        self._only_get()
        if not rest:
            return views.view(self.box, folder, self.call, self.service)
        if rest[0].lower() in ("delta", "delta()") and len(rest) == 1:
            return view_delta.serve(self.box, folder, self.generation, self.call, self.service)
        raise no_segment(rest[0])

    # Events

    def events(self, folder: CalendarFolder | None, rest: Sequence[str]) -> Answer:
        """The events of a calendar, or one event by id."""
        if not rest:
            if self.call.method == "POST":
                return self._create(folder or self.box.default)
            self._only_get()
            return views.listing(self.box, folder or self.box.default, self.call, self.service)
        if rest[0].lower() in ("delta", "delta()"):
            raise no_segment(rest[0])
        about = self.box.find(rest[0], self.service.behaviour.deleted_items_readable and self.call.method == "GET")
        if folder is not None and about.event.folder is not folder:
            raise not_found()
        if len(rest) == 1:
            return self._one(about)
        if len(rest) == 2 and rest[1].lower() == "instances":
            self._only_get()
            return views.instances(self.box, about.event, self.call, self.service)
        if len(rest) == 2 and self.call.method == "POST":
            return self._act(about, rest[1])
        raise no_segment(rest[1])

    def _create(self, folder: CalendarFolder) -> Answer:
        given = contents.read(self.call.json())
        held = self.box.with_transaction(given.transaction) if given.transaction else None
        if held is not None:
            about = series.itself(held)
            if self.service.behaviour.transaction_repeat != "same":
                raise Repeated(self.service.behaviour.transaction_repeat, self._id(about))
        else:
            about = series.itself(meetings.create(self.office, self.box, folder, given))
        place = f"{self.service.base_url}/v1.0/me/events/{self._id(about)}"
        return Answer(201, self._row(about), {"Location": place})

    def _one(self, about: Instance) -> Answer:
        if self.call.method == "DELETE":  # If-Match is not looked at here
            meetings.remove(self.office, self.box, about)
            return Answer(204)
        if self.call.method == "PATCH":
            return self._change(about)
        self._only_get()
        wanted = asked.options(self.call)
        form = asked.form(self.call, self.service.behaviour)
        row = rows.event_row(self.box, about, form, wanted.select, wanted.expand)
        if about.type == "seriesMaster":
            event = about.event
            if wanted.exceptions:
                found = [series.on(event, day) for day in sorted(event.exceptions)]
                row["exceptionOccurrences"] = [rows.event_row(self.box, held, form) for held in found if held]
            if wanted.select and "cancelledOccurrences" in wanted.select:
                row["cancelledOccurrences"] = rows.cancelled_ids(self.box, event, form.immutable)
        return Answer(200, row)

    def _change(self, about: Instance) -> Answer:
        body = self.call.json()
        given = contents.read(body)
        if "transactionId" in body:
            raise GraphError(400, "ErrorInvalidRequest", "transactionId can't be changed on an existing event.")
        if self.call.headers.get("if-match", "*").strip() not in ("*", rows.etag(about)):
            raise GraphError(412, "ErrorIrresolvableConflict", "The change key passed does not match the current one.")
        meetings.change(self.office, self.box, about, given)
        return Answer(200, self._row(self.box.find(self._id(about))))

    def _act(self, about: Instance, name: str) -> Answer:
        action = name.lower().removeprefix("microsoft.graph.")
        body = self.call.json() if self.call.body else {}
        if action == "permanentdelete":
            meetings.remove(self.office, self.box, about, permanent=True)
            return Answer(204)
        if action == "cancel":
            if not about.event.organised:
                message = "Your request can't be completed. You need to be an organizer to cancel a meeting."
                raise GraphError(400, "ErrorInvalidRequest", message)
            meetings.remove(self.office, self.box, about)
            return Answer(202)
        if action in ANSWERS:
            send = body.get("sendResponse", True)
            if not isinstance(send, bool):
                raise GraphError(400, "ErrorInvalidParameter", "sendResponse has to be true or false.")
            meetings.respond(self.office, self.box, about, ANSWERS[action], send)
            return Answer(202)
        raise no_segment(name)

    def _row(self, about: Instance) -> Properties:
        return rows.event_row(self.box, about, asked.form(self.call, self.service.behaviour))

    def _id(self, about: Instance) -> str:
        return self.box.id_of(about, self.call.immutable())

    def _calendar_row(self, folder: CalendarFolder, selected: tuple[str, ...] | None = None) -> Properties:
        return rows.calendar_row(self.box, folder, self.service.post.owner(self.box), selected)

    def _name(self) -> str:
        name = self.call.json().get("name")
        return name if isinstance(name, str) else ""

    def _only_get(self) -> None:
        if self.call.method != "GET":
            raise GraphError(405, "MethodNotAllowed", f"{self.call.method} is not allowed here.", {"Allow": "GET"})


class Repeated(GraphError):
    """The refusal of a second POST with one transactionId; as 400 it carries the id of the event that exists."""

    def __init__(self, form: str, identifier: str) -> None:
        status = 409 if form == "conflict" else 400
        super().__init__(status, "ErrorDuplicateTransactionId", "Your request can't be completed: it was made before.")
        self.identifier = identifier if status == 400 else ""

    def answer(self, date: str, request_id: str, client_request_id: str) -> Answer:
        """The error, with the id beside its code and message."""
        answer = super().answer(date, request_id, client_request_id)
        if self.identifier and isinstance(answer.body, dict) and isinstance(answer.body["error"], dict):
            answer.body["error"]["@event.existingEventId"] = self.identifier
        return answer
