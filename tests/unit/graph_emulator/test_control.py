"""The control routes, the log, the clock, snapshots, firms from files, and the process form."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from graph_emulator.behaviour import Behaviour
from graph_emulator.control_client import ControlClient
from graph_emulator.firm import FirmError, load_firm
from graph_emulator.server import Emulator

ANN = "ann@firm.example"
OID = "00000000-0000-4000-8000-000000000001"
TENANT = {
    "tenantId": "11111111-2222-4333-8444-555555555555",
    "name": "Firm",
    "clientId": "aaaaaaaa-2222-4333-8444-555555555555",
    "users": [{"id": OID, "userPrincipalName": ANN, "mail": ANN, "displayName": "Ann", "timeZone": "UTC"}],
}
MAILBOX = {
    "contactFolders": [
        {"displayName": "North", "parent": "Clients"},
        {"displayName": "Clients", "parent": None},
    ],
    "contacts": [
        {"folder": "Clients/North", "givenName": "Zoë", "emailAddresses": [{"address": "zoe@x.example"}]},
        {"folder": "Contacts", "givenName": "Bo", "birthday": "1980-01-01T23:00:00Z"},
    ],
}


@contextmanager
def running(folder, files, **more):
    """An emulator and its control client."""
    with (
        Emulator.start(folder, files, **more) as emulator,
        ControlClient(emulator.url, emulator.ca_file, emulator.control_key) as control,
    ):
        yield emulator, control


@pytest.fixture
def files(tmp_path):
    """A firm's folder of files."""
    folder = tmp_path / "mailboxes"
    folder.mkdir()
    (folder / "tenant.json").write_text(json.dumps(TENANT), "utf-8")
    (folder / f"{ANN}.json").write_text(json.dumps(MAILBOX), "utf-8")
    return folder


def test_control_routes_need_the_key(server, control):
    """Without the key, or with a wrong one, a control route is 403 and tells nothing."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(server.ca_file)
        for headers in ({}, {"X-Emulator-Key": "x" * 43}, {"X-Emulator-Key": "é".encode()}):
            answer = session.post(f"{server.url}/_emulator/state", json={}, headers=headers, timeout=5)
            assert (answer.status_code, list(answer.json())) == (403, ["error"])
        assert session.get(f"{server.url}/v1.0/_emulator/state", timeout=5).status_code == 401


def test_log_has_every_request_and_no_control_call(graph, control):
    """The log numbers requests with method, path, mailbox, status and the parts of batches; a reset starts at 1."""
    graph.get("/me?$select=id")
    graph.batch({"id": "a", "method": "GET", "url": "/me"}, {"id": "b", "method": "GET", "url": "/me/nonsense"})
    first, second = control.log()
    assert (first["sequence"], first["method"], first["path"]) == (1, "GET", "/v1.0/me")
    assert (first["query"], first["mailbox"], first["status"], first["mails"]) == ("$select=id", ANN, 200, 0)
    assert [(part["id"], part["path"], part["status"]) for part in second["batch"]] == [
        ("a", "/me", 200),
        ("b", "/me/nonsense", 400),
    ]
    totals = control.totals()
    assert (totals.requests, totals.parts, totals.mails) == (2, 2, 0)
    assert 0 < totals.busy_seconds <= totals.seconds < 1
    assert control.log(since=1) == [second]
    control.reset("log")
    assert control.totals().requests == 0
    graph.get("/me")
    assert control.log()[0]["sequence"] == 1


def test_state_shows_all_that_a_mailbox_holds(graph, control):
    """The state has folders by path, contacts with extended properties and both ids, and Deleted Items."""
    mark = {"id": "String {6f2a3c1e-5b1d-4c57-9a3e-0d4b7f1c2a90} Name Mark", "value": "7"}
    made = graph.create(
        f"/me/contactFolders/{graph.folder('Clients/North')}/contacts", singleValueExtendedProperties=[mark]
    )
    gone = graph.create(givenName="gone")
    graph("DELETE", f"/me/contacts/{gone['id']}")
    box = control.state()["mailboxes"][ANN]
    assert [folder["path"] for folder in box["folders"]] == ["Contacts", "Clients", "Family", "Clients/North"]
    (contact,) = box["contacts"]
    assert (contact["id"], contact["folder"], contact["singleValueExtendedProperties"]) == (
        made["id"],
        "Clients/North",
        [mark],
    )
    assert [row["givenName"] for row in box["deleted"]] == ["gone"]


def test_people_edit_in_outlook(graph, control):
    """A person's edits show in Graph, and their own limits are the same."""
    made = control.create_contact(ANN, {"givenName": "A"}, "Clients/North")
    control.update_contact(ANN, made["id"], {"jobTitle": "CEO"})
    assert graph.get(f"/me/contacts/{made['id']}")["jobTitle"] == "CEO"
    control.delete_contact(ANN, made["id"])
    control.restore_contact(ANN, made["id"])
    control.touch_all(ANN)
    control.purge_contact(ANN, made["id"])
    control.delete_folder(ANN, "Family")
    control.empty_deleted_items(ANN)
    assert (control.contacts(ANN), control.deleted(ANN)) == ([], [])
    control.delete_folder(ANN, control.create_folder(ANN, "Family")["path"])


def test_mailbox_clock_runs_wrong_and_time_passes(graph, control):
    """An offset skews the stamps on items and the Date header only; advancing lets everything pass."""
    control.set_clock(instant="2030-01-01T00:00:00Z")
    made = graph.create(givenName="A")
    assert made["createdDateTime"].startswith("2030-01-01T00:00")
    assert "2030" in graph("GET", "/me").headers["Date"]
    control.set_clock(offset=-7200.0)
    assert graph.patch(made["id"], jobTitle="x")["lastModifiedDateTime"] < made["createdDateTime"]


def test_same_seed_and_clock_give_the_same_bytes(tmp_path, files):
    """Two runs with one seed and one clock answer alike, ids and change keys included."""

    def run(name):
        clock = lambda: datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # noqa: E731
        with running(tmp_path / name, files, clock=clock, seed="s") as (_, control):
            control.create_contact(ANN, {"givenName": "A"})
            return control.state()

    first, second = run("a"), run("b")
    assert first == second
    assert first["mailboxes"][ANN]["contacts"][0]["birthday"] is None


def test_behaviour_is_given_at_the_start(tmp_path, files):
    """Settings given at the start are what a reset goes back to."""
    with running(tmp_path / "e", files, behaviour=Behaviour(requests_per_10_minutes=7)) as (_, control):
        control.set_behaviour(requests_per_10_minutes=0)
        control.reset("behaviour")
        assert control.set_behaviour()["requests_per_10_minutes"] == 7


def test_files_become_mailboxes(tmp_path, files):
    """Folders are made whatever their order, contacts lie where the file says, and the text is kept."""
    with running(tmp_path / "e", files) as (_, control):
        rows = control.contacts(ANN)
    assert [(row["folder"], row["givenName"]) for row in rows] == [("Clients/North", "Zoë"), ("Contacts", "Bo")]
    assert rows[1]["birthday"] == "1980-01-01T23:00:00Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda firm: (firm / "tenant.json").unlink(), "tenant.json"),
        (lambda firm: (firm / "tenant.json").write_text("{"), "is not JSON"),
        (lambda firm: (firm / "tenant.json").write_text("{}"), "clientId is missing"),
        (lambda firm: (firm / f"{ANN}.json").write_text('{"contacts": 1}'), "list of objects"),
        (lambda firm: (firm / f"{ANN}.json").write_text('{"contacts": [{"folder": "X"}]}'), "no folder 'X'"),
        (lambda firm: (firm / f"{ANN}.json").write_text('{"contacts": [{"fax": "1"}]}'), "contact 1: .*fax"),
        (
            lambda firm: (firm / f"{ANN}.json").write_text('{"contacts": [{"homePhones": ["1","2","3"]}]}'),
            "more than 2",
        ),
    ],
)
def test_bad_files_are_named(tmp_path, files, change, message):
    """A file that can't be used is named with what is wrong in it."""
    change(files)
    with pytest.raises(FirmError, match=message):
        Emulator.prepare(tmp_path / "e", files)
    with pytest.raises(FirmError, match="no such folder"):
        load_firm(Path("/nonexistent"))


def test_snapshot_brings_everything_back(tmp_path, files):
    """After a stop and a start on the same port the mailboxes, sign-ins, links and the CA are the same."""
    with running(tmp_path / "e", files) as (emulator, control):
        control.delete_contact(ANN, control.contacts(ANN)[1]["id"])
        token, state, ca = control.token(ANN), control.state(), emulator.ca_file.read_bytes()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        url = f"{emulator.url}/v1.0/me/contacts/delta"
        link = requests.get(url, headers=headers, verify=str(emulator.ca_file), timeout=5).json()["@odata.deltaLink"]
        assert emulator.save().stat().st_mode & 0o777 == 0o600
    with running(tmp_path / "e", files, port=emulator.port, keep=True) as (emulator, control):
        assert (control.state(), emulator.ca_file.read_bytes()) == (state, ca)
        control.create_contact(ANN, {"givenName": "later"})
        rows = requests.get(link, headers=headers, verify=str(emulator.ca_file), timeout=5).json()["value"]
        assert [row["givenName"] for row in rows] == ["later"]
        control.load()
        assert control.state() == state


def run_process(*arguments):
    command = [sys.executable, "-m", "graph_emulator", *map(str, arguments)]
    root = str(Path(sys.modules["graph_emulator"].__file__ or "").parents[1])
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_prints_one_line_and_ends_on_a_signal(tmp_path, files, number):
    """The process prints one JSON line when it answers, keeps its state if asked, and ends with 0 on a signal."""
    process = run_process("--folder", tmp_path / "e", "--mailboxes", files, "--keep", "--clock-offset", "3600")
    assert process.stdout is not None
    message = json.loads(process.stdout.readline())
    assert {"url", "ca_file", "control_key", "tenant_id", "client_id", "device_login", "pid"} == message.keys()
    with ControlClient.from_start_message(message) as control:
        assert len(control.contacts(ANN)) == 2
    process.send_signal(number)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert (tmp_path / "e" / "snapshot.json").exists()


def test_process_that_cannot_start_says_why(tmp_path, files, server):
    """A missing folder and a taken port end with 1 and one line that says what is wrong."""
    for arguments in (("--mailboxes", tmp_path / "none"), ("--mailboxes", files, "--port", server.port)):
        process = run_process("--folder", tmp_path / "e", *arguments)
        output, errors = process.communicate(timeout=10)
        assert (process.returncode, output, errors.count("\n")) == (1, "", 1)
