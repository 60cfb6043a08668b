"""Wrong input and failing surroundings, and the proof that a command left everything as it was."""

from __future__ import annotations

import ctypes
import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from installed import Installed, Ran, command, surroundings

_TIMETABLE: Final = ("lease", "space")
"""Tables that tell when a mailbox was last looked at: a tick that fails is noted there."""
_PR_CAPBSET_DROP: Final = 24
_RIGHTS_OF_ROOT: Final = (1, 2, 3)
"""Capabilities to write and read what the permissions forbid."""


def contents(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but the timetable."""
    with closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
    return {name: sorted(found, key=repr) for name, found in rows.items() if name not in _TIMETABLE}


@contextmanager
def unchanged(here: Installed) -> Iterator[None]:
    """The block leaves the database and all mailboxes as they were."""
    database = here.folder / "tandem.db"
    before = contents(database), mailboxes(here)
    yield
    after = contents(database), mailboxes(here)
    assert after == before


def mailboxes(here: Installed) -> dict[str, Any]:
    """What all mailboxes hold."""
    boxes: dict[str, Any] = here.control.state()["mailboxes"]
    return boxes


def refused(here: Installed, *args: object, says: tuple[str, ...] = (), code: int = 1) -> Ran:
    """The command, as a process, ends with ``code`` and one message that says all of ``says``."""
    ran = here.process(*args, code=code)
    return told(ran, says)


def told(ran: Ran, says: tuple[str, ...]) -> Ran:
    """The message is there, is meant for people, and says all of ``says``."""
    assert ran.err.strip(), "it failed without a word"
    assert "Traceback" not in ran.out + ran.err and "fault in Tandem" not in ran.err, ran.err
    for text in says:
        assert text in ran.err, (text, ran.err)
    return ran


def limited(here: Installed, prepare: Callable[[], None], *args: object) -> Ran:
    """The command as a process that ``prepare`` has taken something away from."""
    done = subprocess.run(
        command(here.folder, *map(str, args)), capture_output=True, text=True, env=surroundings(), timeout=120,
        cwd=here.folder.parent, preexec_fn=prepare,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def no_file_above(size: int) -> Callable[[], None]:
    """A disk on which no file can grow beyond ``size`` bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def without_rights_of_root() -> None:
    """Permissions count, also where the tests are run by root."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in _RIGHTS_OF_ROOT:
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process's write lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
