"""The reading step: what both sides say has changed since the cursors, and what is under suspicion of being gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.context import Context
from engine.language.program import Program
from engine.plans import canonical
from engine.port import Feeds, ReadView
from engine.records import CRM, M365, Record, Reference, Side

Cause: TypeAlias = Literal["tick", "first", "sweep", "rights", "again"]
"""Why a run looks at what it looks at: changes only; everything, for the first time; everything, because rules or
settings changed or somebody asked; changes and what the user's new rights touch; pairs that moved on meanwhile."""

Progress: TypeAlias = Callable[[str, int], None]
"""Told (what is going on, how many records so far)."""


def silent(what: str, count: int) -> None:
    """The progress of a run nobody watches."""


class Reading(Struct, frozen=True):
    """What one run read.

    ``records`` by side and id, the last row of each; ``suspects`` are ids to be read before anything is believed of
    them; ``complete`` says that a side was listed as a whole, ``full`` names the collections of Microsoft 365 that
    were, or that are gone or not chosen any more; ``home`` is the first collection of Microsoft 365;
    ``collection`` tells where an item of Microsoft 365 was met; ``groups`` are series that were listed as a whole, with
    the ids that are in them.
    """

    cause: Cause
    before: Feeds
    after: Feeds
    records: Mapping[Side, Mapping[str, Record]]
    suspects: Mapping[Side, frozenset[str]]
    complete: Mapping[Side, bool]
    home: Reference | None
    collection: Mapping[str, str] = {}
    full: frozenset[str] = frozenset()
    groups: Mapping[str, frozenset[str]] = {}

    def digest(self) -> str:
        """A digest of the records read: with the header it makes a plan repeatable."""
        seen = [[side, id, record.version] for side in (CRM, M365) for id, record in sorted(self.records[side].items())]
        return hashlib.blake2b(canonical(seen), digest_size=16).hexdigest()


@dataclass(slots=True)
class _Side:
    records: dict[str, Record] = field(default_factory=dict)
    suspects: set[str] = field(default_factory=set)
    cursors: dict[str, str] = field(default_factory=dict)
    collection: dict[str, str] = field(default_factory=dict)
    full: dict[str, bool] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)


def basis(program: Program, contexts: Sequence[Context]) -> str:
    """A digest of all that outcomes depend on besides records, clock and rights."""
    body: list[object] = [program.digest]
    for one in contexts:
        body += [one.user, one.zone, sorted((name, repr(value)) for name, value in one.settings.items())]
        body.append(sorted(one.directory.accounts.items()))
    return hashlib.blake2b(canonical(body), digest_size=16).hexdigest()


def read_changes(
    program: Program,
    contexts: Sequence[Context],
    crm: ReadView,
    m365: ReadView,
    before: Feeds,
    everything: bool,
    progress: Progress,
) -> Reading:
    """One round over both sides for the space's members. Raises what the views raise; a reading is whole or there is
    none."""
    now_basis = basis(program, contexts)
    cause: Cause = "tick" if before.basis == now_basis and not everything else "sweep" if before.basis else "first"
    afresh = cause != "tick"
    access = crm.access()
    known = {} if afresh else {id: cursor for (side, id), cursor in before.cursors.items() if side == M365}
    of_m365 = _round(m365, program.m365.kind, known, "Microsoft 365", progress)
    there = m365.collections(program.m365.kind)
    chosen = {ref.id or "" for ref in there if any(program.reads_collection(ref, context) for context in contexts)}
    of_m365 = _round(m365, program.m365.kind, dict.fromkeys(chosen - set(known)), "Microsoft 365", progress, of_m365)
    of_crm = _round(crm, program.crm.kind, {"": None if afresh else before.cursors.get((CRM, ""))}, "CRM", progress)
    if cause == "tick" and access != before.access:
        cause = "rights"
    cursors = {(CRM, key): value for key, value in of_crm.cursors.items()}
    cursors |= {(M365, key): value for key, value in of_m365.cursors.items() if key in chosen}
    return Reading(
        cause=cause,
        before=before,
        after=Feeds(cursors, now_basis, access),
        records={CRM: of_crm.records, M365: of_m365.records},
        suspects={CRM: frozenset(of_crm.suspects), M365: frozenset(of_m365.suspects)},
        complete={CRM: all(of_crm.full.values()), M365: all(of_m365.full.values())},
        home=there[0] if there else None,
        collection=of_m365.collection,
        full=frozenset(id for id, whole in of_m365.full.items() if whole) | frozenset(set(known) - chosen),
        groups=of_m365.groups,
    )


def again(reading: Reading, crm_ids: Collection[str], m365_ids: Collection[str]) -> Reading:
    """A reading of nothing but these records, to be read by id: for deciding stale pairs again within a run."""
    return replace(
        reading,
        cause="again",
        records={CRM: {}, M365: {}},
        suspects={CRM: frozenset(crm_ids), M365: frozenset(m365_ids)},
        complete={CRM: False, M365: False},
        full=frozenset(),
        groups={},
    )


def _round(
    view: ReadView,
    kind: str,
    cursors: Mapping[str, str | None],
    name: str,
    progress: Progress,
    side: _Side | None = None,
) -> _Side:
    """Rounds of these collections, added to ``side``. Known cursors are asked for before the collections are listed:
    a system can then answer both in one round trip."""
    side = side or _Side()
    side.full.update(dict.fromkeys(cursors, False))
    if not cursors:
        return side
    for page in view.changes(kind, cursors):
        for record in page.records:
            side.records[record.id] = record
            side.collection[record.id] = page.collection
        side.suspects.update(page.gone)
        side.suspects.update(page.barred)
        side.groups.update({group: frozenset(ids) for group, ids in page.groups.items()})
        if page.full:
            side.full[page.collection] = True
        if page.cursor is not None:
            side.cursors[page.collection] = page.cursor
        progress(f"reading {name}", len(side.records))
    return side
