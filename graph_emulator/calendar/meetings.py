"""What happens when somebody creates, changes, removes or answers an event: mails, and other people's copies."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from graph_emulator.behaviour import Behaviour
from graph_emulator.calendar import bodies, contents, copies, series
from graph_emulator.calendar.answers import tell_organiser
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.contents import Contents
from graph_emulator.calendar.copies import LOCAL
from graph_emulator.calendar.event import Attendee, CalendarFolder, Event, Instance, Timing
from graph_emulator.calendar.moments import NO_TIME
from graph_emulator.calendar.post import Post
from graph_emulator.calendar.rooms import answer_for_rooms
from graph_emulator.identifiers import digest
from graph_emulator.messages import GraphError, Properties


@dataclass(frozen=True, slots=True)
class Office:
    """What handling a meeting needs: the post, and the settings of the service's moods."""

    post: Post
    behaviour: Behaviour

    @property
    def midnight_zone(self) -> str | None:
        """The zone whose midnights all-day events are kept at; None: the one they were written in."""
        return "UTC" if self.behaviour.all_day_in_utc else None


def create(office: Office, box: CalendarBox, folder: CalendarFolder, given: Contents, send: bool = True) -> Event:
    """A new event of the mailbox's owner; with attendees it is a meeting, and invitations go out at once.

    Without `send` it stays a draft that nobody hears of. GraphError 400 for contents that an event can't have.
    """
    timing = contents.timing(given.times, None, office.midnight_zone)
    properties = {**contents.empty_event(), **given.properties}
    organiser = office.post.owner(box)
    event = box.create(folder, properties, timing, organiser, None, given.extended, given.transaction)
    event.attendees = given.attendees or ()
    properties.update(_online(event.uid, contents.empty_event(), properties))
    about = series.itself(event)
    if not send and event.attendees:
        event.announced, properties["isDraft"] = (), True
        return event
    announce(office, box, about, (), event.attendees, significant=False)
    return event


def change(office: Office, box: CalendarBox, about: Instance, given: Contents, send: bool = True) -> None:
    """Another content for an event, a series or one occurrence. The organiser's change reaches the attendees.

    What an attendee changes stays in that mailbox. GraphError 400, with nothing changed.
    """
    event, before = about.event, about.attendees
    timing = _new_timing(office, about, given)
    significant = _apply(office, box, about, given, timing)
    if not event.organised:
        return
    fresh = series.on(event, about.day) if about.day else series.itself(event)
    assert fresh is not None
    if event.announced is not None:
        before = event.announced
    if not send and (before or fresh.attendees):
        event.announced, event.properties["isDraft"] = before, True
        return
    if event.announced is not None:
        event.announced, event.properties["isDraft"] = None, False
    announce(office, box, fresh, before, fresh.attendees, significant)


def announce(
    office: Office,
    box: CalendarBox,
    about: Instance,
    before: tuple[Attendee, ...],
    after: tuple[Attendee, ...],
    significant: bool,
) -> None:
    """Mail the people concerned by a change and bring their copies up to date.

    A series that has exceptions is announced once more for each of them.
    """
    post, event = office.post, about.event
    had, have = {person.key() for person in before}, {person.key() for person in after}
    added = [person for person in after if person.key() not in had]
    removed = [person for person in before if person.key() not in have]
    kept = [person for person in after if person.key() in had]
    if not significant and not ((added or removed) and office.behaviour.attendee_change_mails_everybody):
        kept = []
    post.send("invite", box, about, added)
    post.send("cancel", box, about, removed)
    post.send("update", box, about, kept)
    if event.series and not about.day:
        for instance in [series.on(event, day) for day in event.exceptions]:
            if instance is not None:
                post.send("update", box, instance, kept)
    copies.withdraw(post, box, about, removed, office.behaviour.cancelled_copy_stays)
    copies.deliver(post, box, event, [*added, *kept])
    answer_for_rooms(post, box, about, [*added, *kept])


def remove(office: Office, box: CalendarBox, about: Instance, permanent: bool = False) -> None:
    """Remove an event, a series or one occurrence. From the organiser it is a cancellation, from others it is not."""
    event, behaviour = about.event, office.behaviour
    if event.organised:
        people = _everybody(event) if not about.day else about.attendees
        people = event.announced if event.announced is not None else people
        office.post.send("cancel", box, about, people)
        copies.withdraw(office.post, box, about, people, behaviour.cancelled_copy_stays)
    elif behaviour.attendee_delete_declines and not about.properties["isCancelled"]:
        tell_organiser(office.post, box, about, "declined")
    discard(box, about, behaviour, permanent)


def respond(office: Office, box: CalendarBox, about: Instance, answer: str, send: bool) -> None:
    """Answer an invitation: accepted, tentativelyAccepted or declined. The organiser can't (400)."""
    event = about.event
    if event.organised:
        message = "You can't respond to this meeting because you're the meeting organizer."
        raise GraphError(400, "ErrorInvalidRequest", message)
    stamp = (answer, box.clock.stamp())
    shown = {"accepted": "busy", "tentativelyAccepted": "tentative", "declined": "free"}[answer]
    if about.day:
        deviation = box.deviate(event, about.day)
        deviation.response = stamp
        deviation.properties["showAs"] = shown
    else:
        event.response = stamp
        event.properties["showAs"] = shown
        box.touch(event)
    if send and event.properties["responseRequested"]:
        tell_organiser(office.post, box, about, answer)
    if answer == "declined" and not office.behaviour.declined_copy_stays:
        discard(box, about, office.behaviour)


def discard(box: CalendarBox, about: Instance, behaviour: Behaviour, permanent: bool = False) -> None:
    """Take an appearance out of one mailbox, and tell nobody."""
    if about.day:
        box.drop_day(about.event, about.day, behaviour.view_deleted_occurrences == "series")
    else:
        box.delete(about.event, permanent)


def _new_timing(office: Office, about: Instance, given: Contents) -> Timing | None:
    if not given.times:
        return None
    if not about.day:
        return contents.timing(given.times, about.event.timing, office.midnight_zone)
    if given.times.get("recurrence") is not None:
        raise GraphError(400, "ErrorInvalidRequest", "An occurrence can't have a recurrence of its own.")
    times = {name: value for name, value in given.times.items() if name != "recurrence"}
    held = Timing.of(*series.moments(about), about.timing.all_day, about.timing.zones)
    moved = contents.timing(times, held, office.midnight_zone)
    if (moved.begins, moved.ends) != (held.begins, held.ends):
        series.check_neighbours(about.event, about.day, moved)
    return moved


def _apply(office: Office, box: CalendarBox, about: Instance, given: Contents, timing: Timing | None) -> bool:
    """Write the changes into the mailbox; whether anything differs that attendees should hear of."""
    event, current = about.event, about.properties
    wanted = {**given.properties, **_online(event.uid, current, given.properties)}
    if current["onlineMeeting"]:  # once set, these can't be reset
        for name in ("isOnlineMeeting", "onlineMeetingProvider"):
            if name in given.properties and "onlineMeeting" not in wanted:
                wanted.pop(name, None)
    moved = timing is not None and (timing.begins, timing.ends) != (about.begins, about.ends)
    moved = moved or (timing is not None and not about.day and timing.recurrence != event.timing.recurrence)
    sent = {name for name in wanted if name not in LOCAL}
    differs = {name for name in sent if wanted[name] != current.get(name)}
    people = None if given.attendees is None else _with_answers(given.attendees, about.attendees)
    retyped = people is not None and any(
        p.kind != q.kind for p in people for q in about.attendees if p.key() == q.key()
    )
    if moved and event.organised:
        people = tuple(
            replace(p, response="none", time=NO_TIME) for p in (about.attendees if people is None else people)
        )
    if about.day:
        _write_occurrence(box, about, wanted, given, people, timing)
    else:
        _write_event(office, box, event, wanted, given, people, timing)
    return moved or retyped or bool(differs) or (office.behaviour.unchanged_values_mail and bool(sent))


def _write_occurrence(
    box: CalendarBox,
    about: Instance,
    wanted: Properties,
    given: Contents,
    people: tuple[Attendee, ...] | None,
    timing: Timing | None,
) -> None:
    deviation = box.deviate(about.event, about.day)
    deviation.properties.update(wanted)
    deviation.extended.update(given.extended)
    if people is not None:
        deviation.attendees = people
    if timing is not None:
        deviation.timing = timing


def _write_event(
    office: Office,
    box: CalendarBox,
    event: Event,
    wanted: Properties,
    given: Contents,
    people: tuple[Attendee, ...] | None,
    timing: Timing | None,
) -> None:
    def write() -> None:
        event.properties.update(wanted)
        for name, value in given.extended.items():
            if value is None:
                event.extended.pop(name, None)
            else:
                event.extended[name] = value
        if people is not None:
            _follow(event, people)
            event.attendees = people

    if timing is not None:
        box.reshape(event, timing, office.behaviour.series_change_keeps_exceptions)
    box.edit(event, write)


def _follow(event: Event, people: tuple[Attendee, ...]) -> None:
    """Who joins or leaves a series joins or leaves its exceptions too."""
    had, have = {person.key() for person in event.attendees}, {person.key() for person in people}
    for deviation in event.exceptions.values():
        if deviation.attendees is not None:
            own = {person.key() for person in deviation.attendees}
            stay = [person for person in deviation.attendees if person.key() in have or person.key() not in had]
            new = [person for person in people if person.key() not in had and person.key() not in own]
            deviation.attendees = (*stay, *new)


def _with_answers(wanted: Iterable[Attendee], before: Iterable[Attendee]) -> tuple[Attendee, ...]:
    """A list of attendees as it was sent, with the answers that those who stay have given."""
    known = {person.key(): person for person in before}
    return tuple(
        replace(person, response=held.response, time=held.time) if (held := known.get(person.key())) else person
        for person in wanted
    )


def _everybody(event: Event) -> tuple[Attendee, ...]:
    """Attendees of a series and those of its exceptions alone."""
    people = {person.key(): person for person in event.attendees}
    for deviation in event.exceptions.values():
        for person in deviation.attendees or ():
            people.setdefault(person.key(), person)
    return tuple(people.values())


def _online(uid: str, current: Properties, wanted: Properties) -> Properties:
    """What follows for an online meeting: it begins with a block in the body, and ends when a body comes without it."""
    held = current["onlineMeeting"]
    if isinstance(held, dict):
        if "body" in wanted and not bodies.has_block(wanted["body"], str(held["joinUrl"])):
            return {"isOnlineMeeting": False, "onlineMeeting": None}
        return {}
    if not wanted.get("isOnlineMeeting"):
        return {}
    url = f"https://teams.example/l/meetup-join/19%3ameeting_{digest(18, uid, 'join').hex()}%40thread.v2/0"
    provider = wanted.get("onlineMeetingProvider", "unknown")
    return {
        "onlineMeeting": {"joinUrl": url},
        "onlineMeetingProvider": "teamsForBusiness" if provider == "unknown" else provider,
        "body": bodies.with_block(wanted.get("body", current["body"]), url),
    }
