"""The field table carries OpenCRM's names, and everything else derives from it."""

from __future__ import annotations

import subprocess
import sys

from crm import tables
from crm.csvfiles import CONTACTS
from crm.fields import BY_NAME, CONTACT, CONTACT_COLUMNS, GROUPED, MATCHABLE, SCHEMAS, TASK

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


def test_every_field_of_an_opencrm_contact_is_there_under_its_name() -> None:
    """Fields are either the rules' own, or parts of one of the two addresses."""
    assert [name for name in OPENCRM_CONTACT if name not in CONTACT.by_name and name not in GROUPED] == []


def test_every_column_is_stored_and_exported() -> None:
    """SQL columns and CSV labels come from the one field table."""
    assert set(BY_NAME) <= set(tables.contact.columns.keys())
    assert set(BY_NAME) <= {heading.field for heading in CONTACTS.headings}
    assert len({heading.label for heading in CONTACTS.headings}) == len(CONTACTS.headings)


def test_rules_see_addresses_whole() -> None:
    """An address is one field of the schema; its columns are not fields."""
    assert [CONTACT.type_at(name).name for name in ("mailing", "other")] == ["postal", "postal"]
    assert not GROUPED & CONTACT.by_name.keys()


def test_references_lead_where_rules_expect() -> None:
    """The company's name and the folders can be reached from a contact."""
    assert CONTACT.type_at("accountid.name").name == "text"
    assert str(CONTACT.type_at("folder[1]")) == "reference to Folder"
    kinds = ["Contact", "Company", "Folder", "User", "Task", "TaskList"]
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
    assert MATCHABLE == ("firstname", "lastname", "email", "email2", "accountid.name")
    assert {name.partition(".")[0] for name in MATCHABLE} == {f.name for f in CONTACT.fields if f.matchable}


def test_texts_have_a_length_that_people_can_be_told() -> None:
    """Every text column is limited, and the schema says the same."""
    for column in CONTACT_COLUMNS:
        if column.type.name in ("flag", "date"):
            continue
        assert column.length, column.name
        if column.name not in GROUPED:
            assert CONTACT.by_name[column.name].max_length == column.length


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
