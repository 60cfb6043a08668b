"""A typed client of Planner's control route: what people do in Planner, and its whole state."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from graph_emulator.messages import Properties

Call: TypeAlias = Callable[..., Properties]


class PlannerControl:
    """People in one organisation's Planner (the first one's if no tenant id is given).

    People are named by principal name or object id; `by` is who does it, the group's first member if None. Groups,
    plans, buckets and tasks are named by id.
    """

    def __init__(self, call: Call, tenant_id: str | None = None) -> None:
        self._call = call
        self._tenant_id = tenant_id

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """`groups` (with members, owners), `plans` (with premium), `buckets`, `tasks` (with `details`)."""
        return cast(dict[str, list[dict[str, Any]]], self._edit("state"))

    def task(self, task_id: str) -> dict[str, Any]:
        """A task with its details; ControlError when it is gone."""
        return self._edit("read_task", task=task_id)

    # Groups

    def create_group(
        self, name: str, members: Sequence[str], owners: Sequence[str] = (), kind: str = "group"
    ) -> dict[str, Any]:
        """A group or, by `kind`, a roster. Owners are members only if named there too."""
        return self._edit("create_group", displayName=name, members=list(members), owners=list(owners), kind=kind)

    def delete_group(self, group_id: str) -> None:
        """Delete a group with its plans."""
        self._edit("delete_group", group=group_id)

    def add_member(self, group_id: str, mailbox: str) -> None:
        """Let a user into a group; the user comes last among its members."""
        self._edit("add_member", group=group_id, mailbox=mailbox)

    def remove_member(self, group_id: str, mailbox: str) -> None:
        """Take a user out of a group; tasks stay assigned."""
        self._edit("remove_member", group=group_id, mailbox=mailbox)

    # Plans and buckets

    def create_plan(self, group_id: str, title: str, by: str | None = None, premium: bool = False) -> dict[str, Any]:
        """A person makes a plan; a premium one is not there for applications."""
        return self._edit("create_plan", group=group_id, title=title, by=by, premium=premium)

    def rename_plan(self, plan_id: str, title: str) -> dict[str, Any]:
        """A person renames a plan."""
        return self._edit("update_plan", plan=plan_id, title=title)

    def set_premium(self, plan_id: str, premium: bool) -> dict[str, Any]:
        """Turn a plan into a premium one, or back."""
        return self._edit("update_plan", plan=plan_id, premium=premium)

    def delete_plan(self, plan_id: str) -> None:
        """A person deletes a plan with its tasks."""
        self._edit("delete_plan", plan=plan_id)

    def create_bucket(self, plan_id: str, name: str) -> dict[str, Any]:
        """A person adds a bucket."""
        return self._edit("create_bucket", plan=plan_id, name=name)

    def rename_bucket(self, bucket_id: str, name: str) -> dict[str, Any]:
        """A person renames a bucket."""
        return self._edit("rename_bucket", bucket=bucket_id, name=name)

    def delete_bucket(self, bucket_id: str) -> None:
        """A person deletes a bucket with its tasks."""
        self._edit("delete_bucket", bucket=bucket_id)

    # Tasks

    def create_tasks(self, plan_id: str, rows: Sequence[Mapping[str, object]], by: str | None = None) -> list[str]:
        """Many tasks at once from Graph's properties (with `details` if wanted); their ids in order.

        Assignments may be keyed by principal name, and `{}` is enough for one.
        """
        made = self._edit("create_tasks", plan=plan_id, tasks=[dict(row) for row in rows], by=by)
        return cast(list[str], made["ids"])

    def create_task(self, plan_id: str, title: str, by: str | None = None, **properties: object) -> dict[str, Any]:
        """A person adds a task."""
        (task_id,) = self.create_tasks(plan_id, [{"title": title, **properties}], by)
        return self.task(task_id)

    def update_task(self, task_id: str, by: str | None = None, **properties: object) -> dict[str, Any]:
        """A person changes a task: `title`, `percentComplete`, `bucketId`, …, `assignments`, `details`."""
        return self._edit("update_task", task=task_id, properties=properties, by=by)

    def describe(self, task_id: str, description: str, by: str | None = None) -> dict[str, Any]:
        """A person writes a task's description."""
        return self.update_task(task_id, by, details={"description": description})

    def assign(self, task_id: str, mailbox: str, by: str | None = None) -> dict[str, Any]:
        """A person assigns somebody."""
        return self.update_task(task_id, by, assignments={mailbox: {}})

    def unassign(self, task_id: str, mailbox: str, by: str | None = None) -> dict[str, Any]:
        """A person takes somebody off a task."""
        return self.update_task(task_id, by, assignments={mailbox: None})

    def touch_task(self, task_id: str) -> dict[str, Any]:
        """Move a task's etag without changing content."""
        return self._edit("touch_task", task=task_id)

    def delete_task(self, task_id: str) -> None:
        """A person deletes a task."""
        self._edit("delete_task", task=task_id)

    def _edit(self, action: str, **body: object) -> dict[str, Any]:
        return self._call("planner", action=action, tenant=self._tenant_id, **body)
