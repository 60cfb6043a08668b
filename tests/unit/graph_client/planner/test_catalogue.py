"""The catalogue of plans: what it answers, and that it survives as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records import Reference
from graph_client.planner.catalogue import LIFE, Catalogue, Plan, read_catalogue

LAUNCH = Plan("p1", "Launch", ("ann", "bob"), (("b1", "To do"), ("b2", "Done")))
OFFICE = Plan("p2", "Office", ("bob",), (("b3", "To do"),))
KNOWN = Catalogue(1_000, ("ann", "bob"), (LAUNCH, OFFICE))

words = st.text(max_size=8)
plans = st.builds(
    Plan, words, words, st.lists(words).map(tuple), st.lists(st.tuples(words, words), max_size=3).map(tuple)
)


@given(st.builds(Catalogue, st.integers(0, 10**15), st.lists(words).map(tuple), st.lists(plans).map(tuple)))
def test_a_catalogue_comes_back_from_its_text(catalogue: Catalogue) -> None:
    """Whatever plans, buckets and people are called."""
    assert read_catalogue(catalogue.text()) == catalogue


@pytest.mark.parametrize(
    "text",
    [None, "", "nonsense", "[]", "{}", '{"version":0}', '{"version":1,"plans":[["p"]],"read_at":1,"members":[]}'],
)
def test_what_is_no_catalogue_is_none(text: str | None) -> None:
    """An older form, or a damaged one, is read afresh."""
    assert read_catalogue(text) is None


def test_a_bucket_is_called_by_plan_and_name() -> None:
    """Buckets of several plans may have the same name; what is not known has none."""
    assert KNOWN.bucket_reference("b3") == Reference("b3", "Office / To do")
    assert KNOWN.bucket_reference("b9") == Reference("b9", "")
    assert (KNOWN.plan_reference("p1"), KNOWN.plan_reference("p9")) == (Reference("p1", "Launch"), Reference("p9", ""))
    assert KNOWN.place("b2") == (LAUNCH, "Done")


def test_each_member_has_the_lists_of_the_plans_they_see() -> None:
    """In Planner's order, flagged as Planner's."""
    assert [one.name for one in KNOWN.lists_of("ann")] == ["Launch / To do", "Launch / Done"]
    assert KNOWN.lists_of("bob")[-1] == Reference("b3", "Office / To do", ("in_planner",))
    assert KNOWN.lists_of("carl") == ()


def test_names_are_found_without_case() -> None:
    """All that are called so are named."""
    twice = Catalogue(0, (), (LAUNCH, Plan("p3", "launch", ())))
    found = twice.called((plan.reference for plan in twice.plans), ["LAUNCH", "nobody"])
    assert found == {"launch": (Reference("p1", "Launch"), Reference("p3", "launch"))}


def test_who_lost_a_plan_no_longer_sponsors_it() -> None:
    """The next one does; with nobody left the plan stays, until a new reading says that it is gone."""
    fewer = KNOWN.without("p1", "ann")
    assert fewer.plans[0].viewers == ("bob",)
    assert fewer.without("p1", "bob").plans[0].viewers == ()
    assert KNOWN.without("p1").plans == (OFFICE,)


def test_it_is_good_for_an_hour_and_for_the_same_people() -> None:
    """A clock that went back, a member who came or went: it is read again."""
    assert not KNOWN.old(1_000 + LIFE * 1000 - 1, ["bob", "ann"])
    assert KNOWN.old(1_000 + LIFE * 1000, ["ann", "bob"])
    assert KNOWN.old(999, ["ann", "bob"])
    assert KNOWN.old(1_000, ["ann"])
