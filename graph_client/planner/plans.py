"""Asking for the catalogue: every member for the plans they see, then one member per plan for its buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.context import fold
from engine.errors import SignInNeeded
from graph_client.answers import Answer, Json, Meaning
from graph_client.batch import Item
from graph_client.folders import quoted
from graph_client.paging import pages
from graph_client.planner.catalogue import Catalogue, Plan
from graph_client.planner.members import Ask, Members, TokenTrouble
from graph_client.session import Session

_SEES_NONE: Final = (Meaning.FORBIDDEN, Meaning.GONE, Meaning.REFUSED)
"""How somebody without Planner is answered."""


def load(members: Members, before: Catalogue | None, now: int) -> Catalogue:
    """The catalogue as it is at ``now`` (UTC in milliseconds). Of members who can't be asked, ``before`` counts: a
    sign-in that has ended takes no plan away. Raises Unavailable, or SignInNeeded when nobody can be asked."""
    titles: dict[str, str] = {}
    viewers: dict[str, set[str]] = {}
    for account in members.present():
        for id, title in _plans_of(members, account):
            titles[id] = title
            viewers.setdefault(id, set()).add(account)
    for plan in before.plans if before else ():
        if kept := {viewer for viewer in plan.viewers if viewer in members.troubles and viewer in members.accounts}:
            titles.setdefault(plan.id, plan.title)
            viewers.setdefault(plan.id, set()).update(kept)
    found = [Plan(id, title, tuple(sorted(viewers[id]))) for id, title in titles.items()]
    found.sort(key=lambda plan: (fold(plan.title), plan.id))
    return Catalogue(now, members.accounts, tuple(_with_buckets(members, found, before)))


def _plans_of(members: Members, account: str) -> list[tuple[str, str]]:
    session = members.session(account)
    try:
        answer = session.call("GET", "/me/planner/plans")
        return [] if answer.meaning in _SEES_NONE else [(id, _text(row, "title")) for id, row in _rows(session, answer)]
    except (SignInNeeded, TokenTrouble) as problem:
        members.leave_out(account, problem)
        return []


def _with_buckets(members: Members, plans: Sequence[Plan], before: Catalogue | None) -> Iterator[Plan]:
    """The plans with their buckets, those as they were before where nobody can ask; without plans that are gone."""
    asks = [Ask(Item("GET", f"/planner/plans/{quoted(plan.id)}/buckets"), plan.viewers) for plan in plans]
    told = {one.index: one for one in members.answers(asks)}
    for index, plan in enumerate(plans):
        answer, account = told[index].answer, told[index].account
        if answer.meaning is Meaning.GONE:
            continue
        if answer.meaning is Meaning.FORBIDDEN:
            known = before.plan(plan.id) if before else None
            yield Plan(plan.id, plan.title, plan.viewers, known.buckets if known else ())
            continue
        rows = sorted(_rows(members.session(account), answer), key=lambda one: (_text(one[1], "orderHint"), one[0]))
        yield Plan(plan.id, plan.title, plan.viewers, tuple((id, _text(row, "name")) for id, row in rows))


def _rows(session: Session, answer: Answer) -> list[tuple[str, Mapping[str, Json]]]:
    rows = [row for page in pages(session, answer, delta=False, prefer="") for row in page.rows]
    return [(id, row) for row in rows if isinstance(id := row.get("id"), str) and id]


def _text(row: Mapping[str, Json], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
