"""What is deleted on one side, and what the rules make of it."""

from __future__ import annotations

import pytest
from evidence import actions
from installed import Installed, upn

SHIPPED = "deleted in m365:     recreate in m365"


def pair(installed: Installed) -> tuple[str, str]:
    """A contact on both sides; its ids in the CRM and in Outlook."""
    crm_id = installed.person(firstname="Ada", lastname="Lovelace", mobile="+44 20 7946 0001")
    installed.sync("anna")
    return crm_id, str(installed.card_of("anna", "Lovelace")["id"])


def test_D1_deleted_in_the_crm_is_removed_from_outlook(installation: Installed) -> None:
    """At the next tick, and only that contact; the plan shows what goes."""
    crm_id, card_id = pair(installation)
    installation.person(firstname="Grace", lastname="Hopper")
    installation.sync("anna")
    installation.delete_person(crm_id)
    plan = installation.plan("anna")
    assert actions(plan) == [("delete", "m365", "Ada Lovelace")]
    assert {"givenName", "mobilePhone"} <= {change["path"] for change in plan["actions"][0]["changes"]}
    assert plan["actions"][0]["rule"].startswith("contacts.rules:")
    installation.sync("anna")
    assert [card["surname"] for card in installation.cards("anna")] == ["Hopper"]
    assert [card["id"] for card in installation.control.deleted(upn("anna"))] == [card_id], "Outlook can bring it back"
    assert installation.named("Lovelace") == []


def test_D2_deleted_in_outlook_stays_in_the_crm_and_is_written_again(installation: Installed) -> None:
    """The default: a recreation, named as such, once per deletion."""
    crm_id, card_id = pair(installation)
    installation.delete_card("anna", card_id)
    plan = installation.plan("anna")
    assert actions(plan) == [("recreate", "m365", "Ada Lovelace")]
    assert plan["actions"][0]["reason"] == "deleted there"
    installation.sync("anna")
    card = installation.card_of("anna", "Lovelace")
    assert card["id"] != card_id and card["mobilePhone"] == "+44 20 7946 0001"
    assert crm_id in installation.people()
    assert installation.sync("anna", "--exit-code").code == 0


def test_D2_purged_for_good_is_written_again_too(installation: Installed) -> None:
    """Whether it lies in Deleted Items or not makes no difference."""
    _, card_id = pair(installation)
    installation.control.purge_contact(upn("anna"), card_id)
    installation.sync("anna")
    assert installation.card_of("anna", "Lovelace")["id"] != card_id


def test_D3_a_rule_line_propagates_a_deletion_in_outlook(installation: Installed) -> None:
    """``deleted in m365: delete in crm``: the CRM record goes as well, and from everybody's Outlook."""
    installation.edit_rules(SHIPPED, "deleted in m365:     delete in crm")
    installation.settings("ben", only_my_items="no")
    crm_id, card_id = pair(installation)
    installation.sync("ben")
    installation.delete_card("anna", card_id)
    assert actions(installation.plan("anna")) == [("delete", "crm", "Ada Lovelace")]
    installation.sync("anna")
    installation.sync("ben")
    assert crm_id not in installation.people()
    assert installation.cards("anna") == installation.cards("ben") == []


def test_D3_a_rule_line_keeps_the_record_and_unlinks_it(installation: Installed) -> None:
    """``deleted in m365: stop syncing``: the CRM record stays, its later edits bring nothing back."""
    installation.edit_rules(SHIPPED, "deleted in m365:     stop syncing")
    crm_id, card_id = pair(installation)
    installation.delete_card("anna", card_id)
    installation.sync("anna")
    installation.edit_person(crm_id, title="Countess")
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert installation.cards("anna") == []
    assert installation.people()[crm_id]["title"] == "Countess"


@pytest.mark.parametrize(
    ("policy", "left"), [("recreate in crm", ["Lovelace"]), ("stop syncing", []), ("delete in m365", [])]
)
def test_D3_a_rule_line_decides_about_deletions_in_the_crm(
    installation: Installed, policy: str, left: list[str]
) -> None:
    """The record is made again from Outlook, or stays in Outlook alone, or goes there too."""
    installation.edit_rules("deleted in crm:      delete in m365", f"deleted in crm:      {policy}")
    crm_id, _ = pair(installation)
    installation.delete_person(crm_id)
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert [person["lastname"] for person in installation.people().values()] == left
    assert len(installation.cards("anna")) == (0 if policy == "delete in m365" else 1)
