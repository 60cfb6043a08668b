"""Room mailboxes answer by themselves: accepted when the room is free, declined when it is taken."""

from collections.abc import Iterable
from datetime import timedelta

from graph_emulator.calendar import series
from graph_emulator.calendar.answers import tell_organiser
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Attendee, Event, Instance
from graph_emulator.calendar.post import Cause, Post

AHEAD = timedelta(days=180)


def answer_for_rooms(post: Post, box: CalendarBox, about: Instance, people: Iterable[Attendee]) -> None:
    """Let each room among the people answer an invitation or update that it has not answered yet."""
    for person in people:
        place = post.place(person.address)
        if place is None or not place.user.room or place.box is box:
            continue
        copy = place.box.with_uid(about.event.uid)
        if copy is None or copy.organised or copy.response[0] != "notResponded":
            continue
        free = not _taken(place.box, copy)
        answer = "accepted" if free else "declined"
        copy.response = (answer, place.box.clock.stamp())
        copy.properties["showAs"] = "busy"
        with post.because(Cause(by="room")):
            tell_organiser(post, place.box, series.itself(copy), answer)
        if not free:
            place.box.delete(copy)


def _taken(box: CalendarBox, copy: Event) -> bool:
    last = copy.timing.begins + AHEAD
    for wanted in series.between(copy, copy.timing.begins, last):
        for other in box.events.values():
            if other is not copy and any(
                held.properties["showAs"] != "free" and held.ends > wanted.begins
                for held in series.between(other, wanted.begins, wanted.ends)
            ):
                return True
    return False
