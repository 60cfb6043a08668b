"""One HTTP connection that trusts what is configured and nothing else, and reads only so much of an answer."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeAlias

import requests

from engine.errors import Unavailable, UserError
from graph_client.answers import Answer, Json
from graph_client.endpoints import Endpoints

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of one answer after decompression."""
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0
WALL_SECONDS: Final = 300.0
UNTRUSTED: Final = (
    "Microsoft 365 could not be reached safely: its certificate is not trusted. Check the CA file in the settings, "
    "or whether something sits between this machine and Microsoft."
)
_CA_FILE: Final = "Name a file of certificates in PEM form as ca_file in the settings, or none."
_NOT_GRAPH: Final = "answered something that is not Graph's JSON"
_ODD_ESCAPES: Final = re.compile(rb"\\u([dD][89a-fA-F][0-9a-fA-F]{2}|0000)")
_ODD: Final = re.compile("[\ud800-\udfff\x00]")

Reading: TypeAlias = Callable[[bytes, int], Json]
"""From the bytes and the status of an answer to its body."""


class Lost(Exception):
    """The connection failed; ``sent`` says whether the request may have arrived."""

    def __init__(self, sent: bool) -> None:
        super().__init__("the connection was lost" if sent else "no connection")
        self.sent = sent


class Connection(requests.Session):
    """A session that ignores the environment's certificates and proxies, follows no redirects and always has a
    time limit: sign-in and Graph share it. The owner closes it."""

    def __init__(self, endpoints: Endpoints) -> None:
        super().__init__()
        self.trust_env = False
        if endpoints.ca_file:
            _check_certificates(endpoints.ca_file)
        self.verify = endpoints.ca_file or True
        if endpoints.proxy:
            self.proxies = {"http": endpoints.proxy, "https": endpoints.proxy}

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        settings["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        settings["allow_redirects"] = False
        return super().send(request, **settings)


def _check_certificates(file: str) -> None:
    """Raise UserError for a CA file that can't be used."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise UserError(f"The CA file {file} holds no certificates.", _CA_FILE) from None
    except OSError as problem:
        raise UserError(f"The CA file {file} can't be read: {problem.strerror}.", _CA_FILE) from None


def exchange(
    session: Connection,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    clock: Callable[[], float],
    reading: Reading | None = None,
) -> Answer:
    """One request and its whole answer; ``reading`` (parse, where none is given) makes a body of its bytes. Raises
    Lost when the connection fails, Unavailable for nonsense."""
    began = clock()
    try:
        with session.request(method, url, headers=dict(headers), data=body, stream=True) as response:
            raw = _read(response, began, clock)
            shown = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, shown, (reading or parse)(raw, response.status_code))
    except requests.exceptions.SSLError:
        raise Unavailable(UNTRUSTED) from None
    except requests.exceptions.ConnectTimeout:
        raise Lost(sent=False) from None
    except requests.exceptions.ConnectionError as problem:
        raise Lost(sent=not _never_connected(problem)) from None
    except requests.exceptions.RequestException:
        raise Lost(sent=True) from None


def _never_connected(problem: requests.exceptions.ConnectionError) -> bool:
    """urllib3's "new connection" errors mean that not a byte left this machine."""
    return "NewConnectionError" in repr(problem) or "NameResolutionError" in repr(problem)


def _read(response: requests.Response, began: float, clock: Callable[[], float]) -> bytes:
    parts, size = [], 0
    expected = response.headers.get("Content-Length", "")
    for part in response.iter_content(64 * 1024):
        size += len(part)
        if size > LARGEST:
            raise Unavailable(f"Microsoft 365 sent an answer of more than {LARGEST // 1024 // 1024} MiB.")
        if clock() - began > WALL_SECONDS:
            raise Lost(sent=True)
        parts.append(part)
    if expected.isdigit() and "Content-Encoding" not in response.headers and size < int(expected):
        raise Lost(sent=True)
    return b"".join(parts)


def parse(raw: bytes, status: int = 200) -> Json:
    """Strict JSON: UTF-8, no duplicate members, no NaN; half surrogates and NUL become U+FFFD.

    Errors of the service itself (5xx and what a proxy answers) may be HTML: their body counts as none. Raises
    Unavailable for a success that can't be read.
    """
    if not raw.strip():
        return None
    try:
        found: Json = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        if status >= 300:
            return None
        raise Unavailable(f"Microsoft 365 {_NOT_GRAPH}. Check the Graph address and any proxy between.") from None
    return _cleaned(found) if _ODD_ESCAPES.search(raw) or b"\x00" in raw else found


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN or infinity")


def _cleaned(value: Json) -> Json:
    if isinstance(value, str):
        return _ODD.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {name: _cleaned(item) for name, item in value.items()}
    return value
