"""One organisation's Planner: what there is, who may see it, and how groups, plans, buckets and tasks come and go."""

from collections.abc import Sequence

from graph_emulator.behaviour import Behaviour
from graph_emulator.clock import Clock
from graph_emulator.identifiers import digest, guid, url64
from graph_emulator.messages import GraphError, Properties
from graph_emulator.people import Tenant
from graph_emulator.planner import hints
from graph_emulator.planner.etags import Version
from graph_emulator.planner.fields import ID
from graph_emulator.planner.quotas import refuse_over
from graph_emulator.planner.resources import Author, Bucket, Group, Plan, Task

KINDS = ("group", "roster")


class Planner:
    """Groups and plans of one tenant. Whoever calls holds the world's lock."""

    def __init__(self, seed: str, clock: Clock, tenant: Tenant) -> None:
        self.clock = clock
        self.seed = f"{seed}/{tenant.id.lower()}"
        self.users = {user.id.lower(): user.id for user in tenant.users.values()}
        self.number = 0
        self.serial = 0
        self.groups: dict[str, Group] = {}
        self.plans: dict[str, Plan] = {}
        self.buckets: dict[str, Bucket] = {}
        self.tasks: dict[str, Task] = {}
        self.assigned: dict[str, dict[str, Task]] = {}
        self._prefix = url64(digest(15, self.seed, "planner"))

    # Looking things up

    def group(self, identifier: str) -> Group:
        """A Microsoft 365 group; GraphError 404, for a roster too."""
        found = self.groups.get(identifier.lower())
        if found is None or found.kind != "group":
            raise GraphError(404, "Request_ResourceNotFound", "The group does not exist.")
        return found

    def plan(self, identifier: str, user_id: str, behaviour: Behaviour) -> Plan:
        """A plan that the user may see; GraphError 400 for a mangled id, 404, 403, as set for a premium plan."""
        found = self.plans.get(_well_formed(identifier))
        if found is None:
            raise not_found()
        if found.premium:
            raise GraphError(behaviour.planner_premium_status, "NotFound", "The requested item is not found.")
        if user_id not in found.group.members:
            raise forbidden()
        return found

    def bucket(self, identifier: str, user_id: str, behaviour: Behaviour) -> Bucket:
        """A bucket of a plan that the user may see; errors as for plans."""
        found = self.buckets.get(_well_formed(identifier))
        if found is None:
            raise not_found()
        self.plan(found.plan.id, user_id, behaviour)
        return found

    def task(self, identifier: str, user_id: str, behaviour: Behaviour) -> Task:
        """A task of a plan that the user may see; errors as for plans."""
        found = self.tasks.get(_well_formed(identifier))
        if found is None:
            raise not_found()
        self.plan(found.plan.id, user_id, behaviour)
        return found

    def visible_plans(self, user_id: str) -> list[Plan]:
        """Basic plans of the user's groups and rosters."""
        return [plan for plan in self.plans.values() if not plan.premium and user_id in plan.group.members]

    def tasks_of(self, user_id: str) -> list[Task]:
        """Tasks assigned to the user in plans that the user may see."""
        found = self.assigned.get(user_id, {}).values()
        return [task for task in found if not task.plan.premium and user_id in task.plan.group.members]

    # Groups

    def create_group(
        self, name: str, kind: str, members: Sequence[str], owners: Sequence[str], identifier: str | None = None
    ) -> Group:
        """A new group or roster; without an id of its own it gets one."""
        self.number += 1
        made = (identifier or guid(self.seed, "group", self.number)).lower()
        group = Group(made, name, kind, list(members), list(owners))
        self.groups[made] = group
        return group

    def delete_group(self, group: Group) -> None:
        """Delete a group with its plans and their tasks."""
        for plan in list(group.plans.values()):
            self.delete_plan(plan)
        del self.groups[group.id]

    # Plans

    def create_plan(self, group: Group, title: str, author: Author, behaviour: Behaviour) -> Plan:
        """A new plan in a group; GraphError 403 when the group has too many."""
        refuse_over(behaviour.planner_plans_in_group, len(group.plans) + 1, "MaximumPlannerPlans")
        stamp, version = self.stamp(), Version("plan", [self.next_serial()])
        plan = Plan(self.next_id(), group, title, stamp, author.identity(), version)
        self.plans[plan.id] = group.plans[plan.id] = plan
        return plan

    def rename_plan(self, plan: Plan, title: str) -> None:
        """Another title for a plan."""
        changed = ["title"] if title != plan.title else []
        plan.title = title
        plan.version.move(self.next_serial(), changed)

    def delete_plan(self, plan: Plan) -> None:
        """Delete a plan with its buckets and tasks."""
        for task in list(plan.tasks.values()):
            self.delete_task(task)
        for bucket in plan.buckets.values():
            del self.buckets[bucket.id]
        del self.plans[plan.id], plan.group.plans[plan.id]

    # Buckets

    def create_bucket(self, plan: Plan, name: str, order_hint: str, behaviour: Behaviour) -> Bucket:
        """A new bucket at the place asked for; GraphError 403 when the plan has too many."""
        refuse_over(behaviour.planner_buckets_in_plan, len(plan.buckets) + 1, "MaximumBucketsInProject")
        serial = self.next_serial()
        bucket = Bucket(self.next_id(), plan, name, hints.placed(order_hint, serial), Version("bucket", [serial]))
        self.buckets[bucket.id] = plan.buckets[bucket.id] = bucket
        return bucket

    def update_bucket(self, bucket: Bucket, values: Properties, seen: int | None = None) -> None:
        """Another name or place; GraphError 409 when that clashes with a change after version `seen`."""
        serial = self.next_serial()
        same = values.get("name", bucket.name) == bucket.name
        changed = [name for name in values if name == "orderHint" or (name == "name" and not same)]
        if seen is not None:
            bucket.version.refuse_conflict(seen, changed)
        if "orderHint" in values:
            bucket.order_hint = hints.placed(str(values["orderHint"]), serial)
        bucket.name = str(values.get("name", bucket.name))
        bucket.version.move(serial, changed)

    def delete_bucket(self, bucket: Bucket) -> None:
        """Delete a bucket with its tasks."""
        for task in [task for task in bucket.plan.tasks.values() if task.bucket_id() == bucket.id]:
            self.delete_task(task)
        del self.buckets[bucket.id], bucket.plan.buckets[bucket.id]

    # Tasks

    def add_task(self, task: Task) -> None:
        """Put a task into its plan and on the lists of its assignees."""
        self.tasks[task.id] = task.plan.tasks[task.id] = task
        for user_id in task.maps["assignments"]:
            self.assigned.setdefault(user_id, {})[task.id] = task

    def reassign(self, task: Task, before: set[str]) -> None:
        """Bring the lists of assignees up to date with a task whose assignees were `before`."""
        for user_id in before - task.maps["assignments"].keys():
            del self.assigned[user_id][task.id]
        for user_id in sorted(task.maps["assignments"].keys() - before):
            self.assigned.setdefault(user_id, {})[task.id] = task

    def delete_task(self, task: Task) -> None:
        """Delete a task for good."""
        del self.tasks[task.id], task.plan.tasks[task.id]
        for user_id in task.maps["assignments"]:
            del self.assigned[user_id][task.id]

    # Ids, versions, time

    def next_id(self) -> str:
        """A fresh id of 28 characters; ids share a long beginning, and some differ only in the case of a letter."""
        self.number += 1
        return self._prefix + url64(self.number.to_bytes(6, "big"))

    def next_serial(self) -> int:
        """The number of a fresh version, larger than all before."""
        self.serial += 1
        return self.serial

    def stamp(self) -> str:
        """The time now as Planner writes it on what happens: seven decimal places of a second."""
        return f"{self.clock.mailbox_now():%Y-%m-%dT%H:%M:%S.%f}0Z"


def not_found() -> GraphError:
    """The refusal for what is gone or never was."""
    return GraphError(404, "NotFound", "The requested item is not found.")


def forbidden() -> GraphError:
    """The refusal for what the user may not see."""
    return GraphError(403, "Forbidden", "You do not have the required permissions to access this item.")


def _well_formed(identifier: str) -> str:
    if not ID.fullmatch(identifier):
        raise GraphError(400, "BadRequest", "The identifier is malformed.")
    return identifier
