"""Graph v1.0: who calls, which mailbox is meant, which resource serves it, and how a refusal looks."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote

from graph_emulator import contacts
from graph_emulator.calendar import routes as calendar
from graph_emulator.calendar.post import Cause
from graph_emulator.delta import Service
from graph_emulator.identity import CONSUMERS
from graph_emulator.mailbox import Mailbox
from graph_emulator.messages import Answer, Call, Caller, GraphError, Properties
from graph_emulator.people import User
from graph_emulator.planner import groups, routes
from graph_emulator.planner.visit import Visit
from graph_emulator.throttle import MailboxKey
from graph_emulator.world import World

LARGEST_BODY = 4 * 1024 * 1024
JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8"

Resource: TypeAlias = Callable[[Mailbox, Call, Sequence[str], Service], Answer]
# A further record type enters here: its first path segment, the scopes it needs, and who serves it.
RESOURCES: Mapping[str, tuple[Callable[[Call], frozenset[str]], Resource]] = {
    "contacts": (contacts.scope, contacts.serve_contacts),
    "contactfolders": (contacts.scope, contacts.serve_folders),
    "events": (calendar.scope, calendar.serve_events),
    "calendar": (calendar.scope, calendar.serve_default),
    "calendars": (calendar.scope, calendar.serve_calendars),
    "calendarview": (calendar.scope, calendar.serve_view),
}


def read_call(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, caller: Caller) -> Call:
    """A call from its parts; query names and values are decoded, so `%24top` is `$top`."""
    return Call(method, path, dict(parse_qsl(query, keep_blank_values=True)), headers, body, caller)


def decoded(path: str) -> str:
    """A path with its percent signs resolved."""
    return unquote(path)


def mailbox_key(call: Call) -> MailboxKey:
    """The application and mailbox that limits are counted for; Planner counts apart from the mailbox."""
    names = [segment.lower() for segment in call.segments()[:3]]
    apart = names[:1] in (["planner"], ["groups"]) or "planner" in names[1:]
    return call.caller.client_id, f"planner:{call.caller.user_id}" if apart else call.caller.user_id


async def serve(world: World, call: Call) -> Answer:
    """One call on its own: limits first, then the resource."""
    key = mailbox_key(call)
    try:
        with world.lock:
            world.throttle.enter(key, len(call.body), world.clock.now(), world.behaviour)
    except GraphError as error:
        return refusal(world, error, call.headers)
    try:
        if world.behaviour.latency:
            await asyncio.sleep(world.behaviour.latency)
        return apply(world, call)
    finally:
        world.throttle.leave(key)


def apply(world: World, call: Call) -> Answer:
    """Serve a call that is within the limits; refusals come back as answers."""
    with world.lock:
        try:
            if len(call.body) > LARGEST_BODY:
                raise GraphError(413, "RequestEntityTooLarge", "The request body is larger than 4 MB.")
            answer = _with_mails(world, call)
        except GraphError as error:
            return refusal(world, error, call.headers)
    if answer.body is not None:
        answer.headers.setdefault("Content-Type", JSON_TYPE)
    if applied := call.headers.get("prefer"):
        answer.headers.setdefault("Preference-Applied", applied)
    return answer


def _with_mails(world: World, call: Call) -> Answer:
    """Serve a call; mails it makes the service send are put down to it."""
    request_id, before = world.next_request_id(), world.post.number
    cause = Cause("request", request_id, call.headers.get("client-request-id", ""), call.method, call.path)
    with world.post.because(cause):
        answer = _dispatch(world, call)
    answer.headers.setdefault("request-id", request_id)
    answer.mails = world.post.sent_since(before)
    return answer


def refusal(world: World, error: GraphError, headers: Mapping[str, str]) -> Answer:
    """A refusal in the shape that the behaviour asks for."""
    date = f"{world.clock.mailbox_now():%Y-%m-%dT%H:%M:%S}"
    answer = error.answer(date, world.next_request_id(), headers.get("client-request-id", ""))
    body = answer.body
    if isinstance(body, dict) and isinstance(body["error"], dict):
        if world.behaviour.error_code_empty:
            body["error"]["code"] = ""
        if world.behaviour.innererror_lower_case:
            body["error"]["innererror"] = body["error"].pop("innerError")
    return answer


def _dispatch(world: World, call: Call) -> Answer:
    segments = call.segments()
    user = world.identity.user(call.caller)
    root = segments[0].lower() if segments else ""
    if root in ("planner", "groups"):
        return _planner(world, call, root, segments[1:])
    if root == "me":
        rest = segments[1:]
    elif root == "users" and len(segments) > 1:
        _own_only(world, user, segments[1], call.caller)
        rest = segments[2:]
    else:
        raise contacts.no_segment(segments[0] if segments else "")
    name = rest[0].lower() if rest else ""
    if not name:
        _need(call, frozenset({"User.Read"}))
        return _only_get(call, _profile(world, user))
    if name in ("planner", "memberof"):
        return _planner(world, call, f"me/{name}", rest[1:])
    mailbox = world.mailboxes[user.id]
    if not mailbox.enabled:
        raise GraphError(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive or not reachable.")
    if name == "mailboxsettings":
        _need(call, frozenset({"MailboxSettings.Read"}))
        return _only_get(call, _settings(world, mailbox, rest[1:]))
    if name not in RESOURCES:
        raise contacts.no_segment(rest[0])
    scope, resource = RESOURCES[name]
    _need(call, scope(call))
    return resource(mailbox, call, rest[1:], world.service())


def _planner(world: World, call: Call, root: str, path: Sequence[str]) -> Answer:
    """Groups and Planner, which personal accounts don't have."""
    tenant_id = call.caller.tenant_id.lower()
    if tenant_id == CONSUMERS:
        raise GraphError(403, "Forbidden", "Planner is not there for personal accounts.")
    planner, service = world.planners[tenant_id], world.service()
    if root in ("groups", "me/memberof"):
        _need(call, groups.scope(path))
        if root == "me/memberof":
            return groups.serve_mine(planner, call, path, service)
        return groups.serve(planner, world.identity.tenants[tenant_id], call, path, service)
    _need(call, routes.scope(call))
    visit = Visit(planner, call, path, service)
    return routes.serve(visit) if root == "planner" else routes.serve_mine(visit)


def _own_only(world: World, user: User, asked: str, caller: Caller) -> None:
    found = world.identity.tenants[caller.tenant_id.lower()].users
    if asked.lower() in (user.id.lower(), user.upn.lower()):
        return
    if any(asked.lower() in (other.id.lower(), other.upn.lower()) for other in found.values()):
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    raise GraphError(404, "Request_ResourceNotFound", f"Resource '{asked}' does not exist.")


def _need(call: Call, scopes: frozenset[str]) -> None:
    if not scopes & call.caller.scopes:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _only_get(call: Call, body: Properties) -> Answer:
    if call.method != "GET":
        raise GraphError(405, "MethodNotAllowed", f"{call.method} is not allowed here.", {"Allow": "GET"})
    return Answer(200, body)


def _profile(world: World, user: User) -> Properties:
    return {
        "@odata.context": f"{world.base_url}/v1.0/$metadata#users/$entity",
        "id": user.id,
        "displayName": user.name,
        "mail": user.mail,
        "userPrincipalName": user.upn,
    }


def _settings(world: World, mailbox: Mailbox, rest: Sequence[str]) -> Properties:
    context = f"{world.base_url}/v1.0/$metadata#users/mailboxSettings"
    if [part.lower() for part in rest] == ["timezone"]:
        return {"@odata.context": f"{context}/timeZone", "value": mailbox.zone}
    if rest:
        raise contacts.no_segment(rest[0])
    return {"@odata.context": context, "timeZone": mailbox.zone, "language": {"locale": "en-GB"}}
