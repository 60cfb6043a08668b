"""The demo firm is data other tests and the demo lean on: its bytes and its numbers are proved from the files alone."""

import csv
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "tandem" / "firm"
GRAPH_PROPERTIES = {
    "folder", "givenName", "surname", "displayName", "emailAddresses", "businessPhones", "homePhones", "mobilePhone",
    "companyName", "department", "jobTitle", "assistantName", "businessAddress", "otherAddress", "birthday",
    "personalNotes", "categories",
}  # fmt: skip
#: National numbers kept free for drama: London, the five-hundred cities, Tyneside, Cardiff, Belfast, anywhere, mobiles.
DRAMA = r"(20794600?\d{3}|1[1-6]\d4960\d{3}|1914980\d{3}|2920180\d{3}|2896496\d{3}|1632960\d{3}|7700900\d{3})"

Row = dict[str, str]
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """What one Outlook contact finds in the CRM among the contacts its user may read."""

    user: str
    item: Item
    found: tuple[str, ...]


def rows(name: str) -> list[Row]:
    with (HOME / "crm" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def loaded(name: str) -> Any:
    return json.loads((HOME / name).read_text(encoding="utf-8"))


CONTACTS = rows("contacts")
BY_ID = {row["Contact Id"]: row for row in CONTACTS}
USERS = {row["user_name"]: row for row in rows("users")}
TENANT = loaded("mailboxes/tenant.json")
MAILBOXES: dict[str, Item] = {name: loaded(f"mailboxes/{row['email1']}.json") for name, row in USERS.items()}
SETTINGS = loaded("settings.json")
EDITS: list[Item] = loaded("edits.json")


def fold(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "").strip().casefold()


def addresses(item: Item) -> list[str]:
    return [fold(entry["address"]) for entry in item["emailAddresses"]]


def teams(user: str) -> set[str]:
    return set(USERS[user]["teams"].split("; "))


def readable(user: str) -> list[Row]:
    """The CRM contacts a user may read, by the rule of the firm's README."""
    shared = {share["Contact Id"] for share in rows("shares") if share["User"] == user or share["Team"] in teams(user)}
    return [row for row in CONTACTS if teams(row["Assigned To"]) & teams(user) or row["Contact Id"] in shared]


def name_key(first: str | None, last: str | None, company: str | None) -> tuple[str, str, str] | None:
    key = (fold(first), fold(last), fold(company))
    return key if all(key) else None


def found_in(contacts: list[Row], item: Item) -> tuple[str, ...]:
    """Contact ids an Outlook contact matches: by e-mail, else by name and company."""
    mails = set(addresses(item))
    by_mail = [r["Contact Id"] for r in contacts if mails & {fold(r["Email"]), fold(r["Private Email"])} - {""}]
    if by_mail:
        return tuple(by_mail)
    key = name_key(item["givenName"], item["surname"], item["companyName"])
    return tuple(
        row["Contact Id"]
        for row in contacts
        if key and name_key(row["First Name"], row["Last Name"], row["Organisation Name"]) == key
    )


def all_matches() -> list[Match]:
    return [
        Match(user, item, found_in(contacts, item))
        for user in USERS
        for contacts in [readable(user)]
        for item in MAILBOXES[user]["contacts"]
    ]


MATCHES = all_matches()


def is_chosen(user: str, folder: str) -> bool:
    chosen = SETTINGS["users"].get(user, {}).get("m365_folders")
    return chosen is None or folder in chosen


def taken() -> list[list[Match]]:
    """Groups of items of one mailbox that all match one and the same CRM contact."""
    groups: dict[tuple[str, str], list[Match]] = defaultdict(list)
    for match in MATCHES:
        if len(match.found) == 1:
            groups[match.user, match.found[0]].append(match)
    return [group for group in groups.values() if len(group) > 1]


def ambiguous() -> list[Match]:
    return [match for match in MATCHES if len(match.found) > 1]


def texts(value: object) -> Iterator[str]:
    """Every string inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def test_the_generator_writes_exactly_these_bytes(tmp_path: Path) -> None:
    """Running the script again gives every file as it stands here, and no other."""
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_firm.py", "--into", tmp_path], check=True, capture_output=True
    )
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    kept = {path.relative_to(HOME): path.read_bytes() for path in HOME.rglob("*.*") if path.name != "README.md"}
    assert made == kept


def test_the_firm_is_small() -> None:
    """All of it stays under a megabyte and a half."""
    assert sum(path.stat().st_size for path in HOME.rglob("*.*")) < 1_500_000


def test_the_readme_explains_every_label() -> None:
    """The label table of the README is the header of contacts.csv, no more and no less."""
    table = re.findall(r"^\| ([^|`]+) \| `(\w+)` \|", (HOME / "README.md").read_text(encoding="utf-8"), re.M)
    assert [label for label, _ in table] == list(CONTACTS[0])
    assert len({field for _, field in table}) == len(table) == 31


def test_six_users_in_two_teams_five_connected() -> None:
    """One manager is in both teams, and one user never connects."""
    assert len(USERS) == 6
    assert {row["Team"] for row in rows("teams")} == {team for user in USERS for team in teams(user)}
    assert [user for user in USERS if len(teams(user)) == 2] == ["helen.marlowe"]
    assert len(SETTINGS["connected"]) == 5
    assert set(SETTINGS["connected"]) | set(SETTINGS["users"]) < set(USERS)
    assert [user["userPrincipalName"] for user in TENANT["users"]] == [row["email1"] for row in USERS.values()]
    assert len({user["id"] for user in TENANT["users"]}) == 6


def test_more_than_four_hundred_crm_contacts_whose_references_exist() -> None:
    """Owners, folders and companies named by a contact are there, ids and dates are well formed."""
    folders = {row["Folder"] for row in rows("folders")}
    companies = Counter(row["Organisation Name"] for row in rows("companies"))
    assert len(BY_ID) == len(CONTACTS) == 436
    assert companies.total() == 92
    for row in CONTACTS:
        assert row["Contact Id"].isdecimal()
        assert row["Assigned To"] in USERS
        assert set(filter(None, row["Folder"].split("; "))) <= folders
        assert companies[row["Organisation Name"]] == 1
        assert row["Include in Sync"] in {"yes", "no"}
        assert not row["Birthday"] or date.fromisoformat(row["Birthday"])


@pytest.mark.parametrize("user", USERS)
def test_a_mailbox_is_what_graph_could_hold(user: str) -> None:
    """70 to 99 contacts in declared folders, at most 3 addresses and 2 + 2 numbers, birthdays at 11:59."""
    mailbox = MAILBOXES[user]
    declared = {"Contacts"}
    for folder in mailbox["contactFolders"]:
        assert folder["parent"] is None or folder["parent"] in declared
        declared.add("/".join(filter(None, (folder["parent"], folder["displayName"]))))
    assert 70 <= len(mailbox["contacts"]) <= 99
    for item in mailbox["contacts"]:
        assert set(item) == GRAPH_PROPERTIES
        assert item["folder"] in declared
        assert len(item["emailAddresses"]) <= 3
        assert len(item["businessPhones"]) <= 2
        assert len(item["homePhones"]) <= 2
        assert item["birthday"] is None or re.fullmatch(r"\d{4}-\d\d-\d\dT11:59:00Z", item["birthday"])
        assert "\n" not in (item["personalNotes"] or "").replace("\r\n", "")
        assert item["displayName"]


def test_twenty_six_new_people_stand_in_several_mailboxes_of_one_team() -> None:
    """The CRM knows none of them, their users share a team, and most are described differently."""
    seen: dict[str, list[Match]] = defaultdict(list)
    for match in MATCHES:
        key = name_key(match.item["givenName"], match.item["surname"], match.item["companyName"])
        if not match.found and key and is_chosen(match.user, match.item["folder"]):
            seen["/".join(key)].append(match)
    shared = [group for group in seen.values() if len(group) > 1]
    assert len(shared) == 26
    assert all(set.intersection(*(teams(match.user) for match in group)) for group in shared)
    assert sum(len({json.dumps(match.item) for match in group}) > 1 for group in shared) >= 15
    assert any(len(group) == 3 for group in shared)
    assert sum(not set.intersection(*(set(addresses(match.item)) for match in group)) for group in shared) == 6


def test_more_than_a_hundred_people_are_in_the_crm_and_in_their_owners_outlook_differently() -> None:
    """Some are recognised by e-mail, some by name and company; job titles, notes, numbers differ."""
    own = [m for m in MATCHES if len(m.found) == 1 and BY_ID[m.found[0]]["Assigned To"] == m.user]
    by_mail = [
        m
        for m in own
        if set(addresses(m.item)) & {fold(BY_ID[m.found[0]]["Email"]), fold(BY_ID[m.found[0]]["Private Email"])}
    ]
    differing = [
        m
        for m in own
        if (m.item["jobTitle"] or "", m.item["mobilePhone"] or "", m.item["department"] or "")
        != (BY_ID[m.found[0]]["Title"], BY_ID[m.found[0]]["Mobile"], BY_ID[m.found[0]]["Department"])
    ]
    assert len(own) >= 200
    assert len(by_mail) >= 150
    assert len(own) - len(by_mail) >= 30
    assert len(differing) >= 100


def test_five_matches_are_ambiguous() -> None:
    """Each of the five has an address that two contacts of its own user hold, whatever else that user may read."""
    undecided = ambiguous()
    assert [match.user for match in undecided] == [
        "helen.marlowe",
        "callum.reid",
        "priya.nair",
        "tom.okafor",
        "grace.lindqvist",
    ]
    for match in undecided:
        assert len(match.found) == 2
        assert {BY_ID[number]["Assigned To"] for number in match.found} == {match.user}
        assert {BY_ID[number]["Include in Sync"] for number in match.found} == {"yes"}
        assert is_chosen(match.user, match.item["folder"])


def test_three_crm_contacts_are_taken_twice() -> None:
    """Three times, two items of one mailbox match the same contact of that mailbox's user."""
    groups = taken()
    assert sorted(group[0].user for group in groups) == ["callum.reid", "priya.nair", "tom.okafor"]
    for group in groups:
        assert len(group) == 2
        assert BY_ID[group[0].found[0]]["Assigned To"] == group[0].user
        assert all(is_chosen(match.user, match.item["folder"]) for match in group)


def test_one_company_name_stands_twice() -> None:
    """Three Outlook contacts name it, one of them known to the CRM at another company."""
    twins = [
        name for name, count in Counter(row["Organisation Name"] for row in rows("companies")).items() if count > 1
    ]
    named = [match for match in MATCHES if match.item["companyName"] in twins]
    assert len(twins) == 1
    assert sorted(len(match.found) for match in named) == [0, 0, 1]


def test_the_readme_names_everything_that_waits_for_a_person() -> None:
    """Every ambiguous item, doubled contact and undecidable company is listed, at least five in all."""
    readme = (HOME / "README.md").read_text(encoding="utf-8")
    waiting = [match.item for match in (*ambiguous(), *(match for group in taken() for match in group))]
    waiting += [match.item for match in MATCHES if match.item["companyName"] == "Ferryside Marine"]
    assert len(ambiguous()) + len(taken()) >= 5
    assert [item["displayName"] for item in waiting if item["displayName"] not in readme] == []


def test_nobody_matches_only_what_their_user_may_not_read() -> None:
    """Else a tick would rightly make a second CRM contact of a person whom the CRM has."""
    for match in MATCHES:
        if not match.found:
            assert not found_in(CONTACTS, match.item), match.item["displayName"]


def test_unchosen_folders_hold_private_and_known_people() -> None:
    """Some contacts in folders that were not chosen are strangers to the CRM, some are its own."""
    unchosen = [match for match in MATCHES if not is_chosen(match.user, match.item["folder"])]
    assert {match.item["folder"] for match in unchosen} == {"Family", "Archive"}
    assert sum(not match.found for match in unchosen) == 32
    assert sum(len(match.found) == 1 for match in unchosen) == 4


def test_unticked_contacts_and_contacts_of_colleagues() -> None:
    """21 contacts are unticked, some with an Outlook twin; each mailbox knows people of a colleague's."""
    unticked = {row["Contact Id"] for row in CONTACTS if row["Include in Sync"] == "no"}
    assert len(unticked) == 21
    assert sum(bool(unticked & set(match.found)) for match in MATCHES) >= 5
    assert SETTINGS["organisation"]["ticked_only"] == "yes"
    theirs = Counter(m.user for m in MATCHES if len(m.found) == 1 and BY_ID[m.found[0]]["Assigned To"] != m.user)
    assert all(theirs[user] >= 7 for user in USERS)


def test_contacts_are_shared_between_teams_to_read_and_to_edit() -> None:
    """A share opens a contact to a team or a user that would not see it otherwise."""
    shares = rows("shares")
    assert sorted(share["Access"] for share in shares) == ["edit", "edit", "read", "read", "read"]
    for share in shares:
        owner_teams = teams(BY_ID[share["Contact Id"]]["Assigned To"])
        assert bool(share["Team"]) != bool(share["User"])
        assert not ({share["Team"]} if share["Team"] else teams(share["User"])) & owner_teams


def test_details_that_break_careless_programs_are_there() -> None:
    """Right-to-left and Chinese letters, emoji, decomposed accents, odd numbers, long notes, street lines."""
    outlook = [item for mailbox in MAILBOXES.values() for item in mailbox["contacts"]]
    names = [row["First Name"] + row["Last Name"] for row in CONTACTS] + [item["displayName"] for item in outlook]
    directions = {unicodedata.bidirectional(letter) for name in names for letter in name}
    scripts = {unicodedata.name(letter).split()[0] for name in names for letter in name if letter.isalpha()}
    assert {"R", "AL"} <= directions
    assert {"CJK", "HANGUL", "GREEK", "CYRILLIC"} <= scripts
    assert any(unicodedata.category(letter) == "So" for name in names for letter in name)
    assert any(unicodedata.normalize("NFC", name) != name for name in names)
    numbers = {row["Office Phone"] for row in CONTACTS}
    assert {"+44 (0)20 7946 0123 ext. 4", "020-7946 0123", "07700 900 123 (not Fridays)"} <= numbers | {
        row["Other Phone"] for row in CONTACTS
    }
    notes = [row["Description"] for row in CONTACTS]
    assert sum(len(note) > 2000 for note in notes) >= 5
    assert max(map(len, notes)) <= 5000
    assert any("\n" in note and "\r" not in note for note in notes)
    assert any("\r\n" in (item["personalNotes"] or "") for item in outlook)
    assert any(item["businessAddress"].get("street", "").count("\r\n") == 2 for item in outlook)
    assert sum("\n" in row["Mailing Street"] for row in CONTACTS) >= 2


def test_nothing_leads_to_anyone_real() -> None:
    """Every address ends in .example, every telephone number is of a range kept free, no postcode can exist."""
    outlook = [item for mailbox in MAILBOXES.values() for item in mailbox["contacts"]]
    everything = [*texts(CONTACTS), *texts(outlook), *texts(EDITS), *texts(TENANT), *texts(list(USERS.values()))]
    mails = [found for text in everything for found in re.findall(r"\S+@\S+", text)]
    assert len(mails) > 1000
    assert all(mail.endswith(".example") for mail in mails)
    columns = ("Office Phone", "Mobile", "Home Phone", "Other Phone", "Fax")
    numbers = {row[column] for row in CONTACTS for column in columns}
    numbers |= {number for item in outlook for number in (*item["businessPhones"], *item["homePhones"])}
    numbers |= {item["mobilePhone"] or "" for item in outlook}
    for number in numbers - {""}:
        digits = re.sub(r"\D", "", re.split(r"ext|x|\(not", number)[0])
        national = re.sub(r"^(0044|44)?0?", "", digits)
        assert re.fullmatch(DRAMA, national) or re.fullmatch(r"1555(555)?01\d\d|33199001234", digits), number
    postcodes = {row[column] for row in CONTACTS for column in ("Mailing Postcode", "Other Postcode")}
    british = {code for code in postcodes if re.match(r"[A-Z]{2}", code)}
    assert all(set(code.split()[1][1:]) & set("CIKMOV") for code in british)


def matching_edit(edit: Item) -> list[Item]:
    """The records an edit's `find` points at, as the files stand before the first sync."""
    if edit["side"] == "crm":
        return [row for row in CONTACTS if row["Email"] == edit["find"]["email"]]
    user = edit["mailbox"].split("@")[0]
    return [item for item in MAILBOXES[user]["contacts"] if edit["find"]["emailAddress"] in addresses(item)]


def test_each_edit_of_the_second_act_finds_one_record_and_says_why() -> None:
    """Every edit has a sentence and one act; what it looks for is there exactly once."""
    assert 12 <= len(EDITS) <= 18
    for edit in EDITS:
        assert edit["say"].endswith((".", "…"))
        assert len({"change", "create", "delete"} & set(edit)) == 1
        if "create" not in edit:
            assert len(matching_edit(edit)) == 1, edit["say"]


def test_the_second_act_shows_every_kind_of_edit() -> None:
    """Merge, conflict, deletion and creation on each side, reassignment, refusal, unticking."""
    kinds = Counter((edit["side"], kind) for edit in EDITS for kind in ("change", "create", "delete") if kind in edit)
    assert all(kinds[side, kind] >= 1 for side in ("crm", "m365") for kind in ("change", "create", "delete"))
    m365 = {
        edit["find"]["emailAddress"]: edit["change"] for edit in EDITS if edit["side"] == "m365" and "change" in edit
    }
    crm = {edit["find"]["email"]: edit["change"] for edit in EDITS if edit["side"] == "crm" and "change" in edit}
    both = [(m365[mail], crm[mail]) for mail in m365.keys() & crm.keys()]
    assert any("mobilePhone" in left and "mobile" in right for left, right in both)
    assert any("mobilePhone" in left and "title" in right for left, right in both)
    assert any("assigned_user_id" in change and change["assigned_user_id"] in USERS for change in crm.values())
    assert any(change == {"includeinsync": "no"} for change in crm.values())
    assert any(4900 < len(change.get("personalNotes") or "") <= 5000 for change in m365.values())


def test_the_refused_edit_is_by_a_user_who_may_only_read() -> None:
    """The contact is a colleague's of the other team, shared to read, in a folder both sides have chosen."""
    [edit] = [edit for edit in EDITS if "refused" in edit["say"]]
    user = edit["mailbox"].split("@")[0]
    [row] = [row for row in readable(user) if row["Email"] == edit["find"]["emailAddress"]]
    [share] = [share for share in rows("shares") if share["Contact Id"] == row["Contact Id"]]
    assert not teams(row["Assigned To"]) & teams(user)
    assert (share["Access"], share["Team"]) == ("read", "Sales South")
    chosen = SETTINGS["users"][user]
    assert chosen["only_my_items"] == "no"
    assert row["Folder"] in chosen["crm_folders"]
    assert row["Folder"] in chosen["m365_folders"]
