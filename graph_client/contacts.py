"""Reading the contacts of one mailbox: delta rounds of all folders together, single contacts, marks after a crash."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.errors import Unavailable
from engine.port import Page
from engine.records import M365, Barred, Gone, Record, State
from graph_client.ahead import Ahead
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import Item, in_waves
from graph_client.codec import Wanted, decode, wanted
from graph_client.folders import QUESTIONS, Folders, from_answers, load, locate, quoted
from graph_client.marks import by_mark
from graph_client.paging import PAGE_SIZE, Expired, Rows, fresh, pages
from graph_client.session import Session, describe

SHORT_PAGE: Final = "odata.maxpagesize=100"
"""Pages inside a batch, so that twenty of them stay far below the size limit."""
RESTARTS: Final = 2


@dataclass(slots=True)
class Contacts:
    """One mailbox's contacts, for one view, with the fields in ``wanted``. Folders are read once and kept."""

    session: Session
    known: Folders | None = None
    ahead: Ahead | None = None
    wanted: Wanted = field(default_factory=wanted)

    def folders(self) -> Folders:
        if self.known is None:
            self.known = load(self.session)
        return self.known

    def questions(self, cursors: Mapping[str, str | None]) -> list[Item]:
        """What rounds from these cursors ask first."""
        items = [Item("GET", link, prefer=SHORT_PAGE) for link in self._links(cursors).values()]
        return [*(QUESTIONS if self.known is None else ()), *items]

    def changes(self, cursors: Mapping[str, str | None], more: Sequence[Item] = ()) -> Iterator[Page]:
        """Rounds for these folders. All cursors go in one batch, together with the question for the folders if they
        are not known yet, and with ``more`` for others: a tick without news is one round trip. A folder that is gone
        has no pages."""
        asked = self._ask(cursors, more)
        for id in cursors:
            if id not in self.folders():
                continue
            yield from self._round(id, asked.get(id))

    def read(self, ids: Collection[str]) -> Iterator[State]:
        """The present state of each; a contact that lies in no contact folder was deleted."""
        asked = list(ids)
        items = [Item("GET", contact_path(id, self.wanted)) for id in asked]
        for index, answer in in_waves(self.session, items):
            yield self.state(asked[index], answer)

    def state(self, id: str, answer: Answer) -> State:
        """What an answer to a GET by id proves. Raises Unavailable where it proves nothing."""
        if answer.meaning is Meaning.GONE:
            return Gone(M365, "contact", id)
        if answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
            return Barred(M365, "contact", id)
        row = self.session.demand(answer).members
        return self.record(row) if self.lives(row) else Gone(M365, "contact", id)

    def lives(self, row: Mapping[str, Json]) -> bool:
        """Whether the contact is in a contact folder, and not in Deleted Items."""
        folder = row.get("parentFolderId")
        if not isinstance(folder, str) or folder in self.folders():
            return True
        found = locate(self.session, self.folders(), folder)
        self.known = found or self.known
        return found is not None

    def record(self, row: Mapping[str, Json]) -> Record:
        found = decode(row, self.folders().reference, self.wanted)
        if found is None:
            raise Unavailable("Microsoft 365 answered a contact without an id.")
        return found

    def marked(self, marks: Collection[str]) -> dict[str, str]:
        """Mark ▸ contact id. Outlook copies the mark with the contact: the oldest that carries it is the one."""
        folders = [self.folders().real(str(folder.id)) for folder in self.folders().all()]
        asked = [(mark, folder) for mark in marks for folder in folders]
        items = [Item("GET", f"/me/contactFolders/{quoted(folder)}/contacts?{by_mark(mark)}") for mark, folder in asked]
        oldest: dict[str, tuple[str, str]] = {}
        for index, answer in in_waves(self.session, items):
            mark, _ = asked[index]
            if answer.meaning is Meaning.GONE:
                continue
            for found in self._marked_rows(answer):
                oldest[mark] = min(oldest.get(mark, found), found)
        return {mark: id for mark, (_, id) in oldest.items()}

    def _marked_rows(self, answer: Answer) -> Iterator[tuple[str, str]]:
        for page in pages(self.session, answer, delta=False):
            for row in page.rows:
                if isinstance(row.get("id"), str):
                    yield str(row.get("createdDateTime") or "~"), str(row["id"])

    def _unpack(self, cursor: str | None) -> str | None:
        """The link in a cursor; None where it was made for other fields or another server."""
        digest, _, link = (cursor or "").partition(" ")
        if digest != self.wanted.digest:
            return None
        try:
            return self.session.address(link)
        except Unavailable:
            return None

    def _links(self, cursors: Mapping[str, str | None]) -> dict[str, str]:
        return {id: link for id, cursor in cursors.items() if (link := self._unpack(cursor))}

    def _ask(self, cursors: Mapping[str, str | None], more: Sequence[Item]) -> dict[str, Answer]:
        ahead = self.ahead or Ahead(self.session.timing.clock)
        answers = ahead.ask(self.session, self.questions(cursors), more)
        first = len(QUESTIONS) if self.known is None else 0
        if first:
            self.known = from_answers(self.session, answers[:first])
        return dict(zip(self._links(cursors), answers[first:], strict=True))

    def _round(self, folder: str, answer: Answer | None) -> Iterator[Page]:
        """One folder's round: from its cursor, or everything when there is none or it is too old."""
        for _ in range(RESTARTS + 1):
            full = answer is None
            try:
                if answer is None:
                    answer = self.session.call("GET", self._full_path(folder), prefer=PAGE_SIZE)
                if answer.meaning is Meaning.GONE:
                    raise Unavailable(f"Microsoft 365 lists a folder that it can't find ({describe(answer)}).")
                for page in pages(self.session, fresh(answer), delta=True):
                    yield self._page(folder, page, full)
                return
            except Expired:
                answer = None
        raise Unavailable("Microsoft 365's delta tokens expire before a round is through.")

    def _page(self, folder: str, page: Rows, full: bool) -> Page:
        """Rows decoded; of several rows of one contact the last counts."""
        last: dict[str, Mapping[str, Json]] = {}
        for row in page.rows:
            id = row.get("id")
            if not isinstance(id, str) or not id:
                raise Unavailable("Microsoft 365 listed a contact without an id.")
            last.pop(id, None)
            last[id] = row
        records = [self.record(row) for row in last.values() if "@removed" not in row]
        gone = [id for id, row in last.items() if "@removed" in row]
        cursor = f"{self.wanted.digest} {page.delta}" if page.delta else None  # for which fields it was made
        return Page(folder, records, gone, cursor=cursor, full=full)

    def _full_path(self, folder: str) -> str:
        return f"/me/contactFolders/{quoted(self.folders().real(folder))}/contacts/delta?$select={self.wanted.select}"


def contact_path(id: str, fields: Wanted | None = None) -> str:
    """A contact is reached by its id alone, whatever its folder. Without ``fields`` it comes as the service likes."""
    return f"/me/contacts/{quoted(id)}" + (f"?$select={fields.select}" if fields else "")
