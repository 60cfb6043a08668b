"""A process that runs an installation's ticks in forked children, each of which may be told to die at a commit.

It speaks lines of JSON: an order comes in; the child's process group goes out; `go` comes in; how it ended goes out.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine.interfaces import DBAPIConnection

import graph_client.system  # noqa: F401  (children need not import it again)
from engine.links import Base, Link
from engine.plans import Decision
from engine.records import Record, Reference, Value
from state.spaces import SpaceRecord
from tandem.installation import Installation, utc_now
from tandem.rulefiles import RuleFolder
from tandem.settings import Settings, read_settings
from tandem.tick import Order, Ticked, plan_space, served, tick_space

ROUNDS: Final = 6
"""How many rounds of ticks may pass until nothing is left to write."""
KINDS: Final = ("Contact", "Task", "Activity")
UNNAMED: Final = "timetable, journal or sign-in"
"""Commits that the rooms don't announce."""


@dataclass(slots=True)
class Commits:
    """The commits of one child, by name; at number ``at`` the child kills its process group, ``when`` says whether
    before or after the commit is made. Every commit counts, whichever room it comes from."""

    at: int = 0
    when: str = ""
    names: list[str] = field(default_factory=list)
    _announced: str = ""

    def told(self, point: str) -> None:
        """What the rooms say around their commits: used for names only."""
        moment, _, name = point.partition(" ")
        if moment == "before":
            self._announced = name

    def watch(self, installation: Installation) -> None:
        """Count at the driver, below all rooms."""
        dialect = installation.engine.dialect
        commit = dialect.do_commit

        def counted(connection: DBAPIConnection) -> None:
            self.names.append(self._announced or UNNAMED)
            self._announced = ""
            self._cut("before")
            commit(connection)  # type: ignore[arg-type]
            self._cut("after")

        dialect.do_commit = counted  # type: ignore[assignment, method-assign]

    def _cut(self, moment: str) -> None:
        if len(self.names) == self.at and moment == self.when:
            os.killpg(0, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Child:
    """What a child does with an installation opened afresh. ``later`` moves its clock on, past leases and claims."""

    settings: Settings
    rules: RuleFolder
    order: dict[str, Any]

    def run(self) -> dict[str, Any]:
        commits = Commits(**self.order.get("cut", {}))
        with Installation(self.settings, self._clock, commits.told) as installation:
            commits.watch(installation)
            installation.rules = self.rules
            if self.order["do"] == "sync":
                results = self._round(installation)
                return {"commits": commits.names, "ticks": [_fared(one) for one in results]}
            return self._settled(installation)

    def _clock(self) -> datetime:
        return utc_now() + timedelta(seconds=self.order.get("later", 0))

    def _settled(self, installation: Installation) -> dict[str, Any]:
        """Ticks until nothing is written any more; then everything that is remembered, and the plans."""
        rounds = 0
        while any(one.failed or one.result == "done" for one in self._round(installation)):
            rounds += 1
            if rounds == ROUNDS:
                break
        plans = [
            [_said(one) for one in plan_space(installation, record, program, everything=everything).decisions]
            for record in self._spaces(installation)
            for program in served(installation, record, installation.programs())
            for everything in (False, True)
        ]
        known = _inspected(installation, self._spaces(installation))
        return {"rounds": rounds, "plans": [[one for one in plan if one] for plan in plans], **known}

    def _round(self, installation: Installation) -> list[Ticked]:
        programs = installation.programs()
        records = self._spaces(installation)
        return [one for record in records for one in tick_space(installation, record, programs, Order())]

    def _spaces(self, installation: Installation) -> list[SpaceRecord]:
        """All of them, or only what users share."""
        records = installation.chosen_spaces(None)
        return [record for record in records if record.shared or not self.order["only_shared"]]


def _fared(one: Ticked) -> str:
    counts = {} if one.report is None else {" ".join(key): number for key, number in one.report.counts.items()}
    return f"{one.record.space.user}: {one.result} {counts} {one.text}".rstrip()


def _said(decision: Decision) -> str:
    return " ".join(f"{action.verb} {action.side} {decision.title};" for action in decision.actions)


def _inspected(installation: Installation, spaces: Sequence[SpaceRecord]) -> dict[str, Any]:
    """The CRM and the state, with names in place of ids where ids may differ."""
    records = {kind: {one.id: one for one in installation.store.records(kind)} for kind in KINDS}
    links, intents = [], 0
    for record in spaces:
        for program in served(installation, record, installation.programs()):
            pairs = installation.state.links(record.space.id, program.name)
            known = records.get(program.crm.kind, {})
            links += [{"of": record.space.user, **_link(link, base, known)} for link, base in pairs]
            intents += len(installation.state.open_intents(record.space.id, program.name))
    everything = [one for some in records.values() for one in some.values()]
    crm = [{path: _plain(value) for path, value in one.values.items()} for one in everything]
    companies = sorted(reference.name for reference, _ in installation.store.companies())
    return {"crm": crm, "companies": companies, "links": links, "intents": intents}


def _name(record: Record) -> str:
    if "subject" in record.values:
        return str(record.values["subject"])
    return f"{record.values.get('firstname')} {record.values.get('lastname')}"


def _link(link: Link, base: Base, records: Mapping[str, Record]) -> dict[str, Any]:
    names = {id: _name(record) for id, record in records.items()}
    known = records.get(link.crm_id or "")
    return {
        "m365": link.m365_id,
        "crm": names.get(link.crm_id, "gone") if link.crm_id else None,
        "seen": known is not None and known.version == link.crm_version,
        "m365_version": link.m365_version,
        "state": link.state,
        "reason": link.reason,
        "due": link.wake_at is not None,
        "role": link.role,
        "series": bool(link.group),
        "candidates": sorted(names.get(one, "gone") for one in link.candidates),
        "keys": len(link.keys),
        "base_crm": {path: _plain(value) for path, value in base.crm.items()},
        "base_m365": {path: _plain(value) for path, value in base.m365.items()},
    }


def _plain(value: Value) -> object:
    if isinstance(value, Reference):
        return value.name
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def main(folder: Path) -> None:
    settings = read_settings(folder)
    rules = RuleFolder(settings.rules)
    rules.programs()
    for line in sys.stdin:
        _serve(Child(settings, rules, json.loads(line)))


def _serve(child: Child) -> None:
    start, told = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        _be(child, start, told)
    os.close(start[0])
    os.close(told[1])
    _tell({"pid": pid})
    sys.stdin.readline()
    os.close(start[1])
    with os.fdopen(told[0], "rb") as answer:
        said = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    _tell({"status": status, "answer": json.loads(said) if said else None})


def _be(child: Child, start: tuple[int, int], told: tuple[int, int]) -> None:
    """The forked child: a process group of its own, which waits until it may start."""
    code = 1
    try:
        os.setpgid(0, 0)
        os.close(start[1])
        os.read(start[0], 1)
        answer = json.dumps(child.run()).encode()
        while answer:
            answer = answer[os.write(told[1], answer) :]
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
