"""Every lens keeps the laws of engine/lenses/base.py, whatever values it meets."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context, Directory, Names, fold
from engine.lenses import days, registry, text
from engine.lenses.base import Ends, Lens, Merging, Untranslatable
from engine.records import Reference, Value
from engine.schema import (
    ACCOUNT,
    DATE,
    EMAIL,
    FLAG,
    INSTANT,
    INTEGER,
    LONG_TEXT,
    PHONE,
    POSTAL,
    TEXT,
    USER,
    ZONED,
    choice,
    list_of,
    reference_to,
)  # fmt: skip
from engine.zoned import Zoned

NAMES = Names({  # by side, kind and folded name
    ("crm", "Company", "acme"): (Reference("1", "Acme"),),
    ("crm", "Company", "twice"): (Reference("2", "Twice"), Reference("3", "twice")),
    ("crm", "Folder", "clients"): (Reference("f1", "Clients"),),
    ("m365", "place", "clients"): (Reference("p1", "clients"),),
})  # fmt: skip
CONTEXT = Context(
    datetime(2026, 3, 1, tzinfo=UTC), "Europe/London", "u1", {}, NAMES, directory=Directory(
        {"u1": "a1", "u2": "a2"}, {"u1": "ann@firm.test", "u2": "bob@firm.test"},
        {
            "u1": "ann@firm.test", "u2": "bob@firm.test", "u3": "cat@firm.test", "u4": "dan@elsewhere.test",
            "u5": "cat@firm.test",
        },
    ),
)  # fmt: skip

words = st.one_of(
    st.sampled_from(
        ["", " ", "Zoë", "Zoe\u0308", "a\r\nb", "a\nb", "ACME", "acme ", "ﬀ", "İ", "ß", "👩\u200d🚀", "\ud83d"]
    ),
    st.text(max_size=12),
)
phones = st.one_of(
    st.sampled_from(
        ["020 7946 0000", "+44 (0)20 7946 0000", "+442079460000", "020 7946 0000 ext 12", "n/a", "-", "12"]
    ),
    st.from_regex(r"[+0-9 ()/-]{0,16}", fullmatch=True),
    words,
)
optional_words = st.none() | words
companies = st.none() | st.builds(
    Reference,
    st.none() | st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["Acme", "ACME ", "Twice", "New", ""]) | words,
)
folders = st.lists(
    st.builds(Reference, st.sampled_from(["f1", "f2"]), st.sampled_from(["Clients", "clients ", "Friends", ""])),
    max_size=3,
).map(tuple)
places = st.none() | st.builds(
    Reference, st.none() | st.sampled_from(["p1", "p2"]), st.sampled_from(["Clients", "CLIENTS", "Family", ""])
)
instants = st.none() | st.integers(0, 10 * 365 * 86_400).map(
    lambda seconds: days.written(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
)
lists = st.builds(
    Reference, st.sampled_from(["l1", "l2"]), st.sampled_from(["Plan / One", "plan / one", "Two"]),
    st.just(("planned",)),
)  # fmt: skip
buckets = st.none() | st.builds(Reference, st.sampled_from(["l1", "l2"]), st.sampled_from(["Plan / One", "Two"]))
users = st.none() | st.lists(st.sampled_from(["u1", "u2", "u3"]), max_size=4).map(tuple)
staff = st.none() | st.lists(st.sampled_from(["u1", "u2", "u3", "u4", "u5", "u9"]), max_size=5).map(tuple)
mailboxes = st.sampled_from(
    ["ann@firm.test", "Bob@Firm.test", "bob@firm.test", " cat@firm.test", "dan@elsewhere.test", "who@guest.test"]
)
guests = st.none() | st.lists(mailboxes, max_size=5).map(tuple)
zoned = st.none() | st.builds(
    lambda seconds, form: form(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.integers(0, 10 * 365 * 86_400) | st.integers(0, 24 * 365 * 10).map(lambda hours: hours * 3_600),
    st.sampled_from([
        lambda moment: Zoned(moment, "Europe/London").text(), lambda moment: Zoned(moment, "Asia/Kolkata").text(),
        lambda moment: Zoned(moment, "America/New_York").text(), lambda moment: moment.date().isoformat(),
        days.written,
    ]),
)  # fmt: skip
accounts = st.none() | st.lists(st.sampled_from(["a1", "a2", "a3"]), max_size=4).map(tuple)
addresses = st.none() | st.tuples(*[optional_words] * 5)


@dataclass(frozen=True)
class Case:
    lens: Lens
    crm: st.SearchStrategy[Value]
    m365: st.SearchStrategy[Value]


def bound(name: str | None, ends: Ends) -> Lens:
    lens = registry.default(ends) if name is None else registry.LENSES[name](ends)
    assert lens is not None and lens.accepts(ends.crm, ends.m365) is None
    return lens


def merging(name: str, ends: Ends) -> Lens:
    """A lens over lists, for a line that keeps others."""
    lens = bound(name, ends)
    assert isinstance(lens, Merging)
    kept = lens.keeping_others()
    assert kept.lossless and kept.keep_others
    return kept


COLOURS, OPEN = choice("red", "green"), choice("red", "green", open=True)
colours = st.sampled_from([None, "red", "green"])
CASES = {
    "text": Case(bound(None, Ends(TEXT, TEXT)), optional_words, optional_words),
    "long text": Case(bound(None, Ends(LONG_TEXT, LONG_TEXT, 5000, 5000)), optional_words, optional_words),
    "short": Case(bound(None, Ends(TEXT, TEXT, 4, 3)), optional_words, optional_words),
    "email": Case(bound(None, Ends(EMAIL, EMAIL)), optional_words, optional_words),
    "phone": Case(bound("phone", Ends(PHONE, TEXT)), st.none() | phones, st.none() | phones),
    "flag": Case(bound(None, Ends(FLAG, FLAG)), st.none() | st.booleans(), st.none() | st.booleans()),
    "integer": Case(bound(None, Ends(INTEGER, INTEGER)), st.none() | st.integers(), st.none() | st.integers()),
    "date": Case(bound(None, Ends(DATE, DATE)), st.none() | st.dates().map(str), st.none() | st.dates().map(str)),
    "choice": Case(bound(None, Ends(COLOURS, COLOURS)), colours, colours),
    "postal_address": Case(bound("postal_address", Ends(POSTAL, POSTAL)), addresses, addresses),
    "company_by_name": Case(bound("company_by_name", Ends(reference_to("Company"), TEXT)), companies, optional_words),
    "first_folder": Case(
        bound("first_folder", Ends(list_of(reference_to("Folder")), reference_to("place"))), folders, places
    ),
    "day": Case(bound("day", Ends(INSTANT, INSTANT)), instants, instants),
    "task_list": Case(bound("task_list", Ends(reference_to("List", "planned"), reference_to("heap"))), lists, buckets),
    "connected_users": Case(merging("connected_users", Ends(list_of(USER), list_of(ACCOUNT))), users, accounts),
    "plain_text": Case(bound("plain_text", Ends(LONG_TEXT, LONG_TEXT)), optional_words, optional_words),
    "zoned_time": Case(bound("zoned_time", Ends(INSTANT, ZONED)), instants, zoned),
    "connected_user": Case(bound("connected_user", Ends(USER, EMAIL)), st.none() | st.sampled_from(["u1", "u2", "u3"]),
                           st.none() | mailboxes),
    "crm_users": Case(merging("crm_users", Ends(list_of(USER), list_of(EMAIL))), staff, guests),
    "account_addresses": Case(merging("account_addresses", Ends(list_of(USER), list_of(EMAIL))), staff, guests),
    "connected addresses": Case(merging("connected_users", Ends(list_of(USER), list_of(EMAIL))), staff, guests),
    "open choice": Case(bound(None, Ends(OPEN, OPEN)), colours | words, colours | words),
}  # fmt: skip
each_lens = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def attempt(translate: Callable[[], Value]) -> Value | str:
    """The translation, or the reason why there is none, as something to compare."""
    try:
        return translate()
    except Untranslatable as problem:
        return f"untranslatable: {problem.reason}"


@each_lens
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_there_and_back_means_the_same(case: Case, data: st.DataObject) -> None:
    """put-get and get-put: a value that went over and came back with the old one at hand has not changed."""
    crm, m365 = data.draw(case.crm), data.draw(case.m365)
    try:
        assert case.lens.same(case.lens.to_crm(case.lens.to_m365(crm, m365, CONTEXT), crm, CONTEXT), crm)
    except Untranslatable as problem:
        assert problem.reason
    try:
        assert case.lens.same(case.lens.to_m365(case.lens.to_crm(m365, crm, CONTEXT), m365, CONTEXT), m365)
    except Untranslatable as problem:
        assert problem.reason


@each_lens
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_same_is_an_equivalence(case: Case, data: st.DataObject) -> None:
    """same is reflexive, symmetric and transitive on either side's values."""
    for side in (case.crm, case.m365):
        one, two, three = (data.draw(side) for _ in range(3))
        same = case.lens.same
        assert same(one, one)
        assert same(one, two) == same(two, one)
        if same(one, two) and same(two, three):
            assert same(one, three)


@each_lens
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_both_directions_respect_same(case: Case, data: st.DataObject) -> None:
    """Values that mean the same translate to values that mean the same, or not at all."""
    lens = case.lens
    for mine, theirs, put in ((case.crm, case.m365, lens.to_m365), (case.m365, case.crm, lens.to_crm)):
        one, two, old = data.draw(mine), data.draw(mine), data.draw(theirs)
        if not lens.same(one, two):
            continue
        first = attempt(lambda: put(one, old, CONTEXT))  # noqa: B023
        second = attempt(lambda: put(two, old, CONTEXT))  # noqa: B023
        if not (str(first).startswith("untranslatable") or str(second).startswith("untranslatable")):
            assert lens.same(first, second)


def normalised(value: Value, draw: Callable[[st.SearchStrategy[int]], int]) -> Value:
    """What a remote might hand back: other line ends, trimmed or padded, composed or decomposed, '' for empty."""
    if isinstance(value, tuple):
        return tuple(normalised(part, draw) for part in value)
    if value is None:
        return draw(st.sampled_from([None, ""]))
    if not isinstance(value, str):
        return value
    changes: list[Callable[[str], str]] = [
        lambda t: t.replace("\r\n", "\n").replace("\n", "\r\n"),
        str.strip,
        lambda t: f"  {t}\n",
        lambda t: unicodedata.normalize("NFC", t),
        lambda t: unicodedata.normalize("NFD", t),
    ]
    for index in [draw(st.integers(0, len(changes) - 1)) for _ in range(3)]:
        value = changes[index](value)
    return value


@pytest.mark.parametrize("name", ["text", "long text", "plain_text", "email", "phone", "postal_address"])
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_remotes_normalisation_is_no_change(name: str, data: st.DataObject) -> None:
    """What a remote does to white space, line ends and composition on storing never counts as a change."""
    case = CASES[name]
    value = data.draw(case.m365)
    assert case.lens.same(value, normalised(value, data.draw))


@each_lens
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_what_is_written_is_stable(case: Case, data: st.DataObject) -> None:
    """Writing what was just written leaves it exactly as it is: a second plan is empty."""
    crm, m365 = data.draw(case.crm), data.draw(case.m365)
    try:
        written = case.lens.to_m365(crm, m365, CONTEXT)
    except Untranslatable:
        return
    assert case.lens.to_m365(crm, written, CONTEXT) == written


def test_length_limits_are_checked_on_the_written_side() -> None:
    """A text that does not fit has no counterpart; the other direction has its own limit."""
    lens = text.text(Ends(TEXT, TEXT, crm_max=5, m365_max=3))
    assert lens.to_crm("abcde", None, CONTEXT) == "abcde"
    with pytest.raises(Untranslatable, match="4 characters, and only 3"):
        lens.to_m365("abcd", None, CONTEXT)


def test_names_are_looked_up_folded() -> None:
    """The names the law tests rely on are found in any spelling."""
    assert NAMES.look_up("crm", "Company", fold(" ACME ")) == (Reference("1", "Acme"),)
