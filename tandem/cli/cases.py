"""Commands over cases: run them, store what came of them, and make one from a live record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from engine.cases.coverage import Coverage
    from engine.cases.model import CaseFile, Told
    from engine.cases.run import Ran
    from engine.language.program import Program
    from tandem.casefiles import Cases, Results
    from tandem.shown import Paint, Role

_ROLES: Final[Mapping[str, Role]] = {"+": "create", "-": "delete", " ": "quiet"}


@click.command()
@click.argument("place", metavar="[PATH]", required=False, type=click.Path(path_type=Path))
@click.option("-k", "text", metavar="TEXT", default="", help="Only cases with this text in their name or file's name.")
@click.option("--coverage", is_flag=True, help="Also tell which entries and table rows no case exercises.")
@click.option("--complete", is_flag=True, help="With that, fail unless cases exercise all of them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
@click.pass_context
def test(context: click.Context, place: Path | None, text: str, coverage: bool, complete: bool, as_json: bool) -> None:
    """Run the cases of a rule folder: those of the installation, or of PATH (a rule folder, or cases alone).

    Exit code 1 when a case ends in another way than it expects, asks (`expect ?`), or when nothing ran.

    \b
    Examples:
      tandem test
      tandem test -k folder
      tandem test rules --coverage
      tandem test rules/cases/tasks.case
    """
    from tandem.cli.screen import painter

    cases, results = _ran(context, place, text)
    silent = sum(len(one.silent) for one in results.coverage.values())
    if as_json:
        from tandem import shown

        click.echo(shown.to_json(_json(cases, results, coverage or complete)))
    else:
        paint = painter(sys.stdout)
        for line in _report(cases, results, paint):
            click.echo(line)
        for line in _coverage(results.coverage, paint) if coverage or complete else ():
            click.echo(line)
    failed = any(not one.passed for one in results.all)
    context.exit(1 if failed or (complete and silent) else 0)


def _ran(context: click.Context, place: Path | None, text: str) -> tuple[Cases, Results]:
    """The cases meant, and what came of them. Raises UserError where nothing ran."""
    from engine.errors import UserError
    from tandem.casefiles import read_folder, run_cases

    rules, only = _places(context, place)
    cases = read_folder(rules, only)
    results = run_cases(cases, text)
    if not results.all:
        hint = "`tandem test` without -k runs all of them." if text else "Write one: docs/cases.md shows how."
        raise UserError(f"No case has “{text}” in its name." if text else "The case files hold no case.", hint)
    return cases, results


def _places(context: click.Context, place: Path | None) -> tuple[Path, Path | None]:
    """The rule folder, and the file or folder of cases where one is named."""
    from engine import resources
    from engine.errors import UserError
    from engine.language.compiler import SUFFIX
    from tandem.cli.opening import settings

    if place is not None and not place.exists():
        raise UserError(f"There is no {place}.", "Name a rule folder, or a case file.")
    if place is not None:
        around = place if place.is_dir() else place.parent
        for folder in (around, around.resolve().parent):
            if any(folder.glob(f"*{SUFFIX}")):
                return folder, None if folder == place else place
    try:
        return settings(context).rules, place
    except UserError:
        if context.find_root().obj:
            raise
        return resources.rules(), place


# ---- what is shown --------------------------------------------------------------------------------------------


def _report(cases: Cases, results: Results, paint: Paint) -> Iterator[str]:
    from tandem import shown

    for _, file, ran in results.ran:
        for one in ran:
            if not one.passed:
                yield from _failure(file, one, cases.programs[file.rules], paint)
                yield ""
    every = results.all
    failed = sum(not one.passed and not one.case.asks for one in every)
    asking = sum(one.case.asks for one in every)
    parts = [f"{len(every) - failed - asking:,} passed"]
    parts += [f"{failed:,} failed"] if failed else []
    parts += [f"{asking:,} asked"] if asking else []
    yield paint("strong", f"{shown.count(len(every), 'case')}: {', '.join(parts)}.")


def _failure(file: CaseFile, ran: Ran, program: Program, paint: Paint) -> Iterator[str]:
    """A case that did not pass: what it expected (-) and what came (+), with the rule's line behind it; or what would
    be expected of one that asks."""
    from engine.cases.accept import difference, written
    from tandem import shown

    place = paint("place", f"{file.file}:{ran.case.span.line}")
    words = "asks" if ran.case.asks else "failed"
    yield f"{paint('held' if ran.case.asks else 'delete', words)}  {paint('title', shown.safe(ran.case.name))}  {place}"
    if ran.case.asks:
        for told in ran.told:
            yield from map(shown.safe, written(told, program, ran.case.setup.zone, "      "))
        return
    for sign, line, entry in difference(ran, program):
        behind = program.entries.get(f"{program.name}/{entry}")
        known = f"{behind.file}:{behind.line}" if behind else "no such entry:"
        rule = f"   {known}  {entry}" if entry and sign != " " else ""
        yield paint(_ROLES[sign], f"    {sign} {shown.safe(line)}") + paint("place", shown.safe(rule))


def _coverage(coverage: Mapping[str, Coverage], paint: Paint) -> Iterator[str]:
    for name, one in coverage.items():
        counted, silent = one.counted, one.silent
        yield f"{name}: cases exercise {len(counted) - len(silent)} of {len(counted)} entries and rows."
        for entry, place in silent:
            yield paint("held", f"  not exercised  {entry.partition('/')[2]}") + paint(
                "place", f"  {place.file}:{place.line}"
            )


def _json(cases: Cases, results: Results, coverage: bool) -> dict[str, object]:
    found = [
        {"file": file.file, "line": one.case.span.line, "name": one.case.name, "rules": file.rules,
         "passed": one.passed, "asks": one.case.asks, "outcome": _plain(one.told, cases.programs[file.rules], one),
         "missing": _plain(one.missing, cases.programs[file.rules], one),
         "extra": _plain(one.extra, cases.programs[file.rules], one)}
        for _, file, ran in results.ran for one in ran
    ]  # fmt: skip
    covered = {
        name: {"entries": len(one.counted), "silent": [entry for entry, _ in one.silent],
               "fired": {entry: list(names) for entry, names in one.fired.items()}}
        for name, one in results.coverage.items()
    }  # fmt: skip
    return {"cases": found, **({"coverage": covered} if coverage else {})}


def _plain(told: Sequence[Told], program: Program, ran: Ran) -> list[dict[str, object]]:
    from engine.cases.expecting import lines

    found: list[dict[str, object]] = []
    for one in told:
        head, *fields = lines(one, program, ran.case.setup.zone)
        found.append({"what": head[0], "entry": head[1], "fields": [{"field": " ".join(line.split()), "entry": entry}
                                                                     for line, entry in fields]})  # fmt: skip
    return found


# ---- accept ---------------------------------------------------------------------------------------------------


@click.command()
@click.argument("place", metavar="[PATH]", required=False, type=click.Path(path_type=Path))
@click.option("-k", "text", metavar="TEXT", default="", help="Only cases with this text in their name or file's name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def accept(context: click.Context, place: Path | None, text: str, yes: bool) -> None:
    """Show how cases end now, and store that in their files as what is expected of them. Nothing else is touched.

    \b
    Examples:
      tandem accept -k "on hold"
      tandem accept --yes
    """
    from engine.cases.accept import accepted
    from engine.errors import UserError
    from tandem import shown
    from tandem.casefiles import write_back
    from tandem.cli.screen import is_terminal, painter

    cases, results = _ran(context, place, text)
    stale = [one for one in results.all if not one.passed]
    for line in _report(cases, results, painter(sys.stdout)):
        click.echo(line)
    if not stale:
        click.echo("There is nothing to accept.")
        return
    if not yes and not is_terminal(sys.stdin):
        raise UserError("Nothing is stored: nobody can be asked here.", "Say --yes once you have read the differences.")
    if not yes and not click.confirm(f"Store what came of {shown.count(len(stale), 'case')}?"):
        raise click.Abort
    for path, file, ran in results.ran:
        changed = [one for one in ran if not one.passed]
        if changed:
            write_back(path, accepted(file, changed, cases.programs[file.rules]))
            click.echo(f"{path}: {shown.count(len(changed), 'case')} stored.")


# ---- capture --------------------------------------------------------------------------------------------------


@click.command()
@click.argument("record")
@click.option("--user", metavar="USER", help="As this user's mailbox sees it.")
@click.pass_context
def capture(context: click.Context, record: str, user: str | None) -> None:
    """Print a case made from RECORD (an id on either side) as it is now; nothing is written.

    Names, addresses, numbers and words are replaced by others of the same shape; dates and choices stay.

    \b
    Examples:
      tandem capture 10001 > rules/cases/odd.case
    """
    from tandem.capturing import capture_record
    from tandem.cli.opening import opened

    click.echo(capture_record(opened(context), record, user), nl=False)
