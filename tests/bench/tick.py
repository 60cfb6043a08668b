"""A measured process: ticks of one mailbox of an installation, or of Planner, as ``tandem sync`` and ``tandem run`` do
them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from graph_client import connection
from graph_client.answers import Json
from graph_client.planner import listing
from tandem.installation import Installation
from tandem.settings import read_settings
from tandem.tick import Order, Ticked, tick_space
from tests.bench.site import read_site


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("site", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--shared", action="store_true", help="Planner instead of the mailbox")
    given = parser.parse_args()
    site, spent, did = read_site(given.site), list[float](), list[str]()
    parsed = _counted()
    with Installation(read_settings(Path(site.folder))) as installation:
        for _ in range(given.times):
            began = time.process_time()
            mailbox, *shared = installation.chosen_spaces(site.user)
            record = shared[0] if given.shared else mailbox
            ticked = tick_space(installation, record, installation.programs(), Order(everything=given.full))
            did = [line for one in ticked for line in _done(one)]
            spent.append(time.process_time() - began)
    sys.stdout.write(json.dumps({"did": did, "cpu": spent, "parsed": sum(parsed)}) + "\n")


def _counted() -> list[int]:
    """Sizes of the bodies that are parsed from now on."""
    sizes: list[int] = []
    real = connection.parse

    def parse(raw: bytes, status: int = 200) -> Json:
        sizes.append(len(raw))
        return real(raw, status)

    for module in (connection, listing):
        module.parse = parse
    return sizes


def _done(ticked: Ticked) -> list[str]:
    """What was written, in words."""
    if ticked.failed or ticked.report is None:
        raise SystemExit(f"the tick ended as {ticked.result}: {ticked.text}")
    counts = sorted((" ".join(key), number) for key, number in ticked.report.counts.items())
    return [f"{number} {what}" for what, number in counts] + sorted({why for _, why in ticked.report.problems})


if __name__ == "__main__":
    main()
