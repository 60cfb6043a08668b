"""What is measured against: an emulated Microsoft 365 in a process of its own, and databases of SQLite files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from crm.store import CrmStore
from crm.tables import metadata
from graph_client.connection import Connection
from graph_client.signin import finish, start_device_sign_in
from graph_emulator.control_client import ControlClient
from state.accounts import Account, connect_account
from state.database import open_database
from state.organisations import Organisation, create_organisation
from tests.bench.people import FOLDERS, contacts
from tests.bench.process import ENVIRONMENT, ROOT
from tests.bench.site import BY_HAND, CLIENT, ORG, OURS, PULLED, TENANT, UPNS, Site

UNLIMITED: Final = {"mailbox_concurrency": 0, "requests_per_10_minutes": 0, "upload_bytes_per_5_minutes": 0}


@dataclass(frozen=True, slots=True)
class BenchWorld:
    """A running emulator with ``count`` contacts in two mailboxes and ``pulled`` in a third."""

    folder: Path
    control: ControlClient
    count: int
    pulled: int

    def site(self, upn: str, name: str) -> Path:
        """A fresh installation for one mailbox; the answer is the file that describes it."""
        home = self.folder / name
        home.mkdir()
        ca_file, url = str(self.folder / "emulator" / "ca.pem"), self.control.url
        site = Site(upn, str(home / "tandem.db"), f"{url}/organizations", url, ca_file, str(home / "sign-in.json"))
        engine = open_database(f"sqlite:///{site.database}")
        metadata.create_all(engine)
        create_organisation(engine, Organisation(id=ORG, name="Bench"))
        account = Account(id=site.space, user=upn, tenant_id=TENANT, upn=upn, zone="Europe/London")
        connect_account(engine, ORG, account, 0)
        with CrmStore(engine, ORG).edit() as edit:
            edit.create_user(upn)
        engine.dispose()
        Path(site.cache).write_text(self._sign_in(site), "utf-8")
        described = home / "site.json"
        described.write_text(json.dumps(asdict(site)), "utf-8")
        return described

    def copy(self, described: Path, name: str) -> Path:
        """The same installation again, as it stands now."""
        home = self.folder / name
        shutil.copytree(described.parent, home)
        site = json.loads(described.read_text("utf-8"))
        site["database"] = str(home / "tandem.db")
        (home / "site.json").write_text(json.dumps(site), "utf-8")
        return home / "site.json"

    def _sign_in(self, site: Site) -> str:
        endpoints = site.endpoints()
        with Connection(endpoints) as connection:
            started = start_device_sign_in(endpoints, connection)
            self.control.approve_device(started.code, site.upn)
            return finish(started, endpoints, connection, time.time, lambda seconds: None).cache


@contextmanager
def bench_world(folder: Path, count: int, pulled: int) -> Iterator[BenchWorld]:
    """Start the emulator and end it again."""
    _write_firm(folder / "mailboxes", count, pulled)
    (folder / "emulator").mkdir()
    command = [sys.executable, "-m", "graph_emulator", "--folder", str(folder / "emulator")]
    command += ["--mailboxes", str(folder / "mailboxes")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT, cwd=ROOT) as running:
        assert running.stdout is not None
        try:
            message = json.loads(running.stdout.readline())
            with ControlClient.from_start_message(message) as control:
                control.set_behaviour(**UNLIMITED, access_token_life=86_400)
                yield BenchWorld(folder, control, count, pulled)
        finally:
            running.terminate()


def _write_firm(folder: Path, count: int, pulled: int) -> None:
    folder.mkdir()
    users = [
        {"id": f"00000000-0000-4000-8000-{number:012}", "userPrincipalName": upn, "mail": upn,
         "displayName": upn.split("@")[0], "timeZone": "GMT Standard Time"}
        for number, upn in enumerate(UPNS, start=1)
    ]  # fmt: skip
    tenant = {"tenantId": TENANT, "name": "Bench", "clientId": CLIENT, "users": users}
    (folder / "tenant.json").write_text(json.dumps(tenant), "utf-8")
    folders = [{"displayName": name, "parent": None} for name in FOLDERS]
    for upn, size in ((OURS, count), (BY_HAND, count), (PULLED, pulled)):
        (folder / f"{upn}.json").write_text(json.dumps({"contactFolders": folders, "contacts": contacts(size)}))
