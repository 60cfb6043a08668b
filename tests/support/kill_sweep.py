"""Cutting a tick short at every request and every commit, and looking at what the next ticks make of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from evidence import READING
from installed import ROOT, Installed, surroundings

LATER: Final = 200
"""Seconds after which a dead process's lease and claims have run out."""
KILLED: Final = -9
_OF_ITS_OWN: Final = (
    "id", "classicId", "changeKey", "@odata.etag", "createdDateTime", "lastModifiedDateTime", "parentFolderId",
    "singleValueExtendedProperties",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """One place to die at: request, single call (batches unpacked) or commit number ``at``, before or after it takes
    effect."""

    what: str
    at: int
    when: str


@dataclass(frozen=True, slots=True)
class Uncut:
    """The run that nobody disturbs: how much there is to cut, and where it leads."""

    log: list[dict[str, Any]]
    commits: list[str]
    ticks: list[str]
    end: dict[str, Any]

    @property
    def requests(self) -> int:
        return len(self.log)

    @property
    def parts(self) -> int:
        """Calls one by one: those inside batches, and the requests that are none."""
        return sum(len(one["batch"]) or 1 for one in self.log)

    def writes(self) -> list[int]:
        """Numbers of the calls that change something."""
        calls = [call for one in self.log for call in one["batch"] or [one]]
        return [number for number, call in enumerate(calls, start=1) if call["method"] not in READING]

    def cuts_of_writes(self) -> list[Cut]:
        """Those at every commit and after every single write."""
        writes = set(self.writes())
        return [cut for cut in self.cuts() if cut.what == "commit" or (cut.what == "part" and cut.at in writes)]

    def cuts(self) -> Iterator[Cut]:
        """Every request and every commit, before and after, and after every call: inside a batch, before the next call
        is the same as after this one."""
        for what, count in (("request", self.requests), ("commit", len(self.commits))):
            yield from (Cut(what, at, when) for at in range(1, count + 1) for when in ("before", "after"))
        yield from (Cut("part", at, "after") for at in range(1, self.parts + 1))


@dataclass(frozen=True, slots=True)
class KillSweep:
    """One installation, its kept beginning, and the process that forks the runs: of all spaces, or only of what users
    share."""

    installed: Installed
    kept: Path
    process: subprocess.Popen[str]
    only_shared: bool = False
    ahead: int = 0
    """Seconds by which the clock of the runs is ahead."""

    def uncut(self) -> Uncut:
        """Run undisturbed, count, and go on until all is quiet."""
        self.restore()
        self.installed.control.reset("log")
        ran = self._order({"do": "sync", "later": self.ahead})
        assert ran["status"] == 0, ran
        log = self.installed.control.log()
        return Uncut(log, ran["answer"]["commits"], ran["answer"]["ticks"], self.end())

    def after(self, cut: Cut) -> dict[str, Any]:
        """Run until the cut, then sync normally until all is quiet: how it ended."""
        self.restore()
        order: dict[str, Any] = {"do": "sync", "later": self.ahead}
        if cut.what == "commit":
            order["cut"] = {"at": cut.at, "when": cut.when}
        ran = self._order(order, None if cut.what == "commit" else cut)
        assert ran["status"] == KILLED, (cut, ran)
        return self.end()

    def end(self) -> dict[str, Any]:
        """Both sides and the memory, with names in place of ids and without what differs from run to run."""
        ran = self._order({"do": "settle", "later": self.ahead + LATER})
        assert ran["status"] == 0, ran
        end: dict[str, Any] = ran["answer"]
        boxes, board = self.installed.control.state()["mailboxes"], self.installed.control.planner.state()
        cards = {card["id"]: card for box in boxes.values() for card in box["contacts"]}
        cards |= {task["id"]: task for task in board["tasks"]}
        cards |= {one["id"]: one for box in boxes.values() for event in box["events"] for one in _occurring(event)}
        for link in end["links"]:
            card = cards.get(link["m365"])
            version = link.pop("m365_version")
            link["m365_current"] = card is not None and card["@odata.etag"] == version
            link["m365"] = None if link["m365"] is None else _name(card)
        end["outlook"] = {
            upn: {where: sorted(map(_card, box[where]), key=_order_of) for where in ("contacts", "deleted")}
            | {"folders": sorted(folder["path"] for folder in box["folders"])}
            | {where: sorted(map(_event, box[where]), key=_order_of) for where in ("events", "deletedEvents")}
            for upn, box in boxes.items()
        }
        end["planner"] = sorted((_task(task, board) for task in board["tasks"]), key=_order_of)
        end["mails"] = sorted(map(_mail, self.installed.control.calendar.outbox()), key=_order_of)
        for part in ("crm", "links"):
            end[part] = sorted(end[part], key=_order_of)
        end.pop("rounds")
        return end

    def restore(self) -> None:
        """Everything as it was kept: databases and mailboxes."""
        for file in self.installed.folder.glob("tandem.db*"):
            file.unlink()
        shutil.copyfile(self.kept, self.installed.folder / "tandem.db")
        self.installed.control.reset("faults", "throttle")
        self.installed.control.load()

    def _order(self, order: dict[str, Any], cut: Cut | None = None) -> dict[str, Any]:
        pid = self._say({**order, "only_shared": self.only_shared})["pid"]
        if cut is not None:
            self.installed.control.arm_kill(pid, cut.at, cut.when, parts=cut.what == "part")
        return self._say({"go": True})

    def _say(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def kill_sweep(installed: Installed, *, only_shared: bool = False, ahead: int = 0) -> Iterator[KillSweep]:
    """Keep the present state as the beginning of all runs, and start the process that makes them."""
    kept = installed.folder / "kept.db"
    assert not (installed.folder / "tandem.db-wal").exists(), "the database is in use"
    shutil.copyfile(installed.folder / "tandem.db", kept)
    installed.control.save()
    words = [sys.executable, str(Path(__file__).with_name("cut_process.py")), str(installed.folder)]
    pipe, where = subprocess.PIPE, surroundings(PYTHONPATH=str(ROOT))
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=where, start_new_session=True) as process:
        try:
            yield KillSweep(installed, kept, process, only_shared, ahead)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _name(card: dict[str, Any] | None) -> str:
    if card is None:
        return "gone"
    if "subject" in card:
        return str(card["subject"])
    return str(card["title"]) if "title" in card else f"{card.get('givenName')} {card.get('surname')}"


def _card(card: dict[str, Any]) -> dict[str, Any]:
    marks = len(card["singleValueExtendedProperties"])
    return {name: value for name, value in card.items() if name not in _OF_ITS_OWN} | {"marks": marks}


def _task(task: dict[str, Any], board: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """A task with its place and details, without what Planner gives each task of its own."""
    plans = {plan["id"]: plan["title"] for plan in board["plans"]}
    buckets = {bucket["id"]: f"{plans[bucket['planId']]} / {bucket['name']}" for bucket in board["buckets"]}
    details = task["details"]
    kept = ("title", "percentComplete", "priority", "startDateTime", "dueDateTime", "createdBy")
    return {name: task[name] for name in kept} | {
        "place": buckets[task["bucketId"]],
        "people": sorted(task["assignments"]),
        "description": details["description"],
        "checklist": sorted((one["title"], one["isChecked"]) for one in details["checklist"].values()),
        "references": sorted((link, one["alias"]) for link, one in details["references"].items()),
    }


def _occurring(event: dict[str, Any]) -> list[dict[str, Any]]:
    """An event, and the occurrences of it that are kept apart."""
    return [event, *event["exceptionOccurrences"]]


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """An event as people see it, with how many marks it has."""
    kept = ("subject", "start", "end", "isAllDay", "isCancelled", "isOrganizer", "sensitivity", "recurrence", "type")
    return {name: event[name] for name in kept if name in event} | {
        "location": event["location"]["displayName"],
        "body": event["body"]["content"],
        "attendees": sorted(one["emailAddress"]["address"] for one in event["attendees"]),
        "marks": len(event.get("singleValueExtendedProperties") or ()),
        "exceptions": [_event(one) for one in event.get("exceptionOccurrences", ())],
        "without": len(event.get("cancelledOccurrences", ())),
    }


def _mail(mail: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": mail["kind"],
        "to": sorted(one["address"] for one in mail["recipients"]),
        "about": mail.get("subject"),
    }


def _order_of(value: object) -> str:
    return json.dumps(value, sort_keys=True)
