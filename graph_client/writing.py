"""Writing contacts: creations that carry a mark and are never sent twice, updates and deletions only on what was read.

Waves of four: see batch.py. Before an update or a deletion the contact is read: the display name must go with every
update, and a deletion has no condition of its own on the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Unknown, Written
from engine.records import Reference
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import RETURN, Item, in_waves
from graph_client.codec import display_name, encode, etag, updated, wanted
from graph_client.contacts import Contacts, contact_path
from graph_client.folders import NoFolder, ensure, quoted
from graph_client.marks import marked
from graph_client.moving import move
from graph_client.session import refusal

LARGEST_BODY: Final = 3_900_000
AT_A_TIME: Final = 20
"""Actions prepared together: folders made, the present state read."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """One action with the call that does it."""

    action: Action
    item: Item


@dataclass(slots=True)
class Writer:
    """Writes of one view, for one mailbox."""

    contacts: Contacts

    def write(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        """One outcome per action. Raises Unavailable, SignInNeeded or LeaseLost when it can't go on: actions without
        an outcome were not done, or are found by their marks."""
        creations = [action for action in actions if action.verb == "create"]
        others = [action for action in actions if action.verb != "create"]
        for start in range(0, len(creations), AT_A_TIME):
            yield from self._create(creations[start : start + AT_A_TIME])
        for start in range(0, len(others), AT_A_TIME):
            yield from self._change(others[start : start + AT_A_TIME])

    def _create(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        ready: list[_Ready] = []
        for action in actions:
            try:
                item = Item("POST", self._home(action), self._created(action), prefer=RETURN, repeat=False)
            except (ValueError, NoFolder) as problem:
                yield Refused(action.id, str(problem))
                continue
            ready.append(_Ready(action, item))
        yield from self._send(ready)

    def _home(self, action: Action) -> str:
        """The address for a new contact: its folder is found, or made, first."""
        folder = self.place(action.values.get("parentFolder"))
        if folder == self.contacts.folders().default:
            return "/me/contacts"
        return f"/me/contactFolders/{quoted(folder)}/contacts"

    def place(self, value: object) -> str:
        """The id of the folder meant. Raises NoFolder when it can't be made or is gone."""
        folders = self.contacts.folders()
        if not isinstance(value, Reference):
            return folders.default
        if value.id is not None:
            if value.id not in folders:
                raise NoFolder("the contact folder no longer exists")
            return folders.real(value.id)
        found = folders.called(value.name)
        if found:
            return folders.real(str(found[0].id))
        self.contacts.known, id = ensure(self.contacts.session, folders, value.name)
        return id

    def _created(self, action: Action) -> dict[str, Json]:
        members: dict[str, Json] = {n: v for n, v in encode(action.values).items() if v not in (None, [])}
        if shown := display_name(members):
            members["displayName"] = shown
        members["singleValueExtendedProperties"] = marked(action.id)
        return members

    def _change(self, actions: Sequence[Action]) -> Iterator[Outcome]:
        asked = [Item("GET", contact_path(str(action.target), wanted())) for action in actions]
        ready: list[_Ready] = []
        moves: list[tuple[Action, str]] = []
        for index, answer in in_waves(self.contacts.session, asked):
            step = self._prepared(actions[index], answer)
            if isinstance(step, _Ready):
                ready.append(step)
            elif isinstance(step, str):
                moves.append((actions[index], step))
            else:
                yield step
        yield from self._send(ready)
        for action, folder in moves:
            yield move(self.contacts, action, folder)

    def _prepared(self, action: Action, answer: Answer) -> _Ready | str | Outcome:
        """The call for an update or a deletion; the folder id where the update is a move; or the outcome at once."""
        gone: Outcome = Written(action.id, None) if action.verb == "delete" else Stale(action.id)
        if answer.meaning is Meaning.GONE:
            return gone
        if answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
            return Refused(action.id, refusal(answer))
        row = self.contacts.session.demand(answer).members
        if not self.contacts.lives(row):
            return gone
        if etag(row) != action.expected_version:
            return Stale(action.id)
        path = contact_path(str(action.target))
        if action.verb == "delete":
            return _Ready(action, Item("DELETE", path))
        try:
            if "parentFolder" in action.values:
                folder = self.place(action.values["parentFolder"])
                if folder != row.get("parentFolderId"):
                    return folder
            body = updated(action.values, row)
        except (ValueError, NoFolder) as problem:
            return Refused(action.id, str(problem))
        return _Ready(action, Item("PATCH", path, body, {"If-Match": etag(row)}, prefer=RETURN))

    def _send(self, ready: Sequence[_Ready]) -> Iterator[Outcome]:
        fitting = [one for one in ready if one.item.size() <= LARGEST_BODY]
        yield from (Refused(r.action.id, "larger than Microsoft 365 takes") for r in ready if r not in fitting)
        for index, answer in in_waves(self.contacts.session, [one.item for one in fitting]):
            yield self._outcome(fitting[index].action, answer)

    def _outcome(self, action: Action, answer: Answer) -> Outcome:
        meaning = answer.meaning
        if meaning is Meaning.DONE:
            return self._done(action, answer)
        if meaning is Meaning.GONE and action.verb == "delete":
            return Written(action.id, None)
        if meaning in (Meaning.GONE, Meaning.CHANGED) and action.verb != "create":
            return Stale(action.id)
        if meaning is Meaning.LOST:
            return Unknown(action.id)
        self.contacts.session.usable(answer)
        return Refused(action.id, refusal(answer))

    def _done(self, action: Action, answer: Answer) -> Outcome:
        if action.verb == "delete":
            return Written(action.id, None)
        row = answer.members
        if not row and action.target:
            row = self.contacts.session.get(contact_path(str(action.target), wanted())).members
        if not isinstance(row.get("id"), str) or not etag(row):
            return Unknown(action.id)
        return Written(action.id, self.contacts.record(row))
