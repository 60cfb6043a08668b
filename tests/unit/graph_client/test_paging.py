"""Rounds and listings: where they end, and what is no end."""

from __future__ import annotations

import itertools

import pytest
import responses
from graph_stub import ROOT

from engine.errors import Unavailable
from graph_client.answers import Answer
from graph_client.paging import MOST_EMPTY, Expired, pages
from graph_client.session import Session

LINK = f"{ROOT}/me/delta?$skiptoken="
DELTA = f"{ROOT}/me/delta?$deltatoken=end"


def page(rows: list[dict[str, object]], onward: str = "", delta: str = "") -> dict[str, object]:
    links = {"@odata.nextLink": onward, "@odata.deltaLink": delta}
    return {"value": rows, **{name: link for name, link in links.items() if link}}


def test_an_empty_page_with_a_next_link_is_not_the_end(session: Session, answers: responses.RequestsMock) -> None:
    """The round goes on to its delta link, which comes with the last page only."""
    answers.get(f"{LINK}2", json=page([{"id": "b"}], delta=DELTA))
    found = list(pages(session, Answer(200, body=page([], onward=f"{LINK}2")), delta=True))
    assert [(len(one.rows), one.delta) for one in found] == [(0, None), (1, DELTA)]


def test_the_same_link_again_is_given_up(session: Session, answers: responses.RequestsMock) -> None:
    """A next link that was there before leads round in a circle."""
    answers.get(f"{LINK}1", json=page([{"id": "a"}], onward=f"{LINK}1"))
    with pytest.raises(Unavailable, match="does not come to an end"):
        list(pages(session, Answer(200, body=page([], onward=f"{LINK}1")), delta=True))
    assert len(answers.calls) == 1


def test_ever_new_empty_pages_are_given_up(session: Session, answers: responses.RequestsMock) -> None:
    """Fresh links to empty pages are no progress either."""
    count = itertools.count()

    def turn(request: object) -> tuple[int, dict[str, str], str]:
        return 200, {}, f'{{"value": [], "@odata.nextLink": "{LINK}{next(count)}x"}}'

    answers.add_callback(responses.GET, f"{ROOT}/me/delta", turn)
    with pytest.raises(Unavailable, match="does not come to an end"):
        list(pages(session, Answer(200, body=page([], onward=f"{LINK}0")), delta=True))
    assert len(answers.calls) == MOST_EMPTY


@pytest.mark.parametrize("name", ["onward", "delta"])
def test_links_to_other_hosts_are_refused(session: Session, answers: responses.RequestsMock, name: str) -> None:
    """Neither a next link nor a delta link may lead elsewhere, and nothing is sent there."""
    link = {name: "https://evil.example/v1.0/me/contacts"}
    with pytest.raises(Unavailable, match="leads elsewhere"):
        list(pages(session, Answer(200, body=page([], **link)), delta=True))
    assert len(answers.calls) == 0


def test_a_round_without_a_delta_link_is_no_round(session: Session) -> None:
    """Without a delta link nobody could go on from here: the round does not count as whole."""
    with pytest.raises(Unavailable, match="without a link"):
        list(pages(session, Answer(200, body=page([{"id": "a"}])), delta=True))


def test_a_page_without_rows_is_no_page(session: Session) -> None:
    """An object that has no list of rows is not an empty page."""
    with pytest.raises(Unavailable, match="without rows"):
        list(pages(session, Answer(200, body={"@odata.deltaLink": DELTA}), delta=True))


def test_expiry_in_the_middle_shows(session: Session, answers: responses.RequestsMock) -> None:
    """A token that expires between two pages is told apart from other errors."""
    answers.get(f"{LINK}1", status=410, json={"error": {"code": "resyncRequired"}})
    with pytest.raises(Expired):
        list(pages(session, Answer(200, body=page([{"id": "a"}], onward=f"{LINK}1")), delta=True))
