"""Plan, apply, sync: the same decisions shown, saved or carried out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tandem.cli.opening import opened

if TYPE_CHECKING:
    from engine.sync.pipeline import Report
    from tandem.installation import Installation
    from tandem.planview import PlanView
    from tandem.tick import Order, Ticked

CHANGES = 2
"""Exit code with --exit-code when something would be, or was, written."""


@click.command()
@click.option("--user", metavar="USER", help="Only this CRM user's mailbox.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan, for `tandem apply`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write the plan as a page.")
@click.option("--full", is_flag=True, help="Read both sides whole, not only what changed.")
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there is something to write, 0 when not.")
@click.pass_context
def plan(
    context: click.Context,
    user: str | None,
    out: Path | None,
    as_json: bool,
    html: Path | None,
    full: bool,
    exit_code: bool,
) -> None:
    """Show what the next sync would change, record by record and field by field.

    Nothing is written, on either side.

    \b
    Examples:
      tandem plan
      tandem plan --user anna --out plan.json     then: tandem apply plan.json
      tandem plan --html plan.html
    """
    from tandem import render, shown

    installation = opened(context)
    views, failed = _views(installation, user, full)
    if as_json:
        endpoints = installation.endpoints()
        head = {"service": endpoints.graph, "testing": endpoints.testing}
        click.echo(shown.to_json({**head, "plans": [render.as_json(view) for view in views]}))
    else:
        _print_plans(views)
        _name_test_service(installation)
    if html is not None:
        _write_html(installation, views, html)
    if out is not None:
        _save(installation, views, out)
    if failed:
        context.exit(1)
    if exit_code and any(not view.plan.empty for view in views):
        context.exit(CHANGES)


def _views(installation: Installation, user: str | None, full: bool) -> tuple[list[PlanView], int]:
    """Plans of the chosen mailboxes, and how many of these could not be planned; why is told at once."""
    from engine.errors import SideError
    from tandem.cli.screen import watching
    from tandem.planview import view
    from tandem.tick import plan_space, served

    views, failed = [], 0
    programs = installation.programs()
    for record in installation.chosen_spaces(user):
        who = installation.address(record.space.id)
        if record.account_status != "connected":
            failed += 1
            click.echo(f"Error: {who}: {_paused(installation, record.space.user)}", err=True)
            continue
        try:
            for program in served(installation, record, programs):
                with watching(who) as watch:
                    found = plan_space(installation, record, program, everything=full, progress=watch)
                views.append(view(found, program, who))
        except SideError as problem:
            failed += 1
            click.echo(f"Error: {who}: {problem}", err=True)
    return views, failed


def _paused(installation: Installation, user: str) -> str:
    from state.accounts import account_of

    account = account_of(installation.engine, installation.org, user)
    return f"paused. {account.reason if account else ''} To go on:  tandem user connect {user}"


def _print_plans(views: Sequence[PlanView]) -> None:
    from tandem.cli.screen import painter
    from tandem.render import as_text, guard_text

    paint = painter(sys.stdout)
    if not views:
        click.echo("Nothing to plan: nothing that could be read is switched on (`tandem org show`).", err=True)
    for number, view in enumerate(views):
        if number:
            click.echo()
        for line in as_text(view, paint):
            click.echo(line)
        for line in guard_text(view, f"tandem sync --user {view.plan.header.user}", paint):
            click.echo(line)


def _name_test_service(installation: Installation) -> None:
    """Nobody shall take an emulator's plan for the real thing."""
    endpoints = installation.endpoints()
    if endpoints.testing:
        click.echo(f"(Microsoft 365 is a test service here: {endpoints.graph})", err=True)


def _write_html(installation: Installation, views: Sequence[PlanView], path: Path) -> None:
    from engine.errors import UserError
    from tandem.folder import write_private
    from tandem.render import as_html

    made = f"{installation.clock():%Y-%m-%d %H:%M} UTC"
    try:
        write_private(path, as_html(views, installation.organisation.name, made))
    except OSError as problem:
        raise UserError(f"The page can't be written to {path}: {problem.strerror}.") from None
    click.echo(f"The page is in {path}.", err=True)


def _save(installation: Installation, views: Sequence[PlanView], path: Path) -> None:
    from tandem.savedplans import LIFE, save

    digest = save(path, views, installation.org, installation.clock(), installation.vault)
    confirm = f" --confirm {digest}" if any(view.objections for view in views) else ""
    click.echo(f"Saved. Within {LIFE.days} days it can be carried out with  tandem apply {path}{confirm}", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--confirm", metavar="DIGEST", help="Carry it out although the guard objects.")
@click.option("--exit-code", is_flag=True, help="Exit with 2 when something was written, 0 when not.")
@click.pass_context
def apply(context: click.Context, file: Path, confirm: str | None, exit_code: bool) -> None:
    """Do what the saved plan FILE says, as far as it still stands.

    The plan is computed again; only what comes out the same as in FILE is written. A record that changed meanwhile is
    left alone and named. A file that was altered, or made under other rules, is refused whole.

    \b
    Example:
      tandem plan --out plan.json
      tandem apply plan.json
    """
    from engine.errors import UserError
    from tandem import savedplans
    from tandem.rulefiles import by_name
    from tandem.tick import Order

    installation = opened(context)
    saved = savedplans.load(file, installation.org, installation.clock(), installation.vault)
    programs = by_name(installation.programs())
    savedplans.check_rules(saved, programs)
    if confirm is not None and confirm != saved.digest:
        raise UserError("The digest given with --confirm is not this file's; nothing was done.", "Read the plan again.")
    if not saved.plans:
        click.echo("The plan holds nothing to write.")
        return
    results = []
    for part in saved.plans:
        only = {part.kind: part.decisions}
        order = Order(everything=False, only=only, agreed=confirm is not None)
        record = next((one for one in installation.chosen_spaces(None) if one.space.id == part.space), None)
        if record is None:
            raise UserError(f"{part.user} is no longer connected to Microsoft 365.", "Connect the user again.")
        results += _carry_out(installation, record.space.user, order, kind=part.kind)
    _print_results(installation, results, f"tandem apply {file}", saved.digest)
    _leave(context, results, exit_code)


@click.command()
@click.option("--user", metavar="USER", help="Only this CRM user's mailbox.")
@click.option("--full", is_flag=True, help="Read both sides whole, not only what changed.")
@click.option(
    "--confirm", metavar="DIGEST", multiple=True, help="Run the plan with this digest although the guard objects."
)
@click.option("--exit-code", is_flag=True, help="Exit with 2 when something was written, 0 when not.")
@click.pass_context
def sync(context: click.Context, user: str | None, full: bool, confirm: tuple[str, ...], exit_code: bool) -> None:
    """Plan and apply at once, and show what was changed.

    \b
    Examples:
      tandem sync
      tandem sync --user anna --full
    """
    from tandem.tick import Order

    installation = opened(context)
    results = _carry_out(installation, user, Order(everything=full, confirmed=confirm))
    _print_results(installation, results, "tandem sync --user {user}", None)
    _leave(context, results, exit_code)


def _carry_out(installation: Installation, user: str | None, order: Order, kind: str | None = None) -> list[Ticked]:
    from tandem.cli.screen import watching
    from tandem.tick import Ticked, tick_space

    programs = [program for program in installation.programs() if kind in (None, program.name)]
    results: list[Ticked] = []
    for record in installation.chosen_spaces(user):
        if record.account_status != "connected":
            text = _paused(installation, record.space.user)
            results.append(Ticked(record, programs[0], "paused", text=text))
            continue
        with watching(installation.address(record.space.id)) as watch:
            results += tick_space(installation, record, programs, order, watch)
    return results


def _print_results(installation: Installation, results: Sequence[Ticked], command: str, digest: str | None) -> None:
    from tandem.cli.screen import painter
    from tandem.planview import view
    from tandem.render import as_text, guard_text, outcome

    paint = painter(sys.stdout)
    for number, one in enumerate(results):
        who = installation.address(one.record.space.id)
        if number:
            click.echo()
        if one.report is None:
            click.echo(f"{'Error: ' if one.failed else ''}{who}: {one.text}", err=True)
            continue
        shown_plan = view(one.report.plan, one.program, who)
        for line in as_text(shown_plan, paint):
            click.echo(line)
        for line in outcome(one.report, paint):
            click.echo(line)
        if one.result == "guard":
            for line in guard_text(shown_plan, command.format(user=one.record.space.user), paint, digest):
                click.echo(line, err=True)


def _leave(context: click.Context, results: Sequence[Ticked], exit_code: bool) -> None:
    if any(one.failed for one in results):
        context.exit(1)
    if exit_code and any(one.report and _wrote(one.report) for one in results):
        context.exit(CHANGES)


def _wrote(report: Report) -> bool:
    return any(end == "done" for _, _, end in report.counts)
