"""A mailbox: contact folders, contacts, their ids and change keys, and the calendars."""

from dataclasses import dataclass, field

from graph_emulator.calendar.box import CalendarBox
from graph_emulator.changelog import ChangeLog
from graph_emulator.clock import Clock
from graph_emulator.identifiers import Identifiers
from graph_emulator.messages import GraphError, Properties
from graph_emulator.properties import empty_contact, filed, named


@dataclass(eq=False, slots=True)
class Folder:
    """A contact folder; `parent` is None for the default folder."""

    number: int
    id: str
    name: str
    parent: "Folder | None"
    change_key: str = ""
    deleted: bool = False
    members: "dict[int, Item]" = field(default_factory=dict)
    log: ChangeLog = field(default_factory=ChangeLog)
    listed: "list[Item] | None" = None

    def path(self) -> str:
        """Names from below the default folder, joined by `/`; the default folder's own name for itself."""
        if self.parent is None or self.parent.parent is None:
            return self.name
        return f"{self.parent.path()}/{self.name}"


@dataclass(eq=False, slots=True)
class Item:
    """A contact: `properties` are Graph's, `extended` are extended properties by canonical id."""

    number: int
    folder: Folder
    properties: Properties
    extended: dict[str, str]
    change_key: str
    created: str
    modified: str
    moves: int = 0
    late_reads: int = 0
    late_properties: Properties = field(default_factory=dict)


class Mailbox:
    """One user's mailbox. Whoever calls holds the world's lock."""

    def __init__(self, seed: str, clock: Clock, owner: str, zone: str = "UTC") -> None:
        self.clock = clock
        self.owner = owner
        self.zone = zone
        self.enabled = True
        self.identifiers = Identifiers(f"{seed}/{owner.lower()}")
        self.items: dict[int, Item] = {}
        self.deleted: dict[int, Item] = {}
        self.folders: dict[str, Folder] = {}
        self.folder_log = ChangeLog()
        self.serial = 0
        self.item_number = 0
        self.folder_number = 0
        self.delta_generation = 0
        self._by_email: dict[str, set[int]] = {}
        self._by_mark: dict[tuple[str, str], set[int]] = {}
        self.root_id = self.identifiers.folder(0)
        self.default = self._new_folder("Contacts", None)
        self.calendar = CalendarBox(seed, clock, owner, zone)

    # Folders

    def folder(self, identifier: str) -> Folder:
        """A live folder by id or by the well-known name `contacts`; GraphError 404."""
        if identifier.lower() == "contacts":
            return self.default
        found = self.folders.get(identifier)
        if found is None or found.deleted:
            raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return found

    def folder_at(self, path: str) -> Folder | None:
        """A live folder by its path of names."""
        return next((found for found in self.live_folders() if found.path() == path), None)

    def live_folders(self) -> list[Folder]:
        """All folders that are not deleted, the default folder first."""
        return [found for found in self.folders.values() if not found.deleted]

    def create_folder(self, name: str, parent: Folder) -> Folder:
        """A new folder; GraphError 409 if the parent has one of that name."""
        self._refuse_double(name, parent)
        folder = self._new_folder(name, parent)
        self.folder_log.record(folder.number)
        return folder

    def rename_folder(self, folder: Folder, name: str) -> None:
        """Another name for a folder; the default folder's can't be changed (403)."""
        if folder.parent is None:
            raise GraphError(403, "ErrorAccessDenied", "The default folder can't be renamed.")
        if name != folder.name:
            self._refuse_double(name, folder.parent)
        folder.name, folder.change_key = name, self.next_key()
        self.folder_log.record(folder.number)

    def delete_folder(self, folder: Folder, permanent: bool = False) -> None:
        """Delete with all it holds; 409 if a folder of that name already lies in Deleted Items, unless permanent."""
        if folder.parent is None:
            raise GraphError(403, "ErrorAccessDenied", "The default folder can't be deleted.")
        if not permanent and any(other.deleted and other.name == folder.name for other in self.folders.values()):
            raise GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")
        for child in self.live_folders():
            if child.parent is folder:
                self.delete_folder(child, permanent=True)
        for item in list(folder.members.values()):
            self.delete(item, permanent)
        folder.deleted = True
        self.folder_log.record(folder.number, removed=True)
        if permanent:
            del self.folders[folder.id]

    def _refuse_double(self, name: str, parent: Folder) -> None:
        if not name:
            raise GraphError(400, "ErrorInvalidParameter", "A folder needs a displayName.")
        if any(other.parent is parent and other.name.lower() == name.lower() for other in self.live_folders()):
            raise GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")

    def _new_folder(self, name: str, parent: Folder | None) -> Folder:
        self.folder_number += 1
        folder = Folder(self.folder_number, self.identifiers.folder(self.folder_number), name, parent, self.next_key())
        self.folders[folder.id] = folder
        return folder

    # Contacts

    def item(self, identifier: str, deleted: bool = False) -> Item:
        """A live contact by immutable or present classic id, ids compared exactly; GraphError 404 (400 if mangled)."""
        read = self.identifiers.read(identifier)
        if read is None:
            if len(identifier) < 60:
                raise GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")
            raise not_found()
        number, moves = read
        found = self.items.get(number) or (self.deleted.get(number) if deleted else None)
        if found is None or (moves is not None and moves != found.moves):
            raise not_found()
        return found

    def create(self, folder: Folder, properties: Properties, extended: dict[str, str | None]) -> Item:
        """A new contact of normalised properties."""
        self.item_number += 1
        contents = {**empty_contact(), **filed(named({}, properties))}
        stamp = self.clock.stamp()
        item = Item(self.item_number, folder, contents, {}, self.next_key(), stamp, stamp)
        self._add_extended(item, extended)
        self._place(item, folder)
        return item

    def update(self, item: Item, properties: Properties, extended: dict[str, str | None]) -> None:
        """Merge normalised properties at top level; the change key moves even if nothing differs."""
        self._index(item, add=False)
        item.properties.update(named(item.properties, properties))
        self._add_extended(item, extended)
        self._index(item, add=True)
        self.touch(item)

    def touch(self, item: Item) -> None:
        """A new change key and a line in the log, without another content."""
        item.change_key, item.modified = self.next_key(), self.clock.stamp()
        item.folder.log.record(item.number, item.moves)

    def delete(self, item: Item, permanent: bool = False) -> None:
        """Move to Deleted Items, or remove for good."""
        if item.number in self.items:
            self._take(item)
            item.moves += 1
        self.deleted.pop(item.number, None)
        if not permanent:
            self.deleted[item.number] = item

    def restore(self, item: Item) -> None:
        """Out of Deleted Items, back into its folder (the default one if that is gone)."""
        del self.deleted[item.number]
        item.moves += 1
        item.change_key = self.next_key()
        self._place(item, self.default if item.folder.deleted else item.folder)

    def move(self, item: Item, folder: Folder) -> None:
        """Into another folder: removed here, created there; the immutable id stays, the classic id changes."""
        self._take(item)
        item.moves += 1
        item.change_key = self.next_key()
        self._place(item, folder)

    def copy(self, item: Item, folder: Folder) -> Item:
        """A copy as Outlook makes it: another id, the same extended properties."""
        return self.create(folder, dict(item.properties), dict(item.extended))

    def with_email(self, address: str) -> set[int]:
        """Numbers of live contacts that hold the address, compared without case."""
        return self._by_email.get(address.lower(), set())

    def with_mark(self, identifier: str, value: str) -> set[int]:
        """Numbers of live contacts whose extended property has the value, compared without case."""
        return self._by_mark.get((identifier, value.lower()), set())

    def next_key(self) -> str:
        """A fresh change key."""
        self.serial += 1
        return self.identifiers.change_key(self.serial)

    def reindex(self) -> None:
        """Build the search indexes anew, after a load."""
        self._by_email, self._by_mark = {}, {}
        for item in self.items.values():
            self._index(item, add=True)

    def _place(self, item: Item, folder: Folder) -> None:
        item.folder = folder
        self.items[item.number] = item
        folder.members[item.number] = item
        folder.listed = None
        folder.log.record(item.number, item.moves)
        self._index(item, add=True)

    def _take(self, item: Item) -> None:
        self._index(item, add=False)
        del self.items[item.number]
        del item.folder.members[item.number]
        item.folder.listed = None
        item.folder.log.record(item.number, item.moves, removed=True)

    @staticmethod
    def _add_extended(item: Item, changes: dict[str, str | None]) -> None:
        for identifier, value in changes.items():
            if value is None:
                item.extended.pop(identifier, None)
            else:
                item.extended[identifier] = value

    def _index(self, item: Item, add: bool) -> None:
        emails = item.properties["emailAddresses"]
        assert isinstance(emails, list)
        places = [self._by_email.setdefault(row["address"].lower(), set()) for row in emails]
        places += [self._by_mark.setdefault((name, text.lower()), set()) for name, text in item.extended.items()]
        for numbers in places:
            (numbers.add if add else numbers.discard)(item.number)


def not_found() -> GraphError:
    """The refusal for an item that is not there."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
