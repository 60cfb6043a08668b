"""Events: single ones and series with their exceptions, the people asked to come, and one appearance of an event."""

from dataclasses import dataclass, field
from datetime import date, datetime

from graph_emulator.calendar.moments import NO_TIME, Moment
from graph_emulator.calendar.recurrence import Recurrence
from graph_emulator.changelog import ChangeLog
from graph_emulator.messages import Properties


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who is asked to come. `kind`: required, optional or resource; `response` and when it was given."""

    address: str
    name: str
    kind: str = "required"
    response: str = "none"
    time: str = NO_TIME

    def key(self) -> str:
        """The address as it is compared."""
        return self.address.lower()

    def as_json(self) -> Properties:
        """A row of `attendees`."""
        person = {"name": self.name, "address": self.address}
        return {"type": self.kind, "status": {"response": self.response, "time": self.time}, "emailAddress": person}


@dataclass(frozen=True, slots=True)
class Timing:
    """When an event is. `zones`: the names it was written with; `begins` and `ends`: instants (naive, UTC)."""

    start: Moment
    end: Moment
    all_day: bool
    zones: tuple[str, str]
    recurrence: Recurrence | None
    begins: datetime
    ends: datetime

    @classmethod
    def of(
        cls, start: Moment, end: Moment, all_day: bool, zones: tuple[str, str], recurrence: Recurrence | None = None
    ) -> "Timing":
        """A timing with its instants worked out."""
        return cls(start, end, all_day, zones, recurrence, start.utc(), end.utc())


@dataclass(eq=False, slots=True)
class Deviation:
    """What one occurrence has other than its series: an exception."""

    change_key: str
    created: str
    modified: str
    properties: Properties = field(default_factory=dict)
    extended: dict[str, str | None] = field(default_factory=dict)
    attendees: tuple[Attendee, ...] | None = None
    timing: Timing | None = None
    response: tuple[str, str] | None = None


@dataclass(eq=False, slots=True)
class CalendarFolder:
    """A calendar. Its log counts events by number and occurrences by number and day."""

    number: int
    id: str
    name: str
    change_key: str = ""
    members: "dict[int, Event]" = field(default_factory=dict)
    log: ChangeLog = field(default_factory=ChangeLog)
    viewed: "tuple[object, list[Instance]] | None" = None


@dataclass(eq=False, slots=True)
class Event:
    """An event or a series in one mailbox. Days of occurrences are ordinals of their original dates.

    `organised`: the owner of the mailbox organises it. `announced`: who was last told, while the organiser's later
    changes are unsent. `raw`: members that are told as they are, whatever the event holds.
    """

    number: int
    folder: CalendarFolder
    properties: Properties
    timing: Timing
    organiser: Attendee
    organised: bool
    uid: str
    change_key: str
    created: str
    modified: str
    attendees: tuple[Attendee, ...] = ()
    response: tuple[str, str] = ("organizer", NO_TIME)
    extended: dict[str, str] = field(default_factory=dict)
    exceptions: dict[int, Deviation] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)
    transaction: str | None = None
    announced: tuple[Attendee, ...] | None = None
    raw: Properties = field(default_factory=dict)
    moves: int = 0

    @property
    def series(self) -> bool:
        """Whether this is the master of a series."""
        return self.timing.recurrence is not None


@dataclass(frozen=True, slots=True)
class Instance:
    """One appearance: an event itself (`day` 0), or one occurrence of a series by its original day."""

    event: Event
    day: int
    begins: datetime
    ends: datetime

    @property
    def deviation(self) -> Deviation | None:
        """What makes this occurrence an exception."""
        return self.event.exceptions.get(self.day) if self.day else None

    @property
    def type(self) -> str:
        """Graph's name for the sort of event."""
        if self.day:
            return "exception" if self.day in self.event.exceptions else "occurrence"
        return "seriesMaster" if self.event.series else "singleInstance"

    @property
    def original(self) -> date | None:
        """The day that the series has this occurrence on."""
        return date.fromordinal(self.day) if self.day else None

    @property
    def timing(self) -> Timing:
        """The timing that zone names and all-day come from."""
        deviation = self.deviation
        return deviation.timing if deviation and deviation.timing else self.event.timing

    @property
    def properties(self) -> Properties:
        """Contents, those of the series where the occurrence has none of its own."""
        deviation = self.deviation
        return {**self.event.properties, **deviation.properties} if deviation else self.event.properties

    @property
    def attendees(self) -> tuple[Attendee, ...]:
        """Who is asked to come to this one."""
        deviation = self.deviation
        return self.event.attendees if deviation is None or deviation.attendees is None else deviation.attendees

    @property
    def response(self) -> tuple[str, str]:
        """What the owner of the mailbox answered, and when."""
        deviation = self.deviation
        return deviation.response if deviation and deviation.response else self.event.response

    @property
    def extended(self) -> dict[str, str]:
        """Extended properties, those of the series where the occurrence has none of its own."""
        deviation = self.deviation
        if deviation is None:
            return self.event.extended
        merged = {**self.event.extended, **deviation.extended}
        return {name: value for name, value in merged.items() if value is not None}

    def version(self) -> tuple[str, str, str]:
        """Change key, creation and last change; an occurrence has those of its series."""
        owner = self.deviation or self.event
        return owner.change_key, owner.created, owner.modified
