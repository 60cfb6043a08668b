"""The hand-made part of the firm: matches nobody can decide, odd details, and the people of the second act."""

import unicodedata
from dataclasses import replace

from firm import words
from firm.people import Address, Company, Person
from firm.records import Firm, Share
from firm.staff import DEFAULT_FOLDER

TWIN_COMPANY = "Ferryside Marine"


def enter_cases(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Add every hand-made record to both sides."""
    _ambiguous(firm, companies)
    _taken(firm, companies)
    _twin_companies(firm, companies)
    _odd_details(firm, companies)
    _folders_differ(firm, companies)
    _shared_between_teams(firm, companies)
    _cast(firm, companies)


def _meet(firm: Firm, companies: dict[str, list[Company]], owner: str, name: str, place: int = 0) -> Person:
    """A person of that name at one of the owner's customers, always with mobile and office numbers."""
    first, last = name.split(" ", 1)
    company = companies[owner][place]
    person = firm.registry.person(company, first, last)
    return replace(
        person,
        emails=person.emails[:1],
        phone=company.switchboard,
        mobile=firm.registry.mobile(),
        notes="",
        title="Buyer",
    )


def _ambiguous(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Five Outlook contacts with an address that two CRM contacts of the same user have."""
    one = _meet(firm, companies, "callum.reid", "Sian Pritchard", 1)
    two = replace(one, first="Gareth", emails=("office@pritchardjoinery.example",), mobile="")
    _enter_undecidable(
        firm, "callum.reid", replace(one, emails=two.emails), two, replace(one, first="S. & G."), two.emails
    )

    one = _meet(firm, companies, "priya.nair", "Oswald Tench", 2)
    two = _meet(firm, companies, "priya.nair", "Verity Tench", 2)
    _enter_undecidable(firm, "priya.nair", one, two, replace(one, first="Oswald or Verity"), one.emails + two.emails)

    one = replace(_meet(firm, companies, "tom.okafor", "Barnaby Crisp", 3), emails=("b.crisp@post.example",))
    two = _meet(firm, companies, "tom.okafor", "Barney Crisp", 4)
    two = replace(two, emails=(two.emails[0], one.emails[0]))
    _enter_undecidable(firm, "tom.okafor", one, two, replace(one, company=""), one.emails)

    one = _meet(firm, companies, "helen.marlowe", "Quentin Hale", 5)
    two = replace(
        _meet(firm, companies, "helen.marlowe", "Rosalind Hale", 5), emails=("rosalind@hale.example", *one.emails)
    )
    _enter_undecidable(firm, "helen.marlowe", one, two, replace(one, first="Q & R"), one.emails)

    one = replace(_meet(firm, companies, "grace.lindqvist", "Anneke Vos", 6), emails=("info@vosenzoon.example",))
    two = replace(_meet(firm, companies, "grace.lindqvist", "Pieter Vos", 6), emails=("INFO@vosenzoon.example",))
    _enter_undecidable(firm, "grace.lindqvist", one, two, replace(one, first="Fam."), one.emails)


def _enter_undecidable(
    firm: Firm, owner: str, one: Person, two: Person, outlook: Person, emails: tuple[str, ...]
) -> None:
    folder = "Clients/South" if owner == "grace.lindqvist" else "Clients"
    firm.enter_contact(owner, one, folder)
    firm.enter_contact(owner, two, folder)
    firm.enter_outlook(owner, replace(outlook, emails=emails), folder)


def _taken(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Three people of whom one mailbox holds two cards: only one of the cards can be the CRM's contact."""
    person = _meet(firm, companies, "callum.reid", "Dorothea Pike", 3)
    person = replace(person, emails=(person.emails[0], "dot.pike@post.example"))
    firm.enter_contact("callum.reid", person, "Clients/North")
    firm.enter_outlook("callum.reid", replace(person, emails=person.emails[:1]), "Clients/North")
    firm.enter_outlook(
        "callum.reid", replace(person, first="Dot", company="", emails=person.emails[::-1]), DEFAULT_FOLDER
    )

    person = _meet(firm, companies, "priya.nair", "Cuthbert Wray", 4)
    firm.enter_contact("priya.nair", person, "Clients/North")
    firm.enter_outlook("priya.nair", person, "Clients/North")
    firm.enter_outlook("priya.nair", replace(person, title="", mobile=""), "Boat Show")

    person = _meet(firm, companies, "tom.okafor", "Araminta Locke", 5)
    firm.enter_contact("tom.okafor", person, "Clients")
    firm.enter_outlook("tom.okafor", person, "Clients")
    firm.enter_outlook("tom.okafor", replace(person, emails=(), phone=""), "Key Accounts")


def _twin_companies(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Two companies of one name; three Outlook contacts name it, one of them known to the CRM at another company."""
    for owner, place in (("helen.marlowe", 0), ("tom.okafor", 0)):
        firm.enter_company(replace(companies[owner][place], name=TWIN_COMPANY), owner)
    known = _meet(firm, companies, "callum.reid", "Ottoline Baxter", 6)
    firm.enter_contact("callum.reid", known, "Clients/North")
    firm.enter_outlook("callum.reid", replace(known, company=TWIN_COMPANY), "Clients/North")
    for owner, name in (("callum.reid", "Bartholomew Snell"), ("priya.nair", "Clementine Rudge")):
        person = _meet(firm, companies, owner, name, 7)
        firm.enter_outlook(owner, replace(person, company=TWIN_COMPANY), "Clients/North")


def _odd_details(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Details that look like changes and are none, or that are hard to carry across."""
    odd_numbers = (
        "+44 (0)20 7946 0123 ext. 4",
        "020-7946 0123",
        "02079460123",
        "(020) 7946 0123 x12",
        "0044 20 7946 0199",
        "+1 555 0142",
        "+1 (555) 555-0167",
        "07700 900 123 (not Fridays)",
    )
    names = ("Perpetua Finch", "Ignatius Boyle", "Hyacinth Rowe", "Leopold Strang", "Marigold Eames", "Chuck Wendell")
    for name, number, extra in zip(names, odd_numbers, reversed(odd_numbers), strict=False):
        person = replace(_meet(firm, companies, "helen.marlowe", name, 8), phone=number, other_phone=extra)
        firm.enter_both("helen.marlowe", person, "Clients")

    accented = _meet(firm, companies, "callum.reid", "Renée Lefèvre", 8)
    firm.enter_contact("callum.reid", accented, "Clients/North", style=0)
    apart = replace(accented, first=unicodedata.normalize("NFD", "Renée"), last=unicodedata.normalize("NFD", "Lefèvre"))
    firm.enter_outlook("callum.reid", apart, "Clients/North", style=2)

    for owner, folder in (("priya.nair", "Clients/North"), ("tom.okafor", "Clients")):
        berth = Address(
            "Berth 3\nThe Old Net Store", "12 Hawser Street", "Fleetwood", "Lancashire", "FY7 6CK", "England"
        )
        name = "Thaddeus Moule" if owner == "priya.nair" else "Philomena Gurney"
        firm.enter_both(owner, replace(_meet(firm, companies, owner, name, 9), mailing=berth), folder)
    harbour = Person(
        last="Harbour Office", phone="0131 496 0911", emails=("watch@leith-harbour.example",), notes="24 h 🛟"
    )
    firm.enter_outlook("priya.nair", harbour, "Clients/North")


def _folders_differ(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """The same person in another folder on either side."""
    for owner, one, two in (("callum.reid", "Isidore Plum", "Winnie Garth"), ("priya.nair", "Silas Tweed", "Una Mott")):
        person = _meet(firm, companies, owner, one, 10)
        firm.enter_contact(owner, person, "Clients/North")
        firm.enter_outlook(owner, person, "Suppliers")
        person = _meet(firm, companies, owner, two, 10)
        firm.enter_contact(owner, person, "Boat Show", "Clients/North")
        firm.enter_outlook(owner, person, DEFAULT_FOLDER)


def _shared_between_teams(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """Contacts shown beyond their own team."""
    shared = (
        ("callum.reid", "Torquil Baird", "Sales South", "", "read"),
        ("callum.reid", "Euphemia Scroggie", "Sales South", "", "edit"),
        ("priya.nair", "Kirsten Halcrow", "", "tom.okafor", "read"),
        ("tom.okafor", "Merryn Angove", "Sales North", "", "edit"),
        ("grace.lindqvist", "Willem Kuiper", "", "callum.reid", "read"),
    )
    for owner, name, team, user, access in shared:
        person = _meet(firm, companies, owner, name, 11)
        contact = firm.enter_contact(owner, person, "Key Accounts")
        firm.shares.append(Share(contact.crm_id, team, user, access))
        if name == "Torquil Baird":
            firm.enter_outlook("grace.lindqvist", person, "Key Accounts", contact.style)


def _cast(firm: Firm, companies: dict[str, list[Company]]) -> None:
    """The people of the second act, alike on both sides."""
    cast = (
        ("callum.reid", "Clients/North", "Morwenna Tregear"),
        ("callum.reid", "Clients/North", "Angus Birrell"),
        ("callum.reid", "Clients/North", "Moira Kilbride"),
        ("priya.nair", "Clients/North", "Philippa Nettlefold"),
        ("priya.nair", "Clients/North", "Desmond Achebe"),
        ("tom.okafor", "Clients", "Blodwen Tudor"),
        ("tom.okafor", "Clients", "Jago Penrose"),
        ("grace.lindqvist", "Clients/South", "Lettice Marchbanks"),
        ("helen.marlowe", "Clients", "Constance Ibbotson"),
        ("helen.marlowe", "Clients", "Hector Dalgleish"),
    )
    for owner, folder, name in cast:
        firm.enter_both(owner, _meet(firm, companies, owner, name, 12), folder)


def long_note() -> str:
    """Close on 5,000 characters with Outlook's line ends, as someone pastes a year of minutes into a contact."""
    lines = [f"{day}. {words.VISITS[day % len(words.VISITS)]} ⚓" for day in range(1, 80)]
    text = "Minutes, pasted in one go 📋"
    for line in lines:
        if len(text) + len(line) + 2 > 4990:
            break
        text += "\r\n" + line
    return text
