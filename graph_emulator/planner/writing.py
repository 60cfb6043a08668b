"""Writes to tasks and details: what clashes, what quotas allow, what the service works out by itself."""

from dataclasses import dataclass

from graph_emulator.behaviour import Behaviour
from graph_emulator.messages import GraphError, Properties
from graph_emulator.planner import hints
from graph_emulator.planner.etags import Version
from graph_emulator.planner.fields import Change
from graph_emulator.planner.maps import TYPES, Entries, refused
from graph_emulator.planner.quotas import (
    refuse_full_maps,
    refuse_full_plan,
    refuse_more_active,
    refuse_more_assigned,
)
from graph_emulator.planner.resources import DETAILS_MAPS, TASK_MAPS, Author, Plan, Task, empty_values
from graph_emulator.planner.store import Planner, not_found

HINTS = ("orderHint", "assigneePriority", "previewPriority")
EMPTY_ENTRY: dict[str, Properties] = {
    "checklist": {"isChecked": False, "title": None},
    "references": {"alias": None, "type": None},
}


@dataclass(frozen=True, slots=True)
class _Write:
    """One write: where, by whom, under which settings, and the number of the version it makes."""

    planner: Planner
    author: Author
    behaviour: Behaviour
    serial: int


def create_task(planner: Planner, plan: Plan, change: Change, author: Author, behaviour: Behaviour) -> Task:
    """A new task in the plan; GraphError 400 for what can't be, 403 for a quota."""
    if "title" not in change.values:
        raise refused("title", "is required and can't be empty")
    change = _of_users(planner, Change({"orderHint": " !", **change.values}, change.maps))
    refuse_full_plan(plan, planner.tasks, author.user_id, behaviour)
    if change.values.get("percentComplete") != 100:
        refuse_more_active(plan, behaviour)
    values = empty_values() | {"createdDateTime": planner.stamp(), "createdBy": author.identity()}
    maps: dict[str, dict[str, Properties]] = {name: {} for name in (*TASK_MAPS, *DETAILS_MAPS)}
    serial = planner.next_serial()
    details_version = Version("details", [planner.next_serial()])
    task = Task(planner.next_id(), plan, values, maps, Version("task", [serial]), details_version)
    _apply(_Write(planner, author, behaviour, serial), task, change)
    planner.add_task(task)
    return task


def update_task(
    planner: Planner, task: Task, change: Change, author: Author, behaviour: Behaviour, seen: int | None = None
) -> None:
    """Change a task; GraphError 409 when that clashes with a change after version `seen`, 400 and 403 as on create."""
    change = _of_users(planner, change)
    differing = _differing(task, change)
    if seen is not None:
        task.version.refuse_conflict(seen, differing)
    if not task.active() and change.values.get("percentComplete", 100) != 100:
        refuse_more_active(task.plan, behaviour)
    before = set(task.maps["assignments"])
    serial = planner.next_serial()
    _apply(_Write(planner, author, behaviour, serial), task, change)
    task.version.move(serial, differing)
    planner.reassign(task, before)


def update_details(
    planner: Planner, task: Task, change: Change, author: Author, behaviour: Behaviour, seen: int | None = None
) -> None:
    """Change a task's details; the task's etag moves when the task shows the change (by setting: always)."""
    differing = _differing(task, change)
    if seen is not None:
        task.details_version.refuse_conflict(seen, differing)
    before = task.mirrored()
    serial = planner.next_serial()
    _apply(_Write(planner, author, behaviour, serial), task, change)
    task.details_version.move(serial, differing)
    shown = [name for name, value in task.mirrored().items() if value != before[name]]
    if shown or behaviour.planner_details_move_task:
        task.version.move(planner.next_serial(), shown)


def _apply(write: _Write, task: Task, change: Change) -> None:
    """Check first and store then, so that a refusal leaves everything as it was."""
    _check_place(write.planner, task, change.values)
    values = {**task.values, **{name: value for name, value in change.values.items() if name != "planId"}}
    start, due = values["startDateTime"], values["dueDateTime"]
    if isinstance(start, str) and isinstance(due, str) and start > due:
        raise refused("startDateTime", "is later than dueDateTime")
    for name in change.values.keys() & set(HINTS):
        values[name] = hints.placed(str(values[name]), write.serial)
    maps = {name: _merged(write, task, name, entries) for name, entries in change.maps.items()}
    refuse_full_maps(task, maps, write.behaviour)
    newcomers = maps.get("assignments", {}).keys() - task.maps["assignments"].keys()
    refuse_more_assigned(newcomers, write.planner.assigned, write.behaviour)
    if values["percentComplete"] != 100:
        values |= {"completedDateTime": None, "completedBy": None}
    elif values["completedDateTime"] is None:
        values |= {"completedDateTime": write.planner.stamp(), "completedBy": write.author.identity()}
    task.values = values
    task.maps.update(maps)


def _check_place(planner: Planner, task: Task, values: Properties) -> None:
    if values.get("planId", task.plan.id) != task.plan.id:
        raise refused("planId", "can't be changed: a task stays in its plan")
    if "bucketId" in values:
        bucket = planner.buckets.get(str(values["bucketId"]))
        if bucket is None:
            raise not_found()
        if bucket.plan is not task.plan:
            raise refused("bucketId", "names a bucket of another plan")


def _merged(write: _Write, task: Task, name: str, entries: Entries) -> dict[str, Properties]:
    """A map after the write: null removes, absent stays, the rest is added or changed."""
    merged = dict(task.maps[name])
    for key, entry in entries.items():
        if entry is None:
            merged.pop(key, None)
        else:
            merged[key] = {} if name == "appliedCategories" else _entry(write, name, entry, merged.get(key))
    return merged


def _entry(write: _Write, name: str, entry: Properties, before: Properties | None) -> Properties:
    hint = "previewPriority" if name == "references" else "orderHint"
    place = (
        str(before[hint]) if before and hint not in entry else hints.placed(str(entry.get(hint, " !")), write.serial)
    )
    stamp, identity = write.planner.stamp(), write.author.identity()
    if name == "assignments":
        made: Properties = {"@odata.type": TYPES[name], "assignedDateTime": stamp, "assignedBy": identity}
        return {**(before or made), hint: place}
    kept = before if before and write.behaviour.planner_checklist_merges else EMPTY_ENTRY[name]
    changed: Properties = {"lastModifiedDateTime": stamp, "lastModifiedBy": identity}
    return {"@odata.type": TYPES[name], **kept, **entry, hint: place, **changed}


def _of_users(planner: Planner, change: Change) -> Change:
    """The change with its assignees' ids as the organisation writes them; GraphError 400 for a stranger."""
    given = change.maps.get("assignments", {})
    if any(key.lower() not in planner.users for key in given):
        raise GraphError(400, "BadRequest", "An assignment names a user who does not exist.")
    known: Entries = {planner.users[key.lower()]: entry for key, entry in given.items()}
    return Change(change.values, {**change.maps, "assignments": known})


def _differing(task: Task, change: Change) -> list[str]:
    """Paths on which the write would alter something; a place in an order is no difference for a map's entry."""
    paths = [name for name, value in change.values.items() if name != "planId" and task.values.get(name) != value]
    for name, entries in change.maps.items():
        for key, entry in entries.items():
            held = task.maps[name].get(key)
            if entry is None or held is None:
                same = entry is held
            else:
                same = all(held.get(member) == value for member, value in entry.items() if member not in HINTS)
            if not same:
                paths.append(f"{name}/{key}")
    return paths
