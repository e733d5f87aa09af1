"""Workflow: letters that are due -> the relay -> what became of each recipient.

Keeps promise 4, *at least once out*: a queued letter is sent, or ends visibly failed. Each answer is recorded per
recipient, so that nobody who was accepted gets the letter again; only recipients without an answer (the connection
broke, Delivery.code 0) may get it twice, with the same bytes and so the same Message-ID.

A letter that fails waits by itself (core/retry). A relay with which no session can be had is everybody's trouble:
it is left alone for a growing while, then probed with one letter; the others keep their place meanwhile. A refused
login or certificate is handled the same way, more slowly: letters wait for the administrator's cure. Unknown
exceptions of a transport count as temporary.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk import maillog
from helpdesk.core import fileless
from helpdesk.core.outgoing import Delivery
from helpdesk.core.retry import GIVE_UP_AFTER, next_attempt, reconnect_wait
from helpdesk.errors import PermanentError, UnreachableError
from helpdesk.ports import QueuedLetter, Store, Transport, Tried
from helpdesk.raw import beginning

# As many letters are on their way at once, of all calls together.
PARALLEL = 8

# A letter is ours for so long. A try ends before that, whatever the transport does: else somebody else would send the
# letter while we still wait for an answer. Ten minutes of it belong to the relay after the text (RFC 5321).
_LEASE_S = 900
_TRY_S = 840

# A login that was refused is repeated rarely: many servers lock an account after a few failures.
_REFUSED_WAIT = timedelta(minutes=5)

# The mail is larger than the relay takes (RFC 1870); the same code tells of a full mailbox (RFC 3463).
_TOO_LARGE = 552
_FULL_MAILBOX = "5.2"

# The words of a letter, and the pictures in them, stand before its files.
_WORDS = 4 * 1024 * 1024

# Whoever gets told that recipients of a letter were refused for good or given up.
OnFailed = Callable[[QueuedLetter, Sequence[Delivery]], None]


@dataclass(frozen=True, slots=True)
class RelayTrouble:
    """The relay is away: since when, why, after how many tries, and when it is tried again."""

    since: datetime
    error: Exception
    failures: int
    retry_at: datetime


@dataclass(eq=False, slots=True)
class _Answer:
    """What the relay said of a letter; `error` tells why it could not be recorded."""

    letter: QueuedLetter
    tried: Tried
    error: Exception | None = None


class Dispatcher:
    """Sends what is due. One for each transport, in one event loop."""

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
        self._stopped = False
        # A letter has a place from its claim until its answer is recorded.
        self._free_places = PARALLEL
        self._answers: list[_Answer] = []  # to be recorded by whoever writes next
        self._news = asyncio.Event()  # a place is free, or an answer came
        self._claiming = 0  # how many calls wait for the next letters
        # Each write ends on the disk, which takes longer than anything else here: one at a time, for all that came.
        self._writing = asyncio.Lock()
        self.trouble: RelayTrouble | None = None

    async def send_due(self, limit: int = 100) -> int:
        """How many letters were tried, at most `limit`. 0: nothing is due, or the relay is left alone for now.

        Returns when each of them has been recorded. May be called again meanwhile, so that a letter at which the
        relay hesitates does not keep new ones waiting.
        """
        if self.trouble:
            limit = 1
        under_way: list[asyncio.Task[None]] = []
        try:
            while len(under_way) < limit and (letters := await self._claim(limit - len(under_way))):
                under_way += [asyncio.create_task(self._send(letter)) for letter in letters]
        finally:
            results = await asyncio.gather(*under_way, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(under_way)

    def stop(self) -> None:
        """Begin no letter any more; what is on its way is finished by the calls of `send_due` that run."""
        self._stopped = True

    async def _claim(self, limit: int) -> Sequence[QueuedLetter]:
        """The next letters, as soon as there is a place for one; none when nothing shall be sent now."""
        self._claiming += 1
        try:
            while True:
                while not (self._free_places or self._answers):
                    self._news.clear()
                    await self._news.wait()
                async with self._writing:
                    if self._free_places or self._answers:
                        return await self._write(limit)
        finally:
            self._claiming -= 1

    async def _send(self, letter: QueuedLetter) -> None:
        try:
            answer = _Answer(letter, await self._try(letter))
        except BaseException:
            self._free(1)
            raise
        await self._record(answer)

    async def _try(self, letter: QueuedLetter) -> Tried:
        try:
            async with asyncio.timeout(_TRY_S):
                deliveries = await self._transport.send(letter.envelope_from, letter.recipients, letter.raw)
                if smaller := _smaller(letter, deliveries):
                    deliveries = await self._transport.send(letter.envelope_from, letter.recipients, smaller)
        except (UnreachableError, PermanentError) as error:
            trouble = self._relay_is_away(error)
            next_at = trouble.retry_at if self._now() < letter.created_at + self._give_up_after else None
            return Tried(letter.id, _unanswered(letter, error), next_at)
        except Exception as error:
            return Tried(letter.id, _unanswered(letter, error), self._next_attempt(letter))
        self._relay_answers()
        return Tried(letter.id, deliveries, self._next_attempt(letter))

    async def _record(self, answer: _Answer) -> None:
        """Returns when the answer is recorded, together with all that came while others were writing."""
        self._answers.append(answer)
        self._news.set()
        if self._claiming:
            # Whoever waits for a place goes first: he records the answer and takes the next letter in one transaction.
            await asyncio.sleep(0)
        async with self._writing:
            if answer in self._answers:
                with suppress(Exception):  # each answer has its own
                    await self._write(0)
        if answer.error is not None:
            raise answer.error
        for delivery in answer.tried.deliveries:
            self._log(answer.letter, delivery, answer.tried.next_attempt_at)

    async def _write(self, limit: int) -> Sequence[QueuedLetter]:
        """Record every answer that came, and claim at most `limit` letters, as many as there are places for."""
        answers, self._answers = self._answers, []
        places = min(limit, self._free_places + len(answers))
        if self._stopped or (self.trouble and self._now() < self.trouble.retry_at):
            places = 0
        letters: Sequence[QueuedLetter] = ()
        try:
            letters = await asyncio.to_thread(self._tell_and_write, answers, places)
        except Exception as error:
            for one in answers:
                one.error = one.error or error
            raise
        finally:
            self._free(len(answers) - len(letters))
        return letters

    def _tell_and_write(self, answers: Sequence[_Answer], places: int) -> Sequence[QueuedLetter]:
        for answer in answers:
            try:
                # Told first: after a crash between the two the letter is tried, and told of, again.
                self._tell(answer.letter, answer.tried)
            except Exception as error:
                # Its own lease ends some time; the others, accepted perhaps, must not go again because of it.
                answer.error = error
        told = [one.tried for one in answers if one.error is None]
        try:
            if places:
                return self._store.claim(self._now(), places, lease_s=_LEASE_S, tried=told)
        except Exception:
            # Why no letter can be had is no reason to forget who has got his.
            self._store.record_deliveries(told, self._now())
            raise
        self._store.record_deliveries(told, self._now())
        return ()

    def _free(self, places: int) -> None:
        """So many letters more (or, below 0, fewer) may be on their way."""
        self._free_places += places
        self._news.set()

    def _tell(self, letter: QueuedLetter, tried: Tried) -> None:
        given_up = tried.next_attempt_at is None
        if lost := [one for one in tried.deliveries if one.permanent or (given_up and not one.sent)]:
            self._on_failed(letter, lost)

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


def _smaller(letter: QueuedLetter, deliveries: Sequence[Delivery]) -> bytes | None:
    """What may be sent instead of a letter that is too large for the relay, None for every other answer."""
    too_large = all(one.code == _TOO_LARGE and not one.text.startswith(_FULL_MAILBOX) for one in deliveries)
    return (
        fileless.without_files(beginning(letter.raw, _WORDS)) if too_large and letter.event in fileless.EVENTS else None
    )


def _unanswered(letter: QueuedLetter, error: Exception) -> list[Delivery]:
    """What is recorded for recipients of whom the relay said nothing."""
    return [Delivery(address, 0, f"{type(error).__name__}: {error}") for address in letter.recipients]
