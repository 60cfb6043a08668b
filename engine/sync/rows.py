"""Link rows as decisions leave them behind: kept, parked, ended, forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from engine.language.program import Choice, Program
from engine.links import NO_AGREEMENT, Link
from engine.plans import Decision
from engine.records import CRM, M365, Barred, Record, Value
from engine.schema import Schema
from engine.sync.copies import identity
from engine.sync.pairs import Pairing
from engine.sync.rules import Rules, title

_STEPS: Final = 8
"""Turns of the clock that are looked ahead; beyond them a record simply comes back at the first."""


def parked(
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
        "keys": pairing.keys if there else (), "title": title(rules.program, record),
        **(meeting(rules.program, record) if there else {}), **more,
    }  # fmt: skip
    if pairing.collection:
        values["collection"] = pairing.collection
    if pairing.link is not None:
        return replace(pairing.link, **values)
    place = {"id": pairing.id, "space": rules.space.id, "kind": rules.program.name, "m365_id": None, "crm_id": None}
    return Link(**{**place, **values})


def unreadable(rules: Rules, pairing: Pairing, item: Barred) -> Link:
    """The row of an item that makes no sense: held, until its system tells something else of it."""
    link = pairing.link or Link(
        id=pairing.id, space=rules.space.id, kind=rules.program.name, m365_id=item.id, crm_id=None
    )
    return replace(link, state="held", reason=item.reason, collection=pairing.collection or link.collection)


def meeting(program: Program, m365: Record) -> dict[str, str]:
    """What a link remembers of a meeting: what its copies share, and the series it is in."""
    if not program.m365.identity:
        return {}
    return {"identity": identity(program, m365), "group": m365.group}


def recalled(program: Program, m365: Record) -> dict[str, Value]:
    """What a base keeps beside the mapped paths, because the rules ask about it once the item is gone."""
    return program.recall(m365.values)


def with_values(link: Link, **values: object) -> Link:
    """The link with these values: itself where it holds them already, as most links of a sweep do."""
    if all(getattr(link, name) == value for name, value in values.items()):
        return link
    return replace(link, **values)


def seen(rules: Rules, pairing: Pairing, link: Link, crm: Record, m365: Record) -> Link:
    """The link after a look at both records."""
    return with_values(
        link, **meeting(rules.program, m365), crm_version=crm.version, m365_version=m365.version,
        wake_at=wake(rules, crm, m365), collection=pairing.collection or link.collection,
        title=title(rules.program, crm),
    )  # fmt: skip


def keep(pairing: Pairing, link: Link) -> Decision:
    """Nothing is written; the link stands as given."""
    return Decision(
        pair=pairing.id, before=pairing.link, link=link, base=pairing.base, entry=link.entry, note=link.reason,
        title=link.title,
    )  # fmt: skip


def end(pairing: Pairing, link: Link, choice: Choice) -> Decision:
    """The pair has ended: what is left shall not be made again."""
    return keep(pairing, replace(link, state="ended", entry=choice.entry, wake_at=None))


def forget(pairing: Pairing, note: str) -> Decision:
    """The pair is forgotten."""
    name = pairing.link.title if pairing.link else ""
    return Decision(pair=pairing.id, before=pairing.link, link=None, base=NO_AGREEMENT, note=note, title=name)


def wake(rules: Rules, crm: Record | None, m365: Record | None) -> int | None:
    """When the clock next changes what the rules say of these records; UTC in milliseconds."""
    flip = rules.program.flip(crm, m365, rules.context)
    return None if flip is None else int(flip.timestamp() * 1000)


def opens(rules: Rules, crm: Record | None, m365: Record | None) -> int | None:
    """When the clock alone brings a record that is left out in, UTC in milliseconds; None where it never does."""
    program, context = rules.program, rules.context
    first = None
    for _ in range(_STEPS):
        flip = program.flip(crm, m365, context)
        if flip is None:
            return None
        first = first or flip
        context = replace(context, now=flip)
        if program.window(crm, m365, context) is None and program.scope(crm, m365, context) is None:
            return int(flip.timestamp() * 1000)
    return None if first is None else int(first.timestamp() * 1000)


def sides(source: Record, made: Record) -> tuple[Record, Record]:
    """(crm, m365) of a record and its counterpart."""
    return (source, made) if source.side == CRM else (made, source)


def last_known(schema: Schema, id: str | None, base: Mapping[str, Value]) -> Record:
    """A record that is gone, as it was when both sides last agreed."""
    return Record(schema.side, schema.kind, id or "", "", base)
