"""Conditions over long lists of keys, as one parameter: neither statements nor their parameters grow with the list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ARRAY, BindParameter, Boolean, ColumnElement, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class _Listed(TypeDecorator[list[str]]):
    """A list of texts as one parameter: an array for PostgreSQL, JSON for SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text))

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> Any:
        listed = list(value or ())
        return json.dumps(listed) if dialect.name == "sqlite" else listed


IDS: Final[BindParameter[list[str]]] = bindparam("ids", type_=_Listed)
"""The list that a statement is run with."""


class among(FunctionElement[bool]):
    """Whether a column holds one of the keys in ``ids``. An IN list of hundreds costs more to write than to answer
    (measured). The column should be the last of a primary key or of the only index that fits: SQLite's planner does
    not know how few keys there are."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[str]) -> None:
        super().__init__(column, IDS)


@compiles(among, "sqlite")
def _on_sqlite(element: among, compiler: Any, **settings: Any) -> str:
    column, keys = (compiler.process(part, **settings) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"


@compiles(among)
def _on_postgresql(element: among, compiler: Any, **settings: Any) -> str:
    column, keys = (compiler.process(part, **settings) for part in element.clauses)
    return f"{column} = ANY ({keys})"
