"""Where a desk can be made to fail: before and after every call through a port, at statements and at commits.

The product knows nothing of this: the ports are wrapped, the database driver is patched, in a process that is about
to die anyway. A point has a name ("before mailbox.settle", "after unit.enqueue", "before commit", …) and a number.
Runs with the same mail pass the same points; since a batch is fetched while the one before it is committed, the Nth of
one run may be a neighbour of the Nth of another.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from helpdesk import compose, raw
from helpdesk.adapters.imap import fetching
from helpdesk.adapters.mime import readers, thinning
from helpdesk.adapters.smtp import letter
from helpdesk.adapters.store import packing, raws
from helpdesk.core.outgoing import Delivery
from tests.statements import before_statements


class Blow(StrEnum):
    """How a run is made to fail."""

    NONE = "none"
    KILL = "kill"  # SIGKILL at the Nth point
    STATEMENT = "statement"  # the Nth SQL statement fails
    COMMIT = "commit"  # the Nth commit fails
    DISK = "disk"  # no file may grow beyond N pages of 4096 bytes; SQLite's log begins at none


@dataclass(frozen=True, slots=True)
class Fault:
    """The blow falls at the `at`th occasion, from 1; `sticky`: at all later ones as well.

    `point`: only points of that name are occasions for a kill.
    """

    blow: Blow = Blow.NONE
    at: int = 0
    sticky: bool = False
    point: str = ""

    def falls_at(self, count: int) -> bool:
        return count >= self.at if self.sticky else count == self.at


class Points:
    """Counts the points that a run passes, reports each before anything else, and strikes."""

    def __init__(self, fault: Fault, report: Callable[[str], None]) -> None:
        self._fault = fault
        self._report = report
        self._counts = dict.fromkeys(Blow, 0)

    def passes(self, name: str) -> None:
        """The run is at the point `name`."""
        self._counts[Blow.KILL] += self._fault.point in ("", name)
        self._report(name)
        if self._fault.blow is Blow.KILL and self._fault.falls_at(self._counts[Blow.KILL]):
            os.kill(os.getpid(), signal.SIGKILL)

    def fails(self, blow: Blow) -> bool:
        """Is this the statement, or the commit, that fails?"""
        self._counts[blow] += 1
        return self._fault.blow is blow and self._fault.falls_at(self._counts[blow])

    def counted(self, blow: Blow) -> int:
        """How many occasions there were."""
        return self._counts[blow]


class Tapped:
    """Anything whose method calls are points."""

    def __init__(self, inner: Any, name: str, points: Points) -> None:
        self._inner = inner
        self._name = name
        self._points = points

    def __getattr__(self, method: str) -> Any:
        attribute = getattr(self._inner, method)
        if not callable(attribute):
            return attribute

        def call(*arguments: Any, **options: Any) -> Any:
            self._points.passes(f"before {self._name}.{method}")
            answer = attribute(*arguments, **options)
            self._points.passes(f"after {self._name}.{method}")
            return answer

        return call


class TappedStore(Tapped):
    """A store whose transactions are points, too: each call in them, and their commits."""

    @contextmanager
    def unit(self) -> Iterator[Any]:
        with self._inner.unit() as unit:
            yield TappedUnit(unit, "unit", self._points)
            self._points.passes("before commit")
        self._points.passes("after commit")


class TappedUnit(Tapped):
    """A transaction whose calls are points."""

    def savepoint(self) -> Any:
        return self._inner.savepoint()


class TappedTransport(Tapped):
    """A transport whose letters are points."""

    async def send(self, envelope_from: str, recipients: Sequence[str], raw: bytes) -> Sequence[Delivery]:
        self._points.passes("before transport.send")
        answer: Sequence[Delivery] = await self._inner.send(envelope_from, recipients, raw)
        self._points.passes("after transport.send")
        return answer

    async def close(self) -> None:
        await self._inner.close()


# Where a large mail is on its way between two pieces.
FETCHING, STORING, COMPOSING, SENDING = PIECES = (
    "fetching a piece",
    "storing a piece",
    "composing a piece",
    "sending a piece",
)


def cut_small(points: Points, piece: int) -> None:
    """From now on mail of more than two pieces of so many bytes is a large one; there is a point before each piece."""
    sizes = {"CARRIED": 2 * piece, "LARGE": 2 * piece} | dict.fromkeys(
        ("PIECE", "_PIECE", "PIECE_BYTES", "_ROW"), piece
    )
    for module in (raw, fetching, packing, raws, thinning, readers):
        known = vars(module)
        known.update({name: size for name, size in sizes.items() if name in known})

    def tapped(name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for one in pieces:
            # What is much less belongs to a letter without files, or to its beginning.
            if len(one) >= piece // 2:
                points.passes(name)
            yield one

    class Spool(raw.Spool):
        def write(self, piece: bytes) -> None:
            points.passes(FETCHING)
            super().write(piece)

    rows, on_the_wire, kept = packing._rows, letter.on_the_wire, raw.kept
    vars(fetching)["Spool"] = Spool
    vars(packing)["_rows"] = lambda mail: tapped(STORING, rows(mail))
    vars(compose)["kept"] = lambda pieces: kept(tapped(COMPOSING, pieces))
    vars(letter)["on_the_wire"] = lambda mail: tapped(SENDING, on_the_wire(mail))


def fill_disk(fault: Fault) -> None:
    """From now on this process meets a full disk when a file is to grow beyond the fault's bound."""
    if fault.blow is Blow.DISK:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (fault.at * 4096, resource.RLIM_INFINITY))


def break_database(points: Points) -> None:
    """From now on statements and commits of this process fail where `points` says so."""
    commit = DefaultDialect.do_commit

    def failing_commit(self: DefaultDialect, connection: Any) -> None:
        if points.fails(Blow.COMMIT):
            raise _error(connection.dbapi_connection)
        commit(self, connection)  # type: ignore[no-untyped-call]

    DefaultDialect.do_commit = failing_commit  # type: ignore[method-assign]

    def fail_statement(connection: Any, *_: object) -> None:
        if points.fails(Blow.STATEMENT):
            raise _error(connection)

    before_statements(fail_statement)


def _error(connection: Any) -> Exception:
    """What the driver raises when the disk is full, or the server is gone."""
    if isinstance(connection, sqlite3.Connection):
        return sqlite3.OperationalError("database or disk is full")
    from psycopg import OperationalError

    return OperationalError("server closed the connection unexpectedly")
