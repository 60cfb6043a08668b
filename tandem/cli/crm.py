"""The CRM from the command line: CSV in and out, and looking at and editing single contacts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tandem.cli.opening import opened

if TYPE_CHECKING:
    from crm.csvimport import Counts
    from crm.kinds import Kind
    from crm.people import User
    from engine.records import Record
    from tandem.installation import Installation


_TASK = click.option("--task", is_flag=True, help="A task (an activity of any type) instead of a contact.")
_TASKS = click.option("--task", "--tasks", "task", is_flag=True, help="Tasks (activities of any type) instead.")


@click.group()
def crm() -> None:
    """Import, export, show and edit the CRM."""


def _kind(task: bool) -> Kind:
    from crm.kinds import ACTIVITIES, CONTACTS

    return ACTIVITIES if task else CONTACTS


@crm.command("import")
@click.argument("sources", metavar="FOLDER|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--zone", metavar="ZONE", default="UTC", show_default=True, help="The time zone of times in the files.")
@click.pass_context
def import_(context: click.Context, sources: tuple[Path, ...], zone: str) -> None:
    """Import CSV files: a FOLDER of them, or FILEs.

    The files are teams.csv, users.csv, folders.csv, companies.csv, contacts.csv, tasklists.csv, activities.csv and
    shares.csv, any of them, with OpenCRM's column labels. A folder is imported whole or not at all, a file likewise;
    twice changes nothing.

    \b
    Examples:
      tandem crm import export/
      tandem crm import users.csv contacts.csv
      tandem crm import activities.csv --zone Europe/London
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
                done = import_folder(installation.store, source, zone)
            else:
                done = {source.name: import_file(installation.store, source, zone=zone)}
        for name, counts in done.items():
            click.echo(_counted(name, counts))


def _counted(name: str, counts: Counts) -> str:
    parts = [(counts.created, "new"), (counts.updated, "updated"), (counts.unchanged, "unchanged")]
    told = ", ".join(f"{number:,} {word}" for number, word in parts if number) or "no rows"
    return f"{name:<14}  {told}"


@crm.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--zone", metavar="ZONE", default="UTC", show_default=True, help="The time zone to write times in.")
@click.pass_context
def export(context: click.Context, folder: Path, zone: str) -> None:
    """Write the whole CRM as CSV files into FOLDER.

    Only their owner may read them; the import takes them back without changing anything.

    \b
    Examples:
      tandem crm export backup/
      tandem crm export for-anna/ --zone Europe/London
    """
    from crm.csvexport import export_folder
    from tandem.cli.screen import watching

    installation = opened(context)
    with watching("exporting"):
        counts = export_folder(installation.store, folder, zone)
    for name, count in counts.items():
        click.echo(f"{folder / name}  {count:,} rows")


@crm.command()
@click.argument("record", metavar="RECORD")
@_TASK
@click.option("--zone", metavar="ZONE", help="The time zone to show times in; without it that of the assigned user.")
@click.option("--json", "as_json", is_flag=True, help="The record as one JSON object.")
@click.pass_context
def show(context: click.Context, record: str, task: bool, zone: str | None, as_json: bool) -> None:
    """Show a contact or a task.

    RECORD is its id; or a contact's e-mail address or full name; or a task's subject.

    \b
    Examples:
      tandem crm show ada@engines.example
      tandem crm show --task "Call Ada back"
    """
    from tandem import shown
    from tandem.cli.screen import table
    from tandem.crmedits import as_people_read, find_record

    installation, kind = opened(context), _kind(task)
    found = find_record(installation.store, kind, record)
    if as_json:
        click.echo(shown.to_json(_json(found)))
        return
    told = as_people_read({user.id: user for user in installation.store.users()}, found, zone)
    named = {field.name: field.label for field in kind.schema.fields}
    rows = [(name, label, shown.value(told[name])) for name, label in named.items() if told.get(name)]
    for line in table([("id", named["crmid"], found.id), *(row for row in rows if row[0] != "crmid")]):
        click.echo(line)


@crm.command("list")
@click.argument("text", required=False)
@_TASKS
@click.option("--user", metavar="USER", help="Only what is assigned to this user.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document with every field.")
@click.pass_context
def list_(context: click.Context, text: str | None, task: bool, user: str | None, as_json: bool) -> None:
    """List contacts or tasks, or those that TEXT fits.

    TEXT is a part of a name, company or e-mail address; of a task's subject, list or status. Times are those of the
    assigned user.

    \b
    Examples:
      tandem crm list lovelace
      tandem crm list --user anna
      tandem crm list --task "on hold"
    """
    from tandem.cli.screen import table
    from tandem.crmedits import contains

    installation, kind = opened(context), _kind(task)
    owner = installation.user(user).id if user else None
    records = [
        record
        for record in installation.store.records(kind.name)
        if (text is None or contains(kind, record, text)) and owner in (None, record.values.get("assigned_user_id"))
    ]
    records.sort(key=lambda record: (len(record.id), record.id))
    if as_json:
        from tandem import shown

        click.echo(shown.to_json({f"{kind.label}s": [_json(record) for record in records]}))
        return
    heads, row = (_TASK_HEADS, _task_row) if task else (_HEADS, _row)
    users = {one.id: one for one in installation.store.users()}
    for line in table([row(users, record) for record in records], heads):
        click.echo(line)


def _json(record: Record) -> dict[str, object]:
    from engine.records import to_json

    values = {name: to_json(value) for name, value in record.values.items()}
    return {"id": record.id, "version": record.version, "modified": record.modified, "values": values}


_HEADS = ("ID", "NAME", "COMPANY", "EMAIL", "ASSIGNED TO")
_TASK_HEADS = ("ID", "SUBJECT", "STATUS", "START", "TASK LIST", "ASSIGNED TO")


def _row(_: Mapping[str, User], record: Record) -> tuple[str, ...]:
    from tandem import shown

    values = record.values
    name = " ".join(str(values[field]) for field in ("firstname", "lastname") if values.get(field))
    rest = (shown.plain(values.get(field)) for field in ("accountid", "email", "assigned_user_id"))
    return (record.id, *(shown.shorten(one, 60) for one in (name, *rest)))


def _task_row(users: Mapping[str, User], record: Record) -> tuple[str, ...]:
    from tandem import shown
    from tandem.crmedits import as_people_read

    told = as_people_read(users, record)
    names = ("subject", "taskstatus", "date_start", "tasklist", "assigned_user_id")
    return (record.id, *(shown.shorten(shown.plain(told.get(name)), 60) for name in names))


@crm.command()
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@_TASK
@click.option("--as", "as_user", metavar="USER", help="As this CRM user, who will own the record.")
@click.pass_context
def add(context: click.Context, values: tuple[str, ...], task: bool, as_user: str | None) -> None:
    """Add a contact or a task.

    Times are those of the user, or UTC.

    \b
    Examples:
      tandem crm add firstname=Ada lastname=Lovelace email=ada@engines.example --as anna
      tandem crm add --task subject="Call Ada back" date_start="2026-12-01 09:00" tasklist="Sales / To do" --as anna
    """
    from crm.kinds import OWNER
    from engine.records import Reference
    from tandem.crmedits import draft

    installation, kind = opened(context), _kind(task)
    user = installation.user(as_user) if as_user else None
    made = draft(installation.store, kind, values, user)
    if user is not None:
        made.references.setdefault(OWNER.field, (Reference(user.id, ""),))
    with installation.store.edit() as edit:
        crm_id, _ = edit.put_drafts(kind.name, [None], [made])[0]
    click.echo(f"{kind.label.capitalize()} {crm_id} is made.")


@crm.command()
@click.argument("record", metavar="RECORD")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@_TASK
@click.option("--as", "as_user", metavar="USER", help="With this CRM user's rights.")
@click.pass_context
def edit(context: click.Context, record: str, values: tuple[str, ...], task: bool, as_user: str | None) -> None:
    """Change fields of a contact or a task.

    RECORD is its id; or a contact's e-mail address or full name; or a task's subject. `FIELD=` empties a field; times
    are those of the user, or UTC.

    \b
    Examples:
      tandem crm edit 10001 mobile="020 7946 0001" --as anna
      tandem crm edit ada@engines.example folder="Clients; Press" assigned_user_id=ben
      tandem crm edit --task "Call Ada back" taskstatus=Done users="ben; cara" --as anna
    """
    from tandem.crmedits import draft

    installation, kind = opened(context), _kind(task)
    found = _editable(installation, kind, record, as_user)
    made = draft(installation.store, kind, values, installation.user(as_user) if as_user else None)
    with installation.store.edit() as editing:
        _, effect = editing.put_drafts(kind.name, [found.id], [made])[0]
    click.echo(f"{kind.label.capitalize()} {found.id} is {effect}.")


@crm.command()
@click.argument("record", metavar="RECORD")
@_TASK
@click.option("--as", "as_user", metavar="USER", help="With this CRM user's rights.")
@click.pass_context
def delete(context: click.Context, record: str, task: bool, as_user: str | None) -> None:
    """Delete a contact or a task.

    RECORD is its id; or a contact's e-mail address or full name; or a task's subject.

    \b
    Examples:
      tandem crm delete 10001 --as anna
      tandem crm delete --task "Call Ada back"
    """
    installation, kind = opened(context), _kind(task)
    found = _editable(installation, kind, record, as_user)
    with installation.store.edit() as editing:
        editing.delete(kind.name, found.id)
    click.echo(f"{kind.label.capitalize()} {found.id} is deleted.")


def _editable(installation: Installation, kind: Kind, record: str, as_user: str | None) -> Record:
    from tandem.crmedits import find_record, require_right

    found = find_record(installation.store, kind, record)
    if as_user is not None:
        require_right(installation.crm, installation.org, installation.user(as_user), kind, found)
    return found


@crm.command()
@click.argument("user", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def lists(context: click.Context, user: str | None, as_json: bool) -> None:
    """Show the Task List picklist: all of it, or as USER sees it.

    The CRM's own values come first, then the lists of Planner that the user can see.

    \b
    Examples:
      tandem crm lists
      tandem crm lists anna
    """
    from engine.records import to_json
    from tandem import shown
    from tandem.cli.screen import table

    installation = opened(context)
    found = installation.store.task_lists(installation.user(user).id if user else None)
    if as_json:
        click.echo(shown.to_json({"task_lists": [to_json(one) for one in found]}))
        return
    rows = [(one.id or "", one.name, "Planner" if one.flags else "CRM") for one in found]
    for line in table(rows, ("ID", "TASK LIST", "KEPT IN")):
        click.echo(line)
