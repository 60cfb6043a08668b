"""The pairing and completing steps: from what was read to pairs with both sides present.

Links are asked for in sets, counterparts and suspects are read by id in sets, matches are joins of keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from engine.context import Context
from engine.language.program import Program
from engine.links import Base, Link, Space
from engine.port import ReadView, State
from engine.records import CRM, M365, Barred, Gone, Key, Record, Side
from engine.records import State as Present
from engine.sync.copies import former, identity
from engine.sync.pairs import Pairing
from engine.sync.read import Reading
from engine.sync.rules import mark
from engine.sync.settle import Settled
from engine.sync.slots import Layout


@dataclass(slots=True)
class Gatherer:
    """One gathering. ``context`` is the leading member's: what match keys and the clock go by. ``settled`` has the
    links that settling found and that are not stored yet (or only just)."""

    program: Program
    layout: Layout
    space: Space
    context: Context
    crm: ReadView
    m365: ReadView
    state: State
    reading: Reading
    settled: Settled
    links: dict[str, tuple[Link, Base]] = field(default_factory=dict)
    known: dict[Side, dict[str, str]] = field(default_factory=lambda: {CRM: {}, M365: {}})
    present: dict[Side, dict[str, Present]] = field(default_factory=lambda: {CRM: {}, M365: {}})
    former: Mapping[str, Sequence[tuple[Link, Base]]] = field(default_factory=dict)
    invited: set[str] = field(default_factory=set)

    def run(self) -> list[Pairing]:
        """The pairs to decide, unlinked ones last and best matches first. Nothing of them is kept here."""
        now = int(self.context.now.timestamp() * 1000)
        self.present = {side: dict(self.reading.records[side]) for side in (CRM, M365)}
        self._load_links()
        wanted = set() if self.reading.cause == "again" else self._woken(now) | self._missing()
        ids = {side: set(self.reading.records[side]) | self.reading.suspects[side] for side in (CRM, M365)}
        if self.reading.cause == "rights":
            ids[CRM] |= self._opened_by_rights(wanted)
        touched = {self.known[side][id] for side in (CRM, M365) for id in ids[side] if id in self.known[side]}
        touched -= self.settled.unclear.keys()
        wanted |= self._displaced(ids[M365], wanted)
        wanted -= self.settled.unclear.keys()
        chosen = [self.links[id] for id in sorted(touched | wanted) if id in wanted or self._news(self.links[id][0])]
        self._displaced_before(chosen)
        linked = self._linked(chosen)
        ids[CRM] |= self._freed({id for link, _ in chosen for id in link.candidates})
        ids[M365] -= {id for items in self.settled.unclear.values() for id in items}
        fresh = {side: sorted(id for id in ids[side] if id not in self.known[side]) for side in (CRM, M365)}
        for side in (CRM, M365):
            unproved = [id for id in fresh[side] if id not in self.present[side] or id in self.reading.suspects[side]]
            self._read(side, unproved)
        everything = self._with_unlinked(linked, fresh[M365], fresh[CRM])
        self.links.clear()
        return everything

    # ---- links ----

    def _load_links(self) -> None:
        whole = self.reading.full or self.reading.groups or self.reading.complete[CRM]
        if self.reading.cause not in ("tick", "again") or whole:
            found = self.state.links(self.space.id, self.program.name)
        else:
            asked = {side: list({*self.reading.records[side], *self.reading.suspects[side]}) for side in (CRM, M365)}
            found = self.state.links(self.space.id, self.program.name, asked[M365], asked[CRM])
        self._know(found)
        self._know(self.settled.links.values())

    def _know(self, found: Iterable[tuple[Link, Base]]) -> None:
        for link, base in found:
            if link.id in self.settled.replaced:
                continue
            self.links[link.id] = (link, base)
            for id in (link.m365_id, link.copy):
                if id:
                    self.known[M365][id] = link.id
            if link.crm_id is not None:
                self.known[CRM][link.crm_id] = link.id

    def _woken(self, now: int) -> set[str]:
        """Links whose time has come, and held ones that a person settled or a candidate of which changed."""
        wanted = set(self.settled.links)
        changed = set(self.reading.records[CRM]) | self.reading.suspects[CRM]
        parked = list(self.state.parked(self.space.id, self.program.name, now))
        self._know((link, base) for link, base in parked if link.id not in self.settled.links)
        for link, _ in parked:
            due = link.wake_at is not None and link.wake_at <= now
            if due or link.settled or changed.intersection(link.candidates) or self.reading.cause == "rights":
                wanted.add(link.id)
        return wanted

    def _opened_by_rights(self, wanted: set[str]) -> set[str]:
        """CRM ids that the user's rights open; what they close, and what slept for a reason, is wanted again."""
        visible = set(self.crm.visible(self.program.crm.kind))
        closed = (link for id, link in self.known[CRM].items() if id not in visible)
        wanted.update(closed, (link.id for link, _ in self.links.values() if link.state in ("dormant", "held")))
        return visible - set(self.known[CRM])

    def _freed(self, candidates: set[str]) -> set[str]:
        """CRM records that a held item may have kept waiting; those that have a link of their own are none."""
        unknown = candidates - set(self.known[CRM])
        if unknown:
            self._know(self.state.links(self.space.id, self.program.name, (), unknown))
        return candidates - set(self.known[CRM])

    def _displaced(self, ids: set[str], wanted: set[str]) -> set[str]:
        """The users' own events of meetings to which an invitation arrives: it takes their place."""
        items = [item for id in ids if id not in self.known[M365] and (item := self.present[M365].get(id))]
        rows = [self.links[id][0] for id in wanted]
        self.former = former(self.program, self.space, self.state, items, rows)
        found = [pair for pairs in self.former.values() for pair in pairs if pair[0].role == "own"]
        self._know((link, base) for link, base in found if link.id not in self.links)
        self.invited = {link.id for link, _ in found}
        return set(self.invited)

    def _displaced_before(self, chosen: Sequence[tuple[Link, Base]]) -> None:
        """The same for invitations that came earlier, when the event of the user's own could not be taken away."""
        own = {link.crm_id: link.id for link, _ in chosen if link.role == "own" and link.crm_id}
        for link, _ in self.state.links(self.space.id, self.program.name, (), own) if own else ():
            if link.role == "copy" and link.crm_id:
                self.invited.add(own[link.crm_id])

    def _ended(self, identity: str, id: str) -> tuple[str, ...]:
        """Links of what is over, of which a new copy of the same meeting takes the place."""
        there = (link for link, _ in self.former.get(identity, ()))
        return tuple(link.id for link in there if link.state == "ended" and link.role != "own" and link.id != id)

    def _missing(self) -> set[str]:
        """Links that a whole listing did not mention are suspects; a sweep looks at every link again."""
        sweep = self.reading.cause in ("first", "sweep")
        missing = set()
        for link, _ in self.links.values():
            unseen = link.m365_id is not None and link.m365_id not in self.reading.records[M365]
            left = link.group in self.reading.groups and link.m365_id not in self.reading.groups[link.group]
            if unseen and (sweep or left or link.collection in self.reading.full):
                missing.add(link.id)
            unseen = link.crm_id is not None and link.crm_id not in self.reading.records[CRM]
            if unseen and self.reading.complete[CRM]:
                missing.add(link.id)
        return missing

    # ---- linked pairs ----

    def _linked(self, chosen: Sequence[tuple[Link, Base]]) -> list[Pairing]:
        self._complete([link for link, _ in chosen])
        return [self._pairing(link, base) for link, base in chosen]

    def _pairing(self, link: Link, base: Base) -> Pairing:
        item = self.present[M365].get(link.m365_id or "")
        if isinstance(item, Gone) and self.reading.groups.get(link.group):
            item = replace(item, cancelled=True)  # its series goes on without it
        copy = self.present[M365].get(link.copy) if link.copy else None
        if link.copy and not isinstance(copy, Record):
            link, copy = replace(link, copy=""), None
        if isinstance(copy, Record) and isinstance(item, Gone):  # the move had come to its end
            link, item, copy = replace(link, m365_id=copy.id, copy=""), copy, None
        if isinstance(item, Record) and item.group and not link.group:
            link = replace(link, group=item.group)  # found by settling, which knows ids alone
        return Pairing(
            id=link.id, link=link, base=base, crm=self.present[CRM].get(link.crm_id or ""), m365=item,
            collection=self.reading.collection.get(link.m365_id or "", ""),
            copy=copy if isinstance(copy, Record) else None, invited=link.id in self.invited,
            supersedes=self._ended(link.identity, link.id) if link.crm_id is None else (),
        )  # fmt: skip

    def _news(self, link: Link) -> bool:
        """Whether anything about the pair may be new: our own writes come back with the version they returned."""
        if self.reading.cause in ("first", "sweep"):
            return True
        for side, id, version in ((CRM, link.crm_id, link.crm_version), (M365, link.m365_id, link.m365_version)):
            if id in self.reading.suspects[side]:
                return True
            record = self.reading.records[side].get(id or "")
            if record is not None and record.version != version:
                return True
        return False

    def _complete(self, links: Sequence[Link]) -> None:
        """Read what is missing of these pairs, and every suspect among them, by id."""
        for side in (CRM, M365):
            ids = [id for link in links if (id := link.crm_id if side == CRM else link.m365_id)]
            ids += [link.copy for link in links if side == M365 and link.copy]
            suspects = self.reading.suspects[side]
            self._read(side, [id for id in ids if id not in self.present[side] or id in suspects])

    def _read(self, side: Side, ids: Sequence[str]) -> None:
        if ids:
            view, schema = (self.crm, self.program.crm) if side == CRM else (self.m365, self.program.m365)
            for state in view.read(schema.kind, ids):
                self.present[side][state.id] = state

    # ---- unlinked records ----

    def _with_unlinked(self, linked: list[Pairing], fresh_m365: list[str], fresh_crm: list[str]) -> list[Pairing]:
        """Linked pairs, then unpaired items with what matches them, then CRM records that match no item.

        While an item of the mailbox could be the same person, nothing is created for a CRM record: no twins.
        """
        records = [r for id in fresh_crm if isinstance(r := self.present[CRM].get(id), Record)]
        records += [p.crm for p in linked if isinstance(p.crm, Record) and p.link and p.link.m365_id is None]
        linked += self._linked([self.links[id] for id in self._open_items(records, linked)])
        parked = [p for p in linked if isinstance(p.m365, Record) and p.link and p.link.crm_id is None]
        pending = {p.id for p in parked}
        fresh = [self._item(id) for id in fresh_m365 if isinstance(self.present[M365].get(id), Record)]
        odd = [self._item(id) for id in fresh_m365 if isinstance(self.present[M365].get(id), Barred)]
        items = self._matched([self._settled(p) for p in parked] + fresh) + odd
        spoken_for = {
            c.id for p in items if not (p.link and p.link.settled in ("create", "ignore")) for c in p.candidates
        }  # fmt: skip
        rest = [
            Pairing(id=mark(self.space.id, self.program.name, CRM, record.id), crm=record)
            for record in records
            if record.id not in spoken_for and record.id not in self.known[CRM]
        ]
        waiting = {p.id for p in linked if p.link and p.link.m365_id is None and p.link.crm_id in spoken_for}
        return [p for p in linked if p.id not in pending | waiting] + items + rest

    def _open_items(self, records: Sequence[Record], linked: Sequence[Pairing]) -> list[str]:
        """Links of unpaired items that share a match key with these CRM records and are not looked at yet."""
        keys = {k for record in records for e in self.program.matches for k in e.crm_keys(record, self.context)}
        if not keys:
            return []
        found = {id for _, id in self.state.by_keys(self.space.id, self.program.name, keys)}
        if not found <= set(self.links):
            self._know(self.state.links(self.space.id, self.program.name))
        return sorted(found - {pairing.id for pairing in linked})

    def _item(self, id: str) -> Pairing:
        link_id = mark(self.space.id, self.program.name, M365, id)
        item = self.present[M365][id]
        over = self._ended(identity(self.program, item), "") if isinstance(item, Record) else ()
        return Pairing(id=link_id, m365=item, collection=self.reading.collection.get(id, ""), supersedes=over)

    def _settled(self, pairing: Pairing) -> Pairing:
        """A held item that a person settled with a CRM id has that record as its only candidate."""
        link = pairing.link
        if link is None or link.settled in ("", "create", "ignore"):
            return pairing
        self._read(CRM, [link.settled])
        chosen = self.present[CRM].get(link.settled)
        if not isinstance(chosen, Record) or self._taken({link.settled}):
            return replace(pairing, link=replace(link, settled=""))
        return replace(pairing, candidates=(chosen,), entry="settled by a person")

    def _matched(self, items: list[Pairing]) -> list[Pairing]:
        """Items of Microsoft 365 with their candidates, best match entry first, then by id."""
        keyed = [(item, self._keys_of(item)) for item in items]
        found = self._find({key for _, by_entry in keyed for _, keys in by_entry for key in keys})
        possible = {id for ids in found.values() for id in ids}
        possible |= {id for item in items if item.link for id in item.link.candidates}
        self._read(CRM, sorted(possible - set(self.present[CRM])))
        taken = self._taken(possible)
        ranked = [self._ranked(item, by_entry, found, taken) for item, by_entry in keyed]
        ordered = [item for _, item in sorted(ranked, key=lambda pair: (pair[0], pair[1].id))]
        return self._exclusive(ordered)

    def _keys_of(self, item: Pairing) -> list[tuple[str, tuple[Key, ...]]]:
        assert isinstance(item.m365, Record)
        return [(entry.entry, entry.m365_keys(item.m365, self.context)) for entry in self.program.matches]

    def _find(self, keys: set[Key]) -> dict[Key, list[str]]:
        found: dict[Key, list[str]] = defaultdict(list)
        if keys and self.reading.complete[CRM]:
            for record in self.reading.records[CRM].values():
                for entry in self.program.matches:
                    for key in entry.crm_keys(record, self.context):
                        if key in keys:
                            found[key].append(record.id)
        elif keys:
            for key, id in self.crm.find(self.program.crm.kind, keys):
                found[key].append(id)
        return found

    def _taken(self, candidates: set[str]) -> set[str]:
        unknown = [id for id in candidates if id not in self.known[CRM]]
        if unknown and not self.reading.complete[CRM]:
            self._know(self.state.links(self.space.id, self.program.name, (), unknown))
        return {
            id for id in candidates if id in self.known[CRM] and self.links[self.known[CRM][id]][0].m365_id is not None
        }

    def _ranked(
        self, item: Pairing, by_entry: list[tuple[str, tuple[Key, ...]]], found: dict[Key, list[str]], taken: set[str]
    ) -> tuple[int, Pairing]:
        keys = tuple(dict.fromkeys(key for _, keys in by_entry for key in keys))
        if item.candidates:
            return 0, replace(item, keys=keys)
        for rank, (entry, entry_keys) in enumerate(by_entry):
            ids = sorted({id for key in entry_keys for id in found.get(key, ())})
            records = tuple(r for id in ids if isinstance(r := self.present[CRM].get(id), Record))
            if records:
                bound = frozenset(id for id in ids if id in taken)
                return rank, replace(item, keys=keys, candidates=records, taken=bound, entry=entry)
        return len(by_entry), self._still_taken(replace(item, keys=keys), taken)

    def _still_taken(self, item: Pairing, taken: set[str]) -> Pairing:
        """An item held because its match was taken stays so although a sync has since changed what they had in common:
        only a person knows whether they are two."""
        held = item.link.candidates if item.link and item.link.state == "held" else ()
        records = tuple(r for id in held if id in taken and isinstance(r := self.present[CRM].get(id), Record))
        return replace(item, candidates=records, taken=frozenset(r.id for r in records)) if records else item

    def _exclusive(self, items: list[Pairing]) -> list[Pairing]:
        """Within one run a CRM record goes to one item; a second new item of the same person is taken too."""
        given: set[str] = set()
        keys: set[Key] = set()
        result = []
        for item in items:
            if len(item.candidates) == 1 and not item.taken:
                only = item.candidates[0].id
                item = replace(item, taken=frozenset({only})) if only in given else item
                item = replace(item, supersedes=(*item.supersedes, *self._waiting_row(only)))
                given.add(only)
            elif not item.candidates and not (item.link and item.link.settled) and keys.intersection(item.keys):
                item = replace(item, taken=frozenset({"another new item of this mailbox"}))
            if not item.candidates:
                keys.update(item.keys)
            result.append(item)
        return result

    def _waiting_row(self, crm_id: str) -> tuple[str, ...]:
        """The row of a CRM record that waits alone (its creation was refused, or is not due): the match replaces it."""
        id = self.known[CRM].get(crm_id)
        return (id,) if id is not None and self.links[id][0].m365_id is None else ()
