"""The desk is killed at random moments while it works through batches of fifty mails."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from pathlib import Path

from tests.faults.batches import Batches
from tests.faults.stand import Engine, Nursery

# As many as the time of a test run allows; `make campaign PART=kills` goes on to two thousand.
KILLS = 60


def test_kills_at_random_moments(engine: Engine, nursery: Nursery, tmp_path: Path) -> None:
    with closing(Batches(tmp_path, engine, nursery, seed=1)) as batches:
        deque(batches.run_until(KILLS), maxlen=0)
