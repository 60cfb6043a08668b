"""What the audience sees: headings, sentences and lines, wrapped and coloured as the terminal allows."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

import click

from tandem.cli.screen import painter
from tandem.shown import Paint

WIDTH = 110


@dataclass(slots=True)
class Stage:
    """Standard output, act by act."""

    paint: Paint = field(default_factory=lambda: painter(sys.stdout))
    act: int = 0

    def title(self, text: str) -> None:
        click.echo(self.paint("strong", text))

    def heading(self, text: str) -> None:
        """The next act."""
        self.act += 1
        click.echo()
        click.echo(self.paint("strong", f"{self.act}. {text}"))

    def gap(self) -> None:
        click.echo()

    def say(self, text: str) -> None:
        """Sentences of the narrator."""
        self.paragraph(text, indent=0)

    def paragraph(self, text: str, indent: int) -> None:
        start = " " * indent
        wrapped = textwrap.wrap(
            text, WIDTH, initial_indent=start, subsequent_indent=start, break_long_words=False, break_on_hyphens=False
        )
        for line in wrapped:
            click.echo(line)

    def lines(self, lines: Iterable[str], indent: int = 2) -> None:
        """Lines as they are, such as those of a plan."""
        for line in lines:
            click.echo(f"{' ' * indent}{line}" if line else "")
