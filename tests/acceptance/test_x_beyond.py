"""No echo, exit codes, and what is held until a person settles it."""

from __future__ import annotations

from typing import Any

import pytest
from evidence import crm, outlook, writes
from installed import Installed, upn

HOURS = 3600.0


def awkward_pairs(installed: Installed) -> None:
    """Contacts full of what Outlook, or the CRM, puts in another way than it was given."""
    for owner in ("anna", "ben"):
        installed.person(
            owner, firstname="  Zoë ", lastname="O’Brontë 🌱", title="Head  of   Wool", email="Zoe@Mill.example",
            email2=f"home@{owner}.example", phone="020 7946 0001", mobile="(07700) 900 123", mailingstreet="1 High St",
            mailingstreet2="Back door", mailingcity="Leeds", birthday="1980-02-29", accountid="Mill & Sons",
            description="first\r\nsecond\r\n\r\n  third  ",
        )  # fmt: skip
        installed.card(
            owner, givenName="Ann ", surname=f"Lee of {owner}", businessPhones=["0113 496 0000", "+44 113 496 0001"],
            emailAddresses=[{"address": f"a@{owner}.example", "name": "Ann Lee"}, {"address": f"b@{owner}.example"}],
            birthday="1975-07-01T00:00:00Z", personalNotes="line\r\nline\n", homeAddress={"city": "Hull"},
        )  # fmt: skip


def settled_late(card: dict[str, Any]) -> dict[str, Any]:
    """The card's notes and business numbers as the service may come to spell them after a while."""
    notes = card["personalNotes"].replace("\r\n", "\n").strip()
    return {"personalNotes": notes, "businessPhones": [one.replace(" ", "") for one in card["businessPhones"]]}


def content(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = {"changeKey", "@odata.etag", "lastModifiedDateTime"}
    return [{name: value for name, value in card.items() if name not in keys} for card in cards]


def test_X2_five_ticks_without_edits_write_nothing(installation: Installed) -> None:
    """While Outlook bumps change keys, puts things its own way late, and its clock runs hours off."""
    awkward_pairs(installation)
    control = installation.control
    control.set_clock(offset=5 * HOURS)
    installation.sync()
    installation.sync()
    spellings = [settled_late(card) for card in installation.cards("anna")]
    for card, spelling in zip(installation.cards("anna"), spellings, strict=True):
        assert {name: card[name] for name in spelling} != spelling
        control.normalise_late(upn("anna"), card["id"], reads=2, properties=spelling)
    before, of_ben = crm(installation), installation.cards("ben")
    control.reset("log")
    for tick, offset in enumerate((-7, 3, -1, 0, 11)):
        control.set_clock(offset=offset * HOURS)
        for user in ("anna", "ben"):
            control.touch_all(upn(user))
        options = ("--full",) if tick == 3 else ()
        assert installation.sync(None, "--exit-code", *options).out.count("nothing to write") == 3 + 1, "and Planner"
    assert writes(control) == []
    assert crm(installation) == before
    assert [{name: card[name] for name in settled_late(card)} for card in installation.cards("anna")] == spellings
    assert installation.cards("ben") != of_ben, "the change keys did move"
    assert content(installation.cards("ben")) == content(of_ben)


def test_X2_what_the_service_changes_late_is_no_edit_of_a_person_s_other_field(installation: Installed) -> None:
    """A late respelling arrives together with a real edit: the edit travels, the respelling causes no write back."""
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", mobile="+44 7700 900123")
    installation.sync("anna")
    card = installation.card_of("anna", "Lovelace")
    installation.edit_card("anna", card["id"], mobilePhone="+447700900123", jobTitle="Countess")
    installation.control.reset("log")
    installation.sync("anna")
    assert installation.people()[crm_id]["title"] == "Countess"
    assert installation.people()[crm_id]["mobile"] == "+44 7700 900123"
    assert writes(installation.control) == []


def test_X4_exit_codes_tell_no_change_changes_and_errors(installation: Installed) -> None:
    """0, 2 and 1, of plan, sync and apply alike; without ``--exit-code`` changes are 0."""
    saved = installation.folder / "plan.json"
    for command in (["plan"], ["sync"], ["plan", "--user", "anna"]):
        installation.tandem(*command, "--exit-code", code=0)
    installation.person(firstname="Ada", lastname="Lovelace")
    installation.tandem("plan", code=0)
    installation.process("plan", "--exit-code", "--out", saved, code=2)
    installation.process("apply", saved, "--exit-code", code=2)
    installation.tandem("apply", saved, "--exit-code", code=0)
    installation.person(firstname="Grace", lastname="Hopper")
    installation.tandem("sync", "--exit-code", code=2)
    installation.process("sync", "--exit-code", code=0)


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "--user", "nobody"], ["plan", "--colour"], ["sync", "--user", "nobody"], ["apply", "missing.json"],
        ["held", "settle", "ffff", "--create"], ["org", "set", "direction", "sideways"], ["crm", "edit", "10", "x=1"],
        ["nonsense"],
    ],
)  # fmt: skip
def test_X4_an_error_is_exit_code_1_with_a_message(installation: Installed, words: list[str]) -> None:
    """Never 0, never 2, nothing on standard output, no traceback, nothing written."""
    before = crm(installation), outlook(installation.control)
    ran = installation.tandem(*words, code=1)
    assert ran.out == "" and ran.err.strip()
    assert (crm(installation), outlook(installation.control)) == before


def test_X4_rules_with_problems_and_a_silent_service_are_errors(installation: Installed) -> None:
    """Exit code 1 with ``--exit-code`` as well, so that a script never takes an error for a change."""
    installation.edit_rules("as company_by_name", "as company_by_nmae")
    installation.process("plan", "--exit-code", code=1)
    installation.tandem("sync", "--exit-code", code=1)
    installation.edit_rules("as company_by_nmae", "as company_by_name")
    refused = {"kind": "status", "status": 400, "code": "BadRequest"}
    installation.control.add_rule(refused, path="batch", count=0)
    installation.process("plan", "--exit-code", code=1)
    installation.tandem("sync", "--exit-code", code=1)


# ---- held ----------------------------------------------------------------------------------------------------------


def ambiguous(installed: Installed) -> tuple[str, str]:
    """An Outlook contact that two CRM records match, held by a sync; the ids of the two."""
    one = installed.person(firstname="Ann", lastname="Lee", email="office@mill.example")
    two = installed.person(firstname="Anna", lastname="Leigh", email="office@mill.example")
    installed.card("anna", givenName="A.", surname="Lee-Leigh", email="office@mill.example", jobTitle="Buyer")
    installed.sync("anna")
    return one, two


def held(installed: Installed) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = installed.tandem("held", "list", "--json").json()["held"]
    return listed


def test_X18_an_ambiguous_match_is_listed_with_reason_and_what_to_do(installation: Installed) -> None:
    """Nothing is created meanwhile, on either side, however often the sync runs and in whatever process."""
    candidates = ambiguous(installation)
    for run in (installation.process, installation.tandem, installation.tandem):
        run("sync", "--full")
    assert len(installation.people()) == 2 and len(installation.cards("anna")) == 1
    out = installation.process("held").out
    assert "A. Lee-Leigh" in out and "2 CRM records match" in out and "contacts.rules:" in out
    assert all(id in out for id in candidates) and "Ann Lee" in out
    assert "tandem held settle ID --link CRM-ID | --create | --ignore" in out
    (one,) = held(installation)
    assert tuple(one["candidates"]) == tuple(sorted(candidates))
    plan = installation.plan("anna", "--full")
    assert plan["actions"] == []


def test_X18_settled_by_naming_the_crm_contact(installation: Installed) -> None:
    """``--link``: that pair is kept in step from then on, and the other candidate goes its own way."""
    chosen, other = ambiguous(installation)
    (one,) = held(installation)
    installation.tandem("held", "settle", one["id"][:8], "--link", chosen)
    assert installation.people()[chosen]["title"] is None, "settling alone writes nothing"
    installation.sync("anna")
    assert held(installation) == []
    assert installation.people()[chosen]["title"] == "Buyer"
    assert installation.people()[other]["title"] is None
    installation.sync("anna")
    assert len(installation.people()) == 2 and len(installation.cards("anna")) == 2


def test_X18_settled_as_somebody_new(installation: Installed) -> None:
    """``--create`` makes a third CRM record; the two candidates reach Outlook as themselves."""
    ambiguous(installation)
    (one,) = held(installation)
    installation.tandem("held", "settle", one["id"], "--create")
    installation.sync("anna")
    installation.sync("anna")
    assert held(installation) == []
    assert sorted(person["lastname"] for person in installation.people().values()) == ["Lee", "Lee-Leigh", "Leigh"]
    assert len(installation.cards("anna")) == 3


def test_X18_left_out_by_a_person(installation: Installed) -> None:
    """``--ignore``: it is not listed any more and never comes back; the candidates reach Outlook as themselves."""
    ambiguous(installation)
    (one,) = held(installation)
    installation.tandem("held", "settle", one["id"], "--ignore")
    installation.sync("anna")
    installation.sync("anna", "--full")
    assert held(installation) == []
    installation.edit_card("anna", one["m365_id"], jobTitle="Seller")
    installation.sync("anna", "--full")
    assert sorted(person["lastname"] for person in installation.people().values()) == ["Lee", "Leigh"]
    assert held(installation) == [] and len(installation.cards("anna")) == 3


def test_X18_what_solves_itself_needs_no_person(installation: Installed) -> None:
    """One candidate loses the address in the CRM: the item is matched with the other at the next tick."""
    chosen, other = ambiguous(installation)
    installation.edit_person(other, email="leigh@mill.example")
    installation.sync("anna")
    assert held(installation) == []
    assert installation.people()[chosen]["title"] == "Buyer"


def test_X18_a_second_card_of_the_same_person_is_held(installation: Installed) -> None:
    """A match that belongs to another item of the mailbox: neither merged nor doubled, and listed."""
    installation.person(firstname="Ann", lastname="Lee", email="ann@mill.example")
    for _ in range(2):
        installation.card("anna", givenName="Ann", surname="Lee", email="ann@mill.example")
    installation.sync("anna")
    (one,) = held(installation)
    assert one["reason"] == "the CRM record that matches belongs to another item"
    assert len(installation.people()) == 1


def test_X18_what_waits_is_remembered_across_restarts_and_lost_cursors(installation: Installed) -> None:
    """An item delivered while nobody could act on it is acted on once the reason goes, without being edited again."""
    installation.settings("anna", crm_folders="Clients")
    installation.card("anna", "Press", givenName="Nellie", surname="Bly")
    installation.process("sync")
    (waiting,) = installation.tandem("held", "list", "--all", "--json").json()["held"]
    assert (waiting["title"], waiting["state"]) == ("Nellie Bly", "waiting")
    assert waiting["reason"] == "it would be out of scope: CRM folder not chosen"
    assert installation.people() == {}
    installation.control.expire_delta_tokens()
    installation.settings("anna", crm_folders="everything")
    installation.process("sync")
    assert [person["lastname"] for person in installation.people().values()] == ["Bly"]
