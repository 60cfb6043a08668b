"""Between Graph's JSON and values: members that are sent, and only those."""

from __future__ import annotations

from typing import Any

import pytest

from engine.records import Value
from graph_client.answers import Json
from graph_client.calendar.attendees import addresses, merged
from graph_client.calendar.codec import Writing, decode
from graph_client.calendar.times import Unfit, Unreadable

ZONE = "Europe/London"
ROW: dict[str, Any] = {
    "id": "e1", "@odata.etag": 'W/"1"', "subject": "Old", "type": "singleInstance", "isOrganizer": True,
    "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "UTC"},
    "originalStartTimeZone": "W. Europe Standard Time", "originalEndTimeZone": "W. Europe Standard Time",
    "isAllDay": False, "organizer": {"emailAddress": {"address": "Ann@Firm.example"}},
    "attendees": [{"type": "optional", "status": {"response": "accepted"},
                   "emailAddress": {"name": "Out", "address": "Out@Side.example"}}],
    "body": {"contentType": "html", "content": "<p>Notes</p>"}, "location": {"displayName": "Room"},
}  # fmt: skip


def sent(**values: Value) -> dict[str, Json]:
    return Writing(ZONE).updated(values, ROW)


def test_what_is_there_already_is_not_sent() -> None:
    """Same values in other words: another zone, other case, other line ends."""
    assert sent(subject="Old", start="2026-12-01T09:00:00Z[UTC]", attendees=("OUT@side.example",), body="Notes\r\n",
                location=("Room",), isAllDay=False, sensitivity=None) == {}  # fmt: skip


def test_only_what_differs_is_sent() -> None:
    """One member per field; start and end each for itself."""
    assert sent(subject="New", location=("Room",)) == {"subject": "New"}
    assert sent(location=None, body=None) == {
        "location": {"displayName": ""},
        "body": {"contentType": "html", "content": "<html><body><div></div></body></html>"},
    }  # fmt: skip
    assert sent(end="2026-12-01T11:00:00Z[Europe/Berlin]") == {
        "end": {"dateTime": "2026-12-01T12:00:00", "timeZone": "W. Europe Standard Time"},
    }  # fmt: skip


def test_fields_that_only_outlook_sets_are_never_sent() -> None:
    """Whatever an action names."""
    assert sent(isOrganizer=False, iCalUId="x", organizer="x@y.example", type="occurrence", calendar=None) == {}


def test_people_are_sent_whole_and_as_they_are() -> None:
    """Who stays is sent back as told; who comes is required; the organiser is no attendee."""
    told = sent(attendees=("out@side.example", "new@side.example", "ann@firm.example"))
    assert told == {
        "attendees": [*ROW["attendees"], {"type": "required", "emailAddress": {"address": "new@side.example"}}]
    }
    assert sent(attendees=None) == {"attendees": []}


def test_people_without_an_address_stay() -> None:
    """Nobody sees them in a list of addresses, so nobody can mean to take them off."""
    nameless: Json = {"type": "required", "emailAddress": {"name": "Somebody"}}
    present: Json = [nameless, {"emailAddress": {"address": "a@x.example"}}, "junk", None]
    assert addresses(present, None) == ("a@x.example",)
    assert merged(None, present, None) == [nameless]
    assert addresses({"not": "a list"}, None) is addresses(None, None) is None


def test_the_organiser_on_the_list_stays_there() -> None:
    """Some lists name the organiser: not told as an attendee, and not taken off."""
    present: Json = [{"emailAddress": {"address": "Ann@firm.example"}}, {"emailAddress": {"address": "b@x.example"}}]
    assert addresses(present, "ann@firm.example") == ("b@x.example",)
    assert merged((), present, "ann@firm.example") == [{"emailAddress": {"address": "Ann@firm.example"}}]


@pytest.mark.parametrize("value", [("no address",), (7,), ("a@b", "x y@z")])
def test_what_is_no_address_is_refused(value: Value) -> None:
    """Never sent, never trimmed."""
    with pytest.raises(Unfit):
        merged(value, [], None)


def test_members_that_are_missing_were_not_fetched() -> None:
    """They overwrite nothing; those of an odd shape are empty."""
    bare = {name: ROW[name] for name in ("id", "start", "end")}
    record = decode(bare, ZONE)
    assert not {"subject", "body", "attendees", "organizer", "location", "recurrence"} & set(record.values)
    odd = decode({**bare, "subject": 5, "body": [], "attendees": 7, "organizer": "x", "location": "y", "isDraft": "no",
                  "type": {}, "seriesMasterId": 3, "lastModifiedDateTime": "then"}, ZONE)  # fmt: skip
    names = ("subject", "body", "attendees", "organizer", "location", "isDraft", "type")
    assert {odd.values[name] for name in names} == {None}
    assert (odd.group, odd.modified) == ("", None)


@pytest.mark.parametrize(
    "row", [{}, {"id": 7}, {"id": ""}, {"id": "x"}, {**ROW, "end": ROW["start"] | {"timeZone": 5}}]
)
def test_rows_of_no_event(row: dict[str, Any]) -> None:
    """No id or no times: unreadable. A zone that is none counts as UTC."""
    if row.get("end"):
        assert decode(row, ZONE).values["end"] == "2026-12-01T09:00:00Z[Europe/Berlin]"
        return
    with pytest.raises(Unreadable):
        decode(row, ZONE)
