"""The Task List picklist: the CRM's own values, and the lists of Planner with the users who see each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from crm.access import ORG, READERS, Viewer
from crm.among import among
from crm.kinds import ACTIVITIES, TASK_LISTS
from crm.references import insert_named
from crm.tables import task_list, task_list_viewer, user
from crm.transactions import PENDING, Transaction
from crm.writing import bump_where
from engine.context import fold
from engine.records import Reference

Lists = Mapping[str, Collection[tuple[str, str]]]
"""By CRM user id: the lists of Planner that this user sees, each with its bucket's id and its name."""

_FLAG: Final = TASK_LISTS.flags


def picklist(connection: Connection, viewer: Viewer) -> list[Reference]:
    """What this viewer may choose from: the CRM's own values by name, then Planner's lists by name."""
    seen = select(task_list_viewer.c.list_id).where(
        task_list_viewer.c.org_id == ORG, among(task_list_viewer.c.user_id, READERS)
    )
    in_planner = task_list.c.in_planner.is_(True)
    theirs = in_planner if viewer.users is None else in_planner & task_list.c.crm_id.in_(seen)
    wanted = select(task_list.c.crm_id, task_list.c.name, task_list.c.in_planner).where(
        task_list.c.org_id == ORG, or_(task_list.c.own.is_(True), theirs)
    )
    rows = connection.execute(wanted, viewer.parameters).all()
    ordered = sorted(rows, key=lambda row: (row.in_planner, fold(row.name), row.crm_id))
    return [Reference(row.crm_id, row.name, _FLAG if row.in_planner else ()) for row in ordered]


def all_lists(connection: Connection, org: str) -> list[tuple[Reference, bool]]:
    """Every list, also those that left Planner, and whether it is one of the CRM's own."""
    columns = (task_list.c.crm_id, task_list.c.name, task_list.c.in_planner, task_list.c.own)
    rows = connection.execute(select(*columns).where(task_list.c.org_id == org)).all()
    ordered = sorted(rows, key=lambda row: (not row.own, len(row.crm_id), row.crm_id))
    return [(Reference(row.crm_id, row.name, _FLAG if row.in_planner else ()), row.own) for row in ordered]


def publish(transaction: Transaction, lists: Lists) -> bool:
    """Make these Planner's lists and their viewers; True if that changed anything.

    A list that is no longer there keeps its row for the activities that show it, and leaves the picklist. The
    activities of a list that comes or goes count as changed, because whether it is Planner's decides about them; a
    new name alone is for people to read and moves nothing. Users that the CRM does not have are passed over.
    """
    named = {crm_id: " ".join(name.split()) for some in lists.values() for crm_id, name in some}
    rows = transaction.connection.execute(
        select(task_list.c.crm_id, task_list.c.name, task_list.c.in_planner).where(
            task_list.c.org_id == transaction.org, task_list.c.own.is_(False)
        )
    ).all()
    held = {row.crm_id: (row.name, row.in_planner) for row in rows}
    new = [(crm_id, name) for crm_id, name in named.items() if crm_id not in held]
    insert_named(transaction, TASK_LISTS, new, own=False, in_planner=True)
    wanted = {crm_id: (named.get(crm_id, name), crm_id in named) for crm_id, (name, _) in held.items()}
    changed = [crm_id for crm_id in held if wanted[crm_id] != held[crm_id]]
    for crm_id in changed:
        _change(transaction, crm_id, *wanted[crm_id])
    turned = [crm_id for crm_id in changed if wanted[crm_id][1] != held[crm_id][1]]
    if turned:
        bump_where(transaction, ACTIVITIES, ACTIVITIES.table.c.list_id.in_(turned))
    seen = _show(transaction, {(crm_id, one) for one, some in lists.items() for crm_id, _ in some})
    return bool(new or changed or seen)


def _change(transaction: Transaction, crm_id: str, name: str, in_planner: bool) -> None:
    this = (task_list.c.org_id == transaction.org, task_list.c.crm_id == crm_id)
    values = {"name": name, "name_key": fold(name), "in_planner": in_planner, "rev": PENDING}
    transaction.connection.execute(update(task_list).where(*this).values(version=task_list.c.version + 1, **values))
    transaction.touch(task_list)


def _show(transaction: Transaction, wanted: set[tuple[str, str]]) -> bool:
    """Make these (list, user) the viewers; whether any of them is new or gone."""
    table, execute = task_list_viewer, transaction.connection.execute
    known = set(execute(select(user.c.crm_id).where(user.c.org_id == transaction.org)).scalars())
    rows = execute(select(table.c.list_id, table.c.user_id).where(table.c.org_id == transaction.org)).all()
    held, wanted = {(row.list_id, row.user_id) for row in rows}, {one for one in wanted if one[1] in known}
    gone = [{"org": transaction.org, "of_list": crm_id, "of_user": one} for crm_id, one in sorted(held - wanted)]
    if gone:
        this = (table.c.list_id == bindparam("of_list"), table.c.user_id == bindparam("of_user"))
        execute(delete(table).where(table.c.org_id == ORG, *this), gone)
    new = [(transaction.org, crm_id, one) for crm_id, one in sorted(wanted - held)]
    transaction.insert(table, ("org_id", "list_id", "user_id"), new)
    if gone or new:
        transaction.touch(table)
    return bool(gone or new)


def unpublish(transaction: Transaction, crm_id: str) -> None:
    """Nobody sees this list any more."""
    these = (task_list_viewer.c.org_id == transaction.org, task_list_viewer.c.list_id == crm_id)
    transaction.connection.execute(delete(task_list_viewer).where(*these))
    transaction.touch(task_list_viewer)
