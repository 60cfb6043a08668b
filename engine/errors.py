"""The errors Tandem raises, as a tree.

TandemError
├── UserError          wrong input: the message says what to do; no traceback is ever shown
│   └── RuleErrors     a rule file does not compile; carries every problem found
├── SideError          a side could not be used now
│   ├── Unavailable    down, throttled for long, or answering nonsense: try again later
│   └── SignInNeeded   the account's sign-in was revoked or expired: that space alone pauses
└── LeaseLost          another process holds the space now: stop at once, write nothing
"""

from __future__ import annotations


class TandemError(Exception):
    """The base of all errors raised on purpose; ``str()`` is fit for a person and holds no secrets."""


class UserError(TandemError):
    """Wrong input. ``hint`` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SideError(TandemError):
    """A side could not be used now."""


class Unavailable(SideError):
    """Down, throttled beyond patience, or answering nonsense. ``retry_after`` in seconds where the side said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SignInNeeded(SideError):
    """The sign-in was revoked or expired; the person must connect again."""


class LeaseLost(TandemError):
    """Another process took over the space."""
