"""The emulator as a process: prints one JSON line when it answers, ends on SIGTERM or SIGINT."""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from graph_emulator.firm import FirmError
from graph_emulator.server import Emulator


def main() -> int:
    """Run until told to stop; exit code 1 with one line on standard error when it can't start."""
    parser = argparse.ArgumentParser(prog="graph_emulator", description="A Microsoft 365 to try and test against.")
    parser.add_argument("--port", type=int, default=0, help="port on loopback, 0 for any free one")
    parser.add_argument("--folder", required=True, help="where ca.pem and the snapshot are kept")
    parser.add_argument("--mailboxes", required=True, help="folder with tenant.json and one file per mailbox")
    parser.add_argument("--seed", default="emulator", help="ids and tokens follow from it")
    parser.add_argument("--clock-offset", type=float, default=0.0, help="seconds the mailbox clock is ahead")
    parser.add_argument("--keep", action="store_true", help="read the snapshot at the start, write it at the end")
    given = parser.parse_args()
    try:
        emulator = Emulator.prepare(given.folder, given.mailboxes, seed=given.seed, port=given.port, keep=given.keep)
    except FirmError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        print(f"Can't listen on port {given.port} or write to {given.folder}: {error.strerror}.", file=sys.stderr)  # noqa: T201
        return 1
    emulator.world.clock.skew(given.clock_offset)
    asyncio.run(_serve(emulator))
    if given.keep:
        emulator.save()
    return 0


async def _serve(emulator: Emulator) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, emulator.begin_stop)
    serving = asyncio.create_task(emulator.server.serve(sockets=emulator.sockets))
    while not emulator.server.started and not serving.done():
        await asyncio.sleep(0.005)
    print(json.dumps(start_message(emulator)), flush=True)  # noqa: T201
    await serving


def start_message(emulator: Emulator) -> dict[str, object]:
    """What a client needs to know; the control key is told here and nowhere else."""
    tenant = emulator.world.firms[0].tenant
    return {
        "url": emulator.url,
        "ca_file": str(Path(emulator.ca_file).resolve()),
        "control_key": emulator.control_key,
        "tenant_id": tenant.id,
        "client_id": tenant.client_ids[0],
        "device_login": f"{emulator.url}/devicelogin",
        "pid": os.getpid(),
    }


if __name__ == "__main__":
    sys.exit(main())
