"""Who is asked to come. Rules see addresses; the wire holds people with their kind and their answer.

A write replaces the whole list, and whoever is missing in it gets a cancellation: therefore it is always the list as it
is now, with nothing changed but who comes and who goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.records import Value
from graph_client.answers import Json
from graph_client.calendar.times import Unfit

MOST: Final = 500
"""People whom one meeting can ask to come."""
_ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+")


def addresses(raw: Json, organizer: str | None) -> Value:
    """The addresses in an ``attendees`` list, in lower case and order; without the organiser, who is no attendee
    although some lists say so. None for nobody."""
    found = {address for person in _people(raw) if (address := address_of(person)) and address != organizer}
    return tuple(sorted(found)) or None


def address_of(person: Json) -> str | None:
    """The address of an attendee or organiser, in lower case."""
    mail = person.get("emailAddress") if isinstance(person, dict) else None
    address = mail.get("address") if isinstance(mail, dict) else None
    return address.strip().lower() or None if isinstance(address, str) else None


def merged(wanted: Value, present: Json, organizer: str | None) -> list[Json]:
    """The list to send so that exactly the people ``wanted`` come, where ``present`` come now: those who stay are sent
    as they are, kind and answer included, and so is whoever has no address. Raises Unfit for what is no address and
    for too many."""
    coming = _wanted(wanted) - {organizer}
    staying: list[Json] = []
    known: set[str | None] = {organizer}
    for person in _people(present):
        address = address_of(person)
        if address is None or address in coming or address == organizer:
            staying.append(person)
            known.add(address)
    new: list[Json] = [{"type": "required", "emailAddress": {"address": one}} for one in sorted(coming - known)]
    if len(staying) + len(new) > MOST:
        raise Unfit(f"more than {MOST} people are asked to come, which is as many as a meeting can have")
    return [*staying, *new]


def _wanted(value: Value) -> set[str]:
    found = set()
    for address in value if isinstance(value, tuple) else ():
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address.strip()):
            raise Unfit("what stands among the attendees is no e-mail address")
        found.add(address.strip().lower())
    return found


def _people(raw: Json) -> Iterator[dict[str, Json]]:
    return (person for person in (raw if isinstance(raw, list) else ()) if isinstance(person, dict))
