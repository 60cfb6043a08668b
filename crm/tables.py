"""The CRM's tables. The organisation leads every key and every index; times are UTC in milliseconds (fields of a record
hold what rules see); a ``rev`` of 0 means "changed in the open transaction" and is replaced before it commits."""

from __future__ import annotations

from typing import Any, Final

from pydantic import create_model
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    Engine,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from crm.fields import ACTIVITY_COLUMNS, CONTACT_COLUMNS, STATUSES, Column
from engine.schema import FLAG

ACCESS: Final = ("read", "edit")
SHARING: Final = ("none", "read", "edit")
GRANTEES: Final = ("team", "user")
VERBS: Final = ("deleted", "merged")


def _one_of(column: str, values: tuple[str, ...], name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=name)


def _to(columns: str, table: str, name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["org_id", columns], [f"{table}.org_id", f"{table}.crm_id"], name=name)


class _Row(SQLModel):
    """Nothing is validated through these classes: what pydantic would do it with is not built, which saves a fifth of
    what declaring them costs every start."""

    model_config = {"defer_build": True}


class CrmClock(_Row, table=True):
    """One row per organisation: the revision of its last committed change."""

    __tablename__ = "crm_clock"
    org_id: str = Field(primary_key=True)
    rev: int = Field(sa_type=BigInteger)


class CrmSequence(_Row, table=True):
    """The next free record number. Its row lock also keeps two writers from making one company or contact twice."""

    __tablename__ = "crm_sequence"
    org_id: str = Field(primary_key=True)
    next_id: int = Field(sa_type=BigInteger)


class CrmUser(_Row, table=True):
    """A person who works with the CRM. ``access_rev`` moves when what they may see or edit changed."""

    __tablename__ = "crm_user"
    __table_args__ = (
        UniqueConstraint("org_id", "name_key", name="crm_user_name"),
        _one_of("status", STATUSES, "crm_user_status"),
    )
    org_id: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    user_name: str
    name_key: str
    first_name: str | None = None
    last_name: str | None = None
    email1: str | None = None
    status: str = "Active"
    is_admin: bool = False
    zone: str = "UTC"
    access_rev: int = Field(default=0, sa_type=BigInteger)


class Team(_Row, table=True):
    """Colleagues; ``sharing`` says what members may do with each other's records."""

    __tablename__ = "team"
    __table_args__ = (
        UniqueConstraint("org_id", "name_key", name="team_name"),
        _one_of("sharing", SHARING, "team_sharing"),
    )
    org_id: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    name: str
    name_key: str
    description: str | None = None
    sharing: str = "edit"


class Membership(_Row, table=True):
    """Who belongs to which team."""

    __tablename__ = "membership"
    __table_args__ = (
        _to("team_id", "team", "membership_team"),
        _to("user_id", "crm_user", "membership_user"),
        Index("membership_by_user", "org_id", "user_id", "team_id"),
    )
    org_id: str = Field(primary_key=True)
    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)


class Company(_Row, table=True):
    """A company; names need not be unique."""

    __tablename__ = "company"
    __table_args__ = (
        _to("owner_id", "crm_user", "company_owner"),
        Index("company_by_rev", "org_id", "rev", "crm_id"),
        Index("company_by_name", "org_id", "name_key"),
    )
    org_id: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    accountname: str
    name_key: str
    owner_id: str | None = None
    version: int = 1
    rev: int = Field(default=0, sa_type=BigInteger)


class Folder(_Row, table=True):
    """A folder of contacts."""

    __tablename__ = "folder"
    __table_args__ = (
        UniqueConstraint("org_id", "name_key", name="folder_name"),
        Index("folder_by_rev", "org_id", "rev", "crm_id"),
    )
    org_id: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    name: str
    name_key: str
    description: str | None = None
    version: int = 1
    rev: int = Field(default=0, sa_type=BigInteger)


class _ContactKeys(_Row):
    """What a contact has beside the fields of its field table. ``origin`` is the id of the action that made it."""

    __tablename__ = "contact"
    __table_args__ = (
        _to("company_id", "company", "contact_company"),
        _to("owner_id", "crm_user", "contact_owner"),
        Index("contact_by_rev", "org_id", "rev", "crm_id"),
        Index("contact_by_owner", "org_id", "owner_id"),
        Index("contact_by_company", "org_id", "company_id"),
        Index("contact_by_origin", "org_id", "origin", unique=True),
    )
    org_id: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    company_id: str | None = None
    owner_id: str | None = None
    version: int = 1
    rev: int = Field(default=0, sa_type=BigInteger)
    modified_at: int = Field(default=0, sa_type=BigInteger)
    origin: str | None = None


def _stored(columns: tuple[Column, ...]) -> dict[str, Any]:
    """A table's columns for these fields."""
    return {column.name: (bool, False) if column.type == FLAG else (str | None, None) for column in columns}


Contact: Final[type[SQLModel]] = create_model(
    "Contact",
    __base__=_ContactKeys,
    __module__=__name__,
    __doc__="A contact: its keys and one column per field of the field table.",
    __cls_kwargs__={"table": True},
    **_stored(CONTACT_COLUMNS),
)


class ContactFolder(_Row, table=True):
    """The folders of a contact, in order (from 1)."""

    __tablename__ = "contact_folder"
    __table_args__ = (
        _to("contact_id", "contact", "contact_folder_contact"),
        _to("folder_id", "folder", "contact_folder_folder"),
        CheckConstraint("position >= 1", name="contact_folder_position"),
        Index("contact_folder_by_folder", "org_id", "folder_id"),
        {"sqlite_with_rowid": False},
    )
    org_id: str = Field(primary_key=True)
    contact_id: str = Field(primary_key=True)
    folder_id: str = Field(primary_key=True)
    position: int


class TaskList(_Row, table=True):
    """A value of the Task List picklist. One of the CRM's ``own`` stays for ever; one that is not was published from
    Planner under the id of its bucket, and is ``in_planner`` as long as the bucket is there."""

    __tablename__ = "task_list"
    __table_args__ = (
        CheckConstraint("NOT (own AND in_planner)", name="task_list_origin"),
        Index("task_list_by_name", "org_id", "name_key"),
    )
    org_id: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    name: str
    name_key: str
    own: bool = True
    in_planner: bool = False
    version: int = 1
    rev: int = Field(default=0, sa_type=BigInteger)


class TaskListViewer(_Row, table=True):
    """Which users see a list of Planner."""

    __tablename__ = "task_list_viewer"
    __table_args__ = (
        _to("list_id", "task_list", "task_list_viewer_list"),
        _to("user_id", "crm_user", "task_list_viewer_user"),
        Index("task_list_viewer_by_user", "org_id", "user_id", "list_id"),
        {"sqlite_with_rowid": False},
    )
    org_id: str = Field(primary_key=True)
    list_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)


class _ActivityKeys(_Row):
    """What an activity (a task, a meeting, a call) has beside the fields of its field table. ``origin`` is the id of
    the action that made it."""

    __tablename__ = "activity"
    __table_args__ = (
        _to("list_id", "task_list", "activity_list"),
        _to("owner_id", "crm_user", "activity_owner"),
        Index("activity_by_rev", "org_id", "rev", "crm_id"),
        Index("activity_by_owner", "org_id", "owner_id"),
        Index("activity_by_list", "org_id", "list_id"),
        Index("activity_by_origin", "org_id", "origin", unique=True),
    )
    org_id: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    list_id: str | None = None
    owner_id: str | None = None
    version: int = 1
    rev: int = Field(default=0, sa_type=BigInteger)
    modified_at: int = Field(default=0, sa_type=BigInteger)
    origin: str | None = None


Activity: Final[type[SQLModel]] = create_model(
    "Activity",
    __base__=_ActivityKeys,
    __module__=__name__,
    __doc__="An activity: its keys and one column per field of the field table.",
    __cls_kwargs__={"table": True},
    **_stored(ACTIVITY_COLUMNS),
)


class ActivityUser(_Row, table=True):
    """The users on an activity, beside the one it is assigned to."""

    __tablename__ = "activity_user"
    __table_args__ = (
        _to("activity_id", "activity", "activity_user_activity"),
        _to("user_id", "crm_user", "activity_user_user"),
        Index("activity_user_by_user", "org_id", "user_id", "activity_id"),
        {"sqlite_with_rowid": False},
    )
    org_id: str = Field(primary_key=True)
    activity_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)


class Share(_Row, table=True):
    """A record shown to a team or to one user beyond what their teams allow."""

    __tablename__ = "share"
    __table_args__ = (
        _one_of("grantee_kind", GRANTEES, "share_grantee"),
        _one_of("access", ACCESS, "share_access"),
        Index("share_by_grantee", "org_id", "grantee_kind", "grantee_id", "kind", "crm_id"),
    )
    org_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    grantee_kind: str = Field(primary_key=True)
    grantee_id: str = Field(primary_key=True)
    access: str


class Tombstone(_Row, table=True):
    """A record that went, with the version it had last."""

    __tablename__ = "tombstone"
    __table_args__ = (
        _one_of("verb", VERBS, "tombstone_verb"),
        CheckConstraint("(verb = 'merged') = (merged_into IS NOT NULL)", name="tombstone_merged"),
        Index("tombstone_by_rev", "org_id", "kind", "rev", "crm_id"),
    )
    org_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)
    rev: int = Field(default=0, sa_type=BigInteger)
    verb: str
    merged_into: str | None = None
    version: int
    gone_at: int = Field(sa_type=BigInteger)


class MatchKey(_Row, table=True):
    """Folded values that records are recognised by, one row per matchable path that is filled in."""

    __tablename__ = "match_key"
    __table_args__ = (
        Index("match_key_by_record", "org_id", "kind", "crm_id", "path"),
        {"sqlite_with_rowid": False},
    )
    org_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    folded: str = Field(primary_key=True)
    crm_id: str = Field(primary_key=True)


metadata: Final = SQLModel.metadata

clock: Final[Table] = metadata.tables["crm_clock"]
sequence: Final[Table] = metadata.tables["crm_sequence"]
user: Final[Table] = metadata.tables["crm_user"]
team: Final[Table] = metadata.tables["team"]
membership: Final[Table] = metadata.tables["membership"]
company: Final[Table] = metadata.tables["company"]
folder: Final[Table] = metadata.tables["folder"]
contact: Final[Table] = metadata.tables["contact"]
contact_folder: Final[Table] = metadata.tables["contact_folder"]
task_list: Final[Table] = metadata.tables["task_list"]
task_list_viewer: Final[Table] = metadata.tables["task_list_viewer"]
activity: Final[Table] = metadata.tables["activity"]
activity_user: Final[Table] = metadata.tables["activity_user"]
share: Final[Table] = metadata.tables["share"]
tombstone: Final[Table] = metadata.tables["tombstone"]
match_key: Final[Table] = metadata.tables["match_key"]

TABLES: Final = (
    clock, sequence, user, team, membership, company, folder, contact, contact_folder, task_list, task_list_viewer,
    activity, activity_user, share, tombstone, match_key,
)  # fmt: skip
"""The CRM's own tables; the metadata is shared with other rooms."""


def create(engine: Engine | Connection) -> None:
    """Make the CRM's tables where they do not exist yet."""
    metadata.create_all(engine, tables=TABLES)
