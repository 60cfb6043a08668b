"""How hard one mailbox may be asked: four calls at once, waits as long as told, and an end to patience."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from engine.errors import Unavailable

AT_ONCE: Final = 4
"""Calls that Outlook runs for one application and mailbox at the same time."""
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 120.0
PATIENCE: Final = 300.0
JITTER: Final = 0.1


class Slots:
    """Places for calls in flight to one mailbox, shared by all its views in this process. ``calls`` counts them."""

    def __init__(self, places: int = AT_ONCE) -> None:
        self._places = places
        self._free = places
        self.calls = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, count: int = 1) -> Iterator[None]:
        """Hold ``count`` places (at most all there are) while a call runs."""
        wanted = min(count, self._places)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
            self.calls += 1
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()


@dataclass(slots=True)
class Patience:
    """Waiting within one piece of work. ``random`` gives numbers from 0 to 1; all times in seconds.

    A wait is exactly what the side asked for, or doubles from one second, plus up to a tenth so that many processes
    don't come back at the same instant. Raises Unavailable instead of waiting longer than ``limit`` altogether.
    """

    sleep: Callable[[float], None]
    random: Callable[[], float]
    limit: float = PATIENCE
    waited: float = field(default=0.0, init=False)
    tries: int = field(default=0, init=False)

    def wait(self, asked: float | None, why: str) -> None:
        pause = min(FIRST_WAIT * 2**self.tries, LONGEST_WAIT) if asked is None else asked
        pause += pause * JITTER * self.random()
        if self.waited + pause > self.limit:
            raise Unavailable(f"Microsoft 365 {why}; giving up for now.", retry_after=pause)
        self.tries += 1
        self.waited += pause
        self.sleep(pause)
