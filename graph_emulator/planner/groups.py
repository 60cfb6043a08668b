"""Groups as far as Planner needs them: the directory's groups, their members and owners, and their plans."""

from collections.abc import Sequence

from graph_emulator.contacts import no_segment
from graph_emulator.delta import Service
from graph_emulator.messages import Answer, Call, Properties
from graph_emulator.people import Tenant
from graph_emulator.planner.resources import Group
from graph_emulator.planner.routes import READERS, serve_group_plans
from graph_emulator.planner.rows import group_row
from graph_emulator.planner.store import Planner
from graph_emulator.planner.visit import Visit, page, read

DIRECTORY = frozenset({"Group.Read.All", "Group.ReadWrite.All"})


def scope(path: Sequence[str]) -> frozenset[str]:
    """The scopes of which one is needed for `path`, which comes after `groups`."""
    return READERS if len(path) > 1 and path[1].lower() == "planner" else DIRECTORY


def serve(planner: Planner, tenant: Tenant, call: Call, path: Sequence[str], service: Service) -> Answer:
    """`/groups…`, to be read only; GraphError for a refusal."""
    visit = Visit(planner, call, ("groups",), service)
    if not path:
        return page(visit, [group for group in planner.groups.values() if group.kind == "group"], group_row)
    group = planner.group(path[0])
    member = path[1].lower() if len(path) > 1 else ""
    if member == "planner":
        return serve_group_plans(Visit(planner, call, path[2:], service), group)
    if len(path) > 2 or member not in ("", "members", "owners"):
        raise no_segment(path[-1])
    if not member:
        return read(visit, group_row(group))
    return page(visit, group.members if member == "members" else group.owners, lambda user_id: _person(tenant, user_id))


def serve_mine(planner: Planner, call: Call, path: Sequence[str], service: Service) -> Answer:
    """`/me/memberOf`: the caller's groups."""
    visit = Visit(planner, call, ("memberOf", *path), service)
    visit.end(1)
    found: list[Group] = [
        group for group in planner.groups.values() if group.kind == "group" and visit.user_id in group.members
    ]
    return page(visit, found, lambda group: {"@odata.type": "#microsoft.graph.group", **group_row(group)})


def _person(tenant: Tenant, user_id: str) -> Properties:
    user = tenant.users[user_id]
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": user.id,
        "displayName": user.name,
        "mail": user.mail,
        "userPrincipalName": user.upn,
    }
