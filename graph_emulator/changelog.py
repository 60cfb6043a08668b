"""The logs that delta queries walk: what changed, in order of time."""

from typing import NamedTuple

DAYS = 1 << 22  # more than any day's ordinal


class Entry(NamedTuple):
    """A line of a log: what changed, how often it had moved (its classic id then), and whether it left.

    `day`: the one occurrence of a series that is meant, 0 for the item itself.
    """

    number: int
    moves: int
    removed: bool
    day: int = 0

    @property
    def key(self) -> int:
        """What is the same for all lines about one thing."""
        return self.number * DAYS + self.day if self.day else self.number


class ChangeLog:
    """Entries in order of time; only the latest entry of a thing counts."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.latest: dict[int, int] = {}

    def record(self, number: int, moves: int = 0, removed: bool = False, day: int = 0) -> None:
        """Append a line."""
        entry = Entry(number, moves, removed, day)
        self.latest[entry.key] = len(self.entries)
        self.entries.append(entry)
