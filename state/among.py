"""Conditions over long lists of keys, as one parameter: neither statements nor their parameters grow with the list."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa


def among(connection: sa.Connection, column: sa.ColumnElement[str], keys: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a column holds one of these keys. An IN list of thousands costs more to write than to answer
    (measured). Keys are ids and digests: text that the database itself could store. For the last column of a primary
    key: SQLite's planner does not see that a second index would find them faster."""
    listed = list(keys)
    if connection.dialect.name == "sqlite":
        each = sa.func.json_each(msgspec.json.encode(listed).decode()).table_valued("value")
        return column.in_(sa.select(each.c.value))
    return column == sa.any_(sa.bindparam(None, listed, type_=sa.ARRAY(sa.Text), unique=True))
