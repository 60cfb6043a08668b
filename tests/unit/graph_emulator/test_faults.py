"""Fault scripts, barriers and kill hooks."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from graph_emulator.control_client import ControlError

ANN = "ann@firm.example"


@pytest.fixture
def victim():
    """A process in a group of its own that waits to be killed."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_rule_fires_at_the_nth_match_and_count_times(graph, control):
    """A rule waits for the nth request that matches method and path, then fires as often as told."""
    control.add_rule({"kind": "status", "status": 500}, "GET", "^/me/contacts", nth=2, count=2)
    paths = ["/me", "/me/contacts", "/me/contacts", "/me/contacts?$top=1", "/me/contacts"]
    assert [graph("GET", path).status_code for path in paths] == [200, 200, 500, 500, 200]
    (rule,) = control.faults()["rules"]
    assert (rule["kind"], rule["seen"], rule["fired"]) == ("status", 4, 2)


def test_rule_for_one_mailbox(graph, control):
    """A rule can be limited to one user's mailbox."""
    control.add_rule({"kind": "status", "status": 500}, mailbox="bob@firm.example", count=0)
    token = control.token("bob@firm.example")["access_token"]
    assert graph("GET", "/me").status_code == 200
    assert graph("GET", "/me", Authorization=f"Bearer {token}").status_code == 500


def test_html_in_place_of_json(graph, control):
    """A 200 with an HTML page, as a captive network gives."""
    control.add_rule({"kind": "html"})
    answer = graph("GET", "/me")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


def test_connection_cut_in_the_middle_of_the_body(graph, control):
    """Half of the body arrives, then the connection ends."""
    control.add_rule({"kind": "cut"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        graph("GET", "/me/contactFolders")
    assert graph("GET", "/me/contactFolders").status_code == 200


def test_dropped_request_is_not_applied_and_dropped_answer_is(graph, control):
    """`drop_request` closes before the write, `drop_answer` after it; the log tells which."""
    for kind in ("drop_request", "drop_answer"):
        control.add_rule({"kind": kind}, "POST")
        with pytest.raises(requests.exceptions.ConnectionError):
            graph("POST", "/me/contacts", {"givenName": kind})
    assert [row["givenName"] for row in control.contacts(ANN)] == ["drop_answer"]
    assert [(row["fault"], row["status"]) for row in control.log()] == [("drop_request", 0), ("drop_answer", 201)]


def test_delay_counts_as_time_held(graph, control):
    """A delayed request is logged with the time it was held, and in the totals."""
    control.add_rule({"kind": "delay", "seconds": 0.2})
    graph.get("/me")
    (row,) = control.log()
    assert row["held"] == 0.2 <= row["seconds"]
    assert control.totals().busy_seconds >= 0.2


def test_expired_delta_token_by_rule(graph, control):
    """A rule makes links expire, and leaves the first request of a round alone."""
    control.add_rule({"kind": "expire_delta", "status": 400, "code": "SyncStateInvalid"}, path="delta")
    control.add_rule({"kind": "expire_delta"}, path="delta", nth=2)
    _, link, _ = graph.round("/me/contacts/delta")
    assert graph("GET", link).status_code == 410


@pytest.mark.parametrize("fresh", [False, True])
def test_endless_links(graph, control, fresh):
    """A nextLink leads to itself, or to ever new pages without rows; there is no deltaLink."""
    control.add_rule({"kind": "endless_next", "fresh": fresh}, path="delta", count=0)
    links = [graph.base + "/me/contacts/delta"]
    for _ in range(3):
        answer = graph("GET", links[-1])
        page = answer.json() if answer.status_code == 200 else {"@odata.nextLink": links[-1]}
        assert "@odata.deltaLink" not in page
        links.append(page["@odata.nextLink"])
    assert links[1].startswith(graph.base)
    assert (len(set(links[1:])) == 1) == (not fresh)


def test_link_to_another_host(graph, control):
    """The host of a link can be another one."""
    control.add_rule({"kind": "foreign_link", "host": "evil.example"}, path="delta")
    assert graph.get("/me/contacts/delta")["@odata.deltaLink"].startswith(
        "https://evil.example/v1.0/me/contacts/delta?"
    )


def test_oversized_and_compressed_answers(graph, control):
    """An answer can be padded, and be small on the wire but large when unpacked."""
    size = 3_000_000
    control.add_rule({"kind": "oversized", "size": size})
    control.add_rule({"kind": "oversized", "size": size, "gzip": True}, nth=2)
    plain, packed = graph("GET", "/me"), graph("GET", "/me")
    assert len(plain.content) > size and len(packed.content) > size
    assert int(packed.headers["Content-Length"]) < 100_000 and plain.json() == packed.json()


def test_duplicate_keys_and_deep_nesting(graph, control):
    """JSON that parsers disagree about: members given twice, and thousands of brackets."""
    control.add_rule({"kind": "duplicate_keys"})
    control.add_rule({"kind": "deep", "size": 100_000}, nth=2)
    pairs = json.loads(graph("GET", "/me").text, object_pairs_hook=lambda rows: rows)
    assert [name for name, _ in pairs].count("id") == 2
    with pytest.raises(RecursionError):
        json.loads(graph("GET", "/me").text)


def test_barrier_holds_until_all_are_there(graph, control):
    """Requests stop at the barrier until enough have come, then all are served; it works once."""
    control.hold("GET", "^/me$", 3)
    with ThreadPoolExecutor(3) as pool:
        early = [pool.submit(graph, "GET", "/me") for _ in range(2)]
        while control.faults()["barriers"][0]["arrived"] < 2:
            time.sleep(0.01)
        assert not any(call.done() for call in early)
        assert graph("GET", "/me").status_code == 200
        assert [call.result().status_code for call in early] == [200, 200]
    assert graph("GET", "/me").status_code == 200


def test_barrier_shuffles_the_order_by_seed(graph, control):
    """The seed decides who goes first after the barrier, so that all orders can be tried."""

    def winners(seed):
        control.reset("mailboxes", "barriers")
        control.hold("POST", "contacts", 2, seed=seed)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(graph, "POST", "/me/contacts", {"givenName": "first"})
            while not control.faults()["barriers"][0]["arrived"]:
                time.sleep(0.005)
            pool.submit(graph, "POST", "/me/contacts", {"givenName": "second"}).result()
            first.result()
        return control.contacts(ANN)[0]["givenName"]

    assert {winners(seed) for seed in range(6)} == {"first", "second"}


def test_barrier_gives_up(graph, control):
    """A request that waits alone goes on after the time-out, and that is recorded."""
    control.hold("GET", "", 2, timeout=0.1)
    assert graph("GET", "/me").status_code == 200
    assert control.faults()["barriers"][0]["timedOut"] == 1


@pytest.mark.parametrize(("when", "created"), [("before", 1), ("after", 2)])
def test_kill_at_the_nth_request(graph, control, victim, when, created):
    """The process group dies at request n, before or after it is applied; the log counts the same requests."""
    control.arm_kill(victim.pid, 2, when)
    graph.create(givenName="1")
    assert victim.poll() is None
    with pytest.raises(requests.exceptions.ConnectionError):
        graph("POST", "/me/contacts", {"givenName": "2"})
    assert victim.wait(5) == -signal.SIGKILL
    assert len(control.contacts(ANN)) == created
    assert [row["sequence"] for row in control.log()] == [1, 2]


@pytest.mark.parametrize(("when", "created"), [("before", 2), ("after", 3)])
def test_kill_counts_parts_of_batches_if_asked(graph, control, victim, when, created):
    """With `parts` the requests inside batches are counted, and what follows in the batch is not applied."""
    control.arm_kill(victim.pid, 4, when, parts=True)
    graph.get("/me")
    headers = {"Content-Type": "application/json"}
    parts = [{"id": str(n), "method": "POST", "url": "/me/contacts", "headers": headers, "body": {}} for n in range(4)]
    with pytest.raises(requests.exceptions.ConnectionError):
        graph.batch(*parts)
    assert victim.wait(5) == -signal.SIGKILL
    assert len(control.contacts(ANN)) == created


@pytest.mark.parametrize(
    "script",
    [
        lambda control: control.add_rule({"kind": "nonsense"}),
        lambda control: control.add_rule({"kind": "status"}),
        lambda control: control.add_rule({"kind": "delay"}, path="("),
        lambda control: control.add_rule({"kind": "cut"}, part=True),
        lambda control: control.add_rule({"kind": "delay", "minutes": 1}),
        lambda control: control.arm_kill(os.getpgrp(), 1),
        lambda control: control.arm_kill(1, 1),
        lambda control: control.arm_kill(99999, 1, "during"),
        lambda control: control.set_behaviour(nonsense=1),
        lambda control: control.set_behaviour(latency="long"),
        lambda control: control.set_id_token_flaw("nonsense"),
        lambda control: control.touch_contact(ANN, "nonsense"),
        lambda control: control.create_contact("nobody", {}),
    ],
)
def test_senseless_scripts_are_refused(control, script):
    """A rule, hook, setting or edit that makes no sense is refused with a reason, and ourselves we don't kill."""
    with pytest.raises(ControlError, match=r"\w+"):
        script(control)
