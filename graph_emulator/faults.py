"""Fault scripts: which requests go wrong and how; barriers that hold requests; hooks that kill the client."""

import os
import re
import signal
from dataclasses import dataclass, field, fields
from random import Random

from graph_emulator.messages import Properties

KINDS = {
    "status": "answer with `status`, `headers` and `body` (object, text or null) without applying the request",
    "html": "answer with an HTML page and `status` (200 if not given) without applying the request",
    "delay": "wait `seconds`, then go on",
    "drop_request": "close the connection without applying the request",
    "drop_answer": "apply the request, then close the connection without an answer",
    "cut": "apply the request, send half of the answer's body, then close the connection",
    "expire_delta": "answer a delta link as expired, with `status` and `code` if given",
    "endless_next": "replace the answer's links by a nextLink that leads nowhere else (`fresh`: a new one each time)",
    "foreign_link": "put `host` in place of the host of the answer's links",
    "oversized": "pad the JSON answer to `size` bytes (`gzip`: sent compressed)",
    "duplicate_keys": "write every member of the answer's top level twice, with null first",
    "deep": "nest the answer's JSON `size` levels deep",
    "kill": "send SIGKILL to process group `pgid`, `when` is before or after applying",
}
PART_KINDS = ("status", "html", "expire_delta", "drop_answer", "endless_next", "foreign_link", "kill")
WHEN = ("before", "after")


class ScriptError(Exception):
    """A rule, barrier or hook that makes no sense; the text says why."""


class ConnectionDropped(Exception):
    """The connection is to be closed without an answer. `applied` tells whether the request took effect."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule does; KINDS says which of the members count for which kind."""

    kind: str
    status: int = 0
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: Properties | str | None = None
    seconds: float = 0.0
    host: str = ""
    size: int = 0
    fresh: bool = False
    gzip: bool = False
    pgid: int = 0
    when: str = "before"


@dataclass(slots=True)
class Rule:
    """Fires from the `nth` matching request on, `count` times (0: always). `part` rules look at parts of batches."""

    id: int
    method: str
    path: re.Pattern[str]
    action: Action
    nth: int = 1
    count: int = 1
    part: bool = False
    mailbox: str = ""
    seen: int = 0
    fired: int = 0

    def fires(self, method: str, path: str, mailbox: str, part: bool) -> bool:
        """Count a request that matches, and tell whether it is the rule's turn."""
        if part != self.part or self.method not in ("*", method) or not self.path.search(path):
            return False
        if self.mailbox and self.mailbox.lower() != mailbox.lower():
            return False
        self.seen += 1
        if self.seen < self.nth or (self.count and self.fired >= self.count):
            return False
        self.fired += 1
        return True


@dataclass(slots=True)
class Kill:
    """Kills process group `pgid` at the `at`-th request since it was armed, `when` is before or after applying it.

    `parts`: requests inside batches count one by one, the batch itself doesn't.
    """

    id: int
    pgid: int
    at: int
    when: str = "before"
    parts: bool = False
    seen: int = 0
    fired: bool = False


class FaultScript:
    """Rules in order and kill hooks."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.kills: list[Kill] = []
        self._ids = 0

    def add_rule(self, data: Properties) -> Rule:
        """Add a rule from JSON, with the members of Rule; `path` is a regular expression."""
        self._ids += 1
        wanted = dict(data)
        action = _action(wanted.pop("action", None))
        try:
            path = re.compile(str(wanted.pop("path", "")))
        except re.error as error:
            raise ScriptError(f"The path is not a regular expression: {error}.") from None
        method = str(wanted.pop("method", "*")).upper()
        _check(wanted, {"nth": int, "count": int, "part": bool, "mailbox": str})
        rule = Rule(self._ids, method, path, action, **wanted)  # type: ignore[arg-type]
        if rule.part and action.kind not in PART_KINDS:
            raise ScriptError(f"A part of a batch can't have {action.kind!r}, only: {', '.join(PART_KINDS)}.")
        self.rules.append(rule)
        return rule

    def arm_kill(self, data: Properties) -> Kill:
        """Arm a kill hook from JSON: `pgid`, `at`, `when`, `parts`."""
        self._ids += 1
        _check(data, {"pgid": int, "at": int, "when": str, "parts": bool})
        if not {"pgid", "at"} <= data.keys():
            raise ScriptError("A kill hook needs pgid and at.")
        kill = Kill(self._ids, **data)  # type: ignore[arg-type]
        check_group(kill.pgid, kill.when)
        self.kills.append(kill)
        return kill

    def matching(self, method: str, path: str, mailbox: str, part: bool) -> list[Action]:
        """The actions of the rules whose turn it is, in order."""
        return [rule.action for rule in self.rules if rule.fires(method, path, mailbox, part)]

    def count(self, part: bool) -> list[Kill]:
        """Count one request (or part) for the kill hooks; those whose turn it is."""
        due = []
        for kill in self.kills:
            if kill.parts == part and not kill.fired:
                kill.seen += 1
                if kill.seen == kill.at:
                    kill.fired = True
                    due.append(kill)
        return due

    def clear(self) -> None:
        """Forget all rules and hooks."""
        self.rules.clear()
        self.kills.clear()

    def as_json(self) -> Properties:
        """Rules and hooks with what they have seen."""
        rules = [
            {"id": rule.id, "path": rule.path.pattern, "kind": rule.action.kind, "seen": rule.seen, "fired": rule.fired}
            for rule in self.rules
        ]
        kills = [{"id": kill.id, "at": kill.at, "seen": kill.seen, "fired": kill.fired} for kill in self.kills]
        return {"rules": rules, "kills": kills}


def kill_group(pgid: int) -> None:
    """SIGKILL to a process group; one that has gone already is fine."""
    try:
        os.killpg(pgid, signal.SIGKILL)
    except ProcessLookupError:
        return


def check_group(pgid: int, when: str) -> None:
    """Refuse to kill ourselves or everybody."""
    if when not in WHEN:
        raise ScriptError("when is either before or after.")
    if pgid <= 1 or pgid == os.getpgrp():
        raise ScriptError("pgid has to be the process group of another process; start it in a session of its own.")


def release_order(waiting: int, seed: int | None) -> list[int]:
    """In which order held requests go on: that of arrival, or one that follows from the seed."""
    order = list(range(waiting))
    if seed is not None:
        Random(seed).shuffle(order)
    return order


def _action(data: object) -> Action:
    if not isinstance(data, dict) or data.get("kind") not in KINDS:
        raise ScriptError(f"A rule needs an action with a kind, one of: {', '.join(KINDS)}.")
    types = {field.name: field.type for field in fields(Action)}
    for name in data:
        if name not in types:
            raise ScriptError(f"An action has no member {name!r}.")
    action = Action(**data)
    if action.kind == "kill":
        check_group(action.pgid, action.when)
    if action.kind == "status" and not 100 <= action.status <= 599:
        raise ScriptError("The action status needs a status between 100 and 599.")
    return action


def _check(data: Properties, types: dict[str, type]) -> None:
    for name, value in data.items():
        if name not in types:
            raise ScriptError(f"{name!r} is not known here. Known: {', '.join(types)}.")
        if not isinstance(value, types[name]) or (isinstance(value, bool) and types[name] is int):
            raise ScriptError(f"{name!r} takes a value of type {types[name].__name__}.")
