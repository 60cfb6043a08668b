"""What people enter in Planner, and what files and seeds carry: Graph's shapes, with the annotations filled in."""

from collections.abc import Mapping
from dataclasses import dataclass

from graph_emulator.behaviour import Behaviour
from graph_emulator.identifiers import guid
from graph_emulator.messages import GraphError, Properties
from graph_emulator.people import Tenant
from graph_emulator.planner.fields import Change, details_change, task_change
from graph_emulator.planner.maps import TYPES
from graph_emulator.planner.resources import Author, Group, Plan, Task
from graph_emulator.planner.store import Planner
from graph_emulator.planner.writing import create_task, update_details, update_task


@dataclass(frozen=True, slots=True)
class Desk:
    """Where people work: their organisation's Planner, the people, and the settings in force."""

    planner: Planner
    tenant: Tenant
    behaviour: Behaviour

    def user_id(self, name: object) -> str:
        """A user by principal name or object id; GraphError 400."""
        for user in self.tenant.users.values():
            if str(name).lower() in (user.id.lower(), user.upn.lower()):
                return user.id
        raise GraphError(400, "BadRequest", f"There is no user {name!r}.")

    def user_ids(self, names: object) -> list[str]:
        """Users by name, each once; GraphError 400."""
        if not isinstance(names, list | tuple):
            raise GraphError(400, "BadRequest", "Members and owners have to be lists of principal names or ids.")
        return list(dict.fromkeys(self.user_id(name) for name in names))

    def author(self, group: Group, name: object = None) -> Author:
        """The member who does it, the first one if none is named; GraphError 400."""
        if not group.members:
            raise GraphError(400, "BadRequest", f"The group {group.name} has no member who could do that.")
        user_id = group.members[0] if name is None else self.user_id(name)
        if user_id not in group.members:
            raise GraphError(400, "BadRequest", f"{name} is not a member of the group {group.name}.")
        return Author(user_id, guid(self.planner.seed, "Planner for people"))

    def enter(self, plan: Plan, row: Properties, author: Author) -> Task:
        """A new task from properties of a task with, under `details`, those of its details; GraphError."""
        change, details = self._read(row)
        task = create_task(self.planner, plan, change, author, self.behaviour)
        if details.values or details.maps:
            update_details(self.planner, task, details, author, self.behaviour)
        return task

    def edit(self, task: Task, row: Properties, author: Author) -> None:
        """Change a task, its details, or both; GraphError."""
        change, details = self._read(row)
        if change.values or change.maps:
            update_task(self.planner, task, change, author, self.behaviour)
        if details.values or details.maps:
            update_details(self.planner, task, details, author, self.behaviour)

    def _read(self, row: Properties) -> tuple[Change, Change]:
        body = {name: value for name, value in row.items() if name != "details"}
        if isinstance(given := body.get("assignments"), dict):
            named = {self.user_id(key): entry for key, entry in given.items()}
            body["assignments"] = _typed("assignments", named, {"orderHint": " !"})
        details = row.get("details", {})
        if not isinstance(details, dict):
            raise GraphError(400, "BadRequest", "The details of a task have to be an object.")
        maps = {name: _typed(name, details[name], {}) for name in ("checklist", "references") if name in details}
        return task_change(body), details_change({**details, **maps})


def _typed(name: str, entries: object, more: Mapping[str, object]) -> object:
    """Entries as Graph wants them written, where people leave the annotations out; `{}` adds, None removes."""
    if not isinstance(entries, dict):
        return entries
    annotated = {"@odata.type": TYPES[name], **more}
    return {key: {**annotated, **entry} if isinstance(entry, dict) else entry for key, entry in entries.items()}
