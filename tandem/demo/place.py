"""The demo's folder: a mark tells it from every other folder, so that nothing of anybody else's is overwritten."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from engine.errors import UserError
from tandem.folder import KEY_FILE, PLANS, write_private
from tandem.settings import FILE

MARK: Final = "demo.json"
EMULATOR: Final = "emulator"
_DATABASE: Final = "tandem.db"
_OURS: Final = (FILE, KEY_FILE, PLANS, "rules", _DATABASE, f"{_DATABASE}-wal", f"{_DATABASE}-shm", EMULATOR, MARK)
"""What the demo makes, and all that starting afresh removes; the mark goes last."""

Found: TypeAlias = Literal["nothing", "broken off", "played"]


@dataclass(frozen=True, slots=True)
class Place:
    """The demo's folder; absolute."""

    folder: Path

    @property
    def emulator(self) -> Path:
        """The folder of the emulated Microsoft 365: certificate and state."""
        return self.folder / EMULATOR

    @property
    def ca_file(self) -> Path:
        return self.emulator / "ca.pem"

    def found(self) -> Found:
        """What is there. Raises UserError for a folder that holds anything but a demo."""
        try:
            if not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir())):
                return "nothing"
        except OSError as problem:
            raise self._unusable(problem) from None
        if not (self.folder / MARK).is_file():
            raise UserError(
                f"{self.folder} is not a demo installation; nothing in it was touched.",
                "Name a new or empty folder: tandem demo --folder DIR",
            )
        return "played" if self._mark().get("played") is True else "broken off"

    def port(self) -> int | None:
        """Where this demo's Microsoft 365 listened the last time."""
        port = self._mark().get("port")
        return port if isinstance(port, int) else None

    def note(self, port: int, played: bool) -> None:
        """Mark the folder as a demo's, made if need be. Raises UserError when it can't be written."""
        try:
            if not self.folder.exists() or not any(self.folder.iterdir()):
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.folder.chmod(0o700)
            write_private(self.folder / MARK, json.dumps({"tandem_demo": 1, "port": port, "played": played}) + "\n")
        except OSError as problem:
            raise self._unusable(problem) from None

    def clear(self) -> None:
        """Remove what the demo made, and nothing else. Raises UserError when it can't be removed."""
        try:
            for name in _OURS:
                path = self.folder / name
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
        except OSError as problem:
            raise self._unusable(problem) from None

    def answers(self) -> bool:
        """Whether this demo's own Microsoft 365 is running: somebody on its port shows a certificate of its CA."""
        port = self.port()
        if port is None or not self.ca_file.is_file():
            return False
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file))
            with socket.create_connection(("localhost", port), timeout=5) as connection:
                context.wrap_socket(connection, server_hostname="localhost").close()
        except OSError:  # nobody, somebody without TLS, or somebody else's certificate
            return False
        return True

    def _mark(self) -> dict[str, object]:
        try:
            mark = json.loads((self.folder / MARK).read_text("utf-8"))
        except OSError as problem:
            raise self._unusable(problem) from None
        except ValueError:
            return {}
        return mark if isinstance(mark, dict) else {}

    def _unusable(self, problem: OSError) -> UserError:
        return UserError(
            f"The demo can't use {self.folder}: {problem.strerror}.", "Name another folder: tandem demo --folder DIR"
        )


def usable(port: int) -> bool:
    """Whether a server could listen there on this machine."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def from_here(path: Path) -> Path:
    """As short as a path can be said from the current folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
