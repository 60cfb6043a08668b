"""A call to Planner and the shapes of its answers: what was made, what was changed, pages of fixed size."""

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from graph_emulator.contacts import no_method, no_segment
from graph_emulator.delta import Service
from graph_emulator.identifiers import digest
from graph_emulator.messages import Answer, Call, GraphError, Properties
from graph_emulator.planner.etags import Version
from graph_emulator.planner.resources import Author
from graph_emulator.planner.store import Planner

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """A call with the Planner it goes to; `path` is what comes after `planner`."""

    planner: Planner
    call: Call
    path: Sequence[str]
    service: Service

    @property
    def user_id(self) -> str:
        """Whose call it is."""
        return self.call.caller.user_id

    @property
    def author(self) -> Author:
        """Who stands on what the call makes."""
        return Author(self.user_id, self.call.caller.client_id)

    def seen(self, version: Version) -> int:
        """The version that If-Match names; GraphError as of `Version.seen`."""
        return version.seen(self.call.headers.get("if-match"), self.service.behaviour)

    def end(self, length: int) -> None:
        """GraphError 400 when the path goes on after `length` segments."""
        if len(self.path) > length:
            raise no_segment(self.path[length])

    def need(self, method: str) -> None:
        """GraphError 405 for another method."""
        if self.call.method != method:
            raise no_method(self.call)


def created(visit: Visit, row: Properties) -> Answer:
    """201 with the new resource and its address."""
    place = f"{visit.service.base_url}/v1.0/planner/{visit.path[0]}/{row['id']}"
    return Answer(201, _in_context(visit, row), {"Location": place})


def changed(visit: Visit, row: Properties) -> Answer:
    """204 without a body, or 200 with the new state for callers that prefer it."""
    if visit.call.preferences().get("return", "").lower() != "representation":
        return Answer(204)
    return Answer(200, _in_context(visit, row))


def read(visit: Visit, row: Properties) -> Answer:
    """200 with the resource; GraphError 405 for any method but GET."""
    visit.need("GET")
    return Answer(200, _in_context(visit, row))


def page(visit: Visit, found: Collection[T], row: Callable[[T], Properties]) -> Answer:
    """One page by position; the page size is the service's, and query options other than its own have no effect."""
    visit.need("GET")
    size, path = visit.service.behaviour.planner_page, visit.call.path
    start = _position(visit.call.query.get("$skiptoken"), path)
    rows = [row(each) for each in islice(found, start, start + size)]
    body = _in_context(visit, {"@odata.count": len(rows), "value": rows})
    if start + size < len(found):
        token = quote(_token(start + size, path), safe="")
        body["@odata.nextLink"] = f"{visit.service.base_url}/v1.0{quote(path)}?%24skiptoken={token}"
    return Answer(200, body)


def _in_context(visit: Visit, body: Properties) -> Properties:
    kind = "" if "value" in body else "/$entity"
    return {"@odata.context": f"{visit.service.base_url}/v1.0/$metadata#{visit.call.path.strip('/')}{kind}", **body}


def _token(position: int, path: str) -> str:
    return base64.b64encode(digest(9, path, position) + f"{position}".encode()).decode()


def _position(token: str | None, path: str) -> int:
    if token is None:
        return 0
    try:
        position = int(base64.b64decode(token, validate=True)[9:])
    except ValueError:
        position = -1
    if position < 0 or _token(position, path) != token:
        raise GraphError(400, "BadRequest", "The link has to be used as it was given.")
    return position
