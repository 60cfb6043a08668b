"""Guests of meetings: who is invited, whom an invitation means, and that nobody is dropped or added by chance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context, Directory
from engine.lenses import registry
from engine.lenses.base import Ends, Lens, Merging, Untranslatable
from engine.records import CRM, M365, NO_BASE, Side, Value
from engine.schema import ACCOUNT, EMAIL, TEXT, USER, list_of

ENDS = Ends(list_of(USER), list_of(EMAIL))
NAMES = ("ann", "bob", "cat", "dan", "eve", "flo")
"""Ann's sync it is. Ann and Bob are connected by their main addresses, Eve by another than hers; Cat is not connected
and has an address of the firm, Dan has one of another, Flo has none."""
MAIN = {name: f"{name}@firm.test" for name in ("ann", "bob", "cat", "eve")} | {"dan": "dan@elsewhere.test"}
ACCOUNTS = {"ann": "ann@firm.test", "bob": "bob@firm.test", "eve": "e.v@firm.test"}
STRANGERS = ("who@guest.test", "cat@guest.test")
PEOPLE = Directory({name: f"account of {name}" for name in ACCOUNTS}, ACCOUNTS, MAIN)

everybody = st.lists(st.sampled_from(NAMES), max_size=6, unique=True).map(lambda found: tuple(found) or None)
directories = st.builds(
    lambda connected, known: Directory(
        {name: f"account of {name}" for name in connected}, {name: ACCOUNTS[name] for name in connected},
        {name: MAIN[name] for name in known},
    ),
    st.frozensets(st.sampled_from(sorted(ACCOUNTS))), st.frozensets(st.sampled_from(sorted(MAIN))),
)  # fmt: skip
mailing_lists = st.lists(
    st.sampled_from([*MAIN.values(), *ACCOUNTS.values(), *STRANGERS]), max_size=7, unique=True
).map(lambda found: tuple(found) or None)
lenses = st.sampled_from(["crm_users", "account_addresses", "connected_users"])


def context(directory: Directory = PEOPLE, user: str = "ann") -> Context:
    return Context(datetime(2026, 3, 1, tzinfo=UTC), "UTC", user, {}, directory=directory)


def bound(name: str) -> Lens:
    found = registry.LENSES[name](ENDS)
    assert found.accepts(ENDS.crm, ENDS.m365) is None
    return found


def merging(name: str) -> Merging:
    found = bound(name)
    assert isinstance(found, Merging)
    return found.keeping_others()


def listed(value: Value) -> tuple[Value, ...]:
    assert value is None or isinstance(value, tuple)
    assert value is None or len(set(value)) == len(value) > 0
    return value or ()


def merged(name: str, into: Side, own: Value, other: Value, base: tuple[Value, Value] | None = None,
           here: Context | None = None) -> tuple[Value, ...]:  # fmt: skip
    """What the list becomes; ``base`` is (own, other), none for no agreement."""
    own_base, other_base = base if base is not None else (NO_BASE, NO_BASE)
    return listed(merging(name).merge(into, own, own_base, other, other_base, here or context()))


# ---- who is who ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "addresses", "users"),
    [
        ("crm_users", ("bob@firm.test", "cat@firm.test", "dan@elsewhere.test", "e.v@firm.test", "eve@firm.test"),
         ("bob", "cat", "dan", "eve")),
        ("crm_users", ("who@guest.test", "BOB@Firm.Test"), ("bob",)),
        ("connected_users", ("cat@firm.test", "dan@elsewhere.test", "eve@firm.test", "ann@firm.test"), ("eve", "ann")),
        ("connected_users", ("who@guest.test",), ()),
    ],
)  # fmt: skip
def test_addresses_become_the_users_they_belong_to(name: str, addresses: Value, users: tuple[Value, ...]) -> None:
    """With organiser connected every CRM user counts, else connected ones alone; main e-mail and account both tell."""
    assert merged(name, CRM, None, addresses) == users


@pytest.mark.parametrize(
    ("user", "addresses"),
    [
        ("ann", ()), ("bob", ("bob@firm.test",)), ("cat", ("cat@firm.test",)), ("dan", ()), ("eve", ()), ("flo", ()),
        ("nobody", ()),
    ],
)  # fmt: skip
def test_who_can_be_invited(user: str, addresses: tuple[Value, ...]) -> None:
    """Whose main e-mail is the connected account, or an address of the tenant; never the organiser."""
    assert merged("account_addresses", M365, None, (user,)) == addresses
    without_accounts = Directory({}, {}, MAIN)
    assert merged("account_addresses", M365, None, (user,), here=context(without_accounts)) == ()


def test_an_address_of_two_users_is_nobodys() -> None:
    """Where the directory can't tell who is meant, only the one whom it names is invited, and once."""
    double = Directory({}, {"ann": "ann@firm.test"}, {"bob": "info@firm.test", "cat": "info@firm.test"})
    assert merged("account_addresses", M365, None, ("bob", "cat"), here=context(double)) == ("info@firm.test",)
    assert len(merged("crm_users", CRM, None, ("info@firm.test",), here=context(double))) == 1


@settings(max_examples=300, deadline=None)
@given(own=mailing_lists, own_base=mailing_lists, users=everybody, user_base=everybody, directory=directories,
       user=st.sampled_from(NAMES))  # fmt: skip
def test_no_stranger_is_ever_invited(
    own: Value, own_base: Value, users: Value, user_base: Value, directory: Directory, user: str
) -> None:
    """Whoever is new on the list is the main e-mail of an added user and an address of the tenant; guests from
    outside, and the user's own address, stay as they are."""
    here = context(directory, user)
    after = merged("account_addresses", M365, own, users, (own_base, user_base), here)
    for address in set(after) - set(listed(own)):
        owner = directory.people[str(address)]
        assert owner != user and owner in listed(users) and owner not in listed(user_base)
        assert directory.addresses[owner] == address and str(address).endswith("@firm.test")
    for address in listed(own):
        if address in STRANGERS or directory.people.get(str(address)) in (None, user):
            assert address in after


# ---- merging ------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(name=lenses, users=everybody, guests=mailing_lists, edits=st.tuples(everybody, mailing_lists),
       directory=directories)  # fmt: skip
def test_edits_of_both_sides_survive_and_then_rest(
    name: str, users: tuple[Value, ...], guests: tuple[Value, ...], edits: tuple[Value, Value], directory: Directory
) -> None:
    """From one agreed state, two edits: each person who travels is where neither side removed them, and a second
    merge changes nothing."""
    lens, here = merging(name), context(directory)

    def both(crm: Value, m365: Value, base: tuple[Value, Value] | None) -> tuple[Value, Value]:
        own, other = base if base is not None else (NO_BASE, NO_BASE)
        return lens.merge(CRM, crm, own, m365, other, here), lens.merge(M365, m365, other, crm, own, here)

    def agreed(crm: Value, m365: Value, base: tuple[Value, Value] | None) -> tuple[Value, Value]:
        crm_base, m365_base = base if base is not None else (NO_BASE, NO_BASE)
        return lens.agreed(CRM, crm, crm_base, here, m365), lens.agreed(M365, m365, m365_base, here, crm)

    start = both(users, guests, None)
    base = agreed(*start, None)
    assert both(*start, base) == start
    after = both(*edits, base)
    rest = agreed(*after, base)
    assert both(*after, rest) == after

    def persons(side: Side, value: Value) -> set[str]:
        known = directory.people
        found = {str(one) if side == CRM else known.get(str(one), "") for one in listed(value)}
        return {one for one in found if one}

    for who in NAMES:
        travels = lens.merge(M365, None, NO_BASE, (who,), NO_BASE, here) is not None
        if not travels:
            continue
        was = who in persons(CRM, base[0])
        crm, m365 = who in persons(CRM, edits[0]), who in persons(M365, edits[1])
        expected = (crm and m365) if was else (crm or m365)
        assert (who in persons(CRM, after[0])) is (who in persons(M365, after[1])) is expected, who


@settings(max_examples=200, deadline=None)
@given(users=everybody, guests=mailing_lists, directory=directories)
def test_what_was_closed_catches_up_once_it_opens(users: Value, guests: Value, directory: Directory) -> None:
    """While nobody may be invited, the base holds only who is on both lists; once it is allowed, the rest is."""
    here, lens = context(directory), merging("account_addresses")
    crm_base = lens.agreed(CRM, users, NO_BASE, here, guests)
    m365_base = lens.agreed(M365, guests, NO_BASE, here, users)
    late = lens.merge(M365, guests, m365_base, users, crm_base, here)
    assert late == lens.merge(M365, guests, NO_BASE, users, NO_BASE, here)
    rest = lens.agreed(CRM, users, crm_base, here, late), lens.agreed(M365, late, m365_base, here, users)
    assert lens.merge(M365, late, rest[1], users, rest[0], here) == late


def test_a_removal_that_could_not_travel_is_not_undone() -> None:
    """Bob is taken off in Outlook while the CRM may not be written: he stays in both bases, so he is neither invited
    again nor forgotten, and leaves the CRM once it may be."""
    lens, here = merging("account_addresses"), context()
    crm_base, m365_base = (
        lens.agreed(CRM, ("bob",), ("bob",), here, None),
        lens.agreed(M365, None, ("bob@firm.test",), here, ("bob",)),
    )
    assert (crm_base, m365_base) == (("bob",), ("bob@firm.test",))
    assert lens.merge(M365, None, m365_base, ("bob",), crm_base, here) is None
    assert lens.merge(CRM, ("bob",), crm_base, None, m365_base, here) is None


def test_bases_fit_whichever_lens_reads_them_next() -> None:
    """Cat, who was invited in Outlook, is remembered alike by all lenses over addresses: which lines are open may
    change between two ticks."""
    for name in ("crm_users", "account_addresses", "connected_users"):
        lens = merging(name)
        assert lens.agreed(CRM, ("dan", "flo"), NO_BASE, context(), ("dan@elsewhere.test",)) == ("dan",)
        assert lens.agreed(M365, ("dan@elsewhere.test", "who@guest.test"), NO_BASE, context(), ("dan",)) == (
            "dan@elsewhere.test",
        )


def test_one_person_in_two_spellings_is_there_once() -> None:
    """A user who was invited by another address is not invited again, and leaves by whichever address it was."""
    here = context(Directory({}, {"ann": "ann@firm.test", "eve": "e.v@firm.test"}, {**MAIN, "eve": "eve@firm.test"}))
    assert merged("connected_users", M365, ("EVE@firm.test",), ("eve",), here=here) == ("EVE@firm.test",)
    base = (("eve@firm.test",), ("eve",))
    assert merged("connected_users", M365, ("EVE@firm.test",), None, base, here) == ()
    assert merged("crm_users", CRM, ("eve",), ("eve@firm.test", "e.v@firm.test"), here=here) == ("eve",)


def test_without_keep_others_only_the_other_sides_people_stay() -> None:
    """A line that does not say so leaves nobody whom the other side has not."""
    lens = bound("account_addresses")
    assert isinstance(lens, Merging) and not lens.keep_others and not lens.lossless
    assert lens.merge(M365, ("who@guest.test",), None, ("bob",), None, context()) == ("bob@firm.test",)


@pytest.mark.parametrize("name", ["crm_users", "account_addresses", "connected_users"])
def test_lists_of_addresses_are_joined_to_lists_of_users(name: str) -> None:
    """Anything else is refused with a sentence; connected users may also be told by their accounts."""
    lens = registry.LENSES[name]
    for crm, m365 in ((TEXT, list_of(EMAIL)), (list_of(TEXT), list_of(EMAIL)), (USER, EMAIL)):
        assert "a list of users in the CRM" in (lens(Ends(crm, m365)).accepts(crm, m365) or "")
    accounts = Ends(list_of(USER), list_of(ACCOUNT))
    assert (lens(accounts).accepts(accounts.crm, accounts.m365) is None) is (name == "connected_users")


# ---- the organiser ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "user"),
    [("ann@firm.test", "ann"), (" E.V@Firm.test ", "eve"), ("eve@firm.test", "eve"), ("cat@firm.test", None),
     ("who@guest.test", None)],
)  # fmt: skip
def test_the_organiser_is_a_connected_user(address: str, user: str | None) -> None:
    """By the account or the main e-mail; whoever is not connected is nobody here."""
    lens = registry.LENSES["connected_user"](Ends(USER, EMAIL))
    if user is None:
        with pytest.raises(Untranslatable, match="nobody who is connected"):
            lens.to_crm(address, "ann", context())
        return
    assert lens.to_crm(address, None, context()) == user
    assert lens.to_m365(user, address, context()) == address
    assert lens.to_m365(user, None, context()) == ACCOUNTS[user]


def test_an_organiser_needs_a_user_and_an_address() -> None:
    """Empty is empty; a user who is not connected has no calendar."""
    lens = registry.LENSES["connected_user"](Ends(USER, EMAIL))
    assert lens.accepts(USER, EMAIL) is None and lens.accepts(USER, TEXT) is not None
    assert lens.to_crm(None, "ann", context()) is None and lens.to_m365(None, "ann@firm.test", context()) is None
    with pytest.raises(Untranslatable, match="not connected"):
        lens.to_m365("cat", None, context())
