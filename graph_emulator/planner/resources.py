"""What Planner holds: groups with members, plans in groups, buckets and tasks in plans."""

from dataclasses import dataclass, field

from graph_emulator.messages import Properties
from graph_emulator.planner.etags import Version

TASK_MAPS = ("assignments", "appliedCategories")
DETAILS_MAPS = ("checklist", "references")


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: a user and the application it is done with."""

    user_id: str
    application_id: str

    def identity(self) -> Properties:
        """As Graph writes it on what was made."""
        return {
            "user": {"displayName": None, "id": self.user_id},
            "application": {"displayName": None, "id": self.application_id},
        }


@dataclass(eq=False, slots=True)
class Group:
    """A Microsoft 365 group, or a roster (`kind`). Members and owners are user ids; owners need not be members."""

    id: str
    name: str
    kind: str
    members: list[str]
    owners: list[str]
    plans: "dict[str, Plan]" = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Plan:
    """A plan; a premium one exists for people and not for Graph."""

    id: str
    group: Group
    title: str
    created: str
    created_by: Properties
    version: Version
    premium: bool = False
    buckets: "dict[str, Bucket]" = field(default_factory=dict)
    tasks: "dict[str, Task]" = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Bucket:
    """A column of a plan."""

    id: str
    plan: Plan
    name: str
    order_hint: str
    version: Version


@dataclass(eq=False, slots=True)
class Task:
    """A task and its details: `values` by Graph's names, open-type maps by name and key, a version for each of both."""

    id: str
    plan: Plan
    values: Properties
    maps: dict[str, dict[str, Properties]]
    version: Version
    details_version: Version

    def bucket_id(self) -> object:
        """The bucket's id, None for none."""
        return self.values["bucketId"]

    def active(self) -> bool:
        """Whether the task is not completed."""
        return self.values["percentComplete"] != 100

    def mirrored(self) -> Properties:
        """What the task shows of its details."""
        checklist = self.maps["checklist"]
        return {
            "hasDescription": bool(self.values["description"]),
            "previewType": self.values["previewType"],
            "checklistItemCount": len(checklist),
            "activeChecklistItemCount": sum(not item["isChecked"] for item in checklist.values()),
            "referenceCount": len(self.maps["references"]),
        }


def empty_values() -> Properties:
    """The values of a task on which nothing was set."""
    values: Properties = dict.fromkeys(
        ("bucketId", "startDateTime", "dueDateTime", "completedDateTime", "completedBy", "conversationThreadId")
    )
    return values | {
        "percentComplete": 0,
        "priority": 5,
        "orderHint": "",
        "assigneePriority": "",
        "description": "",
        "previewType": "automatic",
    }
