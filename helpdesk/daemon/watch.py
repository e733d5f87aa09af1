"""One thread per mailbox: take its lease, connect, take what waits, wait for more; again after whatever breaks.

A mailbox that is away is retried with growing pauses and says so; a refused login or certificate is retried rarely,
because many servers lock an account after a few failures. Nothing is lost meanwhile: the mail lies there.

Where several daemons share one database, the one that holds the mailbox's lease reads it and the others stand by
(core/lease). Whoever cannot read it gives the lease back: another one may be luckier.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from helpdesk import maillog
from helpdesk.core.lease import LEASE_LASTS, LOOK_EVERY, Lease
from helpdesk.core.retry import reconnect_wait
from helpdesk.draining import Progress, drain, tidy
from helpdesk.errors import HelpdeskError, LeaseLostError, PermanentError
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
        holder: str,
        make_way: Callable[[], None],
    ) -> None:
        self.source = source
        self.progress = Progress(source.name, now)
        self.trouble: MailboxTrouble | None = None
        self.stands_by = False  # another daemon reads this mailbox
        self._holder = holder
        self._make_way = make_way
        self._lease: Lease | None = None
        self._lease_changes = threading.Lock()
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

    def renew(self) -> None:
        """Hold the lease for longer, if it is ours; to be called every RENEW_EVERY, whatever the thread is at."""
        with self._lease_changes:
            if self._lease is None:
                return
            lease = self._take()
            if lease is None or lease.token != self._lease.token:
                maillog.lease_lost(mailbox=self.source.name)
                self._lease = None
                self._mailbox.wake()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                if self._await_lease():
                    self._read()
                failures = 0
            except LeaseLostError:
                maillog.lease_lost(mailbox=self.source.name)
            except Exception as error:
                if self.trouble is None:
                    failures = 0
                failures += 1
                self._give_back()
                self._pause(error, failures)
            finally:
                self.progress.is_over()
                self._mailbox.close()
                self._give_back()

    def _read(self) -> None:
        """Take mail until asked to stop, until the lease is lost, or until something breaks."""
        source = replace(self.source, lease=self._lease)
        with self._store.unit() as unit:
            known = unit.cursor(source.name)
        cursor = self._mailbox.connect(known)
        if cursor != known and cursor.validity:
            # From now on this is where reading starts, whatever happens next: mail that comes later counts.
            self._intake.begin(source, cursor)
        tidy(self._intake, self._mailbox, source, cursor)
        self._recovered()
        while self._goes_on():
            cursor = drain(
                self._intake,
                self._mailbox,
                source,
                cursor,
                stop=lambda: not self._goes_on(),
                make_way=self._make_way,
                on_waiting=self.progress.still_wait,
            )
            self.progress.is_over()
            if self._goes_on():
                self._mailbox.wait(self._poll_interval.total_seconds())

    def _goes_on(self) -> bool:
        return self._lease is not None and not self._stopping.is_set()

    def _await_lease(self) -> bool:
        """Stand by until the lease is ours (True) or it is time to stop."""
        while not self._stopping.is_set():
            with self._lease_changes:
                self._lease = self._take()
            if self._lease is not None:
                if self.stands_by:
                    maillog.took_over(mailbox=self.source.name)
                self.stands_by = False
                return True
            if not self.stands_by:
                maillog.stands_by(mailbox=self.source.name)
            self.stands_by = True
            self._recovered()
            self._stopping.wait(LOOK_EVERY.total_seconds())
        return False

    def _take(self) -> Lease | None:
        return self._store.take_lease(self.source.name, self._holder, LEASE_LASTS.total_seconds())

    def _give_back(self) -> None:
        with self._lease_changes:
            lease, self._lease = self._lease, None
        if lease is not None:
            with suppress(HelpdeskError):  # the store is away: the lease ends by itself
                self._store.give_back(lease)

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
