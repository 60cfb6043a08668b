"""One emulator for all tests of this room; each test starts from the same mailboxes, settings and an empty log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from graph_emulator.control_client import ControlClient
from graph_emulator.firm import Contents, Firm, tenant_from
from graph_emulator.server import Emulator

ANN, BOB, CAT, ROOM = "ann@firm.example", "bob@firm.example", "cat@firm.example", "room@firm.example"
TENANT, CLIENT = "11111111-2222-4333-8444-555555555555", "aaaaaaaa-2222-4333-8444-555555555555"
MARK = "String {6f2a3c1e-5b1d-4c57-9a3e-0d4b7f1c2a90} Name Mark"


def _user(number: int, upn: str) -> dict[str, str]:
    oid = f"00000000-0000-4000-8000-{number:012}"
    return {"id": oid, "userPrincipalName": upn, "mail": upn, "displayName": upn[:3], "timeZone": "GMT Standard Time"}


@pytest.fixture(scope="session")
def firm() -> Firm:
    """Three users and a room; Ann has the folders Clients, Clients/North and Family."""
    users = [_user(1, ANN), _user(2, BOB), _user(3, CAT), {**_user(4, ROOM), "room": True}]
    tenant = tenant_from({"tenantId": TENANT, "name": "Firm", "clientId": CLIENT, "users": users}, "tenant.json")
    names = [("Clients", None), ("North", "Clients"), ("Family", None)]
    folders = tuple({"displayName": name, "parent": parent} for name, parent in names)
    return Firm(tenant, {ANN: Contents(folders)})


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, firm: Firm) -> Iterator[Emulator]:
    """The running emulator."""
    with Emulator.start(tmp_path_factory.mktemp("emulator"), firm) as emulator:
        yield emulator


@pytest.fixture
def control(server: Emulator) -> Iterator[ControlClient]:
    """The control client, after everything was reset."""
    with ControlClient(server.url, server.ca_file, server.control_key) as client:
        client.reset("faults", "barriers", "behaviour", "clock", "throttle", "mailboxes", "log")
        yield client


class Graph:
    """Plain HTTP as one user: paths are relative to `/v1.0`, or whole links."""

    def __init__(self, url: str, ca_file: Path, token: str) -> None:
        self.base = f"{url}/v1.0"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(ca_file)
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.session.headers["Prefer"] = 'IdType="ImmutableId"'

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        url = path if path.startswith("https://") else self.base + path
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(method, url, json=body, headers=given, timeout=20)

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        answer = self("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, path: str = "/me/contacts", **properties: object) -> dict[str, Any]:
        answer = self("POST", path, properties)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def patch(self, contact_id: str, **properties: object) -> dict[str, Any]:
        answer = self("PATCH", f"/me/contacts/{contact_id}", properties)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def round(self, link: str, **headers: str) -> tuple[list[dict[str, Any]], str, list[dict[str, Any]]]:
        """Follow a delta round: all rows, the deltaLink, and the pages."""
        pages = [self.get(link, **headers)]
        while "@odata.nextLink" in pages[-1]:
            pages.append(self.get(pages[-1]["@odata.nextLink"], **headers))
        return [row for page in pages for row in page["value"]], pages[-1]["@odata.deltaLink"], pages

    def event(self, path: str = "/me/events", /, **properties: object) -> dict[str, Any]:
        """Create an event."""
        return self.create(path, **properties)

    def change(self, event_id: str, **properties: object) -> dict[str, Any]:
        """PATCH an event."""
        answer = self("PATCH", f"/me/events/{event_id}", properties)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def view(
        self, path: str = "/me/calendarView?startDateTime=2026-10-01&endDateTime=2027-01-01&$top=900"
    ) -> list[Any]:
        """The rows of a calendar view of the last quarter of 2026."""
        return self.get(path)["value"]

    def batch(self, *requests_: Mapping[str, object]) -> requests.Response:
        return self("POST", "/$batch", {"requests": list(requests_)})

    def folder(self, path: str) -> str:
        """A folder's id by its path of names."""
        parent = "contacts"
        for name in path.split("/"):
            rows = self.get(f"/me/contactFolders/{parent}/childFolders?$top=100")["value"]
            parent = next(row["id"] for row in rows if row["displayName"] == name)
        return parent


@pytest.fixture
def graph(server: Emulator, control: ControlClient) -> Iterator[Graph]:
    """Ann, with all scopes and immutable ids asked for on every request."""
    client = Graph(server.url, server.ca_file, control.token(ANN)["access_token"])
    yield client
    client.session.close()


@dataclass(frozen=True)
class Board:
    """Ann's and Bob's plan with one bucket, seen by Ann through Graph and by people through the control routes."""

    graph: Graph
    control: ControlClient
    group_id: str
    plan_id: str
    bucket_id: str

    def create(self, title: str = "Call Zoë", **properties: object) -> dict[str, Any]:
        """A task in the plan, by Graph."""
        return self.graph.create("/planner/tasks", planId=self.plan_id, title=title, **properties)

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as it is now."""
        return self.graph.get(f"/planner/tasks/{task_id}")

    def details(self, task_id: str) -> dict[str, Any]:
        """The task's details as they are now."""
        return self.graph.get(f"/planner/tasks/{task_id}/details")

    def patch(self, row: Mapping[str, Any], body: object, part: str = "", **headers: str) -> requests.Response:
        """A PATCH of a task (or its `/details`) under the etag of `row`, asking for the new state."""
        given = {"If_Match": row["@odata.etag"], "Prefer": "return=representation", **headers}
        return self.graph("PATCH", f"/planner/tasks/{row['id']}{part}", body, **given)

    def change(self, row: Mapping[str, Any], body: object, part: str = "") -> dict[str, Any]:
        """A PATCH that has to work; the new state."""
        answer = self.patch(row, body, part)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def board(graph: Graph, control: ControlClient) -> Board:
    """A plan in a group whose members are Ann and Bob."""
    group = control.planner.create_group("Sales", [ANN, BOB], owners=[ANN])
    plan = control.planner.create_plan(group["id"], "Follow-ups")
    return Board(graph, control, group["id"], plan["id"], control.planner.create_bucket(plan["id"], "To do")["id"])


@pytest.fixture
def bob(server: Emulator, control: ControlClient) -> Iterator[Graph]:
    """Bob, with all scopes."""
    client = Graph(server.url, server.ca_file, control.token(BOB)["access_token"])
    yield client
    client.session.close()
