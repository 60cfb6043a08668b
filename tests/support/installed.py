"""A whole installation to test from outside: an emulated Microsoft 365, a CRM, and ``tandem`` as a command."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner

from graph_emulator.control_client import ControlClient
from graph_emulator.firm import Contents, Firm, tenant_from
from graph_emulator.server import Emulator

TENANT: Final = "33333333-2222-4333-8444-555555555555"
CLIENT: Final = "cccccccc-2222-4333-8444-555555555555"
ROOT: Final = Path(__file__).parents[2]
USERS: Final = ("anna", "ben", "cara")
"""Anna and Ben are in the team Sales, which may edit each other's contacts; Cara is in Support, alone."""
TEAMS: Final = {"anna": "Sales", "ben": "Sales", "cara": "Support"}
FOLDERS: Final = ("Clients", "Press")
"""Folders that every mailbox and the CRM have."""


def upn(user: str) -> str:
    return f"{user}@firm.example"


def firm() -> Firm:
    """Three mailboxes without contacts."""
    users = [
        {"id": f"00000000-0000-4000-8000-{number:012}", "userPrincipalName": upn(name), "mail": upn(name),
         "displayName": name.title(), "timeZone": "GMT Standard Time"}
        for number, name in enumerate(USERS, start=1)
    ]  # fmt: skip
    tenant = tenant_from({"tenantId": TENANT, "name": "Firm", "clientId": CLIENT, "users": users}, "tenant.json")
    folders = tuple(dict[str, object](displayName=name, parent=None) for name in FOLDERS)
    return Firm(tenant, {upn(name): Contents(folders) for name in USERS})


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def command(folder: Path | None, *args: str) -> list[str]:
    """The command as a process of its own."""
    place = ["--installation", str(folder)] if folder else []
    return [sys.executable, "-m", "tandem.cli.main", *place, *args]


def surroundings(**more: str) -> dict[str, str]:
    """The environment of such a process, which may run in any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


@dataclass
class Installed:
    """One installation and its Microsoft 365. ``tandem`` runs a command in this process, ``process`` in its own.

    When the test is over, a round of sync, or a second one, must leave nothing to do; a test that ends on purpose where
    that can't be (a revoked sign-in, a guarded plan) says so by setting ``ends_open``. ``last_looks`` are the options
    of the plans that must be empty then.
    """

    folder: Path
    control: ControlClient
    ends_open: str = ""
    last_looks: tuple[tuple[str, ...], ...] = ((),)
    environment: Mapping[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    # ---- commands ----

    def tandem(self, *args: object, code: int | None = 0) -> Ran:
        """Run a command here; fails the test unless it ends with ``code`` (None: any)."""
        from tandem.cli.main import main

        words = ["--installation", str(self.folder), *map(str, args)]
        result = CliRunner().invoke(main, words, prog_name="tandem", env=dict(self.environment))
        return self._checked(Ran(result.exit_code, result.stdout, result.stderr), words, code)

    def process(self, *args: object, code: int | None = 0, **environment: str) -> Ran:
        """Run a command as a process, as a script would."""
        words = command(self.folder, *map(str, args))
        whole = surroundings(**self.environment, **environment)
        done = subprocess.run(words, capture_output=True, text=True, env=whole, timeout=120, cwd=self.folder)
        return self._checked(Ran(done.returncode, done.stdout, done.stderr), words, code)

    def start(self, *args: object) -> subprocess.Popen[str]:
        """Start a command as a process group of its own and go on."""
        words = command(self.folder, *map(str, args))
        pipe, whole = subprocess.PIPE, surroundings(**self.environment)
        started = subprocess.Popen(
            words, stdout=pipe, stderr=pipe, text=True, start_new_session=True, cwd=self.folder, env=whole
        )
        self.started.append(started)
        return started

    def stop(self) -> None:
        """End what a test started and left running, so that it can't go on writing under the next one."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self.started.clear()

    def _checked(self, ran: Ran, words: Sequence[str], code: int | None) -> Ran:
        told = f"{' '.join(words)}\nexit {ran.code}\n{ran.out}\n{ran.err}"
        assert "Traceback" not in ran.out + ran.err, told
        assert "fault in Tandem" not in ran.err, told
        assert code is None or ran.code == code, told
        return ran

    def plans(self, user: str | None = None, *options: str) -> list[dict[str, Any]]:
        """The present plans, as their JSON says them; nothing is written."""
        words = ["plan", "--json", *(("--user", user) if user else ()), *options]
        plans: list[dict[str, Any]] = self.tandem(*words).json()["plans"]
        return plans

    def plan(self, user: str, *options: str, kind: str = "contacts") -> dict[str, Any]:
        """What one rule file would do: for the user's mailbox, or where all users share the records."""
        (found,) = (plan for plan in self.plans(user, *options) if plan["kind"] == kind)
        return found

    def sync(self, user: str | None = None, *options: str, code: int = 0) -> Ran:
        """One tick of one mailbox and of Planner, or of everything."""
        return self.tandem("sync", *(("--user", user) if user else ()), *options, code=code)

    def second_plan_is_empty(self) -> None:
        """After one tick of every space, or another for what they told each other, nothing is left to write."""
        self.sync()
        if any(self._left(options) for options in self.last_looks):
            self.sync()
            assert [self._left(options) for options in self.last_looks] == [{}] * len(self.last_looks)

    def _left(self, options: Sequence[str]) -> dict[str, Any]:
        """What a plan with these options would still write, by mailbox."""
        ran = self.tandem("plan", "--json", "--exit-code", *options, code=None)
        left = {plan["mailbox"]: plan["actions"] for plan in ran.json()["plans"] if plan["actions"]}
        assert ran.code == (2 if left else 0)
        return left

    # ---- people ----

    def connect(self, *users: str) -> None:
        """Sign users in by device code: each reads the code and enters it as themselves."""
        waiting = [(user, self.start("user", "connect", user)) for user in users]
        for user, process in waiting:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"enter the code +(\S+) ", line)
            assert found, (line, process.communicate()[1] if process.poll() is not None else "")
            self.control.approve_device(found[1], upn(user))
        for _, process in waiting:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, out + err

    # ---- the CRM ----

    def import_csv(self, name: str, rows: Iterable[Mapping[str, object]]) -> Ran:
        """Write ``name`` (such as contacts.csv) with these rows, by field name or label, and import it."""
        listed = list(rows)
        columns = list(dict.fromkeys(column for row in listed for column in row))
        path = self.folder / "csv" / name
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(listed)
        return self.tandem("crm", "import", path)

    def person(self, owner: str | None = "anna", **values: str) -> str:
        """A new CRM contact by field names (``mobile=``, ``mailingcity=``, ``folder=``); its id."""
        given = {"includeinsync": "yes", **({"assigned_user_id": owner} if owner else {}), **values}
        out = self.tandem("crm", "add", *(f"{name}={value}" for name, value in given.items())).out
        return out.split()[1]

    def edit_person(self, crm_id: str, *, by: str | None = None, **values: str) -> None:
        words = [f"{name}={value}" for name, value in values.items()]
        self.tandem("crm", "edit", crm_id, *words, *(("--as", by) if by else ()))

    def delete_person(self, crm_id: str) -> None:
        self.tandem("crm", "delete", crm_id)

    def people(self) -> dict[str, dict[str, Any]]:
        """Every CRM contact: id ▸ field ▸ value, as JSON tells them."""
        rows = self.tandem("crm", "list", "--json").json()["contacts"]
        return {row["id"]: row["values"] for row in rows}

    def named(self, last_name: str) -> list[dict[str, Any]]:
        """The CRM contacts with this last name."""
        return [values for values in self.people().values() if values["lastname"] == last_name]

    def task(self, subject: str = "Task", owner: str = "anna", **values: str) -> str:
        """A user adds a CRM task by field names (``tasklist=``, ``date_start=`` by the user's clock); its id."""
        words = [f"{name}={value}" for name, value in {"subject": subject, **values}.items()]
        return self.tandem("crm", "add", "--task", *words, "--as", owner).out.split()[1]

    def edit_task(self, crm_id: str, *, by: str | None = None, **values: str) -> None:
        words = [f"{name}={value}" for name, value in values.items()]
        self.tandem("crm", "edit", "--task", crm_id, *words, *(("--as", by) if by else ()))

    def delete_task(self, crm_id: str) -> None:
        self.tandem("crm", "delete", "--task", crm_id)

    def tasks(self, *options: str) -> dict[str, dict[str, Any]]:
        """Every CRM task, or those of ``--user USER``: id ▸ field ▸ value, as JSON tells them."""
        rows = self.tandem("crm", "list", "--task", "--json", *options).json()["tasks"]
        return {row["id"]: row["values"] for row in rows}

    def task_of(self, subject: str) -> dict[str, Any]:
        """The one CRM task with this subject."""
        (found,) = (values for values in self.tasks().values() if values["subject"] == subject)
        return found

    def lists(self, user: str | None = None) -> dict[str, str]:
        """What is to choose from as a Task List, for one user or in all: name ▸ who keeps it, the CRM or Planner."""
        rows = self.tandem("crm", "lists", *((user,) if user else ()), "--json").json()["task_lists"]
        return {row["name"]: "Planner" if row.get("flags") else "CRM" for row in rows}

    # ---- Outlook ----

    def card(self, user: str = "anna", folder: str = "Contacts", **properties: object) -> str:
        """A person adds an Outlook contact, in Graph's own words; its id. ``email=`` makes one address."""
        email = properties.pop("email", None)
        if email is not None:
            properties["emailAddresses"] = [{"address": email, "name": email}]
        return str(self.control.create_contact(upn(user), properties, folder)["id"])

    def edit_card(self, user: str, contact_id: str, **properties: object) -> None:
        self.control.update_contact(upn(user), contact_id, properties)

    def delete_card(self, user: str, contact_id: str) -> None:
        self.control.delete_contact(upn(user), contact_id)

    def cards(self, user: str = "anna") -> list[dict[str, Any]]:
        """All contacts of a mailbox, in Graph's shape, with ``folder`` as a path."""
        return self.control.contacts(upn(user))

    def card_of(self, user: str, surname: str) -> dict[str, Any]:
        """The one contact of a mailbox with this surname."""
        (found,) = [card for card in self.cards(user) if card.get("surname") == surname]
        return found

    def settings(self, user: str | None = None, kind: str = "contacts", **values: str | Sequence[str]) -> None:
        """Set settings of a rule file for a user, or (None) for the organisation."""
        for name, value in values.items():
            words = [value] if isinstance(value, str) else list(value)
            where = ("user", "set", user) if user else ("org", "set")
            self.tandem(*where, f"{kind}.{name}", *words)

    def held(self, *options: str) -> list[dict[str, Any]]:
        """What is held; with ``--all`` also what waits by itself."""
        listed: list[dict[str, Any]] = self.tandem("held", "list", "--json", *options).json()["held"]
        return listed

    # ---- rules ----

    def edit_rules(self, old: str, new: str, file: str = "contacts.rules") -> None:
        """Replace a text that stands in the rule file exactly once."""
        path = self.folder / "rules" / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), "utf-8")


def founded(
    folder: Path, emulator: Emulator, control: ControlClient, users: Sequence[str] = USERS, database: str = ""
) -> Installed:
    """A fresh installation for the emulator with users, teams and folders in its CRM, and these users connected. Its
    ``database`` is a SQLite file of its own unless a URL is given."""
    made = Installed(folder, control)
    words = ["init", str(folder), "--name", "Firm", "--client-id", CLIENT, "--ca-file", str(emulator.ca_file),
             "--authority", f"{emulator.url}/organizations", "--graph", emulator.url,
             *(("--database", database) if database else ())]  # fmt: skip
    done = subprocess.run(command(None, *words), capture_output=True, text=True, timeout=60, env=surroundings())
    assert done.returncode == 0, done.stdout + done.stderr
    made.import_csv("teams.csv", [{"Team": name} for name in sorted(set(TEAMS.values()))])
    made.import_csv(
        "users.csv",
        [{"user_name": name, "first_name": name.title(), "email1": upn(name), "status": "Active",
          "teams": TEAMS[name], "time zone": "Europe/London"} for name in USERS],
    )  # fmt: skip
    made.import_csv("folders.csv", [{"Folder": name} for name in FOLDERS])
    made.connect(*users)
    return made
