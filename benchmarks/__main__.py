"""Measure everything, print it and put it into docs/performance.md, each table between the marks that name it."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import backlog, judging, latency, pipeline, reading, sending, way
from tests.stack import missing_programs

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
MEASUREMENTS: dict[str, Callable[[], str]] = {
    "latency": latency.report,
    "backlog": backlog.report,
    "reading": reading.report,
    "judging": judging.report,
    "cpu": pipeline.report,
    "way": way.report,
    "sending": sending.report,
}


def main() -> int:
    """0, or 69 where the real servers are not there."""
    if missing := missing_programs():
        print(f"This measures on real mail servers; missing: {', '.join(missing)}", file=sys.stderr)
        return 69
    for name, measure in MEASUREMENTS.items():
        table = f"{measure()}\n{_machine()}\n"
        print(table)
        _put(name, table)
    return 0


def _machine() -> str:
    """What the figures were taken on."""
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}."
    )


def _put(name: str, table: str) -> None:
    """Replace what stands between the marks of this measurement."""
    marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    text, found = marks.subn(lambda match: match[1] + table + match[2], DOCUMENT.read_text(encoding="utf-8"))
    if found != 1:
        raise SystemExit(f"{DOCUMENT}: want the marks <!-- {name} --> and <!-- end of {name} --> once")
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
