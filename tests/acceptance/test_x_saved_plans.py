"""A plan that is saved, read by somebody, and carried out later."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from evidence import crm, database, outlook
from installed import Installed


def three_changes(installed: Installed) -> tuple[list[str], Path]:
    """Three linked contacts, each edited in the CRM, and the plan for that in a file; their CRM ids."""
    ids = [installed.person(firstname="A", lastname=name) for name in ("One", "Two", "Three")]
    installed.sync("anna")
    for crm_id in ids:
        installed.edit_person(crm_id, title="planned")
    path = installed.folder / "plans" / "monday.json"
    path.parent.mkdir(exist_ok=True)
    ran = installed.tandem("plan", "--user", "anna", "--out", path)
    assert f"tandem apply {path}" in ran.err
    return ids, path


def titles(installed: Installed) -> dict[str, str | None]:
    return {card["surname"]: card["jobTitle"] for card in installed.cards("anna")}


def test_X3_a_saved_plan_is_applied_later(installation: Installed) -> None:
    """Saving writes nothing; a new process does what the file says, and only that."""
    _, path = three_changes(installation)
    installation.person(firstname="A", lastname="Later")
    assert titles(installation) == {"One": None, "Two": None, "Three": None}
    assert path.stat().st_mode & 0o077 == 0, "it holds personal data"
    reviewed = json.loads(path.read_text())
    assert [one["title"] for one in reviewed["plans"][0]["plan"]["actions"]] == ["A One", "A Three", "A Two"]
    out = installation.process("apply", path).out
    assert "Done: 3 updated in Microsoft 365." in out
    assert titles(installation) == {"One": "planned", "Two": "planned", "Three": "planned"}
    installation.sync("anna")
    assert "Later" in titles(installation), "what the plan did not say is left to the next sync, not lost"


def test_X3_a_record_that_changed_meanwhile_is_skipped_and_reported(installation: Installed) -> None:
    """On either side; the others are written, and the next sync decides about those afresh."""
    ids, path = three_changes(installation)
    installation.edit_person(ids[0], title="second thoughts")
    two = installation.card_of("anna", "Two")["id"]
    installation.edit_card("anna", two, jobTitle="edited in Outlook")
    ran = installation.tandem("apply", path)
    assert "Done: 1 updated in Microsoft 365." in ran.out
    told = [line for line in ran.out.splitlines() if "changed since the plan was made; left alone" in line]
    assert sorted(line.split()[4] for line in told) == ["One", "Two"]
    assert titles(installation) == {"One": None, "Two": "edited in Outlook", "Three": "planned"}
    installation.sync("anna")
    assert titles(installation) == {"One": "second thoughts", "Two": "planned", "Three": "planned"}


def test_X3_applying_twice_does_nothing_the_second_time(installation: Installed) -> None:
    """The same file again finds its work done."""
    _, path = three_changes(installation)
    installation.tandem("apply", path, "--exit-code", code=2)
    before = outlook(installation.control)
    installation.tandem("apply", path, "--exit-code", code=0)
    assert outlook(installation.control) == before


@pytest.mark.parametrize("what", ["a value", "a decision", "the date", "cut short", "another installation"])
def test_X3_an_altered_file_is_refused_whole(installation: Installed, what: str) -> None:
    """Whatever was altered in it: exit code 1, a message, nothing written anywhere."""
    _, path = three_changes(installation)
    text = path.read_text()
    document = json.loads(text)
    part = document["plans"][0]
    if what == "a value":
        part["plan"]["actions"][0]["changes"][0]["after"] = "smuggled"
    elif what == "a decision":
        part["decisions"].popitem()
    elif what == "the date":
        document["expires"] = "2099-01-01T00:00:00+00:00"
    elif what == "another installation":
        (installation.folder / "secret.key").rename(installation.folder / "old.key")
        installation.tandem("init", installation.folder, "--name", "Firm", code=None)
    path.write_text(text[: len(text) // 2] if what == "cut short" else json.dumps(document))
    before = database(installation), outlook(installation.control)
    ran = installation.tandem("apply", path, code=1)
    assert ("was altered, or made by another installation" in ran.err) is (what != "cut short")
    assert ("is not a saved plan" in ran.err) is (what == "cut short")
    assert (database(installation), outlook(installation.control)) == before
    if what == "another installation":
        (installation.folder / "old.key").rename(installation.folder / "secret.key")


def test_X3_a_plan_of_other_rules_is_refused_whole(installation: Installed) -> None:
    """A rule edited after the review could have decided otherwise."""
    _, path = three_changes(installation)
    installation.edit_rules("title                <->  jobTitle", "title                 ->  jobTitle")
    before = crm(installation), outlook(installation.control)
    ran = installation.tandem("apply", path, code=1)
    assert "The rules have changed since this plan was made; nothing was done." in ran.err
    assert (crm(installation), outlook(installation.control)) == before
