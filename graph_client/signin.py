"""Connecting an account by device code: a person signs in on any browser, the sign-in ends up here, validated."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import requests

from engine.errors import Unavailable, UserError
from graph_client.application import TROUBLE, PublicClient, Reply, TokenCache, empty_cache, public_client
from graph_client.connection import UNTRUSTED, Connection
from graph_client.endpoints import Endpoints
from graph_client.idtokens import Account, validated
from graph_client.tokens import SCOPES, granted_all

_PENDING: Final = frozenset({"authorization_pending", "slow_down"})
_WHY: Final = {
    "authorization_declined": ("The sign-in was declined.", "Start again and accept the permissions asked for."),
    "access_denied": ("The sign-in was declined.", "Start again and accept the permissions asked for."),
    "expired_token": ("Nobody signed in in time.", "Start again and enter the code within 15 minutes."),
    "code_expired": ("Nobody signed in in time.", "Start again and enter the code within 15 minutes."),
}


@dataclass(frozen=True, slots=True)
class DeviceSignIn:
    """A sign-in that waits for its person: show ``code`` and ``address``. ``until`` is seconds since 1970."""

    code: str
    address: str
    until: float
    _app: PublicClient = field(repr=False)
    _flow: dict[str, object] = field(repr=False)
    _cache: TokenCache = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and ``cache``, the secret text to put into that account's TokenStore."""

    account: Account
    cache: str = field(repr=False)


def start_device_sign_in(endpoints: Endpoints, connection: Connection) -> DeviceSignIn:
    """Ask for a code. Raises UserError when the app registration does not allow it, Unavailable when it can't be
    asked for now."""
    cache = empty_cache()
    app = _talking(lambda: public_client(endpoints, connection, cache))
    flow = _talking(lambda: app.initiate_device_flow(scopes=list(SCOPES)))
    if "user_code" not in flow:
        raise _failure(flow)
    return DeviceSignIn(
        str(flow["user_code"]), str(flow["verification_uri"]), float(str(flow["expires_at"])), app, flow, cache
    )


def finish(
    sign_in: DeviceSignIn,
    endpoints: Endpoints,
    connection: Connection,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> SignedIn:
    """Wait until the person has signed in. Raises UserError when they did not, or when the account is not one that
    may be connected: nothing is kept then."""
    while True:
        result = _talking(
            lambda: sign_in._app.acquire_token_by_device_flow(sign_in._flow, exit_condition=lambda flow: True)
        )
        if result.get("error") not in _PENDING:
            break
        if clock() >= sign_in.until:
            raise _failure({"error": "expired_token"})
        sleep(float(str(sign_in._flow.get("interval", 5))))
    if "access_token" not in result or "id_token" not in result:
        raise _failure(result)
    account = validated(str(result["id_token"]), endpoints, connection, clock)
    if not granted_all(str(result.get("scope", "")).split()):
        raise UserError(
            "The sign-in does not include all permissions that Tandem needs (" + ", ".join(SCOPES) + ").",
            "Ask an administrator of your organisation to consent to them, then start again.",
        )
    return SignedIn(account, sign_in._cache.serialize())


_Answer = TypeVar("_Answer")


def _talking(call: Callable[[], _Answer]) -> _Answer:
    try:
        return call()
    except requests.exceptions.SSLError:
        raise Unavailable(UNTRUSTED) from None
    except TROUBLE:
        raise Unavailable(
            "Microsoft's sign-in service can't be reached, or answers nonsense. "
            "Is the network up, and the authority in the settings right?"
        ) from None


def _failure(result: Reply) -> UserError | Unavailable:
    """The error in words. Descriptions may quote names and addresses: only Microsoft's number is taken from them."""
    error = str(result.get("error", ""))
    if error in _WHY:
        return UserError(*_WHY[error])
    if error in ("temporarily_unavailable", "server_error"):
        return Unavailable("Microsoft's sign-in service is not working now.")
    number = re.search(r"AADSTS[0-9]{4,8}", str(result.get("error_description", "")))
    shown = number[0] if number else error if re.fullmatch(r"[a-z_]{1,40}", error) else "no reason given"
    return UserError(
        f"Microsoft refused the sign-in ({shown}).",
        "Check the application (client) id, and that the app registration allows public client (device code) sign-in.",
    )
