"""The demo as a visitor runs it: a process, a folder, and the commands it tells people to try."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from installed import command, surroundings

PEOPLE: Final = ("helen.marlowe", "callum.reid", "priya.nair", "tom.okafor", "grace.lindqvist")
NOTHING: Final = "Plan for {}@harbourlight.example (contacts): nothing to write"


@dataclass(frozen=True, slots=True)
class Played:
    """One run of the demo: the folder it was run in, and what it printed."""

    here: Path
    out: str

    @property
    def folder(self) -> Path:
        return self.here / "demo-installation"

    def act(self, heading: str) -> str:
        """What stands below a heading."""
        return re.split(r"\n\n\d+\. ", self.out.partition(f". {heading}")[2])[0]

    def to_try(self) -> list[str]:
        return re.findall(r"^  (\S.*?) +# ", self.act("What to try next"), re.MULTILINE)


def demo(here: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the demo with no terminal, in the folder ``here``."""
    return subprocess.run(
        command(None, "demo", *options), cwd=here, env=surroundings(), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=240,
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def port_of(folder: Path) -> int:
    return int(json.loads((folder / "demo.json").read_text())["port"])


def until(process: subprocess.Popen[str], text: str) -> str:
    """Read what a process prints until a line has ``text`` in it; everything read."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if text in line:
            return read
    raise AssertionError(f"{text!r} was never printed:\n{read}")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The demo, played once to its end."""
    here = tmp_path_factory.mktemp("visitor")
    ran = demo(here, "--port", str(free_port()))
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    return Played(here, ran.stdout)


def plans(played: Played, name: str) -> list[dict[str, Any]]:
    document = json.loads((played.folder / "plans" / f"{name}.json").read_text("utf-8"))
    found: list[dict[str, Any]] = document["plans"]
    return found


def test_the_first_plan_matches_creates_and_holds(played: Played) -> None:
    """Five mailboxes are planned, people are recognised and created on both sides, and the unclear ones are held."""
    first = plans(played, "first-plan")
    assert [plan["mailbox"].partition("@")[0] for plan in first] == list(PEOPLE)
    for plan in first:
        assert {("create", "crm"), ("create", "m365"), ("overwrite", "crm")} <= {
            (action["class"], action["side"]) for action in plan["actions"]
        }
        assert len(plan["matched"]) >= 15 and plan["held"] and plan["allowed"]
    held = [note for plan in first for note in plan["held"]]
    assert len(held) >= 8 and sum(len(note["candidates"]) > 1 for note in held) >= 3
    assert all(note["reason"] and note["rule"].startswith("contacts.rules:") for note in held)

    shown = played.act("The first plan")
    for sign in ("~ overwrite in crm", "~ update in m365", "+ create in", "= match", "! held", "· left alone"):
        assert f"\n  {sign}" in shown, sign
    assert len(re.findall(r"contacts\.rules:\d+", shown)) >= 15
    page = (played.folder / "plans" / "first-plan.html").read_text("utf-8")
    assert all(f"{name}@harbourlight.example" in page for name in PEOPLE)
    for name in ("Fam. Vos", "Q &amp; R Hale", "S. &amp; G. Pritchard", "Dorothea Pike"):
        assert name in page


def test_everybody_signs_in_and_all_mailboxes_are_synced_until_nothing_is_left(played: Played) -> None:
    """Each sign-in is told, each mailbox is written, colleagues' people become one contact, and the rounds end."""
    assert re.findall(r"code \S+  entered as (\S+)@", played.act("Five people sign in")) == list(PEOPLE)
    done = played.act("The plan is carried out")
    first = r"round 1  (\S+) +\d+ created, \d+ updated(?:, \d+ moved)? in Microsoft 365; \d+ created"
    assert re.findall(first, done) == list(PEOPLE)
    assert re.search(r"round \d  nothing left to write", done)
    same = re.search(r"Of (\d+) new people in the plans, (\d+) were the same person", done)
    assert same and int(same[2]) >= 20
    waiting = played.act("What waits for a person")
    assert sum(waiting.count(f"({name})") for name in PEOPLE) >= 8


def test_the_second_plan_tells_what_the_edits_lead_to(played: Played) -> None:
    """Merge, conflict, removal, recreation, deletion and refusal stand in the plan, with the rule line behind each."""
    found = {
        (plan["mailbox"].partition(".")[0], action["title"], action["class"], action["side"]): action
        for plan in plans(played, "second-plan")
        for action in plan["actions"]
    }
    assert set(found) == {
        ("helen", "Constance Ibbotson", "update", "crm"),
        ("helen", "Hector Dalgleish", "update", "m365"),
        ("helen", "Ravi Sundaram", "create", "m365"),
        ("callum", "Moira Kilbride", "delete", "m365"),
        ("callum", "Angus Birrell", "overwrite", "m365"),
        ("callum", "Morwenna Tregear", "update", "crm"),
        ("callum", "Morwenna Tregear", "update", "m365"),
        ("priya", "Philippa Nettlefold", "delete", "m365"),
        ("priya", "Desmond Achebe", "recreate", "m365"),
        ("priya", "Moira Kilbride", "create", "m365"),
        ("tom", "Jago Penrose", "update", "crm"),
        ("tom", "Ingrid Halvorsen", "create", "crm"),
    }
    assert found["callum", "Moira Kilbride", "delete", "m365"]["reason"] == "not my item"
    (held,) = [note for plan in plans(played, "second-plan") for note in plan["held"]]
    assert (held["title"], held["reason"]) == ("Torquil Baird", "no right to edit")
    shown = played.act("The second plan")
    assert all(re.search(rf"^  [-~+] \S+ in {side} +{title}", shown, re.MULTILINE) for _, title, _, side in found)

    came = played.act("It is carried out")
    for told in (
        r"✓ both edits of Morwenna survive.*\(contacts\.rules:\d+, \d+\)",
        r"✓ Angus's number .* 07700 900985 stands on both  \(contacts\.rules:\d+\)",
        r"✓ Moira, reassigned, has left Callum's Outlook .*\(contacts\.rules:\d+\)",
        r"✓ Torquil stays Buyer in the CRM; .* no right to edit  \(contacts\.rules:\d+\)",
        r"✓ Philippa, deleted in the CRM, has left .*\(contacts\.rules:\d+\)",
        r"✓ Desmond, deleted in Outlook, is there again.*\(contacts\.rules:\d+\)",
    ):
        assert re.search(told, came), told


def test_the_last_plan_is_empty_and_the_demo_is_short_and_plain(played: Played) -> None:
    """Nothing is left to write for anybody; a pipe gets no colour, no more text than one reads, and no process."""
    last = played.act("Nothing is left to do").splitlines()
    assert [line.strip() for line in last if line.strip()] == [NOTHING.format(name) for name in PEOPLE]
    assert "\x1b" not in played.out and len(played.out.splitlines()) <= 150
    assert not listens(port_of(played.folder))


@pytest.fixture
def emulator_again(played: Played) -> Iterator[None]:
    """Microsoft 365, started by the command that the demo tells."""
    first = played.to_try()[0]
    running = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {first}"], cwd=played.here, env=surroundings(), stdout=subprocess.PIPE, text=True
    )
    try:
        until(running, "Microsoft 365 (emulated) at")
        yield
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == 0


@pytest.mark.usefixtures("emulator_again")
def test_the_commands_to_try_work_in_their_order(played: Played) -> None:
    """Each command the demo names runs, with the sign-ins and contacts that the demo left, and the sync ends empty."""

    def run(line: str) -> str:
        done = subprocess.run(line, shell=True, cwd=played.here, env=surroundings(), capture_output=True, text=True)
        assert done.returncode == 0 and "Error" not in done.stderr, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    tandem = next(line for line in played.to_try() if line.endswith(" held")).removesuffix(" held")
    assert run(f"{tandem} plan").count("nothing to write") == len(PEOPLE) + 1, "everybody, and Planner"
    said = {line.removeprefix(tandem).split()[0]: run(line) for line in played.to_try()[1:]}
    assert set(said) == {"held", "crm", "plan", "sync", "history", "check"}
    assert "~ update in m365      Hector Dalgleish" in said["plan"] and '"07700 900555"' in said["plan"]
    assert re.search(r"[~+] .*Barn(aby|ey) Crisp", said["plan"])
    assert "Done: " in said["sync"] and "callum.reid@" in said["history"]
    run(f"{tandem} sync")
    assert run(f"{tandem} plan").count("nothing to write") == len(PEOPLE) + 1
    assert "is running already" in demo(played.here).stdout


def test_a_second_demo_goes_on_and_touches_nothing(played: Played) -> None:
    """Run again, it starts Microsoft 365, plans, and writes nothing; edited rules are still there."""
    rules = played.folder / "rules" / "contacts.rules"
    rules.write_text(rules.read_text("utf-8") + "\n# mine\n", "utf-8")
    again = demo(played.here)
    assert (again.returncode, again.stderr) == (0, ""), again.stdout + again.stderr
    assert again.stdout.startswith("The demo goes on where it was left")
    assert all(NOTHING.format(name) in again.stdout for name in PEOPLE)
    assert "demo --fresh" in again.stdout and "# leave it running" in again.stdout
    assert rules.read_text("utf-8").endswith("# mine\n") and not listens(port_of(played.folder))


def _hears_ctrl_c() -> None:
    """Parallel test processes ignore Ctrl-C, and their children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_on_a_terminal_it_has_colour_and_microsoft_365_runs_until_ctrl_c(played: Played) -> None:
    """A terminal gets colours and a Microsoft 365 that stays; Ctrl-C ends both, without an error."""
    ours, theirs = pty.openpty()
    words = command(None, "demo")
    environment = {**surroundings(), "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    running = subprocess.Popen(
        words, cwd=played.here, env=environment, stdout=theirs, stderr=theirs, stdin=theirs, preexec_fn=_hears_ctrl_c
    )
    os.close(theirs)
    read = b""
    while b"Ctrl-C ends it" not in read:
        read += os.read(ours, 65536)
    assert b"\x1b[1m" in read and b"in another terminal" in read and listens(port_of(played.folder))
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 0
    os.close(ours)
    assert not listens(port_of(played.folder))


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    """A folder without the demo's mark stays as it is, with a message and exit code 1."""
    (tmp_path / "demo-installation").mkdir()
    (tmp_path / "demo-installation" / "mine.txt").write_text("mine")
    for options in ((), ("--fresh",)):
        ran = demo(tmp_path, *options)
        assert ran.returncode == 1 and ran.stdout == ""
        assert "is not a demo installation; nothing in it was touched" in ran.stderr and "--folder DIR" in ran.stderr
    assert [path.name for path in (tmp_path / "demo-installation").iterdir()] == ["mine.txt"]


def test_a_place_that_cannot_be_written_and_a_port_in_use_are_plain_messages(tmp_path: Path) -> None:
    """Trouble at the start is one message that says what to do, with exit code 1 and no process left."""
    (tmp_path / "file").write_text("")
    ran = demo(tmp_path, "--folder", "file/demo")
    assert ran.returncode == 1 and "can't use" in ran.stderr and "--folder DIR" in ran.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = demo(tmp_path, "--port", str(taken.getsockname()[1]))
    assert ran.returncode == 1 and "in use" in ran.stderr and "--port" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_demo_that_was_broken_off_leaves_no_process_and_is_played_afresh(tmp_path: Path) -> None:
    """Ended or killed in the middle, its Microsoft 365 ends too; the next demo starts from the beginning and removes
    nothing but what the demo made."""
    folder = tmp_path / "demo-installation"
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = subprocess.Popen(
            command(None, "demo"), cwd=tmp_path, env=surroundings(), stdout=subprocess.PIPE, text=True
        )
        assert until(running, "imported").startswith("Tandem, shown on a made-up firm")
        port = port_of(folder)
        assert listens(port)
        running.send_signal(number)
        running.communicate(timeout=60)
        assert running.returncode in (128 + number, -number)
        deadline = time.monotonic() + 30
        while listens(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not listens(port)
        (folder / "mine.txt").write_text("mine")
    assert (folder / "mine.txt").read_text() == "mine"


def test_help_is_there_without_anything_heavy() -> None:
    """`tandem demo --help` says what it does, and how to start afresh, without loading the emulator."""
    check = "import sys; from tandem.cli.main import main; main(['demo', '--help'])"
    words = [sys.executable, "-X", "importtime", "-c", check]
    ran = subprocess.run(words, env=surroundings(), capture_output=True, text=True)
    assert ran.returncode == 0 and "--fresh" in ran.stdout and "uvicorn" not in ran.stderr
