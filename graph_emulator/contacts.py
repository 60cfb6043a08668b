"""Contact folders and contacts of one mailbox, as Graph serves them."""

from collections.abc import Iterable, Sequence
from itertools import islice

from graph_emulator import delta, query
from graph_emulator.changelog import Entry
from graph_emulator.mailbox import Folder, Item, Mailbox, not_found
from graph_emulator.messages import Answer, Call, GraphError, Properties
from graph_emulator.properties import EXTENDED, SLOTS, extended_changes, normalise

THIN = 255  # extended values longer than this come shortened in listings


def scope(call: Call) -> frozenset[str]:
    """The scopes of which one is needed."""
    return frozenset({"Contacts.ReadWrite"} | ({"Contacts.Read"} if call.method == "GET" else set()))


def serve_contacts(mailbox: Mailbox, call: Call, rest: Sequence[str], service: delta.Service) -> Answer:
    """`/me/contacts…`: the default folder, or any item by id."""
    return _contacts(mailbox, None, call, rest, service)


def serve_folders(mailbox: Mailbox, call: Call, rest: Sequence[str], service: delta.Service) -> Answer:
    """`/me/contactFolders…`."""
    return _folders(mailbox, mailbox.default, call, rest, service)


def _folders(mailbox: Mailbox, parent: Folder, call: Call, rest: Sequence[str], service: delta.Service) -> Answer:
    if not rest and call.method == "GET":
        return _list_folders(mailbox, parent, call, service)
    if not rest and call.method == "POST":
        name = call.json().get("displayName")
        folder = mailbox.create_folder(name if isinstance(name, str) else "", parent)
        return Answer(201, _folder_row(mailbox, folder))
    if rest and rest[0].lower() in ("delta", "delta()") and len(rest) == 1 and call.method == "GET":
        whole = parent is mailbox.default
        return _folder_delta(mailbox, None if whole else parent, call, service)
    if not rest:
        raise no_method(call)
    return _one_folder(mailbox, call, rest, service)


def _one_folder(mailbox: Mailbox, call: Call, rest: Sequence[str], service: delta.Service) -> Answer:
    member = rest[1].lower() if len(rest) > 1 else ""
    if member == "contacts" and len(rest) == 3 and rest[2].lower() in ("delta", "delta()"):
        return _contact_delta(mailbox, _synced_folder(mailbox, rest[0]), call, service)
    folder = mailbox.folder(rest[0])
    if member == "contacts":
        return _contacts(mailbox, folder, call, rest[2:], service)
    if member == "childfolders":
        return _folders(mailbox, folder, call, rest[2:], service)
    if member == "permanentdelete" and call.method == "POST" and len(rest) == 2:
        mailbox.delete_folder(folder, permanent=True)
        return Answer(204)
    if member:
        raise no_segment(rest[1])
    if call.method == "PATCH":
        name = call.json().get("displayName")
        if isinstance(name, str):
            mailbox.rename_folder(folder, name)
    elif call.method == "DELETE":
        mailbox.delete_folder(folder)
        return Answer(204)
    elif call.method != "GET":
        raise no_method(call)
    return Answer(200, _folder_row(mailbox, folder))


def _contacts(
    mailbox: Mailbox, folder: Folder | None, call: Call, rest: Sequence[str], service: delta.Service
) -> Answer:
    home = folder or mailbox.default
    if not rest:
        if call.method == "GET":
            return _list(mailbox, home, call, service)
        if call.method == "POST":
            body = call.json()
            item = mailbox.create(home, normalise(body), extended_changes(body))
            return Answer(
                201, contact_row(mailbox, item, call.immutable()), {"Location": _address(item, call, service)}
            )
        raise no_method(call)
    if rest[0].lower() in ("delta", "delta()") and len(rest) == 1 and call.method == "GET":
        return _contact_delta(mailbox, home, call, service)
    item = mailbox.item(rest[0], service.behaviour.deleted_items_readable and call.method == "GET")
    if folder is not None and item.folder is not folder:
        raise not_found()
    if len(rest) == 2 and rest[1].lower() == "permanentdelete" and call.method == "POST":
        mailbox.delete(item, permanent=True)
        return Answer(204)
    if len(rest) > 1:
        raise no_segment(rest[1])
    return _one_contact(mailbox, item, call)


def _one_contact(mailbox: Mailbox, item: Item, call: Call) -> Answer:
    if call.method == "DELETE":  # If-Match is not looked at here
        mailbox.delete(item)
        return Answer(204)
    if call.method == "PATCH":
        body = call.json()
        changes, extended = normalise(body), extended_changes(body)
        if call.headers.get("if-match", "*").strip() not in ("*", etag(item)):
            raise GraphError(412, "ErrorIrresolvableConflict", "The change key passed does not match the current one.")
        mailbox.update(item, changes, extended)
        return Answer(200, contact_row(mailbox, item, call.immutable()))
    if call.method != "GET":
        raise no_method(call)
    asked = query.options(call)
    row = contact_row(mailbox, item, call.immutable(), asked.select, asked.expand)
    _was_read(mailbox, [item])
    return Answer(200, row)


def etag(item: Item) -> str:
    """The weak etag that wraps the change key."""
    return f'W/"{item.change_key}"'


def contact_row(
    mailbox: Mailbox,
    item: Item,
    immutable: bool,
    selected: tuple[str, ...] | None = None,
    expand: tuple[str, ...] = (),
    thin: bool = False,
) -> Properties:
    """A contact as JSON: all properties, or id, etag and those selected."""
    ids = mailbox.identifiers
    identifier = ids.immutable(item.number) if immutable else ids.classic(item.number, item.moves)
    row: Properties = {"@odata.etag": etag(item), "id": identifier}
    system = {
        "createdDateTime": item.created,
        "lastModifiedDateTime": item.modified,
        "changeKey": item.change_key,
        "parentFolderId": item.folder.id if item.number in mailbox.items else ids.folder(2**32),
    }
    if selected is None:
        row.update(system)
        row.update(item.properties)
        row.update(_slots(item, SLOTS))
    else:
        row.update({name: system[name] for name in selected if name in system})
        row.update({name: item.properties[name] for name in selected if name in item.properties})
        row.update(_slots(item, [name for name in selected if name in SLOTS]))
    found = [{"id": name, "value": item.extended[name]} for name in expand if name in item.extended]
    if found:
        row[EXTENDED] = [{**mark, "value": mark["value"][:THIN]} for mark in found] if thin else found
    return row


def _slots(item: Item, names: Iterable[str]) -> Properties:
    emails = item.properties["emailAddresses"]
    assert isinstance(emails, list)
    return {name: emails[at] if (at := SLOTS.index(name)) < len(emails) else None for name in names}


def _list(mailbox: Mailbox, folder: Folder, call: Call, service: delta.Service) -> Answer:
    asked = query.options(call)
    found = _matching(mailbox, folder, asked.condition)
    page = found[asked.skip : asked.skip + asked.page_size]
    thin = [contact_row(mailbox, item, call.immutable(), asked.select, asked.expand, thin=True) for item in page]
    body: Properties = {"@odata.context": f"{service.base_url}/v1.0/$metadata#contacts", "value": thin}
    if asked.skip + asked.page_size < len(found):
        body["@odata.nextLink"] = query.link(service.base_url, call, skip=str(asked.skip + asked.page_size))
    _was_read(mailbox, page)
    return Answer(200, body)


def _matching(mailbox: Mailbox, folder: Folder, condition: query.EmailIs | query.MarkIs | None) -> list[Item]:
    """Members of the folder, newest first, that meet the condition."""
    if condition is None:
        if folder.listed is None:
            folder.listed = list(reversed(folder.members.values()))
        return folder.listed
    if isinstance(condition, query.EmailIs):
        numbers = mailbox.with_email(condition.address)
    else:
        numbers = mailbox.with_mark(condition.identifier, condition.value)
    return [folder.members[number] for number in sorted(numbers, reverse=True) if number in folder.members]


def _list_folders(mailbox: Mailbox, parent: Folder, call: Call, service: delta.Service) -> Answer:
    asked = query.options(call)
    if asked.condition or asked.expand:
        raise GraphError(400, "BadRequest", "Folder lists take neither $filter nor $expand.")
    found = [folder for folder in mailbox.live_folders() if folder.parent is parent]
    page = islice(found, asked.skip, asked.skip + asked.page_size)
    rows = [_folder_row(mailbox, folder, asked.select) for folder in page]
    body: Properties = {"@odata.context": f"{service.base_url}/v1.0/$metadata#contactFolders", "value": rows}
    if asked.skip + asked.page_size < len(found):
        body["@odata.nextLink"] = query.link(service.base_url, call, skip=str(asked.skip + asked.page_size))
    return Answer(200, body)


def _folder_row(mailbox: Mailbox, folder: Folder, selected: tuple[str, ...] | None = None) -> Properties:
    parent = folder.parent.id if folder.parent else mailbox.root_id
    rest = {"parentFolderId": parent, "displayName": folder.name}
    kept = {name: value for name, value in rest.items() if selected is None or name in selected}
    return {"@odata.etag": f'W/"{folder.change_key}"', "id": folder.id, **kept}


def _contact_delta(mailbox: Mailbox, folder: Folder, call: Call, service: delta.Service) -> Answer:
    immutable, read = call.immutable(), []

    def rows(entry: Entry, selected: tuple[str, ...] | None, first: bool) -> list[Properties]:
        item = folder.members.get(entry.number)
        if item is None:
            ids = mailbox.identifiers
            gone = ids.immutable(entry.number) if immutable else ids.classic(entry.number, entry.moves)
            return [{"id": gone, "@removed": {"reason": "deleted"}}]
        read.append(item)
        return [contact_row(mailbox, item, immutable, selected)]

    feed = delta.Feed(f"contact:{mailbox.owner}:{folder.number}", folder.log, mailbox.delta_generation, rows)
    body = delta.answer(feed, call, service)
    _was_read(mailbox, read)
    return Answer(200, body)


def _folder_delta(mailbox: Mailbox, parent: Folder | None, call: Call, service: delta.Service) -> Answer:
    by_number = {folder.number: folder for folder in mailbox.live_folders()}

    def rows(entry: Entry, selected: tuple[str, ...] | None, first: bool) -> list[Properties]:
        folder = by_number.get(entry.number)
        if folder is None:
            return [{"id": mailbox.identifiers.folder(entry.number), "@removed": {"reason": "deleted"}}]
        if parent is not None and folder.parent is not parent:
            return []
        return [_folder_row(mailbox, folder, selected)]

    name = f"contactFolder:{mailbox.owner}:{parent.number if parent else 0}"
    return Answer(
        200, delta.answer(delta.Feed(name, mailbox.folder_log, mailbox.delta_generation, rows), call, service)
    )


def _synced_folder(mailbox: Mailbox, identifier: str) -> Folder:
    try:
        return mailbox.folder(identifier)
    except GraphError:
        raise GraphError(404, "ErrorSyncFolderNotFound", "The folder to synchronise was not found.") from None


def _was_read(mailbox: Mailbox, items: Iterable[Item]) -> None:
    for item in items:
        if item.late_reads:
            item.late_reads -= 1
            if not item.late_reads:
                mailbox.update(item, item.late_properties, {})


def _address(item: Item, call: Call, service: delta.Service) -> str:
    return f"{service.base_url}/v1.0{call.path.rstrip('/')}"


def no_method(call: Call) -> GraphError:
    """The refusal of a method that a path doesn't take."""
    return GraphError(405, "MethodNotAllowed", f"{call.method} is not allowed here.", {"Allow": "GET"})


def no_segment(segment: str) -> GraphError:
    """The refusal of a path that leads nowhere."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
