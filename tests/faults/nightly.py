"""The long form of the fault campaigns: which there are, how far each goes, and what is counted."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.faults.batches import Batches
from tests.faults.campaigns import between_pieces, everywhere
from tests.faults.fleet import Account, Fleet
from tests.faults.large import large_trials
from tests.faults.stand import Engine, Nursery, PostgresEngine, Run, SqliteEngine
from tests.faults.trials import Trials
from tests.postgres import Cluster, cluster
from tests.stack import MailStack
from tests.system.conversations import account, converse
from tests.system.desk import Desk
from tests.system.kills import pour
from tests.system.storm import rage, two_desks

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"

# Kills at random moments on each engine: so many runs, each with a seed of its own.
RUNS, KILLS = 10, 200


@dataclass(frozen=True, slots=True)
class Figures:
    """What a campaign counted; one that lost, doubled or left something undone has raised instead."""

    struck: int  # trials, or kills
    mails: int
    again: int  # letters that the relay took and the desk could not note, and so sent once more
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is run, or not, as a whole: a row of the report is one unit, or several with the same title.

    `run` yields after each blow, how many there have been, and returns the figures.
    """

    part: str
    title: str
    number: int
    expected_s: float
    run: Callable[[], Iterator[int | Figures]]

    @property
    def key(self) -> str:
        return f"{self.title} #{self.number}"


class Yard:
    """Servers, processes and prepared desks, made when the first campaign needs them."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._trials: dict[str, Trials] = {}

    def close(self) -> None:
        self._stack.close()

    @cached_property
    def postgres(self) -> Cluster:
        return self._stack.enter_context(cluster())

    @cached_property
    def mailstack(self) -> MailStack:
        return self._stack.enter_context(MailStack())

    @cached_property
    def nursery(self) -> Nursery:
        return self._stack.enter_context(closing(Nursery()))

    def folder(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory()))

    def engine(self, name: str, folder: Path, purpose: str) -> Engine:
        return SqliteEngine(folder) if name == SQLITE else PostgresEngine(self.postgres, purpose)

    def trials(self, name: str) -> Trials:
        """The prepared desk on this engine; those of another engine are given up."""
        if name not in self._trials:
            folder = self.folder()
            self._trials[name] = Trials(folder, self.engine(name, folder, "trials"), self.nursery)
            self._stack.callback(self._trials[name].close)
        return self._trials[name]


def units(yard: Yard, seed: int, every: int = 1) -> Iterator[Unit]:
    """Every campaign, the most telling first. A desk is struck at each `every`th place, 1: at all of them."""
    for number in range(1, RUNS + 1):
        for name in (SQLITE, POSTGRESQL):
            yield Unit(
                "kills",
                f"{name}: `kill -9` at random moments, batches of 50 mails",
                number,
                200,
                lambda name=name, number=number: _batches(yard, name, seed * 1000 + number),  # type: ignore[misc]
            )
    yield Unit("fleet", "two daemons on one SQLite file", 1, 130, lambda: _on_a_file(yard, seed))
    yield Unit("fleet", "four daemons on PostgreSQL", 1, 600, lambda: _on_a_server(yard, seed))
    yield Unit("fleet", "a dead daemon's mailbox on PostgreSQL, leases of every day", 1, 90, lambda: _takeover(yard))
    for name in (SQLITE, POSTGRESQL):
        for part, title, expected in _TITLES:
            if part != "disk" or name == SQLITE:
                yield Unit(
                    part,
                    f"{name}: {title}",
                    1,
                    expected / every,
                    lambda name=name, title=title: _strikes(yard, name, title, every),  # type: ignore[misc]
                )
        yield Unit(
            "large",
            f"{name}: `kill -9` between the pieces of large mail, each second time again while it recovers",
            1,
            100 / every,
            lambda name=name: _between_pieces(yard, name, every),  # type: ignore[misc]
        )
    yield Unit("system", "Dovecot and Postfix: 200 conversations", 1, 120, lambda: _conversations(yard))
    yield Unit("system", "Dovecot and Postfix: 500 reports of one outage", 1, 300, lambda: _storm(yard))
    yield Unit("system", "Dovecot and Postfix: `kill -9` during 500 mails", 1, 300, lambda: _system_kills(yard, seed))


class _Unprepared:
    """Stands for the trials while only the titles are wanted."""

    on_a_file = True


_TITLES = [
    (part, title, 400.0 if part in ("points", "database") else 100.0)
    for part, title, _ in everywhere(_Unprepared())  # type: ignore[arg-type]
]

PARTS = ("kills", "fleet", "points", "large", "disk", "database", "imap", "smtp", "system")


def _batches(yard: Yard, name: str, seed: int) -> Iterator[int | Figures]:
    folder = yard.folder()
    with closing(Batches(folder, yard.engine(name, folder, "batches"), yard.nursery, seed)) as batches:
        yield from batches.run_until(KILLS)
        done = batches.account()
        yield Figures(done.kills, done.mails, done.copies, done.seconds)


def _strikes(yard: Yard, name: str, title: str, every: int) -> Iterator[int | Figures]:
    trials = yard.trials(name)
    campaign = next(campaign for _, one, campaign in everywhere(trials, every) if one == title)
    yield from _counted(trials, campaign(), every)


def _between_pieces(yard: Yard, name: str, every: int) -> Iterator[int | Figures]:
    folder = yard.folder()
    with closing(large_trials(folder, yard.engine(name, folder, "large"), yard.nursery)) as trials:
        yield from _counted(trials, between_pieces(trials, every), every)


def _counted(trials: Trials, campaign: Iterator[Run], every: int) -> Iterator[int | Figures]:
    began, count, copies = time.monotonic(), trials.count, trials.copies
    for _ in campaign:
        yield trials.count - count
    struck = trials.count - count
    note = f"one place in {every}" if every > 1 else ""
    yield Figures(struck, struck * trials.mails, trials.copies - copies, time.monotonic() - began, note)


def _on_a_file(yard: Yard, seed: int) -> Iterator[int | Figures]:
    folder = yard.folder()
    with closing(Fleet(folder, f"sqlite:///{folder}/helpdesk.db")) as fleet:
        yield _poured(fleet.pour(daemons=2, mails=1000, kills=40, seed=seed, per_second=12))


def _on_a_server(yard: Yard, seed: int) -> Iterator[int | Figures]:
    with yard.postgres.database() as url, closing(Fleet(yard.folder(), url, yard.postgres.breaker(url))) as fleet:
        yield _poured(fleet.pour(daemons=4, mails=10_000, kills=60, seed=seed, per_second=60))


def _takeover(yard: Yard) -> Iterator[int | Figures]:
    with yard.postgres.database() as url, closing(Fleet(yard.folder(), url)) as fleet:
        took = fleet.take_over()
        yield Figures(1, 2, 0, took, f"taken over after {took:.0f} s")


def _poured(done: Account) -> Figures:
    note = f"{done.takeovers} takeovers" + (f", all connections cut {done.breaks} times" if done.breaks else "")
    return Figures(done.kills, done.mails, done.copies, done.seconds, note)


def _conversations(yard: Yard) -> Iterator[int | Figures]:
    began = time.monotonic()
    with Desk(yard.mailstack, yard.folder(), "talks") as desk, desk.running():
        conversations = converse(desk, 200, within_s=300)
        account(desk, conversations)
    yield Figures(0, 4 * len(conversations), 0, time.monotonic() - began)


def _storm(yard: Yard) -> Iterator[int | Figures]:
    began = time.monotonic()
    with Desk(yard.mailstack, yard.folder(), "storm", agents=2) as desk:
        sales = two_desks(desk)
        with desk.running():
            said = rage(desk, sales, reports=500, others=20)
    yield Figures(0, 520, 0, time.monotonic() - began, str(said))


def _system_kills(yard: Yard, seed: int) -> Iterator[int | Figures]:
    with Desk(yard.mailstack, yard.folder(), "kills") as desk:
        done = pour(desk, mails=500, kills=50, seed=seed)
    yield Figures(done.kills, done.mails, done.copies, done.seconds)
