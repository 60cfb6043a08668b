"""Copies of one meeting: which mailbox leads it, who has the invitation, and who gets an event without guests.

The organiser's copy leads: it is read and written. Where the organiser's mailbox is not among ours, the copy that was
met first is read alone. Every other copy belongs to the same CRM record and is left to its mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from engine.context import Context
from engine.language.program import Copies, Program, Reason
from engine.links import Base, Link, Space
from engine.port import State
from engine.records import M365, Key, Record, Value
from engine.records import State as Present
from engine.sync.merge import UNBOUND, Bounds
from engine.sync.pairs import Pairing

PATIENCE: Final = 2
"""Ticks for which a copy waits for its organiser's mailbox, and a guest for the invitation."""

A_COPY: Final = "a copy of a meeting that another mailbox leads"
FIRST_ORGANISER: Final = "its organiser's mailbox comes first"
FIRST_INVITATION: Final = "it is being made in its organiser's calendar"
NOT_OURS: Final = "only its organiser can change it"
NOT_SEEN: Final = "the user who organises it may not see its CRM record"
INVITED: Final = "the invitation takes its place"
STOPPED: Final = "its meeting was deleted or cancelled in Microsoft 365"

Part: TypeAlias = Literal["leads", "reads", "copy", "own"]
"""leads: read and written. reads: read alone, nobody of ours organises it. copy, own: as links have them."""


def leader(pairing: Pairing) -> tuple[Link, Base] | None:
    """The pair in another mailbox that leads the meeting, if there is one; one that sleeps or has ended counts last."""
    leads = [(link, base) for link, base in pairing.peers if link.role == "" and link.crm_id and link.m365_id]
    return min(leads, key=lambda pair: (_ASLEEP.get(pair[0].state, 0), pair[0].id), default=None)


def host(program: Program, pairing: Pairing, item: Record) -> Link | None:
    """The pair to which a copy belongs: the one that leads the meeting, or an event of somebody's own to which that
    user has invited others."""
    leading = leader(pairing)
    if leading is not None:
        return leading[0]
    uid = identity(program, item)
    own = (link for link, _ in pairing.peers if link.role == "own" and link.crm_id and link.identity == uid)
    return next(own, None) if uid else None


_ASLEEP: Final = {"dormant": 1, "ended": 2}


def led(pairing: Pairing) -> bool:
    """Whether another mailbox leads the meeting still."""
    leading = leader(pairing)
    return leading is not None and leading[0].state != "ended"


def organises(copies: Copies, crm: object, context: Context) -> bool:
    """Whether the user is whom the CRM record names as the organiser."""
    return isinstance(crm, Record) and crm.values.get(copies.organiser) == context.user


def cancelled(program: Program, item: object) -> bool:
    """Whether the meeting takes place no more, although the item is there."""
    trait = program.m365.cancelled
    return bool(trait) and isinstance(item, Record) and item.values.get(trait) is True


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
    """What the item of a linked pair is to its CRM record now. A copy is read once the one that was read went, and an
    event of one's own leads once its user is in charge and nobody else leads."""
    copies, link, item = program.copies, pairing.link, pairing.m365
    if copies is None or link is None:
        return "leads"
    if link.role == "own":
        return "leads" if organises(copies, pairing.crm, context) and leader(pairing) is None else "own"
    if link.role == "copy":
        followed = isinstance(item, Record) and not led(pairing) and not organiser_connected(program, item, context)
        return "reads" if followed and isinstance(pairing.crm, Record) and not cancelled(program, item) else "copy"
    if not isinstance(item, Record) or organised(copies, item, context):
        return "leads"
    leading = leader(pairing)
    ours = leading is not None and leading[0].state not in ("ended", "dormant")
    return "copy" if ours and organiser_connected(program, item, context) else "reads"


def invited(program: Program, pairing: Pairing, context: Context) -> bool:
    """Whether the user is among the guests of the meeting as another mailbox leads it, or has the invitation."""
    if pairing.invited:
        return True
    leading = leader(pairing)
    if leading is None or leading[0].state == "ended":
        return False
    guests = addresses(program.last_known(leading[1].m365).get(program.m365.guests))
    return any(context.directory.connected_at(guest) == context.user for guest in guests)


def former(
    program: Program, space: Space, state: State, items: Iterable[Present], rows: Iterable[Link]
) -> dict[str, list[tuple[Link, Base]]]:
    """By identity, the links that this space has already to the CRM records of meetings which other mailboxes lead
    and whose copies are new here: these items, and the items of these rows that have no CRM record yet."""
    if program.copies is None:
        return {}
    new = {identity(program, one) for one in items if isinstance(one, Record) and not cancelled(program, one)}
    new = (new | {row.identity for row in rows if row.crm_id is None}) - {""}
    peers = state.peers(space.id, program.name, new, ()) if new else ()
    lead = {link.crm_id: link.identity for link, _ in peers if link.role == "" and link.crm_id}
    found: dict[str, list[tuple[Link, Base]]] = {}
    for link, base in state.links(space.id, program.name, (), lead) if lead else ():
        if link.m365_id:
            found.setdefault(lead[link.crm_id or ""], []).append((link, base))
    return found


def bounds(program: Program, role: Part, item: object, first: bool) -> Bounds:
    """What an event that is not quite ours, or a mailbox's first sync, keeps from being written: no guests and no
    series for an event of one's own, nothing into a meeting of somebody else's, and nothing that would mail on the
    first sync."""
    copies, guests = program.copies, program.m365.guests
    if copies is None:
        return UNBOUND
    if role == "reads":
        return Bounds(closed={M365: Reason(NOT_OURS, copies.entry, M365)}, masked=frozenset({guests}))
    if role == "leads" and not first:
        return UNBOUND
    if role == "own":
        return Bounds(masked=frozenset({guests, program.m365.repeats}))
    meets = isinstance(item, Record) and bool(addresses(item.values.get(guests)))
    return Bounds(masked=frozenset({guests}), agreed=frozenset({M365}) if meets and first else frozenset())


def addresses(value: Value) -> set[str]:
    """The addresses in a list of guests, folded."""
    elements = value if isinstance(value, tuple) else ()
    return {str(one[0] if isinstance(one, tuple) else one).casefold() for one in elements if one}
