"""Lists of people that both sides edit: every edit survives, and who is not connected is left alone."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context, Directory
from engine.lenses.base import Ends, Merging
from engine.lenses.people import connected_accounts
from engine.records import CRM, M365, NO_BASE, Side, Value, opposite
from engine.schema import ACCOUNT, TEXT, USER, list_of

ENDS = Ends(list_of(USER), list_of(ACCOUNT))
LENS = connected_accounts(ENDS).keeping_others()
ALONE = connected_accounts(ENDS)
NAMES = "abcdef"
USERS, ACCOUNTS = [f"user {name}" for name in NAMES], [f"account {name}" for name in NAMES]
OF: dict[Side, list[str]] = {CRM: USERS, M365: ACCOUNTS}

sides = st.sampled_from([CRM, M365])
people = st.frozensets(st.sampled_from(NAMES), max_size=6)
directories = people.map(lambda names: Directory({f"user {name}": f"account {name}" for name in names}))


def context(directory: Directory) -> Context:
    return Context(datetime(2026, 3, 1, tzinfo=UTC), "UTC", "user a", {}, account="account a", directory=directory)


def listed(side: Side, names: frozenset[str]) -> Value:
    return tuple(OF[side][NAMES.index(name)] for name in sorted(names)) or None


def named(value: Value) -> frozenset[str]:
    """Who is in a list; nobody twice."""
    assert value is None or isinstance(value, tuple)
    names = [str(one)[-1] for one in value or ()]
    assert len(names) == len(set(names))
    return frozenset(names)


def connected(directory: Directory) -> frozenset[str]:
    return frozenset(user[-1] for user in directory.accounts)


@settings(max_examples=500, deadline=None)
@given(into=sides, own=people, own_base=people, other=people, other_base=people, directory=directories)
def test_merging_is_element_by_element(
    into: Side, own: frozenset[str], own_base: frozenset[str], other: frozenset[str], other_base: frozenset[str],
    directory: Directory,
) -> None:  # fmt: skip
    """Added there is added here; removed there is removed here unless it was added here since; what this side added
    or removed itself stays so; who is not connected is not touched."""
    back = opposite(into)
    merged = named(
        LENS.merge(
            into, listed(into, own), listed(into, own_base), listed(back, other), listed(back, other_base),
            context(directory),
        )
    )  # fmt: skip
    for name in NAMES:
        if name not in connected(directory):
            expected = name in own
        elif name in other and name not in other_base:
            expected = True
        elif name in other_base and name not in other and name in own_base:
            expected = False
        else:
            expected = name in own
        assert (name in merged) is expected, name


@settings(max_examples=300, deadline=None)
@given(base=people, crm=people, m365=people, directory=directories)
def test_both_sides_edits_survive_and_then_rest(
    base: frozenset[str], crm: frozenset[str], m365: frozenset[str], directory: Directory
) -> None:
    """From one agreed list, any two edits: both sides come to the same connected people, and a second merge against
    the new bases changes nothing."""
    here = context(directory)
    values: dict[Side, Value] = {CRM: listed(CRM, crm), M365: listed(M365, m365)}
    bases: dict[Side, Value] = {side: LENS.agreed(side, listed(side, base), NO_BASE, here) for side in (CRM, M365)}
    after = {
        side: LENS.merge(side, values[side], bases[side], values[opposite(side)], bases[opposite(side)], here)
        for side in (CRM, M365)
    }
    known = connected(directory)
    expected = {name for name in known if name in (crm & m365 if name in base else crm | m365)}
    assert expected == named(after[CRM]) & known == named(after[M365]) & known
    later: dict[Side, Value] = {side: LENS.agreed(side, after[side], bases[side], here) for side in (CRM, M365)}
    for side in (CRM, M365):
        assert not LENS.changed(side, after[side], later[side], here)
        assert (
            LENS.merge(side, after[side], later[side], after[opposite(side)], later[opposite(side)], here)
            == (after[side])
        )


@settings(max_examples=300, deadline=None)
@given(into=sides, own=people, other=people, directory=directories)
def test_without_an_agreement_lists_are_joined(
    into: Side, own: frozenset[str], other: frozenset[str], directory: Directory
) -> None:
    """Where nothing was agreed nobody is removed."""
    back = opposite(into)
    merged = LENS.merge(into, listed(into, own), NO_BASE, listed(back, other), NO_BASE, context(directory))
    assert named(merged) == own | (other & connected(directory))


@settings(max_examples=300, deadline=None)
@given(side=sides, held=people, directory=directories, name=st.sampled_from(NAMES))
def test_who_connects_later_travels_then(side: Side, held: frozenset[str], directory: Directory, name: str) -> None:
    """A person who was on one list before being connected is carried over by the first merge after it."""
    back, before = opposite(side), {user: account for user, account in directory.accounts.items() if name not in user}
    asleep = context(Directory(before))
    awake = context(Directory({**before, f"user {name}": f"account {name}"}))
    own, other = listed(side, held - {name}), listed(back, held | {name})
    bases = {at: LENS.agreed(at, value, NO_BASE, asleep) for at, value in ((side, own), (back, other))}
    assert LENS.merge(side, own, bases[side], other, bases[back], asleep) == own
    assert named(LENS.merge(side, own, bases[side], other, bases[back], awake)) == held | {name}


@settings(max_examples=300, deadline=None)
@given(side=sides, held=people, directory=directories, name=st.sampled_from(NAMES))
def test_who_is_away_keeps_the_past(side: Side, held: frozenset[str], directory: Directory, name: str) -> None:
    """A person removed from one list while not connected is removed from the other once connected again."""
    everybody = {**directory.accounts, f"user {name}": f"account {name}"}
    awake = context(Directory(everybody))
    asleep = context(Directory({user: account for user, account in everybody.items() if name not in user}))
    back, held = opposite(side), held | {name}
    bases = {at: LENS.agreed(at, listed(at, held), NO_BASE, awake) for at in (side, back)}
    gone = listed(back, held - {name})
    assert LENS.merge(side, listed(side, held), bases[side], gone, bases[back], asleep) == listed(side, held)
    kept = {
        side: LENS.agreed(side, listed(side, held), bases[side], asleep),
        back: LENS.agreed(back, gone, bases[back], asleep),
    }
    assert named(LENS.merge(side, listed(side, held), kept[side], gone, kept[back], awake)) == held - {name}


@settings(max_examples=300, deadline=None)
@given(side=sides, value=people, base=people, directory=directories)
def test_only_what_travels_counts_as_a_change(
    side: Side, value: frozenset[str], base: frozenset[str], directory: Directory
) -> None:
    """Whether a list changed is asked of the connected people in it."""
    found = LENS.changed(side, listed(side, value), listed(side, base), context(directory))
    assert found is (value & connected(directory) != base & connected(directory))
    assert LENS.changed(side, listed(side, value), NO_BASE, context(directory))


def test_order_and_repetition_mean_nothing() -> None:
    """A list in another order is the same list, and is left as it stands."""
    here = context(Directory({"user a": "account a", "user b": "account b"}))
    assert LENS.same(("user b", "user a", "user a"), ("user a", "user b")) and LENS.same(None, ())
    assert LENS.to_m365(("user a", "user b", "user a"), ("account b", "account a"), here) == ("account b", "account a")
    assert LENS.to_m365(("user a", "user b", "user a"), None, here) == ("account a", "account b")
    bases = (("account a",), ("user a",))
    merged = LENS.merge(M365, ("account x", "account a"), bases[0], ("user b", "user a"), bases[1], here)
    assert merged == ("account x", "account a", "account b")


def test_one_value_is_remembered_like_an_element() -> None:
    """A single person that is added to a list is remembered while it travels."""
    here = context(Directory({"user a": "account a"}))
    assert LENS.agreed(CRM, "user a", NO_BASE, here) == "user a"
    assert LENS.agreed(CRM, "user b", NO_BASE, here) is None
    assert LENS.agreed(CRM, "user b", "user a", here) is None
    assert LENS.agreed(CRM, None, "user b", here) == "user b"


def test_without_keep_others_the_target_is_the_source() -> None:
    """A line that does not keep others leaves only what the other side has, and so can't go both ways."""
    here = context(Directory({"user a": "account a"}))
    assert LENS.lossless and not ALONE.lossless
    assert isinstance(ALONE, Merging) and not ALONE.keep_others
    assert ALONE.to_m365(("user a",), ("account x",), here) == ("account a",)
    assert ALONE.merge(M365, ("account x",), ("account a",), ("user a",), ("user a",), here) is None
    assert LENS.to_m365(("user a",), ("account x",), here) == ("account x", "account a")


def test_it_joins_users_and_accounts_only() -> None:
    """Anything else is refused with a sentence."""
    assert LENS.accepts(ENDS.crm, ENDS.m365) is None
    for crm, m365 in ((ENDS.crm, ENDS.crm), (TEXT, ENDS.m365), (USER, ACCOUNT)):
        assert "accounts in Microsoft 365" in (LENS.accepts(crm, m365) or "")
