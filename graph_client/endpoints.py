"""Where Microsoft 365 is, and which addresses may be asked: tokens go nowhere else."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from engine.errors import UserError

LOGIN_HOSTS: Final = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)
GRAPH_HOSTS: Final = frozenset(
    {"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}
)
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The two services and the application's registration.

    ``authority`` is ``https://host[:port]/<tenant or organizations>``; ``graph`` is the service without ``/v1.0``.
    ``tenant`` is the organisation's tenant id once it is known: accounts of others are refused. ``ca_file`` and
    ``proxy`` are the only certificates and proxy that count; the environment's are not looked at. Raises UserError
    for addresses that are neither Microsoft's nor on this machine, unless ``allow_test_authority`` is set.
    """

    authority: str
    graph: str
    client_id: str
    tenant: str = ""
    ca_file: str | None = None
    proxy: str | None = None
    allow_test_authority: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "authority", self.authority.rstrip("/"))
        object.__setattr__(self, "graph", self.graph.rstrip("/").removesuffix("/v1.0"))
        self._check("sign-in authority", self.authority, LOGIN_HOSTS, plain_http=False)
        self._check("Graph address", self.graph, GRAPH_HOSTS, plain_http=True)
        if len(urlsplit(self.authority).path.strip("/").split("/")) != 1 or not urlsplit(self.authority).path:
            raise UserError(
                "The sign-in authority must end in one tenant id, or in 'organizations'.",
                "For example https://login.microsoftonline.com/organizations",
            )
        if not self.client_id:
            raise UserError("The application (client) id is missing.", "Set it to the id of your app registration.")

    @property
    def root(self) -> str:
        return self.graph + "/v1.0"

    @property
    def testing(self) -> bool:
        """True when either service is not Microsoft's own: plans and ``doctor`` say so."""
        return _host(self.authority) not in LOGIN_HOSTS or _host(self.graph) not in GRAPH_HOSTS

    def _check(self, what: str, url: str, known: frozenset[str], plain_http: bool) -> None:
        parts = urlsplit(url)
        local = is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not (plain_http and local and parts.scheme == "http"):
            raise UserError(f"The {what} must be an https address.", f"It is set to {_shown(parts)}.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise UserError(f"The {what} must be a plain address without user name, query or fragment.")
        if parts.hostname not in known and not local and not self.allow_test_authority:
            raise UserError(
                f"The {what} {_shown(parts)} is neither Microsoft's nor on this machine.",
                "Correct it, or set allow_test_authority if this installation is a test.",
            )


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, with the default port filled in. Raises ValueError for what is no address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def same_origin(url: str, base: str) -> bool:
    try:
        parts = urlsplit(url)
        return not parts.username and not parts.password and origin(url) == origin(base)
    except ValueError:
        return False


def is_graph_link(url: str, endpoints: Endpoints) -> bool:
    """Whether a link that the server gave may be followed with a token: our Graph, below /v1.0/, nothing else."""
    if not same_origin(url, endpoints.graph) or any(c <= " " or c == "\\" for c in url):
        return False
    path = urlsplit(url).path
    return path.startswith("/v1.0/") and not any(
        step in ("..", ".", "%2e%2e", "%2e") for step in path.lower().split("/")
    )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.hostname or ''}"
