"""One HTTP exchange: faults, barriers and kill hooks around the handler, the log, and the bytes on the wire."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from time import perf_counter
from typing import TypeAlias

from starlette.types import Receive, Scope, Send

from graph_emulator.faults import Action, ConnectionDropped, kill_group
from graph_emulator.journal import RequestRecord
from graph_emulator.messages import Answer
from graph_emulator.replies import before_applying, spoil
from graph_emulator.world import World

DRAIN = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came in; header names lower case, several lines of one header joined by commas."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


Handler: TypeAlias = Callable[[HttpRequest, RequestRecord], Awaitable[Answer]]


async def read_request(scope: Scope, receive: Receive) -> HttpRequest:
    """Read a whole request, up to 64 MiB of body."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    chunks = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionDropped("client left")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= DRAIN:
            chunks.append(chunk)
        more = message.get("more_body", False)
    query = scope["query_string"].decode("latin-1")
    return HttpRequest(scope["method"], scope["path"], query, headers, b"".join(chunks))


async def exchange(world: World, scope: Scope, receive: Receive, send: Send, upn: str | None, handler: Handler) -> None:
    """Serve one request that counts: log it, let the fault script act, answer or drop the connection."""
    try:
        request = await read_request(scope, receive)
    except ConnectionDropped:
        return
    began = perf_counter()
    record = RequestRecord(
        world.journal.next_sequence(),
        request.method,
        request.path,
        request.query,
        world.clock.stamp(),
        request.headers.get("client-request-id", ""),
        len(request.body),
        upn,
    )
    world.journal.open(record)
    try:
        answer, cut = await _decide(world, request, record, handler)
        answer.body = answer.encoded()
        record.status, record.bytes_out = answer.status, len(answer.body)
        await _send(world, request, answer, cut, scope, receive, send)
    except ConnectionDropped as dropped:
        record.fault = dropped.fault
        await _abort(scope, receive, flush=False)
    finally:
        record.seconds = perf_counter() - began
        world.journal.close()


async def _decide(world: World, request: HttpRequest, record: RequestRecord, handler: Handler) -> tuple[Answer, bool]:
    """The answer, and whether to cut it in the middle."""
    path = request.path.removeprefix("/v1.0")
    kills = [Action("kill", pgid=kill.pgid, when=kill.when) for kill in world.script.count(part=False)]
    if not path.lower().endswith("/$batch"):
        kills += [Action("kill", pgid=kill.pgid, when=kill.when) for kill in world.script.count(part=True)]
    actions = world.script.matching(request.method, path, record.mailbox or "", part=False)
    kills += [action for action in actions if action.kind == "kill"]
    record.fault = ",".join(action.kind for action in actions) or None
    await _hold(world, request.method, path, record)
    _kill(kills, "before")
    for action in actions:
        if action.kind == "delay":
            record.held += action.seconds
            await asyncio.sleep(action.seconds)
        elif action.kind == "drop_request":
            raise ConnectionDropped("drop_request")
        elif (made := before_applying(world, action, path, request.headers, request.query)) is not None:
            return made, False
    answer = await handler(request, record)
    _kill(kills, "after")
    for action in actions:
        if action.kind == "drop_answer":
            record.status = answer.status
            raise ConnectionDropped("drop_answer")
        spoil(world, action, answer, path, request.query)
    return answer, any(action.kind == "cut" for action in actions)


async def _hold(world: World, method: str, path: str, record: RequestRecord) -> None:
    for barrier in [barrier for barrier in world.barriers if barrier.matches(method, path)]:
        began = perf_counter()
        await barrier.wait()
        record.held += perf_counter() - began


def _kill(kills: list[Action], when: str) -> None:
    due = [kill for kill in kills if kill.when == when]
    for kill in due:
        kill_group(kill.pgid)
    if due:
        raise ConnectionDropped(f"kill {when}")


async def _send(
    world: World, request: HttpRequest, answer: Answer, cut: bool, scope: Scope, receive: Receive, send: Send
) -> None:
    body = answer.encoded()
    headers = {
        "Date": format_datetime(world.clock.mailbox_now(), usegmt=True),
        "request-id": world.next_request_id(),
        "client-request-id": request.headers.get("client-request-id") or world.next_request_id(),
        "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"1"}}',
        **answer.headers,
    }
    if answer.status != 204:
        headers["Content-Length"] = str(len(body))
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if cut:
        await send({"type": "http.response.body", "body": body[: max(1, len(body) // 2)], "more_body": True})
        await _abort(scope, receive, flush=True)
        return
    await send({"type": "http.response.body", "body": body if answer.status != 204 else b""})


async def _abort(scope: Scope, receive: Receive, flush: bool) -> None:
    """Close the connection under the answer; `flush` lets what was written out first."""
    transport = scope["extensions"]["emulator.transport"]["transport"]
    if flush:
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        continue
