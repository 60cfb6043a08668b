"""Planner's lists in the CRM's Task List picklist: each user finds those that this user sees in Planner."""

from __future__ import annotations

from engine.errors import SideError
from graph_client.planner.catalogue import Catalogue
from state.accounts import accounts
from state.spaces import SpaceRecord
from tandem.installation import Installation


def publish_known(installation: Installation, record: SpaceRecord) -> None:
    """Publish the lists as the latest view of the shared space knows them."""
    known = installation.m365.catalogue(record.space)
    if known is not None and installation.published != known:
        _publish(installation, known)
        installation.published = known


def publish_fresh(installation: Installation) -> None:
    """Ask Planner for its lists now and publish them; nothing where no rules speak of Planner or nobody is connected.
    Raises SideError when Planner can't be read."""
    program = next((one for one in installation.programs() if one.m365.shared), None)
    record = next((one for one in installation.spaces() if one.shared and one.space.members), None)
    if program is None or record is None:
        return
    reader = installation.m365.reader(record.space)
    reader.collections(program.m365.kind)
    publish_known(installation, record)


def try_publish(installation: Installation) -> str:
    """As :func:`publish_fresh`, where it is a courtesy: why it could not be done, else ''."""
    try:
        publish_fresh(installation)
    except SideError as problem:
        return f"Planner's lists could not be read now: {problem}"
    return ""


def _publish(installation: Installation, catalogue: Catalogue) -> None:
    users = {
        one.id: one.user for one in accounts(installation.engine, installation.org) if one.status != "disconnected"
    }
    seen = {user: [(list_.id or "", list_.name) for list_ in catalogue.lists_of(id)] for id, user in users.items()}
    installation.store.publish_task_lists(seen)
