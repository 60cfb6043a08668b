"""``tandem demo``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--folder", metavar="DIR", default="demo-installation", show_default=True, type=click.Path(path_type=Path),
    help="Where the demo's installation is made.",
)  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), help="Of the emulated Microsoft 365.  [default: 8365, or any]")
@click.option("--fresh", is_flag=True, help="Forget what was done in DIR, its edited rules included, and start again.")
@click.option(
    "--keep-emulator/--no-keep-emulator", default=None,
    help="Leave Microsoft 365 running at the end, until Ctrl-C.  [default: on a terminal]",
)  # fmt: skip
def demo(folder: Path, port: int | None, fresh: bool, keep_emulator: bool | None) -> None:
    """A made-up firm, synced before your eyes.

    Founds an installation in DIR, starts an emulated Microsoft 365, signs five people in, shows the first plan and
    carries it out; then people edit on both sides, and it is planned and carried out again. Takes half a minute.

    Run again, it goes on where you left: it starts Microsoft 365 and shows what there is to sync.

    \b
    Examples:
      tandem demo
      tandem demo --fresh
    """
    from tandem.demo.play import perform

    perform(folder.expanduser().absolute(), port, fresh, keep_emulator)
