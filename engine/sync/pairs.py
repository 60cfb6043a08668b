"""One pair as a tick sees it, before anything is decided: who is here, who is gone, who could belong together."""

from __future__ import annotations

from msgspec import Struct

from engine.context import Context
from engine.links import NO_AGREEMENT, Base, Link
from engine.records import Key, Record, State


class Pairing(Struct, frozen=True, kw_only=True):
    """``link`` None = not known yet. ``crm`` and ``m365`` are the present states; None = no such side (unlinked).

    For an unlinked item of Microsoft 365: ``candidates`` are the CRM records that match by the first match entry that
    finds any, ``entry`` is that entry, ``taken`` the candidates' ids linked to another item of this space, ``keys``
    its match keys, ``supersedes`` the link of a CRM record that waits alone and that a match takes over. ``copy`` is
    what an interrupted move of the item has already made. ``peers`` are the links of the same meeting in other
    mailboxes, with their bases, and ``invited`` tells that an invitation to what the item stands for has arrived here.
    ``context`` is whose rules decide; the completing step fills it in.
    """

    id: str
    link: Link | None = None
    base: Base = NO_AGREEMENT
    crm: State | None = None
    m365: State | None = None
    candidates: tuple[Record, ...] = ()
    taken: frozenset[str] = frozenset()
    entry: str = ""
    keys: tuple[Key, ...] = ()
    collection: str = ""
    supersedes: tuple[str, ...] = ()
    copy: Record | None = None
    peers: tuple[tuple[Link, Base], ...] = ()
    invited: bool = False
    context: Context | None = None
