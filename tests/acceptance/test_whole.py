"""The installation as a whole: it is founded, planned, synced and looked at through the command line alone."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import time
from pathlib import Path

from installed import CLIENT, Installed, upn


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


def test_init_completes_what_is_there_and_says_what_next(installation: Installed) -> None:
    """Init on a whole installation changes nothing; it makes a removed rules folder again."""
    out = installation.tandem("init", installation.folder, "--client-id", CLIENT).out
    assert "complete and up to date" in out and "crm import" in out
    assert (
        "says something else for: client_id"
        in installation.tandem("init", installation.folder, "--client-id", "other", code=1).err
    )
    shutil.rmtree(installation.folder / "rules")
    assert "There is no rules folder" in installation.tandem("plan", code=1).err
    assert "rules" in installation.tandem("init", installation.folder).out


def test_a_revoked_sign_in_pauses_one_user_alone(installation: Installed) -> None:
    """The others go on, the paused one is told to connect again, and after connecting goes on as well."""
    installation.person(owner="anna", firstname="Ada", lastname="Lovelace")
    installation.person(owner="ben", firstname="Bo", lastname="Peep")
    installation.control.revoke_sign_in(upn("anna"))
    ran = installation.sync(code=1)
    assert f"Error: {upn('anna')}" in ran.err and "tandem user connect anna" in ran.err
    assert installation.card_of("ben", "Peep") and installation.cards("anna") == []
    listed = installation.tandem("user", "list").out
    assert re.search(r"anna .* paused", listed) and re.search(r"ben .* connected", listed)
    assert installation.tandem("run", "--once").err == ""
    installation.connect("anna")
    installation.sync()
    assert installation.card_of("anna", "Lovelace")


def test_a_disconnected_user_is_left_alone_and_can_come_back(installation: Installed) -> None:
    """Disconnecting keeps records on both sides; connecting again takes up the links, without doubles."""
    installation.person(firstname="Ada", lastname="Lovelace", email="ada@x.example")
    installation.sync()
    assert "disconnected" in installation.tandem("user", "disconnect", "anna").out
    assert "is not connected" in installation.tandem("plan", "--user", "anna", code=1).err
    assert len(installation.cards("anna")) == len(installation.people()) == 1
    installation.connect("anna")
    assert installation.plan("anna")["actions"] == []


def test_a_busy_mailbox_says_who_works_on_it(installation: Installed) -> None:
    """A lease that another process holds is respected and told."""
    installation.person(firstname="Ada", lastname="Lovelace")
    until = int(time.time() * 1000) + 60_000
    with sqlite3.connect(installation.folder / "tandem.db") as database:
        database.execute("UPDATE lease SET holder = 'process 1 on elsewhere', fence = 99, expires_at = ?", (until,))
    database.close()
    ran = installation.sync("anna", code=1)
    assert "process 1 on elsewhere works on this mailbox" in ran.err and installation.cards("anna") == []
    with sqlite3.connect(installation.folder / "tandem.db") as database:
        database.execute("UPDATE lease SET expires_at = 0")
    database.close()


def _line(process_out: object) -> str:
    return str(process_out.readline())  # type: ignore[attr-defined]


def test_the_loop_takes_up_edited_rules_and_stops_cleanly(installation: Installed) -> None:
    """`tandem run` syncs round after round, says what it does, goes by edited rules, survives broken ones, and ends
    on SIGTERM with exit code 0."""
    installation.person(firstname="Ada", lastname="Lovelace", title="Countess")
    process = installation.start("run", "--every", "0.005")
    try:
        assert process.stdout is not None and process.stderr is not None
        assert _line(process.stdout).rstrip().endswith(f"{upn('anna')}  contacts: 1 created in Microsoft 365")
        text = (installation.folder / "rules" / "contacts.rules").read_text("utf-8")
        (installation.folder / "rules" / "contacts.rules").write_text("nonsense", "utf-8")
        told = _line(process.stderr)
        while "go on until this is put right" not in told:
            told = _line(process.stderr)
        edited = re.sub(r"(?m)^(  title +<->  )jobTitle", r"\1profession", text)
        assert edited != text
        (installation.folder / "rules" / "contacts.rules").write_text(edited, "utf-8")
        assert "1 updated in Microsoft 365" in _line(process.stdout)
        assert installation.card_of("anna", "Lovelace")["profession"] == "Countess"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0 and "Stopped after" in err and "Traceback" not in err
    finally:
        process.kill()
        process.communicate()


def test_settings_are_shown_where_they_come_from(installation: Installed) -> None:
    """Organisation, user and default values are told apart, and a user's choice yields to the organisation's."""
    installation.settings(direction="to_crm")
    installation.settings("anna", only_my_items="no", crm_folders=["clients", "Press"])
    shown = installation.tandem("user", "show", "anna").out
    assert re.search(r"direction +to_crm +organisation", shown) and re.search(r"only_my_items +no +user", shown)
    assert re.search(r"crm_folders +Clients; Press +user", shown) and re.search(r"m365_folders +everything +def", shown)
    ran = installation.tandem("user", "set", "anna", "m365_folders", "Clints")
    assert "Did you mean “Clients”?" in ran.err
    installation.tandem("org", "set", "--users-may-edit", "no")
    assert re.search(r"only_my_items +yes", installation.tandem("user", "show", "anna").out)
    installation.settings("anna", only_my_items="default", crm_folders="everything", m365_folders="everything")


def test_history_tells_every_write(installation: Installed) -> None:
    """Runs are listed, and each write to a record with before, after, the rule and how it ended."""
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", mobile="+44 20 7946 0001")
    installation.sync()
    installation.edit_person(crm_id, mobile="+44 20 7946 0002")
    installation.sync()
    card = installation.card_of("anna", "Lovelace")["id"]
    writes = installation.tandem("history", card, "--json").json()["writes"]
    assert [(one["class"], one["state"]) for one in writes] == [("create", "done"), ("update", "done")]
    (change,) = writes[1]["changes"]
    assert (change["before"], change["after"]) == ("+44 20 7946 0001", "+44 20 7946 0002")
    assert change["entry"] == "contacts/map/mobile<->mobilePhone"
    runs = installation.tandem("history", "--json").json()["runs"]
    assert [run["outcome"] for run in runs] == ["done", "done"]
    assert "update in m365  done" in installation.tandem("history", "--run", runs[0]["run"]).out
    assert "Nothing was ever written" in installation.tandem("history", "nobody", code=1).err


def test_the_crm_goes_out_and_comes_back(installation: Installed, tmp_path: Path) -> None:
    """An export is its owner's alone, and importing it again changes nothing."""
    installation.person(firstname="=Ada", lastname="Lovelace", mobile="+44 20 7946 0001", folder="Clients; Press")
    installation.tandem("crm", "export", tmp_path / "out")
    assert (tmp_path / "out" / "contacts.csv").stat().st_mode & 0o077 == 0
    out = installation.tandem("crm", "import", tmp_path / "out").out
    assert "new" not in out and "updated" not in out and "contacts.csv    1 unchanged" in out


def test_edits_go_by_the_rights_of_the_user_named(installation: Installed) -> None:
    """Ben, of Anna's team, may edit her contact; Cara may not even see it."""
    crm_id = installation.person(firstname="Ada", lastname="Lovelace")
    installation.edit_person("ada lovelace", by="ben", title="Countess")
    assert installation.people()[crm_id]["title"] == "Countess"
    ran = installation.tandem("crm", "edit", crm_id, "title=x", "--as", "cara", code=1)
    assert "cara may not see this contact" in ran.err
    assert "no field titel" in installation.tandem("crm", "edit", crm_id, "titel=x", code=1).err


def test_a_guarded_plan_waits_for_the_person_who_read_it(installation: Installed, tmp_path: Path) -> None:
    """More deletions than the guard allows stop sync and apply alike, until that very plan is confirmed."""
    ids = [installation.person(firstname="P", lastname=f"Number{number}") for number in range(12)]
    installation.sync()
    for crm_id in ids:
        installation.delete_person(crm_id)
    ran = installation.sync("anna", code=1)
    assert "12 deletions in Microsoft 365: more than 10 (12 linked records here)" in ran.err
    assert "Nothing was written." in ran.out and len(installation.cards("anna")) == 12
    assert "The guard stops this plan" in installation.tandem("plan", "--user", "anna").out

    path = tmp_path / "plan.json"
    saved = installation.tandem("plan", "--out", path).err
    digest = re.search(r"--confirm (\w+)", saved)
    assert digest
    assert digest[1] in installation.tandem("apply", path, code=1).err
    assert "is not this file's" in installation.tandem("apply", path, "--confirm", "0" * 32, code=1).err
    assert len(installation.cards("anna")) == 12
    installation.tandem("apply", path, "--confirm", digest[1], "--exit-code", code=2)
    assert installation.cards("anna") == []


def test_a_guarded_plan_is_confirmed_by_its_digest(installation: Installed) -> None:
    """`tandem sync --confirm` runs the plan that was read, and no other."""
    ids = [installation.person(firstname="P", lastname=f"Number{number}") for number in range(13)]
    installation.sync()
    for crm_id in ids[1:]:
        installation.delete_person(crm_id)
    digest = installation.plan("anna")["digest"]
    installation.delete_person(ids[0])
    assert "The guard stops" in installation.sync("anna", "--confirm", digest, code=1).err
    assert len(installation.cards("anna")) == 13
    installation.sync("anna", "--confirm", installation.plan("anna")["digest"])
    assert installation.cards("anna") == []
