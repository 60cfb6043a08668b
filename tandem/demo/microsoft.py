"""The emulated Microsoft 365 as a child process that ends with the demo, and keeps its state for the next start."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import UserError
from graph_emulator.control_client import ControlClient

FIRM: Final = Path(__file__).parents[1] / "firm"
USUAL_PORT: Final = 8365
_PATIENCE: Final = 60.0
"""Seconds for starting, and for ending."""


@dataclass(frozen=True, slots=True)
class Microsoft:
    """One that runs. ``client_id`` is the app registration it knows."""

    url: str
    ca_file: Path
    client_id: str
    control: ControlClient
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def wait(self) -> None:
        """Until it ends, or this process is told to stop."""
        self.process.wait()


@contextmanager
def running(folder: Path, port: int) -> Iterator[Microsoft]:
    """The made-up firm's mailboxes, or what became of them; port 0 takes any. Stopped and saved when the block ends.

    Raises UserError when it does not start.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tandem.demo.child", "--keep", "--port", str(port)]
    command += ["--folder", str(folder), "--mailboxes", str(FIRM / "mailboxes")]
    complaints = folder / "errors.txt"
    with complaints.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            start_new_session=True,  # Ctrl-C is the demo's affair: it ends the emulator when it has done with it
        )  # fmt: skip
    try:
        said = _first_line(process)
        if not said:
            last = complaints.read_text("utf-8").strip().rpartition("\n")[2] or "it says nothing"
            raise UserError(f"The emulated Microsoft 365 does not start: {last}", "Try another --port.")
        message = json.loads(said)
        with ControlClient.from_start_message(message) as control:
            yield Microsoft(message["url"], Path(message["ca_file"]), message["client_id"], control, process)
    finally:
        _end(process)


def _first_line(process: subprocess.Popen[str]) -> str:
    """What it says about itself; '' when it ended without a word, or says nothing for a long time."""
    assert process.stdout is not None
    too_long = threading.Timer(_PATIENCE, process.kill)
    too_long.start()
    try:
        return process.stdout.readline()
    finally:
        too_long.cancel()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
