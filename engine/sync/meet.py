"""Records that are not paired yet: what matches, what is made, what waits or needs a person."""

from __future__ import annotations

from msgspec.structs import replace

from engine.language.program import Choice, Copies, Program
from engine.plans import Decision
from engine.records import Barred, Record
from engine.sync.copies import (
    A_COPY,
    FIRST_INVITATION,
    FIRST_ORGANISER,
    INVITED,
    NOT_SEEN,
    PATIENCE,
    STOPPED,
    Part,
    bounds,
    cancelled,
    host,
    invited,
    leader,
    led,
    organised,
    organiser_connected,
    organises,
)
from engine.sync.pairs import Pairing
from engine.sync.rows import forget, keep, opens, parked, seen, unreadable
from engine.sync.rules import Rules
from engine.sync.write import create, merged


def unpaired(rules: Rules, pairing: Pairing) -> Decision | None:
    """The decision for a record that has no counterpart yet; None when there is nothing to do or to remember."""
    if isinstance(pairing.m365, Record):
        return _new_in_m365(rules, pairing, pairing.m365)
    if isinstance(pairing.m365, Barred):
        return keep(pairing, unreadable(rules, pairing, pairing.m365)) if pairing.m365.reason else None
    if isinstance(pairing.crm, Record):
        return _new_in_crm(rules, pairing, pairing.crm)
    return forget(pairing, "gone") if pairing.link is not None else None


def _new_in_crm(rules: Rules, pairing: Pairing, crm: Record) -> Decision | None:
    program, context = rules.program, rules.context
    reason = program.window(crm, None, context) or program.scope(crm, None, context)
    if reason is not None:
        due = opens(rules, crm, None)
        if due is None:
            return forget(pairing, reason.text) if pairing.link else None
        return keep(pairing, parked(rules, pairing, crm, reason.text, reason.entry, due))
    choice = program.change("created in crm", crm, None, context)
    if choice.policy != "create in m365":
        return forget(pairing, "left alone") if pairing.link else None
    if program.copies is not None and not (organises(program.copies, crm, context) and leader(pairing) is None):
        return _as_guest(rules, pairing, program.copies, crm, choice)
    alone = rules.within(bounds(program, "leads", None, rules.first))
    return create(alone, pairing, pairing.link, crm, choice, "create")


def _as_guest(rules: Rules, pairing: Pairing, copies: Copies, crm: Record, choice: Choice) -> Decision | None:
    """Somebody else organises it: who is invited has the invitation, anybody else an event without guests. A meeting
    that its organiser took away is not made again, under whoever's name."""
    if leader(pairing) is not None and not led(pairing):
        return forget(pairing, STOPPED) if pairing.link else None
    if invited(rules.program, pairing, rules.context):
        return forget(pairing, INVITED) if pairing.link else None
    organiser = crm.values.get(copies.organiser)
    if isinstance(organiser, str) and rules.context.directory.account_of(organiser) is not None:
        tried = pairing.link.attempts if pairing.link else 0
        if not led(pairing) and tried < PATIENCE:
            row = parked(rules, pairing, crm, FIRST_INVITATION, copies.entry, rules.now, attempts=tried + 1)
            return keep(pairing, row)
    if not copies.own:
        return forget(pairing, "left alone") if pairing.link else None
    alone = rules.within(bounds(rules.program, "own", None, rules.first))
    return create(alone, pairing, pairing.link, crm, replace(choice, entry=copies.own), "create", "own")


def _new_in_m365(rules: Rules, pairing: Pairing, m365: Record) -> Decision | None:
    program, context = rules.program, rules.context
    if cancelled(program, m365):
        return keep(pairing, parked(rules, pairing, m365, STOPPED, keys=()))
    person = pairing.link.settled if pairing.link else ""
    if person == "ignore":
        return keep(pairing, replace(parked(rules, pairing, m365, "left out by a person"), state="ended", keys=()))
    reason = program.window(None, m365, context) or program.scope(None, m365, context)
    if reason is not None:
        return keep(pairing, parked(rules, pairing, m365, reason.text, reason.entry, opens(rules, None, m365)))
    if program.copies is not None and not organised(program.copies, m365, context):
        met = _as_copy(rules, pairing, program.copies, m365)
        if met is not None:
            return met
    elif program.copies is not None and led(pairing) and not pairing.candidates:
        row = parked(rules, pairing, m365, NOT_SEEN, program.copies.entry, state="dormant", keys=())
        return keep(pairing, row)
    held = "" if person else _doubt(program, pairing)
    if held:
        entry = program.if_taken.entry if pairing.taken else program.if_several.entry
        candidates = tuple(sorted(record.id for record in pairing.candidates))
        return keep(pairing, parked(rules, pairing, m365, held, entry, state="held", candidates=candidates))
    if pairing.candidates and person != "create":
        return _match(rules, pairing, pairing.candidates[0], m365)
    choice = program.change("created in m365", None, m365, context)
    if choice.policy != "create in crm":
        return keep(pairing, parked(rules, pairing, m365, "left alone", choice.entry))
    return create(rules, pairing, pairing.link, m365, choice, "create")


def _as_copy(rules: Rules, pairing: Pairing, copies: Copies, m365: Record) -> Decision | None:
    """A copy of a meeting that another mailbox leads, or is about to; None where this one is the first."""
    leading = host(rules.program, pairing, m365)
    if leading is not None:
        row = parked(rules, pairing, m365, A_COPY, copies.entry, state="dormant", role="copy", keys=(), attempts=0)
        return keep(pairing, replace(row, crm_id=leading.crm_id))
    tried = pairing.link.attempts if pairing.link else 0
    if organiser_connected(rules.program, m365, rules.context) and tried < PATIENCE:
        row = parked(rules, pairing, m365, FIRST_ORGANISER, copies.entry, rules.now, attempts=tried + 1)
        return keep(pairing, row)
    return None


def _doubt(program: Program, pairing: Pairing) -> str:
    """Why a match needs a person; '' when it does not."""
    if len(pairing.candidates) > 1:
        return f"{len(pairing.candidates)} CRM records match"
    if pairing.taken:
        return "the CRM record that matches belongs to another item"
    return ""


def _match(rules: Rules, pairing: Pairing, crm: Record, m365: Record) -> Decision | None:
    """A pair met for the first time. Out of scope it is born asleep: never deleted, never written."""
    link = replace(parked(rules, pairing, m365, ""), crm_id=crm.id, keys=(), candidates=(), settled="")
    link = seen(rules, pairing, link, crm, m365)
    reason = rules.program.window(crm, m365, rules.context) or rules.program.scope(crm, m365, rules.context)
    if reason is not None:
        return keep(pairing, replace(link, state="dormant", reason=reason.text, entry=reason.entry))
    if rules.program.copies is not None:
        role: Part = "leads" if organised(rules.program.copies, m365, rules.context) else "reads"
        rules = rules.within(bounds(rules.program, role, m365, rules.first))
    return merged(rules, pairing, link, crm, m365, "linked", pairing.entry, "matched")
