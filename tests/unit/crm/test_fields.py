"""The field table carries OpenCRM's names, and everything else derives from it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crm import csvfiles, tables
from crm.csvfiles import Sheet
from crm.fields import CONTACT, SCHEMAS, TASK
from crm.kinds import ACTIVITIES, CONTACTS, KINDS, Kind

OPENCRM_CONTACT = [
    "crmid",
    "firstname",
    "lastname",
    "accountid",
    "title",
    "department",
    "contacttype",
    "greeting",
    "birthday",
    "email",
    "email2",
    "phone",
    "mobile",
    "homephone",
    "otherphone",
    "fax",
    "assistant",
    "assistantphone",
    "assistant_email",
    "mailingstreet",
    "mailingstreet2",
    "mailingcity",
    "mailingstate",
    "mailingzip",
    "mailingcountry",
    "otherstreet",
    "otherstreet2",
    "othercity",
    "otherstate",
    "otherzip",
    "othercountry",
    "description",
    "folder",
    "includeinsync",
    "assigned_user_id",
    "do_not_email",
    "tps",
    "fps",
    "contactdetails_tags",
]


OPENCRM_ACTIVITY = [
    "crmid", "subject", "taskstatus", "taskpriority", "date_start", "due_date", "description", "tasklist",
    "assigned_user_id",
]  # fmt: skip
"""Those of an activity that tasks have a use for."""

SHEETS = {CONTACTS: csvfiles.CONTACTS, ACTIVITIES: csvfiles.ACTIVITIES}


@pytest.mark.parametrize(("kind", "names"), [(CONTACTS, OPENCRM_CONTACT), (ACTIVITIES, OPENCRM_ACTIVITY)])
def test_every_field_of_opencrm_is_there_under_its_name(kind: Kind, names: list[str]) -> None:
    """Fields are either the rules' own, or parts of one of the two addresses."""
    known = {*kind.schema.by_name, *kind.by_name}
    assert [name for name in names if name not in known] == []


@pytest.mark.parametrize(("kind", "sheet"), SHEETS.items())
def test_every_column_is_stored_and_exported(kind: Kind, sheet: Sheet) -> None:
    """SQL columns and CSV labels come from the one field table."""
    assert set(kind.by_name) <= set(kind.table.columns.keys())
    assert {*kind.by_name, *kind.pointers} <= {heading.field for heading in sheet.headings}
    assert len({heading.label for heading in sheet.headings}) == len(sheet.headings)


def test_rules_see_addresses_whole() -> None:
    """An address is one field of the schema; its columns are not fields."""
    assert [CONTACT.type_at(name).name for name in ("mailing", "other")] == ["postal", "postal"]
    assert not {name for names in CONTACTS.groups.values() for name in names} & CONTACT.by_name.keys()


def test_references_lead_where_rules_expect() -> None:
    """The company's name and the folders can be reached from a contact."""
    assert CONTACT.type_at("accountid.name").name == "text"
    assert str(CONTACT.type_at("folder[1]")) == "reference to Folder"
    kinds = ["Contact", "Company", "Folder", "User", "Task", "Activity", "TaskList"]
    assert [schema.kind for schema in SCHEMAS.values()] == kinds


def test_a_task_says_whether_its_list_is_planners() -> None:
    """Rules ask its list for the flag, and for the name that people know."""
    assert TASK.type_at("tasklist.in_planner").name == "flag"
    assert str(TASK.type_at("users")) == "list of user"
    assert {name: str(TASK.type_at(name)) for name in ("date_start", "due_date", "taskstatus")} == {
        "date_start": "instant", "due_date": "date", "taskstatus": "choice",
    }  # fmt: skip
    assert (TASK.type_at("taskstatus").open, TASK.type_at("activitytype").open) == (True, False)


def test_match_keys_are_kept_for_matchable_fields() -> None:
    """What a schema calls matchable can be searched."""
    assert CONTACTS.matchable == ("firstname", "lastname", "email", "email2", "accountid.name")
    assert ACTIVITIES.matchable == ("subject", "date_start")
    for kind in KINDS.values():
        assert {name.partition(".")[0] for name in kind.matchable} == {
            field.name for field in kind.schema.fields if field.matchable
        }


@pytest.mark.parametrize("kind", KINDS.values())
def test_texts_have_a_length_that_people_can_be_told(kind: Kind) -> None:
    """Every text column is limited, and the schema says the same."""
    for column in kind.columns:
        if column.type.name in ("flag", "date", "instant"):
            continue
        assert column.length, column.name
        if column in kind.plain:
            assert kind.schema.by_name[column.name].max_length == column.length


def test_the_field_table_needs_no_database_library() -> None:
    """Checking rules loads the fields only, so they must not load SQL."""
    code = "import sys, crm.fields; sys.exit('sqlalchemy' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_key_and_index_starts_with_the_organisation() -> None:
    """No statement can be fast only because it looks at other organisations' rows."""
    for table in tables.TABLES:
        assert next(iter(table.primary_key.columns)).name == "org_id"
        for index in table.indexes:
            assert next(iter(index.columns)).name == "org_id", index.name
