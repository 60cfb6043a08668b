"""Copies of a meeting in the mailboxes of those who are asked to come: made, brought up to date, and cancelled."""

from collections.abc import Iterable
from dataclasses import replace

from graph_emulator.calendar import series
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.contents import empty_event
from graph_emulator.calendar.event import Attendee, Deviation, Event, Instance, Timing
from graph_emulator.calendar.event_ids import uid_on
from graph_emulator.calendar.moments import NO_TIME
from graph_emulator.calendar.post import Post
from graph_emulator.messages import Properties

LOCAL = ("categories", "showAs", "isReminderOn", "reminderMinutesBeforeStart")
CANCELLED = "Canceled: "


def deliver(post: Post, box: CalendarBox, event: Event, to: Iterable[Attendee]) -> None:
    """Bring the copies of `event` in the mailboxes of these people up to date; people elsewhere have none here."""
    invited = {person.key() for person in event.attendees}
    for person in to:
        place = post.place(person.address)
        if place is None or place.box is box:
            continue
        if person.key() in invited:
            _deliver_whole(place.box, event, person)
            continue
        for day, deviation in event.exceptions.items():
            guests = {guest.key() for guest in deviation.attendees or ()}
            instance = series.on(event, day)
            if instance is not None and person.key() in guests:
                _deliver_single(place.box, instance, person)


def withdraw(post: Post, box: CalendarBox, about: Instance, people: Iterable[Attendee], stays: bool) -> None:
    """Cancel the copies of an appearance in these people's mailboxes; `stays`: a copy marked as cancelled is kept."""
    for person in people:
        place = post.place(person.address)
        if place is None or place.box is box:
            continue
        cancel_copy(place.box, about.event.uid, about.day, stays)
        for day in () if about.day else about.event.exceptions:  # guests of one occurrence have a copy of that alone
            cancel_copy(place.box, uid_on(about.event.uid, day), 0, stays)


def cancel_copy(box: CalendarBox, uid: str, day: int, stays: bool) -> None:
    """What a cancellation does in one mailbox: to the whole copy (`day` 0), or to the occurrence of a day."""
    copy = box.with_uid(uid)
    alone = box.with_uid(uid_on(uid, day)) if day else None
    if alone is not None and not alone.organised:
        copy, day = alone, 0
    if copy is None or copy.organised:
        return
    if not day:
        if stays:
            box.edit(copy, lambda: copy.properties.update(_cancelled(copy.properties)))
        else:
            box.delete(copy)
    elif series.on(copy, day) is not None:
        if stays:
            deviation = box.deviate(copy, day)
            deviation.properties.update(_cancelled({**copy.properties, **deviation.properties}))
        else:
            box.drop_day(copy, day, tell_series=True)


def shared(properties: Properties) -> Properties:
    """What an invitation carries of a meeting's contents."""
    return {name: value for name, value in properties.items() if name not in LOCAL} | {"isDraft": False}


def seen_by(person: Attendee, attendees: tuple[Attendee, ...], hidden: bool) -> tuple[Attendee, ...]:
    """The attendees as an invitation lists them: without their answers, and with nobody else if they are hidden."""
    kept = [guest for guest in attendees if not hidden or guest.key() == person.key()]
    return tuple(replace(guest, response="none", time=NO_TIME) for guest in kept)


def upsert(
    box: CalendarBox,
    uid: str,
    properties: Properties,
    timing: Timing,
    organiser: Attendee,
    people: tuple[Attendee, ...],
) -> Event:
    """The copy of a meeting in a mailbox, made or brought up to date; another time makes it unanswered again."""
    copy = box.with_uid(uid)
    if copy is None:
        fresh = {**empty_event(), **properties, "showAs": "tentative"}
        copy = box.create(box.default, fresh, timing, organiser, uid, organised=False)
        copy.attendees, copy.response = people, ("notResponded", NO_TIME)
        return copy
    moved = (copy.timing.begins, copy.timing.ends, copy.timing.recurrence)
    again = moved != (timing.begins, timing.ends, timing.recurrence)
    box.reshape(copy, timing, keep=True)

    def change() -> None:
        copy.properties.update(properties)
        copy.attendees, copy.organiser = people, organiser
        if again:
            copy.response = ("notResponded", NO_TIME)

    box.edit(copy, change)
    return copy


def _deliver_whole(box: CalendarBox, event: Event, person: Attendee) -> None:
    hidden = bool(event.properties["hideAttendees"])
    people = seen_by(person, event.attendees, hidden)
    copy = upsert(box, event.uid, shared(event.properties), event.timing, event.organiser, people)
    if copy.organised or not event.series:
        return
    left_out, before = set(), copy.exceptions
    copy.exceptions = {}
    for day, deviation in event.exceptions.items():
        if deviation.attendees is not None and person.key() not in {guest.key() for guest in deviation.attendees}:
            left_out.add(day)
            continue
        copy.exceptions[day] = _deviation(box, deviation, before.get(day), person, hidden)
    told = {day for day, kept in before.items() if kept.properties.get("isCancelled") and day in event.cancelled}
    copy.exceptions.update({day: before[day] for day in told})
    copy.cancelled = (event.cancelled | left_out) - told
    box.touch(copy)


def _deviation(box: CalendarBox, source: Deviation, own: Deviation | None, person: Attendee, hidden: bool) -> Deviation:
    key, stamp = box.next_key(), box.clock.stamp()
    made = Deviation(key, own.created if own else stamp, stamp, timing=source.timing)
    kept = {name: value for name, value in own.properties.items() if name in LOCAL} if own else {}
    made.properties = {name: value for name, value in source.properties.items() if name not in LOCAL} | kept
    if own is not None and own.timing == source.timing:
        made.response = own.response
    if source.attendees is not None:
        made.attendees = seen_by(person, source.attendees, hidden)
    return made


def _deliver_single(box: CalendarBox, instance: Instance, person: Attendee) -> None:
    """Somebody asked to come to one occurrence only has a single event, with the uid of that occurrence."""
    event, timing = instance.event, instance.timing
    own = Timing.of(*series.moments(instance), timing.all_day, timing.zones)
    people = seen_by(person, instance.attendees, bool(instance.properties["hideAttendees"]))
    upsert(box, uid_on(event.uid, instance.day), shared(instance.properties), own, event.organiser, people)


def _cancelled(properties: Properties) -> Properties:
    subject = str(properties["subject"])
    told = subject if subject.startswith(CANCELLED) else CANCELLED + subject
    return {"isCancelled": True, "subject": told, "showAs": "free"}
