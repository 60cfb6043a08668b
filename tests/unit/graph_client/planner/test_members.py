"""Several sign-ins for one space: who is asked, who follows, and who is left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import responses
from graph_stub import ROOT, on_batch
from graph_world import Waits

from engine.errors import SignInNeeded, Unavailable
from graph_client.answers import Answer, Meaning
from graph_client.batch import MOST_ITEMS, Item
from graph_client.connection import Connection
from graph_client.endpoints import Endpoints
from graph_client.planner.members import Ask, Members, own_trouble
from graph_client.planner.refusals import is_quota, reason
from graph_client.session import Session

DONE: dict[str, object] = {"status": 200, "body": {"id": "x"}}
NO: dict[str, object] = {"status": 403, "body": {"error": {"code": ""}}}
FULL: dict[str, object] = {"status": 403, "body": {"error": {"code": "MaximumTasksInProject"}}}


class Person:
    """Where one member's tokens come from; ``problem`` ends that."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: Exception | None = None

    def token(self, fresh: bool) -> str:
        if self.problem:
            raise self.problem
        return self.name


@pytest.fixture
def people() -> dict[str, Person]:
    return {name: Person(name) for name in ("bob", "ann", "cleo")}


@pytest.fixture
def members(people: dict[str, Person], waits: Waits) -> Iterator[Members]:
    endpoints = Endpoints("https://login.microsoftonline.com/organizations", "https://graph.microsoft.com", "client")
    with Connection(endpoints) as connection:
        yield Members(
            {
                name: Session(endpoints, connection, own_trouble(one.token), waits.timing(), at_once=MOST_ITEMS)
                for name, one in people.items()
            },
            {},
        )


def asked(answers: responses.RequestsMock) -> list[str]:
    """Whose token each call carried."""
    return [str(call.request.headers["Authorization"]).removeprefix("Bearer ") for call in answers.calls]


def ask(members: Members, *accounts: str, method: str = "GET") -> tuple[Answer, str]:
    (told,) = members.answers([Ask(Item(method, "/planner/tasks/t"), accounts or members.accounts)])
    return told.answer, told.account


def test_members_are_in_the_order_of_their_accounts(members: Members) -> None:
    """Every process picks the same sponsor."""
    assert members.accounts == ("ann", "bob", "cleo")


def test_who_may_not_is_followed_by_the_next(members: Members, answers: responses.RequestsMock) -> None:
    """A 403 goes round; the first yes counts."""
    on_batch(answers, lambda item: NO, lambda item: DONE)
    assert ask(members)[1] == "bob"
    assert asked(answers) == ["ann", "bob"]


def test_where_nobody_may_the_no_counts(members: Members, answers: responses.RequestsMock) -> None:
    """Everybody named is asked, once, and nobody else."""
    on_batch(answers, lambda item: NO)
    answer, account = ask(members, "cleo", "ann")
    assert (answer.status, account) == (403, "")
    assert asked(answers) == ["cleo", "ann"]
    assert reason(answer) == "nobody who is connected may change this in Planner (HTTP 403)"


def test_a_limit_is_the_same_for_all(members: Members, answers: responses.RequestsMock) -> None:
    """A quota is told by its code, and nobody else has to try."""
    on_batch(answers, lambda item: FULL)
    answer, account = ask(members)
    assert (is_quota(answer), account) == (True, "ann")
    assert reason(answer) == "the plan holds as many tasks as Planner allows (HTTP 403 maximumtasksinproject)"


@pytest.mark.parametrize("problem", [SignInNeeded("gone"), Unavailable("can't be opened")])
def test_a_sign_in_that_fails_stops_nobody_else(
    members: Members, people: dict[str, Person], answers: responses.RequestsMock, problem: Exception
) -> None:
    """The member is left out from then on and named with the reason."""
    people["ann"].problem = problem
    on_batch(answers, lambda item: DONE)
    assert ask(members)[1] == "bob"
    assert ask(members)[1] == "bob"
    assert list(members.troubles) == ["ann"]
    assert isinstance(members.troubles["ann"], SignInNeeded) == isinstance(problem, SignInNeeded)


def test_without_anybody_a_sign_in_is_needed(members: Members, people: dict[str, Person]) -> None:
    """If at least one person can help it."""
    for one in people.values():
        one.problem = Unavailable("the sign-in service is down")
    people["bob"].problem = SignInNeeded("gone")
    with pytest.raises(SignInNeeded):
        ask(members)


def test_a_sign_in_service_that_is_down_is_no_reason_to_connect_again(
    members: Members, people: dict[str, Person]
) -> None:
    """The next run tries again."""
    for one in people.values():
        one.problem = Unavailable("the sign-in service is down")
    with pytest.raises(Unavailable, match="down"):
        ask(members)


def test_twenty_calls_are_one_batch(members: Members, answers: responses.RequestsMock) -> None:
    """Planner has no limit of four side by side: nothing is chained."""
    seen = on_batch(answers, lambda item: DONE)
    found = list(members.answers([Ask(Item("GET", f"/planner/tasks/{n}"), ["ann"]) for n in range(45)]))
    assert [len(batch) for batch in seen] == [20, 20, 5]
    assert sorted(told.index for told in found) == list(range(45))
    assert "dependsOn" not in str(answers.calls[0].request.body)


def test_what_was_done_before_a_sign_in_ended_is_not_done_again(
    members: Members, people: dict[str, Person], answers: responses.RequestsMock
) -> None:
    """Of a batch of creations one meets a refused token, which can't be renewed: that one goes to the next member."""

    def first(item: dict[str, object]) -> dict[str, object]:
        people["ann"].problem = SignInNeeded("revoked just now")
        return DONE if item["id"] == "0" else {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}}

    seen = on_batch(answers, first, lambda item: DONE)
    asks = [Ask(Item("POST", "/planner/tasks", {"n": n}, repeat=False), ["ann", "bob"]) for n in range(2)]
    found = {told.index: told.account for told in members.answers(asks)}
    assert found == {0: "ann", 1: "bob"}
    assert [len(batch) for batch in seen] == [2, 1]


@pytest.mark.parametrize("how", [{"status": 504}, {"body": requests.ConnectionError("reset")}])
def test_a_lost_creation_is_not_sent_by_the_next_member(
    members: Members, answers: responses.RequestsMock, how: dict[str, object]
) -> None:
    """It may have arrived: only a look at the plan can tell."""
    answers.post(f"{ROOT}/$batch", **how)
    (told,) = members.answers([Ask(Item("POST", "/planner/tasks", {}, repeat=False), ["ann", "bob"])])
    assert told.answer.meaning is Meaning.LOST
    assert asked(answers) == ["ann"]
