"""`python -m tests.drill [TICKETS]`: a year of two desks, in two zones that change their clocks on different days."""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.drill.year import TAIL, Year

ZONES = ("Europe/Kyiv", "America/New_York")
TICKETS = 10_000
DAYS = 365


def main(tickets: int) -> int:
    """Print what happened, and everything that should not have; 1 if there is any of that."""
    console, wrong = Console(stderr=True), 0
    for seed, zone in enumerate(ZONES):
        with tempfile.TemporaryDirectory(prefix="drill-") as folder:
            share = tickets // len(ZONES)
            year = Year(zone=zone, first=date(2026, 1, 1), days=DAYS, tickets=share, seed=seed, folder=Path(folder))
            for _ in track(year.play(), zone, total=DAYS + TAIL, console=console):
                pass
        print(f"{zone}, {share} tickets in {DAYS} days")
        for name, number in sorted(year.figures.items()):
            print(f"  {name}: {number}")
        print(f"  wrong: {len(year.wrong)}", *year.wrong[:50], sep="\n    ")
        wrong += len(year.wrong)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else TICKETS))
