"""One account: every call carries the same preferences and an id of its own, and ends in an answer or a clear error."""

from __future__ import annotations

import json
import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from engine.errors import LeaseLost, SignInNeeded, Unavailable
from graph_client.answers import Answer, Json, Meaning
from graph_client.connection import Connection, Lost, Reading, exchange
from graph_client.endpoints import Endpoints, is_graph_link
from graph_client.throttle import AT_ONCE, Patience, Slots

log = logging.getLogger("tandem.graph")

IMMUTABLE_IDS: Final = 'IdType="ImmutableId"'
REFUSED_TOKEN: Final = "Microsoft 365 no longer accepts this sign-in: connect the account again."
TRIES: Final = 4
"""How often a call is sent that finds the service down or loses its connection."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Clock, sleep and chance, so that tests need not wait. ``clock`` is seconds since 1970."""

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    def patience(self) -> Patience:
        return Patience(self.sleep, self.random)


@dataclass(slots=True)
class Session:
    """Calls with one account's sign-in. ``token`` gives an access token, a new one where its argument is true.
    ``still_ours`` is asked before every request; LeaseLost is raised when it says no. ``at_once`` is how many items of
    a batch the service asked for runs side by side."""

    endpoints: Endpoints
    connection: Connection
    token: Callable[[bool], str]
    timing: Timing = field(default_factory=Timing)
    slots: Slots = field(default_factory=Slots)
    still_ours: Callable[[], bool] = lambda: True
    at_once: int = AT_ONCE

    def get(self, path: str, prefer: str = "") -> Answer:
        """GET of a path below /v1.0 or of a link that the server gave; a whole JSON object or an error."""
        return self.demand(self.call("GET", path, prefer=prefer))

    def call(
        self,
        method: str,
        path: str,
        body: Json = None,
        prefer: str = "",
        repeat: bool = True,
        width: int = 1,
        reading: Reading | None = None,
    ) -> Answer:
        """One call, repeated while the side says to wait, and when it is lost and ``repeat`` allows.

        A lost call that may not be repeated is an answer that means LOST, with status 0 where none came; a 424 is
        left to the batch that it came with. ``width`` is how many places of the account it takes; ``reading`` makes
        a body of the answer's bytes. Raises Unavailable, SignInNeeded, LeaseLost.
        """
        url = self.address(path)
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        patience, renewed, tries = self.timing.patience(), False, 0
        while True:
            answer, arrived = self._once(method, url, sent, prefer, renewed and tries == 0, width, reading)
            tries += 1
            if answer.meaning is Meaning.WAIT:
                patience.wait(answer.retry_after, "asks to wait longer than is sensible")
            elif answer.meaning is Meaning.LOST and answer.status != 424 and (repeat or not arrived):
                if tries >= TRIES:
                    raise Unavailable(_down(answer, arrived, self.endpoints), answer.retry_after)
                patience.wait(answer.retry_after, "does not answer")
            elif answer.meaning is Meaning.SIGN_IN:
                if renewed:
                    raise SignInNeeded(REFUSED_TOKEN)
                renewed, tries = True, 0
            else:
                return self.usable(answer)

    def address(self, path: str) -> str:
        """The URL for a path, or a link checked: tokens go to the configured Graph only."""
        if path.startswith("/"):
            return self.endpoints.root + path
        if not is_graph_link(path, self.endpoints):
            raise Unavailable(
                "Microsoft 365 gave a link that leads elsewhere; it was not followed. "
                "Check the Graph address in the settings, and any proxy between."
            )
        return path

    def relative(self, path: str) -> str:
        """The same for an item of a batch: what follows ``/v1.0``, byte for byte."""
        if path.startswith("/"):
            return path
        url = self.address(path)
        return url[url.index("/v1.0/", url.index(urlsplit(url).netloc)) + len("/v1.0") :]

    def usable(self, answer: Answer) -> Answer:
        """The answer, if it is about what was asked. Answers about the mailbox, the sign-in or the way there raise:
        they end the work, and what was not done stays to be done."""
        if answer.meaning is Meaning.NO_MAILBOX:
            raise Unavailable(
                f"Microsoft 365 does not know this mailbox, or this is not its address ({describe(answer)}). "
                "Nothing was taken as deleted. Check the Graph address and the account's licence."
            )
        if answer.meaning is Meaning.SIGN_IN:
            raise SignInNeeded(REFUSED_TOKEN)
        if answer.meaning is Meaning.FULL:
            raise Unavailable("The mailbox is full: nothing more can be written until its owner makes room.")
        if answer.meaning is Meaning.WAIT:
            raise Unavailable("Microsoft 365 asks to wait longer than is sensible.", answer.retry_after)
        if 300 <= answer.status < 400:
            raise Unavailable("Microsoft 365 answered with a redirect, which is not followed. Check the Graph address.")
        return answer

    def demand(self, answer: Answer) -> Answer:
        """The answer, if it is a success that holds a JSON object; an error else."""
        if self.usable(answer).meaning is not Meaning.DONE:
            raise Unavailable(_unanswered(answer), answer.retry_after)
        if not answer.members:
            raise Unavailable("Microsoft 365 answered something that is not Graph's JSON.")
        return answer

    def _once(
        self, method: str, url: str, body: bytes | None, prefer: str, fresh: bool, width: int, reading: Reading | None
    ) -> tuple[Answer, bool]:
        token = self.token(fresh)
        call_id = str(uuid.uuid4())
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Prefer": preferences(prefer),
            "client-request-id": call_id,
            "return-client-request-id": "true",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        with self.slots.taken(width):
            if not self.still_ours():
                raise LeaseLost("Another process holds this mailbox now.")
            try:
                answer = exchange(self.connection, method, url, headers, body, self.timing.clock, reading)
            except Lost as lost:
                log.info("%s lost, client-request-id %s", method, call_id)
                return Answer(0), lost.sent
        log.debug("%s %d, client-request-id %s, request-id %s, date %s", method, answer.status, call_id,
                  answer.headers.get("request-id", "-"), answer.headers.get("date", "-"))  # fmt: skip
        return answer, True


def preferences(*more: str) -> str:
    """All preferences in one header: a second header of that name may replace the first."""
    return ", ".join((IMMUTABLE_IDS, *(one for one in more if one)))


def item_headers(more: Mapping[str, str] | None = None, prefer: str = "") -> dict[str, str]:
    """Headers for an item of a batch: preferences count there, not on the batch."""
    return {"Prefer": preferences(prefer), **(more or {})}


def describe(answer: Answer) -> str:
    """Status and code: fit for people and logs, never the message, which may quote data."""
    return f"HTTP {answer.status} {answer.code}".strip() if answer.status else "no answer"


def refusal(answer: Answer) -> str:
    """Why a write was refused, without any of its data."""
    verdict = "does not allow it" if answer.meaning is Meaning.FORBIDDEN else "does not accept it"
    return f"Microsoft 365 {verdict} ({describe(answer)})"


def _unanswered(answer: Answer) -> str:
    if answer.meaning is Meaning.FORBIDDEN:
        return (
            f"Microsoft 365 does not let this account read what was asked for ({describe(answer)}). "
            "Connect the account again, or ask the administrator of the tenant."
        )
    return (
        f"Microsoft 365 did not answer what was asked ({describe(answer)}); the next run asks again. "
        "If it stays so, report this."
    )


def _down(answer: Answer, arrived: bool, endpoints: Endpoints) -> str:
    if answer.status:
        return f"Microsoft 365 is not working now ({describe(answer)}). Run again later."
    if arrived:
        return (
            "The connection to Microsoft 365 was cut in the middle, several times. "
            "Run again; if it stays so, check the network and any proxy between."
        )
    where = urlsplit(endpoints.graph).netloc
    return f"Microsoft 365 can't be reached at {where}. Is the network up, and the address right?"
