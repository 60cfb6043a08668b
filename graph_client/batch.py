"""Many small calls in one: what each item's answer was, with the failed ones alone sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.errors import SideError, Unavailable
from graph_client.answers import Answer, Json, Meaning
from graph_client.session import TRIES, Session, item_headers
from graph_client.throttle import Patience

MOST_ITEMS: Final = 20
RETURN: Final = "return=representation"
"""The preference without which an update may be answered by nothing."""
_LAST: Final = (Meaning.WAIT, Meaning.FULL, Meaning.SIGN_IN, Meaning.NO_MAILBOX)
"""Answers that may end the caller's work come after what its wave has done."""
MOST_BYTES: Final = 3_000_000
"""A batch stays below the platform's 4 MB with room for its frame."""


@dataclass(frozen=True, slots=True)
class Item:
    """One call of a batch: a path below /v1.0 or a link. ``repeat`` is false for what may not be sent twice."""

    method: str
    path: str
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    prefer: str = ""
    repeat: bool = True

    def size(self) -> int:
        return len(json.dumps(self.body)) if self.body is not None else 0


def in_waves(session: Session, items: Sequence[Item]) -> Iterator[tuple[int, Answer]]:
    """Index and answer of every item, as many at a time as the service runs at once.

    Outlook runs four calls of an application on one mailbox and fails the surplus; chains of calls would avoid that
    too, but take one after the other, and one missing item would fail all behind it. Hence waves (of four, there).
    Items that still wait when patience ends keep the answer that means WAIT, lost ones LOST; within a wave,
    answers that are about the mailbox and not the item come last.
    """
    wave: list[int] = []
    size = 0
    for index, item in enumerate(items):
        if wave and (len(wave) == session.at_once or size + item.size() > MOST_BYTES):
            yield from _settle(session, items, wave, chained=False)
            wave, size = [], 0
        wave.append(index)
        size += item.size()
    if wave:
        yield from _settle(session, items, wave, chained=False)


def in_one(session: Session, items: Sequence[Item]) -> list[Answer]:
    """The answers to all items in as few round trips as can be: at most 20 a batch, one after the other inside where
    there are more than the service runs at once. For reads."""
    answers: dict[int, Answer] = {}
    for start in range(0, len(items), MOST_ITEMS):
        part = list(range(start, min(start + MOST_ITEMS, len(items))))
        answers.update(_settle(session, items, part, chained=len(part) > session.at_once))
    return [answers[index] for index in range(len(items))]


def _settle(session: Session, items: Sequence[Item], part: list[int], chained: bool) -> list[tuple[int, Answer]]:
    done: dict[int, Answer] = {}
    pending, patience, tries = part, session.timing.patience(), dict.fromkeys(part, 0)
    while pending:
        try:
            answers = _send(session, items, pending, chained)
        except SideError:
            if not done:
                raise
            break  # what was done before keeps its answer; the rest keeps the answer that made it wait
        done.update(answers)
        stuck = all(answer.status == 424 for answer in answers.values())
        for index, answer in answers.items():
            tries[index] += stuck or answer.status != 424
        pending = [index for index, answer in answers.items() if _repeatable(items[index], answer, tries[index])]
        if pending and not _waited(session, patience, [answers[index] for index in pending]):
            break
    return sorted(done.items(), key=lambda one: (one[1].meaning in _LAST, one[0]))


def _repeatable(item: Item, answer: Answer, tries: int) -> bool:
    """Whether sending the item again is right: surely not done, or harmless to do twice."""
    if answer.meaning is Meaning.WAIT:
        return True
    if answer.meaning is Meaning.SIGN_IN:
        return tries < 2
    return answer.meaning is Meaning.LOST and item.repeat and tries < TRIES


def _waited(session: Session, patience: Patience, answers: Sequence[Answer]) -> bool:
    """Wait as long as the longest of the items asks; false when that is too long."""
    if all(answer.status == 424 for answer in answers):
        return True
    if all(answer.meaning is Meaning.SIGN_IN or answer.status == 424 for answer in answers):
        try:
            session.token(True)
        except SideError:
            return False  # the items that were done keep their answers
        return True
    asked = [answer.retry_after for answer in answers if answer.retry_after is not None]
    try:
        patience.wait(max(asked, default=None), "asks to wait longer than is sensible")
    except Unavailable:
        return False
    return True


def _send(session: Session, items: Sequence[Item], pending: Sequence[int], chained: bool) -> dict[int, Answer]:
    requests: list[Json] = []
    for place, index in enumerate(pending):
        requests.append(
            _request(session, items[index], str(index), str(pending[place - 1]) if chained and place else "")
        )
    repeat = all(items[index].repeat for index in pending)
    width = 1 if chained else len(pending)
    outer = session.call("POST", "/$batch", {"requests": requests}, repeat=repeat, width=width)
    if outer.meaning is not Meaning.DONE and outer.status != 424:
        if outer.meaning is Meaning.LOST:
            return dict.fromkeys(pending, Answer(0))
        session.demand(outer)
    rows = outer.members.get("responses")
    if not isinstance(rows, list):
        if repeat:
            raise Unavailable("Microsoft 365 answered a batch with something that is not Graph's JSON.")
        rows = []
    found = {row["id"]: _answer(row) for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)}
    return {index: found.get(str(index), Answer(0)) for index in pending}


def _request(session: Session, item: Item, id: str, after: str) -> dict[str, Json]:
    headers: dict[str, Json] = {**item_headers(item.headers, item.prefer)}
    request: dict[str, Json] = {
        "id": id, "method": item.method, "url": session.relative(item.path), "headers": headers,
    }  # fmt: skip
    if item.body is not None:
        headers["Content-Type"] = "application/json"
        request["body"] = item.body
    if after:
        request["dependsOn"] = [after]
    return request


def _answer(row: Mapping[str, Json]) -> Answer:
    status, headers = row.get("status"), row.get("headers")
    shown = {name.lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    return Answer(status if isinstance(status, int) else 0, shown, row.get("body"))
