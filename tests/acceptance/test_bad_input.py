"""Wrong input and failing surroundings: one message that says what to do, exit code 1, nothing half-written."""

from __future__ import annotations

import random
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from installed import Installed, Ran, upn
from wrong import contents, limited, locked, no_file_above, refused, told, unchanged, without_rights_of_root

HEAD = "First Name,Last Name,Email,Description\n"
AT_FAULT = "the files of the installation stay broken"


@pytest.fixture
def news(installation: Installed) -> Installed:
    """An installation in which Anna has a new Outlook contact: a tick would write."""
    installation.card("anna", givenName="Grace", surname="Hopper", email="grace@navy.example")
    return installation


def rules(here: Installed) -> Path:
    return here.folder / "rules" / "contacts.rules"


def without_controls(ran: Ran) -> bool:
    """Nothing in the message steers a terminal."""
    return all(c.isprintable() or c == "\n" for c in ran.err)


# ---- rule files ----


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  mobile  ", "  mobil   ", (":62:3", "no field called “mobil”", "^^^^^", "Did you mean “mobile”")),
        ("mobile               <->", "mobile               <=>", (":62:24", "is not an arrow", "^^^", "Write <->")),
        ("language 1", "language 9", (":1:1", "language 9; Tandem reads 1", "Write language 1")),
        ("deleted in crm:      delete", "deleted in crm:      destroy", (":85:", "delete in m365")),
    ],
    ids=["misspelt field", "wrong arrow", "unknown language", "unknown policy"],
)  # fmt: skip
def test_a_wrong_rule_file_stops_the_sync(news: Installed, old: str, new: str, says: tuple[str, ...]) -> None:
    """The message has file, line, column, caret and what to write; neither side nor the state is touched."""
    good = rules(news).read_text("utf-8")
    news.edit_rules(old, new)
    with unchanged(news):
        refused(news, "sync", says=("contacts.rules:", *says))
    rules(news).write_text(good, "utf-8")


def test_random_bytes_are_no_rule_file(news: Installed) -> None:
    """Any bytes are answered with a place and a hint, and none of them reaches the terminal."""
    good = rules(news).read_bytes()
    with unchanged(news):
        rules(news).write_bytes(random.Random(7).randbytes(3000))
        assert without_controls(refused(news, "sync", says=("contacts.rules:1:", "not UTF-8 text", "Save the file")))
        rules(news).write_bytes(b"language 1\n\x1b[31m\x00\x07\n")
        assert without_controls(refused(news, "sync", says=("contacts.rules:2:", "can't be seen: U+001B")))
    rules(news).write_bytes(good)


def test_a_missing_rules_folder(news: Installed) -> None:
    """The message names the folder and says how to get one back; what it says works."""
    kept = (news.folder / "rules").rename(news.folder / "elsewhere")
    with unchanged(news):
        refused(news, "sync", says=(f"no rules folder {news.folder / 'rules'}", "tandem init FOLDER"))
    news.process("init", news.folder)
    assert rules(news).read_text("utf-8") == (kept / "contacts.rules").read_text("utf-8")


# ---- CSV ----


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f'{HEAD}Ann,Lee,a@x.example,"n"\nBob,Moe,b@x.example,"cut'.encode(), ("line 3", "never closed", "export it")),
        (f"{HEAD}Ann,Lee,a@x.example,note\nBob,Mo".encode(), ("line 3", "2 cells", "cut off")),
        (f"{HEAD}Zoë,Müller,z@x.example,x\n".encode("latin-1"), ("line 2", "not UTF-8", "CSV UTF-8")),
        (f"{HEAD}Zoë,Müller,z@x.example,x\n".encode("utf-16"), ("UTF-16", "CSV UTF-8")),
        (random.Random(3).randbytes(500), ("contacts.csv, line 1", "UTF-8")),
        (b"", ("is empty", "name columns")),
        (b"Frist Name,Last Name\nA,B\n", ("line 1", "Frist Name", "Did you mean “First Name”")),
        (f"{HEAD}Ann,Lee,a@x.example,n\nBob,Moe,b@x.example,{'x' * 70_000}\n".encode(), ("line 3",)),
    ],
    ids=["cut in a cell", "cut in a row", "latin-1", "utf-16", "random", "empty", "column", "long"],
)  # fmt: skip
def test_a_wrong_csv_file_imports_nothing(installation: Installed, content: bytes, says: tuple[str, ...]) -> None:
    """A folder whose last file is wrong is imported not at all: not its good rows, and not its good files."""
    folder = installation.folder / "in"
    folder.mkdir()
    (folder / "companies.csv").write_text("Organisation Name\nAcme\n", "utf-8")
    (folder / "contacts.csv").write_bytes(content)
    installation.ends_open = "nothing was synced"
    with unchanged(installation):
        assert without_controls(refused(installation, "crm", "import", folder, says=("contacts.csv", *says)))


# ---- Microsoft 365 in trouble ----

ELSEWHERE = {"Location": "https://evil.example/"}
NO_MAILBOX, DENIED = "MailboxNotEnabledForRESTAPI", "ErrorAccessDenied"
FAULTS: Final[dict[str, tuple[dict[str, object], str, str]]] = {
    "html": ({"kind": "html"}, "batch", "not Graph's JSON. Check the Graph address"),
    "html error": ({"kind": "html", "status": 502}, "batch", "not working now (HTTP 502). Run again later"),
    "cut in a page": ({"kind": "cut"}, "contacts/delta", "cut in the middle"),
    "endless link": ({"kind": "endless_next"}, "contacts/delta", "does not come to an end (2 pages read)"),
    "ever new links": ({"kind": "endless_next", "fresh": True}, "contacts/delta", "does not come to an end (51 pages"),
    "foreign link": ({"kind": "foreign_link", "host": "evil.example"}, "contacts/delta", "it was not followed"),
    "redirect": ({"kind": "status", "status": 302, "headers": ELSEWHERE}, "delta", "redirect, which is not followed"),
    "no mailbox": ({"kind": "status", "status": 404, "code": NO_MAILBOX}, "delta", "Nothing was taken as deleted"),
    "forbidden": ({"kind": "status", "status": 403, "code": DENIED}, "delta", "does not let this account read"),
    "deep": ({"kind": "deep", "size": 20_000}, "contacts/delta", "not Graph's JSON"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_nonsense_from_the_service_writes_nothing(news: Installed, name: str) -> None:
    """A listing that fails is no listing: nothing is believed, nothing is written, and the next tick works."""
    action, path, says = FAULTS[name]
    news.sync("ben")  # Planner, which is looked at after every mailbox, is known from here on
    news.control.add_rule(action, path=path, count=0)
    with unchanged(news):
        ran = refused(news, "sync", "--user", "anna", says=(f"Error: {upn('anna')}: ", says))
    assert ran.out.strip() == "Plan for Planner (tasks): nothing to write"
    assert all("evil" not in request["path"] for request in news.control.log())
    news.control.reset("faults")
    news.sync("anna")
    assert len(news.named("Hopper")) == 1


def test_a_service_that_is_not_there(news: Installed) -> None:
    """The message names the address; a plan and a connection attempt say so too."""
    file = news.folder / "tandem.toml"
    good = file.read_text("utf-8")
    file.write_text(re.sub(r"localhost:\d+", "localhost:9", good), "utf-8")
    with unchanged(news):
        refused(news, "sync", "--user", "anna", says=("can't be reached at localhost:9", "Is the network up"))
        refused(news, "user", "connect", "anna", says=("sign-in service can't be reached", "Is the network up"))
    file.write_text(good, "utf-8")


def test_a_certificate_that_nobody_knows(news: Installed) -> None:
    """An untrusted certificate, and a CA file that is missing or none, are told apart."""
    file = news.folder / "tandem.toml"
    good = file.read_text("utf-8")
    with unchanged(news):
        for given, says in (
            ('""', "its certificate is not trusted. Check the CA file"),
            ('"nowhere.pem"', "nowhere.pem can't be read"),
            ('"tandem.toml"', "tandem.toml holds no certificates"),
        ):
            file.write_text(re.sub(r"ca_file = \S+", f"ca_file = {given}", good), "utf-8")
            refused(news, "sync", "--user", "anna", says=(says,))
    file.write_text(good, "utf-8")


def test_a_revoked_sign_in_pauses_that_user_alone(news: Installed) -> None:
    """Anna is paused with the command that helps; Ben and Cara go on; signed in again, she goes on as well."""
    news.person("ben", firstname="Ada", lastname="Lovelace")
    news.control.revoke_sign_in(upn("anna"))
    says = (f"Error: {upn('anna')}: ", "The sign-in to Microsoft 365 has ended", "tandem user connect anna")
    refused(news, "sync", says=(*says, "This mailbox alone is paused"))
    assert news.card_of("ben", "Lovelace") and not news.named("Hopper")
    with unchanged(news):
        refused(news, "sync", "--user", "anna", says=(*says, "paused"))
        refused(news, "plan", "--user", "anna", says=(*says, "paused"))
    refused(news, "sync", says=(*says, "paused"))
    rows = news.process("user", "list").out.splitlines()
    assert [row.split()[2] for row in rows[1:]] == ["paused", "connected", "connected"]
    assert news.process("run", "--once").err == ""
    news.connect("anna")
    news.sync("anna")
    assert len(news.named("Hopper")) == 1


def test_a_sign_in_that_cant_be_opened_stops_its_mailbox_alone(news: Installed) -> None:
    """A stored sign-in that was altered is told with what helps; the others' ticks go on."""
    with closing(sqlite3.connect(news.folder / "tandem.db")) as connection, connection:
        connection.execute(
            "UPDATE token_cache SET sealed = zeroblob(60) WHERE account_id IN"
            " (SELECT account_id FROM account WHERE upn = ?)", (upn("anna"),)
        )  # fmt: skip
    news.person("ben", firstname="Ada", lastname="Lovelace")
    refused(news, "sync", says=(upn("anna"), "can't be opened: it was altered", "connect the user again"))
    assert news.card_of("ben", "Lovelace")
    news.connect("anna")


# ---- the database ----


def test_a_locked_database(news: Installed) -> None:
    """Another process's lock is named within the busy time-out; once it is gone, the same command works."""
    with unchanged(news), locked(news.folder / "tandem.db"):
        began = time.monotonic()
        refused(news, "sync", "--user", "anna", says=("database is locked by another process", "try again"))
        assert time.monotonic() - began < 20
    news.process("sync", "--user", "anna")
    assert len(news.named("Hopper")) == 1


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_a_full_disk(news: Installed, share: float) -> None:
    """However far the disk lets it come, the sync ends with a message or is through; the next one finishes the work,
    and every person is there once."""
    for number in range(40):
        news.card("anna", givenName=f"P{number}", surname="Full", personalNotes="x" * 4000)
    size = int((news.folder / "tandem.db").stat().st_size * share)
    ran = limited(news, no_file_above(size), "sync", "--user", "anna")
    assert ran.code == 1 and told(ran, ("disk", "free space"))
    assert contents(news.folder / "tandem.db")
    news.sync("anna", "--full")
    assert len(news.named("Full")) == 40 and len(news.cards("anna")) == 41


def test_a_full_disk_for_what_commands_write(news: Installed) -> None:
    """An import is kept whole or not at all; a new installation and an export say that they could not be written."""
    rows = "".join(f"A{number},B{number},,{'x' * 900}\n" for number in range(500))
    file = news.folder / "contacts.csv"
    file.write_text(HEAD + rows, "utf-8")
    with unchanged(news):
        told(limited(news, no_file_above(100_000), "crm", "import", file), ("disk", "free space"))
        told(limited(news, no_file_above(10), "crm", "export", news.folder / "out"), ("can't be written",))
        told(limited(news, no_file_above(10), "init", news.folder / "new"), ("can't be made",))
    assert not (news.folder / "new" / "tandem.toml").exists()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda whole: b"no database at all " * 1000, ("damaged, or the file is not one", "backup")),
        (lambda whole: whole[: len(whole) // 2], ("damaged", "backup")),
        (lambda whole: whole[:8192] + random.Random(1).randbytes(len(whole) - 8192), ("damaged", "backup")),
        (lambda whole: b"", ("no Tandem tables", "tandem init")),
        (lambda whole: None, ("no database at", "tandem init")),
    ],
    ids=["text", "half", "random", "empty", "missing"],
)
def test_a_broken_database_file(news: Installed, spoil: object, says: tuple[str, ...]) -> None:
    """A database that is damaged, empty or gone is named as such; Microsoft 365 is not touched."""
    assert callable(spoil)
    database = news.folder / "tandem.db"
    content = spoil(database.read_bytes())
    database.unlink()
    if content is not None:
        database.write_bytes(content)
    before = news.control.state()
    refused(news, "sync", says=says)
    assert news.control.state() == before
    news.ends_open = AT_FAULT


# ---- the installation ----


def test_a_folder_that_may_not_be_written(news: Installed) -> None:
    """A read-only installation says so, and what to correct; so does a place where none can be made."""
    news.folder.chmod(0o500)
    (news.folder / "tandem.db").chmod(0o400)
    try:
        with unchanged(news):
            ran = limited(news, without_rights_of_root, "sync")
            assert ran.code == 1 and told(ran, ("can't be written", "permissions"))
            ran = limited(news, without_rights_of_root, "init", news.folder / "inner")
            assert ran.code == 1 and told(ran, ("can't be made", "Choose a folder that you may write"))
    finally:
        news.folder.chmod(0o700)
        (news.folder / "tandem.db").chmod(0o600)
    refused(news, "init", "/dev/null/inner", says=("can't be made", "Choose a folder that you may write"))


def test_a_key_file_that_is_missing_or_wrong(news: Installed) -> None:
    """Without the key nothing is sent; the message says how to go on, and that works."""
    key = news.folder / "secret.key"
    good = key.read_bytes()
    with unchanged(news):
        key.write_bytes(good[:10])
        refused(news, "sync", says=("secret.key is damaged", "own backup", "tandem init FOLDER"))
        key.write_bytes(good)
        key.chmod(0o644)
        refused(news, "sync", says=("can be read by others", "chmod 600"))
        key.unlink()
        refused(news, "sync", says=("secret.key is missing", "own backup", "tandem init FOLDER"))
        news.process("init", news.folder)
        refused(news, "sync", says=("can't be opened", "the key file is another", "connect the user again"))
    news.connect("anna", "ben", "cara")
    news.sync("anna")
    assert len(news.named("Hopper")) == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("interval_minutes", "intervall_minutes", ("no setting intervall_minutes", "Did you mean “interval_minutes”")),
        ("interval_minutes = 10", "interval_minutes = 0", ("interval_minutes must be a number of minutes above 0",)),
        ("interval_minutes = 10", "interval_minutes = ten", ("not valid TOML", "line 10")),
        ("[organisation]", "[organization]", ("no setting organization", "Did you mean “organisation”")),
        ("at_least = 25, share = 0.25", "at_least = 25, share = 25", ("guard.overwrite.share must be a share from 0",)),
        ('database = "sqlite:', 'database = "mysql:', ("doesn't run on mysql", "sqlite:///")),
    ],
    ids=["key", "value", "syntax", "section", "guard", "database"],
)
def test_a_misspelt_tandem_toml(news: Installed, old: str, new: str, says: tuple[str, ...]) -> None:
    """The message names the file, the key and what may stand there."""
    file = news.folder / "tandem.toml"
    good = file.read_text("utf-8")
    assert good.count(old) == 1
    file.write_text(good.replace(old, new), "utf-8")
    with unchanged(news):
        refused(news, "sync", says=says)
    file.write_text(good, "utf-8")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("org set contacts.direction bth", ("bth is not a value of direction", "Did you mean “both”")),
        ("org set direction both", ("Several rule files have a setting direction", "contacts.direction, tasks.dir")),
        ("org set directon both", ("no setting directon", "Did you mean “direction”")),
        ("user set anna only_my_items maybe", ("maybe is not a value of only_my_items", "yes or no")),
        ("user set ana only_my_items no", ("no user ana", "Did you mean “anna”")),
        ("user connect nobody", ("no user nobody", "tandem user list")),
        ("plan --user ana", ("no user ana", "Did you mean “anna”")),
        ("apply nowhere.json", ("nowhere.json can't be read", "tandem plan --out")),
        ("apply tandem.toml", ("not a saved plan", "tandem plan --out")),
        ("crm import nowhere", ("no file or folder nowhere", "Nothing was imported")),
        ("crm edit ada@x.example frstname=x", ("frstname", "firstname")),
        ("snyc", ("no command snyc", "Did you mean “sync”")),
        ("sync --usr anna", ("--usr", "--user")),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_misspelt_words_on_the_command_line(installation: Installed, words: str, says: tuple[str, ...]) -> None:
    """What is not known is answered with what may have been meant."""
    installation.person(firstname="Ada", lastname="Lovelace", email="ada@x.example")
    installation.ends_open = "nothing was synced"
    with unchanged(installation):
        refused(installation, *words.split(), says=says)


def test_no_installation_here(tmp_path: Path, installation: Installed) -> None:
    """Where there is none, the message says how to make or name one."""
    nowhere = Installed(tmp_path / "nowhere", installation.control)
    nowhere.folder.mkdir()
    refused(nowhere, "sync", says=(f"no Tandem installation in {nowhere.folder}", "tandem init"))
    assert not list(nowhere.folder.iterdir())
    installation.ends_open = "nothing was synced"
