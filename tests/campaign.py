"""The long runs, too long for every change: `make campaign`, or `python -m tests.campaign [--seed N]`.

Two hundred conversations, a storm of five hundred reports of one outage, five hundred mails under fifty `kill -9`,
then the faults of tests/faults. Each run ends
with its figures, or with the assertion that failed and the daemon's log.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import report as faults
from tests.postgres import cluster, missing
from tests.stack import MailStack, missing_programs
from tests.system.conversations import account, converse
from tests.system.desk import Desk
from tests.system.kills import pour
from tests.system.storm import rage, two_desks

CONVERSATIONS = 200
REPORTS = 500
MAILS = 500
KILLS = 50


def main() -> int:
    """0, or 69 where the real servers are not there; a failed run raises."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1, help="of the moments at which the daemon is killed")
    seed: int = options.parse_args().seed
    if absent := [*missing_programs(), *filter(None, [missing()])]:
        print(f"The campaign needs real servers; missing: {', '.join(absent)}", file=sys.stderr)
        return 69
    with MailStack() as stack:
        print(f"{CONVERSATIONS} conversations: {_conversations(stack)}", flush=True)
        print(f"A storm: {_storm(stack)}", flush=True)
        print(f"{KILLS} kills during {MAILS} mails, seed {seed}: {_kills(stack, seed)}", flush=True)
    with cluster() as postgres:
        faults.run(postgres, seed)
    return 0


def _conversations(stack: MailStack) -> str:
    with tempfile.TemporaryDirectory() as folder, Desk(stack, Path(folder), "talks") as desk, desk.running():
        began = time.monotonic()
        conversations = converse(desk, CONVERSATIONS, within_s=300)
        seconds = time.monotonic() - began
        account(desk, conversations)
    return f"every mail accounted for, {seconds:.0f} s"


def _storm(stack: MailStack) -> str:
    with tempfile.TemporaryDirectory() as folder, Desk(stack, Path(folder), "storm", agents=2) as desk:
        sales = two_desks(desk)
        with desk.running():
            return str(rage(desk, sales, reports=REPORTS, others=20))


def _kills(stack: MailStack, seed: int) -> str:
    with tempfile.TemporaryDirectory() as folder, Desk(stack, Path(folder), "kills") as desk:
        return str(pour(desk, mails=MAILS, kills=KILLS, seed=seed))


if __name__ == "__main__":
    sys.exit(main())
