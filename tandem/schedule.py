"""The embedded loop: due mailboxes, longest waiting first, one after the other, until somebody says stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

from engine.errors import TandemError, Unavailable, UserError
from engine.language.program import Program
from state.spaces import SpaceRecord
from tandem.installation import Installation
from tandem.tick import Ticked, tick_space


@dataclass(frozen=True, slots=True)
class Round:
    """One look at everything that is due. ``ticks`` fared one way or another; ``troubles`` concern more than one
    mailbox (rules that don't compile, a database that is locked)."""

    ticks: tuple[Ticked, ...]
    troubles: tuple[str, ...]


class Schedule:
    """Rounds over an installation. ``minutes`` is how often each mailbox is looked at."""

    def __init__(self, installation: Installation, minutes: float, stop: Event) -> None:
        self.installation = installation
        self.minutes = minutes
        self.stop = stop
        self._programs: tuple[Program, ...] = installation.programs()

    def rounds(self, most: int | None, told: Callable[[Round], None]) -> int:
        """Go round until stopped, or ``most`` times; the number of rounds done."""
        done = 0
        while not self.stop.is_set():
            told(self.round())
            done += 1
            if done == most or self.stop.wait(self.minutes * 60):
                break
        return done

    def round(self) -> Round:
        """Every mailbox once. A round that is stopped ends with the mailbox it is at."""
        ticks: list[Ticked] = []
        troubles = list(self._reread())
        try:
            for record in self._waiting():
                if self.stop.is_set():
                    break
                ticks += tick_space(self.installation, record, self._programs)
        except (Unavailable, UserError) as problem:  # the database, or a setting: all mailboxes share it
            troubles.append(_said(problem))
        return Round(tuple(ticks), tuple(troubles))

    def _waiting(self) -> list[SpaceRecord]:
        """Connected spaces whose other side does not ask for patience, longest waiting first."""
        now = self.installation.milliseconds()
        return [
            one
            for one in self.installation.spaces()
            if one.account_status == "connected" and one.status == "active" and (one.not_before or 0) <= now
        ]

    def _reread(self) -> Iterator[str]:
        """Edited rules count from the next round on; while they have problems, those that worked go on."""
        try:
            self._programs = self.installation.programs()
        except UserError as problem:
            yield f"{_said(problem)}\nThe rules as they were go on until this is put right."


def _said(problem: TandemError) -> str:
    hint = problem.hint if isinstance(problem, UserError) else ""
    return f"{problem} {hint}".rstrip()
