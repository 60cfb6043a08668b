"""The settling step: writes whose end was never recorded are looked for before anything new is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.language.program import Program
from engine.links import NO_AGREEMENT, Base, Link, Space
from engine.port import Ended, Intent, LinkChange, ReadView, Sent, State
from engine.records import CRM, M365, Record, Side, Value
from engine.records import State as Present


class Settled(Struct, frozen=True):
    """``links`` by id, as they turned out to be: every one of them is decided again in this run. ``ended`` closes
    the intents in the journal. ``unclear`` are links whose creation several items could be, with these items: they
    are held, and left alone until a person has removed all but one. ``replaced`` are rows of CRM records that waited
    alone, whose match with an item turned out to be under way."""

    links: Mapping[str, tuple[Link, Base]]
    ended: Sequence[Ended]
    unclear: Mapping[str, frozenset[str]] = {}
    replaced: frozenset[str] = frozenset()

    def changes(self) -> list[LinkChange]:
        gone = [LinkChange(id, None) for id in sorted(self.replaced)]
        return [*gone, *(LinkChange(id, link, base) for id, (link, base) in self.links.items())]


_MAKING: Final = ("create", "move")
UNCLEAR: Final = "several items could be what a request made whose answer was lost; delete all but the right one"


def settle(
    intents: Sequence[Intent], program: Program, space: Space, crm: ReadView, m365: ReadView, state: State
) -> Settled:
    """Find out what became of open intents. Updates and deletions need no proof: the pair is compared again, and a
    write that went through is then an agreement. A creation is found by its mark, or did not happen; nothing was agreed
    about what was found, be it made again. What a move has made stays with the link until the move is done."""
    if not intents:
        return Settled({}, ())
    asked_m365 = [intent.m365_id for intent in intents if intent.m365_id]
    asked_crm = [intent.crm_id for intent in intents if intent.crm_id]
    stored = {link.id: (link, base) for link, base in state.links(space.id, program.name, asked_m365, asked_crm)}
    found: dict[Side, Mapping[str, tuple[str, ...]]] = {
        CRM: _made(crm, program.crm.kind, CRM, intents, stored),
        M365: _unlinked(_made(m365, program.m365.kind, M365, intents, stored), program, space, state),
    }
    found[M365] = shared_out(_with_its_text(found[M365], intents, program, m365, stored))
    links: dict[str, tuple[Link, Base]] = {}
    ended, unclear = list[Ended](), dict[str, frozenset[str]]()
    for intent in intents:
        link, base = links.get(intent.link) or stored.get(intent.link) or (_blank(intent, space), NO_AGREEMENT)
        made = found[intent.action.side].get(intent.action.id, ())
        if len(made) > 1:
            unclear[intent.link] = frozenset(made)
            link = replace(link, state="held", reason=UNCLEAR, entry=intent.action.entry, title=intent.action.title)
        else:
            ended.append(Ended(intent.action.id, "settled", note=_note(intent, made)))
        if len(made) == 1:
            link = _with_made(link, intent, made[0])
            base = NO_AGREEMENT if intent.action.verb == "create" else base
            if program.copies is not None and intent.action.entry == program.copies.own:
                link = replace(link, role="own")
        if link.m365_id is not None or link.crm_id is not None:
            links[intent.link] = (link, base)
    return Settled(links, ended, unclear, _replaced(links, stored, {intent.link for intent in intents}))


def _replaced(
    links: Mapping[str, tuple[Link, Base]], stored: Mapping[str, tuple[Link, Base]], open_links: set[str]
) -> frozenset[str]:
    """Rows of records that wait alone and about which nothing is open, where another link has the record by now."""
    paired = {link.crm_id for link, _ in links.values() if link.m365_id is not None}
    alone = (link for link, _ in stored.values() if link.m365_id is None and link.id not in open_links)
    return frozenset(link.id for link in alone if link.crm_id in paired and link.crm_id is not None)


def _made(
    view: ReadView, kind: str, side: Side, intents: Sequence[Intent], stored: Mapping[str, tuple[Link, Base]]
) -> Mapping[str, tuple[str, ...]]:
    sent = []
    for intent in intents:
        if intent.action.side == side and intent.action.verb in _MAKING:
            base = stored[intent.link][1] if intent.link in stored else NO_AGREEMENT
            sent.append(Sent(intent.action, intent.intended_at, base.crm if side == CRM else base.m365))
    return view.find_marks(kind, sent) if sent else {}


def shared_out(made: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Each item to one action: of actions that look alike each gets one of what looks alike, whichever it is, and some
    get none where fewer were made. Where there are more items than actions nobody can tell, and all keep them all."""
    alike: list[tuple[list[str], set[str]]] = []
    for action, ids in made.items():
        actions, items = [action], set(ids)
        for group in [group for group in alike if group[1] & items]:
            alike.remove(group)
            actions, items = group[0] + actions, group[1] | items
        alike.append((actions, items))
    shared = dict(made)
    for actions, items in alike:
        if len(items) > len(actions):
            continue
        for action in sorted(actions, key=lambda one: len(made[one])):
            shared[action] = tuple(id for id in made[action] if id in items)[:1]
            items.difference_update(shared[action])
    return shared


def _with_its_text(
    made: Mapping[str, tuple[str, ...]], intents: Sequence[Intent], program: Program, view: ReadView,
    stored: Mapping[str, tuple[Link, Base]],
) -> Mapping[str, tuple[str, ...]]:  # fmt: skip
    """Of what moves may have made, what can be theirs: a text that is fetched apart is the old item's, or not there
    yet. Another text is somebody else's, whose item merely looks alike: it must not be written over or taken back."""
    structures = {field.name: field.type.parts for field in program.m365.fields if field.part is not None}
    likely = dict(made)
    for intent in intents if structures else ():
        action, ids = intent.action, made.get(intent.action.id)
        if action.verb != "move" or not ids:
            continue
        asked = {one.id: one for one in view.read(action.kind, [*ids, action.target or ""], sorted(structures))}
        base = stored[intent.link][1].m365 if intent.link in stored else {}
        for name, parts in structures.items():
            agreed = tuple(base.get(f"{name}.{part}") for part, _ in parts)
            texts = (None, (None,) * len(parts), action.values.get(name), agreed, _value(asked, action.target, name))
            ids = tuple(id for id in ids if _value(asked, id, name) in texts)
        likely[action.id] = ids
    return likely


def _value(asked: Mapping[str, Present], id: str | None, name: str) -> Value:
    state = asked.get(id or "")
    return state.values.get(name) if isinstance(state, Record) else None


def _unlinked(
    made: Mapping[str, tuple[str, ...]], program: Program, space: Space, state: State
) -> Mapping[str, tuple[str, ...]]:
    """Without the items that have a link: a side without marks answers all that it could be."""
    several = {id for ids in made.values() for id in ids}
    linked = {link.m365_id for link, _ in state.links(space.id, program.name, several, ())} if several else set()
    return {action: tuple(id for id in ids if id not in linked) for action, ids in made.items()}


def _blank(intent: Intent, space: Space) -> Link:
    return Link(
        id=intent.link, space=space.id, kind=intent.kind, m365_id=intent.m365_id, crm_id=intent.crm_id, state="waiting"
    )


def _with_made(link: Link, intent: Intent, made: str) -> Link:
    crm_id, m365_id = link.crm_id or intent.crm_id, link.m365_id or intent.m365_id
    if intent.action.verb == "move":  # what is moved may itself be what the move before made
        m365_id = intent.m365_id or m365_id
        return replace(link, m365_id=m365_id, copy=made, wake_at=intent.intended_at)
    if intent.action.side == CRM:
        return replace(link, crm_id=made, m365_id=m365_id, state="linked", keys=(), crm_version="")
    return replace(link, m365_id=made, crm_id=crm_id, state="linked", keys=(), m365_version="")


def _note(intent: Intent, made: tuple[str, ...]) -> str:
    if intent.action.verb not in _MAKING:
        return "compared again"
    return "found" if made else "had not happened"
