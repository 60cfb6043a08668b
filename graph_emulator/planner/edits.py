"""What people do in Planner and in the directory, as opposed to what an application does through Graph."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from graph_emulator.messages import GraphError, Properties
from graph_emulator.outlook import EditError
from graph_emulator.planner.entry import Desk
from graph_emulator.planner.resources import Bucket, Group, Plan, Task
from graph_emulator.planner.rows import bucket_row, details_row, plan_row, task_row
from graph_emulator.planner.store import KINDS, Planner

T = TypeVar("T")


def edit(desk: Desk, body: Properties) -> Properties:
    """Make the edit `action` with its members; returns what results (empty when it is gone). EditError."""
    action = EDITS.get(str(body.get("action")))
    if action is None:
        raise EditError(f"There is no edit {body.get('action')!r}. Known: {', '.join(EDITS)}.")
    try:
        return action(desk, body)
    except GraphError as error:
        raise EditError(error.message) from None


def state(planner: Planner) -> Properties:
    """Everything in a Planner: premium plans too, members by id, tasks with their details."""
    return {
        "groups": [_group_json(group) for group in planner.groups.values()],
        "plans": [_plan_json(plan) for plan in planner.plans.values()],
        "buckets": [bucket_row(bucket) for bucket in planner.buckets.values()],
        "tasks": [_task_json(task) for task in planner.tasks.values()],
    }


def _group_json(group: Group) -> Properties:
    return {
        "id": group.id,
        "displayName": group.name,
        "kind": group.kind,
        "members": list(group.members),
        "owners": list(group.owners),
    }


def _plan_json(plan: Plan) -> Properties:
    return {**plan_row(plan, "", rosters_known=True), "premium": plan.premium}


def _task_json(task: Task) -> Properties:
    return {**task_row(task), "details": details_row(task)}


def _found(places: Mapping[str, T], body: Properties, name: str) -> T:
    found = places.get(str(body.get(name)))
    if found is None:
        raise EditError(f"There is no {name} {body.get(name)!r}.")
    return found


def _group(desk: Desk, body: Properties) -> Group:
    return _found(desk.planner.groups, body, "group")


def _plan(desk: Desk, body: Properties) -> Plan:
    return _found(desk.planner.plans, body, "plan")


def _bucket(desk: Desk, body: Properties) -> Bucket:
    return _found(desk.planner.buckets, body, "bucket")


def _task(desk: Desk, body: Properties) -> Task:
    return _found(desk.planner.tasks, body, "task")


def _text(body: Properties, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise EditError(f"{name} is missing.")
    return value


def _create_group(desk: Desk, body: Properties) -> Properties:
    kind = str(body.get("kind") or KINDS[0])
    if kind not in KINDS:
        raise EditError(f"kind is one of: {', '.join(KINDS)}.")
    members, owners = desk.user_ids(body.get("members") or []), desk.user_ids(body.get("owners") or [])
    return _group_json(desk.planner.create_group(_text(body, "displayName"), kind, members, owners))


def _delete_group(desk: Desk, body: Properties) -> Properties:
    desk.planner.delete_group(_group(desk, body))
    return {}


def _add_member(desk: Desk, body: Properties) -> Properties:
    group, user_id = _group(desk, body), desk.user_id(body.get("mailbox"))
    if user_id not in group.members:
        group.members.append(user_id)
    return _group_json(group)


def _remove_member(desk: Desk, body: Properties) -> Properties:
    group, user_id = _group(desk, body), desk.user_id(body.get("mailbox"))
    if user_id in group.members:
        group.members.remove(user_id)
    return _group_json(group)


def _create_plan(desk: Desk, body: Properties) -> Properties:
    group = _group(desk, body)
    author = desk.author(group, body.get("by"))
    plan = desk.planner.create_plan(group, _text(body, "title"), author, desk.behaviour)
    plan.premium = bool(body.get("premium"))
    return _plan_json(plan)


def _update_plan(desk: Desk, body: Properties) -> Properties:
    plan = _plan(desk, body)
    if "title" in body:
        desk.planner.rename_plan(plan, _text(body, "title"))
    plan.premium = bool(body.get("premium", plan.premium))
    return _plan_json(plan)


def _delete_plan(desk: Desk, body: Properties) -> Properties:
    desk.planner.delete_plan(_plan(desk, body))
    return {}


def _create_bucket(desk: Desk, body: Properties) -> Properties:
    return bucket_row(desk.planner.create_bucket(_plan(desk, body), _text(body, "name"), " !", desk.behaviour))


def _rename_bucket(desk: Desk, body: Properties) -> Properties:
    bucket = _bucket(desk, body)
    desk.planner.update_bucket(bucket, {"name": _text(body, "name")})
    return bucket_row(bucket)


def _delete_bucket(desk: Desk, body: Properties) -> Properties:
    desk.planner.delete_bucket(_bucket(desk, body))
    return {}


def _create_tasks(desk: Desk, body: Properties) -> Properties:
    plan, rows = _plan(desk, body), body.get("tasks")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise EditError("tasks have to be a list of objects.")
    author = desk.author(plan.group, body.get("by"))
    return {"ids": [desk.enter(plan, row, author).id for row in rows]}


def _update_task(desk: Desk, body: Properties) -> Properties:
    task, properties = _task(desk, body), body.get("properties")
    if not isinstance(properties, dict):
        raise EditError("properties have to be an object.")
    desk.edit(task, properties, desk.author(task.plan.group, body.get("by")))
    return _task_json(task)


def _touch_task(desk: Desk, body: Properties) -> Properties:
    task = _task(desk, body)
    task.version.move(desk.planner.next_serial(), ())
    return _task_json(task)


def _delete_task(desk: Desk, body: Properties) -> Properties:
    desk.planner.delete_task(_task(desk, body))
    return {}


Edit: TypeAlias = Callable[[Desk, Properties], Properties]
EDITS: Mapping[str, Edit] = {
    "state": lambda desk, body: state(desk.planner),
    "create_group": _create_group,
    "delete_group": _delete_group,
    "add_member": _add_member,
    "remove_member": _remove_member,
    "create_plan": _create_plan,
    "update_plan": _update_plan,
    "delete_plan": _delete_plan,
    "create_bucket": _create_bucket,
    "rename_bucket": _rename_bucket,
    "delete_bucket": _delete_bucket,
    "create_tasks": _create_tasks,
    "read_task": lambda desk, body: _task_json(_task(desk, body)),
    "update_task": _update_task,
    "touch_task": _touch_task,
    "delete_task": _delete_task,
}
