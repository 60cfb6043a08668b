"""Microsoft 365 behind the engine's port: one view per space, one connection and four places per mailbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from engine.context import fold
from engine.links import Space
from engine.plans import Action
from engine.port import Outcome, Page, Sent
from engine.records import M365, Barred, Gone, Key, Record, Reference, Side
from engine.schema import Schema
from graph_client.connection import Connection
from graph_client.contacts import Contacts
from graph_client.endpoints import Endpoints
from graph_client.fields import CONTACT, SCHEMAS
from graph_client.session import Session, Timing
from graph_client.throttle import Slots
from graph_client.tokens import Tokens, TokenStore
from graph_client.writing import Writer

DEFAULT_TIMING: Final = Timing()


@dataclass(slots=True)
class _Mailbox:
    """What all views of one mailbox in this process share."""

    connection: Connection
    tokens: Tokens
    slots: Slots


class GraphSystem:
    """The side ``m365``. ``tokens`` gives the store of a space's sign-in. Close it when done (it is a context
    manager): it holds connections. ``requests`` counts the HTTP calls to Graph."""

    side: Side = M365

    def __init__(
        self, endpoints: Endpoints, tokens: Callable[[Space], TokenStore], timing: Timing = DEFAULT_TIMING
    ) -> None:
        self.endpoints = endpoints
        self.timing = timing
        self._stores = tokens
        self._mailboxes: dict[tuple[str, str], _Mailbox] = {}
        self._lock = threading.Lock()

    def schema(self, kind: str) -> Schema:
        return SCHEMAS[(M365, kind)]

    def reader(self, space: Space) -> MailboxReader:
        return MailboxReader(Contacts(self._session(space, lambda: True)))

    def writer(self, space: Space, still_ours: Callable[[], bool]) -> MailboxWriter:
        return MailboxWriter(Contacts(self._session(space, still_ours)))

    @property
    def requests(self) -> int:
        return sum(mailbox.slots.calls for mailbox in self._mailboxes.values())

    def close(self) -> None:
        for mailbox in self._mailboxes.values():
            mailbox.connection.close()
        self._mailboxes.clear()

    def __enter__(self) -> GraphSystem:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _session(self, space: Space, still_ours: Callable[[], bool]) -> Session:
        with self._lock:
            mailbox = self._mailboxes.get((space.org, space.id))
            if mailbox is None:
                connection = Connection(self.endpoints)
                tokens = Tokens(self.endpoints, self._stores(space), connection, self.timing.clock)
                mailbox = self._mailboxes[(space.org, space.id)] = _Mailbox(connection, tokens, Slots())
        return Session(
            self.endpoints, mailbox.connection, mailbox.tokens.access, self.timing, mailbox.slots, still_ours
        )


class MailboxReader:
    """Reading one mailbox; the engine's ReadView. Folders are read once per view.

    Ask for ``changes`` before ``collections``, and both share one round trip; the other way round they take two.
    """

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    def collections(self, kind: str) -> Sequence[Reference]:
        """The default folder, called "Contacts", first; then all others by path."""
        _check(kind)
        return self._contacts.folders().all()

    def changes(self, kind: str, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        """Rounds of these folders; none for a folder that is gone: what it held has to be proved by ``read``."""
        _check(kind)
        return self._contacts.changes(cursors)

    def read(self, kind: str, ids: Collection[str], parts: Collection[str] = ()) -> Iterator[Record | Gone | Barred]:
        """Contacts come whole: there are no parts to ask for."""
        _check(kind)
        return self._contacts.read(ids)

    def find(self, kind: str, keys: Collection[Key]) -> Iterator[tuple[Key, str]]:
        """Nothing: match keys are looked up in the CRM, and this side's keys are computed from what was read."""
        return iter(())

    def find_marks(self, kind: str, sent: Collection[Sent]) -> Mapping[str, tuple[str, ...]]:
        _check(kind)
        found = self._contacts.marked([one.action.id for one in sent]) if sent else {}
        return {mark: (id,) for mark, id in found.items()}

    def names(self, kind: str, names: Collection[str]) -> Mapping[str, tuple[Reference, ...]]:
        """Contact folders by path; no other kind has names here."""
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


class MailboxWriter(MailboxReader):
    """Reading and writing one mailbox; the engine's WriteView."""

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        for action in actions:
            _check(action.kind)
        return Writer(self._contacts).write(actions)


def _check(kind: str) -> None:
    if kind != CONTACT.kind:
        raise KeyError(kind)
