"""Following the links of a listing or a delta round to its end, and noticing when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from engine.errors import Unavailable
from graph_client.answers import Answer, Json, Meaning
from graph_client.session import Session

MOST_PAGES: Final = 5_000
MOST_EMPTY: Final = 50
"""Empty pages in a row; some are lawful."""
PAGE_SIZE: Final = "odata.maxpagesize=500"


class Expired(Exception):
    """The delta token is too old: start again from the base address."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One page. ``delta`` is the link for the next round, on the last page of a delta round only."""

    rows: list[dict[str, Json]]
    delta: str | None = None


@dataclass(slots=True)
class Trail:
    """The links that one listing has led to."""

    session: Session
    seen: set[str] = field(default_factory=set)
    empty: int = 0

    def follow(self, link: str, filled: bool) -> None:
        """Take note of a page's link onward; ``filled`` says whether the page had rows. Raises Unavailable for a link
        that leads elsewhere or back, and for a listing that stays empty or does not end."""
        self.empty = 0 if filled else self.empty + 1
        if link in self.seen or self.empty > MOST_EMPTY or len(self.seen) >= MOST_PAGES:
            raise Unavailable(
                f"Microsoft 365's listing does not come to an end ({len(self.seen) + 1} pages read); it was given up. "
                "Run again; if it stays so, report this."
            )
        self.seen.add(link)
        self.session.address(link)


def pages(session: Session, first: Answer, delta: bool, prefer: str = PAGE_SIZE) -> Iterator[Rows]:
    """The page in ``first`` and all that follow. Links are opaque and go back byte for byte.

    Raises Expired when a token is too old; Unavailable for a link that leads elsewhere, and for a round that comes
    back to a link it has been at, stays empty, ends without a delta link or does not end.
    """
    trail, answer = Trail(session), first
    while True:
        members = session.demand(fresh(answer)).members
        rows = [row for row in _list(members.get("value")) if isinstance(row, dict)]
        onward, ending = _link(members, "@odata.nextLink"), _link(members, "@odata.deltaLink")
        if onward is None:
            if delta and ending is None:
                raise Unavailable("Microsoft 365 ended a round of changes without a link to the next one.")
            if ending is not None:
                session.address(ending)
            yield Rows(rows, ending)
            return
        trail.follow(onward, bool(rows))
        yield Rows(rows)
        answer = session.call("GET", onward, prefer=prefer)


def fresh(answer: Answer) -> Answer:
    """The answer itself, unless it says that a delta token is too old: then Expired is raised."""
    if answer.meaning is Meaning.EXPIRED:
        raise Expired
    return answer


def _link(members: dict[str, Json], name: str) -> str | None:
    link = members.get(name)
    return link if isinstance(link, str) and link else None


def _list(raw: Json) -> list[Json]:
    if not isinstance(raw, list):
        raise Unavailable("Microsoft 365 answered something that is not Graph's JSON: a page without rows.")
    return raw
