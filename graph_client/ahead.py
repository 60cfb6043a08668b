"""Questions asked ahead: what several kinds of records in one mailbox will ask in a tick goes in one round trip.

Each kind is read for itself. Whoever runs them one after the other says beforehand from which cursors; the first kind
that asks then asks for all, and the answers to the others wait here until they are asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from graph_client.answers import Answer
from graph_client.batch import MOST_ITEMS, Item, in_one
from graph_client.session import Session

Cursors: TypeAlias = Mapping[str, str | None]
LIFE: Final = 120.0
"""Seconds for which an answer is worth keeping."""


@dataclass(slots=True)
class Ahead:
    """What is expected of one mailbox, and answers nobody has asked for yet. ``clock`` is seconds since 1970."""

    clock: Callable[[], float]
    _expected: dict[str, Cursors] = field(default_factory=dict)
    _answers: dict[tuple[str, str], tuple[float, Answer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, feeds: Mapping[str, Cursors]) -> None:
        """The kinds that will be read next, with their cursors; what was expected before is forgotten."""
        with self._lock:
            self._expected = dict(feeds)
            self._answers.clear()

    def others(self, kind: str) -> dict[str, Cursors]:
        """What is expected besides this kind, once."""
        with self._lock:
            found = {other: cursors for other, cursors in self._expected.items() if other != kind}
            self._expected = {}
        return found

    def ask(self, session: Session, items: Sequence[Item], more: Sequence[Item] = ()) -> list[Answer]:
        """The answers to these items: kept ones, and the rest from one round trip that asks for ``more`` as well, as
        far as there is room."""
        kept = [self._take(item) for item in items]
        missing = [item for item, answer in zip(items, kept, strict=True) if answer is None]
        extra = list(more[: max(0, MOST_ITEMS - len(missing))]) if missing else []
        fresh = in_one(session, [*missing, *extra])
        now = self.clock()
        with self._lock:
            for item, answer in zip(extra, fresh[len(missing) :], strict=True):
                self._answers[item.path, item.prefer] = (now, answer)
        answers = iter(fresh)
        return [next(answers) if answer is None else answer for answer in kept]

    def _take(self, item: Item) -> Answer | None:
        with self._lock:
            at, answer = self._answers.pop((item.path, item.prefer), (0.0, None))
        return answer if self.clock() - at <= LIFE else None
