"""The rules of activities on a table: Ann is asked, Bob's mailbox may lead the meeting, and what is mailed is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from activity_records import ACTIVITY, EVENT, NOW, PEOPLE
from situations import Outcome, Table, told

from engine.context import Context, SettingValue
from engine.links import Base, Link, Space
from engine.records import CRM, M365, Record, State, Value
from engine.sync.decide import decide
from engine.sync.groups import as_series
from engine.sync.pairs import Pairing
from engine.sync.rules import Rules
from engine.sync.slots import Layout, layout

SPACE: Final = Space("org", "a1", "u1", "Europe/London")
GROUP: Final = "series"
NOTHING: Final[Mapping[str, SettingValue]] = {}


def activity(id: str = "t", /, **values: Value) -> Record:
    """A CRM meeting of Ann's; fields not given are empty."""
    whole: dict[str, Value] = dict.fromkeys(field.name for field in ACTIVITY.fields)
    usual: dict[str, Value] = {"activitytype": "Meeting", "assigned_user_id": "u1"}
    return Record(CRM, "Activity", id, "v1", {**whole, **usual, **values}, 1_000_000)


def event(id: str = "m", group: str = "", /, **values: Value) -> Record:
    """An event that Ann organises; fields not given are empty."""
    whole: dict[str, Value] = dict.fromkeys(field.name for field in EVENT.fields)
    usual: dict[str, Value] = {
        "organizer": "ann@firm.test", "isOrganizer": True, "sensitivity": "normal", "iCalUId": "uid",
        "isDraft": False, "isCancelled": False,
    }  # fmt: skip
    return Record(M365, "event", id, "w1", {**whole, **usual, **values}, 1_000_000, group=group)


def but(record: Record, given: Mapping[str, Value] | None = None, at: int = 2_000_000, **values: Value) -> Record:
    """The record after an edit, at this time in milliseconds."""
    return Record(
        record.side, record.kind, record.id, "v2", {**record.values, **(given or {}), **values}, at, group=record.group
    )


@dataclass(frozen=True)
class ActivityTable(Table):
    """The rules of activities, asked by Ann."""

    @cached_property
    def shape(self) -> Layout:
        return layout(self.program)

    def context(self, **settings: SettingValue) -> Context:
        return Context(
            NOW, "Europe/London", "u1", {**self.defaults(), "direction": "both", **settings}, account="a1",
            directory=PEOPLE,
        )  # fmt: skip

    def base_of(self, crm: Record, m365: Record) -> Base:
        """With what the rules ask about an event once it is gone."""
        base = super().base_of(crm, m365)
        return Base(base.crm, {**base.m365, **self.program.recall(m365.values)})

    def rules(self, first: bool = False, settings: Mapping[str, SettingValue] = NOTHING) -> Rules:
        context = self.context(**settings)
        return Rules(
            self.program, self.shape, context, self.program.direction(context), SPACE, "run", first=first
        )  # fmt: skip

    def linked(
        self,
        crm: State | None,
        m365: State | None,
        agreed: tuple[Record, Record],
        base: Base | None = None,
        peers: Sequence[tuple[Link, Base]] = (),
        link: Mapping[str, object] | None = None,
        first: bool = False,
        settings: Mapping[str, SettingValue] = NOTHING,
    ) -> Outcome:
        """A tick over a pair that agreed on two records; ``link`` are further properties of its link."""
        given: dict[str, object] = {
            "state": "linked", "crm_version": "v1", "m365_version": "w1", "identity": "uid",
            "group": agreed[1].group, **(link or {}),
        }  # fmt: skip
        row = Link(id="l", space="a1", kind=self.program.name, m365_id="m", crm_id="t", **given)  # type: ignore[arg-type]
        pairing = Pairing(
            id="l", link=row, base=self.base_of(*agreed) if base is None else base, crm=crm, m365=m365,
            peers=tuple(peers),
        )  # fmt: skip
        return self.decided(pairing, first, settings)

    def decided(self, pairing: Pairing, first: bool, settings: Mapping[str, SettingValue]) -> Outcome:
        decision = decide(self.rules(first, settings), pairing)
        role = decision.link.role if decision is not None and decision.link is not None else ""
        return [role, told(decision)]

    def new_activity(
        self,
        crm: Record,
        peers: Sequence[tuple[Link, Base]] = (),
        first: bool = False,
        settings: Mapping[str, SettingValue] = NOTHING,
    ) -> Outcome:
        return self.decided(Pairing(id="l", crm=crm, peers=tuple(peers)), first, settings)

    def new_event(
        self,
        m365: Record,
        there: Sequence[Record] = (),
        taken: Sequence[str] = (),
        peers: Sequence[tuple[Link, Base]] = (),
        first: bool = False,
        link: Link | None = None,
        settings: Mapping[str, SettingValue] = NOTHING,
    ) -> Outcome:
        """An unknown event among these activities."""
        which, found = self.recognised(m365, there, self.context(**settings))
        ids = frozenset(taken) & {one.id for one in found}
        pairing = Pairing(id="l", m365=m365, candidates=found, taken=ids, peers=tuple(peers), link=link)
        return [which or None, self.decided(pairing, first, settings)]

    def elsewhere(self, crm: Record, m365: Record, role: str = "", state: str = "linked") -> tuple[Link, Base]:
        """The pair of the same meeting in Bob's mailbox."""
        link = Link(
            id="b", space="a2", kind=self.program.name, m365_id="bobs", crm_id=crm.id, identity="uid",
            role=role, state=state,  # type: ignore[arg-type]
        )  # fmt: skip
        return link, self.base_of(crm, m365)

    def occurrences(
        self, pairs: Sequence[tuple[State, State]], agreed: tuple[Record, Record], left: int = 0, waited: bool = False
    ) -> Outcome:
        """A tick over occurrences of one series, of which ``left`` more stay as they are."""
        rules = self.rules()
        base = self.base_of(*agreed)
        waiting = {"reason": "waits in case the whole series is being deleted", "wake_at": rules.now - 1}
        rows = [
            Link(
                id=f"l{number}", space="a1", kind=self.program.name, m365_id=f"m{number}", crm_id=f"t{number}",
                group=GROUP, **(waiting if waited else {}),  # type: ignore[arg-type]
            )
            for number in range(len(pairs) + left)
        ]  # fmt: skip
        decisions = [
            decide(rules, Pairing(id=row.id, link=row, base=base, crm=crm, m365=m365))
            for row, (crm, m365) in zip(rows, pairs, strict=False)
        ]
        found = as_series(rules, [one for one in decisions if one is not None], lambda: rows)
        return [[told(one), [action.target for action in one.actions]] for one in found]
