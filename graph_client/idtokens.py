"""Who signed in, proved by ourselves: msal checks neither signature nor audience nor time of an ID token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import jwt

from engine.errors import Unavailable, UserError
from graph_client.answers import Json
from graph_client.connection import Connection, Lost, exchange
from graph_client.endpoints import Endpoints, same_origin

CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
LEEWAY: Final = 120
"""Seconds by which clocks may differ."""
_HINT: Final = "Start the sign-in again; if it happens again, ask your administrator."


@dataclass(frozen=True, slots=True)
class Account:
    """The account that signed in: tenant, object id in it, and the user name shown to people."""

    tenant: str
    id: str
    user_name: str


def validated(
    token: str, endpoints: Endpoints, connection: Connection, clock: Callable[[], float], nonce: str | None = None
) -> Account:
    """The account in an ID token.

    Checks the signature (RS256 only, with keys from the configured authority), that it was made for us, now, by the
    tenant it names, and that this tenant is the organisation's. Raises UserError with what to do.
    """
    claims = _signed(token, endpoints, connection, clock)
    now = clock()
    if not _number(claims, "exp") > now - LEEWAY or _number(claims, "nbf", now) > now + LEEWAY:
        raise UserError(
            "The sign-in is no longer valid, or not valid yet.", "Check this machine's clock, then sign in again."
        )
    tenant, id = str(claims.get("tid", "")).lower(), str(claims.get("oid", ""))
    if not tenant or not id:
        raise UserError("The sign-in does not say which account it is for.", _HINT)
    if claims.get("iss") != f"{_authority_root(endpoints)}/{tenant}/v2.0":
        raise UserError("The sign-in was issued by somebody else than its tenant.", _HINT)
    if tenant == CONSUMERS:
        raise UserError("This is a personal Microsoft account.", "Sign in with your work or school account.")
    if endpoints.tenant and tenant != endpoints.tenant.lower():
        raise UserError(
            "This account belongs to another organisation.", "Sign in with an account of your organisation."
        )
    if nonce is not None and claims.get("nonce") != nonce:
        raise UserError("The sign-in does not belong to the one that was started here.", _HINT)
    return Account(tenant, id, str(claims.get("preferred_username", "")))


def _signed(token: str, endpoints: Endpoints, connection: Connection, clock: Callable[[], float]) -> dict[str, Json]:
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256":
            raise UserError("The sign-in is signed in a way that is not accepted.", _HINT)
        key = jwt.PyJWK(_key(str(header.get("kid", "")), endpoints, connection, clock), algorithm="RS256")
        return jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=endpoints.client_id,
            options={
                "require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False,
                "strict_aud": True,
            },
        )  # fmt: skip
    except jwt.InvalidAudienceError:
        raise UserError("The sign-in was made for another application.", "Check the application (client) id.") from None
    except jwt.PyJWTError:
        raise UserError("The sign-in could not be verified: its signature or form is wrong.", _HINT) from None


def _key(kid: str, endpoints: Endpoints, connection: Connection, clock: Callable[[], float]) -> dict[str, Json]:
    discovery = _fetched(f"{endpoints.authority}/v2.0/.well-known/openid-configuration", connection, clock)
    where = discovery.get("jwks_uri")
    if not isinstance(where, str) or not same_origin(where, endpoints.authority):
        raise Unavailable("Microsoft's sign-in service names keys that lie elsewhere; they were not fetched.")
    keys = _fetched(where, connection, clock).get("keys")
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, dict) and key.get("kid") == kid and key.get("kty") == "RSA":
            return key
    raise UserError("The sign-in is signed with a key that Microsoft does not list.", _HINT)


def _fetched(url: str, connection: Connection, clock: Callable[[], float]) -> dict[str, Json]:
    try:
        answer = exchange(connection, "GET", url, {"Accept": "application/json"}, None, clock)
    except Lost:
        raise Unavailable("Microsoft's sign-in service can't be reached.") from None
    if answer.status != 200:
        raise Unavailable(f"Microsoft's sign-in service is not working now (HTTP {answer.status}).")
    return answer.members


def _authority_root(endpoints: Endpoints) -> str:
    return endpoints.authority.rsplit("/", 1)[0]


def _number(claims: dict[str, Json], name: str, otherwise: float = 0.0) -> float:
    value = claims.get(name, otherwise)
    return float(value) if isinstance(value, int | float) else 0.0
