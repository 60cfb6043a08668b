"""Contacts: fields, scope and folders, seen from the command line and from Outlook."""

from __future__ import annotations

from typing import Any

import pytest
from evidence import actions
from installed import Installed

PERSON = {
    "firstname": "Zoë", "lastname": "Brontë", "title": "Head of Wool", "department": "Weaving",
    "accountid": "Mill & Sons", "email": "zoe@mill.example", "email2": "zoe@home.example",
    "phone": "+44 20 7946 0001", "otherphone": "+44 20 7946 0002", "mobile": "+44 7700 900123",
    "homephone": "+44 20 7946 0003", "assistant": "Sam Reed", "mailingstreet": "1 High Street",
    "mailingcity": "Leeds", "mailingstate": "West Yorkshire", "mailingzip": "LS1 1AA", "mailingcountry": "UK",
    "otherstreet": "2 Low Road", "othercity": "York", "otherstate": "North Yorkshire", "otherzip": "YO1 2BB",
    "othercountry": "UK", "birthday": "1980-05-01", "description": "Likes tea.\nCalls on Mondays.", "folder": "Clients",
}  # fmt: skip
"""Every field that both sides hold, as the CRM says it."""

CARD: dict[str, Any] = {
    "givenName": "Zoë", "surname": "Brontë", "jobTitle": "Head of Wool", "department": "Weaving",
    "companyName": "Mill & Sons", "mobilePhone": "+44 7700 900123",
    "businessPhones": ["+44 20 7946 0001", "+44 20 7946 0002"], "homePhones": ["+44 20 7946 0003"],
    "assistantName": "Sam Reed", "personalNotes": "Likes tea.\nCalls on Mondays.",
    "businessAddress": {"street": "1 High Street", "city": "Leeds", "state": "West Yorkshire",
                        "postalCode": "LS1 1AA", "countryOrRegion": "UK"},
    "otherAddress": {"street": "2 Low Road", "city": "York", "state": "North Yorkshire",
                     "postalCode": "YO1 2BB", "countryOrRegion": "UK"},
}  # fmt: skip
"""The same person as Outlook says it, but for e-mail addresses, birthday and folder."""


def addresses(card: dict[str, Any]) -> list[str]:
    return [one["address"] for one in card["emailAddresses"]]


def holds(card: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert {name: card[name] for name in wanted} == wanted


def told(values: dict[str, Any]) -> dict[str, Any]:
    """CRM values as JSON tells them, with references by name and addresses as their five parts."""
    names = {name: values[name]["name"] for name in ("accountid",) if values.get(name)}
    return {**values, **names, "folder": [one["name"] for one in values["folder"] or ()]}


def test_C1_every_field_of_a_crm_contact_arrives_in_outlook(installation: Installed) -> None:
    """Created from the CRM, then changed there in every field, then emptied."""
    crm_id = installation.person(**PERSON)
    installation.sync("anna")
    card = installation.card_of("anna", "Brontë")
    holds(card, CARD)
    assert addresses(card) == ["zoe@mill.example", "zoe@home.example"]
    assert (card["birthday"][:10], card["folder"]) == ("1980-05-01", "Clients")

    installation.edit_person(
        crm_id, firstname="Zoe", title="Director", department="Board", accountid="Wool Ltd", email="z@wool.example",
        phone="+44 20 7946 0009", mobile="+44 7700 900999", mailingcity="Hull", birthday="1981-06-02",
        description="Moved.",
    )  # fmt: skip
    installation.sync("anna")
    card = installation.card_of("anna", "Brontë")
    changed = {"givenName": "Zoe", "jobTitle": "Director", "department": "Board", "companyName": "Wool Ltd"}
    holds(card, {**changed, "mobilePhone": "+44 7700 900999", "personalNotes": "Moved."})
    assert addresses(card) == ["z@wool.example", "zoe@home.example"]
    assert card["businessPhones"] == ["+44 20 7946 0009", "+44 20 7946 0002"]
    assert (card["businessAddress"]["city"], card["businessAddress"]["street"]) == ("Hull", "1 High Street")
    assert card["birthday"][:10] == "1981-06-02"

    installation.edit_person(crm_id, title="", email2="", mobile="", birthday="", description="", otherstreet="")
    installation.sync("anna")
    card = installation.card_of("anna", "Brontë")
    assert not card["jobTitle"] and not card["mobilePhone"] and not card["birthday"] and not card["personalNotes"]
    assert addresses(card) == ["z@wool.example"] and not card["otherAddress"].get("street")


def test_C1_every_field_of_an_outlook_contact_arrives_in_the_crm(installation: Installed) -> None:
    """Created from Outlook, then changed there."""
    emails = [{"address": f"zoe@{place}.example", "name": "Zoë"} for place in ("mill", "home")]
    card_id = installation.card(
        "anna", "Clients", **CARD, emailAddresses=emails, birthday="1980-05-01T00:00:00Z"
    )  # fmt: skip
    installation.sync("anna")
    (found,) = installation.named("Brontë")
    person = told(found)
    plain = {name: value for name, value in PERSON.items() if not name.startswith(("mailing", "other", "folder"))}
    assert {name: person[name] for name in plain} == plain
    assert person["mailing"] == ["1 High Street", "Leeds", "West Yorkshire", "LS1 1AA", "UK"]
    assert person["other"] == ["2 Low Road", "York", "North Yorkshire", "YO1 2BB", "UK"]
    assert (person["otherphone"], person["folder"]) == ("+44 20 7946 0002", ["Clients"])

    installation.edit_card("anna", card_id, surname="Brontë-Lee", jobTitle="Director", companyName="Wool Ltd",
                           homePhones=["+44 20 7946 0007"], personalNotes="Moved.")  # fmt: skip
    installation.sync("anna")
    (found,) = installation.named("Brontë-Lee")
    person = told(found)
    assert [person[n] for n in ("title", "accountid", "homephone", "description")] == [
        "Director", "Wool Ltd", "+44 20 7946 0007", "Moved.",
    ]  # fmt: skip
    assert person["mobile"] == "+44 7700 900123"


def test_C2_only_my_items_sends_only_contacts_assigned_to_the_user(installation: Installed) -> None:
    """A colleague's contact that Anna may read and edit comes to her Outlook only when she asks for all."""
    installation.person("ben", firstname="Ada", lastname="Lovelace")
    installation.person("anna", firstname="Grace", lastname="Hopper")
    installation.sync()
    assert [card["surname"] for card in installation.cards("anna")] == ["Hopper"]
    assert [card["surname"] for card in installation.cards("ben")] == ["Lovelace"]
    installation.settings("anna", only_my_items="no")
    installation.sync()
    assert sorted(card["surname"] for card in installation.cards("anna")) == ["Hopper", "Lovelace"]
    assert [card["surname"] for card in installation.cards("ben")] == ["Lovelace"]


def test_C3_an_unticked_contact_stays_out(installation: Installed) -> None:
    """Where only ticked contacts count: unticked is not sent, ticking sends it, unticking leaves both sides alone."""
    installation.settings(ticked_only="yes")
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", includeinsync="no")
    installation.sync("anna")
    assert installation.cards("anna") == []
    installation.edit_person(crm_id, includeinsync="yes")
    installation.sync("anna")
    assert installation.card_of("anna", "Lovelace")["givenName"] == "Ada"
    installation.edit_person(crm_id, includeinsync="no", firstname="Augusta")
    installation.edit_card("anna", installation.cards("anna")[0]["id"], jobTitle="Countess")
    installation.sync("anna")
    assert installation.card_of("anna", "Lovelace")["givenName"] == "Ada"
    assert installation.people()[crm_id]["title"] is None
    installation.edit_person(crm_id, includeinsync="yes")
    installation.sync("anna")
    assert installation.card_of("anna", "Lovelace")["givenName"] == "Augusta"
    assert installation.people()[crm_id]["title"] == "Countess"


def test_C3_the_box_counts_only_where_the_organisation_says_so(installation: Installed) -> None:
    """By default the box keeps nothing out; a contact from Outlook arrives with the box ticked."""
    installation.person(firstname="Ada", lastname="Lovelace", includeinsync="no")
    installation.card("anna", givenName="Grace", surname="Hopper")
    installation.sync("anna")
    assert len(installation.cards("anna")) == 2
    assert installation.named("Hopper")[0]["includeinsync"] is True


def test_C4_only_selected_folders_of_both_sides_take_part(installation: Installed) -> None:
    """A contact of another folder is not sent, one of another Outlook folder not taken; choosing it lets it in."""
    installation.settings("anna", crm_folders="Clients", m365_folders="Clients")
    inside = installation.person(firstname="Ada", lastname="Lovelace", folder="Clients")
    installation.person(firstname="Mary", lastname="Shelley", folder="Press")
    installation.person(firstname="No", lastname="Folder")
    installation.card("anna", "Clients", givenName="Grace", surname="Hopper")
    installation.card("anna", "Press", givenName="Nellie", surname="Bly")
    installation.card("anna", "Contacts", givenName="At", surname="Home")
    installation.sync("anna")
    in_outlook = {(card["surname"], card["folder"]) for card in installation.cards("anna")}
    assert in_outlook == {("Lovelace", "Clients"), ("Hopper", "Clients"), ("Bly", "Press"), ("Home", "Contacts")}
    names = {person["lastname"] for person in installation.people().values()}
    assert names == {"Lovelace", "Shelley", "Folder", "Hopper"}

    installation.edit_person(inside, folder="Press", title="last words")
    installation.sync("anna")
    installation.edit_person(inside, title="not sent any more")
    installation.sync("anna")
    assert installation.card_of("anna", "Lovelace")["jobTitle"] == "last words"

    installation.settings("anna", crm_folders="everything", m365_folders=["Clients", "Press"])
    installation.sync("anna")
    names = {person["lastname"] for person in installation.people().values()}
    assert names == {"Lovelace", "Shelley", "Folder", "Hopper", "Bly"}
    assert installation.card_of("anna", "Lovelace")["jobTitle"] == "not sent any more"
    assert {card["surname"] for card in installation.cards("anna")} == {"Lovelace", "Hopper", "Bly", "Home", "Shelley"}


def test_C4_nothing_is_made_where_it_would_not_be_read_again(installation: Installed) -> None:
    """A contact whose Outlook folder is not chosen is not made there, and the plan says why."""
    installation.settings("anna", m365_folders="Clients")
    installation.person(firstname="Mary", lastname="Shelley", folder="Press")
    plan = installation.plan("anna")
    assert actions(plan) == []
    (refused,) = plan["not_done"]
    assert refused["title"] == "Mary Shelley" and "Outlook folder not chosen" in refused["reason"]
    installation.sync("anna")
    assert installation.cards("anna") == []


@pytest.mark.parametrize("folders", ["Press; Clients", "Clients; Press"])
def test_C5_the_first_crm_folder_decides(installation: Installed, folders: str) -> None:
    """A contact in several CRM folders lies in the Outlook folder of the first."""
    installation.person(firstname="Ada", lastname="Lovelace", folder=folders)
    installation.sync("anna")
    assert installation.card_of("anna", "Lovelace")["folder"] == folders.split(";")[0]
