"""The closed lists of what rules may say in plain words: heads, and what may follow each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEAVING: Final = ("delete in m365", "delete in crm", "stop syncing", "sync a last time, then stop")

WINDOW: Final[Mapping[str, tuple[str, ...]]] = {
    "outside": ("leave alone",),
    "undated": ("leave alone", "sync"),
}

MATCH: Final[Mapping[str, tuple[str, ...]]] = {
    "if several": ("report",),
    "if taken": ("report",),
    "if none": ("treat as created",),
}

CHANGES: Final[Mapping[str, tuple[str, ...]]] = {
    "created in crm": ("create in m365", "leave alone"),
    "created in m365": ("create in crm", "leave alone"),
    "deleted in crm": ("delete in m365", "recreate in crm", "stop syncing"),
    "deleted in m365": ("delete in crm", "recreate in m365", "stop syncing"),
    "cancelled in m365": ("delete in crm", "stop syncing"),
}

COPIES: Final = ("same record", "organiser", "read from", "write to", "other users")
OTHER_USERS: Final = (("invitation",), ("invitation", "own event"))
"""What users of a meeting get: an invitation, or else an event of their own."""

SERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "occurrence in the window": ("one activity",),
    "changed occurrence": ("change that activity",),
    "cancelled occurrence": ("delete in crm", "stop syncing"),
    "changed activity": ("change that occurrence",),
    "deleted activity": ("delete that occurrence", "stop syncing"),
    "all activities deleted": ("delete the series", "delete that occurrence"),
    "deleted series": ("as deleted in m365",),
}
SERIES_CHOICES: Final = ("cancelled occurrence", "deleted activity", "all activities deleted")
"""The cases that a file must answer; the others can only be said as they are."""

FILL: Final[Mapping[str, tuple[str, ...]]] = {"one side empty": ("fill it", "leave it empty")}

WINNERS: Final = ("crm wins", "m365 wins", "newest wins")

DIRECTIONS: Final = ("both", "to_m365", "to_crm", "off")
