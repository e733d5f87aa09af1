"""The daemon: mailboxes are read, letters sent, follow-ups carried out, until it is asked to stop.

`run` serves one configuration; SIGHUP loads it again (a file with problems is refused and the old one goes on),
SIGTERM and SIGINT end after the batch and the letters that are under way. Failure is loud: what is down stands in
the log and in systemd's status, and after five minutes the leads are told.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from helpdesk import maillog
from helpdesk.adapters.scheduler import Ticks
from helpdesk.boarding import Boarding
from helpdesk.config import Config, LmtpMailbox, load
from helpdesk.core.lease import RENEW_EVERY
from helpdesk.daemon.board import BoardLoop
from helpdesk.daemon.building import Works, World, board, build, dispatcher, mailbox, source_of, transport
from helpdesk.daemon.systemd import Notifier
from helpdesk.daemon.watch import Watch
from helpdesk.errors import HelpdeskError
from helpdesk.intake import Source
from helpdesk.ports import Fetched

if TYPE_CHECKING:
    from helpdesk.adapters.lmtp import LmtpServer

# Seconds between looks for follow-ups that have come due; their times are kept to the minute.
FOLLOW_UP_EVERY = 20
# Letters that another process queued or put back are seen after so many seconds at the latest.
LOOK_EVERY = 10
# A turn of sending that takes longer does not hold up new letters (seconds).
HESITATION = 2.0
# So long the next batch of a backlog waits at most for the letters of the last one to leave (seconds).
MAKE_WAY = 1.0
# What is down for longer is told to the leads.
LOUD_AFTER = timedelta(minutes=5)
# How long a stop waits for a batch and for letters under way.
STOP_WITHIN = 30.0


def utc_now() -> datetime:
    """The clock of everything that is not a drill."""
    return datetime.now(UTC)


def real_world(on_queued: Callable[[], None] = lambda: None) -> World:
    """The clock and the dice of everything that is not a drill."""
    return World(now=utc_now, random=random.random, nonce=lambda: secrets.token_bytes(16), on_queued=on_queued)


async def run(path: Path | None) -> None:
    """Serve the configuration at `path` until SIGTERM or SIGINT. ConfigError where it cannot be used at the start."""
    notifier = Notifier(os.environ)
    config = load(path, environ=os.environ)
    loop = asyncio.get_running_loop()
    stopping, reloading = asyncio.Event(), asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, reloading.set)
    while not stopping.is_set():
        await _serve(config, notifier, stopping, reloading)
        if reloading.is_set():
            reloading.clear()
            config = _reloaded(path, config)
    notifier.say("STOPPING=1")


def _reloaded(path: Path | None, old: Config) -> Config:
    try:
        config = load(path, environ=os.environ)
    except HelpdeskError as error:
        maillog.reload_refused(error=error)
        return old
    maillog.reloaded(file=str(config.file))
    return config


async def _serve(config: Config, notifier: Notifier, stopping: asyncio.Event, reloading: asyncio.Event) -> None:
    """Work on one configuration until it is time to stop or to load it again."""
    loop, queued, all_sent = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def wake_sender() -> None:
        all_sent.clear()
        loop.call_soon_threadsafe(queued.set)

    world = real_world(wake_sender)
    works = await asyncio.to_thread(build, config, world)
    # Rules and settings stay: to look through them for garbage now and then would hold up a letter by 30 to 90 ms.
    gc.collect()
    gc.freeze()
    await asyncio.to_thread(works.store.begin_sending, world.now())
    service = _Service(works, world, notifier, queued, all_sent)
    try:
        await service.start()
        maillog.serving(file=str(config.file), mailboxes=len(config.mailboxes))
        notifier.say("READY=1", service.status())
        done, waiting = await asyncio.wait(
            [asyncio.ensure_future(stopping.wait()), asyncio.ensure_future(reloading.wait()), service.sending],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in waiting - {service.sending}:
            task.cancel()
        if service.sending in done:
            service.sending.result()  # the sender never ends by itself: let the reason be seen
    finally:
        notifier.say("STATUS=stopping")
        await service.stop()
        await asyncio.to_thread(works.close)


def _listen_on(settings: LmtpMailbox) -> str:
    """The address as the server takes it: host:port, or the path of a socket."""
    listen = settings.listen
    return str(listen) if isinstance(listen, Path) else f"{listen[0]}:{listen[1]}"


def _letters_of(turn: asyncio.Task[int]) -> int:
    """How many letters an ended turn tried; one that failed is logged, and the letters wait for the next."""
    error = turn.exception()
    if error is None:
        return turn.result()
    maillog.tick_failed(tick="sending", error=error)
    return 0


class _Service:
    """The loops of one configuration."""

    def __init__(
        self, works: Works, world: World, notifier: Notifier, queued: asyncio.Event, all_sent: threading.Event
    ) -> None:
        self._works = works
        self._world = world
        self._notifier = notifier
        self._queued = queued
        self._all_sent = all_sent  # that is due and can be; cleared by whoever queues letters
        self._transport = transport(works.config)
        self._dispatcher = dispatcher(works, self._transport, world)
        self._ticks = Ticks(lambda name, error: maillog.tick_failed(tick=name, error=error))
        self._watches: list[Watch] = []
        self._servers: list[LmtpServer] = []
        self._board: BoardLoop | None = None
        self._stopping = False
        self.sending: asyncio.Task[None]

    async def start(self) -> None:
        """Mailboxes are read, LMTP is listened to, letters are sent, ticks tick."""
        self.sending = asyncio.create_task(self._send())
        holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        for settings in self._works.config.mailboxes:
            source = source_of(settings)
            if isinstance(settings, LmtpMailbox):
                server = self._listen(settings)
                await asyncio.to_thread(server.start)
                self._servers.append(server)
                continue
            box = mailbox(settings, self._world.now, self._works.config.max_message_bytes)
            if box is not None:
                watch = Watch(
                    box,
                    source,
                    store=self._works.store,
                    intake=self._works.intake,
                    poll_interval=settings.poll_interval,
                    now=self._world.now,
                    random=self._world.random,
                    holder=holder,
                    make_way=self._make_way,
                )
                self._watches.append(watch)
                watch.start()
        self._keep_board(holder)
        self._ticks.every(FOLLOW_UP_EVERY, "follow-ups", self._follow_up)
        self._ticks.every(LOOK_EVERY, "health", self._look_after)
        self._ticks.every(RENEW_EVERY.total_seconds(), "leases", self._renew_leases)
        if self._notifier.watchdog_s:
            self._ticks.every(self._notifier.watchdog_s / 2, "watchdog", self._sign_of_life)
        self._ticks.start()

    def _keep_board(self, holder: str) -> None:
        folders, works = board(self._works.config, self._works.policy), self._works
        if folders is None:
            return
        now, on_queued = self._world.now, self._world.on_queued
        boarding = Boarding(works.store, works.postbox, folders, now=now, on_queued=on_queued)
        self._board = BoardLoop(folders, boarding, works.store, holder=holder, now=now, random=self._world.random)
        self._board.start()

    async def stop(self) -> None:
        """Nothing new begins; what is under way may end."""
        self._stopping = True
        self._ticks.stop()
        for watch in self._watches:
            watch.stop()
        if self._board is not None:
            self._board.stop()
        for server in self._servers:
            await asyncio.to_thread(server.stop)
        self._dispatcher.stop()
        self._queued.set()
        with suppress(asyncio.TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(self.sending), STOP_WITHIN)
        for watch in self._watches:
            await asyncio.to_thread(watch.join, STOP_WITHIN)
        if self._board is not None:
            await asyncio.to_thread(self._board.join, STOP_WITHIN)
        await self._transport.close()

    def status(self) -> str:
        """What systemd shows: what is read, and what is wrong."""
        down = [f"{watch.source.name}: {watch.trouble.error}" for watch in self._watches if watch.trouble]
        if self._board is not None and self._board.trouble:
            down.append(f"board: {self._board.trouble.error}")
        if self._dispatcher.trouble:
            down.append(f"relay: {self._dispatcher.trouble.error}")
        waits = sum(watch.stands_by for watch in self._watches)
        serving = f"serving {len(self._works.config.mailboxes) - waits} mailbox(es)"
        standing_by = f", standing by for {waits}" if waits else ""
        backlogs = "".join(f"; {words}" for watch in self._watches if (words := watch.progress.words))
        return f"STATUS={'; '.join(down) or serving}{standing_by}{backlogs}"

    def _listen(self, settings: LmtpMailbox) -> LmtpServer:
        # Most desks fetch their mail: they do without the library.
        from helpdesk.adapters.lmtp import LmtpServer

        source = source_of(settings)

        def accept(mail: Fetched) -> None:
            self._works.intake.take(source, [mail])

        limit = self._works.config.max_message_bytes
        return LmtpServer(_listen_on(settings), accept, max_bytes=limit, now=self._world.now)

    async def _send(self) -> None:
        """Send whatever is due, then sleep until something is queued or comes due.

        A turn that takes long (the relay hesitates at a letter) goes on beside the next ones; the dispatcher bounds
        how many letters are under way in all.
        """
        turns: set[asyncio.Task[int]] = set()
        while not self._stopping:
            self._queued.clear()
            turns.add(asyncio.create_task(self._dispatcher.send_due()))
            ended, turns = await asyncio.wait(turns, timeout=HESITATION, return_when=asyncio.FIRST_COMPLETED)
            if sum(_letters_of(turn) for turn in ended):
                continue
            if not self._queued.is_set():
                self._all_sent.set()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._queued.wait(), await asyncio.to_thread(self._until_due))
        self._dispatcher.stop()
        if turns:
            await asyncio.wait(turns)

    def _make_way(self) -> None:
        """Let the letters of the last batch leave before the next one is taken in; not called in the loop's thread.

        Taking mail in holds the database and the processor: without a pause the acknowledgements would leave when the
        whole backlog is through, however many hours that takes. A slow relay delays each batch by MAKE_WAY at most.
        """
        self._all_sent.wait(MAKE_WAY)

    def _until_due(self) -> float:
        """Seconds until the next letter is due, at most LOOK_EVERY."""
        try:
            due_at = None if self._works.store.paused() else self._works.store.next_letter_due()
        except HelpdeskError as error:
            maillog.tick_failed(tick="sending", error=error)
            return LOOK_EVERY
        if self._dispatcher.trouble:
            due_at = max(filter(None, (due_at, self._dispatcher.trouble.retry_at)))
        if due_at is None:
            return LOOK_EVERY
        return min(max((due_at - self._world.now()).total_seconds(), 0.05), LOOK_EVERY)

    async def _follow_up(self) -> None:
        works = self._works
        happened = await asyncio.to_thread(works.upkeep.follow_up)
        tried = await asyncio.to_thread(works.intake.retry_poisoned, self._source)
        listed = await asyncio.to_thread(works.upkeep.send_lists)
        rounds = await asyncio.to_thread(works.upkeep.make_rounds)
        if happened or tried or listed or rounds:
            self._queued.set()
        # In small steps, so that mail that comes meanwhile need not wait for all of it.
        indexed = 1
        while indexed and not self._stopping:
            indexed = await asyncio.to_thread(works.store.index_words)

    def _source(self, name: str) -> Source:
        return next(
            (source_of(one) for one in self._works.config.mailboxes if one.name == name),
            source_of(self._works.config.mailboxes[0]),
        )

    async def _look_after(self) -> None:
        """Whatever has been down for long is told to the leads."""
        self._notifier.say(self.status())
        now = self._world.now()
        down = [(f"mailbox {watch.source.name} cannot be read", watch.trouble) for watch in self._watches]
        if self._board is not None:
            down.append(("mailbox of the board cannot be reached", self._board.trouble))
        for what, trouble in down:
            if trouble and now - trouble.since >= LOUD_AFTER:
                since = f"{trouble.since:%Y-%m-%d %H:%M} UTC"
                words = f"{what} since {since}: {trouble.error}"
                await asyncio.to_thread(self._works.upkeep.tell_leads, words, f"mailbox down {since}")
                self._queued.set()

    async def _renew_leases(self) -> None:
        for watch in self._watches:
            await asyncio.to_thread(watch.renew)

    async def _sign_of_life(self) -> None:
        """The watchdog is fed only while every loop lives."""
        if not self.sending.done() and all(watch.alive for watch in self._watches):
            self._notifier.say("WATCHDOG=1")
