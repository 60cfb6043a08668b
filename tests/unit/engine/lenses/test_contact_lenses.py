"""The lenses that contacts need do what people expect of telephone numbers, addresses, companies and folders."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.context import Context, Names
from engine.lenses import registry
from engine.lenses.base import Ends, Lens, Untranslatable
from engine.records import Reference, Side
from engine.schema import EMAIL, FLAG, PHONE, POSTAL, TEXT, Type, choice, list_of, reference_to

NOBODY = Context(datetime(2026, 3, 1, tzinfo=UTC), "Europe/London", "u1", {})


def knowing(**found: tuple[Reference, ...]) -> Context:
    """A context that has looked up these names on both sides."""
    sides: tuple[tuple[Side, str], ...] = (("crm", "C"), ("m365", "p"))
    both = {(side, kind, name): refs for name, refs in found.items() for side, kind in sides}
    return Context(NOBODY.now, NOBODY.zone, NOBODY.user, {}, Names(both))


def phone() -> Lens:
    return registry.LENSES["phone"](Ends(PHONE, PHONE))


def company() -> Lens:
    return registry.LENSES["company_by_name"](Ends(reference_to("C"), TEXT, m365_max=20))


def folder() -> Lens:
    return registry.LENSES["first_folder"](Ends(list_of(reference_to("C")), reference_to("p")))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("020 7946 0000", "+44 20 7946 0000", True),
        ("020 7946 0000", "+44 (0)20-7946-0000", True),
        ("020 7946 0000 ext 5", "+44 20 7946 0000 x5", True),
        ("020 7946 0000", "020 7946 0000 ext 5", False),
        ("+1 202 555 0100", "202 555 0100", False),
        ("ring reception", "RING-RECEPTION", True),
        ("-", "--", False),
        ("", None, True),
    ],
)
def test_phone_numbers_are_compared_as_numbers(one: str, other: str | None, equal: bool) -> None:
    """Spelling of a number is no difference; extension and country are."""
    assert phone().same(one, other) is equal


def test_a_phone_number_keeps_its_spelling() -> None:
    """The typed text travels; a number that is already there in another spelling stays as it is there."""
    assert phone().to_m365(" 020 7946 0001 ", "020 7946 0000", NOBODY) == "020 7946 0001"
    assert phone().to_m365("+442079460000", "020 7946 0000", NOBODY) == "020 7946 0000"


def test_an_address_is_one_value() -> None:
    """Case, spacing and line ends of an address are no change; an address of empty parts is empty."""
    lens = registry.LENSES["postal_address"](Ends(POSTAL, POSTAL))
    one = ("1 High St\r\nFloor 2", "Bath", None, "BA1 1AA", "")
    other = ("1 HIGH ST\nfloor  2 ", "bath", "", "ba1 1aa", None)
    assert lens.same(one, other)
    assert lens.to_m365(one, other, NOBODY) == other
    assert lens.to_m365(one, None, NOBODY) == ("1 High St\nFloor 2", "Bath", None, "BA1 1AA", None)
    assert lens.to_crm(("", None, " ", None, None), one, NOBODY) is None


def test_a_company_is_found_by_name_or_made() -> None:
    """One company of that name is taken, an unknown one is asked for by name, an empty name empties the field."""
    acme = Reference("1", "Acme")
    assert company().to_m365(acme, None, NOBODY) == "Acme"
    assert company().to_crm("ACME", None, knowing(acme=(acme,))) == acme
    assert company().to_crm(" New Ltd ", acme, NOBODY) == Reference(None, "New Ltd")
    assert company().to_crm(None, acme, NOBODY) is None
    assert company().names("ACME") == ("ACME",) and company().names(acme) == ()


def test_several_companies_of_one_name_keep_the_old_one() -> None:
    """With several of that name the CRM keeps its own; without one of its own nobody can say which is meant."""
    two = (Reference("1", "Acme"), Reference("2", "ACME"))
    assert company().to_crm("acme", two[1], knowing(acme=two)) == two[1]
    renamed = Reference("2", "Acme (old)")
    assert company().to_crm("acme", renamed, knowing(acme=two)) == renamed
    with pytest.raises(Untranslatable, match="nobody can say"):
        company().to_crm("acme", None, knowing(acme=two))


def test_a_company_name_too_long_for_the_other_side_is_refused() -> None:
    """The limit of the written field counts."""
    with pytest.raises(Untranslatable, match="only 20 fit"):
        company().to_m365(Reference("1", "A" * 21), None, NOBODY)


def test_the_first_folder_decides_where_an_item_lies() -> None:
    """Folder to folder by name, made where missing; no folder and the default folder are each other."""
    clients, place = Reference("f1", "Clients"), Reference("p1", "clients")
    friends = Reference("f2", "Friends")
    assert folder().to_m365((clients, friends), None, knowing(clients=(place,))) == place
    assert folder().to_m365((clients,), place, NOBODY) == place
    assert folder().to_m365((friends,), place, NOBODY) == Reference(None, "Friends")
    assert folder().to_m365((), place, NOBODY) is None
    assert folder().to_crm(None, (clients,), NOBODY) is None
    assert folder().names((clients, friends)) == ("Clients",) and folder().names(place) == ("clients",)


def test_moving_in_outlook_replaces_the_first_folder_only() -> None:
    """Other folders of the contact stay; one that it moves to is not listed twice."""
    clients, friends, third = Reference("f1", "Clients"), Reference("f2", "Friends"), Reference("f3", "Third")
    held = (clients, friends, third)
    assert folder().to_crm(Reference("p9", "New"), held, NOBODY) == (Reference(None, "New"), friends, third)
    assert folder().to_crm(Reference("p9", "third"), held, NOBODY) == (third, friends)
    assert folder().to_crm(Reference("p9", "CLIENTS"), held, NOBODY) == held


@pytest.mark.parametrize(
    ("crm", "m365", "name"),
    [
        (TEXT, EMAIL, "email"), (EMAIL, EMAIL, "email"), (PHONE, TEXT, "text"), (FLAG, FLAG, "flag"),
        (choice("a", "b"), choice("b", "a"), "choice"), (choice("a"), choice("b"), "choice"), (FLAG, TEXT, None),
        (POSTAL, POSTAL, None), (reference_to("C"), TEXT, None), (list_of(TEXT), list_of(TEXT), None),
        (EMAIL, FLAG, None),
    ],
)  # fmt: skip
def test_the_default_lens_follows_from_the_types(crm: Type, m365: Type, name: str | None) -> None:
    """Types that mean the same have a lens of their own; all others must name one."""
    lens = registry.default(Ends(crm, m365))
    assert (lens.name if lens else None) == name


def test_lenses_that_fit_are_offered() -> None:
    """Hints name the lenses between two types, and what a misspelt name probably meant."""
    assert registry.fitting(Ends(reference_to("C"), TEXT)) == ("company_by_name",)
    assert registry.suggestion("compny_by_name") == "company_by_name"
    assert registry.suggestion("quux") is None
