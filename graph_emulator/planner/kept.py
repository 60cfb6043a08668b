"""A Planner as JSON and back, for snapshots."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from graph_emulator.clock import Clock
from graph_emulator.messages import Properties
from graph_emulator.people import Tenant
from graph_emulator.planner.etags import Version
from graph_emulator.planner.resources import Bucket, Group, Plan, Task
from graph_emulator.planner.store import Planner


def planner_json(planner: Planner) -> Properties:
    """Everything a Planner holds; what lies in what is told by ids."""
    return {
        "number": planner.number,
        "serial": planner.serial,
        "groups": [_row(group) for group in planner.groups.values()],
        "plans": [_row(plan) for plan in planner.plans.values()],
        "buckets": [_row(bucket) for bucket in planner.buckets.values()],
        "tasks": [_row(task) for task in planner.tasks.values()],
    }


def read_planner(data: Mapping[str, Any], seed: str, clock: Clock, tenant: Tenant) -> Planner:
    """The Planner that `planner_json` wrote down."""
    planner = Planner(seed, clock, tenant)
    planner.number, planner.serial = int(data["number"]), int(data["serial"])
    for row in data["groups"]:
        planner.groups[row["id"]] = Group(**row)
    for row in data["plans"]:
        group = planner.groups[row["group"]]
        plan = Plan(**{**row, "group": group, "version": Version(**row["version"])})
        planner.plans[plan.id] = group.plans[plan.id] = plan
    for row in data["buckets"]:
        plan = planner.plans[row["plan"]]
        bucket = Bucket(**{**row, "plan": plan, "version": Version(**row["version"])})
        planner.buckets[bucket.id] = plan.buckets[bucket.id] = bucket
    for row in data["tasks"]:
        versions = {name: Version(**row[name]) for name in ("version", "details_version")}
        planner.add_task(Task(**{**row, "plan": planner.plans[row["plan"]], **versions}))
    return planner


def _row(resource: Group | Plan | Bucket | Task) -> Properties:
    """A resource's members: what it lies in by id, its versions member by member, without what lies in it."""
    row: Properties = {}
    for field in fields(resource):
        value = getattr(resource, field.name)
        if field.name in ("plans", "buckets", "tasks"):
            continue
        if isinstance(value, Version):
            value = {"kind": value.kind, "serials": value.serials, "changed": value.changed}
        row[field.name] = value.id if isinstance(value, Group | Plan) else value
    return row
