"""Processor time of a mail from a Maildir to the commit, stage by stage, beside the floor and on desks of any age.

Batches of the floor and of ours take turns, so that whatever else the machine does falls on both; a figure is the
median of its batches. Only the program's own time counts: what a PostgreSQL server spends is not in it.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import letters, peers
from benchmarks.chart import bars
from benchmarks.floor import Script
from benchmarks.history import cached, grow
from benchmarks.letters import Acknowledged
from benchmarks.works import Bench
from tests.postgres import cluster, missing

OLD_DESK = 50_000
OLDEST_DESK = 1_000_000

PICTURE = Path(__file__).parent.parent / "docs" / "performance.svg"

BATCHES = 6
# As many as the program itself commits at once.
MAILS = 50

NEW, REPLY = "new", "reply"

# In the order of a mail's way.
STAGES = ("maildir", "reading", "looking up", "deciding", "writing rows", "rendering", "committing")


@dataclass(slots=True)
class Figures:
    """Milliseconds of processor time for each mail, one figure a batch; by kind, and by kind and stage."""

    whole: dict[str, list[float]] = field(default_factory=lambda: {NEW: [], REPLY: []})
    stages: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    sending: list[float] = field(default_factory=list)
    # Each mail's own: from the question to the decision, by the clock.
    routing: list[float] = field(default_factory=list)

    def note(self, kind: str, spent: Mapping[str, float]) -> None:
        """A batch of ours."""
        self.whole[kind].append(sum(spent.values()) * 1000 / MAILS)
        for stage in STAGES:
            self.stages.setdefault((kind, stage), []).append(spent.get(stage, 0.0) * 1000 / MAILS)

    def of(self, kind: str) -> float:
        """The whole way of a mail of this kind."""
        return median(self.whole[kind])

    @property
    def mixed(self) -> float:
        """Half new mail, half replies."""
        return (self.of(NEW) + self.of(REPLY)) / 2


def report() -> str:
    """The tables for docs/performance.md."""
    ours, floor = _side_by_side()
    old = _on(lambda folder: _copy_of(OLD_DESK, folder))
    postgres = _on_postgres()
    others = _others(floor)
    _draw(ours, others)
    return "\n".join(
        [
            *_whole_table(ours, floor, {f"{OLD_DESK:,} tickets, SQLite": old, **postgres}),
            "",
            *_stages_table(ours),
            "",
            *_routing_table({"empty desk, SQLite": ours, f"{OLD_DESK:,} tickets, SQLite": old, **postgres}),
            "",
            *_peers_table(ours, others),
            "",
            (
                f"Sending: {median(ours.sending):.2f} ms for each letter beside what the relay's connection costs. "
                f"Memory of the process at its largest: {_peak_mb():.0f} MB."
            ),
            "",
        ]
    )


def report_oldest() -> str:
    """A desk of a million tickets beside an empty one."""
    empty, oldest = Figures(), Figures()
    with (
        _folder() as folder,
        Bench(_sqlite(folder / "new.db"), folder / "new") as first,
        # Worked on in place, and so with mails that it has not seen: a copy would take as long as making it.
        Bench(_sqlite(cached(OLDEST_DESK)), folder / "old") as second,
    ):
        _alternate((_run_of(first, empty), _run_of(second, oldest, start=int(time.time()))))
    rows = [
        f"| {kind} | {empty.of(kind):.2f} | {oldest.of(kind):.2f} | {oldest.of(kind) / empty.of(kind):.2f} |"
        for kind in (NEW, REPLY)
    ]
    head = f"| ms of CPU per mail | empty desk | {OLDEST_DESK:,} tickets | ratio |"
    routing = _routing_table({"empty desk": empty, f"{OLDEST_DESK:,} tickets": oldest})
    return "\n".join([head, "|---|---|---|---|", *rows, "", *routing, ""])


# --- running --------------------------------------------------------------------------------------

# Takes a batch: its kind, the number of its first mail.
Run = Callable[[str, int], None]


def _side_by_side() -> tuple[Figures, Figures]:
    """The program on an empty desk and the floor, batch by batch."""
    ours, floor = Figures(), Figures()
    with _folder() as folder, Bench(_sqlite(folder / "ours.db"), folder / "ours") as bench:
        _alternate((_floor_run(Script(folder / "floor"), floor), _run_of(bench, ours)))
    return ours, floor


def _on(database: Callable[[Path], str]) -> Figures:
    figures = Figures()
    with _folder() as folder, Bench(database(folder), folder / "desk") as bench:
        _alternate((_run_of(bench, figures),))
    return figures


def _on_postgres() -> dict[str, Figures]:
    if reason := missing():
        print(f"PostgreSQL is NOT measured: {reason}", flush=True)
        return {}
    found = {}
    with cluster() as server:
        for tickets in (0, OLD_DESK):
            with server.database() as url, _folder() as folder, Bench(url, folder / "desk") as bench:
                if tickets:
                    grow(bench, tickets)
                figures = found[f"{tickets:,} tickets, PostgreSQL"] = Figures()
                _alternate((_run_of(bench, figures),))
    return found


def _alternate(runs: Sequence[Run]) -> None:
    """All runs take the same batches in turn; the first batch of each kind only warms up."""
    for batch in range(BATCHES + 1):
        for kind in (NEW, REPLY):
            for run in runs:
                run(kind, batch * MAILS)


def _run_of(bench: Bench, figures: Figures, start: int = 1_000_000) -> Run:
    acknowledged: list[Acknowledged] = []

    def run(kind: str, first: int) -> None:
        numbers = range(first + start, first + start + MAILS)
        if kind == NEW:
            acknowledged[:] = bench.take([letters.request(n) for n in numbers])
            assert len(acknowledged) == MAILS
        else:
            bench.take([letters.reply(n, to) for n, to in zip(numbers, acknowledged, strict=True)])
        if first:
            figures.note(kind, dict(bench.watch.spent))
            figures.routing += [seconds * 1000 for seconds in bench.watch.routed]
        begin_cpu = time.process_time()
        sent = bench.send_all()
        if first:
            figures.sending.append((time.process_time() - begin_cpu) * 1000 / sent)

    return run


def _floor_run(script: Script, figures: Figures) -> Run:
    def run(kind: str, first: int) -> None:
        numbers = range(first, first + MAILS)
        # A ticket of the floor has the number of its request, counted from one.
        known = [Acknowledged(f"requester-{n}@shop-{n}.example", n + 1, "<ack@desk.example>") for n in numbers]
        mails = [
            letters.request(n) if kind == NEW else letters.reply(n, to) for n, to in zip(numbers, known, strict=True)
        ]
        spent = script.take(mails)
        if first:
            figures.whole[kind].append(spent * 1000 / MAILS)

    return run


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        yield Path(folder)


def _sqlite(file: Path) -> str:
    return f"sqlite:///{file}"


def _copy_of(tickets: int, folder: Path) -> str:
    shutil.copy(cached(tickets), folder / "old.db")
    return _sqlite(folder / "old.db")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- telling --------------------------------------------------------------------------------------


def _whole_table(ours: Figures, floor: Figures, others: dict[str, Figures]) -> list[str]:
    desks = {"the floor": floor, "empty desk, SQLite": ours, **others}
    return [
        "| ms of CPU per mail | new | reply | half and half | × the floor | × the empty desk |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {desk.of(NEW):.2f} | {desk.of(REPLY):.2f} | {desk.mixed:.2f} | {desk.mixed / floor.mixed:.2f} "
            f"| {desk.mixed / ours.mixed:.2f} |"
            for name, desk in desks.items()
        ),
    ]


def _stages_table(ours: Figures) -> list[str]:
    return [
        "| stage, empty desk, SQLite | new | reply |",
        "|---|---|---|",
        *(
            f"| {stage} | {median(ours.stages[NEW, stage]):.2f} | {median(ours.stages[REPLY, stage]):.2f} |"
            for stage in STAGES
        ),
    ]


def _routing_table(desks: dict[str, Figures]) -> list[str]:
    return [
        "| ms from the question to the decision, one mail | median | p99 |",
        "|---|---|---|",
        *(
            f"| {name} | {median(desk.routing):.2f} | {sorted(desk.routing)[int(len(desk.routing) * 0.99)]:.2f} |"
            for name, desk in desks.items()
        ),
    ]


# Milliseconds of another program, by its name: for a new mail, for a reply.
Others = dict[str, tuple[float, float]]


def _others(floor: Figures) -> Others:
    found = {"the floor": (floor.of(NEW), floor.of(REPLY))}
    with _folder() as folder:
        for peer in peers.PEERS:
            measured = peers.measure(peer, folder / peer.name, batches=BATCHES, mails=MAILS)
            if measured is not None:
                found[f"{peer.name} {peer.version}"] = measured
    return found


def _draw(ours: Figures, others: Others) -> None:
    """The picture beside docs/performance.md."""
    rows: dict[str, Mapping[str, float]] = {}
    for place, kind in enumerate((NEW, REPLY)):
        rows |= {f"{name}, {kind}": {"the whole of another": spent[place]} for name, spent in others.items()}
        rows[f"helpdesk, {kind}"] = {stage: median(ours.stages[kind, stage]) for stage in STAGES}
    PICTURE.write_text(bars("Milliseconds of CPU per mail, empty desk, SQLite", rows), encoding="utf-8")


def _peers_table(ours: Figures, others: Others) -> list[str]:
    rows = [("helpdesk", ours.of(NEW), ours.of(REPLY)), *((name, *spent) for name, spent in others.items())]
    return [
        "| ms of CPU per mail, empty desk, SQLite | new | reply | × helpdesk |",
        "|---|---|---|---|",
        *(f"| {name} | {new:.2f} | {reply:.2f} | {(new + reply) / 2 / ours.mixed:.2f} |" for name, new, reply in rows),
    ]


def main() -> None:
    """One table alone, printed: `python -m benchmarks.pipeline [--million]`."""
    parser = argparse.ArgumentParser(description="Processor time per mail.")
    parser.add_argument("--million", action="store_true", help=f"a desk of {OLDEST_DESK:,} tickets")
    print(report_oldest() if parser.parse_args().million else report())


if __name__ == "__main__":
    main()
