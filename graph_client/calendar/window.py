"""The span of time that a calendar's changes are followed in: wider than any rule's, fixed in the delta link.

The span of a link can't move. It is minted so wide that what comes near is inside already for months, and minted anew,
with a full round, before its end comes near.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from graph_client.calendar.codec import SELECT
from graph_client.fields import EVENT

BEHIND: Final = timedelta(days=93)
AHEAD: Final = timedelta(days=460)
"""How far a fresh span reaches: three months back, fifteen ahead."""
BEHIND_NEEDED: Final = timedelta(days=63)
AHEAD_NEEDED: Final = timedelta(days=398)
"""How far it has to reach: the rules' two months back and year ahead, and a month more."""
FIELDS_DIGEST: Final = hashlib.blake2b(f"{EVENT.digest()} {SELECT}".encode(), digest_size=6).hexdigest()
_SHAPE: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, both ends UTC: the first is inside, the last is not."""

    first: datetime
    last: datetime

    @property
    def query(self) -> str:
        return f"startDateTime={self.first.strftime(_SHAPE)}&endDateTime={self.last.strftime(_SHAPE)}"

    def serves(self, now: datetime) -> bool:
        """Whether it still reaches far enough."""
        return self.first <= now - BEHIND_NEEDED and self.last >= now + AHEAD_NEEDED


def mint(now: datetime) -> Window:
    """A fresh span around now, from midnight to midnight."""
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    return Window(today - BEHIND, today + AHEAD)


def pack(link: str, window: Window) -> str:
    """A cursor: the delta link, its span, and which fields it was made for."""
    body = {"fields": FIELDS_DIGEST, "from": window.first.strftime(_SHAPE), "to": window.last.strftime(_SHAPE)}
    return json.dumps({**body, "link": link}, separators=(",", ":"))


def unpack(cursor: str | None) -> tuple[str, Window] | None:
    """The link and its span; None for no cursor, and for one that was made for other fields."""
    try:
        body = json.loads(cursor or "null")
        if not isinstance(body, dict) or body.get("fields") != FIELDS_DIGEST:
            return None
        first, last = (datetime.strptime(str(body[end]), _SHAPE).replace(tzinfo=UTC) for end in ("from", "to"))
        return str(body["link"]), Window(first, last)
    except (ValueError, KeyError):
        return None
