"""The long form of the fault campaigns, a line for each: `python -m tests.faults.report [--seed N] [--every N]`.

Needs PostgreSQL for its half. A desk that does not recover raises, with the place where it was struck.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.campaigns import all_of_them
from tests.faults.fleet import Account, Fleet
from tests.faults.trials import Engine, Nursery, PostgresEngine, SqliteEngine, Trials
from tests.postgres import Cluster, cluster, missing

# (mails, kills, mails in a second)
ON_A_FILE = (1000, 40, 12)
ON_A_SERVER = (10_000, 60, 60)

# On PostgreSQL every so many-th place is struck: the program is the same, and a trial takes longer.
ON_POSTGRESQL = 10


def main() -> int:
    """0, or 69 where PostgreSQL is not there; a failed trial raises."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1, help="of the moments at which daemons are killed")
    options.add_argument("--every", type=int, default=1, help="strike at every so many-th place only")
    chosen = options.parse_args()
    if absent := missing():
        print(f"The campaign needs {absent}", file=sys.stderr)
        return 69
    with cluster() as postgres:
        run(postgres, chosen.seed, chosen.every)
    return 0


def run(postgres: Cluster, seed: int, every: int = 1) -> None:
    """All campaigns; prints a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(Path(folder), f"sqlite:///{folder}/helpdesk.db")
        _say("SQLite, two daemons", _poured(fleet, 2, *ON_A_FILE, seed=seed, every=every))
    with tempfile.TemporaryDirectory() as folder, postgres.database() as url:
        fleet = Fleet(Path(folder), url, postgres.breaker(url))
        _say("PostgreSQL, four daemons", _poured(fleet, 4, *ON_A_SERVER, seed=seed, every=every))
    with tempfile.TemporaryDirectory() as folder:
        _strike("SQLite", Path(folder), SqliteEngine(Path(folder)), every)
    with tempfile.TemporaryDirectory() as folder:
        _strike("PostgreSQL", Path(folder), PostgresEngine(postgres), every * ON_POSTGRESQL)


def _poured(fleet: Fleet, daemons: int, mails: int, kills: int, per_second: float, *, seed: int, every: int) -> Account:
    try:
        return fleet.pour(daemons=daemons, mails=mails // every, kills=kills // every, seed=seed, per_second=per_second)
    finally:
        fleet.close()


def _strike(where: str, folder: Path, engine: Engine, every: int) -> None:
    with _trials(folder, engine) as trials:
        for name, campaign in all_of_them(trials, every):
            began, count, copies = time.monotonic(), trials.count, trials.copies
            for _ in campaign():
                pass
            figures = f"{trials.count - count} trials, {trials.copies - copies} letters went again"
            _say(f"{where}, {name}", f"{figures}, {time.monotonic() - began:.0f} s")


@contextmanager
def _trials(folder: Path, engine: Engine) -> Iterator[Trials]:
    nursery = Nursery()
    trials = Trials(folder, engine, nursery)
    try:
        yield trials
    finally:
        trials.close()
        nursery.close()


def _say(what: str, figures: object) -> None:
    print(f"{what}: {figures}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
