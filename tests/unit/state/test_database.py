"""Opening databases, and what a person reads when one can't be used."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres_server import PostgresServer

import state.database
from engine.errors import Unavailable, UserError
from state.database import DatabaseBusy, DatabaseUnusable, open_database, reading, writing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tandem.db"


@pytest.fixture
def sqlite(path: Path) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{path}")
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)"))
    yield engine
    engine.dispose()


def write(engine: sa.Engine, text: str = "x") -> None:
    with writing(engine) as connection:
        connection.execute(sa.text("INSERT INTO note (text) VALUES (:text)"), {"text": text})


def count(engine: sa.Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM note")).scalar_one())


# ---- SQLite ----


def test_sqlite_survives_a_power_cut(sqlite: sa.Engine) -> None:
    """Every connection writes ahead, syncs fully, waits for locks and minds foreign keys."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    with reading(sqlite) as connection:
        found = {name: connection.execute(sa.text(f"PRAGMA {name}")).scalar_one() for name in wanted}
    assert found == wanted


def test_a_new_file_is_private(sqlite: sa.Engine, path: Path) -> None:
    """Nobody else on the machine may read the database or its journal."""
    write(sqlite)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_missing_database_is_not_made_unasked(path: Path) -> None:
    """A wrong path ends in advice and leaves no empty file."""
    with pytest.raises(DatabaseUnusable, match="There is no database at") as problem:
        open_database(f"sqlite:///{path}", must_exist=True)
    assert "tandem init" in problem.value.hint
    assert not path.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The message says which path can't be made, and what to do."""
    with pytest.raises(DatabaseUnusable, match="can't be made: No such file or directory") as problem:
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'tandem.db'}")
    assert "Make its folder" in problem.value.hint


@pytest.mark.parametrize("url", ["", "tandem.db", "mysql://localhost/x", "postgresql://host:port/x"])
def test_an_odd_url_is_refused(url: str) -> None:
    """Only the two databases that Tandem is tested on are opened."""
    with pytest.raises(UserError) as problem:
        open_database(url)
    assert "sqlite:///" in problem.value.hint


def test_a_locked_database_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program's lock ends in a message after the time of patience; reading goes on."""
    monkeypatch.setattr(state.database, "PATIENCE_MS", 50)
    engine = open_database(f"sqlite:///{path}")
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT)"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy, match="locked by another process"):
        write(engine)
    assert count(engine) == 0
    other.close()
    write(engine)
    assert count(engine) == 1
    engine.dispose()


def test_a_full_disk_says_so_and_keeps_nothing(sqlite: sa.Engine) -> None:
    """A transaction that ran out of space is undone as a whole."""
    with pytest.raises(DatabaseBusy, match="disk that holds the database is full"), writing(sqlite) as connection:
        connection.execute(sa.text("PRAGMA max_page_count = 1"))
        connection.execute(sa.text("INSERT INTO note (text) VALUES (:text)"), {"text": "x"})
        connection.execute(sa.text("INSERT INTO note (text) VALUES (:text)"), {"text": "x" * 100_000})
    assert count(sqlite) == 0


def test_a_file_that_is_no_database_says_so(path: Path) -> None:
    """A text file under the database's name isn't touched."""
    path.write_text("not a database " * 100)
    engine = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseUnusable, match="damaged, or the file is not one"):
        count(engine)
    assert path.read_text() == "not a database " * 100
    engine.dispose()


def test_a_damaged_file_says_so(sqlite: sa.Engine, path: Path) -> None:
    """Overwritten pages end in advice, not in a traceback."""
    for _ in range(50):
        write(sqlite, "x" * 1000)
    sqlite.dispose()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(DatabaseUnusable, match="Restore the last backup"):
        count(sqlite)


def test_a_database_that_may_not_be_written_says_so(sqlite: sa.Engine) -> None:
    """The refusal to write names permissions."""
    with pytest.raises(DatabaseUnusable, match="can't be written"), writing(sqlite) as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
        connection.execute(sa.text("INSERT INTO note (text) VALUES ('x')"))


def test_an_empty_database_says_what_to_run(path: Path) -> None:
    """Without tables the advice is to initialise."""
    engine = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseUnusable, match="Run `tandem init`"):
        count(engine)
    engine.dispose()


def test_readers_see_one_state_and_do_not_wait(sqlite: sa.Engine) -> None:
    """While one connection writes, another reads what was before, without waiting."""
    with writing(sqlite) as connection:
        connection.execute(sa.text("INSERT INTO note (text) VALUES ('x')"))
        assert count(sqlite) == 0
    assert count(sqlite) == 1


def test_writers_take_turns(engine: sa.Engine) -> None:
    """Reading before writing in one transaction never deadlocks nor loses a count."""
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE tally (id INTEGER PRIMARY KEY, n INTEGER)"))
        connection.execute(sa.text("INSERT INTO tally VALUES (1, 0)"))
    lock = "" if engine.dialect.name == "sqlite" else " FOR UPDATE"

    def add() -> None:
        for _ in range(10):
            with writing(engine) as connection:
                n = connection.execute(sa.text(f"SELECT n FROM tally WHERE id = 1{lock}")).scalar_one()
                connection.execute(sa.text("UPDATE tally SET n = :n WHERE id = 1"), {"n": n + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert connection.execute(sa.text("SELECT n FROM tally")).scalar_one() == 40


# ---- PostgreSQL ----


def test_an_unreachable_server_says_so(postgres_url: str) -> None:
    """A wrong port ends in advice; it counts as unavailable, so that a service tries again."""
    engine = open_database(sa.make_url(postgres_url).set(port=1).render_as_string(hide_password=False))
    with pytest.raises(Unavailable, match="server can't be reached"):
        count(engine)


def test_a_refused_sign_in_says_so(postgres_url: str) -> None:
    """A wrong password ends in advice that doesn't repeat it."""
    engine = open_database(sa.make_url(postgres_url).set(password="hunter2").render_as_string(hide_password=False))
    with pytest.raises(DatabaseUnusable, match="refused the sign-in") as problem:
        count(engine)
    assert "hunter2" not in str(problem.value)


def test_a_database_the_server_lacks_says_so(postgres_url: str) -> None:
    """A wrong database name ends in advice."""
    engine = open_database(sa.make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False))
    with pytest.raises(DatabaseUnusable, match="no such database"):
        count(engine)


def test_postgresql_without_tables_says_what_to_run(postgres_database: str) -> None:
    """Without tables the advice is to initialise."""
    engine = open_database(postgres_database)
    with pytest.raises(DatabaseUnusable, match="Run `tandem init`"):
        count(engine)
    engine.dispose()


def test_a_lock_on_postgresql_says_so(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for another's lock ends after the time of patience."""
    monkeypatch.setattr(state.database, "PATIENCE_MS", 50)
    engine = open_database(postgres_database)
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE note (id SERIAL PRIMARY KEY, text TEXT)"))
    with writing(engine) as connection:
        connection.execute(sa.text("LOCK TABLE note"))
        with pytest.raises(DatabaseBusy, match="locked by another process"):
            write(engine)
    engine.dispose()


def test_a_server_that_ends_says_so(postgres_server: PostgresServer, postgres_database: str) -> None:
    """A connection that the server ended counts as unavailable; the next one works."""
    engine = open_database(postgres_database)
    with pytest.raises(DatabaseBusy, match="server can't be reached"), reading(engine) as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with reading(engine) as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    engine.dispose()


def test_errors_hold_no_values(engine: sa.Engine) -> None:
    """What a wrong statement carried stays out of the error's text."""
    with pytest.raises(sa.exc.DBAPIError) as problem, writing(engine) as connection:
        connection.execute(sa.text("SELECT * FROM organisation WHERE name = :name AND"), {"name": "Zoë Canary"})
    assert "Canary" not in str(problem.value)
