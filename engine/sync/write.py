"""Decisions that write: a pair brought into step, a counterpart made, a record deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec.structs import replace

from engine.language.program import Choice, Program
from engine.links import NO_AGREEMENT, Base, Link, Role
from engine.plans import Action, Class, Decision, FieldChange, Refusal
from engine.records import CRM, M365, Record, Side, Value, opposite
from engine.sync.copies import identity_keys
from engine.sync.lists import facing, remembered
from engine.sync.make import Draft, draft
from engine.sync.merge import NO_RIGHT, ONE_WAY, Merged, merge
from engine.sync.pairs import Pairing
from engine.sync.rows import parked, recalled, sides, wake, with_values
from engine.sync.rules import Rules, mark, title
from engine.sync.slots import beyond, compose, view


def merged(
    rules: Rules, pairing: Pairing, link: Link, crm: Record, m365: Record, state: str, entry: str = "", note: str = ""
) -> Decision:
    """Both are here: what either side is written, and the link with the base as they shall stand."""
    found = merge(rules.program, rules.layout, crm, m365, pairing.base, rules.context, rules.direction, rules.bounds)
    base = pairing.base
    if found.base[CRM] or found.base[M365]:
        past = {side: _beyond(rules, pairing, crm if side == CRM else m365, found) for side in (CRM, M365)}
        base = Base({**base.crm, **found.base[CRM], **past[CRM]}, {**base.m365, **found.base[M365], **past[M365]})
    kept = recalled(rules.program, m365)
    if any(base.m365.get(path) != value for path, value in kept.items()):
        base = Base(base.crm, {**base.m365, **kept})
    actions = tuple(
        _update(rules, pairing, crm if side == CRM else m365, found, entry)
        for side in (CRM, M365)
        if found.changes[side]
    )
    lasting = [refusal for refusal in found.refusals if not refusal.quiet]
    if state == "dormant":
        after = with_values(link, state="dormant", attempts=0)
    elif lasting:
        after = replace(link, state="held", reason=lasting[0].reason, entry=lasting[0].entry, attempts=0)
    else:
        after = with_values(link, state="linked", reason="", entry="", attempts=0)
    if found.settled or actions:
        after = replace(after, agreed_at=rules.now if after.agreed_at is None or actions else after.agreed_at)
    return Decision(
        pair=pairing.id, before=pairing.link, link=after, base=base, actions=actions,
        refusals=tuple(found.refusals), note=note, entry=entry, title=link.title,
    )  # fmt: skip


def _beyond(rules: Rules, pairing: Pairing, record: Record, merged: Merged) -> dict[str, Value]:
    base = pairing.base.crm if record.side == CRM else pairing.base.m365
    return beyond(record.values, merged.seen[record.side], base, rules.layout.slots[record.side])


def _update(rules: Rules, pairing: Pairing, record: Record, merged: Merged, entry: str) -> Action:
    changes = merged.changes[record.side]
    groups = rules.layout.slots[record.side]
    written = {change.path: change.after for change in changes}
    verb: Literal["move", "update"] = "move" if moves(rules.program, record.side, written) else "update"
    leading = next((c for c in changes if moves(rules.program, record.side, (c.path,))), changes[0])
    return Action(
        id=mark(rules.run, pairing.id, record.side, verb), side=record.side, kind=record.kind, verb=verb,
        klass="overwrite" if any(change.lost for change in changes) else verb, target=record.id,
        expected_version=record.version,
        values=compose(record.values, merged.seen[record.side], written, groups), changes=tuple(changes),
        entry=entry or leading.entry, title=title(rules.program, record),
        reason=rules.program.m365.left_behind if verb == "move" else "",
    )  # fmt: skip


def moves(program: Program, side: Side, paths: Collection[str]) -> bool:
    """Whether a change of these paths takes a record to another place."""
    schema = program.crm if side == CRM else program.m365
    return any(path in schema.by_name and schema.by_name[path].place for path in paths)


def create(
    rules: Rules,
    pairing: Pairing,
    link: Link | None,
    source: Record,
    choice: Choice,
    klass: Class,
    role: Role = "",
) -> Decision | None:
    """Make the counterpart of ``source``, unless direction or the other side's scope says no, or nobody knows where."""
    side = opposite(source.side)
    source = _as_first_met(rules.program, pairing, source)
    masked = rules.bounds.masked if side == M365 else frozenset()
    if side == M365 and link is not None and link.group:  # its sisters are made again for themselves
        masked |= {rules.program.m365.repeats}
    made = draft(rules.program, rules.layout, side, source, rules.context, rules.home if side == M365 else None, masked)
    refusal = _obstacle(rules, source, made, side, choice)
    if refusal is not None:
        return _not_created(rules, pairing, link, source, refusal, klass)
    lasting = made.refusals[0] if made.refusals else None
    made_side = {"crm_id": None, "crm_version": ""} if side == CRM else {"m365_id": None, "m365_version": ""}
    after = parked(
        rules, pairing, source, lasting.reason if lasting else "", lasting.entry if lasting else "",
        wake(rules, *sides(source, made.record)), state="held" if lasting else "linked", keys=(), settled="",
        agreed_at=rules.now, recreated=(link.recreated if link else 0) + (klass == "recreate"),
        role=role, **made_side,
    )  # fmt: skip
    action = Action(
        id=mark(rules.run, pairing.id, side, "create"), side=side, kind=made.record.kind, verb="create", klass=klass,
        target=None, expected_version=None, values=made.values, changes=made.changes, entry=choice.entry,
        reason="deleted there" if klass == "recreate" else "", title=after.title,
    )  # fmt: skip
    claims = pairing.keys if side == CRM and not (link and link.settled) else ()
    claims += identity_keys(rules.program, source) if side == CRM else ()
    return Decision(
        pair=pairing.id, before=pairing.link, link=after, base=_base_of(rules, source, made), actions=(action,),
        refusals=made.refusals, claims=claims, entry=choice.entry, title=after.title,
    )  # fmt: skip


def _as_first_met(program: Program, pairing: Pairing, source: Record) -> Record:
    """The record with what its lines for the first sync carried then: what was written since is not for an event that
    is made later, again or for a further user."""
    paths = {line.crm_path for line in program.lines if line.on_first_sync and source.side == CRM}
    met = sorted((one for one in pairing.peers if one[0].agreed_at is not None), key=lambda one: one[0].agreed_at or 0)
    known = next((base.crm for base in (pairing.base, *(base for _, base in met)) if base.crm), {})
    then = {path: known[path] for path in paths if path is not None and path in known and path in source.values}
    return replace(source, values={**source.values, **then}) if then else source


def _obstacle(rules: Rules, source: Record, made: Draft, side: Side, choice: Choice) -> Refusal | None:
    if not rules.direction.allows(side):
        return Refusal(side, "", ONE_WAY, choice.entry, quiet=True)
    skip = rules.program.skip.get(side)
    skipped = skip(*sides(source, made.record), rules.context) if skip else None
    if skipped is not None:
        return Refusal(side, "", skipped.text, skipped.entry, quiet=True)
    reason = rules.program.scope(*sides(source, made.record), rules.context)
    if reason is not None:
        return Refusal(side, "", f"it would be out of scope: {reason.text}", reason.entry)
    return next((one for one in made.refusals if moves(rules.program, side, (one.path,))), None)


def _not_created(
    rules: Rules, pairing: Pairing, link: Link | None, source: Record, refusal: Refusal, klass: Class
) -> Decision:
    """An item of Microsoft 365 is parked; a CRM record comes back when it, a setting or a rule changes."""
    after: Link | None = None
    if klass == "recreate" and link is not None:
        after = replace(link, state="ended", entry=refusal.entry)
    elif source.side == M365:
        after = parked(rules, pairing, source, refusal.reason, refusal.entry)
    return Decision(
        pair=pairing.id, before=pairing.link, link=after, base=pairing.base, refusals=(refusal,),
        entry=refusal.entry, title=title(rules.program, source),
    )  # fmt: skip


def _base_of(rules: Rules, source: Record, made: Draft) -> Base:
    """The base of a new pair: the source as it is, the draft as it shall come back."""
    of_source = {path: made.seen[path] for path in rules.layout.paths[source.side] if path in made.seen}
    written = {change.path: change.after for change in made.changes}
    of_made = {path: written.get(path) for path in rules.layout.paths[made.record.side]}
    people = _facing(rules, made, source.side, of_made), _facing(rules, made, made.record.side, of_source)
    of_source = remembered(rules.layout.merging[source.side], source.side, of_source, {}, rules.context, people[0])
    of_made = remembered(
        rules.layout.merging[made.record.side], made.record.side, of_made, {}, rules.context, people[1]
    )
    of_source |= beyond(source.values, made.seen, {}, rules.layout.slots[source.side])
    untold = {refusal.entry for refusal in made.refusals}
    for line in rules.program.lines if untold else ():
        if line.entry in untold:
            of_source.pop((line.crm_path if source.side == CRM else line.m365_path) or "", None)
    if source.side == CRM:
        return Base(of_source, of_made)
    return Base(of_made, of_source | recalled(rules.program, source))


def _facing(rules: Rules, made: Draft, side: Side, other: Mapping[str, Value]) -> Mapping[str, Value]:
    """Who is on the other side of each list; nothing where guests are left out, so that they count as agreed."""
    left_out = made.record.side == M365 and rules.bounds.masked
    return {} if left_out or not rules.layout.merging[side] else facing(rules.program.lines, side, other)


def delete(rules: Rules, pairing: Pairing, link: Link, record: Record, choice: Choice, reason: str) -> Decision:
    """Delete ``record``, whose counterpart went or may not be there; where it can't be, the pair has ended."""
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
