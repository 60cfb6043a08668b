"""Copies of one meeting: which mailbox leads it, who has the invitation, and who gets an event without guests.

The organiser's copy leads: it is read and written. Where the organiser's mailbox is not among ours, the copy that was
met first is read alone. Every other copy belongs to the same CRM record and is left to its mailbox.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from engine.context import Context
from engine.language.program import Copies, Program, Reason
from engine.links import Base, Link
from engine.records import M365, Key, Record, Value
from engine.sync.merge import UNBOUND, Bounds
from engine.sync.pairs import Pairing

PATIENCE: Final = 2
"""Ticks for which a copy waits for its organiser's mailbox, and a guest for the invitation."""

A_COPY: Final = "a copy of a meeting that another mailbox leads"
FIRST_ORGANISER: Final = "its organiser's mailbox comes first"
FIRST_INVITATION: Final = "it is being made in its organiser's calendar"
NOT_OURS: Final = "only its organiser can change it"
INVITED: Final = "the invitation takes its place"

Part: TypeAlias = Literal["leads", "reads", "copy", "own"]
"""leads: read and written. reads: read alone, nobody of ours organises it. copy, own: as links have them."""


def leader(pairing: Pairing) -> tuple[Link, Base] | None:
    """The pair in another mailbox that leads the meeting, if there is one; one that has ended counts last."""
    leads = [(link, base) for link, base in pairing.peers if link.role == "" and link.crm_id and link.m365_id]
    return min(leads, key=lambda pair: (pair[0].state == "ended", pair[0].id), default=None)


def identity(program: Program, record: Record) -> str:
    """What all copies of the meeting share; '' where the record has none."""
    value = record.values.get(program.m365.identity) if program.m365.identity else None
    return value if isinstance(value, str) else ""


def identity_keys(program: Program, record: Record) -> tuple[Key, ...]:
    """The key under which making a CRM record of this meeting is claimed, so that two copies don't make two."""
    copies, found = program.copies, identity(program, record)
    return (Key(copies.entry, ((program.m365.identity, found),)),) if copies and found else ()


def organised(copies: Copies, record: Record, context: Context) -> bool:
    """Whether this is the copy that the rules read and write."""
    return copies.leads(None, record, context)


def organiser_connected(program: Program, record: Record, context: Context) -> bool:
    """Whether the organiser's own mailbox is one of ours."""
    value = record.values.get(program.m365.organiser)
    return isinstance(value, str) and value.casefold() in context.directory.owners


def part(program: Program, pairing: Pairing, context: Context) -> Part:
    """What the item of a linked pair is to its CRM record now."""
    copies, link, item = program.copies, pairing.link, pairing.m365
    if copies is None or link is None:
        return "leads"
    if link.role:
        return link.role
    if not isinstance(item, Record) or organised(copies, item, context):
        return "leads"
    ours = leader(pairing) is not None and organiser_connected(program, item, context)
    return "copy" if ours else "reads"


def invited(program: Program, pairing: Pairing, context: Context) -> bool:
    """Whether the user is among the guests of the meeting as another mailbox leads it."""
    leading = leader(pairing)
    if leading is None or leading[0].state == "ended":
        return False
    mine = context.directory.mailboxes.get(context.user, "")
    return bool(mine) and mine in addresses(leading[1].m365.get(program.m365.guests))


def bounds(program: Program, role: Part, item: object, first: bool) -> Bounds:
    """What an event that is not quite ours, or a mailbox's first sync, keeps from being written: no guests for an
    event without any, nothing into a meeting of somebody else's, and nothing that would mail on the first sync."""
    copies, guests = program.copies, program.m365.guests
    if copies is None:
        return UNBOUND
    if role == "reads":
        return Bounds(closed={M365: Reason(NOT_OURS, copies.entry, M365)}, masked=frozenset({guests}))
    if role == "leads" and not first:
        return UNBOUND
    meets = isinstance(item, Record) and bool(addresses(item.values.get(guests)))
    return Bounds(masked=frozenset({guests}), agreed=frozenset({M365}) if meets and first else frozenset())


def addresses(value: Value) -> set[str]:
    """The addresses in a list of guests, folded."""
    elements = value if isinstance(value, tuple) else ()
    return {str(one[0] if isinstance(one, tuple) else one).casefold() for one in elements if one}
