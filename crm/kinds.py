"""What differs between the kinds of records that are synced. Adding one is a field table, a table and a description
here; everything else in this room works from the description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final, TypeAlias

from sqlalchemy import Table

from crm import tables
from crm.fields import (
    ACTIVITY,
    ACTIVITY_COLUMNS,
    COMPANY_KIND,
    CONTACT,
    CONTACT_COLUMNS,
    FOLDER_KIND,
    MEETING_COLUMNS,
    POSTAL_GROUPS,
    TASK,
    TASK_LIST_KIND,
    USER_KIND,
    Column,
)
from engine.schema import Schema


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Records that others point to: their table and the column that holds the name people know.

    ``made``: naming one that does not exist brings it into being, ``owned`` by the writer where it has an owner.
    ``flags`` are columns that a reference tells about. ``plain``: rules see the id alone.
    """

    kind: str
    table: Table
    name: str
    label: str
    made: bool = False
    owned: bool = False
    flags: tuple[str, ...] = ()
    plain: bool = False


USERS: Final = Named(USER_KIND, tables.user, "user_name", "user", plain=True)
COMPANIES: Final = Named(COMPANY_KIND, tables.company, "accountname", "company", made=True, owned=True)
FOLDERS: Final = Named(FOLDER_KIND, tables.folder, "name", "folder", made=True)
TASK_LISTS: Final = Named(TASK_LIST_KIND, tables.task_list, "name", "task list", flags=("in_planner",))

NAMED: Final = {named.kind: named for named in (COMPANIES, FOLDERS, TASK_LISTS)}
"""Those whose names the sync may ask for, by kind."""


@dataclass(frozen=True, slots=True, eq=False)
class One:
    """A field that points to at most one other record; ``column`` holds its id."""

    field: str
    column: str
    to: Named


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """A field that lists other records, in a table of its own: ``record`` and ``column`` hold the two ids. Where the
    order counts the table has a position; otherwise the list is kept by id."""

    field: str
    table: Table
    record: str
    column: str
    to: Named
    ordered: bool = False


Pointer: TypeAlias = "One | Many"

OWNER: Final = One("assigned_user_id", "owner_id", USERS)


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of record. ``stored`` names it in tables that several kinds share; ``groups`` are fields that rules
    see as one value of several columns. ``participants`` are users who may read and edit a record they are on."""

    schema: Schema
    stored: str
    table: Table
    columns: tuple[Column, ...]
    ones: tuple[One, ...]
    manys: tuple[Many, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    participants: Many | None = None
    by_name: Mapping[str, Column] = field(init=False, repr=False)
    pointers: Mapping[str, Pointer] = field(init=False, repr=False)
    plain: tuple[Column, ...] = field(init=False, repr=False)
    """Columns whose value is a record's value as it stands."""
    required: tuple[Column, ...] = field(init=False, repr=False)
    keyed: tuple[Column, ...] = field(init=False, repr=False)
    """Columns that match keys are kept for."""
    keyed_ones: tuple[One, ...] = field(init=False, repr=False)
    """Pointers that match keys are kept for, by the name of what they point to."""
    matchable: tuple[str, ...] = field(init=False, repr=False)
    """Paths that records can be found by."""

    def __post_init__(self) -> None:
        grouped = {name for names in self.groups.values() for name in names}
        pointers: tuple[Pointer, ...] = (*self.ones, *self.manys)
        self._set("by_name", {column.name: column for column in self.columns})
        self._set("pointers", {pointer.field: pointer for pointer in pointers})
        self._set("plain", tuple(column for column in self.columns if column.name not in grouped))
        self._set("required", tuple(column for column in self.columns if column.required))
        self._set("keyed", tuple(column for column in self.columns if column.matchable))
        self._set("keyed_ones", tuple(one for one in self.ones if self.schema.by_name[one.field].matchable))
        paths = (*(column.name for column in self.keyed), *(name_path(one) for one in self.keyed_ones))
        self._set("matchable", paths)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """As rule files call it."""
        return self.schema.kind

    @property
    def label(self) -> str:
        return self.schema.label


@cache
def narrowed(kind: Kind, fields: frozenset[str]) -> Kind:
    """The kind for reading records with these fields alone."""
    groups = {group: names for group, names in kind.groups.items() if group in fields}
    wanted = fields.union(*groups.values())
    return replace(
        kind,
        columns=tuple(column for column in kind.columns if column.name in wanted),
        ones=tuple(one for one in kind.ones if one.field in fields),
        manys=tuple(many for many in kind.manys if many.field in fields),
        groups=groups,
    )


def name_path(one: One) -> str:
    """The path under which rules see the name of what a field points to."""
    return f"{one.field}.name"


CONTACTS: Final = Kind(
    CONTACT,
    "Contact",
    tables.contact,
    CONTACT_COLUMNS,
    ones=(One("accountid", "company_id", COMPANIES), OWNER),
    manys=(Many("folder", tables.contact_folder, "contact_id", "folder_id", FOLDERS, ordered=True),),
    groups=POSTAL_GROUPS,
)

_ON_IT: Final = Many("users", tables.activity_user, "activity_id", "user_id", USERS)

ACTIVITIES: Final = Kind(
    TASK,
    "Activity",
    tables.activity,
    ACTIVITY_COLUMNS,
    ones=(One("tasklist", "list_id", TASK_LISTS), OWNER),
    manys=(_ON_IT,),
    participants=_ON_IT,
)

MEETINGS: Final = Kind(
    ACTIVITY,
    "Activity",
    tables.activity,
    MEETING_COLUMNS,
    ones=(One("tasklist", "list_id", TASK_LISTS), OWNER),
    manys=(_ON_IT,),
    participants=_ON_IT,
)
"""The same records as tasks are: what a rule file calls crm.Activity."""

KINDS: Final = {kind.name: kind for kind in (CONTACTS, ACTIVITIES, MEETINGS)}
"""By the name that rule files use."""

STORED: Final = {kind.stored: kind for kind in reversed(KINDS.values())}
"""One kind for each table of records, by the name it has in tables that several kinds share."""


def kind_named(name: str) -> Kind:
    """Raises ValueError for a kind that has no records of its own here."""
    found = KINDS.get(name)
    if found is None:
        raise ValueError(f"the CRM has no change feed for {name}")
    return found
