"""What a lost creation or move may have made. Planner keeps no mark of ours, so a task is told by its list's plan, its
title, its day, who made it and when; several that fit are all named, and a person decides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.errors import SignInNeeded, Unavailable
from engine.plans import Action
from engine.port import Sent
from engine.records import Record
from graph_client.answers import Json
from graph_client.planner.catalogue import Plan
from graph_client.planner.codec import bucket_of, moment
from graph_client.planner.listing import NoPlan, NotAllowed, sheets
from graph_client.planner.members import TokenTrouble
from graph_client.planner.reading import Tasks

EARLIER: Final = 5 * 60 * 1000
"""Milliseconds by which Planner's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class _Trace:
    """What is known of a task that may have been made. ``days`` it may be due on; None where that is not known."""

    action: str
    plan: str
    title: str
    days: frozenset[str] | None
    since: int
    source: str | None

    def fits(self, row: Mapping[str, Json], accounts: Collection[str]) -> bool:
        made, user = moment(row.get("createdDateTime")), row.get("createdBy")
        who = user.get("user") if isinstance(user, dict) else None
        return (
            row.get("id") != self.source
            and _plain(row.get("title")) == self.title
            and (self.days is None or _day(row.get("dueDateTime")) in self.days)
            and made is not None
            and made.timestamp() * 1000 >= self.since - EARLIER
            and isinstance(who, dict)
            and who.get("id") in accounts
        )


def find(tasks: Tasks, sent: Collection[Sent]) -> dict[str, tuple[str, ...]]:
    """Action id ▸ ids of the tasks that it may have made. Raises Unavailable where a plan can't be read now but might
    be later: that nothing was made must not be concluded from that."""
    making = [one for one in sent if one.action.verb in ("create", "move")]
    sources = _sources(tasks, [one.action for one in making])
    traces = [trace for one in making if (trace := _trace(tasks, one, sources)) is not None]
    found: dict[str, list[str]] = {}
    for plan_id in dict.fromkeys(trace.plan for trace in traces):
        plan = tasks.catalogue().plan(plan_id)
        wanted = [trace for trace in traces if trace.plan == plan_id]
        for row in _rows(tasks, plan) if plan else ():
            for trace in wanted:
                if trace.fits(row, tasks.members.accounts):
                    found.setdefault(trace.action, []).append(str(row["id"]))
    return {action: tuple(dict.fromkeys(ids)) for action, ids in found.items()}


def _sources(tasks: Tasks, actions: Collection[Action]) -> dict[str, Record]:
    """The tasks to be moved, as far as they are still there."""
    moved = {str(action.target) for action in actions if action.verb == "move"}
    return {state.id: state for state in tasks.read(moved, ()) if isinstance(state, Record)}


def _trace(tasks: Tasks, sent: Sent, sources: Mapping[str, Record]) -> _Trace | None:
    action = sent.action
    bucket = bucket_of(action.values) or ""
    tasks.meet("", bucket)
    place = tasks.catalogue().place(bucket)
    if place is None:
        return None
    days = _days(sent, sources.get(action.target or ""))
    title = _plain(action.values.get("title", action.title))
    return _Trace(action.id, place[0].id, title, days, sent.at, action.target)


def _days(sent: Sent, source: Record | None) -> frozenset[str] | None:
    """The days that what was made can be due on; None where that is not known. A move takes its day along, and somebody
    may have changed it since it was sent: it is that of the old task now, or what was agreed before. Of a task that is
    gone nobody knows the day that it had."""
    values = sent.action.values
    if sent.action.verb == "create" or "dueDateTime" in values:
        return frozenset({_day(values.get("dueDateTime"))})
    if source is None:
        return None
    held = [known["dueDateTime"] for known in (sent.agreed, source.values) if "dueDateTime" in known]
    return frozenset(map(_day, held)) or None


def _rows(tasks: Tasks, plan: Plan) -> Iterator[Mapping[str, Json]]:
    """All tasks of a plan; none where it is gone, or where nobody may read it and so nobody could write."""
    for account in tasks.members.present(plan.viewers):
        try:
            listed = list(sheets(tasks.members.session(account), plan.id, {}))
        except NotAllowed:
            continue
        except NoPlan:
            return
        except (SignInNeeded, TokenTrouble) as problem:
            tasks.members.leave_out(account, problem)
            continue
        yield from (row for sheet in listed for row in sheet.rows or ())
        return
    if any(viewer in tasks.members.troubles for viewer in plan.viewers):
        raise Unavailable(
            "A plan in which a lost write has to be looked for can't be read now, because the sign-in of those who "
            "see it does not work. Connect them again; nothing was taken as not done."
        )


def _plain(title: object) -> str:
    return " ".join(title.split()) if isinstance(title, str) else ""


def _day(instant: object) -> str:
    """The UTC day; '' for none."""
    found = moment(instant) if isinstance(instant, str) else None
    return found.date().isoformat() if found else ""
