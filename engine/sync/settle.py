"""The settling step: writes whose end was never recorded are looked for before anything new is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.language.program import Program
from engine.links import NO_AGREEMENT, Base, Link, Space
from engine.port import Ended, Intent, LinkChange, ReadView, Sent, State
from engine.records import CRM, M365, Side


@dataclass(frozen=True, slots=True)
class Settled:
    """``links`` by id, as they turned out to be: every one of them is decided again in this run. ``ended`` closes
    the intents in the journal."""

    links: Mapping[str, tuple[Link, Base]]
    ended: Sequence[Ended]

    def changes(self) -> list[LinkChange]:
        return [LinkChange(id, link, base) for id, (link, base) in self.links.items()]


def settle(
    intents: Sequence[Intent], program: Program, space: Space, crm: ReadView, m365: ReadView, state: State
) -> Settled:
    """Find out what became of open intents. Updates and deletions need no proof: the pair is compared again, and a
    write that went through is then an agreement. A creation is found by its mark, or did not happen."""
    if not intents:
        return Settled({}, ())
    found: dict[Side, Mapping[str, tuple[str, ...]]] = {
        CRM: _marks(crm, program.crm.kind, CRM, intents),
        M365: _marks(m365, program.m365.kind, M365, intents),
    }
    asked_m365 = [intent.m365_id for intent in intents if intent.m365_id]
    asked_crm = [intent.crm_id for intent in intents if intent.crm_id]
    stored = {link.id: (link, base) for link, base in state.links(space.id, program.name, asked_m365, asked_crm)}
    links: dict[str, tuple[Link, Base]] = {}
    for intent in intents:
        link, base = links.get(intent.link) or stored.get(intent.link) or (_blank(intent, space), NO_AGREEMENT)
        created = found[intent.action.side].get(intent.action.id, ())
        if created:
            link = _with_created(link, intent, created[0])
        if link.m365_id is not None or link.crm_id is not None:
            links[intent.link] = (link, base)
    ended = [
        Ended(
            intent.action.id, "settled", note=_note(intent, found[intent.action.side].get(intent.action.id, ()))
        )
        for intent in intents
    ]  # fmt: skip
    return Settled(links, ended)


def _marks(view: ReadView, kind: str, side: Side, intents: Sequence[Intent]) -> Mapping[str, tuple[str, ...]]:
    sent = [Sent(i.action, i.intended_at) for i in intents if i.action.side == side and i.action.verb == "create"]
    return view.find_marks(kind, sent) if sent else {}


def _blank(intent: Intent, space: Space) -> Link:
    return Link(
        id=intent.link, space=space.id, kind=intent.kind, m365_id=intent.m365_id, crm_id=intent.crm_id, state="waiting"
    )


def _with_created(link: Link, intent: Intent, created: str) -> Link:
    crm_id, m365_id = link.crm_id or intent.crm_id, link.m365_id or intent.m365_id
    if intent.action.side == CRM:
        return replace(link, crm_id=created, m365_id=m365_id, state="linked", keys=(), crm_version="")
    return replace(link, m365_id=created, crm_id=crm_id, state="linked", keys=(), m365_version="")


def _note(intent: Intent, created: tuple[str, ...]) -> str:
    if intent.action.verb != "create":
        return "compared again"
    return "found by its mark" if created else "had not happened"
