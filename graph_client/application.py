"""msal's public client, with the types that it lacks: the only module that builds one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeAlias, cast

import msal
import requests
from msal.exceptions import MsalError

from graph_client.connection import Connection
from graph_client.endpoints import Endpoints

Reply: TypeAlias = Mapping[str, object]
"""A token endpoint's answer: tokens, or ``error`` and ``error_description``."""

TROUBLE: Final = (requests.exceptions.RequestException, MsalError, ValueError)
"""What msal raises when the service is out of reach, down, or answers nonsense. An SSLError is the first kind."""


class TokenCache(Protocol):
    """msal's serialisable cache: plain JSON with live secrets."""

    has_state_changed: bool

    def serialize(self) -> str: ...

    def deserialize(self, state: str) -> None: ...

    def search(self, credential_type: str) -> Iterator[Mapping[str, str]]: ...


class PublicClient(Protocol):
    """The calls that Tandem makes of msal."""

    def get_accounts(self) -> list[Mapping[str, str]]: ...

    def acquire_token_silent_with_error(
        self, scopes: Sequence[str], account: Mapping[str, str], *, force_refresh: bool
    ) -> Reply | None: ...

    def initiate_device_flow(self, *, scopes: Sequence[str]) -> dict[str, object]: ...

    def acquire_token_by_device_flow(
        self, flow: dict[str, object], *, exit_condition: Callable[[dict[str, object]], bool]
    ) -> Reply: ...


def empty_cache() -> TokenCache:
    return cast(TokenCache, msal.SerializableTokenCache())


def public_client(endpoints: Endpoints, connection: Connection, cache: TokenCache) -> PublicClient:
    """An application whose discovery stays at the configured authority. Raises TROUBLE."""
    client = msal.PublicClientApplication(
        endpoints.client_id,
        authority=endpoints.authority,
        token_cache=cache,
        http_client=connection,
        instance_discovery=False,
    )
    return cast(PublicClient, client)
