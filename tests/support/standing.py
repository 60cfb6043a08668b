"""A process that runs ``tandem`` commands one after another, as its standard input tells it, so that a hundred races of
two processes cost no hundred starts. Each line in is a JSON list of words, each line out how that command ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from installed import Ran

from tandem.cli.main import main


class Standing:
    """Such a process, seen from a test; a context manager."""

    def __init__(self, installation: Path) -> None:
        pipe = subprocess.PIPE
        words = [sys.executable, __file__]
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, cwd=installation)
        self._installation = installation

    def begin(self, *words: str) -> None:
        """Start a command and go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(["--installation", str(self._installation), *words]) + "\n")
        self._process.stdin.flush()

    def end(self) -> Ran:
        """Wait for the command that was begun."""
        assert self._process.stdout is not None
        return Ran(*json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Standing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)  # closes its input, which ends it


def serve() -> None:
    """The process itself."""
    from click.testing import CliRunner

    for line in sys.stdin:
        result = CliRunner().invoke(main, json.loads(line), prog_name="tandem")
        sys.stdout.write(json.dumps([result.exit_code, result.stdout, result.stderr]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
