"""The emulator as a child that never outlives its parent: its standard input closes when the parent is gone, however
that went."""

from __future__ import annotations

import os
import signal
import sys
import threading

from graph_emulator.__main__ import main as emulate


def main() -> int:
    """Run the emulator with this process's arguments until a signal, or until standard input ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return emulate()


def _end_with_parent() -> None:
    while os.read(0, 1024):  # not by sys.stdin, whose lock a waiting thread would keep from the interpreter's end
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
