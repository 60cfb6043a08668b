"""The rules decide: what is edited in a rule file changes what happens, mistakes are told before anything is touched,
and a plan says which line causes what."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from evidence import database, outlook, writes
from installed import Installed, Ran, command

ROOT = Path(__file__).parents[2]


def line(installed: Installed, text: str) -> str:
    """``contacts.rules:55`` for the line of the installation's rule file that has ``text`` in it."""
    lines = (installed.folder / "rules" / "contacts.rules").read_text("utf-8").splitlines()
    (number,) = (number for number, found in enumerate(lines, start=1) if text in found)
    return f"contacts.rules:{number}"


# ---- R1: everything stands in the rule file ------------------------------------------------------------------------


def test_R1_the_direction_of_a_line(installation: Installed) -> None:
    """``->`` instead of ``<->``: what is edited in Outlook stays there, everything else goes on."""
    installation.edit_rules("title                <->  jobTitle", "title                 ->  jobTitle")
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", title="Poet")
    installation.sync("anna")
    card = installation.card_of("anna", "Lovelace")
    assert card["jobTitle"] == "Poet"
    installation.edit_card("anna", card["id"], jobTitle="Countess", assistantName="Sam")
    installation.sync("anna")
    assert installation.people()[crm_id]["title"] == "Poet"
    assert installation.people()[crm_id]["assistant"] == "Sam"


def test_R1_a_field_is_mapped_elsewhere_and_another_for_the_first_time(installation: Installed) -> None:
    """A line changed and a line added; fields that no line names stay empty."""
    installation.edit_rules("assistant            <->  assistantName", "assistant            <->  spouseName")
    installation.edit_rules(
        "  birthday             <->", "  contacttype          <->  profession\n  birthday             <->"
    )
    installation.person(firstname="Ada", lastname="Lovelace", assistant="Charles", contacttype="Poet", fax="1")
    installation.sync("anna")
    card = installation.card_of("anna", "Lovelace")
    assert (card["spouseName"], card["profession"], card["assistantName"]) == ("Charles", "Poet", None)
    installation.edit_card("anna", card["id"], profession="Mathematician")
    installation.sync("anna")
    assert installation.named("Lovelace")[0]["contacttype"] == "Mathematician"


def test_R1_a_map_of_one_line_carries_one_field(installation: Installed) -> None:
    """No mapping stands anywhere else: with all other lines deleted, nothing else travels."""
    path = installation.folder / "rules" / "contacts.rules"
    text = path.read_text("utf-8")
    head, rest = text.split("\nmap\n")
    path.write_text(f"{head}\nmap\n  lastname  <->  surname\n\nfirst agreement\n{rest.split('first agreement')[1][1:]}")
    installation.person(
        firstname="Ada", lastname="Lovelace", title="Poet", email="ada@x.example", mobile="+44 20 7946 0001",
        birthday="1815-12-10", description="notes", folder="Clients", mailingcity="London", accountid="Engines",
    )  # fmt: skip
    installation.sync("anna")
    (card,) = installation.cards("anna")
    names = {"givenName", "jobTitle", "mobilePhone", "birthday", "personalNotes", "companyName", "assistantName"}
    assert card["surname"] == "Lovelace" and not any(card[name] for name in names)
    assert (card["emailAddresses"], card["businessAddress"], card["folder"]) == ([], {}, "Contacts")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", "from the CRM"),
        ("newest              default crm", "newest              default m365", "from Outlook"),
        ("crm wins:      when setting.conflict is crm", "m365 wins:     when setting.conflict is crm", "from Outlook"),
    ],
)  # fmt: skip
def test_R1_conflict_precedence(installation: Installed, old: str, new: str, expected: str) -> None:
    """A default or a line of ``conflict`` edited: the other side wins."""
    if old:
        installation.edit_rules(old, new)
    if "wins" in old:
        installation.edit_rules(
            "m365 wins:     when setting.conflict is m365", "crm wins:      when setting.conflict is m365"
        )
    crm_id = installation.person(firstname="Ada", lastname="Lovelace", title="Poet")
    installation.sync("anna")
    installation.edit_person(crm_id, title="from the CRM")
    installation.edit_card("anna", installation.card_of("anna", "Lovelace")["id"], jobTitle="from Outlook")
    installation.sync("anna")
    assert installation.people()[crm_id]["title"] == expected


def test_R1_what_happens_to_new_contacts_and_who_takes_part(installation: Installed) -> None:
    """A policy, a scope line and a match line edited: no Python, no setting, no restart of anything."""
    installation.edit_rules("created in m365:     create in crm", "created in m365:     leave alone")
    installation.edit_rules(
        "needs crm.includeinsync                          else", 'needs crm.department is "Wool"                  else'
    )
    installation.edit_rules(
        '"not ticked"      when setting.ticked_only', '"not ticked"      when not setting.ticked_only'
    )
    installation.card("anna", givenName="Grace", surname="Hopper")
    installation.person(firstname="Ada", lastname="Lovelace", department="Wool")
    installation.person(firstname="Mary", lastname="Shelley", department="Paper")
    installation.sync("anna")
    assert sorted(card["surname"] for card in installation.cards("anna")) == ["Hopper", "Lovelace"]
    assert installation.named("Hopper") == []


# ---- R2, R3: one grammar, and mistakes ------------------------------------------------------------------------------


def alone(folder: Path, *names: str) -> Path:
    """A folder with copies of these folders of the project, and nothing else of it."""
    for name in names:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(words: list[str], folder: Path) -> Ran:
    """A process that finds modules in ``folder`` first."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "XDG_CACHE_HOME": str(folder)}
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=folder, env=environment)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_R2_the_language_is_the_one_lark_grammar(tmp_path: Path) -> None:
    """Another word in ``grammar/rules.lark``, and the language has that word instead of the old one."""
    assert [path.name for path in (ROOT / "grammar").iterdir()] == ["rules.lark"]
    folder = alone(tmp_path, "engine", "grammar", "rules")
    check = command(None, "check", "rules")
    fine = run(check, folder).out
    assert re.fullmatch(r"activities: \d+ entries, no problems\.\ncontacts: .*\ntasks: .*\n", fine)
    grammar, files = folder / "grammar" / "rules.lark", sorted((folder / "rules").glob("*.rules"))
    text = grammar.read_text("utf-8")
    changed = re.sub(r"^(NEEDS\b.*)needs", r"\1requires", text, flags=re.MULTILINE)
    assert changed != text
    grammar.write_text(changed, "utf-8")
    refused = run(check, folder)
    needed = sum(path.read_text("utf-8").count(" needs ") for path in files)
    assert needed > 5
    assert refused.code == 1 and refused.out.count("“needs” can't stand here; wanted: “requires”.") == needed
    for path in files:
        path.write_text(path.read_text("utf-8").replace(" needs ", " requires "), "utf-8")
    assert run(check, folder).out == fine


MISTAKES = {
    "misspelt field": ("mobile               <->", "mobil                <->", "mobil", "Did you mean “mobile”?"),
    "misspelt field in Outlook": ("<->  jobTitle", "<->  jobTitel", "jobTitel", "Did you mean “jobTitle”?"),
    "wrong arrow": ("title                <->", "title                <>", "<>", "<->"),
    "unknown setting": ("setting.ticked_only", "setting.tiked_only", "setting.tiked_only", "ticked_only"),
    "unknown lens": ("as postal_address    #", "as postal_adress    #", "postal_adress", "postal_address"),
    "unknown policy": ("delete in m365\n  deleted in m365", "remove in m365\n  deleted in m365", "remove in m365",
                       "delete in m365"),
    "unanswered reason": ('else "not ticked"  ', 'else "not tickt"   ', "crm   needs crm.includeinsync",
                          "Add under leaving scope"),
    "another language": ("language 1", "language 7", "language 7", "Write language 1"),
}  # fmt: skip


@pytest.mark.parametrize("what", MISTAKES)
def test_R3_a_mistake_has_file_line_column_caret_and_suggestion(installation: Installed, what: str) -> None:
    """And is told before anything is read or written, by every command that uses rules."""
    old, new, marked, suggestion = MISTAKES[what]
    installation.person(firstname="Ada", lastname="Lovelace")
    before = database(installation), outlook(installation.control)
    installation.edit_rules(old, new)
    text = (installation.folder / "rules" / "contacts.rules").read_text("utf-8")
    place = text.index(marked, text.rfind("\n", 0, text.index(new)) + 1)
    number, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
    installation.control.reset("log")

    told = installation.tandem("check", code=1).out
    head, *rest = told.splitlines()
    assert re.match(rf"T\d{{3}} .*contacts\.rules:{number}:{column}  ", head), told
    (shown,) = (n for n, found in enumerate(rest) if found.startswith(f"  {number} | "))
    carets = rest[shown + 1]
    assert carets.strip(" |") and set(carets) <= set(" |^"), told
    source = text.splitlines()[number - 1]
    assert rest[shown].endswith(source)
    assert carets.index("^") - rest[shown].index(source) == column - 1, told
    assert suggestion in "\n".join(rest[shown + 2 :]), told
    assert told.endswith("1 problem found.\n")
    for words in (["plan"], ["sync"], ["sync", "--full", "--user", "anna"], ["run", "--once"]):
        ran = installation.tandem(*words, code=1)
        assert head.split("  ")[0].split()[0] in ran.err and ran.out == ""
    assert installation.control.log() == []
    assert (database(installation), outlook(installation.control)) == before
    installation.edit_rules(new, old)


def test_R3_all_mistakes_of_all_files_are_told_in_one_run(installation: Installed) -> None:
    """One message per mistake, none for what follows from another."""
    names = ("misspelt field", "wrong arrow", "unknown setting", "unknown policy")
    for old, new, _, _ in map(MISTAKES.__getitem__, names):
        installation.edit_rules(old, new)
    found = installation.tandem("check", "--json", code=1).json()["problems"]
    assert len(found) == len(names)
    assert [one["line"] for one in found] == sorted(one["line"] for one in found)
    for old, new, _, _ in map(MISTAKES.__getitem__, names):
        installation.edit_rules(new, old)


# ---- R4: one runner -------------------------------------------------------------------------------------------------

ON_ITS_OWN = """\
import importlib.util, sys
spec = importlib.util.spec_from_file_location("notes", sys.argv[1])
notes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notes)
tests = [test for name, test in vars(notes).items() if name.startswith("test_")]
for test in tests:
    test()
import engine
assert engine.__path__[0].startswith(sys.argv[2]), engine.__path__
rooms = {"crm", "graph_client", "state", "tandem", "graph_emulator"} & set(sys.modules)
print(len(tests), "scenarios;", "rooms:", *rooms)
"""


def test_R4_the_engine_alone_keeps_a_record_type_in_step_that_it_has_never_heard_of(tmp_path: Path) -> None:
    """The runner in a folder of its own, without CRM, Graph client or contacts, works on notes and notebook pages:
    two field tables and a rule file is all that is new."""
    folder = alone(tmp_path, "engine", "grammar")
    notes = ROOT / "tests" / "unit" / "engine" / "sync" / "test_fourth_record_type.py"
    ran = run([sys.executable, "-W", "error", "-c", ON_ITS_OWN, str(notes), str(folder)], folder)
    assert (ran.code, ran.out) == (0, "3 scenarios; rooms:\n"), ran.err


def without_docstrings(path: Path) -> str:
    """The module's code; what explains it to people may give examples."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


def test_R4_the_engine_names_no_field_of_the_shipped_rules(installation: Installed) -> None:
    """Every field that the map of the shipped rule file names is a word that no line of the engine's code has."""
    text = (installation.folder / "rules" / "contacts.rules").read_text("utf-8")
    lines = text.split("\nmap\n")[1].split("\nfirst agreement\n")[0].splitlines()
    pairs = [found.groups() for found in map(re.compile(r"  (\w+) +<?->? +(\w+)").match, lines) if found]
    ordinary = {"user", "yes", "title", "other", "folder", "description", "birthday", "phone", "email", "department"}
    names = {name for pair in pairs for name in pair} - ordinary
    assert len(names) >= 20
    code = "\n".join(map(without_docstrings, (ROOT / "engine").rglob("*.py")))
    assert "def decide" in code and names & set(re.findall(r"\w+", code)) == set()


# ---- R5: the dry run ------------------------------------------------------------------------------------------------


def test_R5_a_plan_shows_every_change_with_its_rule_line_and_writes_nothing(installation: Installed) -> None:
    """Per record and per field, before and after; the CRM, the mailboxes and the state stay as they are."""
    edited = installation.person(firstname="Ada", lastname="Lovelace", title="Poet", mobile="+44 20 7946 0001")
    deleted = installation.person(firstname="Mary", lastname="Shelley")
    installation.sync()
    installation.edit_person(edited, title="Countess", mobile="")
    installation.delete_person(deleted)
    installation.person(firstname="Grace", lastname="Hopper", email="grace@navy.example")
    installation.card("anna", givenName="Nellie", surname="Bly")
    before = database(installation), outlook(installation.control)
    installation.control.reset("log")

    out = installation.process("plan", "--user", "anna").out
    titles, deletion = line(installation, "<->  jobTitle"), line(installation, "deleted in crm:")
    wanted = [
        r"^~ update in m365 +Ada Lovelace$",
        rf'^      jobTitle +"Poet" → "Countess" +{titles}$',
        rf'^      mobilePhone +"\+44 20 7946 0001" → \(empty\) +{line(installation, "<->  mobilePhone")}$',
        rf"^- delete in m365 +Mary Shelley +deleted in the CRM +{deletion}$",
        r"^\+ create in m365 +Grace Hopper",
        rf'^      emailAddresses\[1\]\.address +"grace@navy.example" +{line(installation, "emailAddresses[1]")}$',
        r"^\+ create in crm +Nellie Bly",
        rf'^      assigned_user_id +"anna" +{line(installation, "<-   user ")}$',
        r"^Plan for anna@firm\.example \(contacts\): 1 to create, 1 to update, 1 to delete in Microsoft 365; "
        r"1 to create in the CRM$",
    ]
    for pattern in wanted:
        assert re.search(pattern, out, re.MULTILINE), f"{pattern}\n{out}"
    for options in (["--json"], ["--full"], ["--html", installation.folder / "plan.html"], ["--exit-code"]):
        installation.tandem("plan", *options, code=2 if options == ["--exit-code"] else 0)
    page = (installation.folder / "plan.html").read_text("utf-8")
    assert "Countess" in page and titles in page
    assert (database(installation), outlook(installation.control)) == before
    assert writes(installation.control) == []
    planned = {(one["side"], one["verb"], one["title"]) for one in installation.plan("anna")["actions"]}
    done = installation.sync("anna").out
    assert "Done: 1 created, 1 updated, 1 deleted in Microsoft 365; 1 created in the CRM." in done
    assert len(planned) == 4
