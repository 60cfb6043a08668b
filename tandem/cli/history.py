"""What was done: runs, and every write with before, after and the rule behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tandem.cli.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from state.journal import Entry
    from tandem.installation import Installation


@click.command()
@click.argument("record", required=False)
@click.option("--run", "run_id", metavar="RUN", help="Every write of one run.")
@click.option("--user", metavar="USER", help="Only this user's mailbox.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many runs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
@click.pass_context
def history(
    context: click.Context, record: str | None, run_id: str | None, user: str | None, limit: int, as_json: bool
) -> None:
    """Show the latest runs; with RECORD (an id on either side), every write to that record.

    \b
    Examples:
      tandem history
      tandem history 10001
      tandem history --run 20261122T090000-1f2e3d4c
    """
    from state.journal import entries_of_record, entries_of_run

    installation = opened(context)
    if record is not None:
        _entries(installation, entries_of_record(installation.engine, installation.org, record), as_json)
    elif run_id is not None:
        _entries(installation, entries_of_run(installation.engine, installation.org, run_id), as_json)
    else:
        _runs(installation, user, limit, as_json)


def _runs(installation: Installation, user: str | None, limit: int, as_json: bool) -> None:
    from state.journal import runs
    from tandem import shown
    from tandem.cli.screen import table
    from tandem.moments import moment

    space = installation.account(installation.user(user)).id if user else None
    found = runs(installation.engine, installation.org, space, limit)
    if as_json:
        rows = [
            {"run": run.id, "mailbox": installation.address(run.space), "kind": run.kind, "cause": run.cause,
             "started": moment(run.started), "ended": moment(run.ended), "outcome": run.outcome,
             "counts": dict(run.counts)}
            for run in found
        ]  # fmt: skip
        click.echo(shown.to_json({"runs": rows}))
        return
    if not found:
        click.echo("No run has written anything yet.")
        return
    lines = [
        (run.id, installation.address(run.space), run.kind, run.cause, run.outcome, _counts(run.counts))
        for run in found
    ]
    for line in table(lines, ("RUN (UTC)", "MAILBOX", "KIND", "CAUSE", "OUTCOME", "")):
        click.echo(line)


def _counts(counts: object) -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


def _entries(installation: Installation, entries: Sequence[Entry], as_json: bool) -> None:
    from engine.errors import UserError
    from tandem import shown

    if not entries:
        raise UserError("Nothing was ever written there.", "`tandem history` lists the runs; records go by their id.")
    if as_json:
        click.echo(shown.to_json({"writes": [_json(installation, entry) for entry in entries]}))
        return
    for entry in entries:
        for line in _lines(installation, entry):
            click.echo(line)


def _lines(installation: Installation, entry: Entry) -> Iterator[str]:
    from tandem import shown
    from tandem.moments import moment

    action = entry.action
    note = f"  {shown.safe(entry.note)}" if entry.note else ""
    record = (entry.crm_id if action.side == "crm" else entry.m365_id) or action.target or ""
    who = installation.address(entry.space)
    yield f"{moment(entry.intended_at)}  {action.klass} in {action.side}  {entry.state}{note}  {who}  run {entry.run}"
    yield f"    record {record}  by {action.entry}"
    for change in action.changes:
        before, after = shown.value(change.before), shown.value(change.after)
        yield f"      {change.path}  {before} → {after}  {change.entry}"


def _json(installation: Installation, entry: Entry) -> dict[str, object]:
    from engine.records import to_json
    from tandem.moments import moment

    action = entry.action
    return {
        "run": entry.run, "at": moment(entry.intended_at), "mailbox": installation.address(entry.space),
        "side": action.side, "class": action.klass, "verb": action.verb, "state": entry.state, "note": entry.note,
        "crm_id": entry.crm_id, "m365_id": entry.m365_id, "entry": action.entry,
        "changes": [
            {"path": one.path, "before": to_json(one.before), "after": to_json(one.after), "entry": one.entry}
            for one in action.changes
        ],
    }  # fmt: skip
