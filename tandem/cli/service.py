"""The sync as a service in the foreground."""

from __future__ import annotations

import signal
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import click

from tandem.cli.opening import opened

if TYPE_CHECKING:
    from tandem.installation import Installation
    from tandem.schedule import Round


@click.command()
@click.option("--once", is_flag=True, help="One round over all mailboxes, then end.")
@click.option("--every", metavar="MINUTES", type=click.FloatRange(min=0, min_open=True), help="Else as in tandem.toml.")
@click.option("--for", "most", metavar="N", type=click.IntRange(min=1), help="End after N rounds.")
@click.pass_context
def run(context: click.Context, once: bool, every: float | None, most: int | None) -> None:
    """Sync every connected mailbox every ten minutes (or as tandem.toml says), until stopped.

    Prints a line for each mailbox in which something was done. Ctrl-C or SIGTERM ends after the mailbox that is being
    synced; being killed is survived as well: the next run finishes the work.

    \b
    Examples:
      tandem run
      tandem run --once
      tandem run --every 2
    """
    from tandem.schedule import Schedule

    installation = opened(context)
    minutes = every if every is not None else installation.settings.interval_minutes
    stop = Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        schedule = Schedule(installation, minutes, stop)
        if not once:
            click.echo(f"Syncing every {minutes:g} minutes. Ctrl-C ends it.", err=True)
        failed: list[object] = []

        def told(one: Round) -> None:
            failed[:] = [*one.troubles, *(tick for tick in one.ticks if tick.failed)]
            _tell(installation, one)

        done = schedule.rounds(1 if once else most, told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not once:
        click.echo(f"Stopped after {done} round{'' if done == 1 else 's'}.", err=True)
    elif failed:
        context.exit(1)


def _tell(installation: Installation, one: Round) -> None:
    from tandem.planview import view
    from tandem.render import tally

    now = f"{installation.clock():%Y-%m-%d %H:%M:%S}"
    for trouble in one.troubles:
        click.echo(f"{now}  {trouble}", err=True)
    for tick in one.ticks:
        who = installation.address(tick.record.space.id)
        if tick.result == "done" and tick.report is not None:
            click.echo(f"{now}  {who}  {tick.program.name}: {tally(tick.report)}")
        elif tick.failed:
            click.echo(f"{now}  {who}  {tick.program.name}: {tick.text}", err=True)
        if tick.result == "guard" and tick.report is not None:
            shown = view(tick.report.plan, tick.program, who)
            for objection in shown.objections:
                click.echo(f"    {objection}", err=True)
            click.echo(f"    Look at it: tandem plan --user {tick.record.space.user}", err=True)
