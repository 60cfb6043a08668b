"""The command that puts rule files into their one layout; like ``check`` it needs no installation and no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("rules", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; name the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.pass_context
def fmt(context: click.Context, rules: tuple[Path, ...], only_check: bool, diff: bool) -> None:
    """Put RULES (files, or folders of *.rules files) into their one layout.

    Without RULES, those of the installation, or the shipped ones. White space alone is changed: indentation, columns,
    blank lines, tabs, line ends. Line breaks within an entry stay, and so does the distance of columns that most
    lines of a block agree on. A file with a mistake in it is told as `tandem check` tells it and left as it is.

    Exit code 1 when a file has a mistake, and with --check when one would change.

    \b
    Examples:
      tandem fmt
      tandem fmt --check rules/
      tandem fmt --diff rules/contacts.rules
    """
    from engine.language.diagnostics import Problem, RuleErrors
    from engine.language.layout import lay_out
    from tandem.cli.rules import given_or_installed, read
    from tandem.cli.screen import rule_style

    changed: list[Path] = []
    problems: list[Problem] = []
    sources: dict[str, str] = {}
    sound = 0
    for name, path in _files(given_or_installed(context, rules)):
        data = read(path)
        try:
            text = lay_out(name, data)
        except RuleErrors as found:
            problems += found.problems
            sources |= found.sources
            continue
        sound += 1
        if text.encode("utf-8") == data:
            continue
        changed.append(path)
        if diff:
            _show(path, data, text)
        if not (only_check or diff):
            _write(path, text)
    if not diff:
        _tell(changed, sound, only_check)
    if problems:
        click.echo(RuleErrors(problems, sources).render(rule_style(sys.stdout)))
    context.exit(1 if problems or (only_check and changed) else 0)


def _files(rules: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Each file once, with the name that messages call it by."""
    from engine.language.compiler import rule_files

    seen: set[Path] = set()
    for place in rules:
        folder = place.is_dir() or not place.suffix
        for path in rule_files(place) if folder else [place]:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield (path.name if folder and len(rules) == 1 else str(path)), path


def _show(path: Path, data: bytes, text: str) -> None:
    """A unified diff, with line ends of other kinds, tabs and a byte order mark made visible."""
    from difflib import unified_diff

    old = data.decode("utf-8").translate(_SEEN).split("\n")
    for line in unified_diff(old, text.split("\n"), str(path), f"{path}, laid out", lineterm=""):
        click.echo(line)


_SEEN: Final = {ord("\r"): "\\r", ord("\t"): "\\t", 0xFEFF: "\\ufeff"}


def _tell(changed: list[Path], sound: int, only_check: bool) -> None:
    for path in changed:
        click.echo(f"{path}: {'would be laid out anew' if only_check else 'laid out anew'}.")
    if sound and not changed:
        click.echo(f"{sound} file{'s' if sound != 1 else ''}, nothing to change.")


def _write(path: Path, text: str) -> None:
    """Replace a file, whole or not at all; its mode stays, and a link to it too."""
    target = path.resolve()
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    part.write_bytes(text.encode("utf-8"))
    part.chmod(target.stat().st_mode & 0o777)
    part.replace(target)
