"""ports.Store: hands out transactions; every method but `unit` is one of its own.

Thread-safe: each call has a connection to itself. On SQLite there is one writer at a time, so inside a unit no method
of the store that writes may be called: it would wait for that unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import directories, figures, filing, leases, outbox, raws, search, sending, show, tickets
from helpdesk.adapters.store.engine import BUSY_TIMEOUT_S, make_engine, snapshot, transaction
from helpdesk.adapters.store.models import META
from helpdesk.adapters.store.records import SqlRecords
from helpdesk.adapters.store.senders import SendersLock
from helpdesk.adapters.store.turns import Turns
from helpdesk.adapters.store.unit import SqlUnit
from helpdesk.core.directory import Entry
from helpdesk.core.lease import Lease
from helpdesk.core.outgoing import OutboxState
from helpdesk.core.report import Figures
from helpdesk.core.search import Found
from helpdesk.core.ticket import Ticket
from helpdesk.ports import OpeningMail, OutboxEntry, QuarantineEntry, QueuedLetter, TicketFile, Tried
from helpdesk.raw import Raw


class SqlStore:
    """The desk's memory in a database that has the wanted schema."""

    def __init__(self, url: str, secret_life: timedelta) -> None:
        self._engine = make_engine(url)
        self._secret_life = secret_life
        self._turns = Turns(BUSY_TIMEOUT_S) if self._engine.dialect.name == "sqlite" else None
        self._senders = SendersLock(self._engine.url.database or "") if self._engine.dialect.name == "sqlite" else None

    @contextmanager
    def unit(self) -> Iterator[SqlUnit]:
        """A writing transaction; an exception undoes all of it."""
        with self._writing() as connection:
            unit = SqlUnit(connection, self._secret_life)
            yield unit
            unit.finish()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A connection within a transaction that may write."""
        with self._turns.turn() if self._turns else nullcontext(), transaction(self._engine, writes=True) as connection:
            yield connection

    def secret_key(self) -> bytes:
        """32 random bytes that were made when the desk began."""
        with transaction(self._engine, writes=False) as connection:
            return bytes(connection.execute(sa.select(META.c.secret_key)).scalar_one())

    def take_lease(self, mailbox: str, holder: str, seconds: float) -> Lease | None:
        """The right to read a mailbox, for so many seconds; None while another holder has it."""
        with self._writing() as connection:
            return leases.take(connection, mailbox, holder, seconds)

    def give_back(self, lease: Lease) -> None:
        """Another daemon may read the mailbox at once."""
        with self._writing() as connection:
            leases.give_back(connection, lease)

    def begin_sending(self, now: datetime) -> None:
        """From now until `close` we work here. Alone on SQLite, we need not wait for what dead daemons held."""

        def take_over() -> None:
            with self._writing() as connection:
                sending.take_over(connection, now)
                leases.give_back_all(connection)

        # Daemons that share a PostgreSQL database come and go; there the leases decide alone.
        if self._senders is not None:
            self._senders.enter(take_over)

    def claim(
        self, now: datetime, limit: int, *, lease_s: float = 900, tried: Sequence[Tried] = ()
    ) -> Sequence[QueuedLetter]:
        """Letters that are due become ours for `lease_s` seconds, urgent ones first; `tried` is recorded as well."""
        with self._writing() as connection:
            sending.record_deliveries(connection, tried, now)
            return sending.claim(connection, now, limit, lease_s)

    def record_deliveries(self, tried: Sequence[Tried], now: datetime) -> Sequence[OutboxState]:
        """Keep the relay's answers; what became of each letter."""
        if not tried:
            return []
        with self._writing() as connection:
            return sending.record_deliveries(connection, tried, now)

    def outbox(self) -> Sequence[OutboxEntry]:
        """Letters not sent yet and letters that failed, oldest first."""
        with transaction(self._engine, writes=False) as connection:
            return outbox.entries(connection)

    def outbox_retry(self, ids: Sequence[int], now: datetime) -> Sequence[int]:
        """Let letters that failed or wait for their next try leave now; the ids of those."""
        with self._writing() as connection:
            return outbox.retry(connection, ids, now)

    def outbox_cancel(self, ids: Sequence[int]) -> Sequence[int]:
        """Give up letters that failed or have not left yet; the ids of those."""
        with self._writing() as connection:
            return outbox.cancel(connection, ids)

    def pause(self, paused: bool) -> None:
        """Hold all letters back, or let them go; intake goes on."""
        with self._writing() as connection:
            outbox.pause(connection, paused)

    def close_breakers(self, now: datetime) -> None:
        """What left before counts no longer towards the bounds on a domain and on all letters."""
        with self._writing() as connection:
            outbox.close_breakers(connection, now)

    def paused(self) -> bool:
        """Are letters held back?"""
        with transaction(self._engine, writes=False) as connection:
            return outbox.paused(connection)

    def next_letter_due(self) -> datetime | None:
        """When the next letter is due (in the past: now), None when none waits or the outbox is paused."""
        with transaction(self._engine, writes=False) as connection:
            return outbox.next_due(connection)

    def tickets(self, numbers: Sequence[int]) -> Sequence[Ticket]:
        """Those of the tickets that exist."""
        with transaction(self._engine, writes=False) as connection:
            return list(tickets.load(connection, numbers).values())

    def closed_since(self, since: datetime) -> Sequence[Ticket]:
        """The tickets that were closed since then and are closed still."""
        with transaction(self._engine, writes=False) as connection:
            return tickets.closed_since(connection, since)

    def queue(self, *, desk: str | None = None, closed: bool = False) -> Sequence[Ticket]:
        """The tickets in the order in which to work on them."""
        with transaction(self._engine, writes=False) as connection:
            return tickets.queue(connection, desk=desk, closed=closed)

    def figures(self, since: datetime, until: datetime) -> Figures:
        """What happened from `since` until `until`, for the report."""
        with transaction(self._engine, writes=False) as connection:
            return figures.figures(connection, since, until)

    def show(self, number: int) -> TicketFile | None:
        """A ticket with everything on it."""
        with transaction(self._engine, writes=False) as connection:
            return show.show(connection, number)

    def search(self, words: str) -> Sequence[Found]:
        """The tickets that speak of these words, the newest first."""
        with transaction(self._engine, writes=True) as connection:
            return search.look_for(connection, words)

    def replace_directory(self, name: str, entries: Sequence[Entry]) -> None:
        """These entries, and no others, are in the directory from now on."""
        with transaction(self._engine, writes=True) as connection:
            directories.replace(connection, name, entries)

    def directory(self, name: str) -> Sequence[Entry]:
        """All entries of a directory, in the order of its file."""
        with transaction(self._engine, writes=False) as connection:
            return directories.entries(connection, name)

    def find_entries(self, name: str, keys: Sequence[str]) -> Sequence[Entry]:
        """The entries of a directory that have one of these keys (folded)."""
        with transaction(self._engine, writes=False) as connection:
            return directories.find(connection, name, keys)

    def directory_sizes(self) -> dict[str, int]:
        """How many entries each directory has that has any."""
        with transaction(self._engine, writes=False) as connection:
            return directories.sizes(connection)

    def index_words(self) -> int:
        """Prepare some of the mail that came since for `search`."""
        # An idle desk asks three times a minute, and need not keep others from writing for that.
        with transaction(self._engine, writes=False) as connection:
            if not search.is_behind(connection):
                return 0
        with self._writing() as connection:
            return search.catch_up(connection)

    def quarantined(self) -> Sequence[QuarantineEntry]:
        """Everything in quarantine, oldest first."""
        with transaction(self._engine, writes=False) as connection:
            return filing.quarantined(connection)

    def opening_mails(self, since: datetime, *, after: int, limit: int) -> Sequence[OpeningMail]:
        """Mails since then that opened a ticket, by row, from the one behind `after` on."""
        with transaction(self._engine, writes=False) as connection:
            return show.opening_mails(connection, since, after, limit)

    def quarantine_raw(self, entry_id: int) -> Raw | None:
        """The bytes of a quarantined mail."""
        with transaction(self._engine, writes=False) as connection:
            return raws.of_quarantined(connection, entry_id)

    def quarantine_retry(self, ids: Sequence[int], now: datetime) -> Sequence[int]:
        """Make the next try due now; the ids of those that exist."""
        with self._writing() as connection:
            return filing.quarantine_retry(connection, ids, now)

    def latest_time(self) -> datetime | None:
        """The newest moment that any row knows of."""
        with transaction(self._engine, writes=False) as connection:
            return show.latest_time(connection)

    @contextmanager
    def records(self) -> Iterator[SqlRecords]:
        """Everything that is kept, as of this moment."""
        with snapshot(self._engine) as connection:
            yield SqlRecords(connection)

    def close(self) -> None:
        """Close the connections that are not in use; we send no longer."""
        if self._senders is not None:
            self._senders.close()
        self._engine.dispose()
