"""Planner's quotas: a write that would go over is 403 with the code that names the quota, and never worth a retry."""

from collections.abc import Iterable, Mapping

from graph_emulator.behaviour import Behaviour
from graph_emulator.messages import GraphError, Properties
from graph_emulator.planner.resources import Plan, Task

PREFIX = "Maximum"  # begins the codes of all quotas


def refuse_over(limit: int, amount: int, code: str) -> None:
    """GraphError 403 when the amount is over the limit; 0 is no limit."""
    if 0 < limit < amount:
        raise GraphError(403, code, f"The limit of {limit} was reached.")


def refuse_full_plan(plan: Plan, all_tasks: Mapping[str, Task], user_id: str, behaviour: Behaviour) -> None:
    """GraphError 403 when one more task is too many for the plan or for the user who creates it."""
    refuse_over(behaviour.planner_tasks_in_plan, len(plan.tasks) + 1, "MaximumTasksInProject")
    limit = behaviour.planner_tasks_created_by_user
    if 0 < limit <= len(all_tasks):
        made = sum(_creator(task) == user_id for task in all_tasks.values())
        refuse_over(limit, made + 1, "MaximumTasksCreatedByUser")


def refuse_more_active(plan: Plan, behaviour: Behaviour) -> None:
    """GraphError 403 when one more task that is not completed is too many for the plan."""
    limit = behaviour.planner_active_tasks_in_plan
    if 0 < limit <= len(plan.tasks):
        refuse_over(limit, sum(task.active() for task in plan.tasks.values()) + 1, "MaximumActiveTasksInProject")


def refuse_full_maps(task: Task, maps: Mapping[str, Mapping[str, Properties]], behaviour: Behaviour) -> None:
    """GraphError 403 when assignments, checklist or references of a task would grow over their limit."""
    limits = {
        "assignments": (behaviour.planner_assignees_on_task, "MaximumAssigneesInTasks"),
        "checklist": (behaviour.planner_checklist_items_on_task, "MaximumChecklistItemsOnTask"),
        "references": (behaviour.planner_references_on_task, "MaximumReferencesOnTask"),
    }
    for name, (limit, code) in limits.items():
        if len(maps.get(name, {})) > len(task.maps[name]):
            refuse_over(limit, len(maps[name]), code)


def refuse_more_assigned(
    newcomers: Iterable[str], assigned: Mapping[str, Mapping[str, Task]], behaviour: Behaviour
) -> None:
    """GraphError 403 when one of the new assignees has too many tasks already."""
    for user_id in newcomers:
        amount = len(assigned.get(user_id, {})) + 1
        refuse_over(behaviour.planner_tasks_assigned_to_user, amount, "MaximumTasksAssignedToUser")


def _creator(task: Task) -> object:
    created_by = task.values["createdBy"]
    assert isinstance(created_by, dict)
    return created_by["user"]["id"]
