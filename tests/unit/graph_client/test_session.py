"""One call: what is sent with it, when it is repeated, and how it fails."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time

import pytest
import requests
import responses
from graph_world import Waits

from engine.errors import LeaseLost, SignInNeeded, TandemError, Unavailable
from graph_client.answers import Answer, Meaning
from graph_client.connection import LARGEST, parse
from graph_client.session import Session
from graph_client.throttle import Patience, Slots

ROOT = "https://graph.microsoft.com/v1.0"
THING = f"{ROOT}/me/thing"
OK = {"id": "1"}


def error(code: str, **inner: object) -> dict[str, object]:
    return {"error": {"code": code, "message": "Zebedee Canary", **inner}}


def test_every_call_carries_immutable_ids_in_one_prefer_header(
    session: Session, answers: responses.RequestsMock
) -> None:
    """All preferences share one header, for a second one may replace the first; the call's id is fresh each time."""
    answers.get(THING, json=OK)
    session.get("/me/thing", prefer="odata.maxpagesize=5")
    session.get("/me/thing")
    first, second = (call.request.headers for call in answers.calls)
    assert first["Prefer"] == 'IdType="ImmutableId", odata.maxpagesize=5'
    assert first["Authorization"] == "Bearer secret-canary-token"
    assert first["client-request-id"] != second["client-request-id"]


def test_retry_after_is_waited_exactly(session: Session, answers: responses.RequestsMock, waits: Waits) -> None:
    """A 429 with Retry-After is repeated after that many seconds; without the header the waits double."""
    answers.get(THING, status=429, headers={"Retry-After": "17"}, json=error("TooManyRequests"))
    answers.get(THING, status=429, json=error("ApplicationThrottled"))
    answers.get(THING, status=429)
    answers.get(THING, json=OK)
    assert session.get("/me/thing").members == OK
    assert waits.slept == [17.0, 2.0, 4.0]


def test_jitter_only_adds(waits: Waits) -> None:
    """Chance makes a wait up to a tenth longer, never shorter than asked."""
    Patience(waits.slept.append, lambda: 1.0).wait(10.0, "asks")
    assert waits.slept == [11.0]


def test_four_calls_at_once_and_no_fifth() -> None:
    """Places are shared by all threads on one mailbox; a batch takes several, and none is lost on errors."""
    slots, inside, most = Slots(), 0, 0
    lock = threading.Lock()

    def call(width: int) -> None:
        nonlocal inside, most
        with contextlib.suppress(RuntimeError), slots.taken(width):
            with lock:
                inside += width
                most = max(most, inside)
            time.sleep(0.005)
            with lock:
                inside -= width
            raise RuntimeError

    threads = [threading.Thread(target=call, args=(width,)) for width in (1, 4, 2, 3, 1, 1, 4, 2, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (most, inside, slots.calls) == (4, 0, 9)


def test_patience_ends(session: Session, answers: responses.RequestsMock, waits: Waits) -> None:
    """A wait longer than is sensible is not started: the space is tried again later."""
    answers.get(THING, status=429, headers={"Retry-After": "3000"})
    with pytest.raises(Unavailable) as caught:
        session.get("/me/thing")
    assert caught.value.retry_after == 3000
    assert waits.slept == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_create_refused_for_certain_is_sent_again(
    session: Session, answers: responses.RequestsMock, status: int
) -> None:
    """429, and 503 for too many calls at once, mean that nothing was done, so that even a POST may be repeated."""
    refused = {"error": {"code": "x", "message": "Application is over its MailboxConcurrency limit"}}
    answers.post(THING, status=status, json=refused, headers={"Retry-After": "1"})
    answers.post(THING, status=201, json=OK)
    assert session.call("POST", "/me/thing", {}, repeat=False).status == 201
    assert len(answers.calls) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_create_with_a_lost_outcome_is_sent_once(
    session: Session, answers: responses.RequestsMock, status: int
) -> None:
    """After a server error a POST may have succeeded: it is not repeated, its outcome is lost."""
    answers.post(THING, status=status, body="<html>gateway</html>")
    assert session.call("POST", "/me/thing", {}, repeat=False).meaning is Meaning.LOST
    assert len(answers.calls) == 1


def test_a_create_whose_connection_is_cut_is_sent_once(session: Session, answers: responses.RequestsMock) -> None:
    """A cut connection tells nothing about a POST either."""
    answers.post(THING, body=requests.exceptions.ConnectionError("reset by peer"))
    assert session.call("POST", "/me/thing", {}, repeat=False) == Answer(0)
    assert len(answers.calls) == 1


def test_a_read_survives_cuts_and_gives_up_in_the_end(
    session: Session, answers: responses.RequestsMock, waits: Waits
) -> None:
    """Reads are repeated with growing waits, four times, then the message says what happened."""
    answers.get(THING, body=requests.exceptions.ChunkedEncodingError("cut"))
    with pytest.raises(Unavailable, match="cut in the middle"):
        session.get("/me/thing")
    assert (len(answers.calls), waits.slept) == (4, [1.0, 2.0, 4.0])


def test_a_refused_token_is_renewed_once(session: Session, answers: responses.RequestsMock, tokens: list[bool]) -> None:
    """401 asks for a fresh token and tries again; a second 401 means that the person has to sign in."""
    answers.get(THING, status=401, json=error("InvalidAuthenticationToken"))
    answers.get(THING, json=OK)
    assert session.get("/me/thing").members == OK
    assert tokens == [False, True]
    answers.get(f"{ROOT}/me/other", status=401)
    with pytest.raises(SignInNeeded):
        session.get("/me/other")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/contacts",
        "http://graph.microsoft.com/v1.0/me/contacts",
        "https://graph.microsoft.com:8443/v1.0/me/contacts",
        "https://graph.microsoft.com@evil.example/v1.0/me",
        "https://user:pw@graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com/beta/me/contacts",
        "https://graph.microsoft.com/v1.0/../beta/me",
        "https://graph.microsoft.com/v1.0/%2e%2e/beta/me",
        "https://graph.microsoft.com\\@evil.example/v1.0/me",
        "//evil.example/v1.0/me",
        "https://graph.microsoft.com.evil.example/v1.0/me",
        "https://[graph/v1.0/me",
    ],
)
def test_links_elsewhere_are_not_followed(session: Session, answers: responses.RequestsMock, link: str) -> None:
    """A link of another scheme, host, port or version is refused before any token is attached."""
    target = link if not link.startswith("//") else f"https:{link}"
    with pytest.raises(Unavailable, match="leads elsewhere"):
        session.call("GET", target)
    assert len(answers.calls) == 0


def test_redirects_are_not_followed(session: Session, answers: responses.RequestsMock) -> None:
    """A redirect is an error, whatever it points to."""
    answers.get(THING, status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(Unavailable, match="redirect"):
        session.get("/me/thing")
    assert len(answers.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sign in to the wi-fi</html>",
        b'{"id": "1", "id": "2"}',
        b'{"n": NaN}',
        b'{"n": Infinity}',
        b'{"n": "\xff"}',
        b'{"id": "1"',
        b"[" * 100_000,
        b"[1, 2]",
        b"",
        b'"text"',
    ],
)
def test_a_success_that_is_not_graphs_json_is_unavailable(
    session: Session, answers: responses.RequestsMock, body: bytes
) -> None:
    """HTML, duplicate members, NaN, broken text, endless nesting and other shapes never pass as an answer."""
    answers.get(THING, body=body)
    with pytest.raises(Unavailable, match="not Graph's JSON"):
        session.get("/me/thing")


def test_an_answer_beyond_the_limit_is_given_up(session: Session, answers: responses.RequestsMock) -> None:
    """Reading stops at 32 MiB."""
    answers.get(THING, body=b" " * (LARGEST + 1))
    with pytest.raises(Unavailable, match="32 MiB"):
        session.get("/me/thing")


def test_half_surrogates_and_nul_become_replacement_characters() -> None:
    """Text that no database can hold is made harmless; whole emoji pass."""
    assert parse(b'{"a": ["\\ud83d\\ude00", "\\ud83d", "x\\u0000y"]}') == {"a": ["\U0001f600", "\ufffd", "x\ufffdy"]}


def test_the_lease_is_asked_before_every_request(session: Session, answers: responses.RequestsMock) -> None:
    """A view whose lease is lost sends nothing more."""
    answers.get(THING, status=503)
    turns = iter([True, False])
    session.still_ours = lambda: next(turns)
    with pytest.raises(LeaseLost):
        session.get("/me/thing")
    assert len(answers.calls) == 1


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (404, "ErrorItemNotFound", Meaning.GONE),
        (404, "itemnotfound", Meaning.GONE),
        (404, "MailboxNotEnabledForRESTAPI", Meaning.NO_MAILBOX),
        (404, "", Meaning.NO_MAILBOX),
        (404, "ResourceNotFound", Meaning.NO_MAILBOX),
        (410, "SyncStateNotFound", Meaning.EXPIRED),
        (400, "syncStateInvalid", Meaning.EXPIRED),
        (404, "resyncRequired", Meaning.EXPIRED),
        (410, "", Meaning.EXPIRED),
        (403, "ErrorAccessDenied", Meaning.FORBIDDEN),
        (400, "ErrorInvalidRequest", Meaning.REFUSED),
        (409, "ErrorIrresolvableConflict", Meaning.CHANGED),
        (412, "", Meaning.CHANGED),
        (413, "", Meaning.REFUSED),
        (424, "", Meaning.LOST),
        (500, "ErrorCorruptData", Meaning.REFUSED),
        (500, "generalException", Meaning.LOST),
        (503, "", Meaning.LOST),
        (507, "ErrorQuotaExceeded", Meaning.FULL),
    ],
)
def test_status_and_code_say_what_to_do(status: int, code: str, meaning: Meaning) -> None:
    """The table of errors: codes count without case, and an empty code leaves the status to decide."""
    assert Answer(status, body={"error": {"code": code, "message": ""}}).meaning is meaning


def test_the_deepest_code_counts() -> None:
    """Codes are looked for in inner errors of either spelling."""
    for spelling in ("innerError", "innererror"):
        inner = {"code": "mid", spelling: {"code": "SyncStateNotFound"}}
        assert Answer(400, body={"error": {"code": "BadRequest", spelling: inner}}).meaning is Meaning.EXPIRED


def test_neither_tokens_nor_names_reach_errors_or_logs(
    session: Session, answers: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the service says, messages and logs hold status, code and ids of calls only."""
    caplog.set_level(logging.DEBUG)
    texts = []
    for number, status in enumerate([400, 401, 403, 404, 409, 410, 412, 429, 500, 503, 507, 302]):
        url = f"{ROOT}/me/contacts/zebedee-{number}"
        answers.get(url, status=status, json=error("Code.Word", innerError={"code": "zebedee@canary.example"}))
        with pytest.raises(TandemError) as caught:
            session.get(f"/me/contacts/zebedee-{number}")
        texts.append(str(caught.value))
    written = json.dumps(texts).lower() + "".join(r.getMessage() for r in caplog.records if r.name.startswith("tandem"))
    assert "canary" not in written
    assert "zebedee" not in written
    assert any(record.name == "tandem.graph" for record in caplog.records)
