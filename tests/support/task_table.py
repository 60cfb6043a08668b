"""The rules of tasks on a table: two members of one space ask them, and a decision sees of a card what was fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from situations import Outcome, Table, told
from task_records import (
    AGREED_CRM,
    AGREED_M365,
    CONNECTED,
    IDEAS_LISTED,
    NOW,
    but,
    with_values,
)

from engine.context import Context, Names, SettingValue
from engine.links import NO_AGREEMENT, Base, Link, Member, Space
from engine.records import CRM, Record, Side, State, Value
from engine.sync.complete import lead
from engine.sync.decide import decide
from engine.sync.merge import changed_sides
from engine.sync.pairs import Pairing
from engine.sync.rules import Rules
from engine.sync.slots import Layout, layout

NAMED: Final = Names({(CRM, "TaskList", "move / ideas"): (IDEAS_LISTED,)})
MEMBERS: Final = ("u1", "u2")
SPACE: Final = Space(
    "org", "planner", "u1", "Europe/London",
    tuple(Member(user, CONNECTED.account_of(user) or "", "Europe/London") for user in MEMBERS),
)  # fmt: skip


@dataclass(frozen=True)
class TaskTable(Table):
    """The rules of tasks, asked by two members. What the rules don't fetch of a card, its decision does not see."""

    @cached_property
    def shape(self) -> Layout:
        return layout(self.program)

    def context(self, **settings: SettingValue) -> Context:
        return self._of("u1", settings)

    def _of(self, user: str, settings: Mapping[str, SettingValue], changed: frozenset[Side] = frozenset()) -> Context:
        return Context(
            NOW, "Europe/London", user, {**self.defaults(), **settings}, NAMED,
            account=CONNECTED.account_of(user) or "", directory=CONNECTED, changed=changed,
        )  # fmt: skip

    def decided(
        self,
        settings: Mapping[str, SettingValue],
        crm: State | None = None,
        m365: State | None = None,
        link: Link | None = None,
        base: Base = NO_AGREEMENT,
        candidates: tuple[Record, ...] = (),
        taken: frozenset[str] = frozenset(),
    ) -> Outcome:
        """Who decides, what is fetched, and what becomes of the pair."""

        def pairing(item: State | None) -> Pairing:
            return Pairing(id="l", link=link, base=base, crm=crm, m365=item, candidates=candidates, taken=taken)

        leader = lead(self.program, [self._of(user, settings) for user in MEMBERS], pairing(m365))
        changed = changed_sides(self.program, self.shape, pairing(m365)) if self.program.asks_changed else frozenset()
        context = self._of(leader.user, settings, changed)
        item, parts = self._fetched(crm, m365, context)
        rules = Rules(self.program, self.shape, context, self.program.direction(context), SPACE, "run")
        return [context.user, parts, told(decide(rules, pairing(item)))]

    def _fetched(self, crm: State | None, item: State | None, context: Context) -> tuple[State | None, list[str]]:
        if not isinstance(item, Record) or not item.values.get("hasDescription"):
            return item, []
        known = with_values(item, {name: value for name, value in item.values.items() if name != "details"})
        parts = self.program.parts(crm if isinstance(crm, Record) else None, known, context)
        return with_values(item, {**known.values, **{name: item.values[name] for name in parts}}), sorted(parts)

    def linked(
        self,
        crm: State | None,
        m365: State | None,
        base: Base | None = None,
        agreed: tuple[Record, Record] = (AGREED_CRM, AGREED_M365),
        **settings: SettingValue,
    ) -> Outcome:
        """A tick over a pair that agreed before, on these records."""
        link = Link(
            id="l", space="planner", kind=self.program.name, m365_id="m", crm_id="t", crm_version="v1",
            m365_version="w1", state="linked",
        )  # fmt: skip
        return self.decided(settings, crm, m365, link, self.base_of(*agreed) if base is None else base)

    def agreed_on(self, crm: Mapping[str, Value], m365: Mapping[str, Value]) -> tuple[Record, Record]:
        """The records of a pair that agreed with these values put in."""
        return (
            with_values(AGREED_CRM, {**AGREED_CRM.values, **crm}),
            with_values(AGREED_M365, {**AGREED_M365.values, **m365}),
        )

    def moved(
        self, was: tuple[Mapping[str, Value], Mapping[str, Value]], now: Mapping[str, Value], side: str = CRM
    ) -> Outcome:
        """A pair that agreed with ``was`` put in on either side; then one of them was edited."""
        agreed = self.agreed_on(*was)
        crm, m365 = agreed
        pair = (but(crm, now), m365) if side == CRM else (crm, but(m365, now))
        return self.linked(*pair, agreed=agreed)

    def new_task(self, crm: Record, **settings: SettingValue) -> Outcome:
        return self.decided(settings, crm)

    def new_card(
        self, m365: Record, people: Sequence[Record] = (), taken: Sequence[str] = (), **settings: SettingValue
    ) -> Outcome:
        """An unknown card among these tasks of the CRM."""
        which, found = self.recognised(m365, people, self.context(**settings))
        ids = frozenset(taken) & {one.id for one in found}
        return [which or None, self.decided(settings, None, m365, candidates=found, taken=ids)]
