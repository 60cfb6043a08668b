"""A whole installation per test: founded once per session through the command line, then copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from board import Board
from diary import Diary
from installed import Installed, firm, founded

from engine.language.compiler import compile_folder
from engine.language.program import Program
from engine.schema import Schemas
from graph_emulator.control_client import ControlClient
from graph_emulator.server import Emulator


@pytest.fixture(scope="session", autouse=True)
def _rules_compiled_once() -> Iterator[None]:
    """Commands that tests run in their own process compile the same rule files over and over: once will do."""
    known: dict[tuple[tuple[str, bytes], ...], tuple[Program, ...]] = {}

    def compiled(folder: Path, schemas: Schemas) -> tuple[Program, ...]:
        files = tuple((path.name, path.read_bytes()) for path in sorted(folder.glob("*.rules")))
        if files not in known:
            known[files] = compile_folder(folder, schemas)
        return known[files]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tandem.rulefiles.compile_folder", compiled)
        yield


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The running Microsoft 365 with three mailboxes."""
    with Emulator.start(tmp_path_factory.mktemp("emulator"), firm()) as running:
        yield running


@pytest.fixture(scope="session")
def session_control(emulator: Emulator) -> Iterator[ControlClient]:
    """The control client that fixtures share."""
    with ControlClient(emulator.url, emulator.ca_file, emulator.control_key) as client:
        yield client


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator, session_control: ControlClient) -> Path:
    """An installation with Anna, Ben and Cara connected; tests get copies."""
    return founded(tmp_path_factory.mktemp("template") / "installation", emulator, session_control).folder


@pytest.fixture(scope="session")
def beginning(template: Path, session_control: ControlClient) -> tuple[Path, bytes]:
    """The emulator's state when the template was ready: where it is kept, and what it was. Tests may keep others."""
    file = session_control.save()
    return file, file.read_bytes()


@pytest.fixture
def control(beginning: tuple[Path, bytes], session_control: ControlClient) -> ControlClient:
    """The control client, after everything in the emulator, sign-ins too, was put back to where the template is."""
    session_control.release()
    session_control.reset("faults", "barriers", "behaviour", "clock", "throttle", "mailboxes")
    file, content = beginning
    file.write_bytes(content)
    session_control.load()
    session_control.reset("log")
    return session_control


@pytest.fixture
def installation(template: Path, control: ControlClient, tmp_path: Path) -> Iterator[Installed]:
    """A connected installation of the test's own. Afterwards the second plan must be empty, unless the test says why
    it ends open."""
    folder = tmp_path / "installation"
    shutil.copytree(template, folder)
    installed = Installed(folder, control)
    try:
        yield installed
    finally:
        installed.stop()
    if not installed.ends_open:
        control.release()
        control.reset("faults", "behaviour", "throttle")
        installed.second_plan_is_empty()


@pytest.fixture
def board(installation: Installed) -> Board:
    """Planner with two plans and three lists, which the CRM knows. Afterwards a plan that looks at everything must be
    empty as well."""
    made = Board.made(installation)
    installation.sync("anna")
    installation.last_looks = ((), ("--full",))
    return made


@pytest.fixture
def diary(installation: Installed, emulator: Emulator) -> Diary:
    """The calendars, with every mailbox's first sync behind them. Afterwards a plan that looks at everything must be
    empty as well."""
    opened = Diary.opened(installation, emulator)
    installation.sync()
    installation.last_looks = ((), ("--full",))
    return opened
