"""Planner for tests of its client: a group of Ann and Bob with two plans, in the emulator, and both their sign-ins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from graph_world import ANN, BOB, ORG, GraphWorld, KeptText

from engine.links import Member, Space
from engine.plans import Action, FieldChange, Verb
from engine.port import WriteView, Written
from engine.records import Record, Reference, Value
from graph_client.system import GraphSystem
from graph_emulator.planner.control_client import PlannerControl

ZONE = "Europe/London"


@dataclass
class PlannerWorld:
    """``stores`` holds each account's sign-in; ``plan`` has the buckets ``bucket`` and ``other``, ``second`` has
    ``away``."""

    world: GraphWorld
    stores: dict[str, KeptText] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        planner = self.planner
        self.ids["group"] = planner.create_group("Team", [ANN, BOB])["id"]
        self.ids["plan"] = planner.create_plan(self.ids["group"], "Launch", by=ANN)["id"]
        self.ids["second"] = planner.create_plan(self.ids["group"], "Office", by=ANN)["id"]
        for name, plan, title in (("bucket", "plan", "To do"), ("other", "plan", "Done"), ("away", "second", "Moves")):
            self.ids[name] = planner.create_bucket(self.ids[plan], title)["id"]

    @property
    def planner(self) -> PlannerControl:
        return self.world.control.planner

    def account(self, upn: str) -> str:
        return self.world.space(upn).id

    def space(self, *upns: str) -> Space:
        """The organisation's Planner with these members (Ann and Bob, if none are named)."""
        members = tuple(Member(upn, self.account(upn), ZONE) for upn in upns or (ANN, BOB))
        return Space(ORG, "planner", members[0].user, ZONE, members)

    def reference(self, bucket: str) -> Reference:
        """A bucket as tasks show it."""
        names = {"bucket": "Launch / To do", "other": "Launch / Done", "away": "Office / Moves"}
        return Reference(self.ids[bucket], names[bucket])

    def add(self, title: str, **properties: object) -> str:
        """A person adds a task to the first bucket; its id."""
        (id,) = self.planner.create_tasks(
            self.ids["plan"], [{"title": title, "bucketId": self.ids["bucket"], **properties}]
        )
        return id

    def task(self, id: str) -> Mapping[str, object]:
        return self.planner.task(id)

    def titles(self, plan: str = "plan") -> list[str]:
        return sorted(t["title"] for t in self.planner.state()["tasks"] if t["planId"] == self.ids[plan])

    def values(self, title: str, bucket: str = "bucket", **more: Value) -> dict[str, Value]:
        return {"title": title, "bucket": self.reference(bucket), **more}

    @contextmanager
    def system(self) -> Iterator[GraphSystem]:
        """Both are signed in, once per world."""
        for upn in (ANN, BOB):
            if self.account(upn) not in self.stores:
                self.stores[self.account(upn)] = KeptText(self.world.sign_in(upn).cache)
        with GraphSystem(
            self.world.endpoints, lambda org, account: self.stores[account], self.world.waits.timing()
        ) as system:
            yield system


def action(
    id: str, verb: Verb, values: Mapping[str, Value], of: Record | None = None, *changes: FieldChange, copy: str = ""
) -> Action:
    """A write to Planner, on ``of`` as it was read."""
    return Action(
        id=id, side="m365", kind="plannerTask", verb=verb, klass=verb, target=of.id if of else None,
        expected_version=of.version if of else None, values=values, changes=changes, entry="e", copy=copy or None,
        title=str(of.values["title"]) if of else "",
    )  # fmt: skip


def written(view: WriteView, given: Action) -> Record:
    """The record that a write returned."""
    (outcome,) = view.write([given])
    assert isinstance(outcome, Written), outcome
    assert outcome.record is not None
    return outcome.record
