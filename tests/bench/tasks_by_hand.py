"""The reference for tasks: Planner to a table of tasks as one would write it by hand for these plans, with requests and
sqlite3. No rules, guard, leases, other members or recovery; and every page that comes is parsed."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.bench.by_hand import Mailbox, Row

ZONE: Final = ZoneInfo("Europe/London")
NEAR: Final = timedelta(days=30)
TABLES: Final = """
CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, changed INTEGER NOT NULL, subject, status, start, text, list,
  people, owner);
CREATE INDEX IF NOT EXISTS task_changed ON task (changed);
CREATE TABLE IF NOT EXISTS link (item TEXT PRIMARY KEY, etag TEXT, task INTEGER, base TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plan (id TEXT PRIMARY KEY, buckets TEXT);
CREATE TABLE IF NOT EXISTS journal (at REAL, side TEXT, item TEXT, body TEXT);
"""


def plans(mailbox: Mailbox) -> dict[str, dict[str, str]]:
    """Plan ▸ its buckets with their names."""
    return {
        plan["id"]: {
            bucket["id"]: f"{plan['title']} / {bucket['name']}"
            for bucket in mailbox.get(f"/planner/plans/{plan['id']}/buckets")["value"]
        }
        for plan in mailbox.get("/me/planner/plans")["value"]
    }


def rows(mailbox: Mailbox, plan: str) -> Iterator[Row]:
    url = f"/planner/plans/{plan}/tasks"
    while url:
        page = mailbox.get(url)
        yield from page["value"]
        url = page.get("@odata.nextLink", "")


def texts(mailbox: Mailbox, wanted: list[str]) -> dict[str, str | None]:
    """The descriptions of these tasks, twenty a round trip."""
    found = {}
    for first in range(0, len(wanted), 20):
        some = wanted[first : first + 20]
        asked = [
            {"id": str(place), "method": "GET", "url": f"/planner/tasks/{item}/details"}
            for place, item in enumerate(some)
        ]
        answer = mailbox.session.post(f"{mailbox.root}/$batch", json={"requests": asked}, timeout=60)
        found |= {some[int(one["id"])]: one["body"]["description"] for one in answer.json()["responses"]}
    return found


def task(row: Row, buckets: dict[str, str], text: str | None) -> list[Any]:
    """A row of Planner as a row of tasks."""
    done = row["percentComplete"]
    status = "Not Started" if done == 0 else "Done" if done == 100 else "In Progress"
    due = row.get("dueDateTime")
    day = (datetime.fromisoformat(due) if due else datetime.now(UTC)).astimezone(ZONE)
    start = day.replace(hour=9, minute=0, second=0, microsecond=0).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    people = sorted(row["assignments"])
    return [row["title"].strip(), status, start, text, buckets[row["bucketId"]], " ".join(people), people[0]]


def near(row: Row) -> bool:
    due = row.get("dueDateTime")
    return bool(due) and abs(datetime.fromisoformat(due) - datetime.now(UTC)) < NEAR


def full(mailbox: Mailbox, database: sqlite3.Connection) -> list[str]:
    """Everything is read and stored."""
    known, now = plans(mailbox), time.time()
    items = {row["id"]: row for plan in known for row in rows(mailbox, plan)}
    described = texts(mailbox, [id for id, row in items.items() if row["hasDescription"] and near(row)])
    places = {bucket: name for buckets in known.values() for bucket, name in buckets.items()}
    for item, row in items.items():
        values = task(row, places, described.get(item))
        made = database.execute("INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (None, now, *values)).lastrowid
        packed = json.dumps(values)
        database.execute("INSERT INTO link VALUES (?, ?, ?, ?)", (item, row["@odata.etag"], made, packed))
        database.execute("INSERT INTO journal VALUES (?, ?, ?, ?)", (now, "crm", item, packed))
    database.executemany("INSERT INTO plan VALUES (?, ?)", [(id, json.dumps(known[id])) for id in known])
    database.commit()
    return [f"{len(items)} added"]


def idle(mailbox: Mailbox, database: sqlite3.Connection) -> list[str]:
    """Every page is read and its versions compared with what is known; one question to the table of tasks."""
    etags = dict(database.execute("SELECT item, etag FROM link"))
    found = [row for (plan,) in database.execute("SELECT id FROM plan").fetchall() for row in rows(mailbox, plan)]
    changed = [row for row in found if etags.pop(row["id"], None) != row["@odata.etag"]]
    mine = database.execute("SELECT id FROM task WHERE changed > ?", (time.time(),)).fetchall()
    return [f"{len(changed) + len(etags) + len(mine)} rows"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    database = sqlite3.connect(given.site.with_name("by-hand.db"))
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + TABLES)
    mailbox, spent, did = Mailbox(json.loads(given.site.read_text("utf-8"))), list[float](), list[str]()
    size = [0]
    mailbox.session.hooks["response"].append(lambda answer, **_: size.__setitem__(0, size[0] + len(answer.content)))
    for _ in range(given.times):
        began = time.process_time()
        did = (full if given.full else idle)(mailbox, database)
        spent.append(time.process_time() - began)
    sys.stdout.write(json.dumps({"did": did, "cpu": spent, "parsed": size[0]}) + "\n")


if __name__ == "__main__":
    main()
