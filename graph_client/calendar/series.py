"""Series as a whole: what is in them within a span of time, each occurrence with all that it shows.

The feed tells five members of an occurrence. Its identity and version are told by the series' own listing; its notes,
which are the series' and may be long, are fetched once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from graph_client.answers import Answer, Meaning
from graph_client.batch import MOST_ITEMS, Item, in_one
from graph_client.calendar.codec import IN_UTC, MASTER, SELECT_BODILESS, Row
from graph_client.calendar.window import Window
from graph_client.codec import etag
from graph_client.folders import quoted
from graph_client.paging import pages
from graph_client.session import Session

AT_A_TIME: Final = MOST_ITEMS // 2
"""Series asked for together: two questions each."""
_APART: Final = ("body", "onlineMeeting", "lastModifiedDateTime")
"""What the series' row tells of its occurrences: their notes, and their time of change, which no list tells."""
_NOTES: Final = f"$select=id,{','.join(_APART)}"
_PAGE: Final = f"odata.maxpagesize=200, {IN_UTC}"
_PARTS: Final = ("occurrence", "exception")
_A_YEAR: Final = timedelta(days=366)


@dataclass(slots=True)
class Told:
    """What a round has told of series: those to list, the ids of their parts, exceptions in full, and parts of which
    nobody says what series they are in."""

    series: dict[str, None] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    exceptions: dict[str, Row] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)

    def takes(self, id: str, row: Row) -> bool:
        """Note a row that belongs to a series; false for one that does not."""
        above = row.get("seriesMasterId")
        if row.get("type") == MASTER:
            self.series[id] = None
        elif isinstance(above, str) and above:
            self.series[above] = None
            self.parts.setdefault(above, []).append(id)
            if "body" in row:
                self.exceptions[id] = row
        elif row.get("type") in _PARTS:
            self.loose.append(id)
        else:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Listed:
    """One series. ``rows`` are its occurrences and exceptions in the span, without notes, or None where it can't be
    listed; ``notes`` is the row with those of the series."""

    id: str
    rows: Sequence[Row] | None
    notes: Row | None = None

    def with_notes(self, exceptions: Mapping[str, Row]) -> Iterator[tuple[Row, Row | None]]:
        """Each row, with what is told elsewhere: of an occurrence by its series, of an exception by its own row, if
        that was told at the same version."""
        for row in self.rows or ():
            told = self.notes if row.get("type") == "occurrence" else exceptions.get(str(row.get("id")))
            if told is not None and told is not self.notes and etag(told) != etag(row):
                told = None
            yield row, {name: told[name] for name in _APART if name in told} if told else None


def listed(session: Session, ids: Sequence[str], window: Window) -> Iterator[Listed]:
    """Each of these series; one that is gone has no rows."""
    items = []
    for id in ids:
        path = f"/me/events/{quoted(id)}"
        items += [
            Item("GET", f"{path}?{_NOTES}", prefer=IN_UTC),
            Item("GET", f"{path}/instances?{window.query}&$select={SELECT_BODILESS}", prefer=_PAGE),
        ]
    answers = in_one(session, items)
    for place, id in enumerate(ids):
        yield _listed(session, id, *answers[2 * place : 2 * place + 2])


def first_occurrence(session: Session, id: str, row: Row) -> str | None:
    """The id of the first occurrence of a series, whose row tells its start in UTC; None where it has none for more
    than a year."""
    start = row.get("start")
    try:
        began = datetime.fromisoformat(str(start["dateTime"] if isinstance(start, dict) else "")).replace(tzinfo=UTC)
        window = Window(began, began + _A_YEAR)
    except (KeyError, ValueError, OverflowError):
        return None
    path = f"/me/events/{quoted(id)}/instances?{window.query}&$select=id,start,originalStart"
    answer = session.call("GET", path, prefer=_PAGE)
    if answer.meaning is Meaning.GONE:
        return None
    rows = (one for page in pages(session, answer, delta=False, prefer=_PAGE) for one in page.rows)
    found = sorted((str(one.get("originalStart") or one.get("start")), str(one["id"])) for one in rows if "id" in one)
    return found[0][1] if found else None


def _listed(session: Session, id: str, notes: Answer, instances: Answer) -> Listed:
    if Meaning.GONE in (notes.meaning, instances.meaning):
        return Listed(id, ())
    if not {notes.meaning, instances.meaning}.isdisjoint((Meaning.FORBIDDEN, Meaning.REFUSED)):
        return Listed(id, None)
    found: dict[str, Row] = {}
    for page in pages(session, instances, delta=False, prefer=_PAGE):
        found.update({str(row["id"]): row for row in page.rows if isinstance(row.get("id"), str)})
    return Listed(id, list(found.values()), session.demand(notes).members)
