"""The command ``tandem``: finds the command asked for, and turns every error into one message and exit code 1."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import click

from engine.errors import TandemError, UserError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is defined, and the line about it in ``tandem --help``."""

    place: str
    help: str


COMMANDS: Final[Mapping[str, Entry]] = {
    "init": Entry("tandem.cli.operate:init", "Make an installation: folder, settings, key, database, rules."),
    "check": Entry("tandem.cli.rules:check", "Check rule files; say everything that is wrong with them."),
    "fmt": Entry("tandem.cli.layout:fmt", "Put rule files into their one layout."),
    "test": Entry("tandem.cli.cases:test", "Run the cases of the rules: what they are expected to do."),
    "accept": Entry("tandem.cli.cases:accept", "Store what came of cases as what is expected of them."),
    "capture": Entry("tandem.cli.cases:capture", "Make a case from a live record, without personal data."),
    "plan": Entry("tandem.cli.sync:plan", "Show what the next sync would change, and write nothing."),
    "apply": Entry("tandem.cli.sync:apply", "Do what a saved plan says, as far as it still stands."),
    "sync": Entry("tandem.cli.sync:sync", "Plan and apply at once."),
    "run": Entry("tandem.cli.service:run", "Sync every mailbox every ten minutes, until stopped."),
    "held": Entry("tandem.cli.held:held", "List and settle what waits for a person."),
    "history": Entry("tandem.cli.history:history", "Show past runs, and every write to a record."),
    "user": Entry("tandem.cli.users:user", "Connect users to Microsoft 365; their settings."),
    "org": Entry("tandem.cli.organisation:org", "Settings of the organisation."),
    "crm": Entry("tandem.cli.crm:crm", "Import, export, show and edit the CRM."),
    "emulator": Entry("tandem.cli.emulator:emulator", "Run a Microsoft 365 to try things on."),
    "demo": Entry("tandem.demo.command:demo", "A made-up firm, synced before your eyes."),
}


class Commands(click.Group):
    """A group whose commands are imported when they are needed; errors of any command end here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.place.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from engine.language.suggestions import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or "`tandem --help` lists the commands."
            raise click.UsageError(f"There is no command {args[0]}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *given: Any, **extra: Any) -> NoReturn:
        """Run and exit: 0, or what the command says, or 1 for every error."""
        extra |= {"standalone_mode": False, "prog_name": "tandem"}
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        arguments = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(arguments, *given, **extra)
        except BaseException as problem:
            code = _ending(problem, "--debug" in arguments)
        sys.exit(code if isinstance(code, int) else 0)


def _ending(problem: BaseException, debug: bool) -> int:
    """Say what went wrong; the exit code."""
    if isinstance(problem, SystemExit):
        return problem.code if isinstance(problem.code, int) else 1
    if isinstance(problem, click.exceptions.Exit):
        return problem.exit_code
    if isinstance(problem, KeyboardInterrupt | click.Abort):
        click.echo("Stopped.", err=True)
        return 130
    if isinstance(problem, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush can't fail again
        return 1
    if debug:
        import traceback

        traceback.print_exception(problem)
    _explain(problem)
    return 1


def _explain(problem: BaseException) -> None:
    if isinstance(problem, click.ClickException):
        problem.show()
    elif isinstance(problem, UserError):
        from tandem.cli.screen import show_user_error

        show_user_error(problem)
    elif isinstance(problem, TandemError):
        click.echo(f"Error: {problem}", err=True)
    elif isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        click.echo("Error: The disk is full. Free some space, then run again; nothing is left half-done.", err=True)
    elif isinstance(problem, OSError) and problem.filename:
        click.echo(f"Error: {problem.filename}: {problem.strerror}.", err=True)
    else:
        name = type(problem).__name__
        click.echo(f"Error: This is a fault in Tandem ({name}). Run the command with --debug to see where.", err=True)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--installation", metavar="DIR", help="The installation's folder; else $TANDEM_INSTALLATION, else here.")
@click.option("--debug", is_flag=True, help="Log requests by id, and show where in the program an error came from.")
@click.version_option(package_name="tandem-sync", prog_name="tandem")
@click.pass_context
def main(context: click.Context, installation: str | None, debug: bool) -> None:
    """Tandem keeps a CRM's contacts in step with Microsoft 365, by rules that you can read and edit.

    \b
    Start with:
      tandem demo                     a made-up firm, no account needed
      tandem init my-installation     an installation of your own
      tandem plan                     what the next sync would change
    """
    if debug:
        import logging

        logging.basicConfig(format="%(asctime)s %(name)s %(message)s")
        logging.getLogger("tandem").setLevel(logging.DEBUG)
    context.obj = installation


if __name__ == "__main__":
    main()
