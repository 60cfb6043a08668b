"""What a person reads: one plan with everything in it, in its three forms, kept as snapshots.

A change of rules, wording or layout shows as a difference here; ``pytest --snapshot-update`` takes it over.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from memory_world import World
from syrupy.assertion import SnapshotAssertion

from engine.language.program import Program
from tandem import shown
from tandem.planview import PlanView
from tandem.render import as_html, as_json, as_text

ShownPlan = Callable[[], PlanView]


def deleted_and_edited(world: World, title: str) -> None:
    """One pair whose CRM record is gone, and one that was edited on both sides."""
    gone = world.person(firstname="Gone", lastname="Away", email="gone@x.example")
    both = world.person(firstname="Both", lastname="Sides", mobile="+44 20 7946 0000")
    world.sync()
    (card,) = [card for card in world.cards() if card.values["surname"] == "Sides"]
    world.crm.remove("Contact", gone.id)
    world.crm.change("Contact", both.id, {"mobile": "+44 20 7946 0001"})
    world.edit_card(card.id, mobilePhone="+44 20 7946 0002", jobTitle=title)


@pytest.fixture
def plan(world: World, shown_plan: ShownPlan) -> PlanView:
    """A deletion, an overwrite, an update, creations on both sides, a match, a held item and a one-way refusal."""
    deleted_and_edited(world, "Buyer\u202e of ropes")
    world.person(firstname="Zoë", lastname="Brontë 🚢", description="x" * 400)
    world.card(givenName="New", surname="There", companyName="Mill Ltd", emails=("there@x.example",))
    world.person(firstname="Same", lastname="Person", email="same@x.example", title="Clerk")
    world.card(givenName="Same", surname="Person", emails=("same@x.example",), jobTitle="Buyer")
    for name in ("One", "Two"):
        world.person(firstname="Twin", lastname=name, email="twin@x.example")
    world.card(givenName="Twin", surname="Any", emails=("twin@x.example",))
    return shown_plan()


def test_the_plan_as_text(plan: PlanView, snapshot: SnapshotAssertion) -> None:
    """As a terminal without colour shows it."""
    assert "\n".join(as_text(plan)) == snapshot


def test_the_plan_as_json(plan: PlanView, program: Program, snapshot: SnapshotAssertion) -> None:
    """As a script reads it; the rules' digest is left out, so that wording can change without a difference here."""
    document = shown.to_json(as_json(plan))
    assert document.replace(program.digest, "(rules)").replace(plan.digest, "(plan)") == snapshot


def test_the_plan_as_a_page(plan: PlanView, snapshot: SnapshotAssertion) -> None:
    """As a person opens it in a browser."""
    assert as_html([plan], "Firm", "2026-11-22 09:00").replace(plan.digest, "(plan)") == snapshot


def test_the_plan_in_the_readme(world: World, shown_plan: ShownPlan) -> None:
    """The README shows a plan as the terminal does, with the lines of the shipped rules."""
    deleted_and_edited(world, "Buyer")
    world.card(givenName="New", surname="There", companyName="Mill Ltd", emails=("there@x.example",))
    for name in ("One", "Two"):
        world.person(firstname="Twin", lastname=name, email="twin@x.example")
    world.card(givenName="Twin", surname="Any", emails=("twin@x.example",))
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    assert f"```text\n{chr(10).join(as_text(shown_plan())).strip()}\n```" in readme
