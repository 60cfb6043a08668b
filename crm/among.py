"""Conditions over long lists of texts, as one parameter: neither statements nor their parameters grow with the list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement


class Texts(TypeDecorator[Iterable[str]]):
    """A parameter that holds many texts, as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        return json.dumps(list(value or ()))


IDS: Final[BindParameter[Iterable[str]]] = bindparam("ids", type_=Texts)


class _Listed(FunctionElement[str]):
    """The texts of a parameter, as a subquery."""

    inherit_cache = True
    type = Text()


@compiles(_Listed, "sqlite")
def _on_sqlite(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"


@compiles(_Listed, "postgresql")
def _on_postgresql(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS JSON)))"


def among(column: ColumnElement[Any], texts: BindParameter[Iterable[str]] = IDS) -> ColumnElement[bool]:
    """Whether a column holds one of the texts that a statement is run with. An IN list of hundreds costs more to write
    than to answer (measured). SQLite's planner does not know how few they are: it takes the primary key, or the only
    index that begins with what else is asked for and the column."""
    return column.bool_op("IN")(_Listed(texts))
