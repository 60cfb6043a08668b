"""Settings of the organisation."""

from __future__ import annotations

import pytest
from evidence import actions, crm, outlook, writes
from installed import Installed


def edits_of_all_kinds(installed: Installed) -> None:
    """On each side: a new contact, an edit, a deletion; and one field of one contact edited on both."""
    ids = {values["lastname"]: id for id, values in installed.people().items()}
    cards = {card["surname"]: card["id"] for card in installed.cards("anna")}
    installed.person(firstname="New", lastname="InCrm")
    installed.card("anna", givenName="New", surname="InOutlook")
    installed.edit_person(ids["EditedInCrm"], title="from the CRM")
    installed.edit_card("anna", cards["EditedInOutlook"], jobTitle="from Outlook")
    installed.edit_person(ids["EditedInBoth"], title="from the CRM")
    installed.edit_card("anna", cards["EditedInBoth"], jobTitle="from Outlook")
    installed.delete_person(ids["DeletedInCrm"])
    installed.delete_card("anna", cards["DeletedInOutlook"])


def linked(installed: Installed) -> None:
    for name in ("EditedInCrm", "EditedInOutlook", "EditedInBoth", "DeletedInCrm", "DeletedInOutlook"):
        installed.person(firstname="A", lastname=name)
    installed.sync("anna")
    assert len(installed.cards("anna")) == 5


def surnames(installed: Installed) -> dict[str, str | None]:
    return {card["surname"]: card["jobTitle"] for card in installed.cards("anna")}


def test_O5_one_way_to_outlook_never_writes_the_crm(installation: Installed) -> None:
    """Every kind of edit on both sides: the CRM keeps every byte, and the plan names what it does not do."""
    linked(installation)
    installation.settings(direction="to_m365")
    edits_of_all_kinds(installation)
    before = crm(installation)
    plan = installation.plan("anna")
    assert {side for _, side, _ in actions(plan)} == {"m365"}
    assert all(note["reason"].startswith("one-way") for note in plan["not_done"]) and len(plan["not_done"]) == 2
    out = installation.sync("anna").out
    assert "· not done" in out and "one-way" in out
    installation.sync("anna", "--full")
    assert crm(installation) == before
    assert surnames(installation) == {
        "InCrm": None, "InOutlook": None, "EditedInCrm": "from the CRM", "EditedInOutlook": "from Outlook",
        "EditedInBoth": "from the CRM", "DeletedInOutlook": None,
    }  # fmt: skip


def test_O5_one_way_to_the_crm_never_writes_outlook(installation: Installed) -> None:
    """Every kind of edit on both sides: the mailbox keeps every byte, and no writing request is sent at all."""
    linked(installation)
    installation.settings(direction="to_crm")
    edits_of_all_kinds(installation)
    before = outlook(installation.control)
    installation.control.reset("log")
    assert {side for _, side, _ in actions(installation.plan("anna"))} == {"crm"}
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert outlook(installation.control) == before
    assert writes(installation.control) == []
    titles = {person["lastname"]: person["title"] for person in installation.people().values()}
    assert titles == {
        "InCrm": None, "InOutlook": None, "EditedInCrm": "from the CRM", "EditedInOutlook": "from Outlook",
        "EditedInBoth": "from Outlook", "DeletedInOutlook": None,
    }  # fmt: skip


def test_O5_both_directions_write_both(installation: Installed) -> None:
    """The same edits, both ways: one state of affairs on both sides."""
    linked(installation)
    edits_of_all_kinds(installation)
    installation.sync("anna")
    titles = {person["lastname"]: person["title"] for person in installation.people().values()}
    assert titles == surnames(installation)
    assert titles == {
        "InCrm": None, "InOutlook": None, "EditedInCrm": "from the CRM", "EditedInOutlook": "from Outlook",
        "EditedInBoth": "from the CRM", "DeletedInOutlook": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("org", "user", "written"),
    [("both", "to_m365", {"m365"}), ("to_crm", "both", {"crm"}), ("to_m365", "to_crm", set()), ("off", "both", set())],
)
def test_O5_a_user_can_only_narrow_the_organisation_s_direction(
    installation: Installed, org: str, user: str, written: set[str]
) -> None:
    """What the organisation switches off, no user can switch on."""
    installation.settings(direction=org)
    installation.settings("anna", direction=user)
    installation.person(firstname="Ada", lastname="Lovelace")
    installation.card("anna", givenName="Grace", surname="Hopper")
    assert {side for _, side, _ in actions(installation.plan("anna"))} == written
    installation.sync("anna")
    assert len(installation.cards("anna")) == 1 + ("m365" in written)
    assert len(installation.people()) == 1 + ("crm" in written)
