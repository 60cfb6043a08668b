"""Open-type maps of tasks and details: typed entries add or change, null removes, what is absent stays."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from graph_emulator.messages import GraphError, Properties
from graph_emulator.planner import hints

GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
CATEGORIES = tuple(f"category{number}" for number in range(1, 26))
TYPES = {
    "assignments": "#microsoft.graph.plannerAssignment",
    "checklist": "#microsoft.graph.plannerChecklistItem",
    "references": "#microsoft.graph.plannerExternalReference",
}
LONGEST_ITEM = 100
# A reference's key is a URL whose % . : @ # are written as percent codes.
_REFERENCE = re.compile(r"(?:[^%.:@#]|%[0-9A-Fa-f]{2})+")

Entries: TypeAlias = dict[str, Properties | None]
Member: TypeAlias = Callable[[str, object], object]


def refused(name: str, why: str) -> GraphError:
    """The refusal of a property's value."""
    return GraphError(400, "BadRequest", f"The property '{name}' {why}.")


def assignments(value: object) -> Entries:
    """Assignments by user id; GraphError 400."""
    entries = _entries("assignments", value, {"orderHint": hints.asked})
    for key, entry in entries.items():
        if not GUID.fullmatch(key):
            raise refused("assignments", "has a key that is not a user id")
        if entry is not None and "orderHint" not in entry:
            raise refused("assignments", "has an entry without orderHint")
    return entries


def categories(value: object) -> Entries:
    """Categories by name, true as an empty entry and false as None; GraphError 400."""
    entries: Entries = {}
    for key, wanted in _object("appliedCategories", value).items():
        if key not in CATEGORIES or not isinstance(wanted, bool):
            raise refused("appliedCategories", "takes category1 to category25 with true or false")
        entries[key] = {} if wanted else None
    return entries


def checklist(value: object) -> Entries:
    """Checklist items by the client's GUID; GraphError 400."""
    entries = _entries("checklist", value, {"title": _item_title, "isChecked": _truth, "orderHint": hints.asked})
    if not all(GUID.fullmatch(key) for key in entries):
        raise refused("checklist", "has a key that is not a GUID")
    return entries


def references(value: object) -> Entries:
    """References by percent-encoded URL; GraphError 400."""
    entries = _entries("references", value, {"alias": _text, "type": _text, "previewPriority": hints.asked})
    if not all(_REFERENCE.fullmatch(key) for key in entries):
        raise refused("references", "has a key in which one of % . : @ # is not percent-encoded")
    return entries


def _object(name: str, value: object) -> Properties:
    if not isinstance(value, dict):
        raise refused(name, "has to be an object")
    return {key: entry for key, entry in value.items() if not key.startswith("@")}


def _entries(name: str, value: object, members: Mapping[str, Member]) -> Entries:
    return {key: _entry(name, entry, members) for key, entry in _object(name, value).items()}


def _entry(name: str, entry: object, members: Mapping[str, Member]) -> Properties | None:
    if entry is None:
        return None
    if not isinstance(entry, dict) or str(entry.get("@odata.type", "")).lstrip("#") != TYPES[name].lstrip("#"):
        raise refused(name, f"needs entries with @odata.type {TYPES[name]}")
    unknown = [member for member in entry if member not in members and not member.startswith("@")]
    if unknown:
        raise refused(name, f"has an entry with the member '{unknown[0]}', which can't be written")
    return {member: members[member](name, given) for member, given in entry.items() if member in members}


def _item_title(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_ITEM:
        raise refused(name, f"needs titles of at most {LONGEST_ITEM} characters")
    return value


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise refused(name, "takes true or false for isChecked")
    return value


def _text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise refused(name, "takes texts")
    return value
