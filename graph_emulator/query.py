"""OData query options: what Outlook contacts honour, and a refusal for the rest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from graph_emulator.messages import Call, GraphError
from graph_emulator.properties import EXTENDED, extended_id

DEFAULT_PAGE = 10
LARGEST_PAGE = 1000

_TEXT = r"'((?:[^']|'')*)'"
_EMAIL = re.compile(rf"emailAddresses/any\(\s*(\w+)\s*:\s*\1/address\s+eq\s+{_TEXT}\s*\)", re.IGNORECASE)
_MARK = re.compile(
    rf"{EXTENDED}/any\(\s*(\w+)\s*:\s*\1/id\s+eq\s+{_TEXT}\s+and\s+\1/value\s+eq\s+{_TEXT}\s*\)", re.IGNORECASE
)
_EXPAND = re.compile(rf"{EXTENDED}\(\$filter\s*=\s*(.+)\)", re.IGNORECASE)
_ID = re.compile(rf"id\s+eq\s+{_TEXT}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EmailIs:
    """Contacts with this e-mail address."""

    address: str


@dataclass(frozen=True, slots=True)
class MarkIs:
    """Contacts whose extended property `identifier` (canonical) has this value."""

    identifier: str
    value: str


@dataclass(frozen=True, slots=True)
class Options:
    """The query of one call. `expand` holds canonical ids of extended properties."""

    select: tuple[str, ...] | None
    page_size: int
    skip: int
    condition: EmailIs | MarkIs | None
    expand: tuple[str, ...]


def options(call: Call) -> Options:
    """Read the query of a listing or of a single item; GraphError 400 for what is not supported."""
    known = {"$select", "$top", "$skip", "$filter", "$expand"}
    for name in call.query:
        if name.startswith("$") and name not in known:
            raise GraphError(400, "BadRequest", f"The query option '{name}' is not supported here.")
    return Options(
        select(call.query),
        page_size(call),
        number(call.query, "$skip") or 0,
        condition(call.query["$filter"]) if "$filter" in call.query else None,
        expansion(call.query["$expand"]) if "$expand" in call.query else (),
    )


def select(query: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names in `$select`, None when there is none."""
    if not query.get("$select"):
        return None
    return tuple(name.strip() for name in query["$select"].split(",") if name.strip())


def number(query: Mapping[str, str], name: str) -> int | None:
    """A whole number from the query; GraphError 400 otherwise."""
    text = query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise GraphError(400, "BadRequest", f"The query option '{name}' needs a whole number.")
    return int(text)


def page_size(call: Call) -> int:
    """`$top`, else `Prefer: odata.maxpagesize`, else 10; at most 1000."""
    asked = number(call.query, "$top") or number(call.preferences(), "odata.maxpagesize") or DEFAULT_PAGE
    return min(asked, LARGEST_PAGE)


def condition(text: str) -> EmailIs | MarkIs:
    """A `$filter` on an e-mail address or on an extended property; nothing else works."""
    if found := _EMAIL.fullmatch(text.strip()):
        return EmailIs(found.group(2).replace("''", "'"))
    if found := _MARK.fullmatch(text.strip()):
        return MarkIs(extended_id(found.group(2).replace("''", "'")), found.group(3).replace("''", "'"))
    raise GraphError(400, "ErrorInvalidParameter", "The query filter is invalid or not supported for contacts.")


def expansion(text: str) -> tuple[str, ...]:
    """The extended properties an `$expand` asks for; all of them can't be asked for at once."""
    found = _EXPAND.fullmatch(text.strip())
    parts = re.split(r"\s+or\s+", found.group(1).strip(), flags=re.IGNORECASE) if found else []
    ids = [_ID.fullmatch(part.strip()) for part in parts]
    if not ids or None in ids:
        raise GraphError(400, "BadRequest", f"Expand extended properties by {EXTENDED}($filter=id eq '...').")
    return tuple(extended_id(match.group(1).replace("''", "'")) for match in ids if match)


def link(base: str, call: Call, **changes: str) -> str:
    """The call's own address with query options changed, names without `$` in `changes`."""
    query = {**call.query, **{f"${name}": value for name, value in changes.items()}}
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
    return f"{base}/v1.0{quote(call.path)}?{text}"
