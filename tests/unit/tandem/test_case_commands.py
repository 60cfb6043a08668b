"""The shipped cases, and the commands over them: what they exercise, what they say, and how quick they are."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from engine.cases.entries import ENTRIES
from engine.cases.expecting import lines
from engine.cases.model import WHATS, Told
from engine.language.program import Program
from tandem.casefiles import Cases, read_folder, run_cases
from tandem.cli.main import main

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def shipped() -> Cases:
    """The shipped rules with their cases."""
    return read_folder(ROOT / "rules")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the shipped rules and cases to spoil."""
    return Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))


def tandem(*words: object) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words], prog_name="tandem")
    assert "Traceback" not in done.output and "fault in Tandem" not in done.output, done.output
    return done


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_shipped_cases_exercise_every_entry_and_row(shipped: Cases) -> None:
    """Each case ends as it expects, none asks, and no entry or table row of a shipped rule file is left out."""
    results = run_cases(shipped)
    assert [one.case.name for one in results.all if not one.passed] == []
    assert set(results.coverage) == {"activities", "contacts", "tasks"}
    for name, coverage in results.coverage.items():
        assert coverage.silent == [] and len(coverage.counted) >= 50, name


def said(program: Program, told: Iterable[Told | None], zone: str) -> list[str]:
    """What comes of a case, or is expected of it, line by line."""
    found = [line for one in told if one is not None for line in lines(one, program, zone)]
    return [f"{line}   by {entry}" if entry else line for line, entry in found]


def test_what_comes_of_the_shipped_cases(shipped: Cases, snapshot: SnapshotAssertion) -> None:
    """All that comes of those cases whose expectation leaves something out."""
    found = {}
    for _, file, every in run_cases(shipped).ran:
        for ran in every:
            program, zone = shipped.programs[file.rules], ran.case.setup.zone
            whole = said(program, ran.told, zone)
            if whole != said(program, (one.told for one in ran.case.expected), zone):
                found[f"{file.rules}: {ran.case.name}"] = whole
    assert found == snapshot


def test_500_cases_take_no_three_seconds(rules: Path) -> None:
    """Reading and running 500 cases and more, with what they exercise."""
    whole = rules / "cases" / "contacts.case"
    head, *cases = whole.read_text("utf-8").split("\ncase ")
    for number in range(12):
        copies = [case.replace('"', f'"{number} ', 1) for case in cases]
        (whole.parent / f"more{number}.case").write_text("\ncase ".join([head, *copies]), "utf-8")
    start = time.perf_counter()
    results = run_cases(read_folder(rules))
    taken = time.perf_counter() - start
    assert len(results.all) > 500 and all(one.passed for one in results.all)
    assert taken < 3


def test_a_changed_rule_fails_its_cases_with_its_line(rules: Path) -> None:
    """When On Hold gives way is changed: one case fails, with what was expected and what came; the rest passes."""
    replace_in(rules / "tasks.rules", "unless 0, 100", "unless 100")
    done = tandem("test", rules)
    assert done.exit_code == 1
    assert re.sub(r"case:\d+", "case:N", done.output).splitlines()[:4] == [
        "failed  On Hold gives way when Planner is back at the start  cases/tasks.case:N",
        "    - update in crm",
        '    -     taskstatus  "On Hold" -> "Not Started"   tasks.rules:63  map/taskstatus<->percentComplete',
        "    + nothing",
    ]
    assert done.output.splitlines()[-1].endswith(" passed, 1 failed.")
    accepted = tandem("accept", rules, "--yes")
    assert accepted.exit_code == 0 and "tasks.case: 1 case stored." in accepted.output
    assert tandem("test", rules).exit_code == 0
    assert "There is nothing to accept." in tandem("accept", rules).output
    text = (rules / "cases" / "tasks.case").read_text("utf-8")
    update = '      taskstatus  "On Hold" -> "Not Started"   by map/taskstatus<->percentComplete\n'
    before = (ROOT / "rules" / "cases" / "tasks.case").read_text("utf-8")
    assert text == before.replace(f"  expect   update in crm\n{update}", "  expect   nothing\n")


def test_what_no_case_exercises_is_listed(rules: Path) -> None:
    """With one case gone, its entry and its table row are told with their place; --complete makes that a failure."""
    path = rules / "cases" / "tasks.case"
    text = path.read_text("utf-8")
    gone = [case for case in text.split("\ncase ") if "ancelled" not in case.partition("\n")[0]]
    path.write_text("\ncase ".join(gone), "utf-8")
    done = tandem("test", path, "--coverage")
    assert done.exit_code == 0
    assert "tasks: cases exercise 48 of 50 entries and rows." in done.output
    assert "  not exercised  translate/progress/Cancelled->100  tasks.rules:54" in done.output
    assert tandem("test", path, "--complete").exit_code == 1
    found = json.loads(tandem("test", path, "--coverage", "--json", "-k", "new in planner").output)
    assert {case["name"] for case in found["cases"]} == {
        "new in Planner", "new in Planner, without a due date", "new in Planner, assigned to nobody who is connected",
        "new in Planner, one way to Microsoft 365",
    }  # fmt: skip
    assert found["coverage"]["tasks"]["fired"]["tasks/map/date_start<-today"] == ["new in Planner, without a due date"]


def test_nothing_that_ran_is_a_failure(rules: Path, tmp_path: Path) -> None:
    """No case of that name, no case at all, no such place, and cases with slips: exit code 1 and what to do."""
    assert "No case has “zebra” in its name." in tandem("test", rules, "-k", "zebra").output
    assert "There is no " in tandem("test", tmp_path / "nowhere").output
    (rules / "cases" / "odd.case").write_text("language 1\ncases contact\n", "utf-8")
    slip = tandem("test", rules)
    assert slip.exit_code == 1 and "T608 cases/odd.case:2:7" in slip.output and "“contacts”" in slip.output
    shutil.rmtree(rules / "cases")
    none = tandem("test", rules)
    assert none.exit_code == 1 and "There are no cases in" in none.output


def test_a_question_is_answered_and_stored_when_confirmed(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`expect ?` prints what would be expected and fails; on a terminal `accept` asks, and No stores nothing."""
    path = rules / "cases" / "mine.case"
    path.write_text(
        '\ufefflanguage 1\n\ncases contacts\n  clock 2026-11-22 09:00\n  user  ann\n\ncase "new"\n'
        '  crm  lastname "Lee", assigned_user_id ann\n  expect ?   # what?\n',
        "utf-8",
    )
    asked = tandem("test", path)
    assert asked.exit_code == 1 and 'surname  "Lee"        by map/lastname<->surname' in asked.output
    monkeypatch.setattr("tandem.cli.screen.is_terminal", lambda stream: True)
    monkeypatch.setenv("NO_COLOR", "1")
    before = path.read_bytes()
    refused = CliRunner().invoke(main, ["accept", str(path)], input="n\n")
    assert refused.exit_code == 130 and path.read_bytes() == before
    path.chmod(0o640)
    assert CliRunner().invoke(main, ["accept", str(path)], input="y\n").exit_code == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbflanguage 1") and path.stat().st_mode & 0o777 == 0o640
    assert path.read_text("utf-8").splitlines()[8:] == [
        "  # what?",
        "  expect   create in m365   by changes/created in crm",
        '      surname  "Lee"        by map/lastname<->surname',
    ]
    assert tandem("test", path).exit_code == 0


def test_the_page_about_cases_is_true(rules: Path) -> None:
    """The example of docs/cases.md, step by step: the question, the answer stored, and a rule changed."""
    page = (ROOT / "docs" / "cases.md").read_text("utf-8")
    case, asked, failed = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    mine = rules / "cases" / "mine.case"
    mine.write_text(case, "utf-8")
    assert f"$ tandem test -k mine\n{tandem('test', rules, '-k', 'mine').output}" == asked
    assert tandem("accept", rules, "-k", "mine", "--yes").exit_code == 0
    assert tandem("test", rules, "-k", "mine").output == "1 case: 1 passed.\n"
    path = rules / "contacts.rules"
    path.write_text(re.sub(r"(?m)^( +mobile +)<->", r"\1 ->", path.read_text("utf-8")), "utf-8")
    assert f"$ tandem test -k mine\n{tandem('test', rules, '-k', 'mine').output}" == failed
    entries = re.findall(r"(?m)^\| `(\S+)", page)
    assert {one.strip("`") for one in entries} >= {*ENTRIES} - {"like"} - {"m365", "taken", "read-only"}
    assert all(f"`{what.partition(' in ')[0]}" in page for what in WHATS)


def test_the_changed_rule_of_the_readme(rules: Path) -> None:
    """What `tandem test` answers to the change that the README makes."""
    path = rules / "contacts.rules"
    changed = re.sub(r"(deleted in m365: +)recreate in m365", r"\1delete in crm", path.read_text("utf-8"))
    path.write_text(changed, "utf-8")
    told = tandem("test", rules)
    assert told.exit_code == 1
    assert f"```text\n{told.output}```" in (ROOT / "README.md").read_text("utf-8")
