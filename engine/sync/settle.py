"""The settling step: writes whose end was never recorded are looked for before anything new is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from engine.language.program import Program
from engine.links import NO_AGREEMENT, Base, Link, Space
from engine.port import Ended, Intent, LinkChange, ReadView, Sent, State
from engine.records import CRM, M365, Side


@dataclass(frozen=True, slots=True)
class Settled:
    """``links`` by id, as they turned out to be: every one of them is decided again in this run. ``ended`` closes
    the intents in the journal. ``unclear`` are links whose creation several items could be, with these items: they
    are held, and left alone until a person has removed all but one."""

    links: Mapping[str, tuple[Link, Base]]
    ended: Sequence[Ended]
    unclear: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def changes(self) -> list[LinkChange]:
        return [LinkChange(id, link, base) for id, (link, base) in self.links.items()]


_MAKING: Final = ("create", "move")
UNCLEAR: Final = "several items could be what a request made whose answer was lost; delete all but the right one"


def settle(
    intents: Sequence[Intent], program: Program, space: Space, crm: ReadView, m365: ReadView, state: State
) -> Settled:
    """Find out what became of open intents. Updates and deletions need no proof: the pair is compared again, and a
    write that went through is then an agreement. A creation is found by its mark, or did not happen; what a move has
    made stays with the link until the move is done."""
    if not intents:
        return Settled({}, ())
    found: dict[Side, Mapping[str, tuple[str, ...]]] = {
        CRM: _made(crm, program.crm.kind, CRM, intents),
        M365: _unlinked(_made(m365, program.m365.kind, M365, intents), program, space, state),
    }
    asked_m365 = [intent.m365_id for intent in intents if intent.m365_id]
    asked_crm = [intent.crm_id for intent in intents if intent.crm_id]
    stored = {link.id: (link, base) for link, base in state.links(space.id, program.name, asked_m365, asked_crm)}
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
        if link.m365_id is not None or link.crm_id is not None:
            links[intent.link] = (link, base)
    return Settled(links, ended, unclear)


def _made(view: ReadView, kind: str, side: Side, intents: Sequence[Intent]) -> Mapping[str, tuple[str, ...]]:
    sent = [Sent(i.action, i.intended_at) for i in intents if i.action.side == side and i.action.verb in _MAKING]
    return view.find_marks(kind, sent) if sent else {}


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
    if intent.action.verb == "move":
        return replace(link, copy=made, wake_at=intent.intended_at)
    if intent.action.side == CRM:
        return replace(link, crm_id=made, m365_id=m365_id, state="linked", keys=(), crm_version="")
    return replace(link, m365_id=made, crm_id=crm_id, state="linked", keys=(), m365_version="")


def _note(intent: Intent, made: tuple[str, ...]) -> str:
    if intent.action.verb not in _MAKING:
        return "compared again"
    return "found" if made else "had not happened"
