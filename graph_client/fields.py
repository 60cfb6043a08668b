"""What Microsoft 365 holds, as one plain table per kind: rules, ``$select`` and the wire codec all derive from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from engine.records import M365
from engine.schema import (
    ACCOUNT,
    DATE,
    EMAIL,
    FLAG,
    INSTANT,
    INTEGER,
    LONG_TEXT,
    PHONE,
    POSTAL,
    TEXT,
    ZONED,
    Field,
    Schema,
    Type,
    choice,
    integer_up_to,
    list_of,
    reference_to,
    schemas,
    structure,
)

Wire: TypeAlias = Literal[
    "text", "list", "addresses", "postal", "day", "folder",
    "whole", "flag", "instant", "plan", "bucket", "account", "assignments", "details",
    "zoned", "body", "location", "people", "person", "rule", "calendar",
]  # fmt: skip
"""How a value travels. Outlook: plain text; a list of text; e-mail objects; an address object; an instant that means a
day; the id of a folder. Planner besides: a whole number; true or false; an instant; the id of a plan; that of a bucket;
an identity object; an object whose keys are account ids; what is fetched and written apart from the task. Events
besides: a time with its zone; a body of HTML; a place; people with kind and answer; one person; how a series repeats;
the calendar, which no row tells."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field: ``name`` in rules, ``member`` in Graph's JSON, its type, and how it travels."""

    name: str
    type: Type
    label: str
    wire: Wire = "text"
    member: str = ""
    writable: bool = True
    container: bool = False
    max_length: int | None = None
    part: str | None = None
    place: bool = False

    @property
    def wire_name(self) -> str:
        return self.member or self.name


EMAIL_LIMIT: Final = 3
PHONE_LIMIT: Final = 2

CONTACT_ROWS: Final[tuple[Row, ...]] = (
    Row("displayName", TEXT, "Display name", writable=False),
    Row("title", TEXT, "Title"),
    Row("givenName", TEXT, "First name"),
    Row("middleName", TEXT, "Middle name"),
    Row("surname", TEXT, "Last name"),
    Row("generation", TEXT, "Suffix"),
    Row("nickName", TEXT, "Nickname"),
    Row("initials", TEXT, "Initials"),
    Row("fileAs", TEXT, "File as"),
    Row("yomiGivenName", TEXT, "First name (phonetic)"),
    Row("yomiSurname", TEXT, "Last name (phonetic)"),
    Row("companyName", TEXT, "Company"),
    Row("yomiCompanyName", TEXT, "Company (phonetic)"),
    Row("department", TEXT, "Department"),
    Row("jobTitle", TEXT, "Job title"),
    Row("profession", TEXT, "Profession"),
    Row("officeLocation", TEXT, "Office"),
    Row("manager", TEXT, "Manager"),
    Row("assistantName", TEXT, "Assistant"),
    Row("businessHomePage", TEXT, "Web page"),
    Row("emailAddresses", list_of(structure(address=EMAIL, name=TEXT), EMAIL_LIMIT), "E-mail", "addresses"),
    Row("businessPhones", list_of(PHONE, PHONE_LIMIT), "Business phone", "list"),
    Row("homePhones", list_of(PHONE, PHONE_LIMIT), "Home phone", "list"),
    Row("mobilePhone", PHONE, "Mobile phone"),
    Row("imAddresses", list_of(TEXT), "Chat address", "list"),
    Row("businessAddress", POSTAL, "Business address", "postal"),
    Row("homeAddress", POSTAL, "Home address", "postal"),
    Row("otherAddress", POSTAL, "Other address", "postal"),
    Row("birthday", DATE, "Birthday", "day"),
    Row("spouseName", TEXT, "Spouse"),
    Row("children", list_of(TEXT), "Children", "list"),
    Row("personalNotes", LONG_TEXT, "Notes"),
    Row("categories", list_of(TEXT), "Categories", "list"),
    Row(
        "parentFolder", reference_to("contactFolder"), "Folder", "folder", "parentFolderId", container=True, place=True
    ),
)

CONTACT_FOLDER_ROWS: Final[tuple[Row, ...]] = (
    Row("displayName", TEXT, "Name"),
    Row("parentFolder", reference_to("contactFolder"), "Above", "folder", "parentFolderId", container=True),
)

TITLE_LENGTH: Final = 255
DETAILS: Final = "details"
"""The part of a task that is fetched and written apart, with a version of its own."""

TASK_ROWS: Final[tuple[Row, ...]] = (
    Row("title", TEXT, "Title", max_length=TITLE_LENGTH),
    Row("plan", reference_to("plannerPlan"), "Plan", "plan", "planId", writable=False, container=True),
    Row("bucket", reference_to("plannerBucket"), "Bucket", "bucket", "bucketId", place=True),
    Row("percentComplete", integer_up_to(100), "Percent complete", "whole"),
    Row("priority", INTEGER, "Priority", "whole"),
    Row("startDateTime", INSTANT, "Start", "instant"),
    Row("dueDateTime", INSTANT, "Due", "instant"),
    Row("completedDateTime", INSTANT, "Completed", "instant", writable=False),
    Row("createdDateTime", INSTANT, "Created", "instant", writable=False),
    Row("createdBy", ACCOUNT, "Created by", "account", writable=False),
    Row("assignments", list_of(ACCOUNT), "Assigned to", "assignments"),
    Row("hasDescription", FLAG, "Has a description", "flag", writable=False),
    Row(DETAILS, structure(description=LONG_TEXT), "Details", "details", part=DETAILS),
)

BUCKET_ROWS: Final[tuple[Row, ...]] = (
    Row("name", TEXT, "Name"),
    Row("plan", reference_to("plannerPlan"), "Plan", "plan", "planId", writable=False, container=True),
)

PLAN_ROWS: Final[tuple[Row, ...]] = (Row("title", TEXT, "Name"),)


SUBJECT_LENGTH: Final = 255

EVENT_ROWS: Final[tuple[Row, ...]] = (
    Row("subject", TEXT, "Subject", max_length=SUBJECT_LENGTH),
    Row("body", LONG_TEXT, "Notes", "body"),
    Row("start", ZONED, "Start", "zoned"),
    Row("end", ZONED, "End", "zoned"),
    Row("isAllDay", FLAG, "All day", "flag"),
    Row("location", structure(displayName=TEXT), "Location", "location"),
    Row("sensitivity", choice("normal", "personal", "private", "confidential"), "Sensitivity"),
    Row("showAs", choice("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"), "Show as"),
    Row("attendees", list_of(EMAIL), "Attendees", "people"),
    Row("organizer", EMAIL, "Organiser", "person", writable=False),
    Row("isOrganizer", FLAG, "Organised by the mailbox's owner", "flag", writable=False),
    Row("isCancelled", FLAG, "Cancelled", "flag", writable=False),
    Row("isDraft", FLAG, "Draft", "flag", writable=False),
    Row("hideAttendees", FLAG, "Attendees are hidden", "flag", writable=False),
    Row("isOnlineMeeting", FLAG, "Online meeting", "flag", writable=False),
    Row("iCalUId", TEXT, "Identity of the meeting", writable=False),
    Row("originalStart", INSTANT, "Start in the series", "instant", writable=False),
    Row("type", choice("singleInstance", "occurrence", "exception", "seriesMaster"), "Part", writable=False),
    Row("recurrence", TEXT, "Repeats", "rule"),
    Row("calendar", reference_to("calendar"), "Calendar", "calendar", writable=False, container=True),
)

CALENDAR_ROWS: Final[tuple[Row, ...]] = (Row("name", TEXT, "Name"),)


def _fields(rows: tuple[Row, ...]) -> tuple[Field, ...]:
    return tuple(
        Field(
            row.name, row.type, label=row.label, writable=row.writable, max_length=row.max_length, part=row.part,
            container=row.container, place=row.place,
        )
        for row in rows
    )  # fmt: skip


CONTACT: Final = Schema(
    M365, "contact", _fields(CONTACT_ROWS), title=("displayName",), label="Outlook contact",
    left_behind="made again there; a photo, and what other programs keep with it, stays with the deleted one",
)  # fmt: skip
CONTACT_FOLDER: Final = Schema(
    M365, "contactFolder", _fields(CONTACT_FOLDER_ROWS), title=("displayName",), dated=False, label="Contact folder"
)
PLANNER_TASK: Final = Schema(
    M365, "plannerTask", _fields(TASK_ROWS), title=("title",), dated=False, label="Planner task", shared=True
)
PLANNER_BUCKET: Final = Schema(
    M365, "plannerBucket", _fields(BUCKET_ROWS), title=("name",), dated=False, label="Planner bucket"
)
PLANNER_PLAN: Final = Schema(M365, "plannerPlan", _fields(PLAN_ROWS), title=("title",), dated=False, label="Plan")
EVENT: Final = Schema(M365, "event", _fields(EVENT_ROWS), title=("subject",), label="Outlook event", identity="iCalUId",
    organiser="organizer", guests="attendees", cancelled="isCancelled",
    repeats="recurrence",
)  # fmt: skip
CALENDAR: Final = Schema(M365, "calendar", _fields(CALENDAR_ROWS), title=("name",), dated=False, label="Calendar")
SCHEMAS: Final = schemas(CONTACT, CONTACT_FOLDER, PLANNER_TASK, PLANNER_BUCKET, PLANNER_PLAN, EVENT, CALENDAR)

DEFAULT_FOLDER: Final = "Contacts"
"""What the folder that every mailbox has is called here, whatever the mailbox's language calls it."""
DEFAULT_CALENDAR: Final = "Calendar"
"""The same for calendars."""
