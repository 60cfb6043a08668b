"""What may be written on tasks, details, plans and buckets: names, types and ranges; all else is refused with 400."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from graph_emulator.messages import Properties
from graph_emulator.planner import hints, maps
from graph_emulator.planner.maps import Entries, Member, refused

LONGEST_TITLE = 255
PREVIEWS = ("automatic", "noPreview", "checklist", "description", "reference")
ID = re.compile(r"[A-Za-z0-9_-]{28}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Change:
    """A body that was read: single values, and entries of open-type maps (None removes one)."""

    values: Properties
    maps: Mapping[str, Entries]


def title(name: str, value: object) -> str:
    """A title or a bucket's name."""
    if not isinstance(value, str) or not value.strip():
        raise refused(name, "is required and can't be empty")
    if len(value) > LONGEST_TITLE:
        raise refused(name, f"has more than {LONGEST_TITLE} characters")
    return value


def identifier(name: str, value: object) -> str:
    """An id of 28 characters."""
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise refused(name, "is not a well-formed id")
    return value


def instant(name: str, value: object) -> str | None:
    """An instant with its offset, as whole seconds in UTC; null clears."""
    if value is None:
        return None
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise refused(name, "takes an instant such as 2026-11-22T12:00:00Z")
    try:
        found = datetime.fromisoformat(re.sub(r"\.\d+", "", value.upper()))
        return f"{found.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError):
        raise refused(name, "is not an instant that exists") from None


def _whole(highest: int, name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
        raise refused(name, f"takes a whole number from 0 to {highest}")
    return value


def _text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise refused(name, "takes a text")
    return value


def _description(name: str, value: object) -> str:
    return _text(name, value) or ""


def _preview(name: str, value: object) -> str:
    if value not in PREVIEWS:
        raise refused(name, f"takes one of: {', '.join(PREVIEWS)}")
    return str(value)


TASK: Mapping[str, Member] = {
    "title": title,
    "planId": identifier,
    "bucketId": identifier,
    "percentComplete": partial(_whole, 100),
    "priority": partial(_whole, 10),
    "startDateTime": instant,
    "dueDateTime": instant,
    "conversationThreadId": _text,
    "orderHint": hints.asked,
    "assigneePriority": hints.asked,
}
DETAILS: Mapping[str, Member] = {"description": _description, "previewType": _preview}
BUCKET: Mapping[str, Member] = {"name": title, "planId": identifier, "orderHint": hints.asked}
PLAN: Mapping[str, Member] = {"title": title}
_MAPS: Mapping[str, Callable[[object], Entries]] = {
    "assignments": maps.assignments,
    "appliedCategories": maps.categories,
    "checklist": maps.checklist,
    "references": maps.references,
}


def task_change(body: Properties) -> Change:
    """A body written to a task; GraphError 400."""
    return _change(body, TASK, ("assignments", "appliedCategories"))


def details_change(body: Properties) -> Change:
    """A body written to a task's details; GraphError 400."""
    return _change(body, DETAILS, ("checklist", "references"))


def values(body: Properties, known: Mapping[str, Member]) -> Properties:
    """A body without open-type maps; GraphError 400."""
    return _change(body, known, ()).values


def _change(body: Properties, known: Mapping[str, Member], map_names: tuple[str, ...]) -> Change:
    given = {name: value for name, value in body.items() if not name.startswith("@")}
    for name in given:
        if name not in known and name not in map_names:
            raise refused(name, "does not exist here or can't be written")
    return Change(
        {name: known[name](name, value) for name, value in given.items() if name in known},
        {name: _MAPS[name](value) for name, value in given.items() if name in map_names},
    )
