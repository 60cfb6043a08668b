"""One call and one answer, the same for a request of its own and for a part of a batch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Properties: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token speaks for: application, tenant and user ids, and the scopes granted (short names)."""

    client_id: str
    tenant_id: str
    user_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Call:
    """A Graph call: `path` is decoded and relative to `/v1.0`, query names are decoded, header names lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    caller: Caller

    def segments(self) -> list[str]:
        """Path segments without empty ones."""
        return [segment for segment in self.path.split("/") if segment]

    def preferences(self) -> dict[str, str]:
        """The `Prefer` header as names (lower case) and values without quotes."""
        found: dict[str, str] = {}
        for part in self.headers.get("prefer", "").split(","):
            name, _, value = part.strip().partition("=")
            if name:
                found[name.strip().lower()] = value.strip().strip('"')
        return found

    def immutable(self) -> bool:
        """Whether ids that survive moves are asked for."""
        return self.preferences().get("idtype", "").lower() == "immutableid"

    def json(self) -> Properties:
        """The body as a JSON object; raises GraphError 400 when it is not one, 415 when it is not declared as JSON."""
        if "json" not in self.headers.get("content-type", ""):
            raise GraphError(415, "UnsupportedMediaType", "A request body needs Content-Type: application/json.")
        try:
            body = json.loads(self.body)
        except ValueError:
            raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None
        if not isinstance(body, dict):
            raise GraphError(400, "BadRequest", "The request body has to be a JSON object.")
        return body


@dataclass(slots=True)
class Answer:
    """What goes back: `body` is a JSON object, ready-made bytes, or nothing. `mails`: how many people were mailed."""

    status: int = 200
    body: Properties | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    mails: int = 0

    def encoded(self) -> bytes:
        """The body as bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


class GraphError(Exception):
    """A refusal with HTTP status, Graph error code, message for people, and headers of its own."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def answer(self, date: str, request_id: str, client_request_id: str) -> Answer:
        """The error in the shape that Graph uses: a code, a message and an `innerError` with ids."""
        inner = {"date": date, "request-id": request_id, "client-request-id": client_request_id or request_id}
        error = {"code": self.code, "message": self.message, "innerError": inner}
        headers = {"Content-Type": "application/json", "request-id": request_id, **self.headers}
        return Answer(self.status, {"error": error}, headers)
