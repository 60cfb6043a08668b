"""Which plans there are, who sees them, and their buckets: kept as text between ticks, so that an idle one asks for
nothing but tasks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from engine.context import fold
from engine.records import Reference

LIFE: Final = 3600
"""Seconds for which a catalogue is good."""
IN_PLANNER: Final = ("in_planner",)
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. ``viewers`` are the account ids of the members who see it, in order: the first is its sponsor.
    ``buckets`` are (id, name) in Planner's order."""

    id: str
    title: str
    viewers: tuple[str, ...]
    buckets: tuple[tuple[str, str], ...] = ()

    @property
    def reference(self) -> Reference:
        return Reference(self.id, self.title)

    def bucket(self, name: str) -> str:
        """What people call a bucket where several plans are listed."""
        return f"{self.title} / {name}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All plans that the members see, by id. ``read_at`` is UTC in milliseconds; ``members`` are the accounts that
    were asked then."""

    read_at: int = 0
    members: tuple[str, ...] = ()
    plans: tuple[Plan, ...] = ()
    _plans: Mapping[str, Plan] = field(init=False, repr=False, compare=False)
    _places: Mapping[str, tuple[Plan, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plans", {plan.id: plan for plan in self.plans})
        object.__setattr__(self, "_places", {id: (plan, name) for plan in self.plans for id, name in plan.buckets})

    def plan(self, id: str) -> Plan | None:
        return self._plans.get(id)

    def place(self, bucket: str) -> tuple[Plan, str] | None:
        """The plan of a bucket and the bucket's own name."""
        return self._places.get(bucket)

    def plan_reference(self, id: str) -> Reference:
        """A plan by id; one that is not known here has no name."""
        plan = self._plans.get(id)
        return plan.reference if plan else Reference(id, "")

    def bucket_reference(self, id: str) -> Reference:
        """A bucket by id, called "Plan / Bucket"; one that is not known here has no name."""
        found = self._places.get(id)
        return Reference(id, found[0].bucket(found[1])) if found else Reference(id, "")

    def buckets(self) -> Iterable[Reference]:
        return (Reference(id, plan.bucket(name)) for plan in self.plans for id, name in plan.buckets)

    def lists_of(self, account: str) -> tuple[Reference, ...]:
        """The buckets that one member sees, as task lists of the CRM: id, "Plan / Bucket", flag ``in_planner``."""
        return tuple(
            Reference(id, plan.bucket(name), IN_PLANNER)
            for plan in self.plans
            if account in plan.viewers
            for id, name in plan.buckets
        )

    def called(self, references: Iterable[Reference], names: Iterable[str]) -> dict[str, tuple[Reference, ...]]:
        """Folded name ▸ those of the references that are called so."""
        wanted = {fold(name) for name in names}
        found: dict[str, tuple[Reference, ...]] = {}
        for one in references:
            name = fold(one.name)
            if name in wanted:
                found[name] = (*found.get(name, ()), one)
        return found

    def without(self, plan: str, viewer: str | None = None) -> Catalogue:
        """The catalogue without a plan, or with the plan that this viewer no longer sees: who sees it next sponsors
        it. A plan keeps its place when nobody is left: only a new reading says that it is gone."""
        if viewer is None:
            return replace(self, plans=tuple(one for one in self.plans if one.id != plan))
        left = (
            replace(one, viewers=tuple(v for v in one.viewers if v != viewer)) if one.id == plan else one
            for one in self.plans
        )
        return replace(self, plans=tuple(left))

    def old(self, now: int, members: Iterable[str]) -> bool:
        """Whether to ask again: an hour has passed, or other people are members."""
        return not 0 <= now - self.read_at < LIFE * 1000 or set(self.members) != set(members)

    def text(self) -> str:
        """The catalogue as JSON: the cursor of Planner's pseudo-collection ''."""
        plans = [[p.id, p.title, list(p.viewers), [list(bucket) for bucket in p.buckets]] for p in self.plans]
        body = {"version": _VERSION, "read_at": self.read_at, "members": list(self.members), "plans": plans}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def read_catalogue(text: str | None) -> Catalogue | None:
    """The inverse of :meth:`Catalogue.text`; None for what is none."""
    try:
        body = json.loads(text or "null")
        if not isinstance(body, dict) or body.get("version") != _VERSION:
            return None
        plans = tuple(
            Plan(str(id), str(title), tuple(map(str, viewers)), tuple((str(b), str(name)) for b, name in buckets))
            for id, title, viewers, buckets in body["plans"]
        )
        return Catalogue(int(body["read_at"]), tuple(map(str, body["members"])), plans)
    except (ValueError, TypeError, KeyError):
        return None
