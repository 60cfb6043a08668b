"""One mailbox and its databases, as the measured processes are told of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crm.store import CrmStore
from engine.records import Record
from graph_client.endpoints import Endpoints
from state.database import open_database

TENANT: Final = "22222222-2222-4333-8444-555555555555"
CLIENT: Final = "bbbbbbbb-2222-4333-8444-555555555555"
ORG: Final = "bench"
OURS, BY_HAND, PULLED = "ours@bench.example", "hand@bench.example", "pulled@bench.example"
UPNS: Final = (OURS, BY_HAND, PULLED)


@dataclass(frozen=True, slots=True)
class Site:
    """``cache`` is a file with the sign-in; the mailbox's owner has the same name in the CRM."""

    upn: str
    database: str
    authority: str
    graph: str
    ca_file: str
    cache: str

    @property
    def space(self) -> str:
        return f"00000000-0000-4000-8000-{UPNS.index(self.upn) + 1:012}"

    def endpoints(self) -> Endpoints:
        return Endpoints(self.authority, self.graph, CLIENT, TENANT, ca_file=self.ca_file)

    def store(self) -> CrmStore:
        return CrmStore(open_database(f"sqlite:///{self.database}"), ORG)

    def people(self) -> list[Record]:
        store = self.store()
        found = list(store.contacts())
        store.database.engine.dispose()
        return found

    def edit(self, changes: dict[str, str]) -> None:
        """People of the CRM give contacts (by id) new titles."""
        store = self.store()
        with store.edit() as edit:
            edit.put_contacts([(crm_id, {"title": title}) for crm_id, title in changes.items()])
        store.database.engine.dispose()


def read_site(described: Path) -> Site:
    return Site(**json.loads(described.read_text("utf-8")))
