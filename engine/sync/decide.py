"""What becomes of one pair: the table of who is here and who is gone, answered by the rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.language.program import Choice, Reason
from engine.links import Link, Role
from engine.plans import NO_MAIL, Action, Decision, Mail
from engine.records import CRM, M365, Barred, Gone, Record
from engine.sync.copies import (
    A_COPY,
    INVITED,
    STOPPED,
    bounds,
    cancelled,
    invited,
    leader,
    led,
    organiser_connected,
    part,
)
from engine.sync.meet import unpaired
from engine.sync.pairs import Pairing
from engine.sync.rows import end, forget, keep, last_known, seen
from engine.sync.rules import Rules, mark, title
from engine.sync.write import create, delete, merged


def decide(rules: Rules, pairing: Pairing) -> Decision | None:
    """The decision for one pair; None when there is nothing to write and nothing new to remember."""
    rules = rules.under(pairing.context)
    decision = _decide(rules, pairing)
    if pairing.copy is not None:
        decision = _with_copy(rules, pairing, pairing.copy, decision)
    if decision is not None and pairing.supersedes and decision.link and decision.link.crm_id:
        decision = replace(decision, supersedes=pairing.supersedes)
    if decision is None or decision.actions or decision.refusals:
        return _with_mail(rules, pairing, decision) if decision and decision.actions else decision
    unchanged = decision.link == pairing.link and decision.base == pairing.base
    return None if unchanged else decision


def decide_all(rules: Rules, pairings: Sequence[Pairing]) -> tuple[Decision, ...]:
    """Decisions in the order given."""
    found = []
    for pairing in pairings:
        rules = rules.under(pairing.context)
        decision = decide(rules, pairing)
        if decision is not None:
            found.append(decision)
    return tuple(found)


def _with_mail(rules: Rules, pairing: Pairing, decision: Decision) -> Decision:
    """The decision with whom its writes would mail."""
    before = pairing.m365 if isinstance(pairing.m365, Record) else None
    context = rules.context
    mails = [rules.effects(action, before, context) if action.side == M365 else NO_MAIL for action in decision.actions]
    if not any(mail.people for mail in mails):
        return decision
    return replace(decision, actions=tuple(map(_mailing, decision.actions, mails)))


def _mailing(action: Action, mail: Mail) -> Action:
    return replace(action, mail=mail)


def _with_copy(rules: Rules, pairing: Pairing, copy: Record, decision: Decision | None) -> Decision | None:
    """A move was cut short: it goes on with the copy it made, or the copy is taken back before anything else."""
    moves = [action for action in decision.actions if action.verb == "move"] if decision else []
    if decision is not None and moves:
        actions = tuple(replace(a, copy=copy.id) if a.verb == "move" else a for a in decision.actions)
        return replace(decision, actions=actions)
    assert pairing.link is not None
    action = Action(
        id=mark(rules.run, pairing.id, M365, "take back"), side=M365, kind=copy.kind, verb="delete", klass="delete",
        target=copy.id, expected_version=copy.version, values={}, changes=(), entry=pairing.link.entry,
        reason="left over from a move that was cut short", title=title(rules.program, copy),
    )  # fmt: skip
    return Decision(
        pair=pairing.id, before=pairing.link, link=replace(pairing.link, wake_at=rules.now), base=pairing.base,
        actions=(action,), note=action.reason, entry=action.entry, title=pairing.link.title,
    )  # fmt: skip


def _decide(rules: Rules, pairing: Pairing) -> Decision | None:
    link, crm, m365 = pairing.link, pairing.crm, pairing.m365
    if link is None or link.crm_id is None or link.m365_id is None:
        return unpaired(rules, pairing)
    if rules.program.copies is not None:
        role = part(rules.program, pairing, rules.context)
        if role == "copy":
            return _copy(rules, pairing, link, role)
        if link.role and role != link.role:
            pairing, link = _promoted(pairing, link)
        if role == "own" and isinstance(m365, Record | Gone) and invited(rules.program, pairing, rules.context):
            if isinstance(m365, Gone):
                return forget(pairing, INVITED)
            return delete(rules, pairing, link, m365, Choice("delete in m365", rules.program.copies.own), INVITED)
        rules = rules.within(bounds(rules.program, role, m365, rules.first))
    if isinstance(m365, Barred) and m365.reason:
        return keep(pairing, replace(link, state="held", reason=m365.reason))
    if isinstance(m365, Barred) or m365 is None or crm is None:
        return None
    if isinstance(m365, Gone) and isinstance(crm, Gone | Barred):
        return forget(pairing, "gone on both sides")
    if link.state == "ended":
        return None
    if isinstance(m365, Gone):
        assert isinstance(crm, Record)
        return _deleted_in_m365(rules, pairing, link, crm)
    if isinstance(crm, Gone):
        return _deleted_in_crm(rules, pairing, link, m365)
    if isinstance(crm, Barred):
        return _barred(rules, pairing, link, m365)
    return _both(rules, pairing, link, crm, m365)


def _promoted(pairing: Pairing, link: Link) -> tuple[Pairing, Link]:
    """The pair of an item that leads from now on, going on with what the one that led before had agreed."""
    leading = leader(pairing)
    known = pairing.base if leading is None or pairing.base.crm else leading[1]
    return replace(pairing, base=known), replace(link, role="", state="linked" if link.role == "copy" else link.state)


def _copy(rules: Rules, pairing: Pairing, link: Link, role: Role) -> Decision | None:
    """A copy is left to its mailbox, and goes with the CRM record only where no organiser of ours takes it away."""
    crm, m365 = pairing.crm, pairing.m365
    link = replace(link, role=role)
    if m365 is None or isinstance(m365, Barred):
        return None
    if isinstance(m365, Gone) or cancelled(rules.program, m365):
        return _copy_taken_away(rules, pairing, link, crm, m365)
    link = replace(link, m365_version=m365.version)
    if isinstance(crm, Gone) and link.state == "ended":
        return None
    if isinstance(crm, Gone) and not organiser_connected(rules.program, m365, rules.context):
        return _deleted_in_crm(rules, pairing, replace(link, state="linked"), m365)
    if isinstance(crm, Gone):
        return keep(pairing, replace(link, state="ended", reason="deleted in the CRM", wake_at=None))
    seen_crm = crm.version if isinstance(crm, Record) else link.crm_version
    return keep(pairing, replace(link, state="dormant", reason=A_COPY, crm_version=seen_crm, wake_at=None))


def _copy_taken_away(rules: Rules, pairing: Pairing, link: Link, crm: object, m365: Record | Gone) -> Decision | None:
    """The copy went, or is marked as cancelled. Where the meeting goes on, the user may be invited again; where another
    one took its place, or its organiser is off the CRM record and has cancelled it for that, the record is as good as
    new to this user."""
    leading = leader(pairing)
    if led(pairing) and isinstance(m365, Record):
        if leading is not None and leading[0].identity != link.identity:
            over = replace(link, crm_id=None, state="waiting", role="", reason=STOPPED, m365_version=m365.version)
            return keep(pairing, replace(over, wake_at=None))
        return keep(pairing, replace(link, state="dormant", reason=A_COPY, m365_version=m365.version, wake_at=None))
    if isinstance(crm, Record) and leading is None:
        alone = replace(pairing, id=mark(rules.space.id, rules.program.name, CRM, crm.id), link=None, m365=None)
        found = unpaired(rules, alone)
        return replace(found, supersedes=(link.id,)) if found is not None else forget(pairing, STOPPED)
    if isinstance(m365, Gone) and (led(pairing) or isinstance(crm, Gone)):
        return forget(pairing, "gone")
    return keep(pairing, replace(link, state="ended", reason=STOPPED, wake_at=None))


def _both(rules: Rules, pairing: Pairing, link: Link, crm: Record, m365: Record) -> Decision | None:
    program, context = rules.program, rules.context
    link = seen(rules, pairing, link, crm, m365)
    if cancelled(program, m365):
        return _cancelled(rules, pairing, link, crm, m365)
    outside = program.window(crm, m365, context)
    if outside is not None:
        return keep(pairing, replace(link, reason=outside.text, entry=outside.entry))
    reason = program.scope(crm, m365, context)
    if reason is None:
        return merged(rules, pairing, link, crm, m365, "linked")
    if link.state == "dormant":
        return keep(pairing, replace(link, reason=reason.text, entry=reason.entry))
    return _leave(rules, pairing, link, reason, crm, m365)


def _cancelled(rules: Rules, pairing: Pairing, link: Link, crm: Record, m365: Record) -> Decision | None:
    series = rules.program.series if m365.group else None
    choice = series.cancelled if series else rules.program.change("cancelled in m365", crm, m365, rules.context)
    link = replace(link, reason="cancelled in Microsoft 365")
    if choice.policy == "delete in crm" and link.state != "dormant":
        return delete(rules, pairing, link, crm, choice, link.reason)
    return end(pairing, link, choice)


def _leave(
    rules: Rules, pairing: Pairing, link: Link, reason: Reason, crm: Record | None, m365: Record
) -> Decision | None:
    """A setting, a rule or the clock puts a pair to sleep; only a change of a record or of rights deletes."""
    choice = rules.program.leaving(reason, crm, m365, rules.context)
    if choice.policy == "delete in m365" and _changed(pairing, crm, m365):
        return delete(rules, pairing, link, m365, choice, reason.text)
    if choice.policy == "delete in crm" and crm is not None and _changed(pairing, crm, m365):
        return delete(rules, pairing, link, crm, choice, reason.text)
    asleep = replace(link, state="dormant", reason=reason.text, entry=choice.entry)
    if choice.policy == "sync a last time, then stop" and crm is not None:
        last = merged(rules, pairing, asleep, crm, m365, "dormant")
        told = tuple([replace(action, warnings=(f"the last time: {reason.text}",)) for action in last.actions])
        return replace(last, actions=told) if told else last
    return keep(pairing, asleep)


def _changed(pairing: Pairing, crm: Record | None, m365: Record) -> bool:
    """Whether a record (or, with ``crm`` None, the right to read it) changed since the pair was last looked at."""
    link = pairing.link
    return link is None or crm is None or (crm.version, m365.version) != (link.crm_version, link.m365_version)


def _barred(rules: Rules, pairing: Pairing, link: Link, m365: Record) -> Decision | None:
    """The user may not read the CRM record any more: known only by the rule that speaks of reading."""
    reason = rules.program.barred
    if reason is None or link.state == "dormant":
        text = reason.text if reason else "no permission to read it in the CRM"
        return keep(pairing, replace(link, state="dormant", reason=text, m365_version=m365.version))
    return _leave(rules, pairing, replace(link, m365_version=m365.version), reason, None, m365)


def _deleted_in_crm(rules: Rules, pairing: Pairing, link: Link, m365: Record) -> Decision | None:
    last = last_known(rules.program.crm, link.crm_id, pairing.base.crm)
    link = replace(link, m365_version=m365.version, reason="deleted in the CRM", wake_at=None)
    choice = rules.program.change("deleted in crm", last, m365, rules.context)
    inside = rules.program.window(last, m365, rules.context) is None
    if choice.policy == "delete in m365" and link.state != "dormant" and inside:
        return delete(rules, pairing, link, m365, choice, "deleted in the CRM")
    if choice.policy == "recreate in crm" and link.state != "dormant" and inside:
        return create(rules, pairing, link, m365, choice, "recreate")
    return end(pairing, link, choice)


def _deleted_in_m365(rules: Rules, pairing: Pairing, link: Link, crm: Record) -> Decision | None:
    last = last_known(rules.program.m365, link.m365_id, rules.program.last_known(pairing.base.m365))
    link = replace(link, crm_version=crm.version, reason="deleted in Microsoft 365", wake_at=None)
    choice = rules.program.change("deleted in m365", crm, last, rules.context)
    if isinstance(pairing.m365, Gone) and pairing.m365.cancelled and _cancels(rules, last):
        assert rules.program.series is not None
        choice = rules.program.series.cancelled
    outside = rules.program.window(crm, last, rules.context)
    if choice.policy == "recreate in m365" and outside is None:
        if rules.program.scope(crm, None, rules.context) is not None:
            return forget(pairing, "deleted in Microsoft 365, and out of scope")
        return create(rules, pairing, link, crm, choice, "recreate", link.role)
    if choice.policy == "delete in crm" and link.state != "dormant" and outside is None:
        return delete(rules, pairing, link, crm, choice, "deleted in Microsoft 365")
    return end(pairing, link, choice)


def _cancels(rules: Rules, last: Record) -> bool:
    """Whether taking this occurrence out of its series cancelled it: only its organiser does that."""
    copies = rules.program.copies
    return rules.program.series is not None and (copies is None or copies.leads(None, last, rules.context))
