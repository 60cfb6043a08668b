"""The reference for meetings: a calendar to a table of activities as one would write it by hand for this mailbox, with
requests and sqlite3. No rules, guard, leases, other mailboxes or recovery; occurrences are their series' values."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.bench.by_hand import Mailbox, Row

PREFER: Final = 'IdType="ImmutableId", odata.maxpagesize=200, outlook.timezone="UTC", outlook.body-content-type="text"'
TABLES: Final = """
CREATE TABLE IF NOT EXISTS activity (id INTEGER PRIMARY KEY, changed INTEGER NOT NULL, subject, start, end, allday,
  location, text, private, people);
CREATE INDEX IF NOT EXISTS activity_changed ON activity (changed);
CREATE TABLE IF NOT EXISTS link (item TEXT PRIMARY KEY, etag TEXT, activity INTEGER, uid TEXT, series TEXT, base TEXT)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (link TEXT);
CREATE TABLE IF NOT EXISTS journal (at REAL, side TEXT, item TEXT, body TEXT);
"""


def told(mailbox: Mailbox) -> tuple[list[Row], str]:
    """Every row of the span once, and the link to go on from."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = (f"{day + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-92, 457))
    url, rows, after = f"/me/calendarView/delta?startDateTime={first}&endDateTime={last}", dict[str, Row](), ""
    while url:
        page = mailbox.get(url)
        rows |= {row["id"]: row for row in page["value"]}
        after = page.get("@odata.deltaLink", "")
        url = page.get("@odata.nextLink", "")
    return list(rows.values()), after


def activity(row: Row) -> list[Any]:
    """A row of the calendar as a row of activities."""
    start, end = (f"{row[name]['dateTime'][:19]}Z" for name in ("start", "end"))
    people = sorted(one["emailAddress"]["address"].lower() for one in row["attendees"])
    text = row["body"]["content"].replace("\r\n", "\n").strip() or None
    place = row["location"].get("displayName") or None
    private = row["sensitivity"] != "normal"
    return [row["subject"].strip(), start, end, row["isAllDay"], place, text, private, " ".join(people)]


def full(mailbox: Mailbox, database: sqlite3.Connection) -> list[str]:
    """Everything is read and stored."""
    rows, after = told(mailbox)
    now, count = time.time(), 0
    masters = {row["id"]: row for row in rows if row["type"] == "seriesMaster"}
    for row in rows:
        if row["type"] == "seriesMaster":
            continue
        series = row.get("seriesMasterId") or ""
        whole = {**masters[series], **row} if row["type"] == "occurrence" else row
        values = activity(whole)
        made = database.execute(
            "INSERT INTO activity VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (None, now, *values)
        ).lastrowid
        packed = json.dumps(values)
        link = (row["id"], row.get("@odata.etag"), made, whole.get("iCalUId"), series, packed)
        database.execute("INSERT INTO link VALUES (?, ?, ?, ?, ?, ?)", link)
        database.execute("INSERT INTO journal VALUES (?, ?, ?, ?)", (now, "crm", row["id"], packed))
        count += 1
    database.execute("INSERT INTO cursor VALUES (?)", (after,))
    database.commit()
    return [f"{count} added"]


def idle(mailbox: Mailbox, database: sqlite3.Connection) -> list[str]:
    """One round trip for the cursor, one question to the table of activities, one commit."""
    ((link,),) = database.execute("SELECT link FROM cursor").fetchall()
    asked = {"id": "1", "method": "GET", "url": link.removeprefix(mailbox.root), "headers": {"Prefer": PREFER}}
    answer = mailbox.session.post(f"{mailbox.root}/$batch", json={"requests": [asked]}, timeout=60).json()
    (body,) = (one["body"] for one in answer["responses"])
    mine = database.execute("SELECT id FROM activity WHERE changed > ?", (time.time(),)).fetchall()
    database.execute("UPDATE cursor SET link = ?", (body["@odata.deltaLink"],))
    database.commit()
    return [f"{len(body['value']) + len(mine)} rows"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    database = sqlite3.connect(given.site.with_name("by-hand.db"))
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + TABLES)
    mailbox, spent, did = Mailbox(json.loads(given.site.read_text("utf-8"))), list[float](), list[str]()
    mailbox.session.headers["Prefer"] = PREFER
    for _ in range(given.times):
        began = time.process_time()
        did = (full if given.full else idle)(mailbox, database)
        spent.append(time.process_time() - began)
    sys.stdout.write(json.dumps({"did": did, "cpu": spent}) + "\n")


if __name__ == "__main__":
    main()
