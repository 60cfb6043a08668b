"""What the CRM holds, under OpenCRM's field names: one plain table per kind. Schemas, SQL columns and CSV labels all
derive from it, and it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from engine.records import CRM
from engine.schema import (
    DATE,
    EMAIL,
    FLAG,
    INSTANT,
    LONG_TEXT,
    PHONE,
    POSTAL,
    TEXT,
    USER,
    Field,
    Schema,
    Schemas,
    Type,
    choice,
    list_of,
    reference_to,
    schemas,
)

CONTACT_KIND: Final = "Contact"
COMPANY_KIND: Final = "Company"
FOLDER_KIND: Final = "Folder"
USER_KIND: Final = "User"
TASK_KIND: Final = "Task"
ACTIVITY_KIND: Final = "Activity"
TASK_LIST_KIND: Final = "TaskList"

POSTAL_LENGTH: Final = 250
"""Of every part of an address: one limit, so that whatever fits the address as rules see it fits its columns."""

STATUSES: Final = ("Active", "Inactive")

ACTIVITY_TYPES: Final = ("Task", "Meeting", "Call")
TASK_STATUSES: Final = ("Not Started", "In Progress", "On Hold", "Done", "Cancelled")
"""What every organisation has; it may have statuses of its own besides."""
TASK_PRIORITIES: Final = ("High", "Medium", "Low")

LIST_NAME_LENGTH: Final = 520
"""Of a task list: a plan's title, a bucket's name and what stands between them."""


@dataclass(frozen=True, slots=True)
class Column:
    """One stored field: OpenCRM's name, the label people see, its type; ``length`` in characters. Where nothing is
    given it holds ``default``; a ``required`` one may not be empty."""

    name: str
    label: str
    type: Type = TEXT
    length: int | None = None
    matchable: bool = False
    default: str | None = None
    required: bool = False


CONTACT_COLUMNS: Final = (
    Column("firstname", "First Name", length=100, matchable=True),
    Column("lastname", "Last Name", length=100, matchable=True),
    Column("title", "Title", length=128),
    Column("department", "Department", length=128),
    Column("email", "Email", EMAIL, 254, matchable=True),
    Column("email2", "Private Email", EMAIL, 254, matchable=True),
    Column("phone", "Office Phone", PHONE, 60),
    Column("mobile", "Mobile", PHONE, 60),
    Column("homephone", "Home Phone", PHONE, 60),
    Column("otherphone", "Other Phone", PHONE, 60),
    Column("fax", "Fax", PHONE, 60),
    Column("assistant", "Assistant", length=100),
    Column("mailingstreet", "Mailing Street", length=POSTAL_LENGTH),
    Column("mailingstreet2", "Mailing Street 2", length=POSTAL_LENGTH),
    Column("mailingcity", "Mailing City", length=POSTAL_LENGTH),
    Column("mailingstate", "Mailing County", length=POSTAL_LENGTH),
    Column("mailingzip", "Mailing Postcode", length=POSTAL_LENGTH),
    Column("mailingcountry", "Mailing Country", length=POSTAL_LENGTH),
    Column("otherstreet", "Other Street", length=POSTAL_LENGTH),
    Column("otherstreet2", "Other Street 2", length=POSTAL_LENGTH),
    Column("othercity", "Other City", length=POSTAL_LENGTH),
    Column("otherstate", "Other County", length=POSTAL_LENGTH),
    Column("otherzip", "Other Postcode", length=POSTAL_LENGTH),
    Column("othercountry", "Other Country", length=POSTAL_LENGTH),
    Column("birthday", "Birthday", DATE),
    Column("description", "Description", LONG_TEXT, 65_535),
    Column("includeinsync", "Include in Sync", FLAG),
    Column("contacttype", "Contact Type", length=100),
    Column("greeting", "Greeting", length=100),
    Column("assistantphone", "Assistant Phone", PHONE, 60),
    Column("assistant_email", "Assistant Email", EMAIL, 254),
    Column("do_not_email", "Do Not Email", FLAG),
    Column("tps", "Do Not Phone", FLAG),
    Column("fps", "Do Not Fax", FLAG),
    Column("contactdetails_tags", "Tags", length=1_000),
    Column("private", "Private", FLAG),
)
"""A contact's own fields, in the order people see them. Company, folders and owner are references, kept apart."""

POSTAL_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "mailing": ("mailingstreet", "mailingstreet2", "mailingcity", "mailingstate", "mailingzip", "mailingcountry"),
    "other": ("otherstreet", "otherstreet2", "othercity", "otherstate", "otherzip", "othercountry"),
}
"""Rules see an address as one value: both street lines joined by a line end, then city, region, code, country."""

_GROUPED: Final = frozenset(name for group in POSTAL_GROUPS.values() for name in group)


def _contact_fields() -> tuple[Field, ...]:
    plain = [
        Field(c.name, c.type, c.label, max_length=c.length, matchable=c.matchable)
        for c in CONTACT_COLUMNS
        if c.name not in _GROUPED
    ]
    return (
        Field("crmid", TEXT, "Contact Id", writable=False),
        *plain,
        Field("mailing", POSTAL, "Mailing Address", max_length=POSTAL_LENGTH),
        Field("other", POSTAL, "Other Address", max_length=POSTAL_LENGTH),
        Field("accountid", reference_to(COMPANY_KIND), "Organisation Name", max_length=200, matchable=True),
        Field("folder", list_of(reference_to(FOLDER_KIND)), "Folder", max_length=200),
        Field("assigned_user_id", USER, "Assigned To"),
    )


CONTACT: Final = Schema(CRM, CONTACT_KIND, _contact_fields(), ("firstname", "lastname", "email"), label="contact")

COMPANY: Final = Schema(
    CRM,
    COMPANY_KIND,
    (
        Field("crmid", TEXT, "Company Id", writable=False),
        Field("accountname", TEXT, "Organisation Name", max_length=200, matchable=True),
        Field("assigned_user_id", USER, "Assigned To"),
    ),
    ("accountname",),
    label="company",
)

FOLDER: Final = Schema(
    CRM,
    FOLDER_KIND,
    (
        Field("crmid", TEXT, "Folder Id", writable=False),
        Field("name", TEXT, "Folder", max_length=200, matchable=True),
        Field("description", LONG_TEXT, "Description", max_length=1_000),
    ),
    ("name",),
    label="folder",
)

PEOPLE: Final = Schema(
    CRM,
    USER_KIND,
    (
        Field("crmid", TEXT, "User Id", writable=False),
        Field("user_name", TEXT, "user_name", max_length=100),
        Field("first_name", TEXT, "first_name", max_length=100),
        Field("last_name", TEXT, "last_name", max_length=100),
        Field("email1", EMAIL, "email1", max_length=254),
        Field("status", choice(*STATUSES), "status"),
    ),
    ("user_name",),
    dated=False,
    label="user",
)

ACTIVITY_COLUMNS: Final = (
    Column("activitytype", "Activity Type", choice(*ACTIVITY_TYPES), 60, default="Task"),
    Column("subject", "Subject", length=255, matchable=True, required=True),
    Column("taskstatus", "Status", choice(*TASK_STATUSES, open=True), 60, default="Not Started"),
    Column("taskpriority", "Priority", choice(*TASK_PRIORITIES, open=True), 60),
    Column("date_start", "Start Date & Time", INSTANT, matchable=True),
    Column("due_date", "Due Date", DATE),
    Column("description", "Description", LONG_TEXT, 65_535),
    Column("private", "Private", FLAG),
    Column("date_end", "End Date & Time", INSTANT),
    Column("allday", "All Day", FLAG),
    Column("location", "Location", length=255),
    Column("recurrence", "Repeats", length=255),
)
"""An activity's own fields, in the order people see them. The task list, the users and the owner are kept apart."""

_MEETS: Final = {"activitytype": "Meeting", "taskstatus": "Not Started"}
MEETING_COLUMNS: Final = tuple(
    replace(column, default=_MEETS.get(column.name), required=False) for column in ACTIVITY_COLUMNS
)
"""The same fields where an activity is meant as a meeting or a call: it may have no subject."""


def _activity_fields() -> tuple[Field, ...]:
    return (
        *(Field(c.name, c.type, c.label, max_length=c.length, matchable=c.matchable) for c in ACTIVITY_COLUMNS),
        Field("tasklist", reference_to(TASK_LIST_KIND, "in_planner"), "Task List", max_length=LIST_NAME_LENGTH),
        Field("users", list_of(USER), "Users"),
        Field("assigned_user_id", USER, "Assigned To"),
    )


TASK: Final = Schema(
    CRM,
    TASK_KIND,
    (
        Field("crmid", TEXT, "Activity Id", writable=False),
        *_activity_fields(),
    ),
    ("subject",),
    label="task",
    owner="assigned_user_id",
)
"""Activities of every type, seen as tasks: which of them a rule file means is for its scope to say."""

ACTIVITY: Final = Schema(
    CRM,
    ACTIVITY_KIND,
    (Field("crmid", TEXT, "Activity Id", writable=False), *_activity_fields()),
    ("subject",),
    label="activity",
    owner="assigned_user_id",
)
"""The same records, seen as meetings and calls."""

TASK_LIST: Final = Schema(
    CRM,
    TASK_LIST_KIND,
    (
        Field("crmid", TEXT, "Task List Id", writable=False),
        Field("name", TEXT, "Task List", max_length=LIST_NAME_LENGTH, matchable=True),
        Field("in_planner", FLAG, "In Planner", writable=False),
    ),
    ("name",),
    dated=False,
    label="task list",
)
"""The Task List picklist: the CRM's own values, and the lists of Planner under the ids of their buckets."""

SCHEMAS: Final[Schemas] = schemas(CONTACT, COMPANY, FOLDER, PEOPLE, TASK, ACTIVITY, TASK_LIST)
"""All of them, by (side, kind), as rule files name them."""
