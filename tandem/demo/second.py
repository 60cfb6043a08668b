"""The second act: people edit on both sides, and the next plan tells what that leads to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NotRequired, TypedDict

from msgspec import structs

from crm.fields import CONTACT_KIND
from crm.kinds import CONTACTS
from engine.records import Side
from tandem import shown
from tandem.crmedits import draft, find_record
from tandem.demo.first import write_files
from tandem.demo.microsoft import FIRM, Microsoft
from tandem.demo.scene import Scene
from tandem.demo.stage import Stage
from tandem.installation import Installation
from tandem.planview import ActionView, FieldView, PlanView
from tandem.render import as_text, tally

FIELDS: Final = 3
"""How many fields of a whole record are shown."""


class Edit(TypedDict):
    """One edit of ``edits.json``: ``find`` with ``change`` or ``delete``, or ``create``."""

    say: str
    side: str
    mailbox: NotRequired[str]
    find: NotRequired[dict[str, str]]
    change: NotRequired[dict[str, Any]]
    delete: NotRequired[bool]
    create: NotRequired[dict[str, Any]]


def edits() -> list[Edit]:
    found: list[Edit] = json.loads((FIRM / "edits.json").read_text("utf-8"))
    return found


def play_edits(scene: Scene, microsoft: Microsoft) -> None:
    """Everybody's edits, told as they are made."""
    for edit in edits():
        if edit["side"] == "crm":
            _edit_crm(scene.installation, edit)
        else:
            _edit_outlook(microsoft, edit)
        scene.stage.lines([f"{'CRM' if edit['side'] == 'crm' else 'Outlook':<8}  {edit['say']}"])


def _edit_crm(installation: Installation, edit: Edit) -> None:
    store = installation.store
    values = draft(store, CONTACTS, _pairs(edit.get("create") or edit.get("change") or {}))
    crm_id = find_record(store, CONTACTS, edit["find"]["email"]).id if "find" in edit else None
    with store.edit() as editing:
        if edit.get("delete") and crm_id is not None:
            editing.delete(CONTACT_KIND, crm_id)
        else:
            editing.put_drafts(CONTACT_KIND, [crm_id], [values])


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _edit_outlook(microsoft: Microsoft, edit: Edit) -> None:
    control, mailbox = microsoft.control, edit["mailbox"]
    if "create" in edit:
        properties = dict(edit["create"])
        control.create_contact(mailbox, properties, str(properties.pop("folder")))
        return
    contact = str(card(microsoft, mailbox, edit["find"]["emailAddress"])["id"])
    if edit.get("delete"):
        control.delete_contact(mailbox, contact)
    else:
        control.update_contact(mailbox, contact, edit.get("change", {}))


def card(microsoft: Microsoft, mailbox: str, address: str) -> dict[str, Any]:
    """The contact of a mailbox that has this e-mail address first; ``{}`` when there is none."""
    for contact in microsoft.control.contacts(mailbox):
        addresses = [one.get("address", "") for one in contact.get("emailAddresses") or []]
        if addresses and addresses[0].casefold() == address.casefold():
            return contact
    return {}


def show_second_plan(scene: Scene) -> list[PlanView]:
    """All of it, the summary of each mailbox first."""
    views = scene.plans()
    for view in views:
        show_plan(scene.stage, view)
    write_files(scene, views, "second-plan")
    return views


def show_plan(stage: Stage, view: PlanView) -> None:
    """A plan as ``tandem plan`` prints it, but the summary first and whole records on one line."""
    *lines, summary = as_text(replace(view, actions=tuple(map(_shortened, view.actions))), stage.paint)
    stage.lines([summary], indent=0)
    stage.lines(line for line in lines if line)


def _shortened(action: ActionView) -> ActionView:
    """Of a record that is entered, a few fields on one line; of one that is removed, its name."""
    if action.sign == "-":
        return replace(action, fields=())
    rest = len(action.fields) - FIELDS
    if action.sign == "~" or rest < 1:
        return action
    first = action.fields[:FIELDS]
    told = ", ".join([*(field.after for field in first), f"and {shown.count(rest, 'more field')}"])
    one = FieldView(f"{first[0].path} …", "", told, "", first[0].place, False, (None, None))
    return replace(action, fields=(one,))


def carry_out(scene: Scene) -> None:
    """Apply; what was written, all mailboxes together."""
    rounds = scene.rounds()
    reports = [one.report for wrote in rounds for one in wrote if one.report]
    counts = sum((Counter(report.counts) for report in reports), Counter[tuple[str, Side, str]]())
    if reports:
        scene.stage.lines(
            [f"{tally(structs.replace(reports[0], counts=counts))}; round {len(rounds) + 1} finds nothing more"]
        )
