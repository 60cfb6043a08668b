"""A database that grew by revisions is the same as one made at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

import tandem.migrations.__main__ as adding
from engine.errors import UserError
from state.database import open_database, reading, writing
from tandem.migrations import _changing_tables, _configuration, revisions, upgrade


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def shape(engine: sa.Engine) -> dict[str, object]:
    """Everything about the tables that the database itself can tell."""
    inspector = sa.inspect(engine)
    clustered: set[str] = set()
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            made = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
            clustered = {name for name, text in made if text.rstrip().endswith("WITHOUT ROWID")}

    def by_name(found: list[dict[str, object]]) -> list[str]:
        return sorted(repr({name: _plain(value) for name, value in one.items()}) for one in found)

    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": by_name(inspector.get_indexes(table)),
            "without rowid": table in clustered,
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _plain(value: object) -> object:
    """Conditions of indexes come as objects; their text counts."""
    return {name: str(one) for name, one in value.items()} if isinstance(value, dict) else value


def test_a_migrated_database_equals_a_fresh_one(engine: sa.Engine) -> None:
    """Tables, columns, keys, indexes with their conditions and checks are the same either way."""
    upgrade(engine)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    grown = shape(engine)
    with writing(engine) as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
        SQLModel.metadata.drop_all(connection)
    SQLModel.metadata.create_all(engine)
    assert grown == shape(engine)
    assert {"link", "action", "contact", "crm_clock"} <= grown.keys()


def test_shares_of_the_first_release_are_kept_as_contacts(engine: sa.Engine) -> None:
    """The table is made anew under another key; what was shown to whom stays."""
    with _changing_tables(engine) as connection:
        config = _configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        flags = ("includeinsync", "do_not_email", "tps", "fps", "private")
        held = f"INSERT INTO contact (org_id, crm_id, version, rev, modified_at, {', '.join(flags)})"
        connection.execute(sa.text(f"{held} VALUES ('org', '7', 1, 1, 1, {', '.join(['false'] * len(flags))})"))
        connection.execute(sa.text("INSERT INTO share VALUES ('org', '7', 'team', 'north', 'read')"))
    upgrade(engine)
    with reading(engine) as connection:
        kept = connection.execute(sa.text("SELECT * FROM share")).all()
    assert [tuple(row) for row in kept] == [("org", "Contact", "7", "team", "north", "read")]


def test_upgrading_twice_changes_nothing(engine: sa.Engine) -> None:
    """A database at the newest revision stays as it is, and its foreign keys count again afterwards."""
    upgrade(engine)
    before = shape(engine)
    upgrade(engine)
    assert shape(engine) == before
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as connection:
        connection.execute(sa.text("INSERT INTO lease VALUES ('nobody', 'nowhere', '', 0, 0)"))


def test_two_processes_may_upgrade_at_once(engine: sa.Engine) -> None:
    """Starting twice on an empty database ends in one upgraded database and no error."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(2)

    def start() -> None:
        barrier.wait()
        try:
            upgrade(engine)
        except BaseException as problem:
            failures.append(problem)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert "link" in shape(engine)


def test_a_database_of_a_newer_version_is_refused(engine: sa.Engine) -> None:
    """An older program doesn't touch a newer database, and says so."""
    upgrade(engine)
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="made by a newer Tandem"):
        upgrade(engine)


def test_an_upgrade_that_fails_leaves_nothing(engine: sa.Engine) -> None:
    """A table in the way stops the upgrade before anything is kept."""
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE token_cache (org_id VARCHAR)"))
    with pytest.raises(sa.exc.DBAPIError):
        upgrade(engine)
    assert sa.inspect(engine).get_table_names() == ["token_cache"]


def test_a_changed_table_makes_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adding a column and a table yields a revision after the newest one, with a function per table."""
    (tmp_path / "versions").mkdir()
    monkeypatch.setattr(adding, "HERE", tmp_path)
    added = sa.Table("gadget", SQLModel.metadata, sa.Column("org_id", sa.String, primary_key=True))
    try:
        path = adding.add_revision("Gadgets, because people asked")
    finally:
        SQLModel.metadata.remove(added)
    text = path.read_text(encoding="utf-8")
    assert path.name == f"{len(revisions()) + 1:04}_gadgets_because_people_asked.py"
    assert f'down_revision = "{revisions()[-1]}"' in text
    assert "def upgrade() -> None:\n    _gadget()\n" in text
    compile(text, str(path), "exec")
