"""Running a command as a whole process and reading what it cost from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}


class BenchError(Exception):
    """A measured command failed; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process cost: wall and CPU seconds, peak resident MiB. ``said`` is its standard output."""

    wall: float
    cpu: float
    peak: float
    said: str

    def answer(self) -> dict[str, Any]:
        """The last line that the process printed, as JSON."""
        found: dict[str, Any] = json.loads(self.said.splitlines()[-1])
        return found


def measured(command: Sequence[str | Path]) -> Usage:
    """Run a command to its end. Raises BenchError when it fails."""
    launcher = [sys.executable, "-S", "-E", str(ROOT / "tests" / "bench" / "launch.py")]
    done = subprocess.run(
        [*launcher, *map(str, command)], env=ENVIRONMENT, capture_output=True, text=True, cwd=ROOT, check=False
    )
    if done.returncode:
        raise BenchError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr.strip()}")
    line, _, said = done.stdout.partition("\n")
    return Usage(**json.loads(line), said=said)


def python(module: str, *arguments: str | Path) -> Usage:
    """The same for a module of this folder."""
    return measured([sys.executable, "-m", f"tests.bench.{module}", *arguments])
