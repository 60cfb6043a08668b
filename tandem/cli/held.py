"""What was read and not acted on, because a person has to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tandem.cli.opening import opened

if TYPE_CHECKING:
    from crm.kinds import Kind
    from engine.links import Link
    from tandem.installation import Installation

_SHORTEST = 4
"""Characters of an id that a person must give at least."""


@click.group(invoke_without_command=True)
@click.pass_context
def held(context: click.Context) -> None:
    """List and settle what waits for a person.

    \b
    Examples:
      tandem held
      tandem held settle 3f2a --link 10001      this Outlook contact is that CRM contact
      tandem held settle 3f2a --create          it is somebody new
      tandem held settle 3f2a --ignore          leave it out
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@held.command("list")
@click.option("--user", metavar="USER", help="Only this user's mailbox.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
@click.option("--all", "everything", is_flag=True, help="Also what waits by itself, and comes back without you.")
@click.pass_context
def list_(context: click.Context, user: str | None, as_json: bool, everything: bool) -> None:
    """List what is held, with the reason and the rule behind it."""
    from tandem import shown
    from tandem.cli.screen import table

    installation = opened(context)
    links = _held(installation, user, everything)
    if as_json:
        click.echo(shown.to_json({"held": [_json(installation, link) for link in links]}))
        return
    if not links:
        click.echo("Nothing is held.")
        return
    rows = []
    for link in links:
        who = installation.address(link.space)
        decided = f" (decided: {link.settled}; the next sync acts on it)" if link.settled else ""
        rows.append(
            (link.id[:8], who, shown.shorten(link.title, 40), link.reason + decided, _place(installation, link))
        )
        rows += [("", "", "", f"  CRM {told}", "") for told in _candidates(installation, link)]
    for line in table(rows, ("ID", "MAILBOX", "RECORD", "WHY", "RULE")):
        click.echo(line)
    click.echo("\nSettle one:  tandem held settle ID --link CRM-ID | --create | --ignore")


def _held(installation: Installation, user: str | None, everything: bool) -> list[Link]:
    from state.journal import parked_links

    space = installation.account(installation.user(user)).id if user else None
    states = ("held", "waiting") if everything else ("held",)
    return parked_links(installation.engine, installation.org, space, states)  # type: ignore[arg-type]


def _place(installation: Installation, link: Link) -> str:
    for program in installation.programs():
        if program.name == link.kind and link.entry in program.entries:
            place = program.entries[link.entry]
            return f"{place.file}:{place.line}"
    return ""


def _candidates(installation: Installation, link: Link) -> list[str]:
    """The CRM records that a held item could belong to, as people know them."""
    from tandem.crmedits import known_by

    kind = _kind(installation, link)
    told = []
    for crm_id in link.candidates:
        record = installation.store.record(kind.name, crm_id) if kind else None
        told.append(f"{crm_id}  {known_by(kind, record) if kind and record else '(no longer there)'}")
    return told


def _kind(installation: Installation, link: Link) -> Kind | None:
    """What the link's rule file is about in the CRM; None where that file is gone."""
    from crm.kinds import kind_named

    of = (kind_named(program.crm.kind) for program in installation.programs() if program.name == link.kind)
    return next(of, None)


def _json(installation: Installation, link: Link) -> dict[str, object]:
    return {
        "id": link.id, "mailbox": installation.address(link.space), "kind": link.kind, "state": link.state,
        "title": link.title, "reason": link.reason, "entry": link.entry, "rule": _place(installation, link),
        "m365_id": link.m365_id, "crm_id": link.crm_id, "candidates": list(link.candidates), "settled": link.settled,
    }  # fmt: skip


@held.command()
@click.argument("item", metavar="ID")
@click.option("--link", "crm_id", metavar="CRM-ID", help="It is this CRM record.")
@click.option("--create", is_flag=True, help="It is one that the CRM does not have yet.")
@click.option("--ignore", is_flag=True, help="Leave it out of the sync.")
@click.pass_context
def settle(context: click.Context, item: str, crm_id: str | None, create: bool, ignore: bool) -> None:
    """Decide about a held item; the next sync acts on it.

    ID is as `tandem held` shows it.

    \b
    Examples:
      tandem held settle 3f2a --link 10001
      tandem held settle 3f2a --create
    """
    from engine.errors import UserError
    from state.journal import settle_held

    if (crm_id is not None) + create + ignore != 1:
        raise click.UsageError("Say one of --link CRM-ID, --create and --ignore.")
    installation = opened(context)
    link = _one(_held(installation, None, False), item)
    if link.crm_id is not None:
        raise UserError(
            f"This one belongs together already; it waits because: {link.reason}.",
            "Remove the reason (give the right to edit, or change the value), and the sync goes on by itself. "
            "If nothing was to change here, `tandem sync --full` tries again.",
        )
    kind = _kind(installation, link)
    if kind is None:
        raise UserError(f"The rules about {link.kind} are gone.", f"Put {link.kind}.rules back first.")
    if crm_id is not None and installation.store.record(kind.name, crm_id) is None:
        raise UserError(f"The CRM has no {kind.label} {crm_id}.", f"`tandem held` lists the {kind.label}s in question.")
    decision = crm_id or ("create" if create else "ignore")
    settle_held(installation.engine, installation.org, link, decision, installation.milliseconds())
    click.echo(f"Noted: {decision}. The next sync acts on it: tandem sync")


def _one(links: list[Link], item: str) -> Link:
    from engine.errors import UserError

    found = [link for link in links if link.id.startswith(item)]
    if len(found) == 1 and len(item) >= _SHORTEST:
        return found[0]
    if not found:
        raise UserError(f"No item {item} is held.", "`tandem held` lists those that are.")
    raise UserError(f"The id {item} is too short to tell which item is meant.", "Give more of its characters.")
