"""A small parent of one measured process: its own memory would count as the child's if it were large.

Prints one JSON line with seconds, CPU seconds and peak MiB, then what the child printed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from time import perf_counter


def main(command: list[str]) -> int:
    began = perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    wall = perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    line = {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}
    os.write(1, json.dumps(line).encode() + b"\n" + done.stdout)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
