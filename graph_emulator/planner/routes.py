"""`/planner/…` and `/me/planner/…`: which resource is meant, and what a call does to it."""

from collections.abc import Callable, Mapping, Sequence

from graph_emulator.contacts import no_segment
from graph_emulator.messages import Answer, Call, GraphError, Properties
from graph_emulator.planner import fields
from graph_emulator.planner.maps import refused
from graph_emulator.planner.quotas import PREFIX
from graph_emulator.planner.resources import Group, Plan, Task
from graph_emulator.planner.rows import bucket_row, details_row, plan_row, task_row
from graph_emulator.planner.store import forbidden
from graph_emulator.planner.visit import Visit, changed, created, page, read
from graph_emulator.planner.writing import create_task, update_details, update_task

READERS = frozenset({"Tasks.Read", "Tasks.ReadWrite", "Group.Read.All", "Group.ReadWrite.All"})
WRITERS = frozenset({"Tasks.ReadWrite", "Group.ReadWrite.All"})


def scope(call: Call) -> frozenset[str]:
    """The scopes of which one is needed."""
    return READERS if call.method == "GET" else WRITERS


def serve(visit: Visit) -> Answer:
    """`/planner/…`; GraphError for a refusal, its code empty for all but quotas unless set otherwise."""
    places = {"plans": _plans, "buckets": _buckets, "tasks": _tasks}
    return _plainly(visit, places)


def serve_mine(visit: Visit) -> Answer:
    """`/me/planner/…`: the plans the caller may see, and the tasks assigned to the caller among these."""
    return _plainly(visit, {"plans": _my_plans, "tasks": _my_tasks})


def serve_group_plans(visit: Visit, group: Group) -> Answer:
    """`/groups/{id}/planner/plans`, for members."""

    def plans(visit: Visit) -> Answer:
        visit.end(1)
        if visit.user_id not in group.members:
            raise forbidden()
        return _plan_page(visit, [plan for plan in group.plans.values() if not plan.premium])

    return _plainly(visit, {"plans": plans})


def _plainly(visit: Visit, places: Mapping[str, Callable[[Visit], Answer]]) -> Answer:
    name = visit.path[0].lower() if visit.path else ""
    if name not in places:
        raise no_segment(visit.path[0] if visit.path else "planner")
    try:
        return places[name](visit)
    except GraphError as error:
        if visit.service.behaviour.planner_code_empty and not error.code.startswith(PREFIX):
            error.code = ""
        raise


def _plans(visit: Visit) -> Answer:
    call, planner = visit.call, visit.planner
    if len(visit.path) == 1:
        return _create_plan(visit)
    plan = planner.plan(visit.path[1], visit.user_id, visit.service.behaviour)
    if len(visit.path) > 2:
        member = visit.path[2].lower()
        visit.end(3)
        if member == "tasks":
            return page(visit, plan.tasks.values(), task_row)
        if member == "buckets":
            return page(visit, plan.buckets.values(), bucket_row)
        raise no_segment(visit.path[2])
    if call.method == "PATCH":
        seen = visit.seen(plan.version)
        values = fields.values(call.json(), fields.PLAN)
        plan.version.refuse_conflict(seen, [name for name in values if values[name] != plan.title])
        planner.rename_plan(plan, str(values.get("title", plan.title)))
        return changed(visit, _plan(visit, plan))
    if call.method == "DELETE":
        plan.version.refuse_stale(visit.seen(plan.version))
        planner.delete_plan(plan)
        return Answer(204)
    return read(visit, _plan(visit, plan))


def _create_plan(visit: Visit) -> Answer:
    visit.need("POST")
    body = visit.call.json()
    container = body.pop("container", None)
    given = body.pop("owner", None)
    if isinstance(container, dict):
        given = container.get("containerId") or str(container.get("url", "")).rpartition("/groups/")[2]
    values = fields.values(body, fields.PLAN)
    if not isinstance(given, str) or not given:
        raise refused("container", "is required: a plan lies in a group")
    if "title" not in values:
        raise refused("title", "is required and can't be empty")
    group = visit.planner.group(given)
    if visit.user_id not in group.members:
        raise forbidden()
    plan = visit.planner.create_plan(group, str(values["title"]), visit.author, visit.service.behaviour)
    return created(visit, _plan(visit, plan))


def _buckets(visit: Visit) -> Answer:
    call, planner, behaviour = visit.call, visit.planner, visit.service.behaviour
    if len(visit.path) == 1:
        return _create_bucket(visit)
    bucket = planner.bucket(visit.path[1], visit.user_id, behaviour)
    if len(visit.path) > 2:
        visit.end(3)
        if visit.path[2].lower() != "tasks":
            raise no_segment(visit.path[2])
        return page(visit, [task for task in bucket.plan.tasks.values() if task.bucket_id() == bucket.id], task_row)
    if call.method == "PATCH":
        seen = visit.seen(bucket.version)
        values = fields.values(call.json(), fields.BUCKET)
        if values.get("planId", bucket.plan.id) != bucket.plan.id:
            raise refused("planId", "can't be changed: a bucket stays in its plan")
        planner.update_bucket(bucket, values, seen)
        return changed(visit, bucket_row(bucket))
    if call.method == "DELETE":
        bucket.version.refuse_stale(visit.seen(bucket.version))
        planner.delete_bucket(bucket)
        return Answer(204)
    return read(visit, bucket_row(bucket))


def _create_bucket(visit: Visit) -> Answer:
    visit.need("POST")
    values = fields.values(visit.call.json(), fields.BUCKET)
    plan = _plan_named(visit, values)
    if "name" not in values:
        raise refused("name", "is required and can't be empty")
    hint = str(values.get("orderHint", " !"))
    bucket = visit.planner.create_bucket(plan, str(values["name"]), hint, visit.service.behaviour)
    return created(visit, bucket_row(bucket))


def _tasks(visit: Visit) -> Answer:
    call, behaviour = visit.call, visit.service.behaviour
    if len(visit.path) == 1:
        visit.need("POST")
        change = fields.task_change(call.json())
        plan = _plan_named(visit, change.values)
        return created(visit, task_row(create_task(visit.planner, plan, change, visit.author, behaviour)))
    task = visit.planner.task(visit.path[1], visit.user_id, behaviour)
    if len(visit.path) > 2:
        visit.end(3)
        if visit.path[2].lower() != "details":
            raise no_segment(visit.path[2])
        return _details(visit, task)
    if call.method == "PATCH":
        seen = visit.seen(task.version)
        update_task(visit.planner, task, fields.task_change(call.json()), visit.author, behaviour, seen)
        return changed(visit, task_row(task))
    if call.method == "DELETE":
        task.version.refuse_stale(visit.seen(task.version))
        visit.planner.delete_task(task)
        return Answer(204)
    return read(visit, task_row(task))


def _details(visit: Visit, task: Task) -> Answer:
    if visit.call.method == "PATCH":
        seen = visit.seen(task.details_version)
        change = fields.details_change(visit.call.json())
        update_details(visit.planner, task, change, visit.author, visit.service.behaviour, seen)
        return changed(visit, details_row(task))
    return read(visit, details_row(task))


def _my_plans(visit: Visit) -> Answer:
    visit.end(1)
    return _plan_page(visit, visit.planner.visible_plans(visit.user_id))


def _my_tasks(visit: Visit) -> Answer:
    visit.end(1)
    return page(visit, visit.planner.tasks_of(visit.user_id), task_row)


def _plan_named(visit: Visit, values: Properties) -> Plan:
    if "planId" not in values:
        raise refused("planId", "is required")
    return visit.planner.plan(str(values["planId"]), visit.user_id, visit.service.behaviour)


def _plan(visit: Visit, plan: Plan) -> Properties:
    rosters_known = "include-unknown-enum-members" in visit.call.preferences()
    return plan_row(plan, visit.service.base_url, rosters_known)


def _plan_page(visit: Visit, plans: Sequence[Plan]) -> Answer:
    return page(visit, plans, lambda plan: _plan(visit, plan))
