"""Made-up people in Graph's JSON shapes: as many as asked for, the same ones for the same number."""

from __future__ import annotations

import random

GIVEN = (
    "Ada",
    "Bram",
    "Carys",
    "Dario",
    "Elin",
    "Farid",
    "Greta",
    "Hamish",
    "Ines",
    "Jonas",
    "Kezia",
    "Lorcan",
    "Mirela",
    "Nils",
    "Oona",
    "Pavel",
)
FAMILY = (
    "Abel",
    "Brandt",
    "Colley",
    "Dunmore",
    "Eriksen",
    "Fallon",
    "Gower",
    "Hale",
    "Ibsen",
    "Jessop",
    "Kerr",
    "Lund",
    "Moss",
    "Nash",
    "Orr",
    "Pell",
)
TRADES = ("Boatyard", "Chandlery", "Fisheries", "Haulage", "Insurance", "Marina", "Rigging", "Salvage")
POSTS = ("Buyer", "Director", "Engineer", "Harbour Master", "Secretary", None)
STREETS = ("Anchor", "Beacon", "Capstan", "Dock", "Estuary", "Ferry", "Granary", "Harbour")
TOWNS = (("Whitby", "North Yorkshire"), ("Leith", "Midlothian"), ("Fowey", "Cornwall"), ("Conwy", "Clwyd"))
WORDS = (
    "ring",
    "before",
    "noon",
    "prefers",
    "letters",
    "pays",
    "late",
    "knows",
    "the",
    "tides",
    "asks",
    "for",
    "Maren",
    "old",
    "customer",
)
FOLDERS = ("Clients", "Suppliers")


def contacts(count: int) -> list[dict[str, object]]:
    """Rows of a mailbox file of the emulator."""
    chance = random.Random(count)
    return [_contact(chance, number) for number in range(count)]


def _contact(chance: random.Random, number: int) -> dict[str, object]:
    given, family = chance.choice(GIVEN), f"{FAMILY[number % 16]}-{chance.choice(FAMILY)}"
    firm = f"{chance.choice(FAMILY)} {chance.choice(TRADES)} {number // 12}"
    mail = [f"{given}.{family}.{number}@firm-{number // 12}.example".lower()]
    if chance.random() < 0.3:
        mail.append(f"{given}.{number}@post.example".lower())
    return {
        "folder": chance.choice((*FOLDERS, "Contacts")),
        "givenName": given,
        "surname": family,
        "displayName": f"{given} {family}",
        "emailAddresses": [{"name": f"{given} {family}", "address": address} for address in mail],
        "businessPhones": [f"+44 1632 {chance.randrange(960000, 961000)}"],
        "mobilePhone": f"07700 {chance.randrange(900000, 901000)}" if chance.random() < 0.7 else None,
        "companyName": firm,
        "jobTitle": chance.choice(POSTS),
        "department": "Sales" if chance.random() < 0.3 else None,
        "businessAddress": _address(chance) if chance.random() < 0.7 else {},
        "birthday": f"19{chance.randrange(40, 99)}-0{chance.randrange(1, 9)}-12T11:59:00Z"
        if chance.random() < 0.2
        else None,
        "personalNotes": " ".join(chance.choices(WORDS, k=chance.randrange(8, 60))) if chance.random() < 0.4 else None,
    }


def _address(chance: random.Random) -> dict[str, object]:
    town, county = chance.choice(TOWNS)
    return {
        "street": f"{chance.randrange(1, 99)} {chance.choice(STREETS)} Lane",
        "city": town,
        "state": county,
        "postalCode": f"YO{chance.randrange(1, 30)} {chance.randrange(1, 9)}AB",
        "countryOrRegion": "United Kingdom",
    }
