"""Workflow: fetched mail -> facts -> decision -> one commit; what cannot be processed goes into quarantine.

Keeps promises 1 to 3 and 5: the raw bytes are committed before the server is asked to move anything; a mail is
filed under its key exactly once; mail, ticket, history and letters commit together; a mail that cannot be
processed is kept aside with its error, tried again, and never stands in the way of the others.

TemporaryError (the store is busy, the disk is full) undoes the whole batch: it still lies on the server.
Any other exception concerns one mail and puts that mail into quarantine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from helpdesk import maillog
from helpdesk.core.case import Arrival, study, wanted
from helpdesk.core.decide import decide
from helpdesk.core.decision import Decision, Disposition
from helpdesk.core.lease import Lease
from helpdesk.core.message import Inbound
from helpdesk.core.oversize import MEGABYTE, too_large
from helpdesk.core.poison import given_up, instead_of_sketch
from helpdesk.core.policy import Policy
from helpdesk.core.ticket import NEW
from helpdesk.errors import TemporaryError
from helpdesk.ports import Cursor, Fetched, KnownMail, MailKey, Place, Poison, Reader, Store, Unit
from helpdesk.postbox import Postbox
from helpdesk.raw import digest

# A mail that could not be processed is tried this often in all, with this pause between.
TRIES = 3
PAUSE = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where mail comes from and what that means for it."""

    name: str
    desk: str
    spam_header: tuple[str, str] | None = None
    silent: bool = False
    lease: Lease | None = None  # where several daemons may read: commits are refused once another one has it

    def arrival(self, mail: Fetched) -> Arrival:
        """How this mail came to us."""
        return Arrival(
            desk=self.desk,
            at=mail.arrived_at,
            spam_header=self.spam_header,
            silent=self.silent,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of one mail. `decision` is None for one that was known already or is in quarantine.

    `set_aside`: it was known, and is in quarantine since then.
    """

    key: MailKey
    ticket: int | None = None
    decision: Decision | None = None
    error: str = ""
    set_aside: bool = False

    @property
    def place(self) -> Place:
        """Where it goes on the server."""
        return Place.QUARANTINE if self.error or self.set_aside else Place.DONE

    @property
    def disposition(self) -> Disposition:
        """What `ingest` prints."""
        if self.error:
            return Disposition.QUARANTINE
        return self.decision.disposition if self.decision else Disposition.IGNORE


@dataclass(frozen=True, slots=True)
class Batch:
    """Mails, and for each what was read in it, or why it could not be read."""

    mails: Sequence[Fetched]
    inbounds: Sequence[Inbound | Exception]


class Intake:
    """Takes mail in. Thread-safe as far as its store is: one transaction per batch."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        postbox: Postbox,
        *,
        now: Callable[[], datetime],
        max_bytes: int,
        on_queued: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._reader = reader
        self._postbox = postbox
        self._now = now
        self._max_bytes = max_bytes
        self._on_queued = on_queued
        self.taken = 0  # mails committed so far

    def begin(self, source: Source, cursor: Cursor) -> None:
        """Reading starts here from now on."""
        with self._store.unit() as unit:
            if source.lease is not None:
                unit.fence(source.lease)
            unit.save_cursor(source.name, cursor)

    def known(self, source: Source, keys: Sequence[MailKey]) -> frozenset[MailKey]:
        """Those of the keys that were taken before."""
        with self._store.unit() as unit:
            return frozenset(unit.known(source.name, keys))

    def read(self, mails: Sequence[Fetched]) -> Batch:
        """Read these mails. Asks nothing of the store, so that another thread may do it while a batch is committed."""
        mails = [self._within_bounds(mail) for mail in mails]
        return Batch(mails, self._reader.read([mail.raw for mail in mails]) if mails else [])

    def take(self, source: Source, mails: Sequence[Fetched], cursor: Cursor | None = None) -> list[Taken]:
        """Read and commit these mails; one result per mail, in order."""
        return self.commit(source, self.read(mails), cursor)

    def commit(self, source: Source, batch: Batch, cursor: Cursor | None = None) -> list[Taken]:
        """Commit a batch, and the cursor with it, in one transaction; one result per mail, in order."""
        mails, inbounds = batch.mails, batch.inbounds
        if not mails:
            return []
        try:
            taken = self._commit(source, mails, inbounds, cursor, self._settle)
        except TemporaryError:
            raise
        except Exception:
            # One of them cannot be processed. Which one it is shows when each can be undone by itself; that costs a
            # tenth of the whole (docs/performance.md), so it is not done for mail that is as it should be.
            taken = self._commit(source, mails, inbounds, cursor, self._settle_or_set_aside)
        self.taken += sum(1 for one in taken if one.decision or one.error)
        for mail, inbound, one in zip(mails, inbounds, taken, strict=True):
            self._log(source, mail, inbound, one)
        if any(one.error or (one.decision and one.decision.letters) for one in taken):
            self._on_queued()
        return taken

    def retry_poisoned(self, sources: Callable[[str], Source], limit: int = 10) -> int:
        """Try quarantined mails again whose pause is over; answers how many were tried."""
        with self._store.unit() as unit:
            waiting = list(unit.poisoned(self._now(), limit))
        for poison in waiting:
            self._retry(poison, sources(poison.mailbox))
        return len(waiting)

    def _commit(
        self,
        source: Source,
        mails: Sequence[Fetched],
        inbounds: Sequence[Inbound | Exception],
        cursor: Cursor | None,
        settle: Callable[[Unit, Source, Fetched, Inbound], Taken],
    ) -> list[Taken]:
        """All of them in one transaction; what could not be read goes into quarantine."""
        taken = []
        with self._store.unit() as unit:
            if source.lease is not None:
                unit.fence(source.lease)
            known = dict(unit.known(source.name, [mail.key for mail in mails]))
            for mail, inbound in zip(self._named(unit, source, mails, known), inbounds, strict=True):
                if (before := known.get(mail.key)) is not None:
                    ticket = self._ticket_of_known(unit, inbound, source.arrival(mail))
                    taken.append(Taken(key=mail.key, ticket=ticket, set_aside=before.quarantined))
                elif isinstance(inbound, Exception):
                    taken.append(self._set_aside(unit, source, mail, inbound, attempts=TRIES if mail.too_large else 1))
                else:
                    taken.append(settle(unit, source, mail, inbound))
            if cursor is not None and cursor.validity:
                unit.save_cursor(source.name, cursor)
        return [replace(one, key=mail.key) for one, mail in zip(taken, mails, strict=True)]

    @staticmethod
    def _named(
        unit: Unit, source: Source, mails: Sequence[Fetched], known: dict[MailKey, KnownMail]
    ) -> Iterator[Fetched]:
        """The mails, each under a key that names no other one: where the server used a key again, by its content."""
        for mail in mails:
            if mail.key in known and known[mail.key].sha256 != digest(mail.raw):
                maillog.uid_used_again(mailbox=source.name, uid=mail.key.uid)
                key = MailKey.of_content(mail.key.folder, mail.raw)
                known.update(unit.known(source.name, [key]))
                yield replace(mail, key=key)
            else:
                yield mail

    def _settle_or_set_aside(self, unit: Unit, source: Source, mail: Fetched, inbound: Inbound) -> Taken:
        try:
            with unit.savepoint():
                return self._settle(unit, source, mail, inbound)
        except TemporaryError:
            raise
        except Exception as problem:
            return self._set_aside(unit, source, mail, problem, attempts=TRIES if mail.too_large else 1)

    def _ticket_of_known(self, unit: Unit, inbound: Inbound | Exception, arrival: Arrival) -> int | None:
        """The ticket that a mail taken before is on, if it is on one."""
        if isinstance(inbound, Exception):
            return None
        return unit.facts(wanted(inbound, self._postbox.policy, arrival), self._now()).duplicate or None

    def _settle(
        self, unit: Unit, source: Source, mail: Fetched, inbound: Inbound, sketched: int | None = None
    ) -> Taken:
        """The heart of the program: facts, decision, commit. `sketched`: the ticket made when it was given up."""
        if mail.too_large:
            return self._refuse(unit, source, mail, inbound)
        now, arrival = self._now(), source.arrival(mail)
        policy = self._postbox.policy_now(unit, now)
        facts = unit.facts(wanted(inbound, policy, arrival), now)
        decision = decide(inbound, facts, policy, arrival, now)
        if sketched is not None:
            decision = instead_of_sketch(decision, sketched)
        ticket = unit.apply(decision, now, by=_author(inbound, policy))
        unit.file(source.name, mail, inbound, decision, ticket, now)
        self._postbox.put(unit, decision.letters, ticket, now, mail.raw)
        return Taken(key=mail.key, ticket=ticket, decision=decision)

    def _within_bounds(self, mail: Fetched) -> Fetched:
        """The mail; one that its source has fetched whole although it is too large becomes its headers."""
        if len(mail.raw) <= self._max_bytes:
            return mail
        return replace(mail, raw=self._reader.head(mail.raw), too_large=len(mail.raw))

    def _refuse(self, unit: Unit, source: Source, mail: Fetched, inbound: Inbound) -> Taken:
        """A mail that is too large: its headers are kept in quarantine, its sender and the desk are told."""
        now, arrival = self._now(), source.arrival(mail)
        policy = self._postbox.policy_now(unit, now)
        limit = max(MEGABYTE, self._max_bytes)
        error = f"TooLarge: {mail.too_large / MEGABYTE:.1f} MB, max_message_mb allows {limit // MEGABYTE}"
        entry = unit.quarantine(
            source.name,
            mail,
            inbound.from_shown,
            inbound.subject,
            inbound.message_id,
            error,
            now,
            next_try=None,
        )
        case = study(inbound, unit.facts(wanted(inbound, policy, arrival), now), policy, arrival, now)
        outcome = too_large(case, mail.too_large, limit, entry)
        ticket = unit.apply(outcome, now, by=_author(inbound, policy))
        if outcome.ticket == NEW and ticket is not None:
            unit.gave_up(entry, ticket)
        self._postbox.put(unit, outcome.letters, ticket, now)
        maillog.quarantined(
            mailbox=source.name, entry=entry, message_id=inbound.message_id, error=error, tries_left=False
        )
        return Taken(key=mail.key, ticket=ticket, error=error)

    def _set_aside(
        self,
        unit: Unit,
        source: Source,
        mail: Fetched,
        problem: Exception,
        *,
        attempts: int,
        sketched: int | None = None,
    ) -> Taken:
        """Keep a mail that could not be processed. After the last try the desk gets a ticket from its headers."""
        now = self._now()
        sketch = self._reader.sketch(mail.raw)
        error = f"{type(problem).__name__}: {problem}"
        last = attempts >= TRIES
        entry = unit.quarantine(
            source.name,
            mail,
            sketch.sender,
            sketch.subject,
            sketch.message_id,
            error,
            now,
            next_try=None if last else now + PAUSE,
        )
        ticket = sketched
        if last and ticket is None:
            outcome = given_up(sketch, entry, error, self._postbox.policy_now(unit, now), source.arrival(mail), now)
            ticket = unit.apply(outcome, now, by="helpdesk")
            if ticket is not None:
                unit.gave_up(entry, ticket)
            self._postbox.put(unit, outcome.letters, ticket, now)
        maillog.quarantined(
            mailbox=source.name, entry=entry, message_id=sketch.message_id, error=error, tries_left=not last
        )
        return Taken(key=mail.key, ticket=ticket, error=error)

    def _retry(self, poison: Poison, source: Source) -> None:
        mail = Fetched(key=poison.key, raw=poison.raw, arrived_at=poison.arrived_at)
        (inbound,) = self._reader.read([mail.raw])
        with self._store.unit() as unit:
            try:
                if isinstance(inbound, Exception):
                    raise inbound
                with unit.savepoint():
                    self._settle(unit, source, mail, inbound, poison.ticket)
                    unit.release(poison.id)
            except TemporaryError:
                raise
            except Exception as problem:
                self._set_aside(unit, source, mail, problem, attempts=poison.attempts + 1, sketched=poison.ticket)
        self._on_queued()

    @staticmethod
    def _log(source: Source, mail: Fetched, inbound: Inbound | Exception, taken: Taken) -> None:
        if taken.decision is None or isinstance(inbound, Exception):
            return
        maillog.decided(
            mailbox=source.name,
            message_id=inbound.message_id,
            kind=taken.decision.kind,
            disposition=taken.decision.disposition,
            ticket=taken.ticket,
            evidence=taken.decision.evidence,
        )


def _author(inbound: Inbound, policy: Policy) -> str:
    """By whom things happened, as the history names it: an agent by name, everybody else by address."""
    if inbound.sender is None:
        return "nobody"
    agent = policy.agent(inbound.sender.address)
    return agent.name if agent else inbound.sender.address
