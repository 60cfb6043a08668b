"""The tree of contact folders, by the paths people know: "Clients/North"; and making folders that are missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from engine.context import fold
from engine.errors import Unavailable
from engine.records import Reference
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import Item, in_one
from graph_client.fields import DEFAULT_FOLDER
from graph_client.paging import Expired, pages
from graph_client.session import Session, describe

DEEPEST: Final = 50
QUESTIONS: Final = (
    Item("GET", "/me/contactFolders/contacts?$select=id,displayName"),
    Item("GET", "/me/contactFolders/delta", prefer="odata.maxpagesize=500"),
)
"""The default folder is in no listing; the delta lists every folder below it, however deep, in one call."""


class NoFolder(Exception):
    """A folder could not be made; ``reason`` names no folder."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Folders:
    """All contact folders of a mailbox. ``rows`` are (id, name, id of the folder above).

    The default folder's id is '' outside of this room: the place where contacts go that no folder is named for.
    """

    def __init__(self, default: str, rows: Iterable[tuple[str, str, str]]) -> None:
        self.default = default
        self._rows = {id: (name, above) for id, name, above in rows if id != default}
        self._by_id = {default: Reference("", DEFAULT_FOLDER)}
        for id in self._rows:
            path = self._path(id)
            if path is not None:
                self._by_id[id] = Reference(id, path)
        self._by_path: dict[str, list[Reference]] = {}
        for reference in self._by_id.values():
            self._by_path.setdefault(fold(reference.name), []).append(reference)

    def __contains__(self, id: str) -> bool:
        return self.real(id) in self._by_id

    def real(self, id: str) -> str:
        """The id that Graph knows: the default folder has one too."""
        return id or self.default

    def all(self) -> tuple[Reference, ...]:
        """The default folder first, the others by path."""
        first, *rest = self._by_id.values()
        return (first, *sorted(rest, key=lambda one: (fold(one.name), one.id or "")))

    def reference(self, id: str) -> Reference:
        """The folder by id; one that is not known here has no name."""
        return self._by_id.get(id) or Reference(id, "")

    def called(self, path: str) -> tuple[Reference, ...]:
        return tuple(self._by_path.get(fold(path), ()))

    def with_row(self, id: str, name: str, above: str) -> Folders:
        return Folders(self.default, [*((i, n, a) for i, (n, a) in self._rows.items()), (id, name, above)])

    def _path(self, id: str) -> str | None:
        """None for a folder that does not lie below the default one (it is in Deleted Items, say)."""
        names: list[str] = []
        while id != self.default:
            if id not in self._rows or len(names) > DEEPEST:
                return None
            name, id = self._rows[id]
            names.append(escape(name))
        return "/".join(reversed(names))


def load(session: Session) -> Folders:
    """The folders as they are now, in one round trip."""
    return from_answers(session, in_one(session, QUESTIONS))


def from_answers(session: Session, answers: list[Answer]) -> Folders:
    """The folders from the answers to QUESTIONS. Folders whose place is not told lie below the default one."""
    default = session.demand(answers[0]).members.get("id")
    if not isinstance(default, str) or not default:
        raise Unavailable("Microsoft 365 did not say which folder is the default one for contacts.")
    found: dict[str, tuple[str, str, str]] = {}
    try:
        for page in pages(session, answers[1], delta=True):
            for row in page.rows:
                _take(found, row, default)
    except Expired:
        raise Unavailable("Microsoft 365 lost track of its own listing of the contact folders.") from None
    return Folders(default, found.values())


def locate(session: Session, folders: Folders, id: str) -> Folders | None:
    """Folders with this one in them, asked for one by one upwards; None when it is no contact folder (any more),
    which is where deleted contacts lie."""
    steps: list[tuple[str, str, str]] = []
    while id not in folders:
        answer = session.call("GET", f"/me/contactFolders/{quoted(id)}?$select=id,displayName,parentFolderId")
        if answer.meaning is Meaning.GONE or len(steps) > DEEPEST:
            return None
        row = session.demand(answer).members
        above = row.get("parentFolderId")
        if not isinstance(above, str) or not above or above == id:
            return None
        steps.append((id, str(row.get("displayName") or ""), above))
        id = above
    for step in reversed(steps):
        folders = folders.with_row(*step)
    return folders


def ensure(session: Session, folders: Folders, path: str) -> tuple[Folders, str]:
    """The id of the folder called ``path``, made step by step where it is missing. Raises NoFolder when the side
    refuses. A lost answer is settled by looking again, so that no folder is made twice."""
    names = split(path)
    if not names:
        return folders, folders.default
    for depth in range(1, len(names) + 1):
        upper = "/".join(escape(name) for name in names[: depth - 1])
        above = folders.real(str(folders.called(upper)[0].id)) if upper else folders.default
        if not folders.called("/".join(escape(name) for name in names[:depth])):
            folders = _make(session, folders, names[depth - 1], above, names[:depth])
    found = folders.called("/".join(escape(name) for name in names))
    return folders, folders.real(str(found[0].id))


def _make(session: Session, folders: Folders, name: str, above: str, names: list[str]) -> Folders:
    where = "/me/contactFolders" if above == folders.default else f"/me/contactFolders/{quoted(above)}/childFolders"
    answer = session.call("POST", where, {"displayName": name}, repeat=False)
    id = answer.members.get("id")
    if answer.meaning is Meaning.DONE and isinstance(id, str):
        return folders.with_row(id, name, above)
    if answer.meaning in (Meaning.REFUSED, Meaning.FORBIDDEN):
        raise NoFolder(f"Microsoft 365 refused to make the folder ({describe(answer)})")
    folders = load(session)
    if not folders.called("/".join(escape(one) for one in names)):
        raise Unavailable(f"Microsoft 365 did not make a contact folder ({describe(answer)}).")
    return folders


def escape(name: str) -> str:
    """A folder's own name within a path: a slash in it is not a step."""
    return name.replace("/", "\\/")


def split(path: str) -> list[str]:
    names = [step.replace("\\/", "/").strip() for step in re.split(r"(?<!\\)/", path)]
    return [name for name in names if name]


def quoted(id: str) -> str:
    """An id as a step of an address."""
    return quote(id, safe="=-_")


def _take(found: dict[str, tuple[str, str, str]], row: Mapping[str, Json], default: str) -> None:
    id, name, above = row.get("id"), row.get("displayName"), row.get("parentFolderId")
    if not isinstance(id, str):
        return
    if "@removed" in row:
        found.pop(id, None)
    elif isinstance(name, str):
        found[id] = (id, name, above if isinstance(above, str) and above else default)
