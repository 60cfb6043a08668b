"""Traps of `$batch`, by plain HTTP."""

import pytest

ANN = "ann@firm.example"
JSON = {"Content-Type": "application/json"}


def part(number, method="GET", url="/me", **more):
    return {"id": str(number), "method": method, "url": url, **more}


def create(number, **more):
    return part(number, "POST", "/me/contacts", headers=JSON, body={"givenName": str(number)}, **more)


def by_id(answer):
    return {row["id"]: row for row in answer.json()["responses"]}


def test_twenty_is_the_limit(graph):
    """A batch of 20 is served, one of 21 is refused whole."""
    assert len(graph.batch(*(create(n) for n in range(20))).json()["responses"]) == 20
    assert graph.batch(*(create(n) for n in range(21))).status_code == 400
    assert len(graph.get("/me/contacts?$top=100")["value"]) == 20


@pytest.mark.parametrize(
    "parts",
    [
        [part("a"), part("A")],
        [part(1, url="https://elsewhere.example/v1.0/me")],
        [part(1, "POST", "/$batch", headers=JSON, body={"requests": []})],
        [part(1, "POST", "/me/contacts", body={"givenName": "A"})],
        [part(1, dependsOn=["2"])],
        [part(1, dependsOn=["2"]), part(2, dependsOn=["1"])],
        [{"id": "1", "url": "/me"}],
        [],
    ],
    ids=[
        "ids equal without case",
        "absolute url",
        "nested",
        "no content type",
        "unknown",
        "circle",
        "no method",
        "empty",
    ],
)
def test_malformed_batch_is_refused_whole(graph, parts):
    """Equal ids, absolute urls, nesting, a body without Content-Type and bad dependencies fail the whole batch."""
    answer = graph.batch(*parts)
    assert (answer.status_code, "error" in answer.json()) == (400, True)
    assert graph.get("/me/contacts")["value"] == []


def test_outer_200_says_nothing_about_the_parts(graph):
    """The batch is 200 while a part is refused; each part has its own status, headers and body, in any order."""
    answer = graph.batch(part(1), part(2, url="/me/contacts/" + "x" * 72), *(part(n) for n in range(3, 12)))
    assert answer.status_code == 200
    rows = by_id(answer)
    assert (rows["1"]["status"], rows["2"]["status"]) == (200, 404)
    assert rows["2"]["body"]["error"]["code"] == "ErrorItemNotFound"
    order = [row["id"] for row in answer.json()["responses"]]
    assert sorted(order, key=int) != order


def test_parts_run_after_what_they_depend_on_and_fail_with_it(graph):
    """A part waits for what it depends on; if that fails it is 424, and so is what depends on it."""
    bad = part(1, "PATCH", "/me/contacts/" + "x" * 72, headers=JSON, body={"givenName": "B"})
    rows = by_id(
        graph.batch(
            part(9, url="/me/contacts", dependsOn=["3"]),
            bad,
            create(2, dependsOn=["1"]),
            create(3),
            create(4, dependsOn=["2"]),
        )
    )
    assert {number: row["status"] for number, row in rows.items()} == {"1": 404, "2": 424, "3": 201, "4": 424, "9": 200}
    assert [row["givenName"] for row in rows["9"]["body"]["value"]] == ["3"]


def test_one_part_is_throttled_inside_a_200(graph, control):
    """A single part is 429 with its own Retry-After while the others are served."""
    headers = {"Retry-After": "7"}
    control.add_rule(
        {"kind": "status", "status": 429, "code": "TooManyRequests", "headers": headers}, "POST", part=True, nth=2
    )
    answer = graph.batch(create(1), create(2), create(3))
    rows = by_id(answer)
    assert (answer.status_code, "Retry-After" in answer.headers) == (200, False)
    assert [rows[n]["status"] for n in "123"] == [201, 429, 201]
    assert rows["2"]["headers"]["Retry-After"] == "7"
    assert rows["2"]["body"]["error"]["code"] == "TooManyRequests"


def test_throttled_part_may_make_the_batch_424(graph, control):
    """The older form: with a part at 429 the batch itself is 424, with the same list of responses."""
    control.set_behaviour(batch_throttled_424=True)
    control.add_rule({"kind": "status", "status": 429}, part=True)
    answer = graph.batch(part(1), part(2))
    assert (answer.status_code, sorted(row["status"] for row in answer.json()["responses"])) == (424, [200, 429])


def test_mailbox_concurrency_fails_the_surplus_of_a_batch(graph, control):
    """Trap 36: when set so, parts beyond four at a time on one mailbox fail; chained by dependsOn they don't."""
    control.set_behaviour(batch_surplus=True, mailbox_concurrency_status=503)
    rows = by_id(graph.batch(*(create(n) for n in range(6))))
    assert sorted(row["status"] for row in rows.values()) == [201] * 4 + [503] * 2
    surplus = next(row for row in rows.values() if row["status"] == 503)
    assert "MailboxConcurrency" in surplus["body"]["error"]["message"] and "Retry-After" in surplus["headers"]
    chained = [create(0), *(create(n, dependsOn=[str(n - 1)]) for n in range(1, 6))]
    assert {row["status"] for row in graph.batch(*chained).json()["responses"]} == {201}


def test_preferences_belong_to_the_part(graph):
    """The outer Prefer header doesn't reach the parts: ids are classic unless the part asks for immutable ones."""
    asking = create(2)
    asking["headers"] = {**JSON, "Prefer": 'IdType="ImmutableId"'}
    rows = by_id(graph.batch(create(1), asking))
    assert (len(rows["1"]["body"]["id"]) > 140, len(rows["2"]["body"]["id"])) == (True, 72)


def test_if_match_belongs_to_the_part(graph):
    """If-Match in a part's headers guards that part alone."""
    made = graph.create(givenName="A")
    url = f"/me/contacts/{made['id']}"
    parts = [
        part(n, "PATCH", url, headers={**JSON, "If-Match": made["@odata.etag"]}, body={"jobTitle": n}) for n in "12"
    ]
    assert sorted(row["status"] for row in graph.batch(*parts).json()["responses"]) == [200, 412]


def test_answer_of_a_part_may_be_lost_after_it_was_applied(graph, control):
    """Trap 7: a part that is answered 504 may have been applied, so sending it again makes a double."""
    control.add_rule({"kind": "drop_answer"}, "POST", part=True)
    assert by_id(graph.batch(create(1)))["1"]["status"] == 504
    assert by_id(graph.batch(create(1)))["1"]["status"] == 201
    assert [row["givenName"] for row in control.contacts(ANN)] == ["1", "1"]


def test_delta_pages_and_expiry_work_inside_a_batch(graph, control):
    """Links are served as relative addresses in a batch, and an expired one fails its part alone."""
    for n in range(4):
        graph.create(givenName=str(n))
    _, link, _ = graph.round("/me/contacts/delta")
    graph.create(givenName="new")
    relative = link.removeprefix(graph.base)
    rows = by_id(graph.batch(part(1, url=relative), part(2)))
    assert [row["givenName"] for row in rows["1"]["body"]["value"]] == ["new"]
    control.expire_delta_tokens()
    rows = by_id(graph.batch(part(1, url=relative), part(2)))
    assert (rows["1"]["status"], rows["2"]["status"]) == (410, 200)
    assert "Location" in rows["1"]["headers"]


def test_faults_reach_the_links_inside_a_batch(graph, control):
    """A nextLink to another host, or to itself for ever, can be scripted for a part."""
    control.add_rule({"kind": "endless_next"}, path="delta", part=True)
    control.add_rule({"kind": "foreign_link", "host": "evil.example"}, path="delta", part=True, nth=2)
    first, second = (by_id(graph.batch(part(1, url="/me/contacts/delta")))["1"]["body"] for _ in range(2))
    assert first["@odata.nextLink"].endswith("/v1.0/me/contacts/delta") and "@odata.deltaLink" not in first
    assert second["@odata.deltaLink"].startswith("https://evil.example/")
