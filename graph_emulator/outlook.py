"""What a person does in Outlook, as opposed to what an application does through Graph."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from graph_emulator.contacts import contact_row
from graph_emulator.firm import as_entered
from graph_emulator.mailbox import Folder, Item, Mailbox
from graph_emulator.messages import GraphError, Properties
from graph_emulator.properties import extended_changes, normalise


class EditError(Exception):
    """An edit that can't be made; the text says why."""


def edit(mailbox: Mailbox, body: Properties) -> Properties:
    """Make the edit `action` with its members; returns the contact or folder that results (empty when it is gone)."""
    action = EDITS.get(str(body.get("action")))
    if action is None:
        raise EditError(f"There is no edit {body.get('action')!r}. Known: {', '.join(EDITS)}.")
    try:
        return action(mailbox, body)
    except GraphError as error:
        raise EditError(error.message) from None


def contact_json(mailbox: Mailbox, item: Item) -> Properties:
    """A contact with everything the emulator knows about it."""
    row = contact_row(mailbox, item, immutable=True)
    marks = [{"id": name, "value": value} for name, value in item.extended.items()]
    return {
        **row,
        "classicId": mailbox.identifiers.classic(item.number, item.moves),
        "folder": item.folder.path(),
        "singleValueExtendedProperties": marks,
    }


def folder_json(folder: Folder) -> Properties:
    """A folder with its path and the number of contacts in it."""
    return {
        "id": folder.id,
        "displayName": folder.name,
        "path": folder.path(),
        "contacts": len(folder.members),
        "deleted": folder.deleted,
    }


def _item(mailbox: Mailbox, body: Properties, deleted: bool = False) -> Item:
    return mailbox.item(str(body.get("id")), deleted)


def _folder(mailbox: Mailbox, body: Properties, name: str = "folder") -> Folder:
    path = str(body.get(name) or "Contacts")
    found = mailbox.folder_at(path) or mailbox.folders.get(path)
    if found is None or found.deleted:
        raise EditError(f"There is no folder {path!r}.")
    return found


def _values(body: Properties) -> tuple[Properties, dict[str, str | None]]:
    given = body.get("properties") or {}
    if not isinstance(given, dict):
        raise EditError("properties have to be an object.")
    return {**normalise(given), **as_entered(given)}, extended_changes(given)


def _create(mailbox: Mailbox, body: Properties) -> Properties:
    return contact_json(mailbox, mailbox.create(_folder(mailbox, body), *_values(body)))


def _update(mailbox: Mailbox, body: Properties) -> Properties:
    item = _item(mailbox, body)
    mailbox.update(item, *_values(body))
    return contact_json(mailbox, item)


def _delete(mailbox: Mailbox, body: Properties) -> Properties:
    mailbox.delete(_item(mailbox, body))
    return {}


def _purge(mailbox: Mailbox, body: Properties) -> Properties:
    mailbox.delete(_item(mailbox, body, deleted=True), permanent=True)
    return {}


def _restore(mailbox: Mailbox, body: Properties) -> Properties:
    item = _item(mailbox, body, deleted=True)
    if item.number not in mailbox.deleted:
        raise EditError("That contact is not in Deleted Items.")
    mailbox.restore(item)
    return contact_json(mailbox, item)


def _move(mailbox: Mailbox, body: Properties) -> Properties:
    item = _item(mailbox, body)
    mailbox.move(item, _folder(mailbox, body))
    return contact_json(mailbox, item)


def _copy(mailbox: Mailbox, body: Properties) -> Properties:
    item = _item(mailbox, body)
    folder = _folder(mailbox, body) if body.get("folder") else item.folder
    return contact_json(mailbox, mailbox.copy(item, folder))


def _touch(mailbox: Mailbox, body: Properties) -> Properties:
    item = _item(mailbox, body)
    mailbox.touch(item)
    return contact_json(mailbox, item)


def _touch_all(mailbox: Mailbox, body: Properties) -> Properties:
    for item in mailbox.items.values():
        mailbox.touch(item)
    return {"touched": len(mailbox.items)}


def _late(mailbox: Mailbox, body: Properties) -> Properties:
    item, reads = _item(mailbox, body), body.get("reads", 1)
    if not isinstance(reads, int) or reads < 1:
        raise EditError("reads has to be a number from 1 on.")
    item.late_reads, item.late_properties = reads, _values(body)[0]
    return contact_json(mailbox, item)


def _create_folder(mailbox: Mailbox, body: Properties) -> Properties:
    return folder_json(mailbox.create_folder(str(body.get("displayName") or ""), _folder(mailbox, body, "parent")))


def _rename_folder(mailbox: Mailbox, body: Properties) -> Properties:
    folder = _folder(mailbox, body)
    mailbox.rename_folder(folder, str(body.get("displayName") or ""))
    return folder_json(folder)


def _delete_folder(mailbox: Mailbox, body: Properties) -> Properties:
    mailbox.delete_folder(_folder(mailbox, body))
    return {}


def _empty_deleted(mailbox: Mailbox, body: Properties) -> Properties:
    mailbox.deleted.clear()
    mailbox.folders = {folder.id: folder for folder in mailbox.live_folders()}
    return {}


Edit: TypeAlias = Callable[[Mailbox, Properties], Properties]
EDITS: Mapping[str, Edit] = {
    "create": _create,
    "update": _update,
    "delete": _delete,
    "purge": _purge,
    "restore": _restore,
    "move": _move,
    "copy": _copy,
    "touch": _touch,
    "touch_all": _touch_all,
    "late": _late,
    "create_folder": _create_folder,
    "rename_folder": _rename_folder,
    "delete_folder": _delete_folder,
    "empty_deleted_items": _empty_deleted,
}
