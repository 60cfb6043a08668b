"""Where the shipped rules and the grammar are: packaged beside the engine, or the checkout's own folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``rules`` or ``grammar``. Raises FileNotFoundError when the installation is incomplete."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"this installation lacks its {name} folder; install Tandem again")


def rules() -> Path:
    return folder("rules")


def grammar_text() -> str:
    """The text of the rule language's grammar."""
    return (folder("grammar") / "rules.lark").read_text(encoding="utf-8")


def private_cache() -> Path | None:
    """A folder that only this user can read and write, for derived tables; None where there is none to be had.

    Anything but a real folder of the user's own with mode 0700 is refused, since what lies in it is trusted.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(given) if given.startswith("/") else Path.home() / ".cache"
        path = base / "tandem-sync"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = path.lstat()
    except (OSError, RuntimeError):  # RuntimeError: the user has no home folder
        return None
    private = stat.S_ISDIR(state.st_mode) and stat.S_IMODE(state.st_mode) == 0o700 and state.st_uid == os.geteuid()
    return path if private else None
