"""Reads mail in worker processes, so that a hostile mail costs a worker and not the daemon.

Batches go to the workers in parallel; a worker takes a whole batch, then answers mail by mail, so neither side ever
waits for the other to take what was sent. Of a large mail it is given the file. A mail that takes longer than the
limit, or whose worker dies, gets an exception; the worker is replaced and reads the rest. Workers start at the first
mail, end by themselves after a minute without one, and when this process is gone. Memory is bounded by RLIMIT_AS.
They are programs of their own, not forks: safe from any thread.
"""

from __future__ import annotations

import importlib
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import cast

from helpdesk.core.message import Inbound
from helpdesk.errors import TemporaryError
from helpdesk.raw import CARRIED, LargeRaw, Raw, kept, pieces

# A winmail.dat of 25 MB takes about 300 MB while it is parsed.
MEMORY_LIMIT = 1024 * 1024 * 1024
TIME_LIMIT_S = 10.0
# A large mail lies on the disk, and gets the time in which even a busy one gives so many bytes.
BYTES_PER_S = 2_500_000

IDLE_LIMIT_S = 60.0

# Starting Python and its libraries on a busy machine.
START_LIMIT_S = 30.0

# Small enough that both workers get something to do, large enough that the pipe does not count.
MAX_BATCH = 32
MAX_BATCH_BYTES = 4 * 1024 * 1024


class StalledError(Exception):
    """The mail took its worker longer than the limit."""


class CrashedError(Exception):
    """The mail's worker died on it."""


class WorkerReader:
    """Reads mail in `workers` processes. Used by one thread at a time.

    `reading` names the module whose `read(raw)` the workers call; this process never imports it.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        time_limit_s: float = TIME_LIMIT_S,
        idle_limit_s: float = IDLE_LIMIT_S,
        reading: str = "helpdesk.adapters.mime.reading",
    ) -> None:
        self._slots: list[_Worker | None] = [None] * max(1, workers)
        self._time_limit_s = time_limit_s
        self._program = f"serve({{}}, {{}}, {idle_limit_s}, {reading!r})"

    def read(self, raws: Sequence[Raw]) -> Sequence[Inbound | Exception]:
        """One result per mail, in order. An exception means: this one killed or stalled its reader.

        Raises TemporaryError when no worker can be started: then no mail is to blame.
        """
        # A large mail goes to its worker as a file, never through the socket.
        raws = [kept(pieces(raw)) if isinstance(raw, bytes) and len(raw) > CARRIED else raw for raw in raws]
        results: list[Inbound | Exception] = [CrashedError("not read")] * len(raws)
        batches = deque(_batches(raws, len(self._slots)))
        slots = range(min(len(self._slots), len(batches)))
        if len(slots) == 1:
            self._drain(0, batches, raws, results)
        elif slots:
            with ThreadPoolExecutor(len(slots)) as threads:
                list(threads.map(lambda slot: self._drain(slot, batches, raws, results), slots))
        return results

    def _drain(
        self, slot: int, batches: deque[list[int]], raws: Sequence[Raw], results: list[Inbound | Exception]
    ) -> None:
        """Read batches in this slot's worker until none is left; each writes to its own places in `results`."""
        while True:
            try:
                waiting = batches.popleft()
            except IndexError:
                return
            while waiting:
                done = self._read_batch(slot, [raws[index] for index in waiting])
                for index, result in zip(waiting, done, strict=False):
                    results[index] = result
                waiting = waiting[len(done) :]

    def _read_batch(self, slot: int, raws: list[Raw]) -> list[Inbound | Exception]:
        """Results of the first mails of the batch: of all, or up to the one on which the worker was lost."""
        worker = self._worker(slot, raws)
        done: list[Inbound | Exception] = []
        try:
            while len(done) < len(raws):
                large = max(0, len(raws[len(done)]) - CARRIED)
                done.append(worker.answer(self._time_limit_s + large / BYTES_PER_S))
        except (StalledError, CrashedError) as error:
            worker.end()
            self._slots[slot] = None
            done.append(error)
        return done

    def _worker(self, slot: int, raws: list[Raw]) -> _Worker:
        """A worker that has taken the batch; one that ended while idle is replaced."""
        worker = self._slots[slot]
        if worker is not None:
            if worker.take(raws):
                return worker
            worker.end()
        self._slots[slot] = None
        try:
            worker = _Worker(self._program)
        except OSError as error:
            raise TemporaryError(f"a process for reading mail cannot be started: {error}") from error
        if not worker.take(raws):
            worker.end()
            raise TemporaryError("a process for reading mail does not start; it says why on standard error")
        self._slots[slot] = worker
        return worker

    def close(self) -> None:
        """End the worker processes."""
        for slot, worker in enumerate(self._slots):
            if worker is not None:
                worker.end()
                self._slots[slot] = None


def _batches(raws: Sequence[Raw], workers: int) -> list[list[int]]:
    """Indexes of the mails in batches of limited number and size, in order."""
    most = min(MAX_BATCH, -(-len(raws) // workers) or 1)
    batches: list[list[int]] = []
    size = 0
    for index, raw in enumerate(raws):
        if not batches or len(batches[-1]) >= most or size + len(raw) > MAX_BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(index)
        size += len(raw)
    return batches


class _Worker:
    """One process, a socket that takes batches to it, and a pipe for its answers."""

    def __init__(self, program: str) -> None:
        to_read, to_write = (end.detach() for end in socket.socketpair())  # through a pipe no file can be handed over
        answers_read, answers_write = os.pipe()
        self._requests = Connection(to_write, readable=False)
        self._answers = Connection(answers_read, writable=False)
        call = program.format(to_read, answers_write)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from {__name__} import serve; {call}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(to_read, answers_write),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        finally:
            os.close(to_read)
            os.close(answers_write)

    def take(self, raws: list[Raw]) -> bool:
        """Hand a batch over; False when the worker has ended. Waits until it is there and has it all."""
        carried = [raw if isinstance(raw, bytes) else None for raw in raws]
        files = [raw for raw in raws if isinstance(raw, LargeRaw)]
        try:
            self._requests.send_bytes(pickle.dumps(carried, pickle.HIGHEST_PROTOCOL))
            for file in files:
                send_handle(self._requests, file.fileno(), self._process.pid)
            return self._answers.poll(START_LIMIT_S) and self._answers.recv_bytes() == _TAKEN
        except (OSError, EOFError):
            return False

    def answer(self, time_limit_s: float) -> Inbound:
        """The next mail of the batch as read. Raises StalledError or CrashedError."""
        try:
            if not self._answers.poll(time_limit_s):
                raise StalledError(f"reading took longer than {time_limit_s:g} seconds")
            return cast(Inbound, pickle.loads(self._answers.recv_bytes()))  # noqa: S301 from our own program
        except (OSError, EOFError) as error:
            raise CrashedError("the process that read this mail died") from error

    def end(self) -> None:
        """The process is gone afterwards."""
        self._requests.close()
        self._answers.close()
        self._process.kill()
        self._process.wait()


_TAKEN = b"taken"


def serve(requests_fd: int, answers_fd: int, idle_limit_s: float, reading: str) -> None:
    """The worker's program: take a batch, say so, answer mail by mail; end when idle or left alone."""
    read = importlib.import_module(reading).read
    # A stop is for the daemon: it lets us finish the batch, and then ends us.
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = Connection(requests_fd, writable=False), Connection(answers_fd, readable=False)
    try:
        while requests.poll(idle_limit_s):
            carried: list[bytes | None] = pickle.loads(requests.recv_bytes())  # noqa: S301 from our own program
            raws = [LargeRaw(recv_handle(requests)) if raw is None else raw for raw in carried]
            answers.send_bytes(_TAKEN)
            while raws:
                raw = raws.pop(0)
                answers.send_bytes(pickle.dumps(read(raw), pickle.HIGHEST_PROTOCOL))
    except (EOFError, OSError):
        return
