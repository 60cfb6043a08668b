"""A saved plan is trusted only as it was written, by this installation, for a while, under the same rules."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from memory_world import World, compiled

from engine.errors import UserError
from state.secrets import Vault
from tandem.planview import PlanView
from tandem.savedplans import LIFE, check_rules, load, save

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VAULT = Vault("1", {"1": b"k" * 32})


@pytest.fixture
def saved(world: World, shown_plan: Callable[[], PlanView], tmp_path: Path) -> Path:
    """A plan with one creation, saved."""
    world.person(firstname="Ada", lastname="Lovelace")
    path = tmp_path / "plan.json"
    save(path, [shown_plan()], "org", NOW, VAULT)
    return path


def test_a_saved_plan_reads_back(saved: Path, world: World) -> None:
    """The file is its owner's alone, readable, and holds what it would do."""
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    found = load(saved, "org", NOW + LIFE, VAULT)
    (part,) = found.plans
    assert (part.user, part.kind, list(part.decisions.values())) == ("anna", "contacts", ["Ada Lovelace"])
    assert set(part.decisions) == {decision.content() for decision in world.plan().decisions}
    assert json.loads(saved.read_text())["plans"][0]["plan"]["actions"][0]["title"] == "Ada Lovelace"
    check_rules(found, {"contacts": world.program})


def test_a_rotated_key_still_opens_it(saved: Path) -> None:
    """After a key rotation the former key's plans are good until they expire."""
    assert load(saved, "org", NOW, Vault("2", {"2": b"n" * 32, "1": b"k" * 32})).plans


def _altered(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["plans"][0]["decisions"].update({"0" * 32: "Eve"}),
        lambda document: document.update(expires="2099-01-01T00:00:00+00:00"),
        lambda document: document["plans"].clear(),
        lambda document: document.update(organisation="other"),
        lambda document: document.pop("signature"),
        lambda document: document["plans"][0]["plan"]["actions"][0].update(title="Somebody else"),
    ],
)
def test_any_alteration_is_refused(saved: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Decisions, dates, and even the readable part can't be changed."""
    _altered(saved, change)
    with pytest.raises(UserError, match="was altered"):
        load(saved, "org", NOW, VAULT)


def test_other_keys_organisations_and_times_are_refused(saved: Path) -> None:
    """Another installation's plan, another organisation's and an old one are each told apart."""
    with pytest.raises(UserError, match="made by another installation"):
        load(saved, "org", NOW, Vault("1", {"1": b"x" * 32}))
    with pytest.raises(UserError, match="another organisation"):
        load(saved, "other", NOW, VAULT)
    with pytest.raises(UserError, match="too old: it was made on 2026-11-22"):
        load(saved, "org", NOW + LIFE + timedelta(seconds=1), VAULT)


def test_a_plan_of_other_rules_is_refused(saved: Path, world: World) -> None:
    """Once a rule changed, what the plan says would be done for other reasons."""
    other = compiled(Path("rules/contacts.rules").read_text("utf-8").replace("title   ", "# was: title\n  title   ", 1))
    with pytest.raises(UserError, match="rules have changed") as problem:
        check_rules(load(saved, "org", NOW, VAULT), {"contacts": other})
    assert "tandem plan --out" in problem.value.hint


@pytest.mark.parametrize("content", ["", "{}", "[1]", "\x00\xff", '{"tandem_plan": 99}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str) -> None:
    """Any other file is named as such."""
    path = tmp_path / "x.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError, match="is not a saved plan"):
        load(path, "org", NOW, VAULT)
