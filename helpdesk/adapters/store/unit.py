"""ports.Unit: one writing transaction. What its methods do stands in the modules beside this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from sqlalchemy.engine import Connection

from helpdesk.adapters.store import (
    changes,
    facts,
    figures,
    filing,
    follow_ups,
    leases,
    notices,
    outbox,
    past,
    raws,
    references,
    staff,
    tickets,
)
from helpdesk.adapters.store.later import Later
from helpdesk.adapters.store.prepared import run_text
from helpdesk.core.decision import Decision, Outcome
from helpdesk.core.digest import Notice
from helpdesk.core.facts import Facts, Wanted
from helpdesk.core.lease import Lease
from helpdesk.core.message import Inbound
from helpdesk.core.outgoing import Letter
from helpdesk.core.past import NO_PAST, Past
from helpdesk.core.ticket import Ticket
from helpdesk.errors import TemporaryError
from helpdesk.ports import Composed, Cursor, Fetched, KnownMail, MailKey, Poison
from helpdesk.raw import Raw


class SqlUnit:
    """ports.Unit on one connection."""

    def __init__(self, connection: Connection, secret_life: timedelta) -> None:
        self._connection = connection
        self._secret_life = secret_life
        self._later = Later(connection)
        # The row of the mail whose outcome is being carried out: it is the cause of the letters that follow.
        self._cause: int | None = None
        self._staff: staff.Staff | None = None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A transaction within this one."""
        # What waits belongs to what was done before, whatever becomes of this.
        self._later.write()
        # SQLAlchemy's own savepoints have a new name, and so a new statement to compile, each time.
        run_text(self._connection, "SAVEPOINT one_mail")
        try:
            yield
            self.finish()
        except TemporaryError:
            # The whole unit will be undone; with a full disk, say, the engine has done so already.
            raise
        except BaseException:
            self._later.forget()
            self._staff = None
            run_text(self._connection, "ROLLBACK TO SAVEPOINT one_mail")
            run_text(self._connection, "RELEASE SAVEPOINT one_mail")
            raise
        run_text(self._connection, "RELEASE SAVEPOINT one_mail")

    def finish(self) -> None:
        """Write what was kept until the end."""
        self._later.write()

    def known(self, mailbox: str, keys: Sequence[MailKey]) -> Mapping[MailKey, KnownMail]:
        """Those of the keys that are messages or in quarantine."""
        return filing.known(self._connection, mailbox, keys)

    def cursor(self, mailbox: str) -> Cursor | None:
        """How far the mailbox has been read."""
        return filing.cursor(self._connection, mailbox)

    def facts(self, wanted: Wanted, now: datetime) -> Facts:
        """All that `decide` may look at for one message."""
        self._later.write(references.REMEMBER)
        return facts.facts(self._connection, wanted, now, self._secret_life)

    def ticket(self, number: int) -> Ticket | None:
        """The ticket as this transaction sees it."""
        return tickets.load(self._connection, [number]).get(number)

    def past(self, ticket: Ticket) -> Past:
        """What the requester of this ticket asked besides."""
        return past.load(self._connection, ticket.requester.address, ticket.number) if ticket.requester else NO_PAST

    def came_back(self) -> tuple[tuple[str, str], ...]:
        """(address, Message-ID) of each letter to one of ours that came back; asked for once in a transaction."""
        return self._our_people().came_back

    def away(self) -> tuple[tuple[str, datetime], ...]:
        """(name, until when) of each agent who is, or was, away."""
        return self._our_people().away

    def _our_people(self) -> staff.Staff:
        if self._staff is None:
            self._staff = staff.load(self._connection)
        return self._staff

    def due(self, now: datetime, limit: int) -> Sequence[tuple[Ticket, str]]:
        """Tickets with a follow-up kind that is due, oldest first."""
        return follow_ups.due(self._connection, now, limit)

    def begin_round(self, kind: str, day: date) -> bool:
        """Note that this round is made for `day`; False when it was made for this day, or a later one."""
        return figures.begin_round(self._connection, kind, day.isoformat())

    def poisoned(self, now: datetime, limit: int) -> Sequence[Poison]:
        """Quarantined mails whose next try is due."""
        return filing.poisoned(self._connection, now, limit)

    def raw_of(self, message: int) -> Raw | None:
        """The raw bytes of a stored mail, by its row."""
        return raws.of_message(self._connection, message)

    def apply(self, outcome: Outcome, now: datetime, *, by: str) -> int | None:
        """Carry out the changes of an outcome; the number of its ticket."""
        self._cause = None
        self._staff = None if staff.concerns(outcome) else self._staff
        return changes.apply(self._connection, self._later, outcome, now, by)

    def file(
        self, mailbox: str, mail: Fetched, inbound: Inbound, decision: Decision, ticket: int | None, now: datetime
    ) -> None:
        """Keep a mail: its bytes, text, attachments and all ids that it names."""
        self._cause = filing.file(self._connection, self._later, mailbox, mail, inbound, decision, ticket)

    def enqueue(self, letter: Letter, ticket: int | None, composed: Composed, now: datetime) -> bool:
        """Queue a letter and put its text into the ticket; False when its dedupe_key is known."""
        cause = self._cause if letter.parts_of is None else letter.parts_of
        return outbox.enqueue(self._connection, self._later, letter, ticket, composed, now, cause)

    def letters_to_ours(self, address: str, since: datetime) -> int:
        """How many letters were written to one of ours since then."""
        return notices.count_since(self._connection, address, since)

    def hold_back(self, notice: Notice, dedupe_key: str, now: datetime) -> bool:
        """Keep a notice for the next list; False when it was written or kept before."""
        return notices.hold_back(self._connection, notice, dedupe_key, now)

    def take_held_back(self, before: datetime) -> Sequence[Notice]:
        """The notices of everybody for whom one has waited since `before`; they are forgotten."""
        return notices.take(self._connection, before)

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
        """Keep a mail that could not be processed; its id."""
        return filing.quarantine(
            self._connection,
            mailbox,
            mail,
            sender=sender,
            subject=subject,
            message_id=message_id,
            error=error,
            now=now,
            next_try=next_try,
        )

    def gave_up(self, poison_id: int, ticket: int) -> None:
        """This ticket was made of the headers of a quarantined mail."""
        filing.gave_up(self._connection, poison_id, ticket)

    def release(self, poison_id: int) -> None:
        """A quarantined mail was processed after all."""
        filing.release(self._connection, poison_id)

    def save_cursor(self, mailbox: str, cursor: Cursor) -> None:
        """Remember how far the mailbox has been read."""
        filing.save_cursor(self._connection, mailbox, cursor)

    def fence(self, lease: Lease) -> None:
        """LeaseLostError when somebody else has taken the lease."""
        leases.fence(self._connection, lease)
