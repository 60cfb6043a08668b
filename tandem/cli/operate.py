"""Making an installation."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", help="The organisation's name.")
@click.option("--database", metavar="URL", help="sqlite:///file or postgresql://…; else a file in DIR.")
@click.option("--client-id", metavar="ID", help="The app registration's application (client) id.")
@click.option("--tenant", metavar="ID", help="The tenant's id; else that of the first account that connects.")
@click.option("--authority", metavar="URL", help="The sign-in authority; else Microsoft's.")
@click.option("--graph", metavar="URL", help="The Graph service; else Microsoft's.")
@click.option("--ca-file", metavar="FILE", help="Certificates to trust, for an emulator or a company's proxy.")
@click.pass_context
def init(
    context: click.Context,
    folder: Path | None,
    name: str | None,
    database: str | None,
    client_id: str | None,
    tenant: str | None,
    authority: str | None,
    graph: str | None,
    ca_file: str | None,
) -> None:
    """Make an installation in DIR (tandem-installation), or complete one that is there.

    DIR gets the settings, the key for stored sign-ins, a copy of the rules for you to edit, and the database. Running
    it again upgrades the database and changes nothing else.

    \b
    Examples:
      tandem init my-installation --client-id 11111111-2222-…
      tandem init lab --authority https://localhost:8365/organizations --graph https://localhost:8365 …
    """
    from tandem.folder import make_folder

    chosen = folder or Path(context.find_root().obj or "tandem-installation")
    given = {
        "name": name, "database": database, "client_id": client_id, "tenant": tenant, "authority": authority,
        "graph": graph, "ca_file": None if ca_file is None else str(Path(ca_file).absolute()),
    }  # fmt: skip
    settings, made = make_folder(chosen.expanduser().absolute(), {key: v for key, v in given.items() if v is not None})
    from tandem.founding import found

    made += found(settings)
    for line in made:
        click.echo(f"made  {line}")
    if not made:
        click.echo(f"{settings.folder} is complete and up to date; nothing was changed.")
    where = "" if folder is None else f" --installation {folder}"
    click.echo("\nNext:")
    if not settings.microsoft.client_id:
        click.echo(f"  put your app registration's client_id into {settings.folder / 'tandem.toml'}")
    click.echo(f"  tandem{where} crm import FOLDER      users, companies and contacts as CSV files")
    click.echo(f"  tandem{where} user connect USER      sign in to Microsoft 365")
    click.echo(f"  tandem{where} plan                   what the first sync would change")
