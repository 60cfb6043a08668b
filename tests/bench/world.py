"""What is measured against: an emulated Microsoft 365 in a process of its own, and databases of SQLite files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from graph_client.connection import Connection
from graph_client.signin import finish, start_device_sign_in
from graph_emulator.control_client import ControlClient
from tandem.installation import Installation
from tandem.settings import read_settings
from tests.bench.board import planner
from tests.bench.diary import calendar
from tests.bench.people import FOLDERS, contacts
from tests.bench.process import ENVIRONMENT, ROOT, BenchError
from tests.bench.site import BY_HAND, CLIENT, DIARY, OURS, PLANNERS, PULLED, TENANT, UPNS, Site

UNLIMITED: Final = {"mailbox_concurrency": 0, "requests_per_10_minutes": 0, "upload_bytes_per_5_minutes": 0}


@dataclass(frozen=True, slots=True)
class BenchWorld:
    """A running emulator with ``count`` contacts in two mailboxes, ``pulled`` in a third, and ``tasks`` in Planner.
    ``diary``: how many single events and series are in the calendar of a mailbox of its own."""

    folder: Path
    control: ControlClient
    count: int
    pulled: int
    tasks: int
    diary: tuple[int, int]

    def installation(self, upn: str, name: str, *others: str, settings: Mapping[str, str] | None = None) -> Path:
        """A fresh installation with one user, or several, connected; the answer is the file that describes it."""
        site = self._site(upn, name)
        words = ["--name", "Bench", "--client-id", CLIENT, "--ca-file", site.ca_file, "--authority", site.authority]
        _tandem("init", site.folder, *words, "--graph", site.graph).communicate()
        with Installation(read_settings(Path(site.folder))) as opened, opened.store.edit() as edit:
            for one in (upn, *others):
                edit.create_user(one.partition("@")[0], zone="Europe/London")
        for one in (upn, *others):
            self._connect(site.folder, one)
        for setting, value in (settings or {}).items():
            _tandem("--installation", site.folder, "org", "set", setting, value).communicate()
        return self._described(site)

    def _connect(self, folder: str, upn: str) -> None:
        connecting = _tandem("--installation", folder, "user", "connect", upn.partition("@")[0])
        assert connecting.stdout is not None
        found = re.search(r"enter the code +(\S+) ", connecting.stdout.readline())
        if found is None:
            raise BenchError(f"no code to sign in with: {connecting.communicate()[0]}")
        self.control.approve_device(found[1], upn)
        connecting.communicate(timeout=60)

    def by_hand(self, upn: str, name: str) -> Path:
        """A folder for the reference, with a sign-in."""
        site = self._site(upn, name)
        Path(site.folder).mkdir()
        endpoints = site.endpoints()
        with Connection(endpoints) as connection:
            started = start_device_sign_in(endpoints, connection)
            self.control.approve_device(started.code, upn)
            Path(site.cache).write_text(finish(started, endpoints, connection, time.time, _no_wait).cache, "utf-8")
        return self._described(site)

    def _site(self, upn: str, name: str) -> Site:
        home = self.folder / name
        ca_file = str(self.folder / "emulator" / "ca.pem")
        return Site(upn, str(home), self.control.url, ca_file, str(home / "sign-in.json"))

    def _described(self, site: Site) -> Path:
        described = Path(site.folder) / "site.json"
        described.write_text(json.dumps(asdict(site)), "utf-8")
        return described


def _tandem(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tandem.cli.main", *words]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True, env=ENVIRONMENT, cwd=ROOT)


def _no_wait(seconds: float) -> None:
    """The code is approved before anybody asks."""


@contextmanager
def bench_world(folder: Path, count: int, pulled: int, tasks: int, diary: tuple[int, int]) -> Iterator[BenchWorld]:
    """Start the emulator and end it again."""
    _write_firm(folder / "mailboxes", count, pulled, tasks, diary)
    (folder / "emulator").mkdir()
    command = [sys.executable, "-m", "graph_emulator", "--folder", str(folder / "emulator")]
    command += ["--mailboxes", str(folder / "mailboxes")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, cwd=ROOT) as running:
        assert running.stdout is not None
        try:
            message = json.loads(running.stdout.readline())
            with ControlClient.from_start_message(message) as control:
                control.set_behaviour(**UNLIMITED, access_token_life=86_400)
                yield BenchWorld(folder, control, count, pulled, tasks, diary)
        finally:
            running.terminate()


def _write_firm(folder: Path, count: int, pulled: int, tasks: int, diary: tuple[int, int]) -> None:
    folder.mkdir()
    users = [
        {"id": f"00000000-0000-4000-8000-{number:012}", "userPrincipalName": upn, "mail": upn,
         "displayName": upn.split("@")[0], "timeZone": "GMT Standard Time"}
        for number, upn in enumerate(UPNS, start=1)
    ]  # fmt: skip
    tenant = {"tenantId": TENANT, "name": "Bench", "clientId": CLIENT, "users": users}
    (folder / "tenant.json").write_text(json.dumps(tenant), "utf-8")
    folders = [{"displayName": name, "parent": None} for name in FOLDERS]
    (folder / "planner.json").write_text(json.dumps(planner(PLANNERS, tasks)), "utf-8")
    (folder / f"{DIARY}.json").write_text(json.dumps({"events": calendar(*diary)}), "utf-8")
    for upn, size in ((OURS, count), (BY_HAND, count), (PULLED, pulled)):
        (folder / f"{upn}.json").write_text(json.dumps({"contactFolders": folders, "contacts": contacts(size)}))
