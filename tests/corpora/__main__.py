"""`python -m tests.corpora collect DIR` fetches foreign mail, `measure DIR [RETURNED]` says how well we read it.

RETURNED is a folder of returned mail with its expectations; without it the one beside this module is measured.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.corpora.collect import collect
from tests.corpora.foreign import FOLDER
from tests.corpora.measure import measure


def main(arguments: list[str]) -> int:
    """0 when the goals are met, 1 when not, 64 for wrong usage."""
    match arguments:
        case ["collect", folder]:
            collect(Path(folder))
            return 0
        case ["measure", folder, *returned] if len(returned) <= 1:
            return 0 if measure(Path(folder), Path(*returned) if returned else FOLDER) else 1
        case _:
            print(__doc__, file=sys.stderr)
            return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
