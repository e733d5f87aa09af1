"""One thread per mailbox: connect, take what waits, wait for more; again after whatever breaks.

A mailbox that is away is retried with growing pauses and says so; a refused login or certificate is retried rarely,
because many servers lock an account after a few failures. Nothing is lost meanwhile: the mail lies there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk import maillog
from helpdesk.core.retry import reconnect_wait
from helpdesk.errors import PermanentError
from helpdesk.intake import Intake, Source
from helpdesk.ports import Mailbox, Store

# A login that was refused is repeated this often.
REFUSED_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class MailboxTrouble:
    """A mailbox is away: since when, and why."""

    since: datetime
    error: BaseException


class Watch:
    """Reads one mailbox until it is stopped."""

    def __init__(
        self,
        mailbox: Mailbox,
        source: Source,
        *,
        store: Store,
        intake: Intake,
        poll_interval: timedelta,
        now: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        self.source = source
        self.trouble: MailboxTrouble | None = None
        self._mailbox = mailbox
        self._store = store
        self._intake = intake
        self._poll_interval = poll_interval
        self._now = now
        self._random = random
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mailbox-{source.name}", daemon=True)

    def start(self) -> None:
        """Begin to read, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after the batch that it is at."""
        self._stopping.set()
        self._mailbox.wake()

    def join(self, timeout_s: float) -> bool:
        """Has the thread ended within this time?"""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Does the thread still run?"""
        return self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._read(lambda: self._recovered())
                failures = 0
            except Exception as error:
                if self.trouble is None:
                    failures = 0
                failures += 1
                self._pause(error, failures)
            finally:
                self._mailbox.close()

    def _read(self, connected: Callable[[], None]) -> None:
        """Take mail until asked to stop, or until something breaks."""
        with self._store.unit() as unit:
            known = unit.cursor(self.source.name)
        cursor = self._mailbox.connect(known)
        if cursor != known and cursor.validity:
            # From now on this is where reading starts, whatever happens next: mail that comes later counts.
            with self._store.unit() as unit:
                unit.save_cursor(self.source.name, cursor)
        self._intake.tidy(self._mailbox, self.source, cursor)
        connected()
        while not self._stopping.is_set():
            cursor = self._intake.drain(self._mailbox, self.source, cursor, stop=self._stopping.is_set)
            if not self._stopping.is_set():
                self._mailbox.wait(self._poll_interval.total_seconds())

    def _recovered(self) -> None:
        if self.trouble is not None:
            maillog.mailbox_up(mailbox=self.source.name)
        self.trouble = None

    def _pause(self, error: Exception, failures: int) -> None:
        if self._stopping.is_set():
            return
        wait = REFUSED_WAIT if isinstance(error, PermanentError) else reconnect_wait(failures, self._random())
        self.trouble = MailboxTrouble(self.trouble.since if self.trouble else self._now(), error)
        maillog.mailbox_down(mailbox=self.source.name, error=error, retry_in=wait)
        self._stopping.wait(wait.total_seconds())
