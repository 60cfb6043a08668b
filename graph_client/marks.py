"""The mark that a creation leaves on what it makes, so that it is found again when its answer was lost."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from graph_client.answers import Json

MARK: Final = "String {6f0d2c8e-3b57-4c1a-9c53-d1a7a46e0b92} Name TandemAction"
"""The extended property that carries the id of the action that made an item. Never to be changed."""


def marked(action: str) -> list[Json]:
    """The ``singleValueExtendedProperties`` of a creation."""
    return [{"id": MARK, "value": action}]


def by_mark(action: str, *more: str) -> str:
    """The query for what carries the mark of an action: its id, when it was made, and ``more`` members."""
    literal = quote(action.replace("'", "''"), safe="=-_")
    name = MARK.replace(" ", "%20").replace("{", "%7B").replace("}", "%7D")
    test = f"singleValueExtendedProperties/Any(ep:%20ep/id%20eq%20'{name}'%20and%20ep/value%20eq%20'{literal}')"
    return f"$select={','.join(('id', 'createdDateTime', *more))}&$filter={test}"
