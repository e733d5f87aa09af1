"""The desk's memory: what is kept, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from helpdesk.core.decision import Decision, Outcome
from helpdesk.core.digest import Notice
from helpdesk.core.directory import Entry
from helpdesk.core.facts import Facts, Wanted
from helpdesk.core.lease import Lease
from helpdesk.core.message import Inbound, Kind
from helpdesk.core.outgoing import Delivery, Letter, OutboxState, RecipientState
from helpdesk.core.past import Past
from helpdesk.core.report import Figures
from helpdesk.core.search import Found
from helpdesk.core.ticket import Ticket
from helpdesk.ports.mailbox import Cursor, Fetched, MailKey
from helpdesk.raw import Raw


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuedLetter:
    """A mail of the outbox that is due: final bytes and who still has to get it."""

    id: int
    ticket: int | None
    event: str
    message_id: str
    envelope_from: str
    recipients: tuple[str, ...]
    raw: Raw
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What the relay said of a letter. `next_attempt_at` None: recipients that still wait have failed."""

    letter: int
    deliveries: Sequence[Delivery]
    next_attempt_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """A letter rendered to final bytes."""

    message_id: str
    envelope_from: str
    subject: str
    text: str
    raw: Raw
    problem: str = ""  # of a desk's own template that could not be used: a lead should know


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxRecipient:
    """One recipient of a queued or failed mail."""

    address: str
    state: RecipientState
    code: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxEntry:
    """What `outbox` shows."""

    id: int
    ticket: int | None
    event: str
    subject: str
    state: OutboxState
    message_id: str
    attempts: int
    next_attempt_at: datetime | None
    recipients: tuple[OutboxRecipient, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineEntry:
    """What `quarantine` shows. `retrying` ones still have tries left."""

    id: int
    mailbox: str
    at: datetime
    sender: str
    subject: str
    message_id: str | None
    error: str
    attempts: int
    retrying: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAttachment:
    """An attachment as `show` prints it."""

    name: str
    type: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredMessage:
    """A message of a ticket as `show` prints it."""

    direction: str  # in, out, note
    filing: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    message_id: str | None
    at: datetime
    text: str
    attachments: tuple[StoredAttachment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpeningMail:
    """A mail that opened a ticket: its row, its bytes, and the ticket as it is now."""

    id: int
    ticket: Ticket
    kind: Kind
    at: datetime
    raw: Raw


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a ticket's history."""

    at: datetime
    by: str
    what: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketFile:
    """A ticket with everything on it."""

    ticket: Ticket
    messages: tuple[StoredMessage, ...]
    history: tuple[HistoryLine, ...]
    links: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Poison:
    """A mail that could not be processed and has tries left."""

    id: int
    mailbox: str
    key: MailKey
    raw: Raw
    arrived_at: datetime
    attempts: int
    ticket: int | None  # what was made of its headers when it was given up


@dataclass(frozen=True, slots=True)
class KnownMail:
    """A mail that was taken before: the SHA-256 of what is kept of it, and is that in quarantine?"""

    sha256: str
    quarantined: bool


class Unit(Protocol):
    """One transaction. Nothing of it is seen by others, or survives, unless it ends without an exception."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A transaction within: an exception undoes what happened inside it, and goes on upwards."""

    # reading
    def known(self, mailbox: str, keys: Sequence[MailKey]) -> Mapping[MailKey, KnownMail]:
        """Those of the keys that are messages or in quarantine."""

    def cursor(self, mailbox: str) -> Cursor | None: ...
    def facts(self, wanted: Wanted, now: datetime) -> Facts: ...
    def ticket(self, number: int) -> Ticket | None: ...
    def past(self, ticket: Ticket) -> Past: ...  # what its requester asked besides
    def came_back(self) -> tuple[tuple[str, str], ...]: ...  # (address of ours, Message-ID) of each such letter
    def away(self) -> tuple[tuple[str, datetime], ...]: ...  # (name of an agent, until when) of each absence

    def due(self, now: datetime, limit: int) -> Sequence[tuple[Ticket, str]]:
        """Tickets with a follow-up kind that is due, oldest first."""

    def begin_round(self, kind: str, day: date) -> bool:
        """Note that this round is made for `day`; False when it was made for this day, or a later one."""

    def poisoned(self, now: datetime, limit: int) -> Sequence[Poison]:
        """Quarantined mails whose next try is due."""

    def raw_of(self, message: int) -> Raw | None:
        """The raw bytes of a stored mail, by its row."""

    # writing
    def apply(self, outcome: Outcome, now: datetime, *, by: str) -> int | None:
        """Carry out the changes; answer the ticket's number (of the new one, if it opens one)."""

    def file(
        self, mailbox: str, mail: Fetched, inbound: Inbound, decision: Decision, ticket: int | None, now: datetime
    ) -> None:
        """Keep the mail itself: raw bytes, text, attachments, all ids it names."""

    def enqueue(self, letter: Letter, ticket: int | None, composed: Composed, now: datetime) -> bool:
        """Put a letter into the outbox, and its text into the ticket. False: its dedupe_key is known."""

    def letters_to_ours(self, address: str, since: datetime) -> int: ...
    def hold_back(self, notice: Notice, dedupe_key: str, now: datetime) -> bool: ...
    def take_held_back(self, before: datetime) -> Sequence[Notice]: ...

    def quarantine(
        self,
        mailbox: str,
        mail: Fetched,
        sender: str,
        subject: str,
        message_id: str | None,
        error: str,
        now: datetime,
        *,
        next_try: datetime | None,
    ) -> int:
        """Keep a mail that could not be processed: `next_try` None is its end; the same key again, one more attempt."""

    def gave_up(self, poison_id: int, ticket: int) -> None: ...
    def release(self, poison_id: int) -> None:
        """A quarantined mail was processed after all."""

    def save_cursor(self, mailbox: str, cursor: Cursor) -> None: ...

    def fence(self, lease: Lease) -> None:
        """LeaseLostError when somebody else has taken the lease; else nobody can before this transaction ends."""


class Store(Protocol):
    """The desk's memory. Thread-safe; every method but `unit` is a transaction of its own."""

    def unit(self) -> AbstractContextManager[Unit]:
        """A writing transaction (SQLite: BEGIN IMMEDIATE)."""

    def secret_key(self) -> bytes:
        """32 random bytes that were made when the desk began; they key our Message-IDs."""

    def take_lease(self, mailbox: str, holder: str, seconds: float) -> Lease | None: ...
    def give_back(self, lease: Lease) -> None: ...

    # outbox
    def begin_sending(self, now: datetime) -> None:
        """From now until `close` we work here. Where nobody else does, what dead daemons held is free at once."""

    def claim(
        self, now: datetime, limit: int, *, lease_s: float = 900, tried: Sequence[Tried] = ()
    ) -> Sequence[QueuedLetter]:
        """Letters that are due become `sending` and are ours; a crashed sender's come back after the lease.

        What was `tried` before is recorded in the same transaction.
        """

    def record_deliveries(self, tried: Sequence[Tried], now: datetime) -> Sequence[OutboxState]:
        """Keep the relay's answers per recipient; what became of each letter."""

    def outbox(self) -> Sequence[OutboxEntry]: ...
    def outbox_retry(self, ids: Sequence[int], now: datetime) -> Sequence[int]: ...
    def outbox_cancel(self, ids: Sequence[int]) -> Sequence[int]: ...
    def pause(self, paused: bool) -> None: ...
    def paused(self) -> bool: ...
    def close_breakers(self, now: datetime) -> None: ...
    def next_letter_due(self) -> datetime | None:
        """When the next letter is due (in the past: now), None when none waits."""

    # looking
    def tickets(self, numbers: Sequence[int]) -> Sequence[Ticket]: ...  # those that exist
    def closed_since(self, since: datetime) -> Sequence[Ticket]: ...  # and closed still
    def queue(self, *, desk: str | None = None, closed: bool = False) -> Sequence[Ticket]: ...
    def figures(self, since: datetime, until: datetime) -> Figures: ...
    def show(self, number: int) -> TicketFile | None: ...
    def search(self, words: str) -> Sequence[Found]:
        """The tickets that speak of these words, the newest first."""

    def replace_directory(self, name: str, entries: Sequence[Entry]) -> None:
        """These entries, and no others, are in the directory from now on."""

    def directory(self, name: str) -> Sequence[Entry]:
        """All entries of a directory, in the order of its file."""

    def find_entries(self, name: str, keys: Sequence[str]) -> Sequence[Entry]:
        """The entries of a directory that have one of these keys (folded)."""

    def directory_sizes(self) -> dict[str, int]:
        """How many entries each directory has that has any."""

    def index_words(self) -> int:
        """Prepare some of the mail that came since for `search`; how many mails that were."""

    def opening_mails(self, since: datetime, *, after: int, limit: int) -> Sequence[OpeningMail]:
        """Mails since then that opened a ticket, by row, from the one behind `after` on."""

    def quarantined(self) -> Sequence[QuarantineEntry]: ...
    def quarantine_raw(self, entry_id: int) -> Raw | None: ...
    def quarantine_retry(self, ids: Sequence[int], now: datetime) -> Sequence[int]: ...
    def latest_time(self) -> datetime | None:
        """The newest moment that any row knows of: a drill with `once --at` never runs behind it."""

    def close(self) -> None: ...
