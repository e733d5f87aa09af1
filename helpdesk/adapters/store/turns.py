"""Who may write to SQLite next: whoever of this process has waited longest.

SQLite has one writer at a time, and lets the others try again by chance after sleeping: a thread that writes most of
the time, as intake does during a backlog, would leave the others almost nothing. So the threads of one process take
turns before they ask for its lock. Other programs still wait by SQLite's own way.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk.errors import TemporaryError


class Turns:
    """A lock that is handed on in the order of asking."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many threads stand in the queue."""
        return len(self._queue)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """It is our turn inside. TemporaryError when it does not come in time."""
        self._await()
        try:
            yield
        finally:
            self._hand_on()

    def _await(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            ours = threading.Event()
            self._queue.append(ours)
        if ours.wait(self._patience_s):
            return
        with self._guard:
            if ours.is_set():  # at the very last moment
                return
            self._queue.remove(ours)
        raise TemporaryError(f"another thread has kept the database for {self._patience_s:g} s")

    def _hand_on(self) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False
