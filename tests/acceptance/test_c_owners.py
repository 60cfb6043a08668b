"""Contacts met in several mailboxes, owners, rights and conflicts."""

from __future__ import annotations

from typing import Any

import pytest
from evidence import actions
from installed import Installed


def share(installed: Installed, crm_id: str, access: str) -> None:
    """What Cara, who is in no team of the owner, may do with a contact."""
    installed.import_csv("shares.csv", [{"Contact Id": crm_id, "User": "cara", "Access": access}])


def only(found: list[dict[str, Any]]) -> dict[str, Any]:
    (one,) = found
    return one


def test_C8_a_new_contact_belongs_to_the_user_whose_sync_met_it_first(installation: Installed) -> None:
    """Ben's sync runs first, so the person that both have in Outlook is his."""
    for user in ("anna", "ben"):
        installation.card(user, givenName="Ada", surname="Lovelace", email="ada@engines.example")
    installation.card("anna", givenName="Grace", surname="Hopper")
    plan = installation.plan("ben")
    assert actions(plan) == [("create", "crm", "Ada Lovelace")]
    owner = [change for change in plan["actions"][0]["changes"] if change["path"] == "assigned_user_id"]
    assert [change["after"] for change in owner] == ["ben"]
    installation.sync("ben")
    installation.sync("anna")
    assert only(installation.named("Lovelace"))["assigned_user_id"] == "ben"
    assert only(installation.named("Hopper"))["assigned_user_id"] == "anna"


def test_C9_a_match_is_updated_and_keeps_its_owner(installation: Installed) -> None:
    """Anna has Ben's contact in her Outlook: her details are taken, empty ones filled, and it stays Ben's."""
    installation.settings("anna", only_my_items="no")
    installation.person("ben", firstname="Ada", lastname="Lovelace", email="ada@engines.example", title="Poet",
                        department="Engines")  # fmt: skip
    installation.card("anna", givenName="Ada", surname="Lovelace", email="ADA@engines.example", jobTitle="Countess")
    installation.sync("anna")
    person = only(installation.named("Lovelace"))
    assert (person["title"], person["department"], person["assigned_user_id"]) == ("Countess", "Engines", "ben")
    assert only(installation.cards("anna"))["department"] == "Engines"


def test_C9_the_crm_s_details_count_where_the_organisation_says_so(installation: Installed) -> None:
    """``first_match crm``: the other way round, and still nothing is lost that one side leaves empty."""
    installation.settings(first_match="crm")
    installation.person(firstname="Ada", lastname="Lovelace", email="ada@engines.example", title="Poet")
    installation.card("anna", givenName="Ada", surname="Lovelace", email="ada@engines.example", jobTitle="Countess",
                      department="Engines")  # fmt: skip
    installation.sync("anna")
    assert only(installation.cards("anna"))["jobTitle"] == "Poet"
    assert only(installation.named("Lovelace"))["department"] == "Engines"


def test_C9_a_colleague_s_contact_out_of_scope_is_left_alone(installation: Installed) -> None:
    """With only-my-items, a match with Ben's contact is known, but neither written nor removed."""
    installation.person("ben", firstname="Ada", lastname="Lovelace", email="ada@engines.example", title="Poet")
    installation.card("anna", givenName="Ada", surname="Lovelace", email="ada@engines.example", jobTitle="Countess")
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert only(installation.cards("anna"))["jobTitle"] == "Countess"
    assert only(installation.named("Lovelace"))["title"] == "Poet"


def test_C10_no_later_sync_changes_the_owner(installation: Installed) -> None:
    """Edits from both mailboxes, a full sweep and a recreation leave the contact with its owner."""
    for user in ("anna", "ben"):
        installation.settings(user, only_my_items="no")
        installation.card(user, givenName="Ada", surname="Lovelace", email="ada@engines.example")
    installation.sync("anna")
    installation.sync("ben")
    for number, user in enumerate(("ben", "anna", "ben")):
        installation.edit_card(user, installation.card_of(user, "Lovelace")["id"], jobTitle=f"edit {number}")
        installation.sync(user)
        installation.sync()
        assert only(installation.named("Lovelace"))["title"] == f"edit {number}"
    installation.sync(None, "--full")
    installation.delete_card("ben", installation.card_of("ben", "Lovelace")["id"])
    installation.sync()
    assert only(installation.named("Lovelace"))["assigned_user_id"] == "anna"
    changed = installation.tandem("history", next(iter(installation.people())), "--json").json()["writes"]
    owners = [c["after"] for write in changed for c in write["changes"] if c["path"] == "assigned_user_id"]
    assert owners == ["anna"], "only the creation gave it an owner"


@pytest.mark.parametrize("direction", ["both", "to_m365"])
def test_C12_a_contact_reassigned_away_leaves_the_former_user_s_outlook(
    installation: Installed, direction: str
) -> None:
    """At the next tick, with the reason; the new owner gets it."""
    installation.settings(direction=direction)
    crm_id = installation.person("anna", firstname="Ada", lastname="Lovelace")
    installation.sync()
    installation.edit_person(crm_id, assigned_user_id="ben")
    plan = installation.plan("anna")
    assert actions(plan) == [("delete", "m365", "Ada Lovelace")]
    assert plan["actions"][0]["reason"] == "not my item"
    installation.sync()
    assert (installation.cards("anna"), len(installation.cards("ben"))) == ([], 1)
    assert installation.people()[crm_id]["assigned_user_id"] == "ben"


def test_C12_does_not_apply_from_outlook_to_the_crm(installation: Installed) -> None:
    """One way to the CRM, or with all items: the contact stays where it is."""
    installation.settings("ben", only_my_items="no")
    card_id = installation.card("anna", givenName="Ada", surname="Lovelace")
    shared = installation.person("ben", firstname="Grace", lastname="Hopper")
    installation.sync()
    installation.settings("anna", direction="to_crm")
    (crm_id,) = (id for id, values in installation.people().items() if values["lastname"] == "Lovelace")
    installation.edit_person(crm_id, assigned_user_id="ben")
    installation.edit_person(shared, assigned_user_id="anna")
    installation.sync()
    assert [card["id"] for card in installation.cards("anna")] == [card_id]
    assert {card["surname"] for card in installation.cards("ben")} == {"Lovelace", "Hopper"}


def test_C13_the_same_person_in_two_mailboxes_becomes_one_contact(installation: Installed) -> None:
    """By e-mail address in any case, or by name and company; different people stay different."""
    for user in ("anna", "ben"):
        installation.settings(user, only_my_items="no")
    installation.card("anna", givenName="Ada", surname="Lovelace", email="ada@engines.example")
    installation.card("ben", givenName="A.", surname="Lovelace", email="ADA@Engines.example", jobTitle="Countess")
    installation.card("anna", givenName="Grace", surname="Hopper", companyName="Navy")
    installation.card("ben", givenName="grace", surname="HOPPER", companyName="navy", mobilePhone="+1 212 555 0100")
    installation.card("ben", givenName="Grace", surname="Hopper", companyName="Army")
    installation.sync()
    installation.sync()
    assert only(installation.named("Lovelace"))["title"] == "Countess"
    people = [person for person in installation.people().values() if person["lastname"].lower() == "hopper"]
    assert sorted(person["accountid"]["name"] for person in people) == ["Army", "Navy"]
    assert len(installation.people()) == 3
    assert installation.card_of("anna", "Lovelace")["jobTitle"] == "Countess"


@pytest.mark.parametrize(
    ("rule", "outlook_clock", "winner"),
    [("crm", 0, "CRM"), ("m365", 0, "Outlook"), ("newest", 3600, "Outlook"), ("newest", -3600, "CRM")],
)
def test_C14_the_conflict_rule_decides_where_both_sides_changed(
    installation: Installed, rule: str, outlook_clock: int, winner: str
) -> None:
    """One field changed on both sides: the rule's winner counts; other fields keep each side's edit."""
    installation.settings(conflict=rule)
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", title="Poet")
    installation.sync("anna")
    installation.control.set_clock(offset=outlook_clock)
    card = only(installation.cards("anna"))
    installation.edit_person(crm_id, title="from the CRM", department="Engines")
    installation.edit_card("anna", card["id"], jobTitle="from the Outlook", assistantName="Sam")
    (conflict,) = (
        change
        for action in installation.plan("anna")["actions"]
        for change in action["changes"]
        if change["replaces_an_entry"]
    )
    assert conflict["after"] == f"from the {winner}"
    installation.sync("anna")
    person, card = installation.people()[crm_id], only(installation.cards("anna"))
    assert person["title"] == card["jobTitle"] == f"from the {winner}"
    assert (person["assistant"], card["department"]) == ("Sam", "Engines")


def test_C15_an_edit_without_the_right_to_edit_is_refused_and_shown(installation: Installed) -> None:
    """Cara may read Anna's contact: what she changes in Outlook is named, held, and taken once she may edit."""
    installation.settings("cara", only_my_items="no")
    crm_id = installation.person("anna", firstname="Ada", lastname="Lovelace", title="Poet")
    share(installation, crm_id, "read")
    installation.sync()
    installation.edit_card("cara", only(installation.cards("cara"))["id"], jobTitle="Countess")
    plan = installation.plan("cara")
    assert actions(plan) == []
    (held,) = plan["held"]
    assert (held["title"], held["reason"]) == ("Ada Lovelace", "no right to edit")
    out = installation.sync("cara").out
    assert "! held" in out and "no right to edit" in out and "contacts.rules:" in out
    assert installation.people()[crm_id]["title"] == "Poet"
    (listed,) = installation.tandem("held", "list", "--json").json()["held"]
    assert (listed["mailbox"], listed["reason"]) == ("cara@firm.example", "no right to edit")
    assert only(installation.cards("cara"))["jobTitle"] == "Countess", "what she wrote is hers to keep meanwhile"

    share(installation, crm_id, "edit")
    installation.sync()
    assert installation.people()[crm_id]["title"] == "Countess"
    installation.sync("anna")
    assert only(installation.cards("anna"))["jobTitle"] == "Countess"
    assert installation.tandem("held").out == "Nothing is held.\n"
