"""One mailbox and where its side is kept, as the measured processes are told of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graph_client.endpoints import Endpoints

TENANT: Final = "22222222-2222-4333-8444-555555555555"
CLIENT: Final = "bbbbbbbb-2222-4333-8444-555555555555"
OURS, BY_HAND, PULLED = "ours@bench.example", "hand@bench.example", "pulled@bench.example"
PLANNERS: Final = ("first@bench.example", "second@bench.example")
"""Who shares the plans; their mailboxes are empty."""
DIARY: Final = "diary@bench.example"
"""Whose calendar is full; ours and the reference read the same one."""
UPNS: Final = (OURS, BY_HAND, PULLED, *PLANNERS, DIARY)


@dataclass(frozen=True, slots=True)
class Site:
    """``folder`` is an installation, or where the reference keeps its database; ``cache`` the reference's sign-in."""

    upn: str
    folder: str
    graph: str
    ca_file: str
    cache: str = ""

    @property
    def user(self) -> str:
        """What the mailbox's owner is called in the CRM."""
        return self.upn.partition("@")[0]

    @property
    def authority(self) -> str:
        return f"{self.graph}/organizations"

    def endpoints(self) -> Endpoints:
        return Endpoints(self.authority, self.graph, CLIENT, TENANT, ca_file=self.ca_file)


def read_site(described: Path) -> Site:
    return Site(**json.loads(described.read_text("utf-8")))
