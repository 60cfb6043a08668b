"""What a side can hold: kinds, fields and their types. Rules are checked against it; adapters derive from it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.records import Side

TypeName: TypeAlias = Literal[
    "text", "long text", "email", "phone", "flag", "integer", "date", "instant", "zoned", "choice", "postal", "user",
    "account", "reference", "structure", "list",
]  # fmt: skip


class Type(Struct, frozen=True):
    """A field's type. ``of`` belongs to lists, ``limit`` to lists (how many the side can hold) and integers (the
    greatest, counted from 0), ``parts`` to structures and, as flags, to references, ``target`` (a kind) to references,
    ``choices`` to choices; an ``open`` choice may hold other values too. ``user`` is a user of the CRM, ``account`` a
    Microsoft 365 account, each by its id. ``zoned`` is an instant with the zone it was said in, or a day."""

    name: TypeName
    of: Type | None = None
    limit: int | None = None
    parts: tuple[tuple[str, Type], ...] = ()
    target: str | None = None
    choices: tuple[str, ...] = ()
    open: bool = False

    def __str__(self) -> str:
        if self.of is not None:
            return f"list of {self.of}"
        return f"{self.name} to {self.target}" if self.target else self.name


class Field(Struct, frozen=True):
    """One field of a kind. ``max_length`` in characters; ``part`` names a separately fetched piece; ``container``
    marks the field that says in which collection (folder) the record lives; changing a ``place`` moves the record,
    which may give it another id; ``matchable`` fields can be searched."""

    name: str
    type: Type
    label: str = ""
    writable: bool = True
    max_length: int | None = None
    part: str | None = None
    container: bool = False
    matchable: bool = False
    place: bool = False


_STEP = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(\[(?P<slot>[0-9]+)\])?")


class Step(Struct, frozen=True):
    """One step of a path: a name, and the slot (from 1) where one is given."""

    name: str
    slot: int | None


def steps(path: str) -> tuple[Step, ...]:
    """The steps of ``emailAddresses[1].address``. Raises ValueError for a malformed path."""
    found = []
    for piece in path.split("."):
        match = _STEP.fullmatch(piece)
        if match is None:
            raise ValueError(f"{path!r} is not a field path")
        found.append(Step(match["name"], int(match["slot"]) if match["slot"] else None))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Schema:
    """All fields of one kind on one side. ``title`` names the fields that tell a person which record is meant;
    ``dated`` says whether records carry a modified time; ``owner`` is the field that names the user in charge;
    records of a ``shared`` kind live in a space that several users share; ``identity`` is the field whose value all
    copies of one thing have in common, where several mailboxes hold one each; ``organiser`` names who may change it for
    all of them, and ``guests`` the people whom a change mails; ``cancelled`` says that it takes place no more, and
    ``repeats`` how a new one is to repeat. ``left_behind`` tells people what a move to another place can't take along.
    """

    side: Side
    kind: str
    fields: tuple[Field, ...]
    title: tuple[str, ...]
    dated: bool = True
    label: str = ""
    owner: str = ""
    shared: bool = False
    identity: str = ""
    organiser: str = ""
    guests: str = ""
    cancelled: str = ""
    repeats: str = ""
    left_behind: str = ""
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    def type_at(self, path: str) -> Type:
        """The type a path leads to; ``list.part`` gives a list of the part. Raises KeyError for an unknown name."""
        first, *rest = steps(path)
        found = self.by_name[first.name].type
        if first.slot is not None:
            if found.of is None:
                raise KeyError(path)
            found = found.of
        for step in rest:
            found = _part(found, step, path)
        return found

    def container(self) -> Field | None:
        return next((f for f in self.fields if f.container), None)

    def digest(self) -> str:
        return hashlib.blake2b(repr((self.side, self.kind, self.fields)).encode(), digest_size=16).hexdigest()


def _part(outer: Type, step: Step, path: str) -> Type:
    if outer.of is not None:
        return Type("list", of=_part(outer.of, step, path))
    if outer.name == "reference" and step.name in ("name", "id"):
        return Type("text")
    inner = dict(outer.parts).get(step.name)
    if inner is None:
        raise KeyError(path)
    return inner


Schemas: TypeAlias = Mapping[tuple[Side, str], Schema]
"""Schemas by (side, kind), as rule files name them: ``crm.Contact``, ``m365.contact``."""


def schemas(*given: Schema) -> dict[tuple[Side, str], Schema]:
    return {(s.side, s.kind): s for s in given}


TEXT = Type("text")
LONG_TEXT = Type("long text")
EMAIL = Type("email")
PHONE = Type("phone")
FLAG = Type("flag")
INTEGER = Type("integer")
DATE = Type("date")
INSTANT = Type("instant")
ZONED = Type("zoned")
POSTAL = Type("postal")
USER = Type("user")
ACCOUNT = Type("account")


def choice(*values: str, open: bool = False) -> Type:
    return Type("choice", choices=values, open=open)


def integer_up_to(limit: int) -> Type:
    """Whole numbers from 0 to ``limit``: few enough for a translate table to list."""
    return Type("integer", limit=limit)


def list_of(inner: Type, limit: int | None = None) -> Type:
    return Type("list", of=inner, limit=limit)


def reference_to(kind: str, *flags: str) -> Type:
    """A reference; ``flags`` name what can be asked of what it points to (``tasklist.in_planner``)."""
    return Type("reference", target=kind, parts=tuple((flag, FLAG) for flag in flags))


def structure(**parts: Type) -> Type:
    return Type("structure", parts=tuple(parts.items()))
