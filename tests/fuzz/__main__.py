"""More random mail than the tests have time for: `make fuzz MINUTES=10`, or `python -m tests.fuzz --count N`.

Two processes, each with a seed of its own; the same `--seed` gives the same mails. Every crasher is shrunk and put into
tests/corpus, where it stays as a test once it has a name that says what is nasty about it.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from helpdesk.core.decision import Disposition
from tests.fuzz.journey import Tally, different, shrink, travel
from tests.fuzz.mutations import CORPUS

PROCESSES = 2


def main() -> int:
    """0 when nothing crashed, else 1."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--count", type=int, help="so many mails, however long that takes")
    options.add_argument("--seed", default="", help="default: a new one, which is printed")
    chosen = options.parse_args()
    seed = chosen.seed or f"{time.time_ns():x}"
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with ProcessPoolExecutor(PROCESSES) as pool:
        runs = [
            pool.submit(_run, f"{seed}/{number}", chosen.minutes * 60, chosen.count and chosen.count // PROCESSES)
            for number in range(PROCESSES)
        ]
        tallies = [run.result() for run in runs]
    dispositions: Counter[Disposition] = sum((tally.dispositions for tally in tallies), Counter())
    mails = sum(tally.mails for tally in tallies)
    slowest = max(tally.slowest_s for tally in tallies)
    shares = ", ".join(f"{name.value} {number}" for name, number in dispositions.most_common())
    print(f"{mails} mails in {time.monotonic() - began:.0f} s: {shares}; the slowest took {slowest:.2f} s")
    crashes = different(crash for tally in tallies for crash in tally.crashes)
    for crash in crashes:
        small = shrink(crash)
        file = CORPUS / f"crasher-{hashlib.sha256(small.raw).hexdigest()[:8]}.eml"
        file.write_bytes(small.raw)
        print(f"{file.name}: {crash.error}")
    return 1 if crashes else 0


def _run(seed: str, seconds: float, mails: int | None) -> Tally:
    end = time.monotonic() + seconds
    return travel(seed, (lambda done: done < mails) if mails else (lambda _: time.monotonic() < end))


if __name__ == "__main__":
    sys.exit(main())
