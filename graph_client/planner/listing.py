"""The tasks of one plan, page by page: there is no delta, so pages are told apart by their bytes and tasks by their
versions; a page that is as it was is not even parsed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.errors import Unavailable
from graph_client.answers import Answer, Json, Meaning
from graph_client.codec import etag
from graph_client.connection import Reading, parse
from graph_client.folders import quoted
from graph_client.paging import Trail
from graph_client.session import Session

_VERSION: Final = 1
_DIGEST: Final = "digest"
_NEXT: Final = re.compile(rb'"@odata\.nextLink"\s*:\s*("(?:[^"\\]|\\.)*")\s*,?')
"""The link onward, which may change by itself. Within a text of a task its quotes would be escaped."""


class NotAllowed(Exception):
    """This member may not read the plan."""


class NoPlan(Exception):
    """The plan is gone."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page as it is remembered: a digest of its bytes, and id and version tag of each task, one after the other.
    ``rows`` are the tasks, where the page had to be parsed."""

    digest: str
    tags: str
    rows: tuple[Mapping[str, Json], ...] | None = None

    def versions(self) -> dict[str, str]:
        """Task id ▸ version tag."""
        return _paired(self.tags)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a plan: its pages, and version tags of the details that are watched, by task id."""

    pages: tuple[Sheet, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The plan's cursor."""
        watched = " ".join(f"{id} {version}" for id, version in sorted(self.details.items()))
        pages = [[sheet.digest, sheet.tags] for sheet in self.pages]
        return json.dumps({"version": _VERSION, "pages": pages, "details": watched}, separators=(",", ":"))

    def versions(self) -> dict[str, str]:
        """Task id ▸ version tag, of all pages."""
        return {id: version for sheet in self.pages for id, version in sheet.versions().items()}


def remembered(cursor: str | None) -> Memory | None:
    """What a cursor holds; None for what is none."""
    try:
        body = json.loads(cursor or "null")
        if not isinstance(body, dict) or body.get("version") != _VERSION:
            return None
        pages = tuple(Sheet(str(digest), str(tags)) for digest, tags in body["pages"])
        found = Memory(pages, _paired(str(body["details"])))
        found.versions()
    except (ValueError, TypeError, KeyError):
        return None
    return found


def _paired(text: str) -> dict[str, str]:
    words = text.split(" ") if text else []
    return dict(zip(words[::2], words[1::2], strict=True))


def sheets(session: Session, plan: str, known: Mapping[str, Sheet]) -> Iterator[Sheet]:
    """All pages of the plan's tasks, one request each; those whose digest is known come as they are known.

    Raises NotAllowed, NoPlan; Unavailable for a listing that leads elsewhere or to no end."""
    trail, reading = Trail(session), _reading(known)
    answer = session.call("GET", f"/planner/plans/{quoted(plan)}/tasks", reading=reading)
    while True:
        members = _page(session, answer)
        digest, rows = str(members[_DIGEST]), members.get("value")
        link = members.get("@odata.nextLink")
        sheet = known[digest] if digest in known else _sheet(digest, rows)
        if isinstance(link, str) and link:
            trail.follow(link, bool(sheet.tags))
        yield sheet
        if not isinstance(link, str) or not link:
            return
        answer = session.call("GET", link, reading=reading)


def tag(version: str) -> str:
    """A version in few letters."""
    return hashlib.blake2b(version.encode(), digest_size=6).hexdigest()


def _page(session: Session, answer: Answer) -> Mapping[str, Json]:
    if answer.meaning is Meaning.FORBIDDEN:
        raise NotAllowed
    if answer.meaning is Meaning.GONE:
        raise NoPlan
    members = session.demand(answer).members
    if _DIGEST not in members:
        raise Unavailable("Microsoft 365 answered something that is not Graph's JSON: a page without rows.")
    return members


def _sheet(digest: str, raw: Json) -> Sheet:
    if not isinstance(raw, list):
        raise Unavailable("Microsoft 365 answered something that is not Graph's JSON: a page without rows.")
    rows = tuple(row for row in raw if isinstance(row, dict))
    tags = []
    for row in rows:
        id = row.get("id")
        if not isinstance(id, str) or not id or " " in id:
            raise Unavailable("Microsoft 365 listed a task without an id.")
        tags += [id, tag(etag(row))]
    return Sheet(digest, " ".join(tags), rows)


def _reading(known: Collection[str]) -> Reading:
    """A page's body, with the digest of its bytes; of a known page only where it leads."""

    def read(raw: bytes, status: int) -> Json:
        if status != 200:
            return parse(raw, status)
        found = _NEXT.search(raw)
        content = raw[: found.start()] + raw[found.end() :] if found else raw
        digest = hashlib.blake2b(content, digest_size=12).hexdigest()
        if digest in known:
            link = parse(b"[" + found[1] + b"]") if found else None
            return {_DIGEST: digest, "@odata.nextLink": link[0] if isinstance(link, list) else None}
        body = parse(raw, status)
        return {**body, _DIGEST: digest} if isinstance(body, dict) else body

    return read
