"""Proof that an event still lives: some calendar shows it.

What was deleted may go on to answer by its immutable id, from Deleted Items. An event that answers is therefore looked
for where people would look: in the calendars, at its own time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from engine.records import Record, Reference
from engine.zoned import Zoned, read_zoned
from graph_client.answers import Json, Meaning
from graph_client.batch import Item, in_waves
from graph_client.calendar.codec import HOME, IN_UTC
from graph_client.calendar.window import Window
from graph_client.folders import quoted
from graph_client.paging import pages
from graph_client.session import Session

_A_DAY: Final = timedelta(days=1)


def shown(session: Session, records: Sequence[Record]) -> dict[str, Reference]:
    """Event id ▸ the calendar that shows it, for those that any shows; the default one is asked first."""
    found = dict.fromkeys(_seen(session, "/me/calendarView", records), HOME)
    missing = [one for one in records if one.id not in found]
    for calendar in _others(session) if missing else ():
        path = f"/me/calendars/{quoted(str(calendar.id))}/calendarView"
        found.update(dict.fromkeys(_seen(session, path, missing), calendar))
    return found


def _seen(session: Session, path: str, records: Sequence[Record]) -> set[str]:
    items = [Item("GET", f"{path}?{_span(one).query}&$select=id", prefer=IN_UTC) for one in records]
    found = set()
    for index, answer in in_waves(session, items):
        if answer.meaning is not Meaning.GONE and records[index].id in _ids(
            row for page in pages(session, answer, delta=False, prefer=IN_UTC) for row in page.rows
        ):
            found.add(records[index].id)
    return found


def _others(session: Session) -> list[Reference]:
    """All calendars but the default one."""
    answer = session.call("GET", "/me/calendars?$select=id,name,isDefaultCalendar")
    rows = [row for page in pages(session, answer, delta=False) for row in page.rows]
    return [Reference(str(row["id"]), str(row.get("name") or "")) for row in rows if not row.get("isDefaultCalendar")]


def _span(record: Record) -> Window:
    """The time of an event; a day more on both sides of whole days, which float with the mailbox's zone."""
    first, last = (read_zoned(str(record.values[name])) for name in ("start", "end"))
    margin = timedelta() if isinstance(first, Zoned) else _A_DAY
    return Window(_instant(first) - margin, max(_instant(last), _instant(first) + timedelta(seconds=1)) + margin)


def _instant(value: Zoned | date) -> datetime:
    return value.instant if isinstance(value, Zoned) else datetime.combine(value, time(), UTC)


def _ids(rows: Iterable[Mapping[str, Json]]) -> set[str]:
    return {id for row in rows if isinstance(id := row.get("id"), str)}
