"""Workflow: all mail that waits in a mailbox -> batches -> taken in (intake.py) -> moved away on the server.

Oldest first, save that after each batch of a backlog comes a batch of the newest mail: who writes now need not wait
until an outage of three days is worked through. The cursor stays true: everything up to it is settled. What was taken
beyond it is known by its key, so that it is not taken twice after a crash. Memory does not grow with the backlog.

While a batch is decided and committed, another thread fetches and reads the next one, and no more than that one: the
processor need not wait for the server. Nothing of it counts until its own commit; whatever breaks there shows when it
would be its turn.

Mail that the server announces but cannot give yet holds the cursor and is asked for again at the next call; the
others do not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from threading import Thread

from helpdesk import maillog
from helpdesk.intake import Batch, Intake, Source
from helpdesk.ports import Cursor, Fetched, Mailbox, MailKey, Place, Waiting

# Mails of one fetch and one commit: more gains nothing (docs/performance.md).
BATCH = 50

# So many waiting mails are listed at once.
LISTED = 1_000

# So many waiting mails are a backlog, of which the log and the status tell, this often.
BACKLOG = 500
TELL_EVERY = timedelta(seconds=10)

# Settled mail that still lies in its folder is looked for among this many.
LEFT_BEHIND = 1_000


def drain(
    intake: Intake,
    mailbox: Mailbox,
    source: Source,
    cursor: Cursor,
    *,
    stop: Callable[[], bool] = lambda: False,
    make_way: Callable[[], None] = lambda: None,
    on_waiting: Callable[[int], None] = lambda waiting: None,
) -> Cursor:
    """Take everything that waits in a connected mailbox; answers how far it has been settled.

    Between two batches `make_way` may let others work for a while. `on_waiting` hears how many mails still wait.
    """
    return _Pass(intake, mailbox, source, cursor, stop, make_way, on_waiting).run()


def tidy(intake: Intake, mailbox: Mailbox, source: Source, cursor: Cursor) -> int:
    """Move away what was committed by a run that ended before it could; answers how many mails that were."""
    return len(_settle_known(intake, mailbox, source, mailbox.left_behind(cursor, LEFT_BEHIND)))


class Progress:
    """How the backlog of a mailbox goes down: `words` for a status line, and lines in the log."""

    def __init__(self, mailbox: str, now: Callable[[], datetime]) -> None:
        self.words = ""
        self._mailbox = mailbox
        self._now = now
        self._began: tuple[datetime, int] | None = None
        self._told_at: datetime | None = None

    def still_wait(self, mails: int) -> None:
        """So many mails wait now."""
        now = self._now()
        if self._began is None and mails < BACKLOG:
            return
        began_at, mails_then = self._began = self._began or (now, mails)
        left = time_left(now - began_at, mails_then - mails, mails)
        self.words = f"{self._mailbox}: {mails} mails wait" + (f", {left} left" if left else "")
        if self._told_at is None or now - self._told_at >= TELL_EVERY:
            maillog.backlog(mailbox=self._mailbox, waiting=mails, left=left)
            self._told_at = now

    def is_over(self) -> None:
        """Nothing waits any more, or nobody reads."""
        self.words, self._began, self._told_at = "", None, None


def time_left(spent: timedelta, done: int, waiting: int) -> timedelta | None:
    """How long the rest will take at the pace so far, in whole seconds; None while there is no pace."""
    if done <= 0 or not spent:
        return None
    return timedelta(seconds=round(spent.total_seconds() * waiting / done))


@dataclass(frozen=True, slots=True)
class _Ready:
    """A batch that was fetched and read; `is_oldest`: where the cursor goes, rather than of the newest mail."""

    batch: Batch
    is_oldest: bool


class _Pass:
    """One way through a mailbox, from the cursor to its end.

    The mailbox belongs to the thread that reads ahead as long as that runs; this one waits for its end before it goes
    on, and before it fails.
    """

    def __init__(
        self,
        intake: Intake,
        mailbox: Mailbox,
        source: Source,
        cursor: Cursor,
        stop: Callable[[], bool],
        make_way: Callable[[], None],
        on_waiting: Callable[[int], None],
    ) -> None:
        self._intake = intake
        self._mailbox = mailbox
        self._source = source
        self._cursor = cursor
        self._stop = stop
        self._make_way = make_way
        self._on_waiting = on_waiting
        self._newest: Cursor | None = None  # where mail is looked for that shall not wait for the backlog
        self._not_ready: set[MailKey] = set()
        self._committed: list[tuple[MailKey, Place]] = []

    def run(self) -> Cursor:
        """Listing after listing, until one has nothing more to take."""
        position = self._cursor
        while not self._stop():
            waiting = self._mailbox.waiting(position, LISTED)
            self._newest = self._newest or waiting.newest
            # Once a mail had to be left out, the cursor stays before it, however far the listings go.
            reading = _Reading(waiting, moves_cursor=self._cursor == position)
            reading.settled(_settle_known(self._intake, self._mailbox, self._source, waiting.keys))
            took_some = self._take_listed(reading, waiting)
            self._move_away()
            self._advance(reading)
            if not took_some and (waiting.is_all or waiting.next == position):
                break
            position = waiting.next
        return self._cursor

    def _take_listed(self, reading: _Reading, waiting: Waiting) -> bool:
        """Take the mails of one listing, with the newest ones in turn. Was there any?"""
        took_some = False
        ready = None if self._stop() else self._oldest(reading)
        while ready is not None:
            took_some = True
            reading.settled(mail.key for mail in ready.batch.mails)
            cursor = reading.cursor(self._cursor)
            is_more = waiting.count > len(waiting.keys) or bool(reading.batch(self._not_ready))
            ahead = self._ahead(ready, reading) if is_more and not self._stop() else None
            try:
                self._commit(ready.batch, cursor)
                self._on_waiting(max(0, waiting.count - reading.done))
                if ahead is not None and ready.is_oldest:
                    self._make_way()
            finally:
                wait([ahead] if ahead is not None else [])
            ready = ahead.result() if ahead is not None and not self._stop() else None
        return took_some

    def _ahead(self, ready: _Ready, reading: _Reading) -> Future[_Ready | None]:
        """What follows this batch, fetched and read by a thread that keeps no program from ending."""
        following: Future[_Ready | None] = Future()

        def prepare() -> None:
            try:
                newest = self._newest_ones(reading) if ready.is_oldest else None
                following.set_result(newest or self._oldest(reading))
            except BaseException as error:
                following.set_exception(error)

        Thread(target=prepare, name=f"ahead-{self._source.name}", daemon=True).start()
        return following

    def _oldest(self, reading: _Reading) -> _Ready | None:
        """The next batch of the listing, None at its end."""
        keys = reading.batch(self._not_ready)
        if not keys:
            return None
        mails = self._mailbox.fetch(keys)
        # Fetching may stop early to bound memory: only what was skipped in between is not ready yet.
        reached = keys.index(mails[-1].key) + 1 if mails else len(keys)
        self._not_ready.update(set(keys[:reached]) - {mail.key for mail in mails})
        return _Ready(self._read(mails), is_oldest=True)

    def _newest_ones(self, reading: _Reading) -> _Ready | None:
        """A batch of what came last, None where nothing did. Those not ready are met again where the cursor goes."""
        if self._newest is None:
            return None
        waiting = self._mailbox.waiting(self._newest, BATCH)
        keys = reading.unsettled(waiting.keys, self._not_ready)
        mails = self._mailbox.fetch(keys) if keys else []
        if not mails or mails[-1].key == keys[-1]:
            self._newest = waiting.next
        return _Ready(self._read(mails), is_oldest=False) if mails else None

    def _read(self, mails: Sequence[Fetched]) -> Batch:
        if mails:
            maillog.fetched(mailbox=self._source.name, mails=len(mails))
        return self._intake.read(mails)

    def _commit(self, batch: Batch, cursor: Cursor) -> None:
        """Commit a batch with the cursor that is true then; it may be moved away on the server from then on."""
        if not batch.mails:
            return
        taken = self._intake.commit(self._source, batch, cursor)
        self._cursor = cursor
        self._committed += ((one.key, one.place) for one in taken)

    def _move_away(self) -> None:
        """Move what was committed since the last time.

        Once for each listing: servers that keep a file for each mail look through all of them for every move. What a
        crash leaves behind is no more than `tidy` looks for.
        """
        _move(self._mailbox, self._committed)
        self._committed = []

    def _advance(self, reading: _Reading) -> None:
        """Remember how far everything is settled, where the last batch could not say so."""
        reached = reading.cursor(self._cursor)
        if reached != self._cursor and reached.validity:
            self._intake.begin(self._source, reached)
        self._cursor = reached


class _Reading:
    """How far one listing of a mailbox has been settled."""

    def __init__(self, waiting: Waiting, *, moves_cursor: bool) -> None:
        self._waiting = waiting
        self._moves_cursor = moves_cursor
        self._settled: set[MailKey] = set()
        self._at = 0

    @property
    def done(self) -> int:
        """How many mails were settled since the listing."""
        return len(self._settled)

    def batch(self, not_ready: set[MailKey]) -> list[MailKey]:
        """The next mails of this listing to take."""
        return list(islice(self._left(self._waiting.keys, not_ready), BATCH))

    def unsettled(self, keys: Sequence[MailKey], not_ready: set[MailKey]) -> list[MailKey]:
        """Those of other keys that are still to take."""
        return list(self._left(keys, not_ready))

    def _left(self, keys: Sequence[MailKey], not_ready: set[MailKey]) -> Iterator[MailKey]:
        return (key for key in keys if key not in self._settled and key not in not_ready)

    def settled(self, keys: Iterable[MailKey]) -> None:
        """These mails are committed, or about to be together with the cursor."""
        self._settled.update(keys)

    def cursor(self, cursor: Cursor) -> Cursor:
        """`cursor` moved over every settled mail of the listing, up to the first that is not."""
        keys = self._waiting.keys
        while self._at < len(keys) and keys[self._at] in self._settled:
            self._at += 1
        if not self._moves_cursor or not cursor.validity:
            return cursor
        if self._at == len(keys):
            return self._waiting.next
        return replace(cursor, uid=keys[self._at - 1].uid) if self._at else cursor


def _settle_known(intake: Intake, mailbox: Mailbox, source: Source, keys: Sequence[MailKey]) -> frozenset[MailKey]:
    """Those of the keys that were taken before; they are moved away once their bytes have been seen to be the same."""
    known = intake.known(source, keys) if keys else frozenset()
    left = sorted(known, key=lambda key: key.uid)
    while left:
        mails = mailbox.fetch(left[:BATCH])
        _move(mailbox, [(one.key, one.place) for one in intake.take(source, mails)])
        reached = left.index(mails[-1].key) + 1 if mails else BATCH
        left = left[reached:]
    return known


def _move(mailbox: Mailbox, committed: Sequence[tuple[MailKey, Place]]) -> None:
    """Each to its place on the server."""
    for place in Place:
        keys = sorted((key for key, where in committed if where is place), key=lambda key: key.uid)
        if keys:
            mailbox.settle(keys, place)
