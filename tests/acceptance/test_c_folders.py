"""Contacts that change folder, are shared, or are taken from a user, seen from the command line and from Outlook."""

from __future__ import annotations

from typing import Any

from evidence import actions, writes
from installed import Installed, upn


def only(found: list[dict[str, Any]]) -> dict[str, Any]:
    (one,) = found
    return one


def folders(installed: Installed, crm_id: str) -> list[str]:
    return [one["name"] for one in installed.people()[crm_id]["folder"] or ()]


def one_contact(installed: Installed, crm_id: str, user: str = "anna") -> dict[str, Any]:
    """The only contact of a mailbox; the CRM has only this record, and nothing was deleted there."""
    assert list(installed.people()) == [crm_id]
    return only(installed.cards(user))


def moved(plan: dict[str, Any]) -> dict[str, Any]:
    assert actions(plan) == [("move", "m365", "Ada Lovelace")]
    found: dict[str, Any] = plan["actions"][0]
    return found


def test_C6_a_change_of_folder_on_one_side_moves_the_contact_on_the_other(installation: Installed) -> None:
    """CRM to Outlook with everything that the contact holds, Outlook to CRM with its id, into folders that have to be
    made and nested ones, to the default folder and back, with edits of both sides beside."""
    control = installation.control
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", email="ada@mill.example",
                                 folder="Clients; Press")  # fmt: skip
    installation.sync("anna")
    first = one_contact(installation, crm_id)
    unmapped = {
        "spouseName": "William", "categories": ["Red"], "nickName": "Enchantress", "children": ["Byron", "Anne"],
        "homeAddress": {"city": "London", "street": "12 St James's Square"}, "imAddresses": ["ada@chat.example"],
    }  # fmt: skip
    installation.edit_card("anna", first["id"], **unmapped)
    installation.edit_person(crm_id, folder="New/North; Press", title="Countess")
    plan = installation.plan("anna")
    action = moved(plan)
    assert "photo" in action["reason"] and action["id"] == first["id"]
    assert "» move in m365" in installation.tandem("plan", "--user", "anna").out
    control.reset("log")
    installation.sync("anna")
    sent = writes(control)
    assert [one.split()[0] for one in sent] == ["POST", "POST", "POST", "DELETE"], (
        "two folders, the contact, the old one"
    )
    card = one_contact(installation, crm_id)
    assert (card["folder"], card["jobTitle"], card["id"] != first["id"]) == ("New/North", "Countess", True)
    assert {name: card[name] for name in unmapped if name != "homeAddress"} == {
        name: value for name, value in unmapped.items() if name != "homeAddress"
    }
    assert (card["homeAddress"]["city"], card["emailAddresses"][0]["address"]) == ("London", "ada@mill.example")
    installation.second_plan_is_empty()

    control.move_contact(upn("anna"), card["id"], "Clients")
    installation.edit_card("anna", card["id"], mobilePhone="+44 7700 900123")
    installation.edit_person(crm_id, department="Engines")
    assert ("update", "crm", "Ada Lovelace") in actions(installation.plan("anna"))
    installation.sync("anna")
    card = one_contact(installation, crm_id)
    assert (folders(installation, crm_id), card["folder"]) == (["Clients", "Press"], "Clients")
    assert (installation.people()[crm_id]["mobile"], card["department"]) == ("+44 7700 900123", "Engines")
    kept = card["id"]
    control.create_folder(upn("anna"), "South")
    control.move_contact(upn("anna"), kept, "South")
    installation.sync("anna")
    assert (folders(installation, crm_id), one_contact(installation, crm_id)["id"]) == (["South", "Press"], kept)
    control.rename_folder(upn("anna"), "South", "Far South")
    installation.edit_card("anna", kept, jobTitle="Lady")
    installation.sync("anna", "--full")
    assert (folders(installation, crm_id), installation.people()[crm_id]["title"]) == (["South", "Press"], "Lady")
    control.move_contact(upn("anna"), kept, "Contacts")
    installation.sync("anna")
    assert (folders(installation, crm_id), one_contact(installation, crm_id)["id"]) == ([], kept)
    installation.edit_person(crm_id, folder="Press")
    installation.sync("anna")
    card = one_contact(installation, crm_id)
    assert (card["folder"], card["spouseName"]) == ("Press", "William")
    installation.edit_person(crm_id, folder="")
    installation.sync("anna")
    assert one_contact(installation, crm_id)["folder"] == "Contacts"
    deleted = [
        one for one in installation.tandem("history", crm_id, "--json").json()["writes"] if one["verb"] == "delete"
    ]
    assert deleted == [], "a move is no deletion"


def test_C6_a_move_whose_answers_are_lost_is_finished_without_a_double(installation: Installed) -> None:
    """The new contact is made and its answer is lost; or the old one can't be deleted: one contact in the end."""
    control = installation.control
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", folder="Clients")
    installation.sync("anna")
    installation.edit_card("anna", one_contact(installation, crm_id)["id"], spouseName="William")
    lost: dict[str, object] = {"kind": "drop_answer"}
    away: dict[str, object] = {"kind": "status", "status": 403}
    for action, method, path, folder in (
        (lost, "POST", "/contacts$", "Press"),
        (away, "DELETE", "/contacts/", "Clients"),
        (lost, "DELETE", "/contacts/", "Press"),
    ):
        control.add_rule(action, method, path, count=0 if action is away else 1)
        installation.edit_person(crm_id, folder=folder)
        repeated = action is lost and method == "DELETE"
        assert ("Done: 1 moved" if repeated else "the answer was lost") in installation.sync("anna").out
        assert len(installation.cards("anna")) == (1 if repeated else 2)
        control.reset("faults")
        installation.sync("anna")
        card = one_contact(installation, crm_id)
        assert (card["folder"], card["spouseName"], folders(installation, crm_id)) == (folder, "William", [folder])
        installation.second_plan_is_empty()


def test_C7_a_shared_contact_moves_for_all_and_the_plan_warns_whom_it_leaves(installation: Installed) -> None:
    """Moved in Anna's Outlook, it moves in Ben's, whose chosen folders it leaves: her plan says so, text and JSON. It
    then sleeps there, and wakes when it comes back; a folder that only Outlook has chosen counts too."""
    control = installation.control
    for user in ("anna", "ben"):
        installation.settings(user, only_my_items="no")
    installation.settings("ben", crm_folders="Clients")
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", folder="Clients")
    installation.sync()
    control.move_contact(upn("anna"), one_contact(installation, crm_id)["id"], "Press")
    plan = installation.plan("anna")
    assert actions(plan) == [("update", "crm", "Ada Lovelace")]
    told = "in ben@firm.example it is then out of scope: CRM folder not chosen"
    assert plan["actions"][0]["warnings"] == [told]
    assert f"warning: {told}" in installation.sync("anna").out
    action = moved(installation.plan("ben"))
    assert action["warnings"] == ["the last time: CRM folder not chosen"]
    installation.sync("ben")
    assert {one_contact(installation, crm_id, user)["folder"] for user in ("anna", "ben")} == {"Press"}
    installation.second_plan_is_empty()
    installation.edit_person(crm_id, title="not for Ben now")
    installation.sync()
    assert not one_contact(installation, crm_id, "ben")["jobTitle"]

    installation.settings("anna", m365_folders="Press")
    installation.sync()
    installation.edit_person(crm_id, folder="Clients")
    action = moved(installation.plan("ben"))
    assert action["warnings"] == ["in anna@firm.example it is then out of scope: Outlook folder not chosen"]
    installation.sync()
    assert {one_contact(installation, crm_id, user)["folder"] for user in ("anna", "ben")} == {"Clients"}
    assert one_contact(installation, crm_id, "ben")["jobTitle"] == "not for Ben now"
    installation.edit_person(crm_id, title="for Ben")
    installation.sync()
    assert [one_contact(installation, crm_id, user)["jobTitle"] for user in ("anna", "ben")] == [
        "not for Ben now",
        "for Ben",
    ]


def test_C11_a_user_who_leaves_a_team_loses_exactly_its_contacts(installation: Installed) -> None:
    """No record is touched: the next tick removes what Ben may not read any more, lists nothing and reads nobody
    else's; given back, each is there once."""
    control = installation.control
    installation.settings("ben", only_my_items="no")
    of_anna = [installation.person(firstname="Of", lastname=f"Anna {n}", email=f"a{n}@mill.example") for n in range(3)]
    of_ben = installation.person("ben", firstname="Of", lastname="Ben")
    installation.import_csv("shares.csv", [{"Contact Id": of_anna[2], "User": "ben", "Access": "read"}])
    own = installation.card("ben", givenName="Own", surname="Card")
    installation.sync()
    assert len(installation.cards("ben")) == 5
    before = installation.people()
    mine = {card["surname"]: card["id"] for card in installation.cards("ben")}
    teams(installation, "ben", "Support")
    assert installation.people() == before, "no record was touched"
    plan = installation.plan("ben")
    assert actions(plan) == [("delete", "m365", "Of Anna 0"), ("delete", "m365", "Of Anna 1")]
    assert {action["reason"] for action in plan["actions"]} == {"no permission"}
    control.reset("log")
    installation.sync("ben")
    left = {card["surname"]: card["id"] for card in installation.cards("ben")}
    assert left == {name: id for name, id in mine.items() if name not in ("Anna 0", "Anna 1")} and own in left.values()
    asked = [
        (one["method"], one["path"], one["query"]) for request in control.log() for one in request["batch"] or [request]
    ]
    listings = [one for one in asked if one[1].endswith("/contacts/delta") and "deltatoken" not in one[2]]
    assert listings == [] and asked, "only what changed was asked for"
    assert len([one for one in asked if one[0] == "DELETE"]) == 2
    assert installation.people() == before
    installation.second_plan_is_empty()

    teams(installation, "ben", "Sales")
    assert {action[:2] for action in actions(installation.plan("ben"))} == {("create", "m365")}
    installation.sync()
    assert sorted(card["surname"] for card in installation.cards("ben")) == sorted(mine)
    assert len(installation.cards("anna")) == 3 and installation.people() == before
    assert of_ben in before


def teams(installed: Installed, user: str, team: str) -> None:
    """The user is in this team now, and in no other."""
    installed.import_csv("users.csv", [{"user_name": user, "teams": team}])
