"""The CRM from the command line: CSV in and out, and looking at and editing single contacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tandem.cli.opening import opened

if TYPE_CHECKING:
    from crm.csvimport import Counts
    from engine.records import Record
    from tandem.installation import Installation


@click.group()
def crm() -> None:
    """Import, export, show and edit the CRM."""


@crm.command("import")
@click.argument("sources", metavar="FOLDER|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def import_(context: click.Context, sources: tuple[Path, ...]) -> None:
    """Import CSV files: a FOLDER of them, or FILEs.

    The files are teams.csv, users.csv, folders.csv, companies.csv, contacts.csv and shares.csv, any of them, with
    OpenCRM's column labels. A folder is imported whole or not at all, a file likewise; twice changes nothing.

    \b
    Examples:
      tandem crm import export/
      tandem crm import users.csv contacts.csv
    """
    from crm.csvfiles import SHEETS
    from crm.csvimport import import_file, import_folder
    from engine.errors import UserError
    from tandem.cli.screen import watching

    installation = opened(context)
    for source in sources:
        if not source.exists():
            raise UserError(f"There is no file or folder {source}.", "Nothing was imported.")
    order = {sheet.file: number for number, sheet in enumerate(SHEETS)}
    for source in sorted(sources, key=lambda path: order.get(path.name, -1)):
        with watching(f"importing {source.name}"):
            if source.is_dir():
                done = import_folder(installation.store, source)
            else:
                done = {source.name: import_file(installation.store, source)}
        for name, counts in done.items():
            click.echo(_counted(name, counts))


def _counted(name: str, counts: Counts) -> str:
    parts = [(counts.created, "new"), (counts.updated, "updated"), (counts.unchanged, "unchanged")]
    told = ", ".join(f"{number:,} {word}" for number, word in parts if number) or "no rows"
    return f"{name:<14}  {told}"


@crm.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def export(context: click.Context, folder: Path) -> None:
    """Write the whole CRM as CSV files into FOLDER.

    Only their owner may read them; the import takes them back without changing anything.

    \b
    Example:
      tandem crm export backup/
    """
    from crm.csvexport import export_folder
    from tandem.cli.screen import watching

    installation = opened(context)
    with watching("exporting"):
        counts = export_folder(installation.store, folder)
    for name, count in counts.items():
        click.echo(f"{folder / name}  {count:,} rows")


@crm.command()
@click.argument("record", metavar="RECORD")
@click.option("--json", "as_json", is_flag=True, help="The contact as one JSON object.")
@click.pass_context
def show(context: click.Context, record: str, as_json: bool) -> None:
    """Show a contact.

    RECORD is its id, e-mail address or full name.

    \b
    Example:
      tandem crm show ada@engines.example
    """
    from tandem import shown
    from tandem.cli.screen import table
    from tandem.crmedits import find_contact

    installation = opened(context)
    found = find_contact(installation.store, record)
    if as_json:
        click.echo(shown.to_json(_json(found)))
        return
    from crm.fields import CONTACT

    rows = [(f.name, f.label, shown.value(found.values[f.name])) for f in CONTACT.fields if found.values.get(f.name)]
    for line in table([("id", "Contact Id", found.id), *(row for row in rows if row[0] != "crmid")]):
        click.echo(line)


@crm.command("list")
@click.argument("text", required=False)
@click.option("--user", metavar="USER", help="Only contacts assigned to this user.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document with every field.")
@click.pass_context
def list_(context: click.Context, text: str | None, user: str | None, as_json: bool) -> None:
    """List contacts, or those that TEXT fits.

    TEXT is a part of a name, company or e-mail address.

    \b
    Examples:
      tandem crm list lovelace
      tandem crm list --user anna
    """
    from tandem.cli.screen import table
    from tandem.crmedits import contains

    installation = opened(context)
    owner = installation.user(user).id if user else None
    records = [
        record
        for record in installation.store.contacts()
        if (text is None or contains(record, text)) and owner in (None, record.values.get("assigned_user_id"))
    ]
    records.sort(key=lambda record: (len(record.id), record.id))
    if as_json:
        from tandem import shown

        click.echo(shown.to_json({"contacts": [_json(record) for record in records]}))
        return
    for line in table([_row(record) for record in records], ("ID", "NAME", "COMPANY", "EMAIL", "ASSIGNED TO")):
        click.echo(line)


def _json(record: Record) -> dict[str, object]:
    from engine.records import to_json

    values = {name: to_json(value) for name, value in record.values.items()}
    return {"id": record.id, "version": record.version, "modified": record.modified, "values": values}


def _row(record: Record) -> tuple[str, ...]:
    from tandem import shown

    values = record.values
    name = " ".join(str(values[field]) for field in ("firstname", "lastname") if values.get(field))
    rest = (shown.plain(values.get(field)) for field in ("accountid", "email", "assigned_user_id"))
    return (record.id, *(shown.shorten(one, 60) for one in (name, *rest)))


@crm.command()
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@click.option("--as", "as_user", metavar="USER", help="As this CRM user, who will own the contact.")
@click.pass_context
def add(context: click.Context, values: tuple[str, ...], as_user: str | None) -> None:
    """Add a contact.

    \b
    Example:
      tandem crm add firstname=Ada lastname=Lovelace email=ada@engines.example --as anna
    """
    from tandem.crmedits import draft

    installation = opened(context)
    made = draft(installation.store, values)
    if as_user is not None:
        made.columns.setdefault("owner_id", installation.user(as_user).id)
    with installation.store.edit() as edit:
        crm_id, _ = edit.put_drafts([None], [made])[0]
    click.echo(f"Contact {crm_id} is made.")


@crm.command()
@click.argument("record", metavar="RECORD")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@click.option("--as", "as_user", metavar="USER", help="With this CRM user's rights.")
@click.pass_context
def edit(context: click.Context, record: str, values: tuple[str, ...], as_user: str | None) -> None:
    """Change fields of a contact.

    RECORD is its id, e-mail address or full name; `FIELD=` empties a field.

    \b
    Examples:
      tandem crm edit 10001 mobile="020 7946 0001" --as anna
      tandem crm edit ada@engines.example folder="Clients; Press" assigned_user_id=ben
    """
    from tandem.crmedits import draft

    installation = opened(context)
    found = _editable(installation, record, as_user)
    made = draft(installation.store, values)
    with installation.store.edit() as editing:
        _, effect = editing.put_drafts([found.id], [made])[0]
    click.echo(f"Contact {found.id} is {effect}.")


@crm.command()
@click.argument("record", metavar="RECORD")
@click.option("--as", "as_user", metavar="USER", help="With this CRM user's rights.")
@click.pass_context
def delete(context: click.Context, record: str, as_user: str | None) -> None:
    """Delete a contact.

    RECORD is its id, e-mail address or full name.

    \b
    Example:
      tandem crm delete 10001 --as anna
    """
    installation = opened(context)
    found = _editable(installation, record, as_user)
    with installation.store.edit() as editing:
        editing.delete_contact(found.id)
    click.echo(f"Contact {found.id} is deleted.")


def _editable(installation: Installation, record: str, as_user: str | None) -> Record:
    from tandem.crmedits import find_contact, require_right

    found = find_contact(installation.store, record)
    if as_user is not None:
        require_right(installation.crm, installation.org, installation.user(as_user), found)
    return found
