"""`helpdesk run` for campaigns: python -m tests.faults.daemon CONFIG [everyday].

Its leases are short, so that a campaign need not wait, unless they are to be those of every day.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import timedelta
from pathlib import Path

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
    asyncio.run(daemon.run(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
