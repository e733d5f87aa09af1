"""One thread that keeps the board: looks, carries out, waits for the next move; again after whatever breaks.

Where several daemons share one database, the one that holds the lease keeps the board.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from helpdesk import maillog
from helpdesk.boarding import Boarding
from helpdesk.core.lease import LEASE_LASTS, LOOK_EVERY, Lease
from helpdesk.core.retry import reconnect_wait
from helpdesk.daemon.watch import MailboxTrouble
from helpdesk.ports import Store
from helpdesk.ports.board import Board

# The name of the lease; no mailbox can be called so.
LEASE = "[board]"

# Seconds between two looks where nothing is heard; well within the life of the lease.
LOOK_AGAIN_S = 15


class BoardLoop:
    """Keeps the board until it is stopped."""

    def __init__(
        self,
        board: Board,
        boarding: Boarding,
        store: Store,
        *,
        holder: str,
        now: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        self.trouble: MailboxTrouble | None = None
        self._board = board
        self._boarding = boarding
        self._store = store
        self._holder = holder
        self._now = now
        self._random = random
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="board", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after the pass that it is at."""
        self._stopping.set()
        self._board.wake()

    def join(self, timeout_s: float) -> bool:
        """Has the thread ended within this time?"""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._keep()
                failures = 0
            except Exception as error:
                failures += 1
                self.trouble = self.trouble or MailboxTrouble(self._now(), error)
                maillog.tick_failed(tick="board", error=error)
                self._stopping.wait(reconnect_wait(failures, self._random()).total_seconds())
            finally:
                self._board.close()

    def _keep(self) -> None:
        """Keep the board while the lease is ours."""
        lease = self._lease()
        if lease is None:
            self._stopping.wait(LOOK_EVERY.total_seconds())
            return
        try:
            self._board.open()
            while not self._stopping.is_set() and self._lease() == lease:
                self._boarding.keep(lease)
                self.trouble = None
                self._board.wait(LOOK_AGAIN_S)
        finally:
            self._store.give_back(lease)

    def _lease(self) -> Lease | None:
        return self._store.take_lease(LEASE, self._holder, LEASE_LASTS.total_seconds())
