"""Engine values as rows and back, packed as JSON. What UTF-8 can't hold (a lone surrogate) is packed as ASCII."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import Any, Final, TypeAlias, get_args

import msgspec
import sqlalchemy as sa

from engine.links import NO_AGREEMENT, Base, Link, LinkState
from engine.plans import Action, FieldChange
from engine.port import Feeds, Intent
from engine.records import CRM, M365, Key, Value, from_json
from state.tables import LINK

Row: TypeAlias = dict[str, object]

_PLAIN: Final = frozenset({str, bool, int, type(None)})
#: When a held link is due: always.
AT_ONCE: Final = 0
#: Properties that no query asks for, with what a link has when nothing is stored.
_DETAILS: Final[Mapping[str, object]] = {
    "wake_at": None, "reason": "", "entry": "", "collection": "", "title": "", "attempts": 0, "recreated": 0,
    "settled": "", "copy": "", "role": "", "group": "",
}  # fmt: skip


@lru_cache(maxsize=4096)
def digest(key: Key) -> str:
    """What is stored of a match key: fixed length, and no one's e-mail address in an index."""
    return hashlib.blake2b(key.text().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder()


def _encode(value: object) -> str:
    """References, the only values with a form of their own, are structs; change lists are named tuples."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


def _decode(text: str) -> Any:
    """What :func:`_encode` wrote."""
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def _thaw(raw: object) -> Value:
    if isinstance(raw, list):
        return tuple([item if type(item) in _PLAIN else _thaw(item) for item in raw])
    return from_json(raw)


def _values(raw: dict[str, Value]) -> dict[str, Value]:
    """The values as they were before they were written; nearly all of them are plain already."""
    for path, value in raw.items():
        if type(value) not in _PLAIN:
            raw[path] = _thaw(value)
    return raw


# ---- links ----------------------------------------------------------------------------------------------------


_STATES: Final[Mapping[str, LinkState]] = {state: state for state in get_args(LinkState)}

LINKED: Final = (
    LINK.c.link_id, LINK.c.m365_id, LINK.c.crm_id, LINK.c.m365_version, LINK.c.crm_version, LINK.c.state,
    LINK.c.agreed_at, LINK.c.identity, LINK.c.detail,
)  # fmt: skip
"""What a link is read from, beside its space and kind."""


LINK_COLUMNS: Final = (
    "link_id", "m365_id", "crm_id", "m365_version", "crm_version", "state", "due_at", "agreed_at", "identity", "detail",
)  # fmt: skip
"""What a link is written to, beside its organisation, space and kind."""


def link_values(link: Link) -> tuple[object, ...]:
    """The values of a link's ``LINK_COLUMNS``."""
    due = AT_ONCE if link.state == "held" else link.wake_at
    return (
        link.id, link.m365_id, link.crm_id, link.m365_version, link.crm_version, link.state, due, link.agreed_at,
        link.identity or None, detail_text(link),
    )  # fmt: skip


def detail_text(link: Link) -> str:
    """The properties of a link that no query asks for, without what is empty."""
    detail: Row = {name: value for name, none in _DETAILS.items() if (value := getattr(link, name)) != none}
    if link.candidates:
        detail["candidates"] = link.candidates
    if link.keys:
        detail["keys"] = link.keys
    return _encode(detail)


def to_link(space: str, kind: str, row: Sequence[Any]) -> Link:
    """The link of a row of ``LINKED`` columns. Of what many links have in common one text is kept."""
    link_id, m365_id, crm_id, m365_version, crm_version, state, agreed_at, identity, packed = row
    detail = _decode(packed)
    if "collection" in detail:
        detail["collection"] = intern(detail["collection"])
    if "candidates" in detail:
        detail["candidates"] = tuple(detail["candidates"])
    if "keys" in detail:
        detail["keys"] = tuple(_to_key(*parts) for parts in detail["keys"])
    return Link(
        id=link_id, space=space, kind=kind, m365_id=m365_id and intern(m365_id), crm_id=crm_id,
        m365_version=intern(m365_version), crm_version=crm_version, state=_STATES[state], agreed_at=agreed_at,
        identity=identity or "", **detail,
    )  # fmt: skip


def _to_key(entry: str, terms: Iterable[Sequence[str]], ignore_case: bool) -> Key:
    return Key(entry, tuple((path, value) for path, value in terms), ignore_case)


def base_text(base: Base) -> str:
    return _encode([_plain_dict(base.crm), _plain_dict(base.m365)])


def _plain_dict(values: Mapping[str, Value]) -> dict[str, Value]:
    return values if isinstance(values, dict) else dict(values)


class StoredBase(Base):
    """A base as stored; decoded once, when either side is first looked at. Most links of a tick didn't change, and
    then nobody pays for decoding it."""

    __slots__ = ("_sides", "_text")
    _text: str
    _sides: tuple[dict[str, Value], dict[str, Value]] | None

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)
        object.__setattr__(self, "_sides", None)

    @property
    def crm(self) -> dict[str, Value]:
        return (self._sides or self._decoded())[0]

    @property
    def m365(self) -> dict[str, Value]:
        return (self._sides or self._decoded())[1]

    def _decoded(self) -> tuple[dict[str, Value], dict[str, Value]]:
        crm, m365 = _decode(self._text)
        sides = _values(crm), _values(m365)
        object.__setattr__(self, "_sides", sides)
        object.__setattr__(self, "_text", "")
        return sides

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Base) and (self.crm, self.m365) == (other.crm, other.m365)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<base of {len(self.crm)} and {len(self.m365)} values>"


def to_base(text: str | None) -> Base:
    """None, for a link that never agreed, is the empty base."""
    return NO_AGREEMENT if text is None else StoredBase(text)


# ---- feeds ----------------------------------------------------------------------------------------------------


def feed_row(feeds: Feeds) -> Row:
    sides: dict[str, dict[str, str]] = {}
    for (side, collection), cursor in feeds.cursors.items():
        sides.setdefault(side, {})[collection] = cursor
    return {"cursors": _encode(sides), "basis": feeds.basis, "access": feeds.access}


def to_feeds(row: sa.RowMapping) -> Feeds:
    sides = _decode(row["cursors"])
    cursors = {(side, name): cursor for side in (CRM, M365) for name, cursor in sides.get(side, {}).items()}
    return Feeds(cursors, row["basis"], row["access"])


# ---- actions --------------------------------------------------------------------------------------------------


ACTION_COLUMNS: Final = (
    "org_id", "action_id", "run_id", "seq", "space_id", "kind", "link_id", "side", "record_kind", "verb", "klass",
    "target", "crm_id", "m365_id", "expected_version", "payload", "changes", "entry", "reason", "state", "intended_at",
    "ended_at", "result_version", "note",
)  # fmt: skip


def action_values(org: str, space: str, run: str, seq: int, intent: Intent) -> tuple[object, ...]:
    """The values of a journal row's ``ACTION_COLUMNS``: one that is only intended."""
    action = intent.action
    return (
        org, action.id, run, seq, space, intent.kind, intent.link, action.side, action.kind, action.verb, action.klass,
        action.target, intent.crm_id, intent.m365_id, action.expected_version,
        _encode({"title": action.title, "values": _plain_dict(action.values)}), _encode(action.changes), action.entry,
        action.reason, "intended", intent.intended_at, None, "", "",
    )  # fmt: skip


def to_action(row: sa.RowMapping) -> Action:
    payload = _decode(row["payload"])
    changes = _decode(row["changes"])
    return Action(
        id=row["action_id"], side=row["side"], kind=row["record_kind"], verb=row["verb"], klass=row["klass"],
        target=row["target"], expected_version=row["expected_version"],
        values=_values(payload["values"]),
        changes=tuple(FieldChange(p, from_json(b), from_json(a), entry, lost) for p, b, a, entry, lost in changes),
        entry=row["entry"], reason=row["reason"], title=payload["title"],
    )  # fmt: skip


def to_intent(row: sa.RowMapping) -> Intent:
    return Intent(
        to_action(row), row["kind"], row["run_id"], row["link_id"], row["crm_id"], row["m365_id"], row["intended_at"]
    )
