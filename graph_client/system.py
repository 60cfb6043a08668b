"""Microsoft 365 behind the engine's port: one view per space, one connection per account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from engine.context import Context, fold
from engine.errors import SideError
from engine.links import Space
from engine.plans import Action, Mail
from engine.port import Outcome, Page, Sent
from engine.records import M365, Barred, Gone, Key, Record, Reference, Side
from engine.schema import Schema
from graph_client.ahead import Ahead, Cursors
from graph_client.batch import MOST_ITEMS
from graph_client.calendar.codec import HOME
from graph_client.calendar.reading import Events
from graph_client.calendar.writing import EventWriter
from graph_client.codec import wanted
from graph_client.connection import Connection
from graph_client.contacts import Contacts
from graph_client.effects import mailed
from graph_client.endpoints import Endpoints
from graph_client.fields import CALENDAR, CONTACT, EVENT, SCHEMAS
from graph_client.planner.catalogue import Catalogue
from graph_client.planner.members import Members, Troubles, own_trouble
from graph_client.planner.reading import Tasks
from graph_client.planner.view import PlannerReader, PlannerWriter
from graph_client.session import Session, Timing
from graph_client.throttle import Slots
from graph_client.tokens import Tokens, TokenStore
from graph_client.writing import Writer

DEFAULT_TIMING: Final = Timing()


@dataclass(slots=True)
class _Account:
    """What all views that use one account's sign-in share in this process. Outlook counts calls per mailbox, Planner
    apart from that."""

    connection: Connection
    tokens: Tokens
    ahead: Ahead
    outlook: Slots = field(default_factory=Slots)
    planner: Slots = field(default_factory=Slots)


class GraphSystem:
    """The side ``m365``. ``tokens`` gives the store of a sign-in for an organisation and an account id. Close it when
    done (it is a context manager): it holds connections. ``requests`` counts the HTTP calls to Graph.

    A space with members is shared, which is Planner; one without is the mailbox of the account it is named for.
    """

    side: Side = M365

    def __init__(
        self, endpoints: Endpoints, tokens: Callable[[str, str], TokenStore], timing: Timing = DEFAULT_TIMING
    ) -> None:
        self.endpoints = endpoints
        self.timing = timing
        self._stores = tokens
        self._accounts: dict[tuple[str, str], _Account] = {}
        self._troubles: dict[tuple[str, str], Troubles] = {}
        self._shared: dict[tuple[str, str], Tasks] = {}
        self._lock = threading.Lock()
        self._fields: dict[str, frozenset[str]] = {}

    def want(self, kind: str, fields: frozenset[str]) -> None:
        """From now on, contacts are read with these fields alone: the others count as not fetched. Other kinds are
        read whole."""
        self._fields[kind] = fields

    def schema(self, kind: str) -> Schema:
        return SCHEMAS[(M365, kind)]

    def reader(self, space: Space) -> MailboxReader | PlannerReader:
        if space.members:
            return PlannerReader(self._tasks(space, lambda: True))
        return MailboxReader(*self._feeds(space, lambda: True))

    def writer(self, space: Space, still_ours: Callable[[], bool]) -> MailboxWriter | PlannerWriter:
        if space.members:
            return PlannerWriter(self._tasks(space, still_ours))
        return MailboxWriter(*self._feeds(space, still_ours))

    def expect(self, space: Space, feeds: Mapping[str, Cursors]) -> None:
        """Say that these kinds (kind ▸ collection ▸ cursor) of a mailbox will be read next, one after the other: the
        first one read asks for all, so that a tick without news is one round trip."""
        if not space.members:
            self._account(space.org, space.id).ahead.expect(feeds)

    def effects(self, action: Action, before: Record | None, context: Context) -> Mail:
        """Whom a write to an event mails; contacts and tasks mail nobody."""
        return mailed(action, before, context)

    def troubles(self, space: Space) -> Mapping[str, SideError]:
        """Members whom the latest view of a shared space had to do without, by account id: SignInNeeded where the
        person must connect again. Everybody else went on."""
        return dict(self._troubles.get((space.org, space.id), {}))

    def catalogue(self, space: Space) -> Catalogue | None:
        """The plans and lists of a shared space as its latest view knows them; None before it asked."""
        tasks = self._shared.get((space.org, space.id))
        return tasks.known if tasks else None

    @property
    def requests(self) -> int:
        return sum(account.outlook.calls + account.planner.calls for account in self._accounts.values())

    def close(self) -> None:
        for account in self._accounts.values():
            account.connection.close()
        self._accounts.clear()

    def __enter__(self) -> GraphSystem:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _mailbox(self, space: Space, still_ours: Callable[[], bool]) -> Session:
        account = self._account(space.org, space.id)
        return Session(
            self.endpoints, account.connection, account.tokens.access, self.timing, account.outlook, still_ours
        )

    def _tasks(self, space: Space, still_ours: Callable[[], bool]) -> Tasks:
        tasks = self._shared[(space.org, space.id)] = Tasks(self._members(space, still_ours), self.timing.clock)
        return tasks

    def _feeds(self, space: Space, still_ours: Callable[[], bool]) -> tuple[Contacts, Events, Ahead]:
        session, ahead = self._mailbox(space, still_ours), self._account(space.org, space.id).ahead
        fields = wanted(self._fields.get(CONTACT.kind))
        return Contacts(session, ahead=ahead, wanted=fields), Events(session, space.zone, ahead), ahead

    def _members(self, space: Space, still_ours: Callable[[], bool]) -> Members:
        troubles = self._troubles[(space.org, space.id)] = {}
        sessions: dict[str, Session] = {}
        for member in space.members:
            account = self._account(space.org, member.account)
            sessions[member.account] = Session(
                self.endpoints, account.connection, own_trouble(account.tokens.access), self.timing, account.planner,
                still_ours, at_once=MOST_ITEMS,
            )  # fmt: skip
        return Members(sessions, troubles)

    def _account(self, org: str, id: str) -> _Account:
        with self._lock:
            account = self._accounts.get((org, id))
            if account is None:
                connection = Connection(self.endpoints)
                tokens = Tokens(self.endpoints, self._stores(org, id), connection, self.timing.clock)
                account = self._accounts[(org, id)] = _Account(connection, tokens, Ahead(self.timing.clock))
        return account


class MailboxReader:
    """Reading one mailbox, its contacts and its events; the engine's ReadView. Folders are read once per view.

    Ask for ``changes`` before ``collections``, and both share one round trip; the other way round they take two.
    """

    def __init__(self, contacts: Contacts, events: Events, ahead: Ahead) -> None:
        self._contacts = contacts
        self._events = events
        self._ahead = ahead

    def collections(self, kind: str) -> Sequence[Reference]:
        """Contacts: the default folder, called "Contacts", first; then all others by path. Events: the default
        calendar, which is the only one that is read."""
        return self._contacts.folders().all() if self._feed(kind) is self._contacts else (HOME,)

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        """Rounds of these collections; none for one that is gone: what it held has to be proved by ``read``. What
        other kinds were announced to ask is asked along."""
        feed, others = self._feed(kind), self._ahead.others(kind)
        more = [item for other, theirs in others.items() for item in self._feed(other).questions(theirs)]
        return feed.changes(cursors, more)

    def read(self, kind: str, ids: Collection[str], parts: Collection[str] = ()) -> Iterator[Record | Gone | Barred]:
        """Contacts and events come whole: there are no parts to ask for. A series answers as a record too, by its own
        id, although no round ever tells it."""
        return self._feed(kind).read(ids)

    def find(self, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        """Nothing: match keys are looked up in the CRM, and this side's keys are computed from what was read."""
        return iter(())

    def find_marks(self, kind: str, sent: Collection[Sent]) -> Mapping[str, tuple[str, ...]]:
        feed = self._feed(kind)
        found = feed.marked([one.action.id for one in sent]) if sent else {}
        return {mark: (id,) for mark, id in found.items()}

    def names(self, kind: str, names: Collection[str]) -> Mapping[str, tuple[Reference, ...]]:
        """Contact folders by path, and the calendar; no other kind has names here."""
        if kind == CALENDAR.kind:
            return {fold(name): (HOME,) for name in names if fold(name) == fold(HOME.name)}
        if kind != "contactFolder" or not names:
            return {}
        folders = self._contacts.folders()
        return {fold(name): found for name in names if (found := folders.called(name))}

    def visible(self, kind: str) -> Iterator[str]:
        """Nothing: the owner of a mailbox reads all of it, so no sweep of rights is ever needed."""
        return iter(())

    def access(self) -> str:
        """'': a mailbox has no rights that change without its records."""
        return ""

    def _feed(self, kind: str) -> Contacts | Events:
        if kind == CONTACT.kind:
            return self._contacts
        if kind == EVENT.kind:
            return self._events
        raise KeyError(kind)


class MailboxWriter(MailboxReader):
    """Reading and writing one mailbox; the engine's WriteView."""

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        contacts = [action for action in actions if self._feed(action.kind) is self._contacts]
        events = [action for action in actions if action.kind == EVENT.kind]
        yield from Writer(self._contacts).write(contacts)
        yield from EventWriter(self._events).write(events)
