"""Ids of events and occurrences, and the calendar uid that all copies of a meeting share."""

import base64
from datetime import date

from graph_emulator.identifiers import digest, url64

_CLASS = "040000008200E00074C5B7101A82E008"


class EventIds:
    """Makes and reads the ids of one mailbox's calendars. An occurrence's id holds the series' number and its day."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._immutable = "AAkA" + url64(digest(42, seed, "immutable"))
        self._classic = "AAMkA" + url64(digest(60, seed, "classic", 1) + digest(30, seed, "classic", 2))
        self._folder = "AAMkA" + url64(digest(60, seed, "folder"))
        self._key = digest(10, seed, "key")

    def immutable(self, number: int, day: int = 0) -> str:
        """72 characters, the same for the life of the event in this mailbox."""
        return self._immutable + url64(number.to_bytes(6, "big") + day.to_bytes(3, "big"))

    def classic(self, number: int, moves: int, day: int = 0) -> str:
        """More than 140 characters; another one after each move."""
        return self._classic + url64(number.to_bytes(6, "big") + moves.to_bytes(6, "big") + day.to_bytes(3, "big"))

    def read(self, identifier: str) -> tuple[int, int | None, int] | None:
        """Number, moves (None for an immutable id) and day; None for a text that is not an id of this mailbox."""
        for prefix, size in ((self._immutable, 9), (self._classic, 15)):
            rest = identifier.removeprefix(prefix)
            if rest == identifier or len(rest) != size * 4 // 3:
                continue
            try:
                data = base64.b64decode(rest, b"-_", validate=True)
            except ValueError:
                return None
            moves = int.from_bytes(data[6:12], "big") if size == 15 else None
            return int.from_bytes(data[:6], "big"), moves, int.from_bytes(data[-3:], "big")
        return None

    def folder(self, number: int) -> str:
        """A calendar's id; calendars have constant ids."""
        return self._folder + url64(b"\0\0" + number.to_bytes(6, "big")) + "AAAA="

    def change_key(self, serial: int) -> str:
        """A change key, different for every serial number."""
        return base64.b64encode(b"\x12\x00\x00\x00\x16\x00" + self._key + serial.to_bytes(8, "big")).decode()

    def uid(self, number: int) -> str:
        """A calendar uid for an event that is made here; the same in every copy of the meeting."""
        return _CLASS + "0" * 8 + digest(20, self.seed, "uid", number).hex().upper()


def uid_on(uid: str, day: int) -> str:
    """The calendar uid of one occurrence: that of its series with the original date written in."""
    if not day:
        return uid
    found = date.fromordinal(day)
    stamp = f"{found.year:04X}{found.month:02X}{found.day:02X}"
    if uid.startswith(_CLASS):
        return _CLASS + stamp + uid[len(_CLASS) + 8 :]
    return f"{uid}_{found:%Y%m%d}"
