"""Laws of event bodies: junk is refused and never breaks anything, and what is shown can be written back."""

from datetime import date, datetime

from graph_events import at, people, span, weekly
from hypothesis import given
from hypothesis import strategies as st

from graph_emulator.calendar import bodies, contents, series
from graph_emulator.calendar.box import CalendarBox
from graph_emulator.calendar.event import Attendee
from graph_emulator.clock import Clock
from graph_emulator.messages import GraphError

DEEP = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["UTC", "weekly", "monday"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=6,
)
WHOLE = {
    **weekly(categories=["A"], sensitivity="normal", showAs="busy", reminderMinutesBeforeStart=5, isAllDay=False),
    "body": {"contentType": "text", "content": "x"},
    "location": {"displayName": "Hall"},
    "locations": [],
    "attendees": people("b@x.example"),
}
MONDAYS = [date(2026, 11, day).toordinal() for day in (2, 9, 16, 23)]
EVER = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31")


def places(value, path=()):
    """Paths of all members inside a body."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def replaced(value, path, junk):
    """A body with one member replaced."""
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], junk)
    return copy


@given(st.sampled_from([path for path in places(WHOLE) if path]), DEEP)
def test_junk_in_any_member_is_refused_or_taken(path, junk):
    """Whatever one member of a body is replaced by, reading it gives contents or a 400, nothing else."""
    body = replaced(WHOLE, path, junk)
    try:
        given_ = contents.read(body)
        contents.timing(given_.times, None, "UTC")
    except GraphError as error:
        assert error.status == 400


@given(
    st.datetimes(),
    st.datetimes(),
    st.sampled_from(MONDAYS) | st.integers(0, 2**24 - 1),
)
def test_odd_spans_and_days_break_nothing(instant, other, day):
    """Any span and any day, also at the ends of the calendar, are answered for a series that ends."""
    box = CalendarBox("seed", Clock(), "ann@firm.example", "UTC")
    timing = contents.timing({**span("2026-11-02"), "recurrence": weekly()["recurrence"]}, None, "UTC")
    event = box.create(box.default, contents.empty_event(), timing, Attendee("ann@firm.example", "Ann"))
    first, last = sorted((instant, other))
    found = series.between(event, first, last)
    assert all(series.touches(row, first, last) for row in found)
    assert len(found) <= 4
    assert [row.day for row in series.between(event, *EVER)] == MONDAYS
    assert (series.on(event, day) is not None) == (day in MONDAYS)


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), max_size=60))
def test_text_bodies_survive_their_html(text):
    """A text body shown as HTML and turned into text again says the same, white space aside."""
    kept = bodies.normalised({"contentType": "text", "content": text})
    page = bodies.shown(kept, as_text=False)
    again = bodies.shown(page, as_text=True)["content"]
    assert str(again).split() == text.split()
    assert bodies.shown(kept, as_text=True)["content"] == text


def test_year_zero_and_lost_offsets_are_refused():
    """A dateTime that no calendar has is a 400."""
    for text in ("0000-01-01T00:00:00", "2026-02-30T00:00:00", "10000-01-01T00:00:00"):
        try:
            contents.timing({"start": at(text), "end": at(text)}, None, None)
        except GraphError as error:
            assert error.status == 400
        else:
            raise AssertionError(text)
