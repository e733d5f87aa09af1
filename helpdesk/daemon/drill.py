"""One pass of the daemon (`once`): all mail that waits, every follow-up and letter that is due, then the end.

With another clock it is a drill: it acts as if it were then, though never before what the desk has already seen, so
that a ticket's clock does not run backwards and no follow-up comes a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from helpdesk.config import Config
from helpdesk.core.outgoing import OutboxState
from helpdesk.daemon import real_world, utc_now
from helpdesk.daemon.building import Works, World, build, dispatcher, mailbox, source_of, transport
from helpdesk.draining import Progress, drain, tidy
from helpdesk.errors import HelpdeskError
from helpdesk.intake import Intake, Source
from helpdesk.ports import Cursor, Mailbox, Place, Store
from helpdesk.postbox import Postbox
from helpdesk.rehearsal import rehearse
from helpdesk.upkeep import Upkeep


@dataclass(slots=True)
class Done:
    """What one pass did; `trouble` is the first server that was not there (the others were served)."""

    mails: int = 0
    follow_ups: int = 0
    letters: int = 0
    trouble: HelpdeskError | None = None


async def once(config: Config, at: datetime | None) -> Done:
    """One pass, now or as if it were `at`."""
    done = Done()
    world = real_world()
    works = await asyncio.to_thread(build, config, world)
    try:
        now = _clock(works.store, at)
        world = replace(world, now=now)
        works = _with_clock(works, now)
        for settings in config.mailboxes:
            box = mailbox(settings, now, config.max_message_bytes)
            if box is None:
                continue
            try:
                done.mails += await asyncio.to_thread(_drain, works, box, source_of(settings))
            except HelpdeskError as error:
                done.trouble = done.trouble or error
            finally:
                box.close()
        done.follow_ups = await asyncio.to_thread(works.upkeep.follow_up)
        sources = {one.name: source_of(one) for one in config.mailboxes}
        first = source_of(config.mailboxes[0])
        await asyncio.to_thread(works.intake.retry_poisoned, lambda name: sources.get(name, first))
        await asyncio.to_thread(works.upkeep.send_lists)
        await asyncio.to_thread(works.upkeep.make_rounds)
        done.letters = await _send(works, config, world, done)
    finally:
        await asyncio.to_thread(works.close)
    return done


def would_leave(config: Config, at: datetime | None) -> Iterator[str]:
    """What one pass would send, a line each; nothing is changed, on the servers or here."""
    works = build(config, real_world())
    try:
        now = _clock(works.store, at)
        for entry in works.store.outbox():
            due = entry.next_attempt_at
            if entry.state is OutboxState.QUEUED and (due is None or due <= now()):
                recipients = ", ".join(one.address for one in entry.recipients)
                yield f"{entry.event} to {recipients}: {entry.subject}"
        with rehearse(works.store) as rehearsal:
            played = _with_clock(replace(works, store=cast(Store, rehearsal)), now)
            for settings in config.mailboxes:
                box = mailbox(settings, now, config.max_message_bytes)
                if box is not None:
                    try:
                        _drain(played, cast(Mailbox, _LeftAlone(box)), source_of(settings))
                    finally:
                        box.close()
            played.upkeep.follow_up()
            for letter, _, composed in rehearsal.letters:
                yield f"{letter.event.value} to {letter.to.address}: {composed.subject}"
    finally:
        works.close()


def _clock(store: Store, at: datetime | None) -> Callable[[], datetime]:
    """The clock of this pass. A drill stands still at `at`, or at the newest moment that the desk has seen."""
    if at is None:
        return utc_now
    seen = store.latest_time()
    # A moment later, so that what happens now sorts behind what was there.
    moment = at if seen is None or at > seen else seen + timedelta(microseconds=1)
    return lambda: moment


def _with_clock(works: Works, now: Callable[[], datetime]) -> Works:
    """The same works by another clock (and with the store that they hold)."""
    postbox: Postbox = works.postbox
    return replace(
        works,
        intake=Intake(works.store, works.reader, postbox, now=now, max_bytes=works.config.max_message_bytes),
        upkeep=Upkeep(works.store, postbox, now=now),
    )


def _drain(works: Works, box: Mailbox, source: Source) -> int:
    """Take everything that waits in one mailbox; answers how many mails that were."""
    with works.store.unit() as unit:
        known = unit.cursor(source.name)
    cursor: Cursor = box.connect(known)
    if cursor != known and cursor.validity:
        with works.store.unit() as unit:
            unit.save_cursor(source.name, cursor)
    tidy(works.intake, box, source, cursor)
    before = works.intake.taken
    drain(works.intake, box, source, cursor, on_waiting=Progress(source.name, utc_now).still_wait)
    return works.intake.taken - before


async def _send(works: Works, config: Config, world: World, done: Done) -> int:
    """Send all that is due; stop when the relay is away."""
    relay = transport(config)
    sender = dispatcher(works, relay, world)
    await asyncio.to_thread(works.store.begin_sending, world.now())
    letters = 0
    try:
        while sent := await sender.send_due():
            letters += sent
        if sender.trouble and isinstance(sender.trouble.error, HelpdeskError):
            done.trouble = done.trouble or sender.trouble.error
    finally:
        await relay.close()
    return letters


class _LeftAlone:
    """A mailbox from which nothing is moved."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self.name = box.name

    def __getattr__(self, name: str) -> object:
        return getattr(self._box, name)

    def settle(self, keys: object, place: Place) -> None:
        """A rehearsal moves no mail."""
