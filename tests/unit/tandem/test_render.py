"""One plan in three forms: text, JSON and a page say the same, with the rule line behind each field."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from memory_world import World
from msgspec import structs

from engine.plans import NO_MAIL, Mail
from engine.sync.guard import Limit
from tandem import shown
from tandem.planview import PlanView, objections, view
from tandem.render import as_html, as_json, as_text, guard_text

ShownPlan = Callable[[], PlanView]


def _line_of(world: World, start: str) -> str:
    return next(
        f"{place.file}:{place.line}" for place in world.program.entries.values() if place.text.startswith(start)
    )


def _everything(world: World) -> None:
    """One of each: a deletion, an overwrite, an update, creations on both sides, a match, a held item."""
    world.settings["conflict"] = "crm"
    gone = world.person(firstname="Gone", lastname="Away", email="gone@x.example")
    both = world.person(firstname="Both", lastname="Sides", mobile="+44 20 7946 0000")
    world.sync()
    (card,) = [card for card in world.cards() if card.values["surname"] == "Sides"]
    world.crm.remove("Contact", gone.id)
    world.crm.change("Contact", both.id, {"mobile": "+44 20 7946 0001"})
    world.edit_card(card.id, mobilePhone="+44 20 7946 0002", jobTitle="Buyer")
    world.person(firstname="New", lastname="Here")
    world.card(givenName="New", surname="There", emails=("there@x.example",))
    world.person(firstname="Same", lastname="Person", email="same@x.example")
    world.card(givenName="Same", surname="Person", emails=("same@x.example",))
    world.person(firstname="Twin", lastname="One", email="twin@x.example")
    world.person(firstname="Twin", lastname="Two", email="twin@x.example")
    world.card(givenName="Twin", surname="Any", emails=("twin@x.example",))


def test_text_tells_every_change_with_its_rule(world: World, shown_plan: ShownPlan) -> None:
    """Deletions come first, then overwrites, updates, creations, matches, held items, and a line that sums up."""
    _everything(world)
    lines = list(as_text(shown_plan()))
    heads = [re.sub(r" {2,}.*", "", line) for line in lines if line.startswith(("+", "~", "-", "=", "!"))]
    assert heads == [
        "- delete in m365", "~ overwrite in m365", "~ update in crm", "+ create in m365", "+ create in crm", "= match",
        "! held",
    ]  # fmt: skip
    phone, title = _line_of(world, "mobile "), _line_of(world, "title ")
    assert any(
        re.fullmatch(
            r' +mobilePhone  "\+44 20 7946 0002" → "\+44 20 7946 0001"  contacts\.rules:\d+  replaces an entry', line
        )
        for line in lines
    )
    assert any(line.split() == ["title", "(empty)", "→", '"Buyer"', title] for line in lines)
    assert phone.startswith("contacts.rules:")
    assert any("2 CRM records match" in line and line.startswith("! held") for line in lines)
    assert lines[-1] == (
        "Plan for anna@firm.example (contacts): 1 to create, 1 to update, 1 to delete in Microsoft 365; "
        "1 to create, 1 to update in the CRM; 1 matched; 1 held"
    )


def test_the_three_forms_agree(world: World, shown_plan: ShownPlan) -> None:
    """Every field that the text shows stands in the JSON and on the page, with before, after and rule."""
    _everything(world)
    plan = shown_plan()
    document = json.loads(shown.to_json(as_json(plan)))
    page = as_html([plan], "Firm", "now")
    text = "\n".join(as_text(plan))
    assert len(document["actions"]) == len(plan.actions) == page.count("<article class=") - 2
    for action in document["actions"]:
        assert html.escape(action["title"]) in page and action["title"] in text
        for change in action["changes"]:
            assert change["rule"] in page and change["rule"] in text and change["rule"]
            assert change["path"] in text and change["path"] in page
    assert document["summary"] == text.splitlines()[-1]
    assert document["allowed"] is True and document["digest"] == plan.digest


def test_what_is_not_done_is_said(world: World, shown_plan: ShownPlan) -> None:
    """A direction that forbids a write is told per record, and counted."""
    world.settings |= {"direction": "to_crm", "m365_folders": ("Clients",)}
    world.person(firstname="Ada", lastname="Lovelace")
    world.card(givenName="Grace", surname="Hopper")
    lines = list(as_text(shown_plan()))
    assert any(re.match(r"· not done +Ada Lovelace +one-way; m365 stays as it is", line) for line in lines)
    assert lines[-1].endswith("nothing to write; 1 not done (one-way)")


def test_other_peoples_text_is_only_text(world: World, shown_plan: ShownPlan) -> None:
    """A name with escape codes, overrides or markup steers neither terminal nor page."""
    world.card(givenName="\x1b[2J\u202eEve", surname="<script>alert(1)</script>", jobTitle="a\nb")
    plan = shown_plan()
    text, page = "\n".join(as_text(plan)), as_html([plan], "<b>Firm</b>", "now")
    assert "\x1b" not in text + page and "\u202e" not in text + page
    assert r"\x1b[2J\u202eEve" in text and r'"a\nb"' in text
    assert "<script>" not in page and "&lt;script&gt;" in page and "<b>Firm" not in page


def test_the_guard_says_why_and_how_to_go_on(world: World, program: object) -> None:
    """A plan that is too much names the numbers, and the digest that confirms it."""
    for number in range(5):
        world.person(firstname="P", lastname=str(number))
    world.sync()
    for record in world.people():
        world.crm.remove("Contact", record.id)

    from engine.sync.pipeline import plan

    made = plan(structs.replace(world.tick_of("anna"), limits={"delete": Limit(3, 0.1)}))
    shown_view = view(made, world.program, "anna@firm.example")
    assert objections(made.verdict) == ("5 deletions in Microsoft 365: more than 3 (5 linked records here)",)
    told = "\n".join(guard_text(shown_view, "tandem sync --user anna"))
    assert f"tandem sync --user anna --confirm {made.digest()}" in told
    assert as_json(shown_view)["allowed"] is False


@pytest.mark.parametrize("wide", ["健太 山本", "Zoë 👩‍🔧"])
def test_columns_stand_under_each_other(world: World, shown_plan: ShownPlan, wide: str) -> None:
    """Rule places line up whatever alphabet the values are in."""
    world.person(firstname=wide, lastname="A", mobile="+44 20 7946 0000", title="x")
    fields = [line for line in as_text(shown_plan()) if line.startswith("      ")]
    assert len(fields) >= 3
    assert len({shown.width(line[: line.index("contacts.rules")]) for line in fields}) == 1


def test_all_forms_tell_whom_the_writes_mail(world: World) -> None:
    """Per action and summed, with how many people are outside; where nobody is mailed nothing is said of mail."""
    for name in ("One", "Two", "Three"):
        world.person(firstname=name)
    plan = world.plan()
    mails = (Mail(invitations=2, updates=1, outside=1), Mail(cancellations=1, outside=1), NO_MAIL)
    decisions = tuple(
        structs.replace(decision, actions=tuple(structs.replace(action, mail=mail) for action in decision.actions))
        for decision, mail in zip(plan.decisions, mails, strict=True)
    )
    seen = view(structs.replace(plan, decisions=decisions), world.program, "anna@firm.example")
    lines = list(as_text(seen))
    assert sorted(line.strip() for line in lines if line.startswith("      mail: ")) == [
        "mail: 1 cancellation (1 person outside)", "mail: 2 invitations, 1 update (1 person outside)",
    ]  # fmt: skip
    told = "mail: 2 invitations, 1 update, 1 cancellation (2 people outside)"
    assert lines[-1].endswith(f"; {told}")
    document: dict[str, Any] = as_json(seen)
    assert document["mail"] == {"invitations": 2, "updates": 1, "cancellations": 1, "outside": 2}
    assert [one["mail"] is None for one in document["actions"]].count(True) == 1
    assert told in as_html([seen], "Firm", "today")
    assert "mail" not in "\n".join(as_text(view(plan, world.program, "anna@firm.example")))
