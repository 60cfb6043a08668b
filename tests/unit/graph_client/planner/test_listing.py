"""A plan's pages: told apart by their bytes, followed to the end, and never for ever."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
import responses
from graph_stub import ROOT

from engine.errors import Unavailable
from graph_client.answers import Json
from graph_client.planner import listing
from graph_client.planner.listing import Memory, NoPlan, NotAllowed, Sheet, remembered, sheets, tag
from graph_client.session import Session

PLAN = f"{ROOT}/planner/plans/p1/tasks"
GRAPH_404 = {"error": {"code": "", "message": "no", "innerError": {"request-id": "r"}}}


def page(*ids: str, link: str = "", version: str = "1") -> dict[str, object]:
    rows = [{"@odata.etag": f'W/"{version}"', "id": id, "title": 'say "@odata.nextLink":"x"'} for id in ids]
    return {"@odata.context": "c", **({"@odata.nextLink": link} if link else {}), "value": rows}


def serve(mock: responses.RequestsMock, url: str, body: Mapping[str, object], status: int = 200) -> None:
    mock.get(url, json=body, status=status)


def listed(session: Session, known: tuple[Sheet, ...] = ()) -> list[Sheet]:
    return list(sheets(session, "p1", {sheet.digest: sheet for sheet in known}))


def test_all_pages_are_read_in_order(session: Session, answers: responses.RequestsMock) -> None:
    """The link is followed as it was given; a text that looks like a link is a text."""
    serve(answers, PLAN, page("a", "b", link=f"{PLAN}?$skiptoken=x%2Fy"))
    serve(answers, f"{PLAN}?$skiptoken=x%2Fy", page("c"))
    found = listed(session)
    assert [list(sheet.versions()) for sheet in found] == [["a", "b"], ["c"]]
    assert found[0].versions()["a"] == tag('W/"1"')
    assert [call.request.url for call in answers.calls] == [PLAN, f"{PLAN}?$skiptoken=x%2Fy"]


def test_a_page_that_is_as_it_was_is_not_parsed(
    session: Session, answers: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs its request and a digest; where it leads is known all the same."""
    link = f"{PLAN}?$skiptoken=2"
    for _ in range(2):
        serve(answers, PLAN, page("a", link=link))
        serve(answers, link, page("b"))
    before = tuple(listed(session))
    parsed: list[bytes] = []

    def watched(raw: bytes, status: int = 200) -> Json:
        parsed.append(raw)
        found: Json = json.loads(raw)
        return found

    monkeypatch.setattr(listing, "parse", watched)
    again = listed(session, before)
    assert again == list(before)
    assert [sheet.rows for sheet in again] == [sheet.rows for sheet in before]
    assert parsed == [json.dumps([link]).encode()]


def test_a_link_that_changes_by_itself_is_no_change(session: Session, answers: responses.RequestsMock) -> None:
    """Skip tokens may differ from time to time: only the rows count."""
    serve(answers, PLAN, page("a", link=f"{PLAN}?t=1"))
    serve(answers, f"{PLAN}?t=1", page("b"))
    serve(answers, PLAN, page("a", link=f"{PLAN}?t=2"))
    serve(answers, f"{PLAN}?t=2", page("b"))
    assert [one.digest for one in listed(session)] == [one.digest for one in listed(session)]


def test_another_version_is_another_page(session: Session, answers: responses.RequestsMock) -> None:
    """An etag that moved moves the digest."""
    serve(answers, PLAN, page("a"))
    serve(answers, PLAN, page("a", version="2"))
    (before,), (after,) = listed(session), listed(session)
    assert before.digest != after.digest
    assert before.versions() != after.versions()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(403, {"error": {"code": ""}}, NotAllowed), (404, GRAPH_404, NoPlan), (404, {}, Unavailable)],
)
def test_no_access_and_no_plan_are_two_things(
    session: Session, answers: responses.RequestsMock, status: int, body: dict[str, object], error: type[Exception]
) -> None:
    """And a 404 that Graph did not write proves neither."""
    serve(answers, PLAN, body, status)
    with pytest.raises(error):
        listed(session)


@pytest.mark.parametrize("link", [PLAN + "?again", "https://evil.example/v1.0/planner/plans/p1/tasks"])
def test_a_listing_without_end_or_that_leads_elsewhere_is_given_up(
    session: Session, answers: responses.RequestsMock, link: str
) -> None:
    """A link back to a page that was read, or to another server, is not followed."""
    serve(answers, PLAN, page("a", link=link))
    serve(answers, PLAN + "?again", page("a", link=link))
    with pytest.raises(Unavailable):
        listed(session)
    assert all(str(call.request.url).startswith(ROOT) for call in answers.calls)


@pytest.mark.parametrize("body", [{"value": {}}, {"value": [{"title": "no id"}]}, {}])
def test_a_page_without_rows_or_ids_is_an_error(
    session: Session, answers: responses.RequestsMock, body: dict[str, object]
) -> None:
    """It is not taken for an empty plan."""
    serve(answers, PLAN, body)
    with pytest.raises(Unavailable):
        listed(session)


def test_a_cursor_comes_back() -> None:
    """Digests, versions and watched details survive as text."""
    given = Memory((Sheet("d1", "a 1 b 2"), Sheet("d2", "")), {"b": "7", "a": "8"})
    assert remembered(given.text()) == given
    assert given.versions() == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "text",
    [
        None, "", "nonsense", "{}", '{"version":1}', '{"version":1,"pages":[["d","a 1 b"]],"details":""}',
        '{"version":1,"pages":[],"details":"a"}',
    ],
)  # fmt: skip
def test_what_is_no_cursor_is_none(text: str | None) -> None:
    """The plan is listed whole then."""
    assert remembered(text) is None
