"""A sticky value spreads and stays, whatever else people do on either side."""

from __future__ import annotations

import pytest
from activity_records import RULES, activity, context, event, program
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.links import NO_AGREEMENT, Base
from engine.records import CRM, M365, Record, Side, Value
from engine.sync.merge import merge
from engine.sync.slots import layout

PLACES = program(RULES.replace("location.displayName", 'location.displayName      sticky "HQ"'))
PRIVACY = program()
HERE = context()
Pair = tuple[Record, Record, Base]


def tick(pair: Pair, rules: str = "place") -> Pair:
    """Both records and the base after one merge."""
    held = PLACES if rules == "place" else PRIVACY
    crm, m365, base = pair
    found = merge(held, layout(held), crm, m365, base, HERE, held.direction(HERE))
    assert found.refusals == []
    sides: dict[Side, Record] = {CRM: crm, M365: m365}
    for side, record in sides.items():
        values = dict(record.values)
        for change in found.changes[side]:
            values[change.path.partition(".")[0]] = (change.after,) if "." in change.path else change.after
        sides[side] = replace(record, values=values)
    return sides[CRM], sides[M365], Base({**base.crm, **found.base[CRM]}, {**base.m365, **found.base[M365]})


def placed(pair: Pair, crm: Value, m365: Value) -> Pair:
    return (
        replace(pair[0], values={**pair[0].values, "location": crm}),
        replace(pair[1], values={**pair[1].values, "location": (m365,)}),
        pair[2],
    )


def places(pair: Pair) -> tuple[Value, Value]:
    there = pair[1].values["location"]
    return pair[0].values["location"], there[0] if isinstance(there, tuple) else there


values = st.sampled_from(["HQ", "Yard", "Pier"])
edits = st.lists(st.tuples(st.none() | values, st.none() | values), min_size=1, max_size=6)


@settings(max_examples=400, deadline=None)
@given(start=st.tuples(values, values), history=edits)
def test_a_sticky_text_over_any_history(start: tuple[str, str], history: list[tuple[str | None, str | None]]) -> None:
    """Set on a side it is on both after the next sync; what a side holds of it is never written over; giving it up
    reaches nobody; other values travel; and a second sync rests."""
    pair = tick(placed((activity(), event(), NO_AGREEMENT), *start))
    assert places(pair) == ("HQ", "HQ") if "HQ" in start else places(pair) == (start[0], start[0])
    for crm, m365 in history:
        before = places(pair)
        edited = (crm or before[0], m365 or before[1])
        pair = tick(placed(pair, *edited))
        after = places(pair)
        set_anew = any(now == "HQ" != then for now, then in zip(edited, before, strict=True))
        if set_anew:
            assert after == ("HQ", "HQ")
        elif "HQ" in edited:
            assert after == edited
        elif "HQ" not in before and edited != before:
            assert after[0] == after[1] in edited
        elif "HQ" in before and before != ("HQ", "HQ") and edited == before:
            assert after == before
        assert tick(pair) == pair


@pytest.mark.parametrize(
    ("open_or_not", "shade", "after"),
    [
        (True, "normal", (True, "private")), (False, "private", (True, "private")),
        (False, "confidential", (True, "confidential")), (True, "personal", (True, "personal")),
        (None, "normal", (False, "normal")), (False, "normal", (False, "normal")),
    ],
)  # fmt: skip
def test_private_on_either_side_is_private_on_both(open_or_not: Value, shade: str, after: tuple[Value, Value]) -> None:
    """At a first sync, and again when it is set later."""
    crm, m365, base = tick((activity(private=open_or_not), event(sensitivity=shade), NO_AGREEMENT), "privacy")
    assert (crm.values["private"], m365.values["sensitivity"]) == after
    assert tick((crm, m365, base), "privacy") == (crm, m365, base)


def private(pair: Pair, **edit: Value) -> Pair:
    """The pair after an edit of either side and a tick."""
    crm, m365, base = pair
    crm = replace(crm, values={**crm.values, "private": edit.get("crm", crm.values["private"])})
    m365 = replace(m365, values={**m365.values, "sensitivity": edit.get("m365", m365.values["sensitivity"])})
    return tick((crm, m365, base), "privacy")


def shades(pair: Pair) -> tuple[Value, Value]:
    return pair[0].values["private"], pair[1].values["sensitivity"]


@pytest.mark.parametrize("shade", ["private", "confidential", "personal"])
def test_opened_in_the_crm_it_stays_private_in_outlook(shade: str) -> None:
    """Whatever shade of private it gets there; set anew in the CRM both agree again."""
    pair = private((activity(private=True), event(sensitivity=shade), NO_AGREEMENT))
    pair = private(pair, crm=False)
    assert shades(pair) == (False, shade) and tick(pair, "privacy") == pair
    pair = private(pair, m365="personal")
    assert shades(pair) == (False, "personal")
    assert shades(private(pair, crm=True)) == (True, "personal")


def test_opened_in_outlook_it_stays_private_in_the_crm() -> None:
    """Until it is opened there as well; made private in Outlook again, both are."""
    pair = private(private((activity(private=True), event(sensitivity="private"), NO_AGREEMENT)), m365="normal")
    assert shades(pair) == (True, "normal") and tick(pair, "privacy") == pair
    assert shades(private(pair, crm=False)) == (False, "normal")
    assert shades(private(private(pair, crm=False), m365="confidential")) == (True, "confidential")
    assert shades(private(pair, m365="private")) == (True, "private")
