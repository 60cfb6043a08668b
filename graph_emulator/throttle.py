"""The limits of one application on one mailbox: calls at a time, calls in ten minutes, bytes in five minutes."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from graph_emulator.behaviour import Behaviour
from graph_emulator.messages import GraphError

MailboxKey: TypeAlias = tuple[str, str]
CALLS_WINDOW = 600.0
UPLOAD_WINDOW = 300.0


@dataclass(slots=True)
class _Window:
    began: float = 0.0
    amount: int = 0

    def add(self, amount: int, now: float, length: float) -> float:
        """Count and return the seconds left in this window."""
        if now >= self.began + length:
            self.began, self.amount = now, 0
        self.amount += amount
        return self.began + length - now


class Throttle:
    """Counts calls; refused ones count too."""

    def __init__(self) -> None:
        self._inside: dict[MailboxKey, int] = {}
        self._calls: dict[MailboxKey, _Window] = {}
        self._uploads: dict[MailboxKey, _Window] = {}

    def enter(self, key: MailboxKey, size: int, now: datetime, behaviour: Behaviour) -> None:
        """Take a slot for a call with a body of `size` bytes; GraphError 429 (or 503) with Retry-After when over."""
        calls = self._calls.setdefault(key, _Window())
        left = calls.add(1, now.timestamp(), CALLS_WINDOW)
        if 0 < behaviour.requests_per_10_minutes < calls.amount:
            raise throttled(429, "Too many requests on one mailbox.", int(left) + 1)
        if size:
            uploads = self._uploads.setdefault(key, _Window())
            left = uploads.add(size, now.timestamp(), UPLOAD_WINDOW)
            if 0 < behaviour.upload_bytes_per_5_minutes < uploads.amount:
                raise throttled(429, "Too many bytes uploaded to one mailbox.", int(left) + 1)
        if 0 < behaviour.mailbox_concurrency <= self._inside.get(key, 0):
            raise concurrency(behaviour)
        self._inside[key] = self._inside.get(key, 0) + 1

    def leave(self, key: MailboxKey) -> None:
        """Give the slot back."""
        self._inside[key] -= 1

    def forget(self) -> None:
        """Begin all windows anew."""
        self._calls.clear()
        self._uploads.clear()


def throttled(status: int, message: str, seconds: int) -> GraphError:
    """A refusal to wait out."""
    return GraphError(status, "ApplicationThrottled", message, {"Retry-After": str(seconds)})


def concurrency(behaviour: Behaviour) -> GraphError:
    """The refusal of a fifth call at a time on one mailbox."""
    message = "Application is over its MailboxConcurrency limit."
    return throttled(behaviour.mailbox_concurrency_status, message, behaviour.retry_after)
