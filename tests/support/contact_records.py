"""One person as the CRM and Outlook know her, before and after edits: the records that situations are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from crm import fields as crm_fields
from engine.records import CRM, M365, Record, Reference, Side, Value
from graph_client import fields as graph_fields

HOME: Final = Reference("", "Contacts")
CLIENTS, FRIENDS = Reference("f1", "Clients"), Reference("f2", "Friends")
PLACE = Reference("p1", "Clients")
ACME, ZENITH = Reference("c1", "Acme"), Reference("c2", "Zenith")
FOUND: Final[Mapping[tuple[Side, str, str], tuple[Reference, ...]]] = {
    ("crm", "Company", "acme"): (ACME,),
    ("crm", "Company", "zenith"): (ZENITH,),
    ("crm", "Folder", "clients"): (CLIENTS,),
    ("crm", "Folder", "friends"): (FRIENDS,),
    ("m365", "contactFolder", "clients"): (PLACE,),
}

AGREED_CRM: Final[dict[str, Value]] = {
    "firstname": "Ann", "lastname": "Lee", "title": "Buyer", "department": "Sales", "accountid": ACME,
    "email": "ann@acme.example", "email2": "ann@home.example", "phone": "020 7946 0001", "otherphone": "020 7946 0002",
    "mobile": "07700 900003", "homephone": "020 7946 0004", "assistant": "Sam", "birthday": "1980-02-29",
    "mailing": ("1 High St", "Bath", "Avon", "BA1", "UK"), "other": ("2 Low St", "Wells", None, "BA5", "UK"),
    "description": "Likes tea.", "folder": (CLIENTS, FRIENDS), "assigned_user_id": "u1", "includeinsync": True,
}  # fmt: skip
AGREED_M365: Final[dict[str, Value]] = {
    "givenName": "Ann", "surname": "Lee", "jobTitle": "Buyer", "department": "Sales", "companyName": "Acme",
    "emailAddresses": (("ann@acme.example", "Ann Lee"), ("ann@home.example", None), ("old@acme.example", "Old")),
    "businessPhones": ("020 7946 0001", "020 7946 0002"), "mobilePhone": "07700 900003",
    "homePhones": ("020 7946 0004", "020 7946 0005"), "assistantName": "Sam", "birthday": "1980-02-29",
    "businessAddress": ("1 High St", "Bath", "Avon", "BA1", "UK"),
    "otherAddress": ("2 Low St", "Wells", None, "BA5", "UK"), "personalNotes": "Likes tea.", "parentFolder": PLACE,
}  # fmt: skip
CHANGED_CRM: Final[dict[str, Value]] = {
    "firstname": "Anna", "lastname": "Lea", "title": "Head", "department": "Trade", "accountid": ZENITH,
    "email": "anna@zenith.example", "email2": "anna@house.example", "phone": "020 7946 1001",
    "otherphone": "020 7946 1002", "mobile": "07700 901003", "homephone": "020 7946 1004", "assistant": "Kim",
    "birthday": "1981-03-30", "mailing": ("9 High St", "Bath", "Avon", "BA1", "UK"),
    "other": ("8 Low St", "Wells", None, "BA5", "UK"), "description": "Likes coffee.", "folder": (FRIENDS,),
    "includeinsync": False,
}  # fmt: skip
CHANGED_M365: Final[dict[str, Value]] = {
    "givenName": "Nan", "surname": "Leigh", "jobTitle": "Chief", "department": "Export", "companyName": "zenith",
    "emailAddresses": (("nan@acme.example", None), ("nan@home.example", None), ("old@acme.example", "Old")),
    "businessPhones": ("020 7946 2001", "020 7946 2002"), "mobilePhone": "07700 902003",
    "homePhones": ("020 7946 2004", "020 7946 0005"), "assistantName": "Lou", "birthday": "1982-01-31",
    "businessAddress": ("7 High St", "Bath", "Avon", "BA1", "UK"),
    "otherAddress": ("6 Low St", "Wells", None, "BA5", "UK"), "personalNotes": "Likes water.",
}  # fmt: skip
REFORMATTED_CRM: Final[dict[str, Value]] = {
    "firstname": "Ann ", "email": "Ann@Acme.example", "phone": "+44 20 7946 0001", "otherphone": "(020) 7946 0002",
    "mobile": "+44 7700 900003", "homephone": "+44 20 79460004", "accountid": Reference("c1", "ACME"),
    "mailing": ("1 HIGH ST", "bath", "Avon", "BA1", "UK"), "other": ("2 Low  St", "Wells", None, "ba5", "UK"),
    "description": "Likes tea.\r\n",
}  # fmt: skip
EMPTIED_CRM: Final[dict[str, Value]] = dict.fromkeys(CHANGED_CRM, None)
NOTHING: Final[Mapping[str, Value]] = {}


def person(id: str = "c", given: Mapping[str, Value] = NOTHING, **values: Value) -> Record:
    """A CRM contact that was fetched whole; fields not given are empty."""
    whole: dict[str, Value] = dict.fromkeys((field.name for field in crm_fields.CONTACT.fields), None)
    return Record(CRM, "Contact", id, "v1", {**whole, "assigned_user_id": "u1", **given, **values}, 1_000_000)


def card(id: str = "m", given: Mapping[str, Value] = NOTHING, **values: Value) -> Record:
    """An Outlook contact that was fetched whole; fields not given are empty."""
    whole: dict[str, Value] = dict.fromkeys((field.name for field in graph_fields.CONTACT.fields), None)
    return Record(M365, "contact", id, "w1", {**whole, "parentFolder": HOME, **given, **values}, 1_000_000)


AGREED_PERSON: Final = person("c", AGREED_CRM)
AGREED_CARD: Final = card("m", AGREED_M365)


def but(record: Record, given: Mapping[str, Value] = NOTHING, at: int | None = None, **values: Value) -> Record:
    """The record after an edit, at this time (UTC in milliseconds)."""
    return replace(
        record,
        values={**record.values, **given, **values},
        version="v2",
        modified=record.modified if at is None else at,
    )
