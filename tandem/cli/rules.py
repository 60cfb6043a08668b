"""Commands over rule files alone: they need no installation, no database and no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.language.diagnostics import RuleErrors
    from engine.language.program import Program


@click.command()
@click.argument("rules", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The problems as one JSON document.")
@click.pass_context
def check(context: click.Context, rules: tuple[Path, ...], as_json: bool) -> None:
    """Check RULES (files, or folders of *.rules files) and say everything that is wrong.

    Without RULES, those of the installation, or the shipped ones. Exit code 1 when there is a problem.
    Lines and columns count from 1, in characters; end_column is the one behind the last.

    \b
    Examples:
      tandem check
      tandem check rules/contacts.rules
      tandem check --json
        {"problems": [{"code": "T201", "file": "contacts.rules", "line": 62, "column": 29,
         "end_column": 39, "message": "m365.contact has no field called “mobilPhone”.",
         "hint": "Did you mean “mobilePhone”?"}]}
    """
    from engine.language.diagnostics import RuleErrors
    from tandem.cli.screen import rule_style

    try:
        compiled = _compiled(context, rules)
    except RuleErrors as problems:
        if as_json:
            click.echo(_json(problems))
        else:
            click.echo(problems.render(rule_style(sys.stdout)))
        context.exit(1)
    if as_json:
        click.echo('{"problems": []}')
    else:
        for name, entries in compiled:
            click.echo(f"{name}: {entries} entries, no problems.")


def _compiled(context: click.Context, rules: tuple[Path, ...]) -> list[tuple[str, int]]:
    """Name and size of each file that compiled."""
    from engine.language.compiler import compile_files, compile_folder
    from tandem.rulefiles import SCHEMAS

    rules = given_or_installed(context, rules)
    programs: list[Program] = []
    for folder in (path for path in rules if path.is_dir() or not path.suffix):
        programs += compile_folder(folder, SCHEMAS)
    files = [path for path in rules if not path.is_dir() and path.suffix]
    if files:
        programs += compile_files({str(path): read(path) for path in files}, SCHEMAS)
    return [(program.name, len(program.entries)) for program in programs]


def given_or_installed(context: click.Context, rules: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files and folders named, else the installation's rule folder, else that of the shipped rules."""
    from engine import resources
    from engine.errors import UserError
    from tandem.cli.opening import settings

    if rules:
        return rules
    try:
        return (settings(context).rules,)
    except UserError:
        if context.find_root().obj:
            raise
        return (resources.rules(),)


def read(path: Path) -> bytes:
    """The bytes of a rule file, as far as one may be long. Raises UserError where it can't be read."""
    from engine.errors import UserError
    from engine.language.source import LIMITS

    try:
        with path.open("rb") as file:
            return file.read(LIMITS.file_bytes + 1)
    except OSError as problem:
        hint = "Name rule files, or a folder that holds *.rules files."
        raise UserError(f"{path} can't be read: {problem.strerror}.", hint) from None


def _json(problems: RuleErrors) -> str:
    from tandem import shown

    found = [
        {"code": one.code, "file": one.span.file, "line": one.span.line, "column": one.span.column,
         "end_column": one.span.end_column, "message": one.message, "hint": one.hint}
        for one in problems.problems
    ]  # fmt: skip
    return shown.to_json({"problems": found})
