"""The completing step: whose rules a pair is decided by, what of it is fetched apart, and the names that translations
need. Done for a page of pairs at a time, in sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from engine.context import Context, Names, fold
from engine.language.program import Program, no_parts
from engine.links import Base, Link, Space
from engine.port import ReadView, State
from engine.records import CRM, M365, Record, Reference, Side, opposite
from engine.records import State as Present
from engine.sync.copies import identity, leader, organised
from engine.sync.merge import changed_sides
from engine.sync.pairs import Pairing
from engine.sync.slots import Layout


class Completer(Struct, frozen=True):
    """``contexts`` are those of the space's members, the leading one first; of a mailbox there is one."""

    program: Program
    layout: Layout
    contexts: Sequence[Context]
    space: Space
    state: State
    crm: ReadView
    m365: ReadView

    def pages(self, pairings: list[Pairing], size: int) -> Iterator[tuple[Context, list[Pairing]]]:
        """Complete pairs, ``size`` at a time; the list given is emptied on the way, so that nothing is kept."""
        while pairings:
            page = pairings[:size]
            del pairings[:size]
            yield self.page(page)

    def page(self, pairings: list[Pairing]) -> tuple[Context, list[Pairing]]:
        """The leading member's context, and these pairs with all that their decisions look at; each has a context of
        its own where the leading member's is not the one that decides it."""
        pairings = self._with_peers(pairings)
        names = self._names(pairings)
        contexts = [replace(context, names=names) for context in self.contexts]
        if len(contexts) > 1 or self.program.asks_changed:
            pairings = [replace(pairing, context=self._context(contexts, pairing)) for pairing in pairings]
        return contexts[0], self._with_parts(contexts[0], pairings)

    # ---- the same meeting elsewhere ----

    def _with_peers(self, pairings: list[Pairing]) -> list[Pairing]:
        """Pairs with the links of the same meeting, or of the same CRM record, in other mailboxes. An organiser's copy
        that others have met first takes their CRM record over."""
        if self.program.copies is None:
            return pairings
        identities = {found for pairing in pairings if (found := self._identity(pairing))}
        crm_ids = {pairing.crm.id for pairing in pairings if isinstance(pairing.crm, Record)}
        by_identity: dict[str, list[tuple[Link, Base]]] = defaultdict(list)
        by_crm: dict[str, list[tuple[Link, Base]]] = defaultdict(list)
        for link, base in self.state.peers(self.space.id, self.program.name, identities, crm_ids):
            if link.identity:
                by_identity[link.identity].append((link, base))
            if link.crm_id:
                by_crm[link.crm_id].append((link, base))
        return self._by_their_items([self._met(pairing, by_identity, by_crm) for pairing in pairings])

    def _by_their_items(self, pairings: list[Pairing]) -> list[Pairing]:
        """Without CRM records whose meeting is here as an item that has no pair yet: the item comes instead, so that
        nothing is made beside it."""
        taken = {p.candidates[0].id for p in pairings if p.entry == self._same and p.candidates}
        alone = {p.id: found[0].identity for p in pairings if _alone(p) and (found := leader(p)) is not None}
        wanted = {identity for identity in alone.values() if identity}
        if not wanted:
            return pairings
        here: dict[str, tuple[Link, Base]] = {}
        for link, base in self.state.peers("", self.program.name, wanted, ()):
            if link.space == self.space.id and link.crm_id is None and link.m365_id and link.state != "ended":
                here[link.identity] = (link, base)
        ids = [link.m365_id for link, _ in here.values() if link.m365_id]
        items = {one.id: one for one in self.m365.read(self.program.m365.kind, ids)} if ids else {}
        known, instead = {pairing.id for pairing in pairings}, list[Pairing]()
        for pairing in pairings:
            if _alone(pairing) and pairing.crm is not None and pairing.crm.id in taken:
                continue
            row = here.get(alone.get(pairing.id, ""))
            item = items.get(row[0].m365_id or "") if row is not None else None
            if row is None or not isinstance(item, Record):
                instead.append(pairing)
            elif row[0].id not in known:
                met = Pairing(id=row[0].id, link=row[0], base=row[1], m365=item, peers=pairing.peers)
                instead.append(self._taken_over(met))
        return instead

    @property
    def _same(self) -> str:
        return self.program.copies.entry if self.program.copies is not None else ""

    def _identity(self, pairing: Pairing) -> str:
        return identity(self.program, pairing.m365) if isinstance(pairing.m365, Record) else ""

    def _met(
        self,
        pairing: Pairing,
        by_identity: Mapping[str, list[tuple[Link, Base]]],
        by_crm: Mapping[str, list[tuple[Link, Base]]],
    ) -> Pairing:
        crm_id = pairing.crm.id if isinstance(pairing.crm, Record) else ""
        peers = {link.id: (link, base) for link, base in by_identity.get(self._identity(pairing), ())}
        peers |= {link.id: (link, base) for link, base in by_crm.get(crm_id, ())}
        if not peers:
            return pairing
        met = replace(pairing, peers=tuple(peers[id] for id in sorted(peers)))
        return self._taken_over(met) if pairing.crm is None and isinstance(pairing.m365, Record) else met

    def _taken_over(self, pairing: Pairing) -> Pairing:
        copies, leading = self.program.copies, leader(pairing)
        assert copies is not None and isinstance(pairing.m365, Record)
        if leading is None or not organised(copies, pairing.m365, self.contexts[0]):
            return pairing
        found = next(iter(self.crm.read(self.program.crm.kind, [leading[0].crm_id or ""])), None)
        if not isinstance(found, Record):
            return pairing
        return replace(pairing, candidates=(found,), taken=frozenset(), base=leading[1], entry=copies.entry)

    # ---- whose rules ----

    def _context(self, contexts: Sequence[Context], pairing: Pairing) -> Context:
        context = contexts[0] if len(contexts) == 1 else lead(self.program, contexts, pairing)
        if not self.program.asks_changed:
            return context
        return replace(context, changed=changed_sides(self.program, self.layout, pairing))

    # ---- parts ----

    def _with_parts(self, context: Context, pairings: list[Pairing]) -> list[Pairing]:
        """Pieces that are worth a request of their own, asked for together: one reading per set of parts."""
        if self.program.parts is no_parts:
            return pairings
        wanted: dict[frozenset[str], list[str]] = defaultdict(list)
        for pairing in pairings:
            item = pairing.m365
            if isinstance(item, Record):
                crm = pairing.crm if isinstance(pairing.crm, Record) else None
                parts = self.program.parts(crm, item, pairing.context or context).difference(item.values)
                if parts:
                    wanted[parts].append(item.id)
        return self._fetch(pairings, wanted)

    def whole(self, pairings: Sequence[Pairing]) -> list[Pairing]:
        """Those of these pairs whose item lacked pieces, with all of them: what is about to be deleted is read first,
        however far from its day, for afterwards only the journal has it."""
        parts = {field.name for field in self.program.m365.fields if field.part is not None}
        lacking = [p for p in pairings if isinstance(p.m365, Record) and parts - p.m365.values.keys()]
        return self._fetch(lacking, {frozenset(parts): [p.m365.id for p in lacking if p.m365 is not None]})

    def _fetch(self, pairings: list[Pairing], wanted: Mapping[frozenset[str], list[str]]) -> list[Pairing]:
        asked = [(sorted(parts), ids) for parts, ids in wanted.items() if parts and ids]
        kind = self.program.m365.kind
        fresh = {one.id: one for parts, ids in asked for one in self.m365.read(kind, ids, parts)}
        return [_fetched(pairing, fresh) for pairing in pairings] if fresh else pairings

    # ---- names ----

    def _names(self, pairings: Sequence[Pairing]) -> Names:
        wanted: dict[tuple[Side, str], set[str]] = defaultdict(set)
        for spec in self.program.settings:
            if spec.kind == "one" and spec.target is not None:
                values = (context.settings.get(spec.name) for context in self.contexts)
                wanted[spec.target].update(value for value in values if isinstance(value, str))
        for pairing in pairings:
            paired = isinstance(pairing.crm, Record) and isinstance(pairing.m365, Record)
            self._add_wanted(wanted, CRM, pairing.crm, pairing, paired)
            self._add_wanted(wanted, M365, pairing.m365, pairing, paired)
        found: dict[tuple[Side, str, str], tuple[Reference, ...]] = {}
        for (side, kind), names in wanted.items():
            view = self.crm if side == CRM else self.m365
            for name, references in view.names(kind, sorted(names)).items():
                found[side, kind, fold(name)] = references
        return Names(found)

    def _add_wanted(
        self,
        wanted: dict[tuple[Side, str], set[str]],
        side: Side,
        state: Present | None,
        pairing: Pairing,
        paired: bool,
    ) -> None:
        """Add what has to be looked up before what changed of this side can be translated. Of a pair that is complete,
        lines that run on creation only translate nothing."""
        if not isinstance(state, Record):
            return
        for path, kind, line in self.layout.naming[side]:
            if paired and line.on_create:
                continue
            value = state.values.get(path)
            if value is not None and value != (pairing.base.crm if side == CRM else pairing.base.m365).get(path):
                wanted[opposite(side), kind].update(line.lens.names(value))


def _alone(pairing: Pairing) -> bool:
    """Whether this is a CRM record without an item."""
    return (
        pairing.m365 is None and isinstance(pairing.crm, Record) and (pairing.link is None or not pairing.link.m365_id)
    )


def lead(program: Program, contexts: Sequence[Context], pairing: Pairing) -> Context:
    """The member whose rules decide: whoever is in charge of the CRM record, else the first, of those for whom the
    pair is in scope and, while it is new, worth a counterpart. Nobody: whoever is in charge, else the first."""
    crm = _counterpart(pairing)
    known = crm.values if crm is not None else pairing.base.crm
    owner = known.get(program.crm.owner) if program.crm.owner else None
    ordered = sorted(contexts, key=lambda context: context.user != owner)
    return next((context for context in ordered if _wants(program, context, pairing, crm)), ordered[0])


def _counterpart(pairing: Pairing) -> Record | None:
    """The CRM record, or the only one that matches a new item."""
    if isinstance(pairing.crm, Record):
        return pairing.crm
    return pairing.candidates[0] if len(pairing.candidates) == 1 and not pairing.taken else None


def _wants(program: Program, context: Context, pairing: Pairing, crm: Record | None) -> bool:
    item = pairing.m365 if isinstance(pairing.m365, Record) else None
    if program.scope(crm, item, context) is not None:
        return False
    unpaired = pairing.link is None or pairing.link.crm_id is None
    if crm is None and item is not None and unpaired and not pairing.candidates:
        return program.change("created in m365", None, item, context).policy == "create in crm"
    return True


def _fetched(pairing: Pairing, fresh: Mapping[str, object]) -> Pairing:
    found = fresh.get(pairing.m365.id) if isinstance(pairing.m365, Record) else None
    return replace(pairing, m365=found) if isinstance(found, Record) else pairing
