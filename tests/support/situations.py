"""What the situations of every rule file share: a table with one program on it, and how an outcome is told.

Entry ids and places are left out on purpose: an outcome is what happens to people's data and what they are told.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from engine.context import Context, SettingValue
from engine.language.program import Program
from engine.links import Base
from engine.plans import Decision
from engine.records import CRM, M365, Record, Side, Value, to_json
from engine.schema import Schema
from engine.settings import effective
from engine.sync.slots import layout, view

Outcome: TypeAlias = object


@dataclass(frozen=True)
class Table(ABC):
    """One program, ready for the situations."""

    program: Program

    @abstractmethod
    def context(self, **settings: SettingValue) -> Context:
        """The user's context; settings that are not given have their defaults."""

    def defaults(self) -> dict[str, SettingValue]:
        return {spec.name: spec.default for spec in self.program.settings}

    def base_of(self, crm: Record, m365: Record) -> Base:
        """The base of a pair that agreed on these two records."""
        shape = layout(self.program)
        seen: dict[Side, Mapping[str, Value]] = {
            CRM: view(crm.values, {}, shape.slots[CRM]),
            M365: view(m365.values, {}, shape.slots[M365]),
        }
        held = {side: {path: seen[side][path] for path in shape.paths[side] if path in seen[side]} for side in seen}
        return Base(held[CRM], held[M365])

    def recognised(self, m365: Record, people: Sequence[Record], context: Context) -> tuple[str, tuple[Record, ...]]:
        """Those that match a new item by the first match entry that finds any, and the entry's name."""
        for entry in self.program.matches:
            keys = set(entry.m365_keys(m365, context))
            found = tuple(one for one in people if keys.intersection(entry.crm_keys(one, context)))
            if found:
                return entry.entry.rpartition("/")[2], found
        return "", ()

    def set_to(self, org: Mapping[str, SettingValue], user: Mapping[str, SettingValue], may: bool = True) -> Outcome:
        """What counts of the organisation's and the user's settings."""
        found = effective(self.program.settings, org, user, may)
        return {name: repr(value) for name, value in sorted(found.items())}

    def ways(self, direction: str) -> Outcome:
        """Whether Microsoft 365 and the CRM may be written under this setting."""
        found = self.program.direction(self.context(direction=direction))
        return [found.to_m365, found.to_crm]


AnyTable = TypeVar("AnyTable", bound=Table)


@dataclass(frozen=True, eq=False)
class Book(Generic[AnyTable]):
    """A shipped rule file with its text and schemas, how it is compiled, and its situations by name. ``alike`` are the
    changes that change nothing, and why that is so."""

    name: str
    text: str
    crm: Schema
    m365: Schema
    compiled: Callable[[str], Program]
    table: Callable[[Program], AnyTable]
    situations: Mapping[str, Callable[[AnyTable], Outcome]]
    alike: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def outcomes(self, program: Program) -> Iterator[tuple[str, Outcome]]:
        """What the rules make of one situation after the other."""
        table = self.table(program)
        return ((name, situation(table)) for name, situation in self.situations.items())


def about_settings(
    org: Mapping[str, SettingValue], user: Mapping[str, SettingValue]
) -> dict[str, Callable[[Table], Outcome]]:
    """Situations that every rule file has: who sets what, and which way records travel."""
    return {
        "settings: nothing is set": lambda t: t.set_to({}, {}),
        "settings: the organisation's": lambda t: t.set_to(org, {}),
        "settings: the user's": lambda t: t.set_to({}, user),
        "settings: both": lambda t: t.set_to(org, user),
        "settings: both, users may not edit": lambda t: t.set_to(org, user, may=False),
        "settings: what can be chosen": lambda t: {s.name: [s.kind, *s.choices] for s in t.program.settings},
        "the rule file's name": lambda t: [t.program.name, t.program.crm.kind, t.program.m365.kind],
        "direction: both": lambda t: t.ways("both"),
        "direction: to_m365": lambda t: t.ways("to_m365"),
        "direction: to_crm": lambda t: t.ways("to_crm"),
        "direction: off": lambda t: t.ways("off"),
    }


def told(decision: Decision | None) -> Outcome:
    """What a decision does and says, without the entries behind it."""
    if decision is None:
        return "nothing"
    writes = [
        [a.side, a.verb, a.klass, a.reason, {path: to_json(value) for path, value in sorted(a.values.items())}]
        for a in decision.actions
    ]
    return {
        "writes": writes,
        "refused": [[refusal.side, refusal.path, refusal.reason] for refusal in decision.refusals],
        "link": None if decision.link is None else [decision.link.state, decision.link.reason],
        "lost": [change.path for action in decision.actions for change in action.changes if change.lost],
    }
