"""The organisation and its settings."""

from __future__ import annotations

import click

from tandem.cli.opening import opened


@click.group()
def org() -> None:
    """Show and change the settings of the organisation."""


@org.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Show the organisation and its settings."""
    from state.organisations import settings as stored
    from tandem.cli.screen import table
    from tandem.settingvalues import text

    installation = opened(context)
    organisation = installation.organisation
    click.echo(f"{organisation.name} ({organisation.id})")
    click.echo(f"folder:    {installation.settings.folder}")
    click.echo(f"tenant:    {organisation.tenant_id or 'settled by the first account that connects'}")
    click.echo(f"users may change their own settings: {'yes' if organisation.users_may_edit else 'no'}")
    if installation.settings.microsoft.client_id and installation.endpoints().testing:
        click.echo(f"Microsoft 365 is not the real one here: {installation.settings.microsoft.graph}")
    for program in installation.programs():
        values = stored(installation.engine, installation.org, program.name)
        rows = [
            (
                spec.name,
                text(values.get(spec.name, spec.default)),
                "organisation" if spec.name in values else "default",
                " and ".join("organisation" if level == "org" else "users" for level in spec.set_by),
                spec.help,
            )
            for spec in program.settings
        ]
        click.echo()
        for line in table(rows, (program.name.upper(), "VALUE", "FROM", "SET BY", "")):
            click.echo(line)


@org.command("set")
@click.argument("setting", metavar="[SETTING VALUE...]", nargs=1, required=False)
@click.argument("value", metavar="", nargs=-1)
@click.option("--users-may-edit", type=click.Choice(["yes", "no"]), help="Whether users may change their own settings.")
@click.pass_context
def set_org(context: click.Context, setting: str | None, value: tuple[str, ...], users_may_edit: str | None) -> None:
    """Change a setting for the organisation.

    The value `default` takes it back.

    \b
    Examples:
      tandem org set direction to_m365
      tandem org set conflict newest
      tandem org set --users-may-edit no
    """
    from dataclasses import replace

    from state.organisations import change_organisation
    from tandem.settingchange import change
    from tandem.settingvalues import find, text

    if setting is None and users_may_edit is None:
        raise click.UsageError("Name a setting and its value. `tandem org show` lists the settings.")
    if setting is not None and not value:
        raise click.UsageError(f"Give a value for {setting}. `tandem org show` lists the settings.")
    installation = opened(context)
    if users_may_edit is not None:
        may = users_may_edit == "yes"
        change_organisation(installation.engine, replace(installation.organisation, users_may_edit=may))
        click.echo(f"Users may{'' if may else ' not'} change their own settings.")
    if setting is not None:
        chosen = find(installation.programs(), setting, "org")
        change(installation, chosen, value, None)
        from state.organisations import settings as stored

        now = stored(installation.engine, installation.org, chosen.program.name)
        click.echo(f"{chosen.name}: {text(now.get(chosen.spec.name, chosen.spec.default))}")
