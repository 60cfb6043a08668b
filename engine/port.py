"""The two ports: a system that holds records, and the state Tandem keeps. Every adapter passes one contract suite."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from engine.context import Context
from engine.links import Base, Link, Space
from engine.plans import Action, Mail
from engine.records import Barred, Gone, Key, Record, Reference, Side, Value
from engine.schema import Schema

# ---- a system of records --------------------------------------------------------------------------------------


class Page(Struct, frozen=True):
    """One page of a change feed of one collection.

    ``gone`` and ``barred`` are ids: suspicion only (deleted, moved away, no longer readable), to be proved by
    :meth:`ReadView.read`. ``cursor`` is set on a collection's last page: where the next round starts. ``full`` is
    true on every page of a round that listed everything from scratch (no cursor, or an expired one). ``groups`` are
    series that were listed as a whole, each with the ids that are in it now: records of that group that are not among
    them are under suspicion too.
    """

    collection: str
    records: Sequence[Record] = ()
    gone: Sequence[str] = ()
    barred: Sequence[str] = ()
    cursor: str | None = None
    full: bool = False
    groups: Mapping[str, Sequence[str]] = {}


class Sent(Struct, frozen=True):
    """An action that was sent, and when it was intended (UTC in milliseconds). ``agreed`` is what its record held, by
    path, when both sides last agreed."""

    action: Action
    at: int
    agreed: Mapping[str, Value] = {}


class ReadView(Protocol):
    """Reading one side for one space, with that space's user's rights. Has no way to write.

    Every method raises Unavailable, or SignInNeeded, when the side can't answer; partial answers are never passed
    off as whole.
    """

    def collections(self, kind: str) -> Sequence[Reference]:
        """The collections (folders) that have change feeds of their own; a side without them answers one."""
        ...

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        """Rounds for these collection ids from their cursors (None = list everything). An expired cursor starts a
        full round by itself. A feed's rows may repeat; the last one of a record counts."""
        ...

    def read(self, kind: str, ids: Collection[str], parts: Collection[str] = ()) -> Iterator[Record | Gone | Barred]:
        """The present state of each id asked for, in any order: the proof for deletions. ``parts`` names pieces of
        the schema that are fetched apart and shall be there too."""
        ...

    def find(self, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        """Ids of readable records for match keys (only the CRM side is asked)."""
        ...

    def find_marks(self, kind: str, sent: Collection[Sent]) -> Mapping[str, tuple[str, ...]]:
        """Action id ▸ ids of what that creation or move made. A side that keeps marks answers at most one; one that
        has none answers every record it could be."""
        ...

    def names(self, kind: str, names: Collection[str]) -> Mapping[str, tuple[Reference, ...]]:
        """Folded name ▸ all records of that kind (company, folder) called so; unknown names are left out."""
        ...

    def visible(self, kind: str) -> Iterator[str]:
        """Ids of all records the user may read."""
        ...

    def access(self) -> str:
        """A token that changes when the user's rights changed without any record changing; '' where rights are
        not kept apart from records."""
        ...


class Written(Struct, frozen=True):
    """Done. ``record`` is the record as the side returned it after the write; None for a deletion."""

    action: str
    record: Record | None


class Stale(Struct, frozen=True):
    """Not done: the record changed or went since the expected version was read."""

    action: str


class Refused(Struct, frozen=True):
    """Not done and not to be repeated unchanged: the side says no. ``reason`` holds no personal data."""

    action: str
    reason: str


class Unknown(Struct, frozen=True):
    """Sent, but the answer was lost: the next run settles it."""

    action: str


Outcome: TypeAlias = Written | Stale | Refused | Unknown


class WriteView(ReadView, Protocol):
    """Reading and writing one side for one space."""

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """One outcome per action, in any order. Creations carry ``action.id`` as a mark; updates and deletions are
        done only at ``expected_version``. Raises LeaseLost when ``still_ours`` said no before a request."""
        ...


class System(Protocol):
    """One side."""

    side: Side

    def schema(self, kind: str) -> Schema: ...

    def reader(self, space: Space) -> ReadView: ...

    def writer(self, space: Space, still_ours: Callable[[], bool]) -> WriteView: ...

    def effects(self, action: Action, before: Record | None, context: Context) -> Mail:
        """Whom this write would make the side mail, given the record as it is now (None for a creation); the context
        knows the mailbox's owner and the organisation's own people. Pure."""
        ...


# ---- what Tandem remembers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fence:
    """Proof of holding a space's lease; every state write checks the number. ``until`` is when it ended as it was
    taken (UTC in milliseconds); renewing moves that on."""

    space: str
    holder: str
    number: int
    until: int = field(default=0, compare=False)


class Feeds(Struct, frozen=True):
    """Where reading goes on for one space and kind. ``basis`` digests everything but records that outcomes depend on
    (rules, schemas, settings); ``access`` is the CRM's access token seen last. All empty before the first run."""

    cursors: Mapping[tuple[Side, str], str] = {}
    basis: str = ""
    access: str = ""


class LinkChange(Struct, frozen=True):
    """What becomes of one link row. ``after`` None deletes it; ``base`` None leaves the stored base as it is."""

    id: str
    after: Link | None
    base: Base | None = None


class Intent(Struct, frozen=True):
    """An action that was about to be sent and whose end is not recorded. ``kind`` is the link's (the rule file's)."""

    action: Action
    kind: str
    run: str
    link: str
    crm_id: str | None
    m365_id: str | None
    intended_at: int


ActionState: TypeAlias = Literal["intended", "done", "stale", "refused", "unknown", "settled"]


class Ended(Struct, frozen=True):
    """The end of an intended action, for the journal. ``note`` holds no personal data."""

    action: str
    state: ActionState
    crm_id: str | None = None
    m365_id: str | None = None
    version: str = ""
    note: str = ""


class State(Protocol):
    """What Tandem remembers, for one organisation. Methods with a fence raise LeaseLost when it is no longer held.

    Times are UTC in milliseconds. ``kind`` is always the link's kind: the name of the rule file (``contacts``).
    """

    def hold(self, space: str, holder: str, now: int, until: int) -> Fence | None:
        """Take the lease if it is free or ran out at ``now``; each taking has a higher number."""
        ...

    def renew(self, fence: Fence, until: int) -> None: ...

    def release(self, fence: Fence) -> None: ...

    def feeds(self, space: str, kind: str) -> Feeds: ...

    def links(
        self,
        space: str,
        kind: str,
        m365_ids: Collection[str] | None = None,
        crm_ids: Collection[str] | None = None,
    ) -> Iterator[tuple[Link, Base]]:
        """Links of a space by either side's id (united); all of them when neither is given."""
        ...

    def parked(self, space: str, kind: str, now: int) -> Iterator[tuple[Link, Base]]:
        """Held links, and links of any state whose ``wake_at`` has come."""
        ...

    def by_keys(self, space: str, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        """Ids of unpaired links that stored one of these keys."""
        ...

    def peers(
        self, space: str, kind: str, identities: Collection[str], crm_ids: Collection[str]
    ) -> Iterator[tuple[Link, Base]]:
        """Links of the organisation's *other* spaces: those with one of these identities, or one of these CRM ids."""
        ...

    def open_intents(self, space: str, kind: str) -> Sequence[Intent]: ...

    def claim(self, fence: Fence, kind: str, keys: Collection[Key], now: int, until: int) -> frozenset[Key]:
        """Claim match keys for CRM creations, organisation-wide; the answer holds those that another space has
        claimed and not let run out. Own claims are renewed."""
        ...

    def intend(self, fence: Fence, run: str, intents: Sequence[Intent]) -> None:
        """Durable before anything is sent."""
        ...

    def finish(
        self,
        fence: Fence,
        kind: str,
        ended: Sequence[Ended],
        changes: Sequence[LinkChange],
        unclaim: Collection[Key],
    ) -> None:
        """Ends of actions, links with bases and freed claims, in one transaction."""
        ...

    def advance(self, fence: Fence, kind: str, before: Feeds, after: Feeds, changes: Sequence[LinkChange]) -> bool:
        """Compare-and-set of cursors, basis and access token, with parked links in the same transaction; False
        (nothing stored) when ``before`` no longer holds."""
        ...
