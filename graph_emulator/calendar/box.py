"""The calendars of one mailbox: events, their ids and change keys, and the logs that view deltas read.

Knows nothing of meetings: what other mailboxes hear of a change is decided elsewhere.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from graph_emulator.calendar import series
from graph_emulator.calendar.event import Attendee, CalendarFolder, Deviation, Event, Instance, Timing
from graph_emulator.calendar.event_ids import EventIds
from graph_emulator.clock import Clock
from graph_emulator.messages import GraphError, Properties

AHEAD = timedelta(days=3 * 366)


class CalendarBox:
    """One user's calendars. Whoever calls holds the world's lock."""

    def __init__(self, seed: str, clock: Clock, owner: str, zone: str) -> None:
        self.clock = clock
        self.owner = owner
        self.zone = zone
        self.ids = EventIds(f"{seed}/{owner.lower()}/calendar")
        self.folders: dict[str, CalendarFolder] = {}
        self.events: dict[int, Event] = {}
        self.deleted: dict[int, Event] = {}
        self.serial = 0
        self.event_number = 0
        self.folder_number = 0
        self._by_uid: dict[str, set[int]] = {}
        self._by_transaction: dict[str, set[int]] = {}
        self._by_mark: dict[tuple[str, str], set[int]] = {}
        self.default = self.create_folder("Calendar")

    # Calendars

    def folder(self, identifier: str) -> CalendarFolder:
        """A calendar by id; GraphError 404."""
        found = self.folders.get(identifier)
        if found is None:
            raise not_found()
        return found

    def named(self, name: str) -> CalendarFolder | None:
        """A calendar by its name."""
        return next((folder for folder in self.folders.values() if folder.name == name), None)

    def create_folder(self, name: str) -> CalendarFolder:
        """A new calendar; GraphError 409 if there is one of that name."""
        self._check_name(name)
        self.folder_number += 1
        folder = CalendarFolder(self.folder_number, self.ids.folder(self.folder_number), name, self.next_key())
        self.folders[folder.id] = folder
        return folder

    def rename_folder(self, folder: CalendarFolder, name: str) -> None:
        """Another name for a calendar."""
        if name != folder.name:
            self._check_name(name)
        folder.name, folder.change_key = name, self.next_key()

    def delete_folder(self, folder: CalendarFolder) -> None:
        """Delete a calendar with all it holds; the default one can't be deleted (403). No delta tells of it."""
        if folder is self.default:
            raise GraphError(403, "ErrorAccessDenied", "The default calendar can't be deleted.")
        for event in list(folder.members.values()):
            self.delete(event)
        del self.folders[folder.id]

    def _check_name(self, name: str) -> None:
        if not name:
            raise GraphError(400, "ErrorInvalidParameter", "A calendar needs a name.")
        if self.named(name):
            raise GraphError(409, "ErrorFolderExists", "A calendar with the specified name already exists.")

    # Events

    def find(self, identifier: str, deleted: bool = False) -> Instance:
        """An event or occurrence by its immutable or present classic id; GraphError 404, 400 if mangled."""
        read = self.ids.read(identifier)
        if read is None:
            if len(identifier) < 60:
                raise GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")
            raise not_found()
        number, moves, day = read
        event = self.events.get(number) or (self.deleted.get(number) if deleted else None)
        if event is None or (moves is not None and moves != event.moves):
            raise not_found()
        found = series.on(event, day) if day else series.itself(event)
        if found is None:
            raise not_found()
        return found

    def id_of(self, instance: Instance, immutable: bool) -> str:
        """The id under which an appearance is told."""
        return self.id_on(instance.event, instance.day, immutable)

    def id_on(self, event: Event, day: int, immutable: bool) -> str:
        """The id of an event (`day` 0) or of its occurrence on a day."""
        if immutable:
            return self.ids.immutable(event.number, day)
        return self.ids.classic(event.number, event.moves, day)

    def create(
        self,
        folder: CalendarFolder,
        properties: Properties,
        timing: Timing,
        organiser: Attendee,
        uid: str | None = None,
        extended: dict[str, str | None] | None = None,
        transaction: str | None = None,
        organised: bool = True,
    ) -> Event:
        """A new event of normalised properties; one that the owner has not `organised` is a copy of a meeting."""
        self.event_number += 1
        number, stamp = self.event_number, self.clock.stamp()
        made = uid or self.ids.uid(number)
        event = Event(number, folder, properties, timing, organiser, organised, made, self.next_key(), stamp, stamp)
        event.transaction = transaction
        event.extended = {name: value for name, value in (extended or {}).items() if value is not None}
        self._place(event, folder)
        return event

    def edit(self, event: Event, change: Callable[[], None]) -> None:
        """Make a change, with the search indexes, change key and log in step."""
        self._index(event, add=False)
        change()
        self._index(event, add=True)
        self.touch(event)

    def touch(self, event: Event) -> None:
        """A new change key and a line in the log, without another content."""
        event.change_key, event.modified = self.next_key(), self.clock.stamp()
        if event.number in self.events:
            event.folder.log.record(event.number, event.moves)

    def deviate(self, event: Event, day: int) -> Deviation:
        """The exception of a day, made if there is none, with a new change key and a line in the log."""
        key, stamp = self.next_key(), self.clock.stamp()
        deviation = event.exceptions.setdefault(day, Deviation(key, stamp, stamp))
        deviation.change_key, deviation.modified = key, stamp
        event.change_key, event.modified = self.next_key(), stamp
        event.folder.log.record(event.number, event.moves, day=day)
        return deviation

    def drop_day(self, event: Event, day: int, tell_series: bool) -> None:
        """Remove one occurrence for good; `tell_series` lets deltas tell the series again."""
        event.exceptions.pop(day, None)
        event.cancelled.add(day)
        event.folder.log.record(event.number, event.moves, removed=True, day=day)
        event.change_key, event.modified = self.next_key(), self.clock.stamp()
        if tell_series:
            self.touch(event)

    def reshape(self, event: Event, timing: Timing, keep: bool) -> None:
        """Another timing for an event. What no longer fits the pattern goes; without `keep` a new pattern drops all."""
        before, after = event.timing.recurrence, timing.recurrence
        moved = event.timing.start != timing.start or event.timing.end != timing.end
        same = not moved and before is not None and after is not None and before.pattern_only() == after.pattern_only()
        held = self._days(event)
        event.timing = timing
        plain = replace(event, exceptions={}, cancelled=set())
        for day in [*event.exceptions, *event.cancelled]:
            if not (same or keep) or series.on(plain, day) is None:
                event.exceptions.pop(day, None)
                event.cancelled.discard(day)
        for day in sorted(held - self._days(event)):
            event.folder.log.record(event.number, event.moves, removed=True, day=day)

    def _days(self, event: Event) -> set[int]:
        """Days of a series' occurrences in the years that anybody looks at."""
        last = max(self.clock.mailbox_now().replace(tzinfo=None), event.timing.begins) + AHEAD
        return {found.day for found in series.between(event, event.timing.begins, last) if found.day}

    def delete(self, event: Event, permanent: bool = False) -> None:
        """Move to Deleted Items, or remove for good."""
        if event.number in self.events:
            self._take(event)
            event.moves += 1
        self.deleted.pop(event.number, None)
        if not permanent:
            self.deleted[event.number] = event

    def restore(self, event: Event) -> None:
        """Out of Deleted Items, back into its calendar (the default one if that is gone)."""
        del self.deleted[event.number]
        event.moves += 1
        event.change_key = self.next_key()
        self._place(event, event.folder if event.folder.id in self.folders else self.default)

    def move(self, event: Event, folder: CalendarFolder) -> None:
        """Into another calendar: removed here, created there; the immutable id stays, the classic id changes."""
        self._take(event)
        event.moves += 1
        event.change_key = self.next_key()
        self._place(event, folder)

    def copy(self, event: Event, folder: CalendarFolder) -> Event:
        """A copy as Outlook makes it: another id and uid, nobody invited, the same extended properties."""
        properties = {**event.properties, "isDraft": False, "isCancelled": False}
        copied = self.create(folder, properties, event.timing, event.organiser, None, dict(event.extended))
        copied.exceptions = {day: replace(deviation, attendees=None) for day, deviation in event.exceptions.items()}
        copied.cancelled = set(event.cancelled)
        return copied

    def with_uid(self, uid: str) -> Event | None:
        """The live event with a calendar uid."""
        found = self._by_uid.get(uid)
        return self.events[min(found)] if found else None

    def with_mark(self, identifier: str, value: str) -> set[int]:
        """Numbers of live events whose extended property has the value, compared without case."""
        return self._by_mark.get((identifier, value.lower()), set())

    def with_transaction(self, transaction: str) -> Event | None:
        """The live event that was created with a transaction id."""
        found = self._by_transaction.get(transaction)
        return self.events[min(found)] if found else None

    def next_key(self) -> str:
        """A fresh change key."""
        self.serial += 1
        return self.ids.change_key(self.serial)

    def reindex(self) -> None:
        """Build the search indexes anew, after a load."""
        self._by_uid, self._by_transaction, self._by_mark = {}, {}, {}
        for event in self.events.values():
            self._index(event, add=True)

    def _place(self, event: Event, folder: CalendarFolder) -> None:
        event.folder = folder
        self.events[event.number] = event
        folder.members[event.number] = event
        folder.log.record(event.number, event.moves)
        self._index(event, add=True)

    def _take(self, event: Event) -> None:
        self._index(event, add=False)
        del self.events[event.number]
        del event.folder.members[event.number]
        event.folder.log.record(event.number, event.moves, removed=True)

    def _index(self, event: Event, add: bool) -> None:
        places = [self._by_uid.setdefault(event.uid, set())]
        places += [self._by_mark.setdefault((name, text.lower()), set()) for name, text in event.extended.items()]
        if event.transaction:
            places.append(self._by_transaction.setdefault(event.transaction, set()))
        for numbers in places:
            (numbers.add if add else numbers.discard)(event.number)


def not_found() -> GraphError:
    """The refusal for an event that is not there."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
