"""What is wrong with the database is said in plain words: what to do, no statement, no value, no traceback."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from crm import tables
from crm.store import CrmStore
from crm.system import CrmSystem
from engine.errors import TandemError, Unavailable, UserError
from engine.links import Space
from tests.unit.crm.desk import creation

CANARY = "Canary Wharfinger"


def opened(path: Path, **options: object) -> CrmStore:
    """A CRM with anna in it."""
    engine = sa.create_engine(f"sqlite:///{path}", **options)
    tables.create(engine)
    store = CrmStore(engine, "org")
    with store.edit() as edit:
        edit.create_user("anna")
    return store


def attempts(store: CrmStore) -> list[Callable[[], object]]:
    """Writing as people do, and as the sync does."""

    def edit() -> None:
        with store.edit() as edit:
            edit.create("Contact", {"lastname": CANARY})

    system = CrmSystem(store.database.engine, "org")
    writer = system.writer(Space("org", "mailbox", "anna", "UTC"), lambda: True)
    return [edit, lambda: list(writer.write([creation(lastname=CANARY)]))]


def said(expected: type[TandemError], attempt: Callable[[], object]) -> str:
    with pytest.raises(expected) as caught:
        attempt()
    message = f"{caught.value} {getattr(caught.value, 'hint', '')}"
    assert CANARY not in message
    assert "INSERT" not in message
    return message


def test_a_locked_database_can_be_tried_again(tmp_path: Path) -> None:
    """Another program holds the write lock; nothing is kept, and it works once that one has finished."""
    store = opened(tmp_path / "crm.db", connect_args={"timeout": 0.05})
    other = sqlite3.connect(tmp_path / "crm.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for attempt in attempts(store):
        assert "locked by another program" in said(Unavailable, attempt)
    other.execute("ROLLBACK")
    other.close()
    assert list(store.records("Contact")) == []
    for attempt in attempts(store):
        attempt()
    assert len(list(store.records("Contact"))) == 2
    store.database.engine.dispose()


def test_a_full_disk_keeps_nothing_of_the_transaction(tmp_path: Path) -> None:
    """SQLite says full when no page is left: what came before stays, the half-written contact does not."""
    store = opened(tmp_path / "crm.db")
    pages: list[int] = []

    def limit(connection: sqlite3.Connection, entry: object) -> None:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {count}")
        pages.append(count)

    store.database.engine.dispose()
    sa.event.listen(store.database.engine, "connect", limit)
    with pytest.raises(Unavailable, match="disk that holds the CRM's database is full"), store.edit() as edit:
        edit.put("Contact", [(None, {"lastname": CANARY, "description": "long " * 200})] * 500)
    assert pages
    assert list(store.records("Contact")) == []
    store.database.engine.dispose()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: path.write_bytes(b"no database at all, but some text" * 40), "is not a database"),
        (lambda path: path.touch(), "tables do not exist yet. Run `tandem init`"),
        (lambda path: path.mkdir(), "can't be opened"),
    ],
)
def test_a_wrong_file_says_what_to_do(tmp_path: Path, prepare: Callable[[Path], object], message: str) -> None:
    """Reading and writing both say it."""
    prepare(tmp_path / "crm.db")
    store = CrmStore(sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}"), "org")
    for attempt in (*attempts(store), lambda: list(store.records("Contact")), store.users):
        assert message in said(UserError, attempt).replace(".  ", ". ")
    store.database.engine.dispose()


def test_a_missing_postgresql_table_says_the_same(postgres_database: str) -> None:
    """An empty database is one that nobody has initialised."""
    store = CrmStore(sa.create_engine(postgres_database), "org")
    for attempt in attempts(store):
        assert "Run `tandem init`" in said(UserError, attempt)
    store.database.engine.dispose()


def test_a_server_that_is_not_there_says_so() -> None:
    """Nothing listens on that port."""
    engine = sa.create_engine(
        "postgresql+psycopg://tandem:secret@127.0.0.1:9/none", connect_args={"connect_timeout": 2}
    )
    message = said(Unavailable, CrmStore(engine, "org").users)
    assert "does not answer" in message
    assert "secret" not in message


def test_a_server_that_goes_away_says_so(postgres_database: str) -> None:
    """The connection is cut in the middle; the next call works on a new one."""
    engine = sa.create_engine(postgres_database)
    tables.create(engine)
    store = CrmStore(engine, "org")
    cut = sa.text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(Unavailable, match="does not answer"), store.edit() as edit:
        edit.create("Contact", {"lastname": CANARY})
        edit.transaction.connection.execute(cut)
    assert list(store.records("Contact")) == []
    engine.dispose()
