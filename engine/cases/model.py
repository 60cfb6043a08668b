"""What a case file holds, as values: what is the case, and what is expected to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from engine.context import SettingValue
from engine.language.diagnostics import Span
from engine.plans import NO_MAIL, Mail
from engine.records import Side, Value

Values: TypeAlias = Mapping[str, Value]
Fate: TypeAlias = Literal["deleted", "unreadable", "read-only"]
Part: TypeAlias = Literal["leads", "copy", "own"]

SUFFIX: Final = ".case"
NOTHING: Final = "nothing"


class Person(Struct, frozen=True):
    """A user of the CRM with an e-mail address; whoever is connected has a mailbox of the same address, and an account
    that goes by the user's name."""

    name: str
    address: str = ""
    connected: bool = False


class Thing(Struct, frozen=True):
    """A record that others point to by name: a company, a folder, a list."""

    side: Side
    kind: str
    name: str
    flags: tuple[str, ...] = ()


class Another(Struct, frozen=True):
    """A further record of one side; a ``taken`` one belongs to another item already."""

    side: Side
    values: Values
    taken: bool = False


class Elsewhere(Struct, frozen=True):
    """The same meeting in somebody else's mailbox."""

    user: str
    part: Part
    values: Values


class Setup(Struct, frozen=True, kw_only=True):
    """What is the case. ``records`` are those of both sides as they were last agreed, ``changed`` what people edited
    since, and ``modified`` when (aware). ``agreed`` False: both are new to each other. ``series`` says how many more
    occurrences there are."""

    clock: datetime
    zone: str
    user: str
    people: Mapping[str, Person] = {}
    settings: Mapping[str, SettingValue] = {}
    there: tuple[Thing, ...] = ()
    records: Mapping[Side, Values] = {}
    changed: Mapping[Side, Values] = {}
    modified: Mapping[Side, datetime] = {}
    fate: Mapping[Side, Fate] = {}
    agreed: bool = True
    first: bool = False
    more: tuple[Another, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    series: int | None = None


class ToldField(Struct, frozen=True):
    """One field of a write. Of an expectation ``entry`` may be '' (any) and ``before`` unsaid."""

    path: str
    before: Value
    after: Value
    entry: str = ""
    lost: bool = False
    said_before: bool = True


class Told(Struct, frozen=True, kw_only=True):
    """One thing that comes of a case. ``what`` is one of WHATS; ``who`` is '' for the pair the case is about;
    ``place`` is the side, or side and field, of a refusal. Of an expectation ``reason`` None, ``entry`` '' and no
    ``fields`` mean that any will do."""

    what: str
    who: str = ""
    place: str = ""
    reason: str | None = None
    entry: str = ""
    mail: Mail = NO_MAIL
    fields: tuple[ToldField, ...] = ()


WRITES: Final = tuple(
    f"{verb} in {side}" for verb in ("create", "recreate", "update", "move", "delete") for side in ("crm", "m365")
)
STATES: Final = ("matched", "refused", "held", "left out", "stopped", "forgotten", NOTHING)
WHATS: Final = (*WRITES, *STATES)


class Expectation(Struct, frozen=True):
    """One ``expect`` entry. ``told`` None is the question ``expect ?``."""

    told: Told | None
    span: Span


class Case(Struct, frozen=True):
    name: str
    span: Span
    setup: Setup
    expected: tuple[Expectation, ...]

    @property
    def asks(self) -> bool:
        return any(one.told is None for one in self.expected)


class CaseFile(Struct, frozen=True):
    """One file: the name of the rules it is about, and its cases in order."""

    file: str
    text: str
    rules: str
    cases: tuple[Case, ...]
