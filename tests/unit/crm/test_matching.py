"""Finding contacts by keys: exactly what comparing every contact with every key would find."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import task_records
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.context import fold
from engine.records import Key, Record, Reference
from tests.unit.crm.desk import Desk, change, creation, deletion

NAMES = st.sampled_from(["Ann", "ANN", "ann", " Ann", "Élan", "E\u0301lan", "Straße", "STRASSE", "", "Bo"])
PATHS = ("firstname", "lastname", "accountid.name")


def value_of(record: Record, path: str) -> str:
    if path == "accountid.name":
        company = record.values["accountid"]
        return company.name if isinstance(company, Reference) else ""
    return str(record.values[path] or "")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(st.tuples(NAMES, NAMES, NAMES), min_size=1, max_size=6),
    wanted=st.lists(st.lists(NAMES, min_size=1, max_size=3), min_size=1, max_size=5),
)
def test_keys_find_what_a_comparison_of_all_finds(
    desk: Desk, people: list[tuple[str, str, str]], wanted: list[list[str]]
) -> None:
    """One to three terms that ignore case, over names with accents, spaces and special letters."""
    with desk.store.edit() as edit:
        if not any(user.id == "anna" for user in desk.store.users()):
            edit.create_user("anna")
    old = list(desk.store.records("Contact"))
    desk.write(*(deletion(record) for record in old))
    desk.write(
        *(creation(firstname=f, lastname=last, accountid=Reference(None, company)) for f, last, company in people)
    )
    keys = {Key("k", tuple(zip(PATHS, map(fold, values), strict=False)), ignore_case=True) for values in wanted}
    expected = {
        (key, record.id)
        for key, record in itertools.product(keys, desk.store.records("Contact"))
        if all(value and fold(value_of(record, path)) == value for path, value in key.terms)
    }
    assert set(desk.system.reader(desk.space()).find("Contact", keys)) == expected


def test_keys_follow_every_change(desk: Desk) -> None:
    """A new address, company name or folder-neutral edit: found under the new value only."""
    desk.people("anna")
    view = desk.system.reader(desk.space())

    def found(path: str, value: str) -> list[str]:
        return [crm_id for _, crm_id in view.find("Contact", [Key("k", ((path, value),), ignore_case=True)])]

    record = desk.written(creation(email="old@x.example", accountid=Reference(None, "Old Ltd")))
    record = desk.written(change(record, email="New@X.example", title="Buyer"))
    assert (found("email", "old@x.example"), found("email", "new@x.example")) == ([], [record.id])
    (company, _) = desk.store.companies()[0]
    with desk.store.edit() as edit:
        edit.change_company(str(company.id), accountname="New Ltd")
    assert (found("accountid.name", "old ltd"), found("accountid.name", "new ltd")) == ([], [record.id])
    with desk.store.edit() as edit:
        edit.update("Contact", record.id, {"email": None, "accountid": None})
    assert (found("email", "new@x.example"), found("accountid.name", "new ltd")) == ([], [])


def test_thousands_of_keys_are_a_few_statements(desk: Desk) -> None:
    """Two thousand contacts, two thousand keys of each form, all found."""
    desk.people("anna")
    with desk.store.edit() as edit:
        edit.put("Contact", [
            (None, {"assigned_user_id": "anna", "firstname": f"F{n % 40}", "lastname": f"L{n}", "email": f"{n}@x"})
            for n in range(2000)
        ])  # fmt: skip
    desk.store.refresh_statistics()
    view = desk.system.reader(desk.space())
    emails = [Key("e", (("email", f"{n}@x"),), ignore_case=True) for n in range(2000)]
    names = [Key("n", (("firstname", f"f{n % 40}"), ("lastname", f"l{n}")), ignore_case=True) for n in range(2000)]
    assert len({crm_id for _, crm_id in view.find("Contact", emails)}) == 2000
    assert len({crm_id for _, crm_id in view.find("Contact", names)}) == 2000


def test_a_path_without_keys_is_a_mistake_of_the_caller(desk: Desk) -> None:
    """It would otherwise look as if nothing matched."""
    desk.people("anna")
    with pytest.raises(ValueError, match="can't be found by title"):
        list(desk.system.reader(desk.space()).find("Contact", [Key("k", (("title", "x"),))]))


def test_empty_values_make_no_key(desk: Desk) -> None:
    """Two contacts without an address are not the same person."""
    desk.people("anna")
    desk.written(creation(email=None, lastname="A"))
    key = Key("k", (("email", ""), ("lastname", "a")), ignore_case=True)
    assert list(desk.system.reader(desk.space()).find("Contact", [key])) == []


STARTS = st.integers(0, 5 * 96).map(
    lambda quarters: (datetime(2026, 3, 26, tzinfo=UTC) + timedelta(minutes=15 * quarters)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
)
ZONES = st.sampled_from(["UTC", "Europe/London", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tasks=st.lists(st.tuples(NAMES, STARTS), min_size=1, max_size=5),
    wanted=st.lists(st.tuples(NAMES, STARTS)),
    zone=ZONES,
)
def test_a_day_finds_what_the_rules_would(
    desk: Desk, tasks: list[tuple[str, str]], wanted: list[tuple[str, str]], zone: str
) -> None:
    """Keys that the rules of tasks make of Planner's tasks find just the CRM tasks with one of these keys: neither
    the days beside nor those of another zone, also where clocks change."""
    with desk.store.edit() as edit:
        if not any(user.id == "anna" for user in desk.store.users()):
            edit.create_user("anna")
    desk.write(*(deletion(record) for record in list(desk.store.records("Task"))))
    desk.write(*(creation(kind="Task", subject=subject, date_start=start) for subject, start in tasks))
    entry, here = task_records.program().matches[0], task_records.context(zone=zone)
    items = [task_records.planned(title=title, dueDateTime=due) for title, due in wanted]
    keys = {key for item in items for key in entry.m365_keys(item, here)}
    expected = {
        (key, record.id) for record in desk.store.records("Task") for key in entry.crm_keys(record, here) if key in keys
    }
    assert set(desk.system.reader(desk.space()).find("Task", keys)) == expected
