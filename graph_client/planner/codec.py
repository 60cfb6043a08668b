"""Between Planner's JSON and the values rules see, driven by the field table; what a write may hold is checked here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from engine.records import M365, Record, Reference, Value
from graph_client.answers import Json
from graph_client.codec import etag
from graph_client.fields import DETAILS, TASK_ROWS, TITLE_LENGTH
from graph_client.planner.catalogue import Catalogue

Row: TypeAlias = Mapping[str, Json]

KIND: Final = "plannerTask"
MOST_ASSIGNEES: Final = 20
FIRST_HINT: Final = " !"
"""An order hint that puts an item first; hints that were read are never sent back."""
_ASSIGNMENT: Final[Json] = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": FIRST_HINT}
_WHOLE_SECOND: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_BY_NAME: Final = {row.name: row for row in TASK_ROWS}


class Unfit(ValueError):
    """A value that Planner would refuse; the text says why, without quoting it."""


def decode(row: Row, catalogue: Catalogue) -> Record | None:
    """The record in one row, without its details; None when the row has no id. Members that are missing were not
    fetched, members of an unexpected shape count as empty."""
    id = row.get("id")
    if not isinstance(id, str) or not id:
        return None
    values = {name: read(row[member], catalogue) for name, member, read in _READERS if member in row}
    return Record(M365, KIND, id, etag(row), values)


def with_description(record: Record, details: Row | None) -> Record:
    """The record with its details; None for a task that is known to have no description."""
    description = _text(details.get("description"), _NONE) if details is not None else None
    return Record(record.side, record.kind, record.id, record.version, {**record.values, DETAILS: (description,)})


def described(values: Mapping[str, Value]) -> str | None:
    """The description in an action's values; '' where it shall be empty, None where it is not written."""
    if DETAILS not in values:
        return None
    details = values[DETAILS]
    text = details[0] if isinstance(details, tuple) and details else None
    if text is not None and not isinstance(text, str):
        raise Unfit("a description is text")
    return text or ""


def bucket_of(values: Mapping[str, Value]) -> str | None:
    """The id of the bucket in an action's values."""
    value = values.get("bucket")
    return value.id if isinstance(value, Reference) else None


def encode(values: Mapping[str, Value], present: Row) -> dict[str, Json]:
    """The members of a task to send, where it holds ``present`` now ({} for a new one): no plan, no details.

    Assignments are a merge: who comes is added, who goes is set to null, whoever stays is not named. Raises Unfit for
    what Planner would refuse."""
    members: dict[str, Json] = {}
    for name, value in values.items():
        row = _BY_NAME[name]
        if not row.writable or row.part:
            continue
        if row.wire == "assignments":
            if merged := assigned(_accounts(value), assignees(present)):
                members[row.wire_name] = merged
        elif row.wire == "bucket":
            members[row.wire_name] = bucket_of(values)
        elif row.wire == "whole":
            members[row.wire_name] = value if isinstance(value, int) else None
        else:
            members[row.wire_name] = value if isinstance(value, str) and value else None
    if "title" in members or not present:
        _check_title(members.get("title"))
    if "startDateTime" in members or "dueDateTime" in members:
        _check_dates({**present, **members})
    return members


def assignees(row: Row) -> tuple[str, ...]:
    """The accounts that a task is assigned to."""
    given = row.get("assignments")
    return tuple(sorted(id for id, value in given.items() if value is not None)) if isinstance(given, dict) else ()


def assigned(wanted: tuple[str, ...], present: tuple[str, ...]) -> dict[str, Json]:
    """What turns the assignments ``present`` into those wanted."""
    if len(wanted) > MOST_ASSIGNEES:
        raise Unfit(f"more than {MOST_ASSIGNEES} people are assigned, which is as many as Planner allows")
    new: dict[str, Json] = {id: _ASSIGNMENT for id in wanted if id not in present}
    return new | {id: None for id in present if id not in wanted}


def _check_title(title: Json) -> None:
    if not isinstance(title, str) or not title.strip():
        raise Unfit("a task of Planner needs a title")
    if len(title) > TITLE_LENGTH:
        raise Unfit(f"the title is longer than {TITLE_LENGTH} characters")


def _check_dates(members: Row) -> None:
    start, due = moment(members.get("startDateTime")), moment(members.get("dueDateTime"))
    if start is not None and due is not None and start > due:
        raise Unfit("the start is later than the due date")


def _accounts(value: Value) -> tuple[str, ...]:
    return tuple(id for id in value if isinstance(id, str)) if isinstance(value, tuple) else ()


def moment(raw: object) -> datetime | None:
    """The aware instant in ISO 8601; None for what is none."""
    if not isinstance(raw, str) or not raw:
        return None
    try:
        found = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# ---- reading ---------------------------------------------------------------------------------------------------

_NONE: Final = Catalogue()


def _text(raw: Json, catalogue: Catalogue) -> Value:
    return raw if isinstance(raw, str) and raw else None


def _whole(raw: Json, catalogue: Catalogue) -> Value:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def _flag(raw: Json, catalogue: Catalogue) -> Value:
    return raw if isinstance(raw, bool) else None


def _instant(raw: Json, catalogue: Catalogue) -> Value:
    """UTC to the second, as rules compare it."""
    if isinstance(raw, str) and _WHOLE_SECOND.fullmatch(raw):
        return raw
    found = moment(raw)
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if found else None


def _account(raw: Json, catalogue: Catalogue) -> Value:
    user = raw.get("user") if isinstance(raw, dict) else None
    id = user.get("id") if isinstance(user, dict) else None
    return id if isinstance(id, str) and id else None


def _assignments(raw: Json, catalogue: Catalogue) -> Value:
    return assignees({"assignments": raw}) or None


def _plan(raw: Json, catalogue: Catalogue) -> Value:
    return catalogue.plan_reference(raw) if isinstance(raw, str) and raw else None


def _bucket(raw: Json, catalogue: Catalogue) -> Value:
    return catalogue.bucket_reference(raw) if isinstance(raw, str) and raw else None


_READ: Final[Mapping[str, Callable[[Json, Catalogue], Value]]] = {
    "text": _text, "whole": _whole, "flag": _flag, "instant": _instant, "account": _account,
    "assignments": _assignments, "plan": _plan, "bucket": _bucket,
}  # fmt: skip
_READERS: Final = tuple((row.name, row.wire_name, _READ[row.wire]) for row in TASK_ROWS if not row.part)
