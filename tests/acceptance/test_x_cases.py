"""Rules tested by the people who write them: cases of an installation, from capture to acceptance."""

from __future__ import annotations

import re

from board import TO_DO, Board, typed
from installed import Installed


def test_R6_cases_are_run_captured_and_accepted_without_python(installation: Installed) -> None:
    """An installation has the shipped cases; a changed rule fails some, with its line; a live record becomes a case."""
    assert re.search(r"^\d+ cases: \d+ passed\.$", installation.tandem("test").out, re.MULTILINE)
    folder = installation.folder / "rules" / "cases"
    assert {path.name for path in folder.iterdir()} == {"activities.case", "contacts.case", "tasks.case"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    person = installation.person(firstname="Quentin", lastname="Zimmermann", mobile="07700 900123", title="Fishmonger")
    installation.sync("anna")
    (card,) = installation.cards()
    installation.edit_card("anna", card["id"], jobTitle="Ironmonger", surname="Zimmerman")
    text = installation.tandem("capture", person).out
    assert text == installation.tandem("capture", card["id"], "--user", "anna").out
    personal = r"(?i)quentin|zimmer|mong|900123|anna|firm\.example"
    assert not re.search(personal, text) and "changed in m365" in text, text
    (folder / "captured.case").write_text(text, "utf-8")
    asked = installation.tandem("test", "-k", "captured", code=1).out
    assert "update in crm" in asked and "by map/title<->jobTitle" in asked and "by map/lastname<->surname" in asked
    assert "1 case stored" in installation.tandem("accept", "-k", "captured", "--yes").out
    assert "1 case: 1 passed." in installation.tandem("test", "-k", "captured").out

    line = next(
        line for line in (folder.parent / "contacts.rules").read_text("utf-8").splitlines() if "jobTitle" in line
    )
    installation.edit_rules(line, line.replace("<->", " ->"))
    told = installation.tandem("test", "-k", "captured", code=1).out
    assert "failed  captured" in told and "no such entry:  map/title<->jobTitle" in told
    assert "nobody can be asked" in installation.tandem("accept", "-k", "captured", code=1).err
    assert "no record that is synced" in installation.tandem("capture", "nobody", code=1).err.lower()
    installation.edit_rules(line.replace("<->", " ->"), line)


def test_R6_a_task_is_captured_with_its_people_and_its_list(installation: Installed, board: Board) -> None:
    """What is known of a task is in the case, under made-up names, and the case ends as the plan says."""
    installation.sync()
    task = installation.task("Polish the brass", tasklist=TO_DO, date_start=typed(3))
    text = installation.tandem("capture", task).out
    assert not re.search("(?i)polish|brass|anna", text) and "in_planner" in text, text
    folder = installation.folder / "rules" / "cases"
    (folder / "captured.case").write_text(text, "utf-8")
    assert "create in m365" in installation.tandem("test", "-k", "captured", code=1).out
