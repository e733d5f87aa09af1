"""Workflow: letters that are due -> the relay -> what became of each recipient.

Keeps promise 4, *at least once out*: a queued letter is sent, or ends visibly failed. Each answer is recorded per
recipient, so that nobody who was accepted gets the letter again; only recipients without an answer (the connection
broke, Delivery.code 0) may get it twice, with the same bytes and so the same Message-ID.

A letter that fails waits by itself (core/retry). A relay with which no session can be had is everybody's trouble:
it is left alone for a growing while, then probed with one letter, and the letters that were not tried keep their turn.
A refused login or certificate is handled the same way, more slowly: letters wait for the administrator's cure.
Unknown exceptions of a transport count as temporary.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk import maillog
from helpdesk.core.outgoing import Delivery
from helpdesk.core.retry import GIVE_UP_AFTER, next_attempt, reconnect_wait
from helpdesk.errors import PermanentError, UnreachableError
from helpdesk.ports import QueuedLetter, Store, Transport

# As many letters are on their way at once; the transport may have fewer connections and queue them.
PARALLEL = 8

# A login that was refused is repeated rarely: many servers lock an account after a few failures.
_REFUSED_WAIT = timedelta(minutes=5)

# Whoever gets told that recipients of a letter were refused for good or given up.
OnFailed = Callable[[QueuedLetter, Sequence[Delivery]], None]


@dataclass(frozen=True, slots=True)
class RelayTrouble:
    """The relay is away: since when, why, after how many tries, and when it is tried again."""

    since: datetime
    error: Exception
    failures: int
    retry_at: datetime


class Dispatcher:
    """Sends what is due. One per transport; `send_due` is not called again before it has returned."""

    def __init__(
        self,
        store: Store,
        transport: Transport,
        *,
        on_failed: OnFailed,
        now: Callable[[], datetime],
        random: Callable[[], float],
        give_up_after: timedelta = GIVE_UP_AFTER,
    ) -> None:
        self._store = store
        self._transport = transport
        self._on_failed = on_failed
        self._now = now
        self._random = random
        self._give_up_after = give_up_after
        self.trouble: RelayTrouble | None = None

    async def send_due(self, limit: int = 100) -> int:
        """How many letters were tried, at most `limit`. 0: nothing is due, or the relay is still left alone."""
        now = self._now()
        if self.trouble:
            if now < self.trouble.retry_at:
                return 0
            limit = 1
        letters = await asyncio.to_thread(self._store.claim, now, limit)
        turns = asyncio.Semaphore(PARALLEL)
        # Every letter is seen through before an error of the store ends the pass.
        results = await asyncio.gather(*(self._take_turn(letter, turns) for letter in letters), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(letters)

    async def _take_turn(self, letter: QueuedLetter, turns: asyncio.Semaphore) -> None:
        async with turns:
            if self.trouble and self._now() < self.trouble.retry_at:
                # The relay turned out to be away while this letter waited for its turn: it was not tried.
                await self._put_back(letter, self.trouble)
            else:
                await self._try(letter)

    async def _try(self, letter: QueuedLetter) -> None:
        try:
            deliveries = await self._transport.send(letter.envelope_from, letter.recipients, letter.raw)
        except (UnreachableError, PermanentError) as error:
            trouble = self._relay_is_away(error)
            next_at = trouble.retry_at if self._now() < letter.created_at + self._give_up_after else None
            await self._record(letter, _unanswered(letter, error), next_at)
        except Exception as error:
            await self._record(letter, _unanswered(letter, error), self._next_attempt(letter))
        else:
            self._relay_answers()
            await self._record(letter, deliveries, self._next_attempt(letter))

    async def _put_back(self, letter: QueuedLetter, trouble: RelayTrouble) -> None:
        await asyncio.to_thread(self._store.record_delivery, letter.id, (), self._now(), trouble.retry_at)

    async def _record(self, letter: QueuedLetter, deliveries: Sequence[Delivery], next_at: datetime | None) -> None:
        lost = [d for d in deliveries if d.permanent or (next_at is None and not d.sent)]
        if lost:
            # Told first: after a crash between the two lines the letter is tried, and told of, again.
            await asyncio.to_thread(self._on_failed, letter, lost)
        await asyncio.to_thread(self._store.record_delivery, letter.id, deliveries, self._now(), next_at)
        for delivery in deliveries:
            self._log(letter, delivery, next_at)

    def _next_attempt(self, letter: QueuedLetter) -> datetime | None:
        return next_attempt(
            letter.attempts + 1,
            letter.created_at,
            self._now(),
            give_up_after=self._give_up_after,
            jitter=self._random(),
        )

    def _relay_is_away(self, error: Exception) -> RelayTrouble:
        now, before = self._now(), self.trouble
        if before and now < before.retry_at:
            return before  # another letter of the same moment has found it out already
        failures = before.failures + 1 if before else 1
        wait = _REFUSED_WAIT if isinstance(error, PermanentError) else reconnect_wait(failures, self._random())
        self.trouble = RelayTrouble(before.since if before else now, error, failures, now + wait)
        maillog.relay_down(error=error, retry_at=self.trouble.retry_at)
        return self.trouble

    def _relay_answers(self) -> None:
        if self.trouble:
            maillog.relay_up(down_for=self._now() - self.trouble.since)
            self.trouble = None

    @staticmethod
    def _log(letter: QueuedLetter, delivery: Delivery, next_at: datetime | None) -> None:
        if delivery.sent:
            maillog.sent(letter, delivery)
        elif delivery.permanent or next_at is None:
            maillog.failed(letter, delivery)
        else:
            maillog.deferred(letter, delivery, next_at=next_at)


def _unanswered(letter: QueuedLetter, error: Exception) -> list[Delivery]:
    """What is recorded for recipients of whom the relay said nothing."""
    return [Delivery(address, 0, f"{type(error).__name__}: {error}") for address in letter.recipients]
