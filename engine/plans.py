"""A plan is data: what would be written, why, and what would not, with the reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from engine.links import Base, Link
from engine.records import Key, Side, Value, to_json

Verb: TypeAlias = Literal["create", "update", "move", "delete"]
"""move: an update that takes the record to another collection, where it may get another id."""


class Mail(Struct, frozen=True):
    """How many people an action mails: whom it invites, whom it tells of a change, whom it tells of a cancellation;
    ``outside`` counts those among them who are not of the organisation."""

    invitations: int = 0
    updates: int = 0
    cancellations: int = 0
    outside: int = 0

    @property
    def people(self) -> int:
        return self.invitations + self.updates + self.cancellations

    def __add__(self, other: Mail) -> Mail:
        return Mail(
            self.invitations + other.invitations, self.updates + other.updates,
            self.cancellations + other.cancellations, self.outside + other.outside,
        )  # fmt: skip


NO_MAIL: Final = Mail()

Class: TypeAlias = Literal["create", "recreate", "update", "overwrite", "move", "delete", "mail"]
"""What the guard counts; mail counts people, not actions. overwrite = an update that replaces a value some person
entered on that side; recreate = a creation for a record that was deleted there."""


class FieldChange(NamedTuple):
    """One field of one write. ``lost`` is true when ``before`` is a person's edit or entry that no side keeps. A named
    tuple, because there are a dozen to a creation and the journal writes them as they are."""

    path: str
    before: Value
    after: Value
    entry: str
    lost: bool = False


class Action(Struct, frozen=True, kw_only=True):
    """One write to one side.

    ``id`` is the idempotency mark: derived from run and pair, found again on the record after a crash. ``target`` is
    None for a creation. ``values`` holds whole top-level fields, ready for the adapter. ``entry`` is the rule entry
    behind the action as a whole. ``copy`` is the id of what an interrupted move has already made at its target;
    ``mail`` is whom the write makes Microsoft 365 mail; ``warnings`` are sentences for whoever reads the plan.
    """

    id: str
    side: Side
    kind: str
    verb: Verb
    klass: Class
    target: str | None
    expected_version: str | None
    values: Mapping[str, Value]
    changes: tuple[FieldChange, ...]
    entry: str
    reason: str = ""
    title: str = ""
    copy: str | None = None
    mail: Mail = NO_MAIL
    warnings: tuple[str, ...] = ()

    def content(self) -> str:
        """Digest of what the action does, without ids made for one run: equal in a saved plan and a fresh one."""
        body = {
            "side": self.side, "kind": self.kind, "verb": self.verb, "target": self.target, "class": self.klass,
            "values": {path: to_json(value) for path, value in sorted(self.values.items())},
            "changes": [[c.path, to_json(c.before), to_json(c.after), c.entry] for c in self.changes],
        }  # fmt: skip
        return hashlib.blake2b(canonical(body), digest_size=16).hexdigest()


class Refusal(Struct, frozen=True):
    """A field or record that was looked at and not written, with the reason (one-way, no right to edit …). A
    ``quiet`` one is as the rules and settings want it; any other needs a person."""

    side: Side
    path: str
    reason: str
    entry: str
    quiet: bool = False


class Decision(Struct, frozen=True, kw_only=True):
    """What becomes of one pair: writes (at most one per side), then the link as it shall stand.

    ``link`` is None to forget the pair. ``base`` is the base to store; of a side that was written, the paths named
    by the action's changes are replaced by what the side returned. ``claims`` are match keys to hold while a CRM
    record is created; ``supersedes`` are links that this one takes the place of.
    """

    pair: str
    before: Link | None
    link: Link | None
    base: Base
    actions: tuple[Action, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    claims: tuple[Key, ...] = ()
    supersedes: tuple[str, ...] = ()
    note: str = ""
    entry: str = ""
    title: str = ""

    def content(self) -> str:
        """Digest of the decision for comparing a saved plan with a fresh one."""
        parts = [self.pair, *(action.content() for action in self.actions)]
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


class Excess(Struct, frozen=True):
    """A guard limit that a plan goes over."""

    klass: Class
    side: Side
    count: int
    limit: int
    of: int


class Verdict(Struct, frozen=True):
    """Whether the plan may run unconfirmed."""

    exceeded: tuple[Excess, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.exceeded


class Header(Struct, frozen=True, kw_only=True):
    """What the plan was computed from. ``inputs`` is a digest of the records read; times are ISO 8601 UTC."""

    org: str
    space: str
    user: str
    kind: str
    program: str
    settings: Mapping[str, object]
    now: str
    zone: str
    cause: str
    inputs: str
    read: Mapping[str, int] = {}


class Plan(Struct, frozen=True, kw_only=True):
    """Header, decisions in order, and the guard's verdict."""

    header: Header
    decisions: tuple[Decision, ...]
    verdict: Verdict

    @property
    def actions(self) -> tuple[Action, ...]:
        return tuple(action for decision in self.decisions for action in decision.actions)

    @property
    def empty(self) -> bool:
        """True when nothing would be written to either side."""
        return not any(decision.actions for decision in self.decisions)

    def digest(self) -> str:
        """The plan's identity: rules, settings and everything it would write."""
        body = [self.header.space, self.header.kind, self.header.program, dict(self.header.settings)]
        body += [decision.content() for decision in self.decisions if decision.actions]
        return hashlib.blake2b(canonical(body), digest_size=16).hexdigest()


def canonical(body: object) -> bytes:
    """JSON bytes that are equal for equal content."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")
