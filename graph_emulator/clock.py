"""The emulator's time: a base that can be injected, time that can be made to pass, and a skew of the mailbox clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _system_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Tells two times: `now` (identity, throttling) and `mailbox_now` (stamps on items, `Date` headers).

    `advance` lets time pass for both; `offset` skews only the mailbox clock, as a server whose clock runs wrong.
    """

    def __init__(self, base: Callable[[], datetime] = _system_time) -> None:
        self._base = base
        self.advanced = timedelta()
        self.offset = timedelta()

    def now(self) -> datetime:
        """Time (UTC) that tokens and throttling windows go by."""
        return self._base() + self.advanced

    def mailbox_now(self) -> datetime:
        """Time (UTC) that is written on items."""
        return self.now() + self.offset

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass for everything."""
        self.advanced += timedelta(seconds=seconds)

    def skew(self, seconds: float) -> None:
        """Let the mailbox clock be `seconds` ahead (behind when negative)."""
        self.offset = timedelta(seconds=seconds)

    def reset(self) -> None:
        """No skew and no time added."""
        self.advanced = self.offset = timedelta()

    def set(self, instant: datetime) -> None:
        """Make the mailbox clock show `instant` now."""
        self.offset = instant - self.now()

    def stamp(self) -> str:
        """Mailbox time as Graph writes instants: whole seconds, UTC, `Z`."""
        return f"{self.mailbox_now():%Y-%m-%dT%H:%M:%SZ}"
