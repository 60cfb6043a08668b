"""One statement for many rows of plain values: compiled once, and the driver gets the rows as they are."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

Values: TypeAlias = tuple[object, ...]


def run_many(connection: sa.Connection, statement: UpdateBase, names: Sequence[str], rows: Sequence[Values]) -> None:
    """Run an insert, update or delete once per row. Rows give a value for each of the parameters in ``names``, in
    their order. The usual way binds every value of every row anew, which costs more than the database does
    (measured)."""
    if not rows:
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
    fixed = {name: value for name, value in compiled.params.items() if name not in names}
    order: list[str] | None = getattr(compiled, "positiontup", None)
    given: Any = rows
    if order is None:
        given = [{**fixed, **dict(zip(names, row, strict=True))} for row in rows]
    elif order != list(names):
        whole, more = (*names, *fixed), tuple(fixed.values())
        arranged = itemgetter(*map(whole.index, order))
        given = [arranged(row + more) for row in rows]
    connection.exec_driver_sql(str(compiled), given)
