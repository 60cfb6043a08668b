"""The guard: a plan that deletes, overwrites, recreates or creates more than a set share, or mails more than a few
people, waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from engine.plans import Action, Class, Excess, Verdict
from engine.records import M365, Side


class Limit(Struct, frozen=True):
    """Exceeded when more than ``at_least`` actions of a class (of mail: people) are planned *and* they are more than
    ``share`` (0 to 1) of the space's links."""

    at_least: int
    share: float


DEFAULT_LIMITS: Final[Mapping[Class, Limit]] = MappingProxyType(
    {
        "delete": Limit(10, 0.10),
        "overwrite": Limit(25, 0.25),
        "move": Limit(50, 0.25),
        "mail": Limit(10, 0.0),
        "recreate": Limit(10, 0.10),
        "create": Limit(200, 0.50),
    }
)


class Guard(Struct, frozen=True):
    """``links`` counts the space's links; asked only when a number is large enough to matter. A first run may create
    as much as there is."""

    links: Callable[[], int]
    first: bool
    limits: Mapping[Class, Limit] = field(default_factory=lambda: DEFAULT_LIMITS)

    def judge(self, actions: Sequence[Action]) -> Verdict:
        counts = Counter[tuple[Class, Side]]((action.klass, action.side) for action in actions)
        if people := sum(action.mail.people for action in actions):
            counts["mail", M365] = people
        exceeded = []
        for (klass, side), count in sorted(counts.items()):
            limit = self.limits.get(klass)
            if limit is None or count <= limit.at_least or (self.first and klass == "create"):
                continue
            of = self.links()
            if count > limit.share * of:
                exceeded.append(Excess(klass, side, count, max(limit.at_least, int(limit.share * of)), of))
        return Verdict(tuple(exceeded))
