"""People work with tasks by command: in their own zone, with their own rights, choosing from their own lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tandem.cli.main import main
from tandem.installation import Installation
from tandem.settings import read_settings

Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with anna in London and ben in Kathmandu; anna sees a list of Planner."""
    folder = tmp_path / "installation"
    client = "cccccccc-2222-4333-8444-555555555555"
    _run(None, "init", folder, "--name", "Firm", "--client-id", client)
    (tmp_path / "users.csv").write_text("user_name,time zone\nanna,Europe/London\nben,Asia/Kathmandu\n")
    (tmp_path / "tasklists.csv").write_text("Task List Id,Task List\n50,Back office\n")
    for name in ("users.csv", "tasklists.csv"):
        _run(folder, "crm", "import", tmp_path / name)
    with Installation(read_settings(folder)) as installation:
        installation.store.publish_task_lists({"anna": [("bucket-1", "Sales / To do"), ("bucket-2", "Sales / Done")]})
    return folder


def _run(folder: Path | None, *words: object) -> Result:
    place = ["--installation", str(folder)] if folder else []
    result = CliRunner().invoke(main, [*place, *map(str, words)], prog_name="tandem")
    assert "Traceback" not in result.output, result.output
    return result


@pytest.fixture
def tandem(folder: Path) -> Run:
    """Runs a command that must succeed, or with ``fails`` one that must not; the answer is what it said."""

    def run(*words: object, fails: bool = False) -> str:
        result = _run(folder, *words)
        assert (result.exit_code != 0) is fails, result.output
        return " ".join(result.output.split())

    return run


def test_a_task_is_added_shown_edited_and_deleted(tandem: Run) -> None:
    """Times are typed and shown by the clock of the one who works, fields by name or by label."""
    words = ("subject=Call Ada back", "date_start=2026-07-01 09:00", "Task List=sales / to do", "users=ben")
    assert tandem("crm", "add", "--task", *words, "--as", "anna") == "Task 51 is made."
    said = tandem("crm", "show", "--task", "call ada BACK")
    assert 'Start Date & Time "2026-07-01 09:00 Europe/London"' in said
    assert '"Sales / To do"' in said and 'Users "ben"' in said and 'Status "Not Started"' in said
    assert "2026-07-01 13:45 Asia/Kathmandu" in tandem("crm", "show", "51", "--task", "--zone", "Asia/Kathmandu")
    assert '"2026-07-01T08:00:00Z"' in tandem("crm", "show", "51", "--task", "--json")
    assert tandem("crm", "edit", "--task", "51", "taskstatus=on hold", "Users=", "--as", "ben") == "Task 51 is updated."
    assert tandem("crm", "edit", "--task", "51", "Status=On Hold", "--as", "anna") == "Task 51 is unchanged."
    listed = tandem("crm", "list", "--task", "HOLD")
    assert listed.endswith("51 Call Ada back On Hold 2026-07-01 09:00 Europe/London Sales / To do anna")
    assert "Call Ada" not in tandem("crm", "list", "--tasks", "--user", "ben")
    assert tandem("crm", "delete", "--task", "Call Ada back") == "Task 51 is deleted."
    assert '"tasks": []' in tandem("crm", "list", "--task", "--json")


def test_a_user_edits_tasks_with_their_own_rights(tandem: Run) -> None:
    """Whoever is not on the task is told so, and nothing changes."""
    tandem("crm", "add", "--task", "subject=Secret", "private=yes", "--as", "anna")
    assert "ben may not see this task" in tandem("crm", "edit", "--task", "51", "subject=x", "--as", "ben", fails=True)
    assert "ben may not see this task" in tandem("crm", "delete", "--task", "51", "--as", "ben", fails=True)
    tandem("crm", "edit", "--task", "51", "users=ben", "--as", "anna")
    assert tandem("crm", "edit", "--task", "51", "subject=Ours", "--as", "ben") == "Task 51 is updated."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--task", "taskstatus=Done"), "A task needs a Subject"),
        (("add", "--task", "subject=x", "tasklist=Sales / To do", "--as", "ben"), "ben sees no task list Sales"),
        (("add", "--task", "subject=x", "tasklist=Sales / To doo"), "Did you mean “Sales / To do”?"),
        (("add", "--task", "subject=x", "date_start=tomorrow"), "must be a date and time such as 2026-11-22 09:00"),
        (("add", "--task", "subject=x", "users=ann"), "The CRM has no user ann. Did you mean “anna”?"),
        (("add", "--task", "subjekt=x"), "A task has no field subjekt. Did you mean “subject”?"),
        (("add", "--task", "subject"), "Write field=value, for example taskstatus=Done"),
        (("add", "--task", "subject=x", "activitytype=Party"), "Activity Type must be one of: Task, Meeting, Call"),
        (("show", "--task", "7"), "The CRM has no such task. Give its id or subject; see `tandem crm list --task`"),
        (("show", "--task", "Twin"), "2 tasks fit. Name one by its id: "),
        (("show", "--task", "Twin A", "--zone", "Mars/Port"), "The time zone Mars/Port is not known"),
        (("import", "--zone", "Mars/Port", "."), "The time zone Mars/Port is not known"),
        (("lists", "zoe"), "The CRM has no user zoe"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    tandem: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    """In words that say what to do."""
    (tmp_path / "activities.csv").write_text("Subject,Start Date & Time\nTwin,\nTwin,\nTwin A,2026-01-01 09:00\n")
    tandem("crm", "import", tmp_path / "activities.csv")
    monkeypatch.chdir(tmp_path)
    before = tandem("crm", "list", "--task", "--json")
    assert said in tandem("crm", *words, fails=True)
    assert tandem("crm", "list", "--task", "--json") == before


def test_T2_the_picklist_is_shown_as_a_user_sees_it(tandem: Run) -> None:
    """The CRM's own values first; without a user all there is."""
    assert tandem("crm", "lists", "anna").endswith(
        "50 Back office CRM bucket-2 Sales / Done Planner bucket-1 Sales / To do Planner"
    )
    assert tandem("crm", "lists", "ben").endswith("50 Back office CRM")
    assert tandem("crm", "lists") == tandem("crm", "lists", "anna")
    assert '"flags": [ "in_planner" ]' in tandem("crm", "lists", "--json")


def test_tasks_leave_and_come_back_in_a_zone_of_ones_choice(tandem: Run, tmp_path: Path) -> None:
    """The export in London's time says nine o'clock; imported as such it changes nothing, as UTC it does."""
    tandem("crm", "add", "--task", "subject=Call", "date_start=2026-07-01 09:00", "--as", "anna")
    tandem("crm", "export", tmp_path / "out", "--zone", "Europe/London")
    assert "2026-07-01 09:00" in (tmp_path / "out" / "activities.csv").read_text()
    said = tandem("crm", "import", tmp_path / "out" / "activities.csv", "--zone", "Europe/London")
    assert said == "activities.csv 1 unchanged"
    assert tandem("crm", "import", tmp_path / "out" / "activities.csv") == "activities.csv 1 updated"
