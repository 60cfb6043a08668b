"""What becomes of one pair: the table of who is here and who is gone, answered by the rules. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from engine.context import Context
from engine.language.program import Choice, Direction, Program, Reason
from engine.links import NO_AGREEMENT, Base, Link, Space
from engine.plans import Action, Class, Decision, FieldChange, Refusal
from engine.records import CRM, M365, Barred, Gone, Record, Reference, Side, Value, opposite
from engine.schema import Schema
from engine.sync.lists import remembered
from engine.sync.make import Draft, draft
from engine.sync.merge import NO_RIGHT, ONE_WAY, Merged, merge
from engine.sync.pairs import Pairing
from engine.sync.slots import Layout, beyond, compose, view

BEING_CREATED: Final = "the same person is being created by another mailbox"


def mark(*parts: str) -> str:
    """A stable id from names: links, and actions (whose id is also the mark on what they create)."""
    return hashlib.blake2b("/".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Rules:
    """All a decision needs besides the pair. ``home`` is where Microsoft 365 keeps records without a collection;
    ``run`` makes action ids unique."""

    program: Program
    layout: Layout
    context: Context
    direction: Direction
    space: Space
    run: str
    home: Reference | None = None

    @cached_property
    def now(self) -> int:
        return int(self.context.now.timestamp() * 1000)

    def under(self, context: Context | None) -> Rules:
        """The same with another context, where one is given."""
        if context is None or context is self.context:
            return self
        return replace(self, context=context, direction=self.program.direction(context))


def decide(rules: Rules, pairing: Pairing) -> Decision | None:
    """The decision for one pair; None when there is nothing to write and nothing new to remember."""
    rules = rules.under(pairing.context)
    decision = _decide(rules, pairing)
    if pairing.copy is not None:
        decision = _with_copy(rules, pairing, pairing.copy, decision)
    if decision is not None and pairing.supersedes and decision.link and decision.link.crm_id:
        decision = replace(decision, supersedes=pairing.supersedes)
    if decision is None or decision.actions or decision.refusals:
        return decision
    unchanged = decision.link == pairing.link and decision.base == pairing.base
    return None if unchanged else decision


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
        return _unpaired(rules, pairing)
    if isinstance(m365, Barred) or m365 is None or crm is None:
        return None
    if isinstance(m365, Gone) and isinstance(crm, Gone | Barred):
        return _forget(pairing, "gone on both sides")
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


# ---- both are here ------------------------------------------------------------------------------------------------


def _both(rules: Rules, pairing: Pairing, link: Link, crm: Record, m365: Record) -> Decision | None:
    program, context = rules.program, rules.context
    link = _seen(rules, pairing, link, crm, m365)
    outside = program.window(crm, m365, context)
    if outside is not None:
        return _keep(pairing, replace(link, reason=outside.text, entry=outside.entry))
    reason = program.scope(crm, m365, context)
    if reason is None:
        return _merged(rules, pairing, link, crm, m365, "linked")
    if link.state == "dormant":
        return _keep(pairing, replace(link, reason=reason.text, entry=reason.entry))
    return _leave(rules, pairing, link, reason, crm, m365)


def _merged(
    rules: Rules, pairing: Pairing, link: Link, crm: Record, m365: Record, state: str, entry: str = "", note: str = ""
) -> Decision:
    merged = merge(rules.program, rules.layout, crm, m365, pairing.base, rules.context, rules.direction)
    base = pairing.base
    if merged.base[CRM] or merged.base[M365]:
        past = {side: _beyond(rules, pairing, crm if side == CRM else m365, merged) for side in (CRM, M365)}
        base = Base({**base.crm, **merged.base[CRM], **past[CRM]}, {**base.m365, **merged.base[M365], **past[M365]})
    actions = tuple(
        _update(rules, pairing, crm if side == CRM else m365, merged, entry)
        for side in (CRM, M365)
        if merged.changes[side]
    )
    lasting = [refusal for refusal in merged.refusals if not refusal.quiet]
    if state == "dormant":
        after = _with(link, state="dormant", attempts=0)
    elif lasting:
        after = replace(link, state="held", reason=lasting[0].reason, entry=lasting[0].entry, attempts=0)
    else:
        after = _with(link, state="linked", reason="", entry="", attempts=0)
    if merged.settled or actions:
        after = replace(after, agreed_at=rules.now if after.agreed_at is None or actions else after.agreed_at)
    return Decision(
        pair=pairing.id, before=pairing.link, link=after, base=base, actions=actions,
        refusals=tuple(merged.refusals), note=note, entry=entry, title=link.title,
    )  # fmt: skip


def _beyond(rules: Rules, pairing: Pairing, record: Record, merged: Merged) -> dict[str, Value]:
    base = pairing.base.crm if record.side == CRM else pairing.base.m365
    return beyond(record.values, merged.seen[record.side], base, rules.layout.slots[record.side])


def _update(rules: Rules, pairing: Pairing, record: Record, merged: Merged, entry: str) -> Action:
    changes = merged.changes[record.side]
    groups = rules.layout.slots[record.side]
    written = {change.path: change.after for change in changes}
    verb: Literal["move", "update"] = "move" if _moves(rules.program, record.side, written) else "update"
    return Action(
        id=mark(rules.run, pairing.id, record.side, verb), side=record.side, kind=record.kind, verb=verb,
        klass="overwrite" if any(change.lost for change in changes) else verb, target=record.id,
        expected_version=record.version,
        values=compose(record.values, merged.seen[record.side], written, groups), changes=tuple(changes),
        entry=entry or changes[0].entry, title=title(rules.program, record),
    )  # fmt: skip


def _moves(program: Program, side: Side, paths: Collection[str]) -> bool:
    schema = program.crm if side == CRM else program.m365
    return any(path in schema.by_name and schema.by_name[path].place for path in paths)


# ---- leaving scope, and one side gone -----------------------------------------------------------------------------


def _leave(
    rules: Rules, pairing: Pairing, link: Link, reason: Reason, crm: Record | None, m365: Record
) -> Decision | None:
    """A setting, a rule or the clock puts a pair to sleep; only a change of a record or of rights deletes."""
    choice = rules.program.leaving(reason, crm, m365, rules.context)
    if choice.policy == "delete in m365" and _changed(pairing, crm, m365):
        return _delete(rules, pairing, link, m365, choice, reason.text)
    if choice.policy == "delete in crm" and crm is not None and _changed(pairing, crm, m365):
        return _delete(rules, pairing, link, crm, choice, reason.text)
    asleep = replace(link, state="dormant", reason=reason.text, entry=choice.entry)
    if choice.policy == "sync a last time, then stop" and crm is not None:
        return _merged(rules, pairing, asleep, crm, m365, "dormant")
    return _keep(pairing, asleep)


def _changed(pairing: Pairing, crm: Record | None, m365: Record) -> bool:
    """Whether a record (or, with ``crm`` None, the right to read it) changed since the pair was last looked at."""
    link = pairing.link
    return link is None or crm is None or (crm.version, m365.version) != (link.crm_version, link.m365_version)


def _barred(rules: Rules, pairing: Pairing, link: Link, m365: Record) -> Decision | None:
    """The user may not read the CRM record any more: known only by the rule that speaks of reading."""
    reason = rules.program.barred
    if reason is None or link.state == "dormant":
        text = reason.text if reason else "no permission to read it in the CRM"
        return _keep(pairing, replace(link, state="dormant", reason=text, m365_version=m365.version))
    return _leave(rules, pairing, replace(link, m365_version=m365.version), reason, None, m365)


def _deleted_in_crm(rules: Rules, pairing: Pairing, link: Link, m365: Record) -> Decision | None:
    last = _last_known(rules.program.crm, link.crm_id, pairing.base.crm)
    link = replace(link, m365_version=m365.version, reason="deleted in the CRM", wake_at=None)
    choice = rules.program.change("deleted in crm", last, m365, rules.context)
    inside = rules.program.window(last, m365, rules.context) is None
    if choice.policy == "delete in m365" and link.state != "dormant" and inside:
        return _delete(rules, pairing, link, m365, choice, "deleted in the CRM")
    if choice.policy == "recreate in crm" and link.state != "dormant" and inside:
        return _create(rules, pairing, link, m365, choice, "recreate")
    return _end(pairing, link, choice)


def _deleted_in_m365(rules: Rules, pairing: Pairing, link: Link, crm: Record) -> Decision | None:
    last = _last_known(rules.program.m365, link.m365_id, pairing.base.m365)
    link = replace(link, crm_version=crm.version, reason="deleted in Microsoft 365", wake_at=None)
    choice = rules.program.change("deleted in m365", crm, last, rules.context)
    outside = rules.program.window(crm, last, rules.context)
    if choice.policy == "recreate in m365" and outside is None:
        if rules.program.scope(crm, None, rules.context) is not None:
            return _forget(pairing, "deleted in Microsoft 365, and out of scope")
        return _create(rules, pairing, link, crm, choice, "recreate")
    if choice.policy == "delete in crm" and link.state != "dormant" and outside is None:
        return _delete(rules, pairing, link, crm, choice, "deleted in Microsoft 365")
    return _end(pairing, link, choice)


def _delete(rules: Rules, pairing: Pairing, link: Link, record: Record, choice: Choice, reason: str) -> Decision:
    refused = ONE_WAY if not rules.direction.allows(record.side) else "" if record.editable else NO_RIGHT
    if refused:
        ended = replace(link, state="ended", reason=reason, entry=choice.entry, wake_at=None)
        return Decision(
            pair=pairing.id, before=pairing.link, link=ended, base=pairing.base, entry=choice.entry, title=link.title,
            refusals=(Refusal(record.side, "", refused, choice.entry, refused == ONE_WAY),)
            if pairing.link != ended
            else (),
        )  # fmt: skip
    base = pairing.base.crm if record.side == CRM else pairing.base.m365
    seen = view(record.values, base, rules.layout.slots[record.side])
    held = [(path, seen.get(path)) for path in rules.layout.paths[record.side]]
    changes = tuple(FieldChange(path, value, None, choice.entry) for path, value in held if value is not None)
    action = Action(
        id=mark(rules.run, pairing.id, record.side, "delete"), side=record.side, kind=record.kind, verb="delete",
        klass="delete", target=record.id, expected_version=record.version, values={}, changes=changes,
        entry=choice.entry, reason=reason, title=title(rules.program, record),
    )  # fmt: skip
    return Decision(
        pair=pairing.id, before=pairing.link, link=None, base=NO_AGREEMENT, actions=(action,), note=reason,
        entry=choice.entry, title=link.title,
    )  # fmt: skip


# ---- not paired yet -----------------------------------------------------------------------------------------------


def _unpaired(rules: Rules, pairing: Pairing) -> Decision | None:
    if isinstance(pairing.m365, Record):
        return _new_in_m365(rules, pairing, pairing.m365)
    if isinstance(pairing.m365, Barred):
        return None
    if isinstance(pairing.crm, Record):
        return _new_in_crm(rules, pairing, pairing.crm)
    return _forget(pairing, "gone") if pairing.link is not None else None


def _new_in_crm(rules: Rules, pairing: Pairing, crm: Record) -> Decision | None:
    program, context = rules.program, rules.context
    reason = program.window(crm, None, context) or program.scope(crm, None, context)
    if reason is not None:
        wake = _wake(rules, crm, None)
        if wake is None:
            return _forget(pairing, reason.text) if pairing.link else None
        return _keep(pairing, _parked(rules, pairing, crm, reason.text, reason.entry, wake))
    choice = program.change("created in crm", crm, None, context)
    if choice.policy != "create in m365":
        return _forget(pairing, "left alone") if pairing.link else None
    return _create(rules, pairing, pairing.link, crm, choice, "create")


def _new_in_m365(rules: Rules, pairing: Pairing, m365: Record) -> Decision | None:
    program, context = rules.program, rules.context
    person = pairing.link.settled if pairing.link else ""
    if person == "ignore":
        return _keep(pairing, replace(_parked(rules, pairing, m365, "left out by a person"), state="ended", keys=()))
    reason = program.window(None, m365, context) or program.scope(None, m365, context)
    if reason is not None:
        return _keep(pairing, _parked(rules, pairing, m365, reason.text, reason.entry, _wake(rules, None, m365)))
    held = "" if person else _doubt(program, pairing)
    if held:
        entry = program.if_taken.entry if pairing.taken else program.if_several.entry
        parked = _parked(rules, pairing, m365, held, entry)
        candidates = tuple(sorted(record.id for record in pairing.candidates))
        return _keep(pairing, replace(parked, state="held", candidates=candidates))
    if pairing.candidates and person != "create":
        return _match(rules, pairing, pairing.candidates[0], m365)
    choice = program.change("created in m365", None, m365, context)
    if choice.policy != "create in crm":
        return _keep(pairing, _parked(rules, pairing, m365, "left alone", choice.entry))
    return _create(rules, pairing, pairing.link, m365, choice, "create")


def _doubt(program: Program, pairing: Pairing) -> str:
    """Why a match needs a person; '' when it does not."""
    if len(pairing.candidates) > 1:
        return f"{len(pairing.candidates)} CRM records match"
    if pairing.taken:
        return "the CRM record that matches belongs to another item of this mailbox"
    return ""


def _match(rules: Rules, pairing: Pairing, crm: Record, m365: Record) -> Decision | None:
    """A pair met for the first time. Out of scope it is born asleep: never deleted, never written."""
    link = replace(_parked(rules, pairing, m365, ""), crm_id=crm.id, keys=(), candidates=(), settled="")
    link = _seen(rules, pairing, link, crm, m365)
    reason = rules.program.window(crm, m365, rules.context) or rules.program.scope(crm, m365, rules.context)
    if reason is not None:
        return _keep(pairing, replace(link, state="dormant", reason=reason.text, entry=reason.entry))
    return _merged(rules, pairing, link, crm, m365, "linked", pairing.entry, "matched")


def _create(
    rules: Rules, pairing: Pairing, link: Link | None, source: Record, choice: Choice, klass: Class
) -> Decision | None:
    """Make the counterpart of ``source``, unless direction or the other side's scope says no, or nobody knows where."""
    side = opposite(source.side)
    made = draft(rules.program, rules.layout, side, source, rules.context, rules.home if side == M365 else None)
    refusal = _obstacle(rules, source, made, side, choice)
    if refusal is not None:
        return _not_created(rules, pairing, link, source, refusal, klass)
    lasting = made.refusals[0] if made.refusals else None
    made_side = {"crm_id": None, "crm_version": ""} if side == CRM else {"m365_id": None, "m365_version": ""}
    after = _parked(
        rules, pairing, source, lasting.reason if lasting else "", lasting.entry if lasting else "",
        _wake(rules, *_sides(source, made.record)), state="held" if lasting else "linked", keys=(), settled="",
        agreed_at=rules.now, recreated=(link.recreated if link else 0) + (klass == "recreate"), **made_side,
    )  # fmt: skip
    action = Action(
        id=mark(rules.run, pairing.id, side, "create"), side=side, kind=made.record.kind, verb="create", klass=klass,
        target=None, expected_version=None, values=made.values, changes=made.changes, entry=choice.entry,
        reason="deleted there" if klass == "recreate" else "", title=after.title,
    )  # fmt: skip
    claims = pairing.keys if side == CRM and not (link and link.settled) else ()
    return Decision(
        pair=pairing.id, before=pairing.link, link=after, base=_base_of(rules, source, made), actions=(action,),
        refusals=made.refusals, claims=claims, entry=choice.entry, title=after.title,
    )  # fmt: skip


def _obstacle(rules: Rules, source: Record, made: Draft, side: Side, choice: Choice) -> Refusal | None:
    if not rules.direction.allows(side):
        return Refusal(side, "", ONE_WAY, choice.entry, quiet=True)
    skip = rules.program.skip.get(side)
    skipped = skip(*_sides(source, made.record), rules.context) if skip else None
    if skipped is not None:
        return Refusal(side, "", skipped.text, skipped.entry, quiet=True)
    reason = rules.program.scope(*_sides(source, made.record), rules.context)
    if reason is not None:
        return Refusal(side, "", f"it would be out of scope: {reason.text}", reason.entry)
    return next((one for one in made.refusals if _moves(rules.program, side, (one.path,))), None)


def _not_created(
    rules: Rules, pairing: Pairing, link: Link | None, source: Record, refusal: Refusal, klass: Class
) -> Decision:
    """An item of Microsoft 365 is parked; a CRM record comes back when it, a setting or a rule changes."""
    after: Link | None = None
    if klass == "recreate" and link is not None:
        after = replace(link, state="ended", entry=refusal.entry)
    elif source.side == M365:
        after = _parked(rules, pairing, source, refusal.reason, refusal.entry)
    return Decision(
        pair=pairing.id, before=pairing.link, link=after, base=pairing.base, refusals=(refusal,),
        entry=refusal.entry, title=title(rules.program, source),
    )  # fmt: skip


def _base_of(rules: Rules, source: Record, made: Draft) -> Base:
    """The base of a new pair: the source as it is, the draft as it shall come back."""
    of_source = {path: made.seen[path] for path in rules.layout.paths[source.side] if path in made.seen}
    of_source = remembered(rules.layout.merging[source.side], source.side, of_source, {}, rules.context)
    of_source |= beyond(source.values, made.seen, {}, rules.layout.slots[source.side])
    written = {change.path: change.after for change in made.changes}
    of_made = {path: written.get(path) for path in rules.layout.paths[made.record.side]}
    of_made = remembered(rules.layout.merging[made.record.side], made.record.side, of_made, {}, rules.context)
    untold = {refusal.entry for refusal in made.refusals}
    for line in rules.program.lines if untold else ():
        if line.entry in untold:
            of_source.pop((line.crm_path if source.side == CRM else line.m365_path) or "", None)
    return Base(of_source, of_made) if source.side == CRM else Base(of_made, of_source)


# ---- links ---------------------------------------------------------------------------------------------------------


def _parked(
    rules: Rules,
    pairing: Pairing,
    record: Record,
    reason: str,
    entry: str = "",
    wake: int | None = None,
    **more: object,
) -> Link:
    """The row that remembers a record which is delivered and not paired; ``more`` are further properties."""
    there = record.side == M365
    values: dict[str, Any] = {
        "m365_id" if there else "crm_id": record.id, "m365_version" if there else "crm_version": record.version,
        "state": "waiting", "reason": reason, "entry": entry, "wake_at": wake, "candidates": (),
        "keys": pairing.keys if there else (), "title": title(rules.program, record), **more,
    }  # fmt: skip
    if pairing.collection:
        values["collection"] = pairing.collection
    if pairing.link is not None:
        return replace(pairing.link, **values)
    place = {"id": pairing.id, "space": rules.space.id, "kind": rules.program.name, "m365_id": None, "crm_id": None}
    return Link(**{**place, **values})


def _with(link: Link, **values: object) -> Link:
    """The link with these values: itself where it holds them already, as most links of a sweep do."""
    if all(getattr(link, name) == value for name, value in values.items()):
        return link
    return replace(link, **values)  # type: ignore[arg-type]


def _seen(rules: Rules, pairing: Pairing, link: Link, crm: Record, m365: Record) -> Link:
    return _with(
        link, crm_version=crm.version, m365_version=m365.version, wake_at=_wake(rules, crm, m365),
        collection=pairing.collection or link.collection, title=title(rules.program, crm),
    )  # fmt: skip


def _keep(pairing: Pairing, link: Link) -> Decision:
    return Decision(
        pair=pairing.id, before=pairing.link, link=link, base=pairing.base, entry=link.entry, note=link.reason,
        title=link.title,
    )  # fmt: skip


def _end(pairing: Pairing, link: Link, choice: Choice) -> Decision:
    return _keep(pairing, replace(link, state="ended", entry=choice.entry, wake_at=None))


def _forget(pairing: Pairing, note: str) -> Decision:
    name = pairing.link.title if pairing.link else ""
    return Decision(pair=pairing.id, before=pairing.link, link=None, base=NO_AGREEMENT, note=note, title=name)


def _wake(rules: Rules, crm: Record | None, m365: Record | None) -> int | None:
    flip = rules.program.flip(crm, m365, rules.context)
    return None if flip is None else int(flip.timestamp() * 1000)


def _sides(source: Record, made: Record) -> tuple[Record, Record]:
    return (source, made) if source.side == CRM else (made, source)


def _last_known(schema: Schema, id: str | None, base: Mapping[str, Value]) -> Record:
    return Record(schema.side, schema.kind, id or "", "", base)


def title(program: Program, record: Record) -> str:
    """What people call the record: its naming fields, else the last of them (an e-mail address)."""
    schema = program.crm if record.side == CRM else program.m365
    *naming, fallback = schema.title
    names = [str(record.values[name]) for name in naming if record.values.get(name)]
    return " ".join(names) or _text(record, fallback)


def _text(record: Record, path: str) -> str:
    value = record.values.get(path)
    while isinstance(value, tuple):
        value = value[0] if value else None
    return "" if value is None else str(value)


def decide_all(rules: Rules, pairings: Sequence[Pairing]) -> tuple[Decision, ...]:
    """Decisions in the order given."""
    found = []
    for pairing in pairings:
        rules = rules.under(pairing.context)
        decision = decide(rules, pairing)
        if decision is not None:
            found.append(decision)
    return tuple(found)
