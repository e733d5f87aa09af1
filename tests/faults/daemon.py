"""`helpdesk run` for campaigns: python -m tests.faults.daemon CONFIG [everyday] [nameless].

Its leases are short, so that a campaign need not wait, unless they are to be those of every day. Nameless: who asks the
name service for a host below hangs.test never gets an answer.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import helpdesk.daemon as daemon
from helpdesk.daemon import watch


def main() -> None:
    """Serve until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    if "everyday" not in sys.argv:
        vars(watch)["LEASE_LASTS"] = timedelta(seconds=3)
        vars(watch)["LOOK_EVERY"] = timedelta(seconds=0.5)
        vars(daemon)["RENEW_EVERY"] = timedelta(seconds=1)
    if "nameless" in sys.argv:
        vars(socket)["getaddrinfo"] = ask_in_vain
    asyncio.run(daemon.run(Path(sys.argv[1])))


def ask_in_vain(host: str, *rest: Any, ask: Any = socket.getaddrinfo, **named: Any) -> Any:
    """What the name service says, if it says anything."""
    if str(host).endswith(".hangs.test"):
        logging.getLogger(__name__).warning("waits for the name of %s", host)
        threading.Event().wait()
    return ask(host, *rest, **named)


if __name__ == "__main__":
    main()
