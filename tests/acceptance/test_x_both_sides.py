"""Both sides edit one record between two syncs: edits of different fields survive, whichever two fields they are."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diary import Diary, at, day, instant
from installed import Installed, upn

Json = dict[str, Any]


def splits(count: int) -> Iterator[list[bool]]:
    """Who edits which of so many fields, record by record: for any two fields there is a record whose first is edited
    in the CRM and whose second is edited in Outlook. Two records for each binary digit of the fields' numbers do."""
    for digit in range((count - 1).bit_length()):
        for one in (False, True):
            yield [(number >> digit & 1 == 1) is one for number in range(count)]


def test_the_splits_part_every_two_fields_both_ways() -> None:
    """What the tests below stand on."""
    parted = {(i, j) for split in splits(17) for i in range(17) for j in range(17) if split[i] and not split[j]}
    assert parted == {(i, j) for i in range(17) for j in range(17) if i != j}


@dataclass(frozen=True)
class Both:
    """One mapped field: a new value, by a number that makes it unique; how each side is given it and shows it."""

    value: Callable[[int], str]
    edit: str
    held: Callable[[Json], Any]
    put: Callable[[Json, str], None]
    shown: Callable[[Json], Any]


def plain(crm: str, card: str, held: Callable[[Json], Any] | None = None) -> Both:
    def put(properties: Json, value: str) -> None:
        properties[card] = value

    return Both(lambda n: f"{crm} {n}", crm, held or (lambda one: one[crm]), put, lambda one: one[card])


def phone(crm: str, card: str, slot: int | None = None) -> Both:
    def put(properties: Json, value: str) -> None:
        if slot is None:
            properties[card] = value
        else:
            properties[card][slot] = value

    def shown(one: Json) -> Any:
        return one[card] if slot is None else one[card][slot]

    return Both(lambda n: f"+44 20 7946 {n:04}", crm, lambda one: one[crm], put, shown)


def email(crm: str, slot: int) -> Both:
    def put(properties: Json, value: str) -> None:
        properties["emailAddresses"][slot] = {"address": value, "name": value}

    return Both(lambda n: f"{crm}.{n}@mill.example", crm, lambda one: one[crm], put,
                lambda one: one["emailAddresses"][slot]["address"])  # fmt: skip


def city(crm: str, card: str) -> Both:
    def put(properties: Json, value: str) -> None:
        properties[card]["city"] = value

    return Both(lambda n: f"City {n}", f"{crm}city", lambda one: one[crm][1], put, lambda one: one[card]["city"])


def birthday(properties: Json, value: str) -> None:
    properties["birthday"] = f"{value}T00:00:00Z"


FIELDS: list[Both] = [
    plain("firstname", "givenName"), plain("lastname", "surname"), plain("title", "jobTitle"),
    plain("department", "department"), plain("accountid", "companyName", lambda one: one["accountid"]["name"]),
    email("email", 0), email("email2", 1), phone("phone", "businessPhones", 0),
    phone("otherphone", "businessPhones", 1), phone("mobile", "mobilePhone"), phone("homephone", "homePhones", 0),
    plain("assistant", "assistantName"), city("mailing", "businessAddress"), city("other", "otherAddress"),
    Both(lambda n: f"19{n // 28 % 100:02}-02-{n % 28 + 1:02}", "birthday", lambda one: one["birthday"], birthday,
         lambda one: one["birthday"][:10]),
    plain("description", "personalNotes"),
    Both(lambda n: f"Folder {n}", "folder", lambda one: one["folder"][0]["name"], lambda card, value: None,
         lambda one: one["folder"]),
]  # fmt: skip
"""Every line of the map that goes both ways."""
SENT = ("emailAddresses", "businessPhones", "homePhones", "businessAddress", "otherAddress")
"""What a person's edit in Outlook sends whole."""


def edited(installed: Installed, card: Json, given: Mapping[int, str]) -> None:
    """A person's edit of these fields in Outlook, in one go but for the folder."""
    properties = {name: copy.deepcopy(card[name]) for name in SENT}
    for number, value in given.items():
        FIELDS[number].put(properties, value)
    installed.edit_card("anna", card["id"], **properties)
    if len(FIELDS) - 1 in given:
        installed.control.create_folder(upn("anna"), given[len(FIELDS) - 1])
        installed.control.move_contact(upn("anna"), card["id"], given[len(FIELDS) - 1])


def test_X1_edits_of_different_fields_of_a_contact_survive_on_both_sides(installation: Installed) -> None:
    """Every mapped field on the one side against every other on the other side, the folder among them; both sides hold
    all edits afterwards and no plan replaces an entry."""
    halves = list(splits(len(FIELDS)))
    values = [[field.value(1 + 40 * record + n) for n, field in enumerate(FIELDS)] for record in range(len(halves))]
    agreed = [[field.value(2001 + 40 * record + n) for n, field in enumerate(FIELDS)] for record in range(len(halves))]
    ids = [
        installation.person(**{field.edit: text for field, text in zip(FIELDS, texts, strict=True)}) for texts in agreed
    ]
    installation.sync("anna")
    cards = {card["surname"]: card for card in installation.cards("anna")}
    rows = []
    for record, split in enumerate(halves):
        card = cards[agreed[record][1]]
        assert [field.shown(card) for field in FIELDS] == agreed[record]
        crm = {FIELDS[n].edit: values[record][n] for n, here in enumerate(split) if here}
        rows.append({"Contact Id": ids[record], **crm})
        edited(installation, card, {n: values[record][n] for n, here in enumerate(split) if not here})
    for row in rows:
        installation.edit_person(row.pop("Contact Id"), **row)
    plan = installation.plan("anna")
    assert not [change for action in plan["actions"] for change in action["changes"] if change["replaces_an_entry"]]
    installation.sync("anna")
    people = installation.people()
    cards = {card["surname"]: card for card in installation.cards("anna")}
    assert len(cards) == len(people) == len(halves)
    for record, wanted in enumerate(values):
        assert [field.held(people[ids[record]]) for field in FIELDS] == wanted
        assert [field.shown(cards[wanted[1]]) for field in FIELDS] == wanted


def test_X1_edits_of_different_fields_of_a_meeting_survive_on_both_sides(installation: Installed, diary: Diary) -> None:
    """Subject, beginning, end, place and privacy, each against each other."""
    halves = list(splits(5))
    ids = [diary.meets(f"Meeting {record}", days=3 + record) for record in range(len(halves))]
    diary.sync("anna")
    for record, split in enumerate(halves):
        on = 3 + record
        crm = [
            {"subject": f"New {record}"}, {"date_start": f"{day(on)} 11:30Z"}, {"date_end": f"{day(on)} 14:30Z"},
            {"location": f"Place {record}"}, {"private": "yes"},
        ]  # fmt: skip
        event: list[Json] = [
            {"subject": f"New {record}"}, {"start": at(on, "11:30")}, {"end": at(on, "14:30")},
            {"location": {"displayName": f"Place {record}"}}, {"sensitivity": "private"},
        ]  # fmt: skip
        there = diary.event(subject=f"Meeting {record}")
        here = {name: value for n, part in enumerate(crm) if split[n] for name, value in part.items()}
        diary.edits(
            "anna", there["id"], **{k: v for n, part in enumerate(event) if not split[n] for k, v in part.items()}
        )
        installation.edit_task(ids[record], **here)
    diary.sync("anna")
    for record in range(len(halves)):
        on, activity, found = 3 + record, diary.activities()[ids[record]], diary.event(subject=f"New {record}")
        assert [activity[n] for n in ("subject", "date_start", "date_end", "location", "private")] == [
            f"New {record}", instant(on, "11:30"), instant(on, "14:30"), f"Place {record}", True,
        ]  # fmt: skip
        assert [found[end]["dateTime"][:16] for end in ("start", "end")] == [f"{day(on)}T11:30", f"{day(on)}T14:30"]
        assert (found["location"]["displayName"], found["sensitivity"]) == (f"Place {record}", "private")
