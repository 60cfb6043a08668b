"""The reference: the same sync as one would write it by hand for this one mailbox, with requests and sqlite3.

No rules, guard, leases, batches or recovery; a table of people, links with the agreed values, cursors and a journal.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

Row = dict[str, Any]
SELECT = (
    "id,givenName,surname,jobTitle,department,companyName,emailAddresses,businessPhones,homePhones,mobilePhone,"
    "assistantName,businessAddress,otherAddress,birthday,personalNotes,parentFolderId"
)
FLAT = ("givenName", "surname", "jobTitle", "department", "companyName", "mobilePhone", "assistantName")
ADDRESS = ("street", "city", "state", "postalCode", "countryOrRegion")
COLUMNS = (
    "givenname", "surname", "title", "department", "company", "mobile", "assistant", "notes", "birthday", "email",
    "email2", "phone", "phone2", "home", "street", "city", "county", "code", "country", "street2", "city2", "county2",
    "code2", "country2", "folder",
)  # fmt: skip
PREFER = 'IdType="ImmutableId", odata.maxpagesize=500'
TABLES = f"""
CREATE TABLE IF NOT EXISTS person (id INTEGER PRIMARY KEY, changed INTEGER NOT NULL, {", ".join(COLUMNS)});
CREATE INDEX IF NOT EXISTS person_changed ON person (changed);
CREATE TABLE IF NOT EXISTS link (item TEXT PRIMARY KEY, etag TEXT, person INTEGER, base TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (folder TEXT PRIMARY KEY, link TEXT);
CREATE TABLE IF NOT EXISTS journal (at REAL, side TEXT, item TEXT, body TEXT);
"""


def from_graph(row: Row, folders: dict[str, str]) -> list[Any]:
    """A contact as a row of people."""
    mails = [mail["address"] for mail in row.get("emailAddresses") or []] + [None, None]
    phones = [*(row.get("businessPhones") or []), None, None]
    birthday = row.get("birthday")
    values = [(row.get(name) or "").strip() or None for name in FLAT]
    values += [(row.get("personalNotes") or "").replace("\r\n", "\n").strip() or None, birthday and birthday[:10]]
    values += [mails[0], mails[1], phones[0], phones[1], ([*(row.get("homePhones") or []), None])[0]]
    for address in (row.get("businessAddress") or {}, row.get("otherAddress") or {}):
        values += [address.get(part) or None for part in ADDRESS]
    return [*values, folders.get(row["parentFolderId"])]


def to_graph(values: list[Any]) -> Row:
    """A row of people as the body of an update."""
    body: Row = dict(zip(FLAT, values, strict=False))
    body["personalNotes"] = values[7]
    body["birthday"] = values[8] and f"{values[8]}T11:59:00Z"
    body["emailAddresses"] = [{"address": mail} for mail in values[9:11] if mail]
    body["businessPhones"] = [phone for phone in values[11:13] if phone]
    body["homePhones"] = [phone for phone in values[13:14] if phone]
    body["businessAddress"] = {part: value or "" for part, value in zip(ADDRESS, values[14:19], strict=True)}
    body["otherAddress"] = {part: value or "" for part, value in zip(ADDRESS, values[19:24], strict=True)}
    body["displayName"] = f"{values[0] or ''} {values[1] or ''}".strip()
    return body


class Mailbox:
    """The few calls that are needed."""

    def __init__(self, site: Row) -> None:
        cache = json.loads(Path(site["cache"]).read_text("utf-8"))
        self.root = f"{site['graph']}/v1.0"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = site["ca_file"]
        token = next(iter(cache["AccessToken"].values()))["secret"]
        self.session.headers.update({"Authorization": f"Bearer {token}", "Prefer": PREFER})

    def get(self, url: str) -> Row:
        answer = self.session.get(url if url.startswith("https") else self.root + url, timeout=60)
        answer.raise_for_status()
        found: Row = answer.json()
        return found

    def folders(self) -> dict[str, str]:
        first = self.get("/me/contactFolders/contacts?$select=id,displayName")
        rest = self.get("/me/contactFolders?$top=100&$select=id,displayName")["value"]
        return {folder["id"]: folder["displayName"] for folder in [first, *rest]}

    def contacts(self, folder: str, cursors: dict[str, str]) -> Iterator[Row]:
        url = f"/me/contactFolders/{folder}/contacts/delta?$select={SELECT}"
        while url:
            page = self.get(url)
            yield from page["value"]
            cursors[folder] = page.get("@odata.deltaLink", "")
            url = page.get("@odata.nextLink", "")


def full(mailbox: Mailbox, database: sqlite3.Connection) -> list[str]:
    """Everything is read and compared; what differs is written."""
    folders, cursors, now = mailbox.folders(), dict[str, str](), time.time()
    items = {row["id"]: row for folder in folders for row in mailbox.contacts(folder, cursors) if "@removed" not in row}
    people = {row[0]: list(row[2:]) for row in database.execute("SELECT * FROM person")}
    links = {row[0]: row[1:] for row in database.execute("SELECT * FROM link")}
    by_mail = {values[9]: id for id, values in people.items() if values[9]}
    added, changed, sent = 0, 0, 0
    for item, row in items.items():
        theirs = from_graph(row, folders)
        if item not in links:
            person = by_mail.get(theirs[9]) or create(database, theirs, now)
            remember(database, item, row["@odata.etag"], person, theirs, now, "crm")
            added += 1
            continue
        _, person, packed = links[item]
        base, mine = json.loads(packed), people[person]
        if theirs == base == mine:
            continue
        agreed = [m if m != b else t for m, b, t in zip(mine, base, theirs, strict=True)]
        if agreed != mine:
            wanted = ", ".join(f"{name} = ?" for name in COLUMNS)
            database.execute(f"UPDATE person SET changed = ?, {wanted} WHERE id = ?", [now, *agreed, person])
            changed += 1
        if agreed != theirs:
            answer = mailbox.session.patch(f"{mailbox.root}/me/contacts/{item}", json=to_graph(agreed), timeout=60)
            answer.raise_for_status()
            row, sent = answer.json(), sent + 1
        remember(database, item, row["@odata.etag"], person, agreed, now, "both")
    database.executemany("INSERT OR REPLACE INTO cursor VALUES (?, ?)", cursors.items())
    database.commit()
    return [f"{added} added", f"{changed} changed", f"{sent} sent"]


def create(database: sqlite3.Connection, values: list[Any], now: float) -> int:
    marks = ", ".join("?" * (len(COLUMNS) + 2))
    return int(database.execute(f"INSERT INTO person VALUES ({marks})", [None, now, *values]).lastrowid or 0)


def remember(
    database: sqlite3.Connection, item: str, etag: str, person: int, values: list[Any], now: float, side: str
) -> None:
    packed = json.dumps(values)
    database.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?)", (item, etag, person, packed))
    database.execute("INSERT INTO journal VALUES (?, ?, ?, ?)", (now, side, item, packed))


def idle(mailbox: Mailbox, database: sqlite3.Connection) -> list[str]:
    """One round trip for the cursors, one question to the people's table, one commit."""
    cursors = dict(database.execute("SELECT folder, link FROM cursor"))
    asked = [
        {"id": folder, "method": "GET", "url": link.removeprefix(mailbox.root), "headers": {"Prefer": PREFER}}
        for folder, link in cursors.items()
    ]
    answers = mailbox.session.post(f"{mailbox.root}/$batch", json={"requests": asked}, timeout=60).json()["responses"]
    rows = [row for answer in answers for row in answer["body"]["value"]]
    mine = database.execute("SELECT id FROM person WHERE changed > ?", (time.time(),)).fetchall()
    fresh = [(answer["body"]["@odata.deltaLink"], answer["id"]) for answer in answers]
    database.executemany("UPDATE cursor SET link = ? WHERE folder = ?", fresh)
    database.commit()
    return [f"{len(rows) + len(mine)} rows"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    database = sqlite3.connect(given.site.with_name("by-hand.db"))
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + TABLES)
    mailbox, spent, did = Mailbox(json.loads(given.site.read_text("utf-8"))), list[float](), list[str]()
    for _ in range(given.times):
        began = time.process_time()
        did = (full if given.full else idle)(mailbox, database)
        spent.append(time.process_time() - began)
    sys.stdout.write(json.dumps({"did": did, "cpu": spent}) + "\n")


if __name__ == "__main__":
    main()
