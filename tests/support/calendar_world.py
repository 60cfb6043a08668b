"""Calendars for tests of the client: Ann and Bob connected, the clocks of client and emulator at one fixed moment."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graph_events import Row
from graph_world import ANN, BOB, GraphWorld, graph_world

from engine.plans import Action, Verb
from engine.port import Outcome, Page, Sent, Written
from engine.records import Gone, Record, State, Value
from graph_client.effects import Mail
from graph_client.planner.view import PlannerReader
from graph_client.system import GraphSystem, MailboxReader, MailboxWriter
from graph_emulator.calendar.control_client import CalendarControl
from graph_emulator.server import Emulator

NOW = "2026-11-22T12:00:00Z"
_numbers = itertools.count(1)


@dataclass
class CalendarWorld:
    """A running emulator with two connected mailboxes."""

    world: GraphWorld
    systems: Mapping[str, GraphSystem]
    mailed: int = field(default=0)

    @property
    def people(self) -> CalendarControl:
        """What people do in Outlook."""
        return self.world.control.calendar

    def reader(self, upn: str = ANN) -> MailboxReader:
        view = self.systems[upn].reader(self.world.space(upn))
        assert not isinstance(view, PlannerReader)
        return view

    def writer(self, upn: str = ANN) -> MailboxWriter:
        view = self.systems[upn].writer(self.world.space(upn), lambda: True)
        assert isinstance(view, MailboxWriter)
        return view

    def advance(self, days: float) -> None:
        """Let time pass for everybody."""
        self.world.control.set_clock(advance=days * 86400)
        self.world.waits.shift += days * 86400

    # ---- reading ----

    def round(self, cursor: str | None = None, upn: str = ANN, view: MailboxReader | None = None) -> Round:
        return Round(list((view or self.reader(upn)).changes("event", {"": cursor})))

    def read(self, *ids: str, upn: str = ANN) -> dict[str, State]:
        return {state.id: state for state in self.reader(upn).read("event", ids)}

    def event(self, id: str, upn: str = ANN) -> Record:
        state = self.read(id, upn=upn)[id]
        assert isinstance(state, Record), state
        return state

    def gone(self, id: str, upn: str = ANN) -> bool:
        return isinstance(self.read(id, upn=upn)[id], Gone)

    def marks(self, *ids: str, upn: str = ANN) -> dict[str, tuple[str, ...]]:
        sent = [Sent(action("create", id=id), 0) for id in ids]
        return dict(self.reader(upn).find_marks("event", sent))

    # ---- writing ----

    def write(self, *actions: Action, upn: str = ANN) -> list[Outcome]:
        return list(self.writer(upn).write(actions))

    def make(self, upn: str = ANN, **values: Value) -> Record:
        return self.written(action("create", values=meeting(**values)), upn)

    def change(self, record: Record, upn: str = ANN, **values: Value) -> Record:
        return self.written(action("update", record, values), upn)

    def written(self, act: Action, upn: str = ANN) -> Record:
        (outcome,) = self.write(act, upn=upn)
        assert isinstance(outcome, Written), outcome
        assert outcome.record is not None
        return outcome.record

    # ---- what was mailed ----

    def mail(self) -> Mail:
        """What meetings have mailed since this was asked last, answers left out."""
        found = self.people.outbox(self.mailed)
        self.mailed = max([self.mailed, *(int(mail["number"]) for mail in found)])
        kinds: dict[str, list[str]] = {"invite": [], "update": [], "cancel": []}
        for mail in found:
            if mail["kind"] in kinds:
                kinds[mail["kind"]] += [person["address"] for person in mail["recipients"]]
        return Mail(*(tuple(sorted(addresses)) for addresses in kinds.values()))


@dataclass(frozen=True)
class Round:
    """The pages of one round, and what a consumer ends with."""

    pages: list[Page]

    @property
    def records(self) -> dict[str, Record]:
        return {record.id: record for page in self.pages for record in page.records}

    @property
    def gone(self) -> set[str]:
        return {id for page in self.pages for id in page.gone}

    @property
    def barred(self) -> set[str]:
        return {id for page in self.pages for id in page.barred}

    @property
    def groups(self) -> dict[str, set[str]]:
        return {group: set(ids) for page in self.pages for group, ids in page.groups.items()}

    @property
    def cursor(self) -> str:
        (found,) = [page.cursor for page in self.pages if page.cursor]
        return found

    @property
    def full(self) -> bool:
        (found,) = {page.full for page in self.pages}
        return found

    def called(self, subject: str) -> list[Record]:
        return sorted((r for r in self.records.values() if r.values["subject"] == subject), key=start)

    @property
    def subjects(self) -> list[str]:
        return sorted(str(record.values["subject"]) for record in self.records.values())


def start(record: Record) -> str:
    return str(record.values["start"])


def starts(records: Iterable[Record]) -> list[str]:
    return sorted(start(record) for record in records)


def meeting(**values: Value) -> dict[str, Value]:
    """An hour in December, if nothing else is said."""
    usual: dict[str, Value] = {
        "subject": "Meeting", "start": "2026-12-01T09:00:00Z[Europe/London]",
        "end": "2026-12-01T10:00:00Z[Europe/London]",
    }  # fmt: skip
    return {**usual, **values}


def action(verb: Verb, of: Record | None = None, values: Mapping[str, Value] | None = None, id: str = "") -> Action:
    return Action(
        id=id or f"action-{next(_numbers)}", side="m365", kind="event", verb=verb,
        klass="create" if verb == "create" else "delete" if verb == "delete" else "update",
        target=of.id if of else None, expected_version=of.version if of else None, values=values or {}, changes=(),
        entry="e",
    )  # fmt: skip


def only(rows: Iterable[Row], **members: object) -> dict[str, Any]:
    """The one row that has these members."""
    (found,) = [row for row in rows if all(row.get(name) == value for name, value in members.items())]
    return found


@contextmanager
def calendar_world(running: Emulator) -> Iterator[CalendarWorld]:
    """Both sign in by the true clock; then it is noon of 22 November 2026."""
    with graph_world(running) as world, world.system(ANN) as of_ann, world.system(BOB) as of_bob:
        world.control.reset("outbox")
        world.control.set_clock(NOW)
        world.control.set_behaviour(delta_repeats=False)
        world.waits.shift = datetime.fromisoformat(NOW).timestamp() - time.time()
        yield CalendarWorld(world, {ANN: of_ann, BOB: of_bob})
