"""The request log: every request that is not control traffic, with its parts, and the time spent inside the server."""

from collections import deque
from dataclasses import asdict, dataclass, field
from time import perf_counter

LIMIT = 200_000


@dataclass(slots=True)
class PartRecord:
    """A request inside a batch; `mails`: how many people it mailed."""

    id: str
    method: str
    path: str
    query: str
    status: int = 0
    mails: int = 0
    fault: str | None = None


@dataclass(slots=True)
class RequestRecord:
    """A request; `status` 0: no answer was sent. `held` is the part of `seconds` that was waiting on purpose."""

    sequence: int
    method: str
    path: str
    query: str
    at: str
    client_request_id: str
    bytes_in: int
    mailbox: str | None = None
    status: int = 0
    bytes_out: int = 0
    seconds: float = 0.0
    held: float = 0.0
    mails: int = 0
    fault: str | None = None
    batch: list[PartRecord] = field(default_factory=list)


class Journal:
    """Records in order of arrival, and the time during which at least one request was inside."""

    def __init__(self) -> None:
        self.records: deque[RequestRecord] = deque(maxlen=LIMIT)
        self.sequence = 0
        self.busy_seconds = 0.0
        self._inside = 0
        self._since = 0.0

    def open(self, record: RequestRecord) -> None:
        """A request has arrived."""
        self.records.append(record)
        if not self._inside:
            self._since = perf_counter()
        self._inside += 1

    def close(self) -> None:
        """A request has left."""
        self._inside -= 1
        if not self._inside:
            self.busy_seconds += perf_counter() - self._since

    def next_sequence(self) -> int:
        """The number of the next request, from 1 after a reset."""
        self.sequence += 1
        return self.sequence

    def reset(self) -> None:
        """Forget all records and times."""
        self.records.clear()
        self.sequence, self.busy_seconds = 0, 0.0
        self._since = perf_counter()

    def as_json(self, since: int = 0) -> dict[str, object]:
        """Records after number `since`, and totals."""
        records = [asdict(record) for record in self.records if record.sequence > since]
        parts = sum(len(record.batch) for record in self.records)
        return {
            "requests": records,
            "total": self.sequence,
            "parts": parts,
            "mails": sum(record.mails for record in self.records),
            "busySeconds": self.busy_seconds,
            "seconds": sum(record.seconds for record in self.records),
            "heldSeconds": sum(record.held for record in self.records),
        }
