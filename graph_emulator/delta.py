"""Delta rounds: opaque links, pages, removed rows, repeats, and tokens that expire."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import quote

from graph_emulator.behaviour import Behaviour
from graph_emulator.calendar.post import Post
from graph_emulator.changelog import ChangeLog, Entry
from graph_emulator.identifiers import digest
from graph_emulator.messages import Call, GraphError, Properties
from graph_emulator.query import number, page_size, select

OWN = ("$skiptoken", "$deltatoken")
MARK = "1+"  # begins every token; a plus sign doesn't survive decoding a link and sending it again


@dataclass(frozen=True, slots=True)
class Position:
    """How far a round is. `start`: removals before it are not told; `left`: what `$top` still lets through.

    `within`: how many rows of the line at `at` were told already.
    """

    feed: str
    at: int
    start: int
    page: int
    first: int | None
    left: int | None
    size: int
    select: tuple[str, ...] | None
    generation: int
    issued: float
    within: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """What a delta query walks: a log, a name that binds tokens to it, and how an entry becomes rows.

    `rows` gets the selected names, and whether the entry is part of a first listing. `options`: the query options,
    in lower case, that a first request may have.
    """

    name: str
    log: ChangeLog
    generation: int
    rows: Callable[[Entry, tuple[str, ...] | None, bool], Sequence[Properties]]
    options: tuple[str, ...] = ("$select", "$top", "$expand")


@dataclass(frozen=True, slots=True)
class Service:
    """What serving a call needs from its surroundings."""

    base_url: str
    seed: str
    behaviour: Behaviour
    now: datetime
    post: Post


def answer(feed: Feed, call: Call, service: Service) -> Properties:
    """One page of a round; GraphError 400 for a mangled link, 410 (as set) for an expired one."""
    position = _position(feed, call, service)
    rows, after, ended = _page(feed, position, service.behaviour)
    body: Properties = {"@odata.context": f"{service.base_url}/v1.0/$metadata#Collection({feed.name.split(':')[0]})"}
    body["value"] = rows
    stamped = replace(after, issued=service.now.timestamp(), generation=feed.generation)
    if ended:
        fresh = replace(stamped, at=len(feed.log.entries), start=0, within=0, page=0, first=None)
        body["@odata.deltaLink"] = _link(call, service, "deltatoken", fresh)
    else:
        body["@odata.nextLink"] = _link(call, service, "skiptoken", stamped)
    return body


def _page(feed: Feed, position: Position, behaviour: Behaviour) -> tuple[list[Properties], Position, bool]:
    if position.page == 1 and behaviour.delta_empty_pages:
        return [], replace(position, page=2), False
    limit = position.size if position.left is None else min(position.size, position.left)
    rows: list[Properties] = []
    numbers: list[int] = []
    at, within = position.at, position.within
    entries, latest = feed.log.entries, feed.log.latest
    while at < len(entries) and len(rows) < limit:
        entry = entries[at]
        told = latest[entry.key] == at and not (entry.removed and at < position.start)
        found = feed.rows(entry, position.select, at < position.start) if told else ()
        fresh = found[within : within + limit - len(rows)]
        rows += fresh
        numbers += [entry.key] * len(fresh)
        within += len(fresh)
        if within >= len(found):
            at, within = at + 1, 0
    left = None if position.left is None else position.left - len(rows)
    ended = at >= len(entries) or left == 0
    first = position.first if position.page or not numbers else numbers[0]
    if ended and position.page and first not in (None, *numbers) and left is None and behaviour.delta_repeats:
        rows += _again(feed, position.select, first)
    if position.page % 2 and behaviour.delta_shuffles:
        rows.reverse()
    return rows, replace(position, at=at, within=within, page=position.page + 1, first=first, left=left), ended


def _again(feed: Feed, selected: tuple[str, ...] | None, item: int | None) -> list[Properties]:
    entry = feed.log.entries[feed.log.latest[item or 0]]
    return [] if entry.removed else list(feed.rows(entry, selected, True)[:1])


def _position(feed: Feed, call: Call, service: Service) -> Position:
    tokens = [name for name in OWN if name in call.query]
    if not tokens:
        return _beginning(feed, call)
    position = _decode(call.query[tokens[0]], service.seed) if len(call.query) == 1 else None
    if position is None or position.feed != feed.name:
        raise badly_formed()
    life = service.behaviour.delta_token_life
    if position.generation < feed.generation or (life and service.now.timestamp() > position.issued + life):
        raise expired(call, service)
    asked = number(call.preferences(), "odata.maxpagesize")
    return replace(position, size=page_size(call)) if asked else position


def _beginning(feed: Feed, call: Call) -> Position:
    for name in call.query:
        if name.lower() not in feed.options:
            raise GraphError(400, "ErrorInvalidParameter", f"The query option '{name}' is not supported with delta.")
    end = len(feed.log.entries)
    left = number(call.query, "$top")
    return Position(feed.name, 0, end, 0, None, left, page_size(call), select(call.query), feed.generation, 0.0)


def feed_of(call: Call, seed: str) -> str | None:
    """The name of the feed that the token of a call belongs to; None without a token that makes sense."""
    position = next((_decode(call.query[name], seed) for name in OWN if name in call.query), None)
    return None if position is None else position.feed


def badly_formed() -> GraphError:
    """The refusal of a link that was changed or belongs elsewhere."""
    return GraphError(400, "ErrorInvalidParameter", "Badly formed token: the link has to be used as it was given.")


def expired(call: Call, service: Service) -> GraphError:
    """The refusal of an expired token, in the form that the behaviour asks for; its `Location` starts a new round."""
    place = f"{service.base_url}/v1.0{quote(call.path)}"
    behaviour = service.behaviour
    message = "The sync state generation is not found; synchronise from the beginning."
    return GraphError(behaviour.delta_expired_status, behaviour.delta_expired_code, message, {"Location": place})


def _link(call: Call, service: Service, name: str, position: Position) -> str:
    payload = json.dumps(asdict(position), separators=(",", ":")).encode()
    token = MARK + base64.b64encode(digest(12, service.seed, "delta", payload) + payload).decode()
    return f"{service.base_url}/v1.0{quote(call.path)}?%24{name}={quote(token, safe='')}"


def _decode(token: str, seed: str) -> Position | None:
    if not token.startswith(MARK):
        return None
    try:
        data = base64.b64decode(token.removeprefix(MARK), validate=True)
    except ValueError:
        return None
    if digest(12, seed, "delta", data[12:]) != data[:12]:
        return None
    fields = json.loads(data[12:])
    fields["select"] = None if fields["select"] is None else tuple(fields["select"])
    return Position(**fields)
