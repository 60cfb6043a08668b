"""Many calls in one: who is sent again, in which order, and what is never sent twice."""

from __future__ import annotations

import json

import pytest
import requests
import responses
from graph_stub import ROOT, on_batch
from graph_world import Waits

from engine.errors import LeaseLost, Unavailable
from graph_client.answers import Answer, Meaning
from graph_client.batch import Item, in_one, in_waves
from graph_client.session import Session

OK = {"status": 200, "body": {"ok": True}}


def reads(count: int) -> list[Item]:
    return [Item("GET", f"/me/contacts/{n}") for n in range(count)]


def test_waves_are_four_wide(session: Session, answers: responses.RequestsMock) -> None:
    """Outlook runs four calls of one application on a mailbox at once: no batch has more independent ones."""
    seen = on_batch(answers, lambda item: OK)
    found = list(in_waves(session, reads(10)))
    assert [len(ids) for ids in seen] == [4, 4, 2]
    assert [index for index, _ in found] == list(range(10))


def test_one_round_trip_for_twenty_reads(session: Session, answers: responses.RequestsMock) -> None:
    """Reads that belong together go in one batch, chained beyond four so that they run one after the other."""
    bodies: list[dict[str, object]] = []

    def answer(item: dict[str, object]) -> dict[str, object]:
        bodies.append(item)
        return OK

    seen = on_batch(answers, answer)
    assert len(in_one(session, reads(25))) == 25
    assert [len(ids) for ids in seen] == [20, 5]
    by_id = {str(body["id"]): body.get("dependsOn") for body in bodies}
    assert by_id["0"] is None
    assert by_id["19"] == ["18"]
    assert by_id["20"] is None


def test_preferences_and_conditions_go_with_the_item(session: Session, answers: responses.RequestsMock) -> None:
    """Headers of the batch do not count for its items: each carries its own, and a content type where it has a body."""
    on_batch(answers, lambda item: OK)
    in_one(session, [Item("PATCH", "/me/contacts/1", {"a": 1}, {"If-Match": 'W/"1"'}, prefer="return=representation")])
    item = json.loads(answers.calls[0].request.body)["requests"][0]
    assert item["headers"] == {
        "Prefer": 'IdType="ImmutableId", return=representation',
        "If-Match": 'W/"1"',
        "Content-Type": "application/json",
    }
    assert item["url"] == "/me/contacts/1"


def test_links_go_byte_for_byte(session: Session, answers: responses.RequestsMock) -> None:
    """A delta link inside a batch is what followed /v1.0 in it: decoding and encoding it would break it."""
    on_batch(answers, lambda item: OK)
    in_one(session, [Item("GET", f"{ROOT}/me/x/delta?$deltatoken=a%2Fb+c%20=")])
    assert json.loads(answers.calls[0].request.body)["requests"][0]["url"] == "/me/x/delta?$deltatoken=a%2Fb+c%20="


def test_only_throttled_items_are_sent_again(session: Session, answers: responses.RequestsMock, waits: Waits) -> None:
    """A 429 inside a 200 is waited for as long as the most patient item asks, then that item alone goes again."""

    def first(item: dict[str, object]) -> dict[str, object]:
        asked = {"1": "3", "2": "9"}.get(str(item["id"]))
        return {"status": 429, "headers": {"Retry-After": asked}} if asked else {"status": 201, "body": {"id": "x"}}

    seen = on_batch(answers, first, lambda item: {"status": 201, "body": {"id": "y"}})
    items = [Item("POST", "/me/contacts", {}, repeat=False) for _ in range(4)]
    assert {answer.status for _, answer in in_waves(session, items)} == {201}
    assert [sorted(ids) for ids in seen] == [["0", "1", "2", "3"], ["1", "2"]]
    assert waits.slept == [9.0]


@pytest.mark.parametrize("status", [500, 503, 504, 424, None])
def test_a_create_with_a_lost_answer_is_not_sent_again(
    session: Session, answers: responses.RequestsMock, status: int | None
) -> None:
    """Server errors, failed dependencies and missing answers leave a create unknown; its neighbours are done."""
    seen = on_batch(answers, lambda item: {"status": status} if item["id"] == "0" else {"status": 201, "body": {}})
    items = [Item("POST", "/me/contacts", {}, repeat=False) for _ in range(2)]
    found = dict(in_waves(session, items))
    assert (found[0].meaning, found[1].status) == (Meaning.LOST, 201)
    assert len(seen) == 1


def test_a_batch_of_creates_that_is_cut_is_not_sent_again(session: Session, answers: responses.RequestsMock) -> None:
    """When the batch itself is lost, every create in it is unknown."""
    answers.post(f"{ROOT}/$batch", body=requests.exceptions.ConnectionError("reset"))
    items = [Item("POST", "/me/contacts", {}, repeat=False) for _ in range(3)]
    assert [answer for _, answer in in_waves(session, items)] == [Answer(0)] * 3
    assert len(answers.calls) == 1


def test_an_update_that_is_lost_goes_again(session: Session, answers: responses.RequestsMock) -> None:
    """Updates carry a condition, so that sending them twice does no harm."""
    seen = on_batch(answers, lambda item: {"status": 504}, lambda item: OK)
    found = dict(in_waves(session, [Item("PATCH", "/me/contacts/1", {}, {"If-Match": "x"})]))
    assert (found[0].status, len(seen)) == (200, 2)


def test_a_failed_parent_does_not_take_its_children_along(
    session: Session, answers: responses.RequestsMock, waits: Waits
) -> None:
    """In a chain the items behind a failed one answer 424: they go again at once, the failed one keeps its answer."""

    def broken(item: dict[str, object]) -> dict[str, object]:
        if item["id"] == "2":
            return {"status": 410, "body": {"error": {"code": "SyncStateNotFound"}}}
        return OK if str(item["id"]) < "2" else {"status": 424}

    seen = on_batch(answers, broken, lambda item: OK)
    assert [answer.status for answer in in_one(session, reads(6))] == [200, 200, 410, 200, 200, 200]
    assert [len(ids) for ids in seen] == [6, 3]
    assert waits.slept == []


def test_a_chain_that_never_gets_on_ends(session: Session, answers: responses.RequestsMock) -> None:
    """A service that answers 424 to everything is not asked for ever."""
    seen = on_batch(answers, lambda item: {"status": 424})
    assert {answer.meaning for answer in in_one(session, reads(6))} == {Meaning.LOST}
    assert len(seen) == 4


def test_an_outer_424_is_read_like_a_200(session: Session, answers: responses.RequestsMock) -> None:
    """Older services answer 424 outside when an item is throttled; the items count."""
    body = {"responses": [{"id": "0", "status": 200, "body": {"ok": 1}}]}
    answers.post(f"{ROOT}/$batch", status=424, json=body)
    assert in_one(session, reads(1))[0].status == 200


def test_done_items_keep_their_answers_when_patience_ends(session: Session, answers: responses.RequestsMock) -> None:
    """What was done is told first; what still waits is told as waiting, last."""
    turn = {"0": {"status": 429, "headers": {"Retry-After": "9999"}}}
    on_batch(answers, lambda item: turn.get(str(item["id"]), {"status": 201, "body": {}}))
    items = [Item("POST", "/me/contacts", {}, repeat=False) for _ in range(3)]
    found = list(in_waves(session, items))
    assert [(index, answer.meaning) for index, answer in found] == [
        (1, Meaning.DONE), (2, Meaning.DONE), (0, Meaning.WAIT),
    ]  # fmt: skip


def test_a_wave_stays_below_the_platforms_limit(session: Session, answers: responses.RequestsMock) -> None:
    """Large bodies make smaller waves."""
    seen = on_batch(answers, lambda item: OK)
    list(in_waves(session, [Item("POST", "/me/contacts", {"personalNotes": "n" * 1_400_000}) for _ in range(4)]))
    assert [len(ids) for ids in seen] == [2, 2]


def test_a_batch_answer_without_items_is_unavailable(session: Session, answers: responses.RequestsMock) -> None:
    """A JSON object that is no batch answer is not taken for one."""
    answers.post(f"{ROOT}/$batch", json={"hello": "world"})
    with pytest.raises(Unavailable, match="not Graph's JSON"):
        in_one(session, reads(2))


def test_an_item_with_an_old_token_goes_again_with_a_new_one(
    session: Session, answers: responses.RequestsMock, tokens: list[bool]
) -> None:
    """401 of an item renews the token once and sends that item again."""
    seen = on_batch(answers, lambda item: {"status": 401}, lambda item: OK)
    assert in_one(session, reads(1))[0].status == 200
    assert (len(seen), True in tokens) == (2, True)


def test_the_lease_is_asked_before_each_wave(session: Session, answers: responses.RequestsMock) -> None:
    """Between waves another process may have taken over: nothing more is sent then."""
    seen = on_batch(answers, lambda item: OK)
    turns = iter([True, False])
    session.still_ours = lambda: next(turns)
    with pytest.raises(LeaseLost):
        list(in_waves(session, reads(8)))
    assert len(seen) == 1
