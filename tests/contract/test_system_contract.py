"""The CRM, on both databases, and the memory double keep the System contract."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres_server import PostgresServer

from crm import fields, tables
from crm.store import CrmStore
from crm.system import CrmSystem
from engine.links import Member, Space
from engine.memory import MemorySystem
from engine.records import Key, Record, Value
from state.database import open_database
from tests.contract.system_contract import CrmContract, CrmSubject, NamingContract, NamingSubject

ORGANISATIONS = itertools.count(1)


class SqlCrm:
    """The embedded CRM: anna syncs, and reads what bert and carl show her."""

    kind: str
    collection = ""

    def __init__(self, engine: sa.Engine) -> None:
        org = f"contract-{next(ORGANISATIONS)}"
        self.store = CrmStore(engine, org)
        self.system = CrmSystem(engine, org)
        self.space = Space(org, "mailbox", "anna", "Europe/London")
        with self.store.edit() as edit:
            for name in ("anna", "bert", "carl"):
                edit.create_user(name)

    def add(self, values: Mapping[str, Value]) -> str:
        with self.store.edit() as edit:
            return edit.create(self.kind, values)

    def change(self, id: str, values: Mapping[str, Value]) -> None:
        with self.store.edit() as edit:
            edit.update(self.kind, id, values)

    def remove(self, id: str) -> None:
        with self.store.edit() as edit:
            edit.delete(self.kind, id)

    def expire(self, cursor: str) -> str:
        return str(int(cursor) + 1)  # as after a restored backup: a revision from the future

    def bar(self, id: str) -> None:
        with self.store.edit() as edit:
            edit.update(self.kind, id, {"assigned_user_id": "carl"})
            edit.unshare(self.kind, id, "user", "anna")

    def forbid(self, id: str) -> None:
        with self.store.edit() as edit:
            edit.update(self.kind, id, {"assigned_user_id": "bert"})
            edit.share(self.kind, id, "user", "anna", "read")


class SqlContacts(SqlCrm):
    """Its contacts."""

    kind, text, other, company = "Contact", "lastname", "firstname", "accountid"
    second, seconds = "firstname", (("o0", "o0"), ("o1", "o1"), ("o7", "o7"))

    def values(self, number: int) -> Mapping[str, Value]:
        return {"lastname": f"Person {number}", "email": f"p{number}@x.example", "assigned_user_id": "anna"}


class SqlTasks(SqlCrm):
    """Its activities, as tasks; a key asks the start for its day."""

    kind, text, other = "Task", "subject", "description"
    second = "date_start"
    seconds = (
        ("2026-11-21T22:30:00Z", "2026-11-21T22:00:00Z/2026-11-22T22:00:00Z"),
        ("2026-11-22T22:00:00Z", "2026-11-22T22:00:00Z/2026-11-23T22:00:00Z"),
        ("2026-11-23T22:00:00Z", "2026-11-23T22:00:00Z/2026-11-24T22:00:00Z"),
    )

    def values(self, number: int) -> Mapping[str, Value]:
        users = ("bert",) if number % 2 else None
        return {"subject": f"Task {number}", "taskstatus": "On Hold", "users": users, "assigned_user_id": "anna"}


class SqlPlanner(SqlTasks):
    """The same in a space that dora, who may see nothing, leads, and in which anna is a member."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        with self.store.edit() as edit:
            edit.create_user("dora")
        members = tuple(Member(name, f"oid-{name}", "Europe/London") for name in ("dora", "anna"))
        self.space = Space(self.space.org, "planner", "dora", "Europe/London", members)

    def values(self, number: int) -> Mapping[str, Value]:
        return {"subject": f"Task {number}", "assigned_user_id": "anna"}


class MemoryCrm:
    """The double, as a CRM."""

    kind, text, other, collection, company = "Contact", "lastname", "firstname", "", "accountid"
    second, seconds = "firstname", (("o0", "o0"), ("o1", "o1"), ("o7", "o7"))

    def __init__(self) -> None:
        self.system = MemorySystem("crm", fields.CONTACT, fields.COMPANY, fields.FOLDER)
        self.space = Space("org", "mailbox", "anna", "Europe/London")
        self.barred: set[str] = set()
        self.forbidden: set[str] = set()
        self.system.may_read = lambda user, record: record.id not in self.barred
        self.system.may_edit = lambda user, record: record.id not in self.forbidden
        self.system.keys = self._keys

    def _keys(self, kind: str, record: Record) -> list[Key]:
        last, first = str(record.values["lastname"]), str(record.values["firstname"])
        return [
            Key("both", (("lastname", last), ("firstname", first))),
            Key("single", (("firstname", first),)),
            Key("by text", (("lastname", last),)),
            Key("exact", (("lastname", last),)),
            Key("folded", (("lastname", last.casefold()),), ignore_case=True),
        ]

    def values(self, number: int) -> Mapping[str, Value]:
        return {"lastname": f"Person {number}", "email": f"p{number}@x.example"}

    def add(self, values: Mapping[str, Value]) -> str:
        return self.system.add("Contact", values).id

    def change(self, id: str, values: Mapping[str, Value]) -> None:
        self.system.change("Contact", id, values)

    def remove(self, id: str) -> None:
        self.system.remove("Contact", id)

    def expire(self, cursor: str) -> str:
        self.system.expired = True
        return cursor

    def bar(self, id: str) -> None:
        self.barred.add(id)
        self.system.rights_revision += 1

    def forbid(self, id: str) -> None:
        self.forbidden.add(id)
        self.system.rights_revision += 1


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{Path(tmp_path_factory.mktemp('crm')) / 'crm.db'}")
    tables.create(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def postgres_engine(postgres_server: PostgresServer) -> Iterator[sa.Engine]:
    url = postgres_server.create_database()
    engine = open_database(url)
    tables.create(engine)
    yield engine
    engine.dispose()
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> sa.Engine:
    found: sa.Engine = request.getfixturevalue("sqlite_engine" if request.param == "sqlite" else "postgres_engine")
    return found


class TestContacts(NamingContract):
    """The contacts of the embedded CRM."""

    @pytest.fixture
    def subject(self, engine: sa.Engine) -> NamingSubject:
        return SqlContacts(engine)


class TestTasks(CrmContract):
    """The tasks of the embedded CRM, seen by one user."""

    @pytest.fixture
    def subject(self, engine: sa.Engine) -> CrmSubject:
        return SqlTasks(engine)


class TestSharedTasks(CrmContract):
    """The tasks of the embedded CRM, seen by several users together."""

    @pytest.fixture
    def subject(self, engine: sa.Engine) -> CrmSubject:
        return SqlPlanner(engine)


class TestMemoryCrm(NamingContract):
    """The memory double as a CRM."""

    @pytest.fixture
    def subject(self) -> NamingSubject:
        return MemoryCrm()
