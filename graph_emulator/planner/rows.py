"""Groups, plans, buckets, tasks and details as JSON."""

from graph_emulator.messages import Properties
from graph_emulator.planner.resources import Bucket, Group, Plan, Task


def group_row(group: Group) -> Properties:
    """A group as the directory shows it."""
    return {
        "id": group.id,
        "displayName": group.name,
        "groupTypes": ["Unified"],
        "mailEnabled": True,
        "securityEnabled": False,
    }


def plan_row(plan: Plan, base_url: str, rosters_known: bool) -> Properties:
    """A plan; a roster as container is named only to callers who say that they know of rosters."""
    kind = plan.group.kind
    place = "groups" if kind == "group" else "planner/rosters"
    container = {
        "containerId": plan.group.id,
        "type": kind if kind == "group" or rosters_known else "unknownFutureValue",
        "url": f"{base_url}/v1.0/{place}/{plan.group.id}",
    }
    return {
        "@odata.etag": plan.version.etag(),
        "createdDateTime": plan.created,
        "owner": plan.group.id,
        "title": plan.title,
        "id": plan.id,
        "createdBy": plan.created_by,
        "container": container,
    }


def bucket_row(bucket: Bucket) -> Properties:
    """A bucket."""
    return {
        "@odata.etag": bucket.version.etag(),
        "name": bucket.name,
        "planId": bucket.plan.id,
        "orderHint": bucket.order_hint,
        "id": bucket.id,
    }


def task_row(task: Task) -> Properties:
    """A task; there is no time of its last change, and of its details only what it mirrors."""
    values = task.values
    return {
        "@odata.etag": task.version.etag(),
        "planId": task.plan.id,
        "bucketId": values["bucketId"],
        "title": values["title"],
        "orderHint": values["orderHint"],
        "assigneePriority": values["assigneePriority"],
        "percentComplete": values["percentComplete"],
        "startDateTime": values["startDateTime"],
        "createdDateTime": values["createdDateTime"],
        "dueDateTime": values["dueDateTime"],
        **task.mirrored(),
        "completedDateTime": values["completedDateTime"],
        "completedBy": values["completedBy"],
        "conversationThreadId": values["conversationThreadId"],
        "priority": values["priority"],
        "id": task.id,
        "createdBy": values["createdBy"],
        "appliedCategories": dict.fromkeys(task.maps["appliedCategories"], True),
        "assignments": task.maps["assignments"],
    }


def details_row(task: Task) -> Properties:
    """A task's details."""
    return {
        "@odata.etag": task.details_version.etag(),
        "description": task.values["description"],
        "previewType": task.values["previewType"],
        "id": task.id,
        "references": task.maps["references"],
        "checklist": task.maps["checklist"],
    }
