"""Reading Planner for one view: rounds over plans with their catalogue, single tasks, and details on demand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.errors import SignInNeeded, Unavailable
from engine.port import Page
from engine.records import M365, Barred, Gone, Record, State
from graph_client.answers import Json, Meaning
from graph_client.batch import Item
from graph_client.codec import etag
from graph_client.fields import DETAILS
from graph_client.folders import quoted
from graph_client.planner.catalogue import Catalogue, Plan, read_catalogue
from graph_client.planner.codec import KIND, decode, moment, with_description
from graph_client.planner.listing import Memory, NoPlan, NotAllowed, Sheet, remembered, sheets, tag
from graph_client.planner.members import Ask, Members, TokenTrouble, Told
from graph_client.planner.plans import load

NOTHING: Final = ""
"""The id of the pseudo-collection whose cursor is the catalogue."""
WATCHED: Final = 45 * 24 * 3600
"""Seconds around a due date in which edits of the description are looked for; others wait for another edit."""


@dataclass(slots=True)
class Tasks:
    """Everything one view of Planner knows. ``clock`` is seconds since 1970. ``seen`` holds each task as it was met
    last in this view, so that only its details have to be fetched when they are wanted too."""

    members: Members
    clock: Callable[[], float]
    known: Catalogue | None = None
    seen: dict[str, Record] = field(default_factory=dict)
    plan_of: dict[str, str] = field(default_factory=dict)
    _asked_again: bool = False
    _watching: bool = False

    # ---- the catalogue ----

    def catalogue(self) -> Catalogue:
        if self.known is None:
            self.refresh()
        assert self.known is not None
        return self.known

    def refresh(self) -> None:
        self.known = load(self.members, self.known, int(self.clock() * 1000))

    def meet(self, plan: str, bucket: str) -> None:
        """A plan and bucket that something names: if either is unknown, the catalogue is read again, once per view."""
        known = self.catalogue()
        if (plan and known.plan(plan) is None) or (bucket and known.place(bucket) is None):
            self.ask_again()

    def ask_again(self) -> None:
        if not self._asked_again:
            self._asked_again = True
            self.refresh()

    def viewers(self, task: str) -> Sequence[str]:
        """Who may be asked for a task, the most likely first."""
        plan = self.catalogue().plan(self.plan_of.get(task, ""))
        first = plan.viewers if plan else ()
        return (*first, *(one for one in self.members.accounts if one not in first))

    # ---- rounds ----

    def changes(self, cursors: Mapping[str, str | None]) -> Iterator[Page]:
        """Rounds of these plans, and of '' the catalogue, last. A plan that is gone has no pages; one that nobody can
        read now keeps its cursor. Whenever the catalogue is read again plans are listed as a whole, and descriptions
        are looked after too."""
        if NOTHING in cursors and self.known is None:
            self.known = read_catalogue(cursors[NOTHING])
        self._watching = self.known is not None and self.known.old(int(self.clock() * 1000), self.members.accounts)
        if self.known is None or self._watching:
            self.refresh()
            self._asked_again = True
        for id, cursor in cursors.items():
            plan = self.catalogue().plan(id)
            if plan is not None:
                yield from self._round(plan, cursor)
        if NOTHING in cursors:
            yield Page(NOTHING, cursor=self.catalogue().text(), full=cursors[NOTHING] is None)

    def _round(self, plan: Plan, cursor: str | None) -> Iterator[Page]:
        for account in plan.viewers:
            if account not in self.members.present():
                continue
            try:
                yield from self._pages(plan, account, remembered(cursor), cursor)
                return
            except NotAllowed:
                self.known = self.catalogue().without(plan.id, account)
            except NoPlan:
                self.known = self.catalogue().without(plan.id)
                return
            except (SignInNeeded, TokenTrouble) as problem:
                self.members.leave_out(account, problem)
        if cursor is not None:
            yield Page(plan.id, cursor=cursor)

    def _pages(self, plan: Plan, account: str, before: Memory | None, cursor: str | None) -> Iterator[Page]:
        """What is new since ``before``, one page at a time; then, on the last one, what is missing and the cursor.
        Where details are watched the plan is listed as a whole: a task that was made by a write and was gone before
        the next round is in no memory of ours, only in the engine's."""
        watching = self._watching and before is not None
        full = watching or before is None
        before = before or Memory()
        versions = before.versions()
        known = {} if watching else {sheet.digest: sheet for sheet in before.pages}
        after: list[Sheet] = []
        for sheet in sheets(self.members.session(account), plan.id, known):
            after.append(Sheet(sheet.digest, sheet.tags))
            self.plan_of.update(dict.fromkeys(sheet.versions(), plan.id))
            if sheet.rows:
                records = [self.record(row) for row in sheet.rows]
                news = [one for one in records if full or versions.get(one.id) != tag(one.version)]
                yield Page(plan.id, news, full=full)
        if not full and [one.digest for one in before.pages] == [one.digest for one in after]:
            yield Page(plan.id, cursor=cursor)
            return
        here = {id for sheet in after for id in sheet.versions()}
        details = {id: version for id, version in before.details.items() if id in here}
        if watching:
            details = self._watched(plan, here)
        rewritten = [id for id in details if watching and id in versions and details[id] != before.details.get(id)]
        gone = [id for id in versions if id not in here]
        yield Page(plan.id, gone=gone + rewritten, cursor=Memory(tuple(after), details).text(), full=full)

    def _watched(self, plan: Plan, here: Collection[str]) -> dict[str, str]:
        """Version tags of the details of tasks that are due about now: an edit of nothing but the description moves
        neither the task's version nor its page."""
        near = [id for id in here if id in self.seen and self._near(self.seen[id])]
        asks = [Ask(Item("GET", details_path(id)), plan.viewers) for id in near]
        told = self.members.answers(asks)
        return {near[one.index]: tag(etag(one.answer.members)) for one in told if one.answer.meaning is Meaning.DONE}

    def _near(self, record: Record) -> bool:
        due = moment(record.values.get("dueDateTime"))
        described = record.values.get("hasDescription") is not False
        return described and due is not None and abs(due.timestamp() - self.clock()) < WATCHED

    def record(self, row: Mapping[str, Json]) -> Record:
        """A row as a record, remembered."""
        plan, bucket = row.get("planId"), row.get("bucketId")
        self.meet(plan if isinstance(plan, str) else "", bucket if isinstance(bucket, str) else "")
        found = decode(row, self.catalogue())
        if found is None:
            raise Unavailable("Microsoft 365 answered a task without an id.")
        self.seen[found.id] = found
        if isinstance(plan, str):
            self.plan_of[found.id] = plan
        return found

    # ---- by id ----

    def read(self, ids: Collection[str], parts: Collection[str]) -> Iterator[State]:
        """The present state of each. With details, tasks that this view has met are not asked for a second time, and
        those without a description not at all."""
        wanted = list(dict.fromkeys(ids))
        fetched = DETAILS in parts
        met = [self.seen[id] for id in wanted if fetched and id in self.seen]
        unmet = [id for id in wanted if not (fetched and id in self.seen)]
        for told in self.members.answers([Ask(Item("GET", task_path(id)), self.viewers(id)) for id in unmet]):
            state = self.state(unmet[told.index], told)
            if fetched and isinstance(state, Record):
                met.append(state)
            else:
                yield state
        yield from self._with_details(met)

    def state(self, id: str, told: Told) -> State:
        """What an answer to a GET by id proves. Raises Unavailable where it proves nothing."""
        if told.answer.meaning is Meaning.GONE:
            self.forget(id)
            return Gone(M365, KIND, id)
        if told.answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
            self.forget(id)
            return Barred(M365, KIND, id)
        return self.record(self.row(told))

    def row(self, told: Told) -> dict[str, Json]:
        """The JSON object in an answer. Raises Unavailable where it is none."""
        return self.members.session(told.account).demand(told.answer).members

    def forget(self, id: str) -> None:
        self.seen.pop(id, None)

    def _with_details(self, records: Sequence[Record]) -> Iterator[State]:
        described = [one for one in records if one.values.get("hasDescription") is not False]
        yield from (with_description(one, None) for one in records if one.values.get("hasDescription") is False)
        asks = [Ask(Item("GET", details_path(one.id)), self.viewers(one.id)) for one in described]
        for told in self.members.answers(asks):
            record = described[told.index]
            yield self._detailed(record, told)

    def _detailed(self, record: Record, told: Told) -> State:
        """The record with its details; gone with them. Details that may not be read stay unfetched."""
        if told.answer.meaning is Meaning.GONE:
            self.forget(record.id)
            return Gone(M365, KIND, record.id)
        if told.answer.meaning in (Meaning.FORBIDDEN, Meaning.REFUSED):
            return record
        return with_description(record, self.row(told))


def task_path(id: str) -> str:
    return f"/planner/tasks/{quoted(id)}"


def details_path(id: str) -> str:
    return f"{task_path(id)}/details"
