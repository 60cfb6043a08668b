"""The entry of ``make bench``: prints the table of speed and memory numbers and always ends well."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    sys.exit(importlib.import_module("tests.bench.report").main(sys.argv[1:]))
