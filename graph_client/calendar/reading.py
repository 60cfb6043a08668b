"""Reading the events of one mailbox: rounds over what a calendar shows in a span of time, single events, marks.

A round tells single events and changed occurrences in full, of other occurrences hardly more than that they exist, and
of a series one row that is no event. Series of which anything was told are therefore listed anew, each as a whole.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from engine.errors import Unavailable
from engine.port import Page
from engine.records import M365, Barred, Gone, Record, State
from graph_client.ahead import Ahead
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import Item, in_waves
from graph_client.calendar.codec import IN_UTC, KIND, MASTER, SELECT, Row, decode
from graph_client.calendar.proofs import shown
from graph_client.calendar.series import AT_A_TIME, Told, first_occurrence, listed
from graph_client.calendar.times import Unreadable
from graph_client.calendar.window import Window, mint, pack, unpack
from graph_client.folders import quoted
from graph_client.marks import by_mark
from graph_client.paging import Expired, fresh, pages
from graph_client.session import Session

log = logging.getLogger("tandem.graph")

HOME_ID: Final = ""
"""The id by which the default calendar goes here; no other is read yet."""
PAGE: Final = f"odata.maxpagesize=200, {IN_UTC}"
SHORT_PAGE: Final = f"odata.maxpagesize=50, {IN_UTC}"
"""Pages inside a batch: events come with their notes."""
RESTARTS: Final = 2


@dataclass(slots=True)
class Events:
    """One mailbox's events, for one view. ``zone`` is the owner's (IANA). ``met`` are ids that this view knows to be in
    the calendar: rounds told of them, or they were written just now."""

    session: Session
    zone: str
    ahead: Ahead | None = None
    met: set[str] = field(default_factory=set)
    _owner: str | None = None

    # ---- rounds ----

    def questions(self, cursors: Mapping[str, str | None]) -> list[Item]:
        """What a round from these cursors asks first."""
        return [Item("GET", link, prefer=SHORT_PAGE) for link, _ in self._links(cursors).values()]

    def changes(self, cursors: Mapping[str, str | None], more: Sequence[Item] = ()) -> Iterator[Page]:
        """Rounds for these calendars; none for one that is not served. ``more`` is asked along, for others."""
        links = self._links(cursors)
        ahead = self.ahead or Ahead(self.session.timing.clock)
        answers = ahead.ask(self.session, self.questions(cursors), more)
        asked = dict(zip(links, answers, strict=True))
        for id in cursors:
            if id == HOME_ID:
                yield from self._round(id, links[id][1] if id in links else None, asked.get(id))

    def _links(self, cursors: Mapping[str, str | None]) -> dict[str, tuple[str, Window]]:
        """The links that can be followed: made for these fields, reaching far enough, leading to our Graph."""
        found = {}
        for id, cursor in cursors.items():
            known = unpack(cursor)
            if id != HOME_ID or known is None or not known[1].serves(self._now()):
                continue
            try:
                found[id] = (self.session.address(known[0]), known[1])
            except Unavailable:
                continue
        return found

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.session.timing.clock(), UTC)

    def _round(self, calendar: str, window: Window | None, answer: Answer | None) -> Iterator[Page]:
        """One calendar's round: from its cursor, or everything when there is none or it is too old."""
        for _ in range(RESTARTS + 1):
            full, told, link = answer is None, Told(), ""
            try:
                if answer is None or window is None:
                    window = mint(self._now())
                    answer = self.session.call("GET", f"/me/calendarView/delta?{window.query}", prefer=PAGE)
                for page in pages(self.session, fresh(answer), delta=True, prefer=PAGE):
                    link = page.delta or link
                    if page.rows:
                        yield self._page(calendar, page.rows, told, full)
            except Expired:
                answer = None
                continue
            for part in self._series(told, window):
                yield replace(part, collection=calendar, full=full)
            yield Page(calendar, cursor=pack(link, window), full=full)
            return
        raise Unavailable("Microsoft 365's delta tokens expire before a round is through.")

    def _page(self, calendar: str, rows: Iterable[Row], told: Told, full: bool) -> Page:
        """Single events and tombstones; what belongs to series is noted. Of several rows of one event the last counts.

        A tombstone may be that of a series, which says nothing of its occurrences: all of them are doubted then."""
        last: dict[str, Row] = {}
        for row in rows:
            id = row.get("id")
            if not isinstance(id, str) or not id:
                raise Unavailable("Microsoft 365 listed an event without an id.")
            last.pop(id, None)
            last[id] = row
        removed = {id: row for id, row in last.items() if "@removed" in row}
        for row in removed.values():
            if isinstance(above := row.get("seriesMasterId"), str) and above:
                told.series[above] = None
        singles = [(row, None) for id, row in last.items() if id not in removed and not told.takes(id, row)]
        groups: dict[str, Sequence[str]] = {id: () for id, row in removed.items() if row.get("type") in (None, MASTER)}
        records, odd = self._decoded(singles)
        self.met -= removed.keys()
        return Page(calendar, records, list(removed), odd, full=full, groups=groups)

    def _series(self, told: Told, window: Window) -> Iterator[Page]:
        """The series that were told of: what is in them now, and thereby what is not any more."""
        apart, ids = list(told.loose), list(told.series)
        for start in range(0, len(ids), AT_A_TIME):
            records, gone, barred, groups = list[Record](), list[str](), list[str](), dict[str, Sequence[str]]()
            for one in listed(self.session, ids[start : start + AT_A_TIME], window):
                parts = told.parts.get(one.id, [])
                if one.rows is None:
                    apart += parts
                    continue
                here = {str(row["id"]) for row in one.rows}
                gone += [id for id in parts if id not in here]
                groups[one.id] = tuple(sorted(here))
                found, odd = self._decoded(one.with_notes(told.exceptions))
                records += found
                barred += odd
            self.met.difference_update(gone)
            yield Page("", records, gone, barred, groups=groups)
        if apart:
            states = list(self.read(apart))
            records = [one for one in states if isinstance(one, Record)]
            gone, barred = ([one.id for one in states if isinstance(one, kind)] for kind in (Gone, Barred))
            yield Page("", records, gone, barred)

    def _decoded(self, rows: Iterable[tuple[Row, Row | None]]) -> tuple[list[Record], list[str]]:
        """Records, and the ids of events whose times make no sense."""
        records, odd = [], []
        for row, notes in rows:
            try:
                records.append(decode(row, self.zone, notes))
            except Unreadable as problem:
                log.warning("an event of Microsoft 365 is left out: %s", problem)
                odd.append(str(row.get("id")))
        self.met.update(record.id for record in records)
        return records, odd

    # ---- single events ----

    def read(self, ids: Collection[str]) -> Iterator[State]:
        """The present state of each. What no round of this view has told of has to be shown by a calendar to count as
        there; a series is not, only its occurrences are."""
        wanted = list(dict.fromkeys(ids))
        unproved: list[Record] = []
        items = [Item("GET", event_path(id, select=True), prefer=IN_UTC) for id in wanted]
        for index, answer in in_waves(self.session, items):
            state = self.state(wanted[index], answer)
            if isinstance(state, Record) and state.id not in self.met and state.values.get("type") != MASTER:
                unproved.append(state)
            else:
                yield state
        if unproved:
            calendars = shown(self.session, unproved)
            for record in unproved:
                if record.id in calendars:
                    yield replace(record, values={**record.values, "calendar": calendars[record.id]})
                else:
                    yield Gone(M365, KIND, record.id)

    def state(self, id: str, answer: Answer) -> State:
        """What an answer to a GET by id proves. Raises Unavailable where it proves nothing."""
        if answer.meaning is Meaning.GONE:
            return Gone(M365, KIND, id)
        if answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
            return Barred(M365, KIND, id)
        return self.record(id, self.session.demand(answer).members)

    def record(self, id: str, row: Row) -> Record | Barred:
        """The event in a row; one whose times make no sense is there and can't be read."""
        try:
            return decode(row, self.zone)
        except Unreadable as problem:
            return Barred(M365, KIND, id, str(problem))

    def marked(self, marks: Collection[str]) -> dict[str, str]:
        """Mark ▸ event id. Outlook copies the mark with the event: the oldest that carries it is the one. A series is
        known by its first occurrence."""
        wanted = list(marks)
        items = [Item("GET", f"/me/events?{by_mark(mark, 'type', 'start')}", prefer=IN_UTC) for mark in wanted]
        found: dict[str, str] = {}
        for index, answer in in_waves(self.session, items):
            rows = (row for page in pages(self.session, answer, delta=False) for row in page.rows)
            oldest = min(filter(_has_id, rows), key=lambda row: str(row.get("createdDateTime") or "~"), default=None)
            if oldest is not None:
                found[wanted[index]] = self.known_by(oldest)
        return found

    def known_by(self, row: Row) -> str:
        """The id that stands for an event in links: its own, or that of a series' first occurrence, for a series is no
        record of any round. The series' own where it has none."""
        id = str(row["id"])
        if row.get("type") != MASTER:
            return id
        first = first_occurrence(self.session, id, row)
        return first or id

    def owner(self) -> str:
        """The e-mail address of the mailbox's owner, in lower case; '' where the account has none."""
        if self._owner is None:
            row = self.session.get("/me?$select=mail,userPrincipalName").members
            self._owner = str(row.get("mail") or row.get("userPrincipalName") or "").lower()
        return self._owner


def event_path(id: str, select: bool = False) -> str:
    """An event is reached by its id alone, whatever its calendar."""
    return f"/me/events/{quoted(id)}" + (f"?$select={SELECT}" if select else "")


def _has_id(row: Mapping[str, Json]) -> bool:
    return isinstance(row.get("id"), str)
