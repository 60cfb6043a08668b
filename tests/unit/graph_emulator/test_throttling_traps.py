"""Traps of throttling, by plain HTTP."""

from concurrent.futures import ThreadPoolExecutor

import pytest

ANN, BOB = "ann@firm.example", "bob@firm.example"


@pytest.mark.parametrize("status", [429, 503])
def test_fifth_call_at_a_time_is_refused(graph, control, status):
    """Trap 36: six calls at once on one mailbox: the surplus is refused with Retry-After, as 429 or as 503."""
    control.set_behaviour(latency=0.2, mailbox_concurrency_status=status)
    control.hold("GET", "^/me$", 6)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: graph("GET", "/me"), range(6)))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert [answer.status_code for answer in refused] == [status] * 2
    assert all("MailboxConcurrency" in answer.json()["error"]["message"] for answer in refused)
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)


def test_other_mailboxes_have_slots_of_their_own(graph, control):
    """The four slots are counted for each mailbox."""
    control.set_behaviour(latency=0.2)
    control.hold("GET", "^/me$", 8)
    tokens = [control.token(name)["access_token"] for name in (ANN, BOB)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: graph("GET", "/me", Authorization=f"Bearer {tokens[n % 2]}"), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8


def test_batch_and_single_call_share_the_slots(graph, control):
    """A batch runs four parts at a time, so with one more call on that mailbox one of the five is refused."""
    control.set_behaviour(latency=0.2)
    control.hold("*", "", 2)
    parts = [{"id": str(n), "method": "GET", "url": "/me"} for n in range(4)]
    with ThreadPoolExecutor(2) as pool:
        batch, single = pool.submit(graph.batch, *parts), pool.submit(graph, "GET", "/me")
        statuses = [row["status"] for row in batch.result().json()["responses"]]
        statuses.append(single.result().status_code)
    assert sorted(statuses) == [200] * 4 + [429]


def test_ten_minute_limit_counts_parts_and_refused_calls(graph, control):
    """Calls are counted in ten-minute windows, those in batches one by one, refused ones too; Retry-After ends it."""
    control.set_behaviour(requests_per_10_minutes=5)
    parts = [{"id": str(n), "method": "GET", "url": "/me"} for n in range(7)]
    rows = graph.batch(*parts).json()["responses"]
    assert sorted(row["status"] for row in rows) == [200] * 5 + [429] * 2
    answer = graph("GET", "/me")
    wait = int(answer.headers["Retry-After"])
    assert (answer.status_code, 0 < wait <= 601) == (429, True)
    control.set_clock(advance=wait)
    assert graph("GET", "/me").status_code == 200


def test_upload_limit(graph, control):
    """Bytes sent to one mailbox are limited in five minutes."""
    control.set_behaviour(upload_bytes_per_5_minutes=1000)
    assert graph("POST", "/me/contacts", {"personalNotes": "x" * 900}).status_code == 201
    assert graph("POST", "/me/contacts", {"personalNotes": "x" * 900}).status_code == 429
    assert graph("GET", "/me").status_code == 200


@pytest.mark.parametrize("body", [None, "<html>busy</html>", {"error": {"code": "", "message": "busy"}}])
def test_unavailable_has_any_body(graph, control, body):
    """A 503 comes with an empty, an HTML or a JSON body, and asks to wait by header."""
    control.add_rule({"kind": "status", "status": 503, "body": body, "headers": {"Retry-After": "3"}}, "GET", "/me$")
    answer = graph("GET", "/me")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert (not answer.content) == (body is None)
    assert graph("GET", "/me").status_code == 200


def test_create_that_timed_out_may_have_happened(graph, control):
    """Trap 7: a POST whose answer is lost has been applied, and a blind retry makes a double that the mark finds."""
    mark = "String {6f2a3c1e-5b1d-4c57-9a3e-0d4b7f1c2a90} Name Mark"
    body = {"givenName": "A", "singleValueExtendedProperties": [{"id": mark, "value": "7"}]}
    control.add_rule({"kind": "drop_answer"}, "POST", "/me/contacts")
    with pytest.raises(OSError):
        graph("POST", "/me/contacts", body)
    search = f"/me/contacts?$filter=singleValueExtendedProperties/Any(e: e/id eq '{mark}' and e/value eq '7')"
    assert len(graph.get(search)["value"]) == 1
    graph("POST", "/me/contacts", body)
    assert len(graph.get(search)["value"]) == 2
