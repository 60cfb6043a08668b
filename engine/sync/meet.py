"""Records that are not paired yet: what matches, what is made, what waits or needs a person."""

from __future__ import annotations

from dataclasses import replace

from engine.language.program import Program
from engine.plans import Decision
from engine.records import Barred, Record
from engine.sync.pairs import Pairing
from engine.sync.rows import forget, keep, parked, seen, wake
from engine.sync.rules import Rules
from engine.sync.write import create, merged


def unpaired(rules: Rules, pairing: Pairing) -> Decision | None:
    """The decision for a record that has no counterpart yet; None when there is nothing to do or to remember."""
    if isinstance(pairing.m365, Record):
        return _new_in_m365(rules, pairing, pairing.m365)
    if isinstance(pairing.m365, Barred):
        return None
    if isinstance(pairing.crm, Record):
        return _new_in_crm(rules, pairing, pairing.crm)
    return forget(pairing, "gone") if pairing.link is not None else None


def _new_in_crm(rules: Rules, pairing: Pairing, crm: Record) -> Decision | None:
    program, context = rules.program, rules.context
    reason = program.window(crm, None, context) or program.scope(crm, None, context)
    if reason is not None:
        due = wake(rules, crm, None)
        if due is None:
            return forget(pairing, reason.text) if pairing.link else None
        return keep(pairing, parked(rules, pairing, crm, reason.text, reason.entry, due))
    choice = program.change("created in crm", crm, None, context)
    if choice.policy != "create in m365":
        return forget(pairing, "left alone") if pairing.link else None
    return create(rules, pairing, pairing.link, crm, choice, "create")


def _new_in_m365(rules: Rules, pairing: Pairing, m365: Record) -> Decision | None:
    program, context = rules.program, rules.context
    person = pairing.link.settled if pairing.link else ""
    if person == "ignore":
        return keep(pairing, replace(parked(rules, pairing, m365, "left out by a person"), state="ended", keys=()))
    reason = program.window(None, m365, context) or program.scope(None, m365, context)
    if reason is not None:
        return keep(pairing, parked(rules, pairing, m365, reason.text, reason.entry, wake(rules, None, m365)))
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


def _doubt(program: Program, pairing: Pairing) -> str:
    """Why a match needs a person; '' when it does not."""
    if len(pairing.candidates) > 1:
        return f"{len(pairing.candidates)} CRM records match"
    if pairing.taken:
        return "the CRM record that matches belongs to another item of this mailbox"
    return ""


def _match(rules: Rules, pairing: Pairing, crm: Record, m365: Record) -> Decision | None:
    """A pair met for the first time. Out of scope it is born asleep: never deleted, never written."""
    link = replace(parked(rules, pairing, m365, ""), crm_id=crm.id, keys=(), candidates=(), settled="")
    link = seen(rules, pairing, link, crm, m365)
    reason = rules.program.window(crm, m365, rules.context) or rules.program.scope(crm, m365, rules.context)
    if reason is not None:
        return keep(pairing, replace(link, state="dormant", reason=reason.text, entry=reason.entry))
    return merged(rules, pairing, link, crm, m365, "linked", pairing.entry, "matched")
