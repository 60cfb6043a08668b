"""What happened: runs, the writes of a run or of a record with before and after, and what waits for a person."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from msgspec.structs import replace

from engine.errors import Unavailable, UserError
from engine.links import Link, LinkState
from engine.plans import Action
from engine.port import ActionState
from state.database import reading, writing
from state.rows import LINKED, detail_text, to_action, to_link
from state.tables import ACTION, LEASE, LINK, RUN, SPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that wrote or parked something. ``now`` is the clock it decided with, ``rules`` the program's digest;
    while it is under way, or after it was killed, ``ended`` is None. Times are UTC in milliseconds."""

    id: str
    space: str
    kind: str
    cause: str
    now: int
    rules: str
    started: int
    outcome: str = "running"
    counts: Mapping[str, int] = field(default_factory=dict)
    ended: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One write in the journal: what was meant, on which link, and how it ended."""

    action: Action
    run: str
    seq: int
    space: str
    kind: str
    link: str
    crm_id: str | None
    m365_id: str | None
    state: ActionState
    intended_at: int
    ended_at: int | None
    result_version: str
    note: str


def record_run(engine: sa.Engine, org: str, run: Run) -> None:
    """Store a run when it starts, and again when it ends. Raises UserError for a space the organisation lacks."""
    here = (RUN.c.org_id == org, RUN.c.run_id == run.id)
    columns = {
        "space_id": run.space, "kind": run.kind, "cause": run.cause, "now": run.now, "rules": run.rules,
        "started": run.started, "outcome": run.outcome, "counts": json.dumps(dict(run.counts)), "ended": run.ended,
    }  # fmt: skip
    with writing(engine) as connection:
        place = sa.select(SPACE.c.space_id).where(SPACE.c.org_id == org, SPACE.c.space_id == run.space)
        if connection.execute(place).first() is None:
            raise UserError(f"The organisation has no space {run.space}.", "Connect the user first.")
        if connection.execute(sa.update(RUN).where(*here).values(columns)).rowcount == 0:
            connection.execute(sa.insert(RUN).values(columns | {"org_id": org, "run_id": run.id}))


def runs(engine: sa.Engine, org: str, space: str | None = None, limit: int = 50) -> list[Run]:
    """The latest runs, newest first."""
    wanted = sa.select(RUN).where(RUN.c.org_id == org)
    if space is not None:
        wanted = wanted.where(RUN.c.space_id == space)
    with reading(engine) as connection:
        rows = connection.execute(wanted.order_by(RUN.c.started.desc(), RUN.c.run_id.desc()).limit(limit)).mappings()
        return [_run(row) for row in rows]


def find_run(engine: sa.Engine, org: str, run: str) -> Run | None:
    with reading(engine) as connection:
        row = connection.execute(sa.select(RUN).where(RUN.c.org_id == org, RUN.c.run_id == run)).mappings().first()
    return None if row is None else _run(row)


def entries_of_run(engine: sa.Engine, org: str, run: str) -> list[Entry]:
    """The writes of a run in their order, those of its later attempts (``<run>.1`` …) after the first's."""
    attempts = ACTION.c.run_id.startswith(f"{run}.", autoescape=True)
    wanted = sa.select(ACTION).where(ACTION.c.org_id == org, sa.or_(ACTION.c.run_id == run, attempts))
    return _entries(engine, wanted.order_by(ACTION.c.run_id, ACTION.c.seq))


def entries_of_record(engine: sa.Engine, org: str, record: str) -> list[Entry]:
    """All writes that concern a record, by its id on either side, oldest first."""
    either = sa.or_(ACTION.c.crm_id == record, ACTION.c.m365_id == record)
    wanted = sa.select(ACTION).where(ACTION.c.org_id == org, either)
    return _entries(engine, wanted.order_by(ACTION.c.intended_at, ACTION.c.run_id, ACTION.c.seq))


def links_of_record(engine: sa.Engine, org: str, record: str) -> list[Link]:
    """The links of a record in all spaces, by its id on either side."""
    return _links(engine, LINK.c.org_id == org, sa.or_(LINK.c.crm_id == record, LINK.c.m365_id == record))


def parked_links(
    engine: sa.Engine,
    org: str,
    space: str | None = None,
    states: Collection[LinkState] = ("held", "waiting"),
) -> list[Link]:
    """Items that were read and not acted on, with their reasons: held ones need a person."""
    there = [] if space is None else [LINK.c.space_id == space]
    return _links(engine, LINK.c.org_id == org, LINK.c.state.in_(states), *there)


def settle_held(engine: sa.Engine, org: str, held: Link, decision: str, now: int) -> None:
    """Store what a person decided about a held link: a CRM id to pair with, ``create`` or ``ignore``; the next tick
    acts on it. Raises UserError when it is no longer held, Unavailable while its space is being synced."""
    at = (LINK.c.org_id == org, LINK.c.space_id == held.space, LINK.c.kind == held.kind, LINK.c.link_id == held.id)
    lease = sa.select(LEASE.c.expires_at).where(LEASE.c.org_id == org, LEASE.c.space_id == held.space)
    with writing(engine) as connection:
        busy = connection.execute(lease.with_for_update()).scalar_one_or_none()
        row = connection.execute(sa.select(*LINKED).where(*at, LINK.c.state == "held")).first()
        if busy is None or row is None:
            raise UserError(f"No item {held.id} is held.", "`tandem held` lists those that are.")
        if busy > now:
            raise Unavailable("That mailbox is being synced just now. Try again in a moment.")
        settled = replace(to_link(held.space, held.kind, row), settled=decision)
        connection.execute(sa.update(LINK).where(*at).values(detail=detail_text(settled)))


def _links(engine: sa.Engine, *conditions: sa.ColumnElement[bool]) -> list[Link]:
    place = (LINK.c.space_id, LINK.c.kind)
    wanted = sa.select(*LINKED, *place).where(*conditions).order_by(*place, LINK.c.link_id)
    with reading(engine) as connection:
        return [to_link(row.space_id, row.kind, row[:-2]) for row in connection.execute(wanted)]


def _entries(engine: sa.Engine, wanted: sa.Select[*tuple[object, ...]]) -> list[Entry]:
    with reading(engine) as connection:
        return [_entry(row) for row in connection.execute(wanted).mappings()]


def _run(row: sa.RowMapping) -> Run:
    return Run(
        id=row["run_id"], space=row["space_id"], kind=row["kind"], cause=row["cause"], now=row["now"],
        rules=row["rules"], started=row["started"], outcome=row["outcome"], counts=json.loads(row["counts"]),
        ended=row["ended"],
    )  # fmt: skip


def _entry(row: sa.RowMapping) -> Entry:
    return Entry(
        action=to_action(row), run=row["run_id"], seq=row["seq"], space=row["space_id"], kind=row["kind"],
        link=row["link_id"], crm_id=row["crm_id"], m365_id=row["m365_id"], state=row["state"],
        intended_at=row["intended_at"], ended_at=row["ended_at"], result_version=row["result_version"],
        note=row["note"],
    )  # fmt: skip
