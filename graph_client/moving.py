"""Moving a contact to another folder. Graph has no move for contacts: the whole contact is made there, then the old
one is deleted, so the id changes and the photo stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.errors import Unavailable
from engine.plans import Action
from engine.port import Outcome, Refused, Stale, Unknown, Written
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import RETURN, Item, in_one
from graph_client.codec import etag, updated
from graph_client.contacts import Contacts, contact_path
from graph_client.folders import quoted
from graph_client.marks import marked
from graph_client.session import Session, refusal

_NOT_SENT: Final = frozenset({"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId",
                              "primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress"})  # fmt: skip
"""What the service sets itself, and the slots that repeat emailAddresses."""


def move(contacts: Contacts, action: Action, folder: str) -> Outcome:
    """Do an update that changes the folder. The new contact carries the action's mark; its id is in the outcome. With
    ``action.copy`` what an earlier attempt made is brought up to date and used.

    If the old one can't be removed after all, the new one is taken back; if that fails too, the outcome is unknown.
    """
    session, target = contacts.session, str(action.target)
    before = session.call("GET", contact_path(target))
    if before.meaning is Meaning.GONE:
        return Stale(action.id)
    row = session.demand(before).members
    if etag(row) != action.expected_version:
        return Stale(action.id)
    members: dict[str, Json] = {k: v for k, v in row.items() if k not in _NOT_SENT and "@" not in k and v is not None}
    members.update(updated(action.values, row))
    copy = _left_over(contacts, action.copy, folder) if action.copy else None
    answer = _created(contacts, action.id, folder, members) if copy is None else _brought_up(session, copy, members)
    made = answer.members.get("id")
    if answer.meaning is Meaning.LOST or (answer.meaning is Meaning.DONE and not isinstance(made, str)):
        return Unknown(action.id)
    if answer.meaning in (Meaning.CHANGED, Meaning.GONE):
        return Stale(action.id)
    if answer.meaning is not Meaning.DONE:
        return Refused(action.id, refusal(session.usable(answer)))
    if _removed(session, target, action.expected_version):
        return Written(action.id, contacts.record(answer.members))
    return Stale(action.id) if _removed(session, str(made), etag(answer.members)) else Unknown(action.id)


def _left_over(contacts: Contacts, id: str, folder: str) -> Mapping[str, Json] | None:
    """What an earlier attempt made, if it lives in the folder meant. In another one it is removed, since the move goes
    elsewhere now. Raises Unavailable when that can't be done."""
    answer = contacts.session.call("GET", contact_path(id))
    if answer.meaning is Meaning.GONE:
        return None
    row = contacts.session.demand(answer).members
    if not contacts.lives(row):
        return None
    if row.get("parentFolderId") == folder:
        return row
    if not _removed(contacts.session, id, etag(row)):
        raise Unavailable("What an interrupted move to another folder left behind can't be removed now. Run again.")
    return None


def _created(contacts: Contacts, mark: str, folder: str, members: Mapping[str, Json]) -> Answer:
    home = "/me/contacts" if folder == contacts.folders().default else f"/me/contactFolders/{quoted(folder)}/contacts"
    marks: Json = marked(mark)
    return contacts.session.call("POST", home, {**members, "singleValueExtendedProperties": marks}, repeat=False)


def _brought_up(session: Session, copy: Mapping[str, Json], members: Mapping[str, Json]) -> Answer:
    path = contact_path(str(copy["id"]))
    (answer,) = in_one(session, [Item("PATCH", path, dict(members), {"If-Match": etag(copy)}, prefer=RETURN)])
    return answer


def _removed(session: Session, id: str, version: str | None) -> bool:
    """Delete what is still at this version: read just before, for a deletion has no condition of its own."""
    present = session.call("GET", f"{contact_path(id)}?$select=id")
    if present.meaning is Meaning.GONE:
        return True
    if etag(session.demand(present).members) != version:
        return False
    return session.call("DELETE", contact_path(id)).meaning in (Meaning.DONE, Meaning.GONE)
