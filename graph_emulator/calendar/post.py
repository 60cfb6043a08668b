"""The post office: whose address leads to which calendars, and every mail that was sent, with what caused it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Attendee, Instance
from graph_emulator.calendar.event_ids import uid_on
from graph_emulator.clock import Clock
from graph_emulator.messages import Properties
from graph_emulator.people import User


@dataclass(frozen=True, slots=True)
class Cause:
    """What made the service send a mail: a request, or what a person or a room did (`by`)."""

    by: str = "person"
    request_id: str = ""
    client_request_id: str = ""
    method: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. `kind`: invite, update, cancel or response; `recipients`: addresses, and whether inside the tenant.

    `event_id` is the immutable id in the sender's mailbox, `original` the date of the occurrence it is about.
    """

    number: int
    at: str
    kind: str
    sender: str
    recipients: tuple[tuple[str, bool], ...]
    subject: str
    event_id: str
    uid: str
    type: str
    original: str | None
    response: str | None
    cause: Cause

    def as_json(self) -> Properties:
        """The mail as the control interface tells it."""
        cause = {
            "by": self.cause.by,
            "requestId": self.cause.request_id,
            "clientRequestId": self.cause.client_request_id,
            "method": self.cause.method,
            "path": self.cause.path,
        }
        return {
            "number": self.number,
            "at": self.at,
            "kind": self.kind,
            "from": self.sender,
            "recipients": [{"address": address, "inside": inside} for address, inside in self.recipients],
            "subject": self.subject,
            "eventId": self.event_id,
            "iCalUId": self.uid,
            "type": self.type,
            "originalDate": self.original,
            "response": self.response,
            "cause": cause,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address leads: a user of some tenant and that user's calendars."""

    user: User
    tenant: str
    box: CalendarBox


class Post:
    """Delivers nothing by itself: it knows addresses and keeps the outbox."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.outbox: list[Mail] = []
        self.number = 0
        self.cause = Cause()
        self._places: dict[str, Place] = {}

    def enter(self, user: User, tenant: str, box: CalendarBox) -> None:
        """Let a user's addresses lead to these calendars."""
        for address in (user.mail, user.upn):
            self._places[address.lower()] = Place(user, tenant, box)

    def forget(self) -> None:
        """No address leads anywhere."""
        self._places.clear()

    def clear(self) -> None:
        """Empty the outbox."""
        self.outbox.clear()
        self.number = 0

    def place(self, address: str) -> Place | None:
        """Where an address leads, None for people outside this emulator."""
        return self._places.get(address.lower())

    def owner(self, box: CalendarBox) -> Attendee:
        """The person whose calendars these are."""
        user = self._places[box.owner.lower()].user
        return Attendee(user.mail, user.name)

    def owns(self, box: CalendarBox, address: str) -> bool:
        """Whether an address is that of the calendars' owner."""
        place = self.place(address)
        return place is not None and place.box is box

    @contextmanager
    def because(self, cause: Cause) -> Iterator[None]:
        """Mails sent meanwhile have this cause."""
        before, self.cause = self.cause, cause
        try:
            yield
        finally:
            self.cause = before

    def sent_since(self, number: int) -> int:
        """How many people were mailed after mail `number`."""
        return sum(len(mail.recipients) for mail in self.outbox[number:])

    def send(
        self, kind: str, box: CalendarBox, about: Instance, to: Iterable[Attendee], response: str | None = None
    ) -> None:
        """One mail from the owner of `box` to all of `to` but the owner; none if nobody is left."""
        sender = self._places[box.owner.lower()]
        people = [person for person in to if not self.owns(box, person.address)]
        if not people:
            return
        self.number += 1
        places = [self.place(person.address) for person in people]
        inside = [place is not None and place.tenant == sender.tenant for place in places]
        self.outbox.append(
            Mail(
                self.number,
                self.clock.stamp(),
                kind,
                sender.user.mail,
                tuple((person.address, within) for person, within in zip(people, inside, strict=True)),
                str(about.properties["subject"]),
                box.id_of(about, immutable=True),
                uid_on(about.event.uid, about.day),
                about.type,
                about.original.isoformat() if about.original else None,
                response,
                self.cause,
            )
        )

    def as_json(self, since: int = 0) -> Properties:
        """Mails after number `since`, and how many people were mailed in all."""
        mails = [mail.as_json() for mail in self.outbox[since:]]
        return {"mails": mails, "total": self.sent_since(0)}

    def saved(self) -> list[Properties]:
        """The outbox for a snapshot."""
        return [asdict(mail) for mail in self.outbox]

    def load(self, rows: Iterable[Properties]) -> None:
        """The outbox of a snapshot."""
        self.clear()
        for row in rows:
            recipients = row.pop("recipients")
            cause = row.pop("cause")
            assert isinstance(recipients, list) and isinstance(cause, dict)
            pairs = tuple((str(address), bool(inside)) for address, inside in recipients)
            self.outbox.append(_mail(row, pairs, Cause(**cause)))
            self.number = self.outbox[-1].number


def _mail(row: Properties, recipients: tuple[tuple[str, bool], ...], cause: Cause) -> Mail:
    texts = {name: None if value is None else str(value) for name, value in row.items() if name != "number"}
    return Mail(
        int(str(row["number"])),
        str(texts["at"]),
        str(texts["kind"]),
        str(texts["sender"]),
        recipients,
        str(texts["subject"]),
        str(texts["event_id"]),
        str(texts["uid"]),
        str(texts["type"]),
        texts["original"],
        texts["response"],
        cause,
    )
