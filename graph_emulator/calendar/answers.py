"""Answers to invitations on their way to the organiser."""

from dataclasses import replace

from graph_emulator.calendar import series
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Attendee, Instance
from graph_emulator.calendar.post import Post


def tell_organiser(post: Post, box: CalendarBox, about: Instance, answer: str) -> None:
    """Mail an answer to the organiser, whose event notes it if it lies in this emulator."""
    organiser = about.event.organiser
    post.send("response", box, about, [organiser], answer)
    place = post.place(organiser.address)
    if place is not None and place.box is not box:
        note(place.box, about.event.uid, about.day, post.owner(box).key(), answer)


def note(box: CalendarBox, uid: str, day: int, address: str, answer: str) -> bool:
    """Note an attendee's answer on the organiser's event, or on one occurrence of it; whether there was one to note."""
    event = box.with_uid(uid)
    about = None if event is None else series.on(event, day) if day else series.itself(event)
    if event is None or about is None or not event.organised:
        return False
    people = about.attendees
    if not any(person.key() == address.lower() for person in people):
        return False
    stamp = box.clock.stamp()
    noted = tuple(_answered(person, address, answer, stamp) for person in people)
    if day:
        box.deviate(event, day).attendees = noted
    else:
        event.attendees = noted
        box.touch(event)
    return True


def _answered(person: Attendee, address: str, answer: str, stamp: str) -> Attendee:
    return replace(person, response=answer, time=stamp) if person.key() == address.lower() else person
