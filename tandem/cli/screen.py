"""What commands show: colours on a terminal only, tables, errors, and progress once something takes a while."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

import click

from engine.errors import UserError
from engine.language.diagnostics import Part, RuleErrors, Style
from tandem import shown
from tandem.shown import Paint, Role, unpainted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE: Final = 1.0
"""Seconds before progress is shown."""

_COLOURS: Final[Mapping[Role, Mapping[str, str | bool]]] = {
    "create": {"fg": "green"},
    "update": {"fg": "yellow"},
    "delete": {"fg": "red"},
    "match": {"fg": "cyan"},
    "held": {"fg": "magenta"},
    "quiet": {"dim": True},
    "title": {"bold": True},
    "place": {"dim": True},
    "strong": {"bold": True},
}
_PARTS: Final[Mapping[Part, Mapping[str, str | bool]]] = {
    "code": {"fg": "red", "bold": True},
    "place": {"bold": True},
    "gutter": {"dim": True},
    "caret": {"fg": "red", "bold": True},
    "hint": {"fg": "cyan"},
}


def is_terminal(stream: TextIO) -> bool:
    return stream.isatty()


def coloured(stream: TextIO) -> bool:
    """Colour only on a terminal, and not where NO_COLOR is set to anything or the terminal is dumb."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painter(stream: TextIO) -> Paint:
    """How plans are coloured on this stream."""
    return _painted if coloured(stream) else unpainted


def _painted(role: Role, text: str) -> str:
    return click.style(text, **_COLOURS[role])  # type: ignore[arg-type]


class _Coloured(Style):
    def paint(self, part: Part, text: str) -> str:
        return click.style(text, **_PARTS.get(part, {}))  # type: ignore[arg-type]


def rule_style(stream: TextIO) -> Style:
    """How problems of rule files are coloured on this stream."""
    return _Coloured() if coloured(stream) else Style()


def show_user_error(problem: UserError) -> None:
    """One message on standard error: what is wrong, and what to do."""
    if isinstance(problem, RuleErrors):
        click.echo(problem.render(rule_style(sys.stderr)), err=True)
        return
    click.echo(f"Error: {problem}", err=True)
    if problem.hint:
        click.echo(f"  {problem.hint}", err=True)


def table(rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> Iterator[str]:
    """Rows in columns as wide as they need to be; cells are escaped, the last column is left as long as it is."""
    cells = [[shown.safe(cell) for cell in row] for row in rows]
    if heads:
        cells.insert(0, list(heads))
    widths = [max(map(shown.width, column)) for column in zip(*cells, strict=True)] if cells else []
    paint = painter(sys.stdout)
    for number, row in enumerate(cells):
        line = "  ".join(shown.padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield paint("quiet", line) if heads and number == 0 else line


class Watch:
    """The engine's progress, on standard error, if it is a terminal and the work lasts longer than a second."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = name
        self._lock = threading.Lock()
        self._ended = False
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._timer = threading.Timer(PATIENCE, self._show)
        self._timer.daemon = True

    def __call__(self, what: str, count: int) -> None:
        with self._lock:
            self._told = f"{self._name}: {what}, {count:,} records"
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, description=self._told)

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._ended:
                return
            columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._told, total=None)
            self._bar.start()

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._bar is not None:
                self._bar.stop()


@contextmanager
def watching(name: str) -> Iterator[Watch]:
    """Progress of what is called ``name``, for the block; silent where nobody watches."""
    watch = Watch(name)
    if is_terminal(sys.stderr):
        watch.start()
    try:
        yield watch
    finally:
        watch.stop()
