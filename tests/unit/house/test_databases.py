"""The databases handed to tests: empty, private, gone afterwards, and never silently missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from postgres_server import PostgresServer, PostgresUnavailable

SUPPORT = Path(__file__).parents[2] / "support"


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_gets_an_empty_database(database_url: str, turn: int) -> None:
    """What one test creates, the next one does not see, on either database."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE mark (turn INTEGER)"))
        connection.execute(sa.text("INSERT INTO mark VALUES (:turn)"), {"turn": turn})
        assert connection.execute(sa.text("SELECT turn FROM mark")).scalar_one() == turn
    engine.dispose()


def test_both_databases_are_the_real_thing(postgres_database: str) -> None:
    """The PostgreSQL URL leads to a PostgreSQL server of a supported age, not to a stand-in."""
    engine = sa.create_engine(postgres_database)
    with engine.connect() as connection:
        version = int(connection.execute(sa.text("SHOW server_version_num")).scalar_one())
    engine.dispose()
    assert version >= 150000


def test_a_database_left_open_is_still_dropped(postgres_server: PostgresServer) -> None:
    """A test that forgets a connection cannot block the ones after it."""
    url = postgres_server.create_database()
    left_open = sa.create_engine(url).connect()
    postgres_server.drop_database(url)
    with pytest.raises(sa.exc.OperationalError):
        left_open.execute(sa.text("SELECT 1"))
    left_open.invalidate()


def test_the_server_wants_its_password(postgres_url: str) -> None:
    """Other accounts of a shared machine cannot use the test server."""
    address = sa.make_url(postgres_url).set(drivername="postgresql", password="wrong")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(address.render_as_string(hide_password=False))


def test_missing_binaries_fail_and_say_what_to_do(tmp_path: Path) -> None:
    """Without PostgreSQL the tests fail with advice; they are not skipped."""
    with pytest.raises(PostgresUnavailable, match="set PG_BIN to a folder"):
        PostgresServer.start({"PG_BIN": str(tmp_path)})


def test_a_killed_test_run_leaves_no_server_behind() -> None:
    """The server ends with the process that started it, even when that one is killed outright."""
    start = "import os, time; from postgres_server import PostgresServer as S; s = S.start(os.environ)"
    child = subprocess.Popen(
        [sys.executable, "-c", f"{start}; print(s.url, s._folder, flush=True); time.sleep(60)"],
        env={**os.environ, "PYTHONPATH": str(SUPPORT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    url, folder = child.stdout.readline().split()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    address = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    deadline = time.monotonic() + 20
    while (_answers(address) or Path(folder).exists()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _answers(address)
    assert not Path(folder).exists()


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
