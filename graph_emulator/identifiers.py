"""Ids and change keys in the forms that Exchange gives them, derived from a seed so that runs repeat exactly."""

import base64
import uuid
from hashlib import blake2b


def digest(size: int, *parts: object) -> bytes:
    """`size` (1 to 64) bytes that follow from the parts alone."""
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=size).digest()


def url64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def guid(*parts: object) -> str:
    """A GUID that follows from the parts."""
    return str(uuid.UUID(bytes=digest(16, *parts), version=4))


class Identifiers:
    """Makes and reads the ids of one mailbox.

    Item numbers sit in the last characters, so that ids of one mailbox share a long beginning and some differ only
    in the case of a letter: they have to be compared exactly.
    """

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._immutable = "AAkA" + url64(digest(45, seed, "immutable"))
        self._classic = "AAMkA" + url64(digest(60, seed, "classic", 1) + digest(30, seed, "classic", 2))
        self._folder = "AAMkA" + url64(digest(60, seed, "folder"))
        self._key = digest(10, seed, "key")

    def immutable(self, number: int) -> str:
        """72 characters, the same for the life of the item in this mailbox."""
        return self._immutable + url64(number.to_bytes(6, "big"))

    def classic(self, number: int, moves: int) -> str:
        """More than 140 characters; another one after each move."""
        return self._classic + url64(number.to_bytes(6, "big") + moves.to_bytes(6, "big") + b"\0") + "="

    def read(self, identifier: str) -> tuple[int, int | None] | None:
        """Item number, and number of moves for a classic id; None for a text that is not an id of this mailbox."""
        for prefix, length in ((self._immutable, 8), (self._classic, 19)):
            if identifier.startswith(prefix) and len(identifier) == len(prefix) + length:
                try:
                    data = base64.urlsafe_b64decode(identifier[len(prefix) :].rstrip("=") + "==")
                except ValueError:
                    return None
                number = int.from_bytes(data[:6], "big")
                return number, int.from_bytes(data[6:12], "big") if length == 19 else None
        return None

    def folder(self, number: int) -> str:
        """A folder's id; folders have constant ids."""
        return self._folder + url64(b"\0\0" + number.to_bytes(6, "big")) + "AAAA="

    def change_key(self, serial: int) -> str:
        """A change key, different for every serial number."""
        return base64.b64encode(b"\x11\x00\x00\x00\x16\x00" + self._key + serial.to_bytes(8, "big")).decode()
