"""The control routes under `/_emulator`, for loopback and holders of the key only."""

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from graph_emulator.barrier import Barrier
from graph_emulator.behaviour import UnknownBehaviour
from graph_emulator.calendar import person
from graph_emulator.faults import ScriptError
from graph_emulator.firm import PLANNER_FILE, Firm, FirmError, contents_from, planner_from, tenant_from
from graph_emulator.identity import FLAWS, SignInError
from graph_emulator.mailbox import Mailbox
from graph_emulator.messages import GraphError, Properties
from graph_emulator.outlook import EditError, contact_json, edit, folder_json
from graph_emulator.people import User
from graph_emulator.planner import edits as planner_edits
from graph_emulator.planner.entry import Desk
from graph_emulator.snapshot import read_snapshot, write_snapshot
from graph_emulator.world import World

KEY_HEADER = "x-emulator-key"
PREFIX = "/_emulator"
LOOPBACK = ("127.0.0.1", "::1")
ERRORS = (
    EditError,
    person.CalendarEditError,
    FirmError,
    GraphError,
    ScriptError,
    SignInError,
    UnknownBehaviour,
    ValueError,
)

Action: TypeAlias = Callable[["Control", Properties], Properties]


class Control:
    """The control routes of one world. `save` and `load` use the folder the emulator was started with."""

    def __init__(self, world: World, key: str, folder: str) -> None:
        self.world = world
        self._key = key
        self.folder = folder

    def routes(self) -> list[Route]:
        """One POST route per action; all take and give a JSON object."""
        return [Route(f"{PREFIX}/{name}", self._endpoint(action), methods=["POST"]) for name, action in ACTIONS.items()]

    def _endpoint(self, action: Action) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            client = request.client.host if request.client else ""
            given = request.headers.get(KEY_HEADER, "")
            if client not in LOOPBACK or not hmac.compare_digest(given.encode(), self._key.encode()):
                return JSONResponse({"error": f"The control routes need the key in the header {KEY_HEADER}."}, 403)
            try:
                body = await request.json()
                with self.world.lock:
                    return JSONResponse(action(self, body if isinstance(body, dict) else {}))
            except ERRORS as error:
                return JSONResponse({"error": str(error)}, 400)

        return endpoint

    def user(self, body: Properties) -> User:
        """The user that a body names by `mailbox` (principal name or object id)."""
        found = self.world.user(str(body.get("mailbox")))
        if found is None:
            raise EditError(f"There is no user {body.get('mailbox')!r}.")
        return found

    def mailbox(self, body: Properties) -> Mailbox:
        """The mailbox that a body names."""
        return self.world.mailboxes[self.user(body).id]


def _state(control: Control, body: Properties) -> Properties:
    users = [control.user(body)] if body.get("mailbox") else control.world.users()
    mailboxes = {}
    for user in users:
        mailbox = control.world.mailboxes[user.id]
        mailboxes[user.upn] = {
            "id": user.id,
            "enabled": mailbox.enabled,
            "folders": [folder_json(folder) for folder in mailbox.folders.values()],
            "contacts": [contact_json(mailbox, item) for item in mailbox.items.values()],
            "deleted": [contact_json(mailbox, item) for item in mailbox.deleted.values()],
            **person.state(mailbox.calendar),
        }
    return {"mailboxes": mailboxes, "mails": control.world.post.sent_since(0)}


def _edit(control: Control, body: Properties) -> Properties:
    return edit(control.mailbox(body), body)


def _calendar(control: Control, body: Properties) -> Properties:
    return person.edit(control.world.office(), control.mailbox(body).calendar, body)


def _outbox(control: Control, body: Properties) -> Properties:
    return control.world.post.as_json(int(str(body.get("since", 0))))


def _planner(control: Control, body: Properties) -> Properties:
    world = control.world
    tenant_id = str(body.get("tenant") or world.firms[0].tenant.id).lower()
    if tenant_id not in world.planners:
        raise EditError(f"There is no tenant {body.get('tenant')!r}.")
    desk = Desk(world.planners[tenant_id], world.identity.tenants[tenant_id], world.behaviour)
    return planner_edits.edit(desk, body)


def _mailbox(control: Control, body: Properties) -> Properties:
    mailbox = control.mailbox(body)
    mailbox.enabled = bool(body.get("enabled", True))
    return {"enabled": mailbox.enabled}


def _log(control: Control, body: Properties) -> Properties:
    return control.world.journal.as_json(int(str(body.get("since", 0))))


def _reset(control: Control, body: Properties) -> Properties:
    world = control.world
    wanted = body.get("what") or ["log", "outbox", "faults", "barriers", "behaviour", "clock", "throttle"]
    if not isinstance(wanted, list):
        raise EditError("what has to be a list.")
    for what in wanted:
        if what == "log":
            world.journal.reset()
        elif what == "outbox":
            world.post.clear()
        elif what == "faults":
            world.script.clear()
            world.identity.flaw, world.identity.flaw_count = None, 0
        elif what == "barriers":
            _release(control, {})
        elif what == "behaviour":
            world.behaviour = world.first_behaviour
        elif what == "clock":
            world.clock.reset()
        elif what == "throttle":
            world.throttle.forget()
        elif what == "mailboxes":
            world.rebuild()
        else:
            raise EditError(f"Can't reset {what!r}.")
    return {"reset": wanted}


def _rule(control: Control, body: Properties) -> Properties:
    return {"id": control.world.script.add_rule(body).id}


def _kill(control: Control, body: Properties) -> Properties:
    return {"id": control.world.script.arm_kill(body).id}


def _faults(control: Control, body: Properties) -> Properties:
    barriers = [barrier.as_json() for barrier in control.world.barriers]
    return {**control.world.script.as_json(), "barriers": barriers}


def _barrier(control: Control, body: Properties) -> Properties:
    barriers = control.world.barriers
    seed = body.get("seed")
    try:
        path = re.compile(str(body.get("path", "")))
    except re.error as error:
        raise ScriptError(f"The path is not a regular expression: {error}.") from None
    barrier = Barrier(
        len(barriers) + 1,
        str(body.get("method", "*")).upper(),
        path,
        int(str(body.get("count", 2))),
        None if seed is None else int(str(seed)),
        float(str(body.get("timeout", 30.0))),
    )
    barriers.append(barrier)
    return barrier.as_json()


def _release(control: Control, body: Properties) -> Properties:
    for barrier in control.world.barriers:
        barrier.release()
    released = len(control.world.barriers)
    control.world.barriers.clear()
    return {"released": released}


def _clock(control: Control, body: Properties) -> Properties:
    clock = control.world.clock
    if "set" in body:
        instant = datetime.fromisoformat(str(body["set"]))
        clock.set(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
    if "offset" in body:
        clock.skew(float(str(body["offset"])))
    if "advance" in body:
        clock.advance(float(str(body["advance"])))
    return {"now": clock.now().isoformat(), "mailboxNow": clock.mailbox_now().isoformat()}


def _behaviour(control: Control, body: Properties) -> Properties:
    control.world.behaviour = control.world.behaviour.with_changes(body)
    return control.world.behaviour.as_json()


def _expire_delta(control: Control, body: Properties) -> Properties:
    boxes = [control.mailbox(body)] if body.get("mailbox") else list(control.world.mailboxes.values())
    for mailbox in boxes:
        mailbox.delta_generation += 1
    return {"mailboxes": len(boxes)}


def _approve(control: Control, body: Properties) -> Properties:
    identity = control.world.identity
    device = identity.by_user_code(str(body.get("userCode", "")))
    if body.get("decline"):
        identity.decline(device)
        return {}
    return {"id": identity.approve(device, str(body.get("mailbox"))).id}


def _revoke(control: Control, body: Properties) -> Properties:
    control.world.identity.revoke(control.user(body).id, bool(body.get("accessTokens", True)))
    return {}


def _end_access(control: Control, body: Properties) -> Properties:
    control.world.identity.end_access(control.user(body).id)
    return {}


def _flaw(control: Control, body: Properties) -> Properties:
    flaw = body.get("flaw")
    if flaw is not None and flaw not in FLAWS:
        raise ScriptError(f"There is no flaw {flaw!r}. Known: {', '.join(FLAWS)}.")
    control.world.identity.flaw = None if flaw is None else str(flaw)
    control.world.identity.flaw_count = int(str(body.get("count", 0)))
    return {"flaw": flaw}


def _token(control: Control, body: Properties) -> Properties:
    scopes = body.get("scopes")
    names = tuple(str(name) for name in scopes) if isinstance(scopes, list) else None
    return control.world.identity.grant_for(control.user(body), names, control.world.behaviour)


def _add_tenant(control: Control, body: Properties) -> Properties:
    raw, boxes = body.get("tenant"), body.get("mailboxes") or {}
    if not isinstance(raw, dict) or not isinstance(boxes, dict):
        raise FirmError("Give the tenant as in tenant.json, and mailboxes by principal name.")
    contents = {str(upn): contents_from(data, f"{upn}.json") for upn, data in boxes.items()}
    planner = body.get("planner") or {}
    if not isinstance(planner, dict):
        raise FirmError(f"Give Planner's contents as in {PLANNER_FILE}.")
    tenant = tenant_from(raw, "tenant.json")
    control.world.add_firm(Firm(tenant, contents, planner_from(planner, PLANNER_FILE)))
    return {"tenantId": tenant.id}


def _save(control: Control, body: Properties) -> Properties:
    return {"file": str(write_snapshot(control.world, control.folder))}


def _load(control: Control, body: Properties) -> Properties:
    read_snapshot(control.world, control.folder)
    return {}


ACTIONS: dict[str, Action] = {
    "state": _state,
    "edit": _edit,
    "calendar": _calendar,
    "outbox": _outbox,
    "planner": _planner,
    "mailbox": _mailbox,
    "log": _log,
    "reset": _reset,
    "rule": _rule,
    "kill": _kill,
    "faults": _faults,
    "barrier": _barrier,
    "release": _release,
    "clock": _clock,
    "behaviour": _behaviour,
    "expire-delta": _expire_delta,
    "approve": _approve,
    "revoke": _revoke,
    "end-access": _end_access,
    "flaw": _flaw,
    "token": _token,
    "tenant": _add_tenant,
    "save": _save,
    "load": _load,
}
