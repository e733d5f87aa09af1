"""The long runs, too long for every change: `make campaign`, or `python -m tests.campaign [PART…]`.

What has been run is kept (build/campaign.json): broken off, it goes on where it was; `--again` begins anew. A
campaign that loses, doubles or forgets something is named with the place, and the others go on. In the end the
figures stand in docs/reliability.md, between two marks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tests.faults.nightly import PARTS, Figures, Unit, Yard, units
from tests.postgres import missing
from tests.stack import missing_programs

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: written by `make campaign` -->\n", "<!-- end of figures -->"

CONSOLE = Console(stderr=True, highlight=False)


@dataclass
class Log:
    """What has been run, in a file that survives us."""

    file: Path
    done: dict[str, Figures] = field(default_factory=dict)

    def read(self) -> None:
        if self.file.exists():
            self.done = {key: Figures(**kept) for key, kept in json.loads(self.file.read_text()).items()}

    def add(self, unit: Unit, figures: Figures) -> None:
        self.done[unit.key] = figures
        self.file.parent.mkdir(exist_ok=True)
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps({key: asdict(one) for key, one in self.done.items()}, indent=1))
        new.replace(self.file)


def main() -> int:
    """0; 1 where a campaign found something; 69 where the real servers are not there."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them where none is")
    options.add_argument("--seed", type=int, default=1, help="of the moments at which is killed")
    options.add_argument("--every", type=int, default=1, help="strike a desk at each so many-th place only")
    options.add_argument("--again", action="store_true", help="also what has been run before")
    options.add_argument("--log", type=Path, default=ROOT / "build" / "campaign.json", help="what has been run")
    chosen = options.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        options.error(f"no part is called {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    if absent := [*missing_programs(), *filter(None, [missing()])]:
        print(f"The campaign needs real servers; missing: {', '.join(absent)}", file=sys.stderr)
        return 69
    log = Log(chosen.log)
    log.read()
    with closing(Yard()) as yard:
        every = list(units(yard, chosen.seed, chosen.every))
        wanted = [one for one in every if not chosen.parts or one.part in chosen.parts]
        failed = _run([one for one in wanted if chosen.again or one.key not in log.done], log)
    write_figures(every, log)
    for unit, words in failed:
        print(f"\n{unit.key}\n{words}", file=sys.stderr)
    return 1 if failed else 0


def _run(wanted: Sequence[Unit], log: Log) -> list[tuple[Unit, str]]:
    """Run them; those that found something, with what it was."""
    failed = []
    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("left  {task.description}"))
    with Progress(*columns, console=CONSOLE, disable=not CONSOLE.is_terminal) as progress:
        task = progress.add_task("", total=sum(unit.expected_s for unit in wanted))
        for unit in wanted:
            try:
                figures = _run_one(unit, progress, task)
            except AssertionError:
                failed.append((unit, traceback.format_exc()))
                CONSOLE.print(f"✗ {unit.key}", markup=False)
            else:
                log.add(unit, figures)
                CONSOLE.print(f"✓ {unit.key}: {figures.struck} in {figures.seconds:.0f} s", markup=False)
            progress.advance(task, unit.expected_s)
    return failed


def _run_one(unit: Unit, progress: Progress, task: TaskID) -> Figures:
    progress.update(task, description=unit.title)
    for news in unit.run():
        if isinstance(news, Figures):
            return news
        progress.update(task, description=f"{unit.title}: {news}")
    raise AssertionError("a campaign ended without figures")


def write_figures(every: Sequence[Unit], log: Log) -> None:
    """The table in the documentation, a row for each title that has been run."""
    text = PAGE.read_text(encoding="utf-8")
    table = BEGIN + table_of([unit.key for unit in every], log) + END
    PAGE.write_text(re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: table, text, flags=re.DOTALL), "utf-8")


def table_of(keys: Sequence[str], log: Log) -> str:
    """What was struck, how often, and what came of it."""
    rows: dict[str, list[Figures]] = {}
    for key in keys:
        if key in log.done:
            rows.setdefault(key.rpartition(" #")[0], []).append(log.done[key])
    cores, load = os.cpu_count(), os.getloadavg()[2]
    lines = [
        f"Written on {time.strftime('%Y-%m-%d')}: {cores} cores (load {load:.0f}), Python {platform.python_version()}.",
        "",
        "| campaign | struck | mails | lost, doubled, stuck | letters that went again | time |",
        "|---|---|---|---|---|---|",
    ]
    for title, found in rows.items():
        struck, mails, again, seconds = (sum(getattr(one, name) for one in found) for name in _SUMS)
        notes = "; ".join(one.note for one in found if one.note)
        name = f"{title} ({notes})" if notes else title
        lines.append(f"| {name} | {struck:,} | {mails:,} | 0, 0, 0 | {again:,} | {seconds:,.0f} s |")
    return "\n".join(lines) + "\n"


_SUMS = ("struck", "mails", "again", "seconds")


if __name__ == "__main__":
    sys.exit(main())
