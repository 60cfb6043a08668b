"""What an HTTP answer of Graph means: one table from status and code to what has to be done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


class Meaning(Enum):
    """What to do about an answer."""

    DONE = "done"
    GONE = "the item does not exist"
    CHANGED = "the item changed since it was read"
    EXPIRED = "the delta token expired"
    FORBIDDEN = "not allowed"
    REFUSED = "not accepted"
    WAIT = "refused for now, nothing was done"
    LOST = "the outcome is not known"
    FULL = "the mailbox is full"
    SIGN_IN = "the token is not accepted"
    NO_MAILBOX = "the mailbox, or the address itself, is not known there"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, of a call or of one item of a batch. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None

    @property
    def members(self) -> dict[str, Json]:
        """The body as an object; empty where it is none."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def retry_after(self) -> float | None:
        """Seconds, where the side said so."""
        raw = self.headers.get("retry-after", "").strip()
        return float(raw) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", raw) else None

    @property
    def code(self) -> str:
        """The deepest error code, in lower case; '' where there is none. Codes are words, never personal data."""
        return _deepest(self.body)

    @property
    def meaning(self) -> Meaning:
        return _meaning(self)


_EXPIRED: Final = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
_NO_MAILBOX: Final = frozenset(
    {"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errornonexistentmailbox", "resourcenotfound",
     "request_resourcenotfound"}
)  # fmt: skip
_NO_ITEM: Final = frozenset(
    {"erroritemnotfound", "itemnotfound", "errorsyncfoldernotfound", "errorfoldernotfound", "errorobjectnotfound"}
)
"""Only these prove that an item is gone: a 404 that names nothing may come from any machine in between."""
_CONFLICT: Final = frozenset({"errorirresolvableconflict", "resourcemodified"})
_BY_STATUS: Final = {
    401: Meaning.SIGN_IN, 403: Meaning.FORBIDDEN, 404: Meaning.NO_MAILBOX, 409: Meaning.CHANGED, 410: Meaning.EXPIRED,
    412: Meaning.CHANGED, 424: Meaning.LOST, 429: Meaning.WAIT, 507: Meaning.FULL, 408: Meaning.LOST,
}  # fmt: skip


def _meaning(answer: Answer) -> Meaning:
    status, code = answer.status, answer.code
    if 200 <= status < 300:
        return Meaning.DONE
    if status in (400, 404, 410) and code in _EXPIRED:
        return Meaning.EXPIRED
    if status == 404 and (code in _NO_ITEM or (not code and _from_graph(answer.body))):
        return Meaning.GONE
    if code in _NO_MAILBOX:
        return Meaning.NO_MAILBOX
    if status == 503 and answer.retry_after is not None and _concurrency(answer):
        return Meaning.WAIT
    if status == 500 and code == "errorcorruptdata":
        return Meaning.REFUSED
    if code in _CONFLICT:
        return Meaning.CHANGED
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return Meaning.LOST if status >= 500 or status < 200 else Meaning.REFUSED


def _concurrency(answer: Answer) -> bool:
    """Too many calls at once for this mailbox may come as 503: refused, not lost."""
    if answer.code in ("applicationthrottled", "toomanyrequests"):
        return True
    error = answer.members.get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return isinstance(message, str) and "mailboxconcurrency" in message.lower()


def _from_graph(body: Json) -> bool:
    """Planner's errors have an empty code: the request id shows that Graph itself answered, and no proxy."""
    error = body.get("error") if isinstance(body, dict) else None
    inner = error.get("innerError", error.get("innererror")) if isinstance(error, dict) else None
    return isinstance(inner, dict) and "request-id" in inner


def _deepest(body: Json) -> str:
    found, level = "", body
    for _ in range(10):
        if not isinstance(level, dict):
            break
        code = level.get("code")
        if isinstance(code, str) and re.fullmatch(r"[A-Za-z_.]{1,80}", code):
            found = code.lower()
        lowered = {name.lower(): value for name, value in level.items()}
        level = lowered.get("error", lowered.get("innererror"))
    return found
