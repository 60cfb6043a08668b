"""`$batch`: up to 20 calls in one, four at a time, each with a fate of its own."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from graph_emulator import graph
from graph_emulator.faults import Action, ConnectionDropped, kill_group
from graph_emulator.journal import PartRecord
from graph_emulator.messages import Answer, Call, GraphError, Properties
from graph_emulator.replies import before_applying, spoil
from graph_emulator.throttle import concurrency
from graph_emulator.world import World

LARGEST = 20
AT_A_TIME = 4


@dataclass(frozen=True, slots=True)
class Part:
    """One call of a batch with the ids it waits for."""

    id: str
    call: Call
    query: str
    needs: tuple[str, ...]


async def serve(world: World, call: Call, record: list[PartRecord], upn: str) -> Answer:
    """Run a batch; GraphError 400 when the batch itself is malformed. Parts are noted in `record`."""
    try:
        parts = _read(call)
    except GraphError as error:
        return graph.refusal(world, error, call.headers)
    notes = {part.id: PartRecord(part.id, part.call.method, part.call.path, part.query) for part in parts}
    record.extend(notes.values())
    done: dict[str, Answer] = {}
    while len(done) < len(parts):
        ready = [part for part in parts if part.id not in done and all(need in done for need in part.needs)]
        surplus = ready[AT_A_TIME:] if world.behaviour.batch_surplus else []
        for part in surplus:
            done[part.id] = graph.refusal(world, concurrency(world.behaviour), part.call.headers)
        for part, answer in await _wave(world, ready[:AT_A_TIME], done, notes, upn):
            done[part.id] = answer
    for name, answer in done.items():
        notes[name].status = answer.status
    answer = _together(world, call, parts, done)
    answer.mails = sum(note.mails for note in notes.values())
    return answer


async def _wave(
    world: World, ready: list[Part], done: Mapping[str, Answer], notes: Mapping[str, PartRecord], upn: str
) -> list[tuple[Part, Answer]]:
    """Parts that run at the same time: all take their slots, wait the latency together, then apply in order."""
    answers: list[tuple[Part, Answer]] = []
    entered: list[Part] = []
    for part in ready:
        try:
            if any(done[need].status >= 400 for need in part.needs):
                raise GraphError(424, "FailedDependency", "A request that this one depends on has failed.")
            key = graph.mailbox_key(part.call)
            world.throttle.enter(key, len(part.call.body), world.clock.now(), world.behaviour)
            entered.append(part)
        except GraphError as error:
            answers.append((part, graph.refusal(world, error, part.call.headers)))
    try:
        if world.behaviour.latency and entered:
            await asyncio.sleep(world.behaviour.latency)
        answers += [(part, _run(world, part, notes[part.id], upn)) for part in entered]
    finally:
        for part in entered:
            world.throttle.leave(graph.mailbox_key(part.call))
    return answers


def _run(world: World, part: Part, note: PartRecord, upn: str) -> Answer:
    actions = world.script.matching(part.call.method, part.call.path, upn, part=True)
    note.fault = ",".join(action.kind for action in actions) or None
    kills = [Action("kill", pgid=kill.pgid, when=kill.when) for kill in world.script.count(part=True)]
    kills += [action for action in actions if action.kind == "kill"]
    _kill(kills, "before")
    for action in actions:
        answer = before_applying(world, action, part.call.path, part.call.headers, part.query)
        if answer is not None:
            return answer
    answer = graph.apply(world, part.call)
    note.mails = answer.mails
    _kill(kills, "after")
    if any(action.kind == "drop_answer" for action in actions):
        return Answer(504)
    for action in actions:
        spoil(world, action, answer, part.call.path, part.query)
    return answer


def _kill(kills: list[Action], when: str) -> None:
    """The client dies in the middle of a batch; what comes after in the batch is not applied."""
    for kill in kills:
        if kill.when == when:
            kill_group(kill.pgid)
            raise ConnectionDropped(f"kill {when}")


def _together(world: World, call: Call, parts: list[Part], done: Mapping[str, Answer]) -> Answer:
    order = list(parts)
    if world.behaviour.batch_shuffles:
        Random(f"{world.seed}{len(order)}{order[0].id if order else ''}").shuffle(order)
    responses = [_response(part, done[part.id]) for part in order]
    throttled = any(answer.status == 429 for answer in done.values())
    status = 424 if throttled and world.behaviour.batch_throttled_424 else 200
    return Answer(status, {"responses": responses}, {"Content-Type": graph.JSON_TYPE})


def _response(part: Part, answer: Answer) -> Properties:
    body: object = answer.body
    if isinstance(body, bytes):
        body = body.decode("utf-8", "replace")
    response: Properties = {"id": part.id, "status": answer.status, "headers": answer.headers}
    if body is not None:
        response["body"] = body
    return response


def _read(call: Call) -> list[Part]:
    rows = call.json().get("requests")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise GraphError(400, "BadRequest", "A batch needs a list of requests.")
    if len(rows) > LARGEST:
        raise GraphError(400, "BadRequest", f"A batch may not hold more than {LARGEST} requests.")
    parts = [_part(call, row) for row in rows]
    ids = {part.id.lower() for part in parts}
    if len(ids) < len(parts):
        raise GraphError(400, "BadRequest", "Request ids in a batch have to be unique, whatever their case.")
    seen: set[str] = set()
    known = {part.id for part in parts}
    if any(need not in known for part in parts for need in part.needs):
        raise GraphError(400, "BadRequest", "dependsOn names a request that is not in the batch.")
    waiting = list(parts)
    while waiting:
        free = [part for part in waiting if set(part.needs) <= seen]
        if not free:
            raise GraphError(400, "BadRequest", "The requests of the batch depend on each other in a circle.")
        seen |= {part.id for part in free}
        waiting = [part for part in waiting if part.id not in seen]
    return parts


def _part(call: Call, row: Properties) -> Part:
    name, method, url = row.get("id"), row.get("method"), row.get("url")
    if not (isinstance(name, str) and name and isinstance(method, str) and isinstance(url, str)):
        raise GraphError(400, "BadRequest", "Each request of a batch needs an id, a method and a url.")
    if "://" in url.split("?")[0] or url.lstrip("/").lower().startswith("$batch"):
        raise GraphError(400, "BadRequest", f"Request {name}: the url has to be relative, and batches don't nest.")
    given = row.get("headers") or {}
    if not isinstance(given, dict):
        raise GraphError(400, "BadRequest", f"Request {name}: headers have to be an object.")
    headers = {str(header).lower(): str(value) for header, value in given.items()}
    body = (
        b""
        if row.get("body") is None
        else json.dumps(row["body"], ensure_ascii=False).encode("utf-8", "backslashreplace")
    )
    if body and "content-type" not in headers:
        raise GraphError(400, "BadRequest", f"Write request id : {name} does not contain a Content-Type header.")
    needs = row.get("dependsOn") or []
    if not isinstance(needs, list):
        raise GraphError(400, "BadRequest", f"Request {name}: dependsOn has to be a list.")
    path, _, query = url.partition("?")
    return Part(
        name,
        graph.read_call(method.upper(), graph.decoded("/" + path.lstrip("/")), query, headers, body, call.caller),
        query,
        tuple(str(need) for need in needs),
    )
