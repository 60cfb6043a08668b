"""What Tandem remembers of a pair: the link and the base, the last state both sides agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import Struct

from engine.records import Key, Value

LinkState: TypeAlias = Literal["linked", "dormant", "ended", "waiting", "held"]
"""linked: in scope, kept in step. dormant: paired, out of scope, nothing is written until the reason goes.
ended: the other record went and shall not be made again. waiting: delivered, not acted on yet, comes back by itself.
held: needs a person."""


Role: TypeAlias = Literal["", "copy", "own"]
"""What an item is to its CRM record: '' leads, as most do. copy: one of several copies of a meeting that another
mailbox leads; neither read into the CRM nor written. own: an event without guests, made for a user who is not
invited."""


class Member(Struct, frozen=True):
    """A CRM user whom a space serves: ``account`` is the id of the Microsoft 365 account, ``zone`` an IANA name."""

    user: str
    account: str
    zone: str


class Space(Struct, frozen=True):
    """One address space of Microsoft 365 with the CRM user who leads it. ``zone`` is an IANA name.

    A mailbox is its owner's alone; its id is the owner's account. A space that several users share (an
    organisation's Planner) names them all in ``members``, the leading one first.
    """

    org: str
    id: str
    user: str
    zone: str
    members: tuple[Member, ...] = ()

    @property
    def everyone(self) -> tuple[Member, ...]:
        return self.members or (Member(self.user, self.id, self.zone),)


class Link(Struct, frozen=True, kw_only=True):
    """One Microsoft 365 item and its CRM record, in one space. Parked items (waiting, held) may lack ``crm_id``.

    ``wake_at`` is UTC in milliseconds. ``keys`` are stored only while unpaired, so that a later CRM record finds the
    item. ``candidates`` are the CRM ids a held item could belong to. ``settled`` is what a person decided about a
    held item: a CRM id to pair with, ``create`` or ``ignore``. ``copy`` is the item that a move which was cut short
    has already made at its target: the next write to the pair finishes the move or takes it back. ``identity`` is
    what all copies of one meeting share, ``group`` the series that the item is an occurrence of.
    """

    id: str
    space: str
    kind: str
    m365_id: str | None
    crm_id: str | None
    m365_version: str = ""
    crm_version: str = ""
    state: LinkState = "linked"
    reason: str = ""
    entry: str = ""
    collection: str = ""
    title: str = ""
    wake_at: int | None = None
    agreed_at: int | None = None
    attempts: int = 0
    recreated: int = 0
    candidates: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    settled: str = ""
    copy: str = ""
    role: Role = ""
    identity: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """Per mapped field path, what each side held when they last agreed, in its own terms."""

    crm: Mapping[str, Value] = field(default_factory=dict)
    m365: Mapping[str, Value] = field(default_factory=dict)


NO_AGREEMENT = Base()
