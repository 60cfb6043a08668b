"""A Microsoft 365 to try things on, in the foreground."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def emulator() -> None:
    """Run a Microsoft 365 to try things on: real HTTPS, mailboxes from files, nothing leaves this machine."""


@emulator.command()
@click.option(
    "--mailboxes", type=click.Path(path_type=Path), help="Folder with tenant.json and mailboxes; else a made-up firm."
)
@click.option("--port", default=8365, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option(
    "--folder",
    default="emulator",
    show_default=True,
    type=click.Path(path_type=Path),
    help="For its certificate and its state.",
)
def start(mailboxes: Path | None, port: int, folder: Path) -> None:
    """Run the emulator until Ctrl-C; what was changed is there again the next time.

    \b
    Example:
      tandem emulator start --mailboxes my-firm/
    """
    from engine.errors import UserError
    from graph_emulator.firm import FirmError
    from graph_emulator.server import Emulator

    source = mailboxes or Path(__file__).parents[1] / "firm" / "mailboxes"
    try:
        server = Emulator.prepare(folder, source, port=port, keep=True)
    except FirmError as problem:
        raise UserError(str(problem)) from None
    except OSError as problem:
        raise UserError(
            f"The emulator can't listen on port {port} or write to {folder}: {problem.strerror}.",
            "Give another --port or --folder.",
        ) from None
    _greet(server.url, Path(server.ca_file).absolute(), server.world.firms[0].tenant.client_ids[0])
    _serve(server)


def _greet(url: str, ca_file: Path, client_id: str) -> None:
    click.echo(f"Microsoft 365 (emulated) at {url}, certificate {ca_file}")
    click.echo(f"People enter sign-in codes at {url}/devicelogin. Ctrl-C ends it.\n")
    click.echo("An installation for it:")
    click.echo(f"  tandem init lab --client-id {client_id} --ca-file {ca_file} \\")
    click.echo(f"    --authority {url}/organizations --graph {url}")


def _serve(server: object) -> None:
    import signal

    from graph_emulator.server import Emulator

    assert isinstance(server, Emulator)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: server.begin_stop())
    server.run()
    server.save()
