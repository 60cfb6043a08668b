"""The installation as a whole: it is founded, planned, synced and looked at through the command line alone."""

from __future__ import annotations

from installed import Installed, upn


def test_a_new_person_on_either_side_appears_on_the_other(installation: Installed) -> None:
    """A CRM contact goes to its owner's Outlook, an Outlook contact to the CRM, and a plan says so beforehand."""
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", mobile="+44 20 7946 0001")
    installation.card("anna", givenName="Grace", surname="Hopper", email="grace@navy.example")

    plan = installation.plan("anna")
    assert sorted((one["verb"], one["side"], one["title"]) for one in plan["actions"]) == [
        ("create", "crm", "Grace Hopper"),
        ("create", "m365", "Ada Lovelace"),
    ]
    assert installation.cards("anna")[0]["surname"] == "Hopper" and len(installation.people()) == 1

    out = installation.sync("anna", "--exit-code", code=2).out
    assert f"Plan for {upn('anna')} (contacts): 1 to create in Microsoft 365; 1 to create in the CRM" in out
    assert installation.card_of("anna", "Lovelace")["mobilePhone"] == "+44 20 7946 0001"
    (grace,) = installation.named("Hopper")
    assert grace["email"] == "grace@navy.example" and grace["assigned_user_id"] == "anna"
    assert installation.sync("anna", "--exit-code").out.endswith("nothing to write\n")
    assert crm_id in installation.people()


def test_a_process_says_the_same_as_a_command_run_here(installation: Installed) -> None:
    """The command as a process prints what it prints in the test's own process, plain and without colour."""
    installation.person(firstname="Ada", lastname="Lovelace")
    there, here = installation.process("plan", "--user", "anna"), installation.tandem("plan", "--user", "anna")
    assert (there.code, there.out) == (here.code, here.out)
    assert "+ create in m365      Ada Lovelace" in there.out and "\x1b" not in there.out
