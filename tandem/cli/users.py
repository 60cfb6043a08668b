"""Users: connecting them to Microsoft 365, and their own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tandem.cli.opening import opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.context import SettingValue
    from graph_client.signin import DeviceSignIn


@click.group()
def user() -> None:
    """Connect users to Microsoft 365; show and change their settings."""


@user.command("list")
@click.pass_context
def list_users(context: click.Context) -> None:
    """List all users, their mailboxes and how their last tick went."""
    from state.accounts import accounts
    from state.spaces import spaces
    from tandem.cli.screen import table
    from tandem.moments import moment

    installation = opened(context)
    by_user = {one.user: one for one in accounts(installation.engine, installation.org) if one.status != "disconnected"}
    ticks = {one.space.id: one for one in spaces(installation.engine, installation.org)}
    rows = []
    for person in installation.store.users():
        account = by_user.get(person.id)
        record = ticks.get(account.id) if account else None
        last = f"{moment(record.last_tick_at)} {record.last_result}" if record and record.last_tick_at else ""
        status = account.status if account else "not connected" if person.status == "Active" else person.status.lower()
        reason = account.reason if account else ""
        rows.append((person.user_name, account.upn if account else "", status, last, reason))
    if not rows:
        click.echo("The CRM has no users yet. Import them: tandem crm import FOLDER")
        return
    for line in table(rows, ("USER", "MAILBOX", "STATUS", "LAST TICK (UTC)", "")):
        click.echo(line)


@user.command()
@click.argument("user_name", metavar="USER")
@click.pass_context
def connect(context: click.Context, user_name: str) -> None:
    """Sign USER in to Microsoft 365.

    Shows an address and a code, and waits until the code was entered there.

    \b
    Example:
      tandem user connect anna
    """
    from tandem.connecting import connect as connect_user
    from tandem.tasklists import try_publish

    installation = opened(context)
    person = installation.user(user_name)
    account = connect_user(installation, person, _show_code)
    click.echo(f"{person.user_name} is connected to {account.upn}. See what would be synced: tandem plan")
    if trouble := try_publish(installation):
        click.echo(trouble, err=True)


def _show_code(waiting: DeviceSignIn) -> None:
    click.echo(f"Open  {waiting.address}  in any browser, enter the code  {waiting.code}  and sign in.")
    click.echo("Waiting for the sign-in; Ctrl-C gives up.", err=True)


@user.command()
@click.argument("user_name", metavar="USER")
@click.pass_context
def disconnect(context: click.Context, user_name: str) -> None:
    """End USER's sync and forget the sign-in.

    Records stay on both sides, and what is linked is remembered for a reconnection.

    \b
    Example:
      tandem user disconnect anna
    """
    from state.accounts import disconnect_account

    installation = opened(context)
    person = installation.user(user_name)
    account = installation.account(person)
    disconnect_account(installation.engine, installation.org, account.id)
    click.echo(f"{person.user_name} is disconnected from {account.upn}; all records stay where they are.")


@user.command("set")
@click.argument("user_name", metavar="USER")
@click.argument("setting", metavar="SETTING")
@click.argument("value", metavar="VALUE...", nargs=-1, required=True)
@click.pass_context
def set_user(context: click.Context, user_name: str, setting: str, value: tuple[str, ...]) -> None:
    """Change one of USER's settings.

    The value `default` takes it back.

    Folders are given by name, several one after the other.

    \b
    Examples:
      tandem user set anna only_my_items no
      tandem user set anna crm_folders Clients "Key Accounts"
      tandem user set anna m365_folders everything
    """
    from tandem.settingchange import change, doubts
    from tandem.settingvalues import find, text

    installation = opened(context)
    person = installation.user(user_name)
    chosen = find(installation.programs(), setting, "user")
    change(installation, chosen, value, person)
    effective = installation.settings_of(chosen.program, person.id)[chosen.spec.name]
    click.echo(f"{chosen.name} for {person.user_name}: {text(effective)}")
    if "org" in chosen.spec.set_by and not installation.organisation.users_may_edit:
        click.echo("The organisation does not let users choose this: its own value counts.", err=True)
    for doubt in doubts(installation, chosen, value, person):
        click.echo(doubt, err=True)


@user.command()
@click.argument("user_name", metavar="USER")
@click.pass_context
def show(context: click.Context, user_name: str) -> None:
    """Show USER's mailbox and settings.

    \b
    Example:
      tandem user show anna
    """
    from state.accounts import account_of
    from state.organisations import settings as stored
    from tandem.cli.screen import table
    from tandem.settingvalues import text

    installation = opened(context)
    person = installation.user(user_name)
    account = account_of(installation.engine, installation.org, person.id)
    names = " ".join(filter(None, (person.first_name, person.last_name)))
    click.echo(f"{person.user_name}  {names}  {person.zone}".rstrip())
    click.echo(f"mailbox: {account.upn + ', ' + account.status if account else 'not connected'}")
    for program in installation.programs():
        own = stored(installation.engine, installation.org, program.name, person.id)
        org = stored(installation.engine, installation.org, program.name)
        values = installation.settings_of(program, person.id)
        rows = [
            (spec.name, text(values[spec.name]), _source(spec.name, own, org), spec.help) for spec in program.settings
        ]
        click.echo()
        for line in table(rows, (program.name.upper(), "VALUE", "SET BY", "")):
            click.echo(line)


def _source(name: str, own: Mapping[str, SettingValue], org: Mapping[str, SettingValue]) -> str:
    return "user" if name in own else "organisation" if name in org else "default"
