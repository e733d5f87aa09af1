"""`python -m tests.corpora collect DIR` fetches foreign mail, `measure DIR` says how well we read it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.corpora.collect import collect
from tests.corpora.measure import measure


def main(arguments: list[str]) -> int:
    """0 when the goals are met, 1 when not, 64 for wrong usage."""
    match arguments:
        case ["collect", folder]:
            collect(Path(folder))
            return 0
        case ["measure", folder]:
            return 0 if measure(Path(folder)) else 1
        case _:
            print(__doc__, file=sys.stderr)
            return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
