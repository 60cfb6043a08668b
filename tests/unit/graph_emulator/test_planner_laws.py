"""Laws of Planner's etags and order hints."""

from hypothesis import given, settings
from hypothesis import strategies as st

from graph_emulator.planner import etags, hints

SERIALS = st.integers(min_value=0, max_value=10**16 - 1)
HINTS = st.text(st.characters(min_codepoint=0x22, max_codepoint=0x7E), min_size=1, max_size=8)


@given(st.sampled_from(sorted(etags.KINDS)), SERIALS, SERIALS)
def test_etags_order_as_their_versions_and_are_read_back(kind, first, second):
    """Etags of one kind compare as texts like their versions, and an etag names its kind and version again."""
    one, other = etags.etag(kind, first), etags.etag(kind, second)
    assert (one < other, one == other) == (first < second, first == second)
    assert etags.read(one) == (kind, first)


@given(st.text(max_size=60))
def test_any_other_text_is_no_etag(text):
    """A text that isn't an etag is read as none, and never fails."""
    assert etags.read(text) is None and etags.read(f'W/"{text}"') is None


@settings(max_examples=300)
@given(HINTS, HINTS, st.integers(min_value=1, max_value=10**6))
def test_a_hint_asked_for_lies_between_its_neighbours(one, other, serial):
    """Between two different hints there is always a place, and after any hint as well."""
    before, after = sorted((one, other))
    if before != after:
        assert before < hints.placed(f"{before} {after}!", serial) < after
    assert before < hints.placed(f"{before} !", serial)
    assert hints.placed(f" {after}!", serial) < after


@given(st.lists(st.integers(min_value=0, max_value=5), max_size=30))
def test_places_can_be_taken_again_and_again(turns):
    """However often something is put between two neighbours, the order stays strict."""
    row = [hints.placed(" !", 2), hints.placed(" !", 1)]
    for turn in turns:
        at = turn % (len(row) + 1)
        before, after = (row[at - 1] if at else ""), (row[at] if at < len(row) else "")
        row.insert(at, hints.placed(f"{before} {after}!", 3))
    assert row == sorted(set(row))
