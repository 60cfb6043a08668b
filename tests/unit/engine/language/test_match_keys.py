"""Keys of the two sides are equal exactly when the match entry holds for the two records."""

from __future__ import annotations

import unicodedata

import invented_systems as invented
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_systems import card, context, ticket

from engine.language.program import Program
from engine.records import Key, Record, Reference, Value

DEFINES = """define
  shelved    crm.shelf.name is m365.shelfName or crm.subject in m365.mails.name
  shut       crm.private or not crm.reporter in m365.mails.address
"""
ENTRIES = """match on first sync
  by mail:      crm.reporter in m365.mails.address and not m365.hidden    ignoring case
  by both:      crm.subject is m365.title and crm.due is m365.dueOn and crm.subject is not empty
  by shelf:     shelved and not m365.hidden    ignoring case
      when setting.mine and crm.private
  by either:    not shut
  if several:   report
"""


def program() -> Program:
    text = invented.RULES
    start, end = text.index("match on first sync"), text.index("  if several")
    kept = text[:start] + ENTRIES[: ENTRIES.index("  if several")] + text[end:]
    return invented.compiled(kept.replace("define\n", DEFINES))


PROGRAM = program()
words = st.sampled_from([None, "", "a", "A ", " a  b", "A\tB", "Zoë", "zoe\u0308", "x@y.example"])
mails = st.lists(st.tuples(words, words), max_size=3).map(tuple)
tickets = st.builds(
    lambda **values: ticket(**values), subject=words, reporter=words, private=st.sampled_from([None, True, False]),
    due=st.sampled_from([None, "2026-01-01", "2026-01-02"]),
    shelf=st.none() | st.builds(Reference, st.just("s"), words.filter(bool)),
)  # fmt: skip
cards = st.builds(
    lambda **values: card(**values), title=words, mails=mails, dueOn=st.sampled_from([None, "2026-01-01"]),
    hidden=st.sampled_from([None, True, False]), shelfName=words,
)  # fmt: skip


def plain(value: Value, fold: bool) -> str | None:
    """Text as a person would compare it."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = unicodedata.normalize("NFC", value.strip())
    return " ".join(text.split()).casefold() if fold else text


def equal(one: Value, other: Value, fold: bool = False) -> bool:
    return plain(one, fold) is not None and plain(one, fold) == plain(other, fold)


def listed(one: Value, many: Value, part: int, fold: bool) -> bool:
    elements = many if isinstance(many, tuple) else ()
    return any(equal(one, element[part], fold) for element in elements if isinstance(element, tuple))


def holds(name: str, crm: Record, m365: Record, mine: bool) -> bool:
    """The entries above, written out by hand."""
    c, m = crm.values, m365.values
    shelf = c["shelf"].name if isinstance(c["shelf"], Reference) else None
    match name:
        case "by mail":
            return listed(c["reporter"], m["mails"], 0, True) and m["hidden"] is not True
        case "by both":
            return equal(c["subject"], m["title"]) and equal(c["due"], m["dueOn"])
        case "by shelf":
            found = equal(shelf, m["shelfName"], True) or listed(c["subject"], m["mails"], 1, True)
            return found and m["hidden"] is not True and mine and c["private"] is True
    return c["private"] is not True and listed(c["reporter"], m["mails"], 0, False)


@settings(max_examples=400, deadline=None)
@given(crm=tickets, m365=cards, mine=st.booleans())
def test_keys_meet_exactly_when_the_entry_holds(crm: Record, m365: Record, mine: bool) -> None:
    """For every entry: some key of one side is a key of the other if and only if the condition is true."""
    here = context(mine=mine)
    for entry in PROGRAM.matches:
        met = set(entry.crm_keys(crm, here)) & set(entry.m365_keys(m365, here))
        assert bool(met) is holds(entry.entry.rpartition("/")[2], crm, m365, mine), entry.entry


def test_keys_name_their_entry_and_the_paths_to_search() -> None:
    """A key carries what the CRM looks up: its paths and the compared values, folded where case is ignored."""
    found = PROGRAM.matches[0].m365_keys(card(mails=((" Ann@X.example", "Ann"), ("ann@x.example", None))), context())
    assert found == (Key("tickets/match on first sync/by mail", (("reporter", "ann@x.example"),), True),)


def test_a_setting_that_switches_an_entry_off_leaves_no_keys() -> None:
    """Neither side computes keys that could meet nothing."""
    entry = PROGRAM.matches[2]
    m365 = card(shelfName="Top")
    assert entry.m365_keys(m365, context(mine=False)) == ()
    assert entry.m365_keys(m365, context(mine=True)) != ()
