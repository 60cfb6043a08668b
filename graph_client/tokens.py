"""Access tokens from a kept sign-in: refreshed silently, and saved so that no rotated refresh token is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import requests

from engine.errors import SignInNeeded, Unavailable
from graph_client.application import TROUBLE, TokenCache, empty_cache, public_client
from graph_client.connection import UNTRUSTED, Connection
from graph_client.endpoints import Endpoints

SCOPES: Final = ("Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite", "MailboxSettings.Read", "User.Read")
"""msal adds openid, profile and offline_access itself."""
EARLY: Final = 300
"""Seconds before its end at which an access token is no longer used."""
ACCESS_TOKEN: Final = "AccessToken"
"""What msal calls this kind of cache entry."""
_AGAIN: Final = "The sign-in to Microsoft 365 has ended: connect the account again."
_BUSY: Final = frozenset({"temporarily_unavailable", "server_error", "timeout", "throttled"})


class TokenStore(Protocol):
    """Where one account's sign-in is kept (sealed). The text is msal's token cache and holds live secrets."""

    def load(self) -> tuple[str, int]:
        """Text and version; '' and 0 where nothing is kept."""
        ...

    def save(self, text: str, version: int) -> bool:
        """Compare-and-set: stores only if ``version`` is still the present one, which then rises. False if not."""
        ...


def scope_names(granted: Iterable[str]) -> frozenset[str]:
    """Scopes as Graph's documents spell them, in lower case: a token may say ``User.Read`` or
    ``https://graph.microsoft.com/User.Read``."""
    return frozenset(scope.rstrip("/").rsplit("/", 1)[-1].lower() for scope in granted)


def granted_all(granted: Iterable[str]) -> bool:
    return {scope.lower() for scope in SCOPES} <= scope_names(granted)


@dataclass(frozen=True, slots=True)
class _Token:
    secret: str
    until: float


class Tokens:
    """The access token of one account. ``clock`` is seconds since 1970. Raises SignInNeeded when the person has to
    sign in again, Unavailable when that can't be told now."""

    def __init__(
        self, endpoints: Endpoints, store: TokenStore, connection: Connection, clock: Callable[[], float]
    ) -> None:
        self._endpoints = endpoints
        self._store = store
        self._connection = connection
        self._clock = clock
        self._lock = threading.Lock()
        self._token = _Token("", 0)

    def access(self, refused: bool = False) -> str:
        """A token that is good for some minutes; another one when the present one was refused."""
        with self._lock:
            if refused or self._token.until <= self._clock():
                self._token = self._found(self._token.secret if refused else "")
            return self._token.secret

    def _found(self, refused: str) -> _Token:
        """The kept token if another process has renewed it, else a new one. When the refresh token is not accepted,
        another process may have used it up a moment ago: the store is read once more before giving up."""
        tried = ""
        for _ in range(2):
            text, version = self._store.load()
            if not text or text == tried:
                break
            cache = empty_cache()
            cache.deserialize(text)
            kept = self._kept(cache, refused)
            if kept is not None:
                return kept
            renewed = self._renewed(cache)
            if renewed is not None:
                self._save(cache, version)
                return renewed
            tried = text
        raise SignInNeeded(_AGAIN)

    def _save(self, cache: TokenCache, version: int) -> None:
        """On a lost race the other process's sign-in stays: it is as good, and newer."""
        if cache.has_state_changed:
            self._store.save(cache.serialize(), version)

    def _kept(self, cache: TokenCache, refused: str) -> _Token | None:
        for entry in cache.search(ACCESS_TOKEN):
            until = float(entry.get("expires_on", 0)) - EARLY
            fits = entry.get("client_id") == self._endpoints.client_id and granted_all(entry.get("target", "").split())
            if fits and until > self._clock() and entry["secret"] != refused:
                return _Token(entry["secret"], until)
        return None

    def _renewed(self, cache: TokenCache) -> _Token | None:
        """A new token; None when the sign-in itself is not accepted."""
        try:
            app = public_client(self._endpoints, self._connection, cache)
            accounts = app.get_accounts()
            if not accounts:
                return None
            result = app.acquire_token_silent_with_error(list(SCOPES), accounts[0], force_refresh=True)
        except requests.exceptions.SSLError:
            raise Unavailable(UNTRUSTED) from None
        except TROUBLE:
            raise Unavailable("Microsoft's sign-in service can't be reached, or answers nonsense.") from None
        if result and "access_token" in result:
            return _Token(str(result["access_token"]), self._clock() + float(str(result.get("expires_in", 0))) - EARLY)
        if result and (result.get("error") in _BUSY or not result.get("error")):
            raise Unavailable("Microsoft's sign-in service is not working now.")
        return None
