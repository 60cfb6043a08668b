"""What a decision needs besides the pair, and what people call a record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from engine.context import Context
from engine.language.program import Direction, Program
from engine.links import Space
from engine.plans import NO_MAIL, Action, Mail
from engine.records import CRM, Record, Reference
from engine.sync.merge import UNBOUND, Bounds
from engine.sync.slots import Layout


def mark(*parts: str) -> str:
    """A stable id from names: links, and actions (whose id is also the mark on what they create)."""
    return hashlib.blake2b("/".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def mails_nobody(action: Action, before: Record | None, context: Context) -> Mail:
    """The effects of writes on a side that sends no mail."""
    return NO_MAIL


@dataclass(frozen=True)
class Rules:
    """All a decision needs besides the pair. ``home`` is where Microsoft 365 keeps records without a collection;
    ``run`` makes action ids unique; ``effects`` tells whom a write to Microsoft 365 would mail.
    ``bounds`` are those of one pair."""

    program: Program
    layout: Layout
    context: Context
    direction: Direction
    space: Space
    run: str
    home: Reference | None = None
    effects: Callable[[Action, Record | None, Context], Mail] = mails_nobody
    first: bool = False
    bounds: Bounds = UNBOUND

    @cached_property
    def now(self) -> int:
        return int(self.context.now.timestamp() * 1000)

    def under(self, context: Context | None) -> Rules:
        """The same with another context, where one is given."""
        if context is None or context is self.context:
            return self
        return replace(self, context=context, direction=self.program.direction(context))

    def within(self, limits: Bounds) -> Rules:
        """The same for a pair with these bounds."""
        return replace(self, bounds=limits)


def title(program: Program, record: Record) -> str:
    """What people call the record: its naming fields, else the last of them (an e-mail address)."""
    schema = program.crm if record.side == CRM else program.m365
    *naming, fallback = schema.title
    names = [str(record.values[name]) for name in naming if record.values.get(name)]
    return " ".join(names) or _text(record, fallback)


def _text(record: Record, path: str) -> str:
    value = record.values.get(path)
    while isinstance(value, tuple):
        value = value[0] if value else None
    return "" if value is None else str(value)
