"""A firm's `planner.json`: groups, plans, buckets and tasks in Graph's shapes, whose ids are names within the file."""

from collections.abc import Mapping
from typing import TypeVar

from graph_emulator.behaviour import Behaviour
from graph_emulator.clock import Clock
from graph_emulator.firm import PLANNER_FILE, FirmError, PlannerContents
from graph_emulator.messages import GraphError, Properties
from graph_emulator.people import Tenant
from graph_emulator.planner.entry import Desk
from graph_emulator.planner.maps import GUID
from graph_emulator.planner.resources import Bucket, Group, Plan
from graph_emulator.planner.store import KINDS, Planner

T = TypeVar("T")


def build_planner(tenant: Tenant, contents: PlannerContents, seed: str, clock: Clock, behaviour: Behaviour) -> Planner:
    """A Planner with the contents in it; raises FirmError that names the row which can't be."""
    planner = Planner(seed, clock, tenant)
    desk = Desk(planner, tenant, behaviour)
    groups: dict[str, Group] = {}
    plans: dict[str, Plan] = {}
    buckets: dict[str, Bucket] = {}
    for kind, rows in (
        ("group", contents.groups),
        ("plan", contents.plans),
        ("bucket", contents.buckets),
        ("task", contents.tasks),
    ):
        for place, row in enumerate(rows, start=1):
            try:
                if kind == "group":
                    groups[_label(row, "displayName")] = _group(desk, row)
                elif kind == "plan":
                    plans[_label(row, "title")] = _plan(desk, row, groups)
                elif kind == "bucket":
                    buckets[_label(row, "name")] = _bucket(desk, row, plans)
                else:
                    _task(desk, row, plans, buckets)
            except GraphError as error:
                raise FirmError(f"{PLANNER_FILE}, {kind} {place}: {error.message}") from None
    return planner


def _group(desk: Desk, row: Properties) -> Group:
    kind = str(row.get("kind") or KINDS[0])
    if kind not in KINDS:
        raise _wrong(f"kind is one of: {', '.join(KINDS)}.")
    members, owners = desk.user_ids(row.get("members") or []), desk.user_ids(row.get("owners") or [])
    own_id = str(row.get("id") or "")
    name = _text(row, "displayName")
    return desk.planner.create_group(name, kind, members, owners, own_id if GUID.fullmatch(own_id) else None)


def _plan(desk: Desk, row: Properties, groups: Mapping[str, Group]) -> Plan:
    container = row.get("container")
    group = _named(groups, container.get("containerId") if isinstance(container, dict) else row.get("owner"), "group")
    plan = desk.planner.create_plan(group, _text(row, "title"), desk.author(group), desk.behaviour)
    plan.premium = bool(row.get("premium"))
    return plan


def _bucket(desk: Desk, row: Properties, plans: Mapping[str, Plan]) -> Bucket:
    plan = _named(plans, row.get("planId"), "plan")
    return desk.planner.create_bucket(plan, _text(row, "name"), " !", desk.behaviour)


def _task(desk: Desk, row: Properties, plans: Mapping[str, Plan], buckets: Mapping[str, Bucket]) -> None:
    plan = _named(plans, row.get("planId"), "plan")
    body = {name: value for name, value in row.items() if name not in ("id", "planId", "bucketId", "createdBy")}
    if row.get("bucketId"):
        body["bucketId"] = _named(buckets, row["bucketId"], "bucket").id
    maker = row.get("createdBy")
    user = maker.get("user") if isinstance(maker, dict) else None
    desk.enter(plan, body, desk.author(plan.group, user.get("id") if isinstance(user, dict) else maker))


def _label(row: Properties, name: str) -> str:
    return str(row.get("id") or row.get(name))


def _named(found: Mapping[str, T], label: object, kind: str) -> T:
    if str(label) not in found:
        raise _wrong(f"there is no {kind} {label!r} in the file. Name it by its id there, or by its title.")
    return found[str(label)]


def _text(row: Properties, name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"{name} is missing.")
    return value


def _wrong(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)
