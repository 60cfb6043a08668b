"""Adds a revision after a table changed: ``python -m tandem.migrations "What changed and why"``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent, indent
from typing import Final, Literal

from alembic import autogenerate
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from alembic.operations.ops import CreateTableOp, MigrateOperation, ModifyTableOps, UpgradeOps
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from state.database import open_database, reading
from state.tables import know_postgresql
from tandem.migrations import HERE, revisions, upgrade

_HEAD: Final = '''"""{message}"""

import sqlalchemy as sa
from alembic import op

revision = "{number:04}"
down_revision = {before}
branch_labels = None
depends_on = None
'''


def add_revision(message: str) -> Path:
    """Write the step from the newest revision to the present tables, a function per table; read it before it is
    committed."""
    known = revisions()
    know_postgresql()
    with TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{folder}/empty.db")
        upgrade(engine)
        with reading(engine) as connection:
            context = MigrationContext.configure(connection)
            steps = autogenerate.produce_migrations(context, SQLModel.metadata).upgrade_ops
            assert steps is not None
            functions = dict(_functions(steps, context))
        engine.dispose()
    number, before = len(known) + 1, f'"{known[-1]}"' if known else None
    calls = "\n".join(f"    {name}()" for name in functions) or "    pass"
    parts = [_HEAD.format(message=message, number=number, before=before), *functions.values()]
    text = "\n\n".join([*parts, f"def upgrade() -> None:\n{calls}\n"])
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")
    path = HERE / "versions" / f"{number:04}_{slug[:40]}.py"
    path.write_text(text, encoding="utf-8")
    return path


def _functions(steps: UpgradeOps, context: MigrationContext) -> Iterator[tuple[str, str]]:
    """Name and text of one function per table, in an order that foreign keys allow."""
    by_table: dict[str, list[MigrateOperation]] = {}
    for step in steps.ops:
        table = step.table_name if isinstance(step, CreateTableOp | ModifyTableOps) else "other"
        by_table.setdefault(table, []).append(step)
    for table, some in by_table.items():
        body = autogenerate.render_python_code(
            UpgradeOps(some), render_as_batch=True, render_item=_render, migration_context=context
        )
        lines = [line for line in body.splitlines() if not line.strip().startswith("# ###")]
        yield f"_{table}", f"def _{table}() -> None:\n" + indent(dedent("\n".join(lines)).strip(), "    ") + "\n"


def _render(kind: str, value: object, autogen: AutogenContext) -> str | Literal[False]:
    """Revisions need SQLAlchemy only."""
    return "sa.String()" if kind == "type" and isinstance(value, AutoString) else False


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('Usage: python -m tandem.migrations "What changed and why"')
    sys.stdout.write(f"{add_revision(sys.argv[1])}\n")
