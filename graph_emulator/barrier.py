"""A barrier inside the server: requests are held until enough have arrived, then all go on together."""

import asyncio
import re
from dataclasses import dataclass, field

from graph_emulator.faults import release_order


@dataclass(slots=True)
class Barrier:
    """Holds matching requests until `count` are there, then lets them go (in an order shuffled by `seed`).

    It works once. After `timeout` seconds of waiting a request goes on alone and `timed_out` says so.
    """

    id: int
    method: str
    path: re.Pattern[str]
    count: int
    seed: int | None = None
    timeout: float = 30.0
    arrived: int = 0
    released: bool = False
    timed_out: int = 0
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def matches(self, method: str, path: str) -> bool:
        """Whether a request has to stop here."""
        return not self.released and self.method in ("*", method) and self.path.search(path) is not None

    async def wait(self) -> None:
        """Stop until released. Runs in the server's event loop only."""
        self.arrived += 1
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        if self.arrived >= self.count:
            asyncio.get_running_loop().call_soon(self.release)  # when this one waits too, so that order is fair
        try:
            await asyncio.wait_for(turn, self.timeout)
        except TimeoutError:
            self.timed_out += 1

    def release(self) -> None:
        """Let all go that wait, and stop nobody any more."""
        self.released = True
        for place in release_order(len(self.waiting), self.seed):
            if not self.waiting[place].done():
                self.waiting[place].set_result(None)
        self.waiting.clear()

    def as_json(self) -> dict[str, object]:
        """What has happened at the barrier."""
        return {
            "id": self.id,
            "count": self.count,
            "arrived": self.arrived,
            "released": self.released,
            "timedOut": self.timed_out,
        }
