"""Rounds whose rows no emulator sends on demand: series nobody knows, parts of no series, rows without an id."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from graph_stub import ROOT, Turn, on_batch

from engine.errors import Unavailable
from engine.port import Page
from engine.records import Barred, Gone
from graph_client.calendar.reading import Events
from graph_client.calendar.window import Window, mint, pack, unpack
from graph_client.session import Session

LINK = f"{ROOT}/me/calendarView/delta?$deltatoken=x"
STUB = {"id": "o1", "seriesMasterId": "m1", "type": "occurrence",
        "start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "UTC"}}  # fmt: skip


def whole(id: str, **members: object) -> dict[str, Any]:
    return {**STUB, "id": id, "@odata.etag": 'W/"1"', "subject": id, **members}


def missing(item: dict[str, object]) -> dict[str, object]:
    return {"status": 404, "body": {"error": {"code": "ErrorItemNotFound"}}}


def refused(item: dict[str, object]) -> dict[str, object]:
    return {"status": 403, "body": {"error": {"code": "ErrorAccessDenied"}}}


def told(session: Session, answers: responses.RequestsMock, rows: list[dict[str, Any]], *turns: Turn) -> list[Page]:
    """The pages of a full round that tells these rows; batches are answered by the turns."""
    body = {"value": rows, "@odata.deltaLink": LINK}
    answers.add(responses.GET, f"{ROOT}/me/calendarView/delta", json=body)
    if turns:
        on_batch(answers, *turns)
    return list(Events(session, "Europe/London").changes({"": None}))


def test_a_series_that_is_gone_leaves_suspicions(session: Session, answers: responses.RequestsMock) -> None:
    """An occurrence of a series that nobody knows is told as gone, and so is whatever else was in it."""
    pages = told(session, answers, [STUB], missing)
    assert [id for page in pages for id in page.gone] == ["o1"]
    assert [dict(page.groups) for page in pages if page.groups] == [{"m1": ()}]
    assert not any(page.records for page in pages)
    assert pages[-1].cursor


def test_a_series_that_may_not_be_read_is_no_proof(session: Session, answers: responses.RequestsMock) -> None:
    """Its told occurrence is read for itself, and what that gives counts; nothing is said of the rest."""
    pages = told(session, answers, [STUB], refused)
    assert [id for page in pages for id in page.barred] == ["o1"]
    assert not any(page.gone or page.groups for page in pages)


def test_a_part_of_no_series_is_read_for_itself(session: Session, answers: responses.RequestsMock) -> None:
    """A null series id tells nothing of where it belongs."""

    def answer(item: dict[str, Any]) -> dict[str, object]:
        shown = {"value": [{"id": "o1"}]}
        return {"status": 200, "body": shown if "calendarView" in item["url"] else whole("o1", seriesMasterId=None)}

    pages = told(session, answers, [{**STUB, "seriesMasterId": None}], answer)
    (record,) = [record for page in pages for record in page.records]
    assert (record.id, record.group) == ("o1", "")


def test_an_exception_told_at_another_version_has_no_notes(session: Session, answers: responses.RequestsMock) -> None:
    """It changed between the two answers: its notes are not known, which overwrites nothing."""
    exception = whole("o1", type="exception", body={"contentType": "html", "content": "old"})

    def answer(item: dict[str, Any]) -> dict[str, object]:
        if "/instances" not in item["url"]:
            return {"status": 200, "body": {"id": "m1", "body": {"contentType": "html", "content": "series"}}}
        return {"status": 200, "body": {"value": [whole("o1", type="exception", **{"@odata.etag": 'W/"2"'})]}}

    pages = told(session, answers, [exception], answer)
    (record,) = [record for page in pages for record in page.records]
    assert record.version == 'W/"2"'
    assert "body" not in record.values


def test_the_last_row_of_an_event_counts(session: Session, answers: responses.RequestsMock) -> None:
    """Told twice in a page, changed and then removed."""
    single = whole("s1", type="singleInstance", seriesMasterId=None)
    pages = told(session, answers, [single, {**single, "subject": "later"}, whole("s2", type=None, seriesMasterId=None),
                                    {"id": "s2", "@removed": {"reason": "deleted"}}])  # fmt: skip
    assert [record.values["subject"] for page in pages for record in page.records] == ["later"]
    assert [id for page in pages for id in page.gone] == ["s2"]


def test_a_row_without_an_id_fails_the_round(session: Session, answers: responses.RequestsMock) -> None:
    """What it is about can't be known."""
    with pytest.raises(Unavailable, match="without an id"):
        told(session, answers, [{"subject": "?"}])


@pytest.mark.parametrize("body", [{"value": []}, {"value": [], "@odata.deltaLink": 7}])
def test_a_round_without_an_end_fails(session: Session, answers: responses.RequestsMock, body: object) -> None:
    """Without a link to the next round nothing counts as read."""
    answers.add(responses.GET, f"{ROOT}/me/calendarView/delta", json=body)
    with pytest.raises(Unavailable, match="without a link"):
        list(Events(session, "UTC").changes({"": None}))


def test_reading_nothing_asks_nothing(session: Session, answers: responses.RequestsMock) -> None:
    """No ids, no marks, no calendars: no calls."""
    events = Events(session, "UTC")
    assert list(events.read([])) == []
    assert events.marked([]) == {}
    assert list(events.changes({})) == list(events.changes({"other": None})) == []
    assert len(answers.calls) == 0


def test_answers_by_id(session: Session, answers: responses.RequestsMock) -> None:
    """Gone, not allowed, malformed, and there but shown by no calendar: each says its own thing."""
    answers.add(responses.GET, f"{ROOT}/me/calendars", json={"value": [{"id": "c", "isDefaultCalendar": True}]})

    def answer(item: dict[str, Any]) -> dict[str, object]:
        if "calendarView" in item["url"]:
            return {"status": 200, "body": {"value": []}}
        by_id = {"gone": missing(item), "barred": refused(item), "odd": {"status": 400, "body": {"error": {}}}}
        known = by_id.get(item["url"].split("/")[3].split("?")[0])
        return known or {"status": 200, "body": whole("hidden")}

    on_batch(answers, answer)
    found = {one.id: one for one in Events(session, "UTC").read(["gone", "barred", "odd", "hidden"])}
    assert found == {
        "gone": Gone("m365", "event", "gone"), "barred": Barred("m365", "event", "barred"),
        "odd": Barred("m365", "event", "odd"), "hidden": Gone("m365", "event", "hidden"),
    }  # fmt: skip


def test_cursors_are_text() -> None:
    """Link and span are read back; the span is wide, whole days, and serves for two months."""
    now = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
    window = mint(now)
    assert unpack(pack(LINK, window)) == (LINK, window)
    assert window == Window(datetime(2026, 8, 21, tzinfo=UTC), datetime(2028, 2, 25, tzinfo=UTC))
    assert window.serves(now)
    assert window.serves(datetime(2027, 1, 22, tzinfo=UTC))
    assert not window.serves(datetime(2027, 1, 24, tzinfo=UTC))
    assert not window.serves(datetime(2026, 10, 1, tzinfo=UTC))
    assert json.loads(pack(LINK, window))["link"] == LINK
