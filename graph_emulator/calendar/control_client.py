"""A typed client of the calendar's control routes: what people do in Outlook, what comes from outside, the outbox."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from graph_emulator.messages import Properties

Call: TypeAlias = Callable[..., Properties]


class CalendarControl:
    """People and their calendars. `mailbox` is a user principal name or object id, an event is named by its id.

    Events are in Graph's shapes. `send=False` saves a meeting as a draft that nobody hears of.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def events(self, mailbox: str) -> list[dict[str, Any]]:
        """Live events (masters and singles) with immutable ids, UTC times, extended properties and exceptions."""
        return cast(list[dict[str, Any]], self._state(mailbox)["events"])

    def deleted(self, mailbox: str) -> list[dict[str, Any]]:
        """Events in Deleted Items."""
        return cast(list[dict[str, Any]], self._state(mailbox)["deletedEvents"])

    def outbox(self, since: int = 0) -> list[dict[str, Any]]:
        """Mails after number `since`: kind, from, recipients (inside the tenant or not), event and cause."""
        return cast(list[dict[str, Any]], self._call("outbox", since=since)["mails"])

    # As though it had long been there

    def seed(self, mailbox: str, events: Sequence[Mapping[str, object]]) -> list[str]:
        """Events with no mail, copies of meetings in attendees' mailboxes included; their immutable ids."""
        rows = [dict(row) for row in events]
        return cast(list[str], self._edit("seed", mailbox, events=rows)["ids"])

    # A person in Outlook

    def create(
        self, mailbox: str, properties: Mapping[str, object], calendar: str | None = None, send: bool = True
    ) -> dict[str, Any]:
        """A person makes an event, in the default calendar or one named."""
        return self._edit("create", mailbox, properties=dict(properties), calendar=calendar, send=send)

    def update(
        self, mailbox: str, event_id: str, properties: Mapping[str, object], send: bool = True
    ) -> dict[str, Any]:
        """A person changes an event, a series or one occurrence, as organiser or in a copy."""
        return self._edit("update", mailbox, id=event_id, properties=dict(properties), send=send)

    def send(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """A person sends a draft."""
        return self._edit("send", mailbox, id=event_id)

    def delete(self, mailbox: str, event_id: str) -> None:
        """A person deletes an event or occurrence; an organiser cancels by that."""
        self._edit("delete", mailbox, id=event_id)

    def purge(self, mailbox: str, event_id: str) -> None:
        """A person removes an event for good."""
        self._edit("purge", mailbox, id=event_id)

    def restore(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """A person takes an event out of Deleted Items."""
        return self._edit("restore", mailbox, id=event_id)

    def respond(self, mailbox: str, event_id: str, response: str, send: bool = True) -> None:
        """A person answers: `accepted`, `tentativelyAccepted` or `declined`."""
        self._edit("respond", mailbox, id=event_id, response=response, send=send)

    def move(self, mailbox: str, event_id: str, calendar: str | None = None) -> dict[str, Any]:
        """A person moves an event to another calendar (by name; the default one if None)."""
        return self._edit("move", mailbox, id=event_id, calendar=calendar)

    def copy(self, mailbox: str, event_id: str, calendar: str | None = None) -> dict[str, Any]:
        """A person copies an event: extended properties come along, attendees don't."""
        return self._edit("copy", mailbox, id=event_id, calendar=calendar)

    def touch(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Bump the change key without changing content."""
        return self._edit("touch", mailbox, id=event_id)

    def touch_all(self, mailbox: str) -> None:
        """Bump the change keys of all events of a mailbox."""
        self._edit("touch_all", mailbox)

    def create_calendar(self, mailbox: str, name: str) -> dict[str, Any]:
        """A person adds a calendar."""
        return self._edit("create_calendar", mailbox, name=name)

    def delete_calendar(self, mailbox: str, name: str) -> None:
        """A person deletes a calendar; meetings in it are cancelled."""
        self._edit("delete_calendar", mailbox, calendar=name)

    def empty_deleted_items(self, mailbox: str) -> None:
        """A person empties Deleted Items of events."""
        self._edit("empty_deleted_items", mailbox)

    # From outside

    def receive(self, mailbox: str, properties: Mapping[str, object]) -> dict[str, Any]:
        """An invitation or update comes in; needs `organizer` and `iCalUId`, and `start` and `end` the first time."""
        return self._edit("receive", mailbox, properties=dict(properties))

    def receive_cancellation(self, mailbox: str, uid: str, original: str | None = None) -> None:
        """A cancellation comes in, of a meeting or of the occurrence with the original date."""
        self._edit("receive_cancellation", mailbox, iCalUId=uid, original=original)

    def receive_answer(self, mailbox: str, event_id: str, address: str, response: str) -> dict[str, Any]:
        """An attendee outside answers to the organiser."""
        return self._edit("receive_answer", mailbox, id=event_id, address=address, response=response)

    def _edit(self, action: str, mailbox: str, **body: object) -> dict[str, Any]:
        return self._call("calendar", action=action, mailbox=mailbox, **body)

    def _state(self, mailbox: str) -> dict[str, Any]:
        boxes = cast(dict[str, dict[str, Any]], self._call("state", mailbox=mailbox)["mailboxes"])
        return next(iter(boxes.values()))
