"""A desk to measure: the true works on a database of its own, a Maildir in and a clock that mail moves on.

The clock moves by half a minute with each mail: a busy desk (2,880 mails a day) on which no bound of interface.md
section 3 is reached, so that every mail is answered and every agent told.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from benchmarks.letters import DESK, Acknowledged
from benchmarks.watched import Watch, watched_mailbox, watched_postbox, watched_reader, watched_store
from helpdesk.adapters.store.engine import make_engine
from helpdesk.adapters.store.models import OUTBOX
from helpdesk.config import load
from helpdesk.core.outgoing import Delivery, Event
from helpdesk.daemon.building import World, build, dispatcher, mailbox, source_of
from helpdesk.draining import drain
from helpdesk.intake import Intake
from helpdesk.ports import Transport
from helpdesk.raw import Raw

SPACING = timedelta(seconds=30)

CONFIG = """
[helpdesk]
name = "Support"
address = "{desk}"
language = "ru"
timezone = "Europe/Kyiv"
database = "{database}"
undo_window = "0s"

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
desk = "support"

[smtp]
kind = "maildir"
path = "out"

[[agent]]
name = "Ivan"
addresses = ["ivan@desk.example"]
lead = true
"""


class Bench:
    """The works, and what of their processor time went where. `folder` is made and stays."""

    def __init__(self, database: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "in").mkdir(exist_ok=True)
        (folder / "config.toml").write_text(CONFIG.format(desk=DESK, database=database))
        self._folder = folder
        self._database = database
        self._count = 0
        # A Maildir knows its mails by their names: those of an old desk must not come again.
        self._mark = os.urandom(8).hex()
        self._at = datetime.now(UTC)
        config = load(folder / "config.toml", environ=os.environ)
        self._world = World(now=lambda: self._at, random=random.random, nonce=lambda: os.urandom(16))
        self.works = build(config, self._world, workers=False)
        self.watch = Watch()
        self._intake = Intake(
            watched_store(self.works.store, self.watch),
            watched_reader(self.works.reader, self.watch),
            watched_postbox(self.works.postbox, self.watch),
            now=self._next_moment,
            max_bytes=config.max_message_bytes,
        )
        self._source = source_of(config.mailboxes[0])
        box = mailbox(config.mailboxes[0], lambda: self._at, config.max_message_bytes)
        assert box is not None
        self._mailbox = watched_mailbox(box, self.watch)
        self._cursor = self._mailbox.connect(None)
        self.pass_over()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.works.close()

    def engine(self) -> sa.Engine:
        """Connections of the benchmark's own."""
        return make_engine(self._database)

    def take(self, mails: Sequence[bytes]) -> list[Acknowledged]:
        """Put mails into the Maildir and take them; the acknowledgements that were queued."""
        for raw in mails:
            self._count += 1
            beside = self._folder / "in" / "tmp" / f"{self._count:09}.{self._mark}"
            beside.write_bytes(raw)
            beside.rename(self._folder / "in" / "new" / beside.name)
        self.watch.start()
        self._cursor = drain(self._intake, self._mailbox, self._source, self._cursor)
        self.watch.stop()
        return self._acknowledged()

    def pass_over(self) -> None:
        """Letters that are there by now are nobody's acknowledgements."""
        engine = self.engine()
        with engine.connect() as connection:
            self._newest = int(connection.execute(sa.select(sa.func.max(OUTBOX.c.id))).scalar() or 0)
        engine.dispose()

    def send_all(self) -> int:
        """Send all letters that wait to a relay that takes them at once; how many they were."""
        relay = _Relay()

        async def send() -> None:
            sender = dispatcher(self.works, relay, self._world)
            sent = -1
            while sent != relay.taken:
                sent = relay.taken
                await sender.send_due()

        asyncio.run(send())
        return relay.taken

    def _next_moment(self) -> datetime:
        self._at += SPACING
        return self._at

    def _acknowledged(self) -> list[Acknowledged]:
        engine = self.engine()
        chosen = sa.select(OUTBOX.c.id, OUTBOX.c.to_address, OUTBOX.c.ticket, OUTBOX.c.message_id)
        with engine.connect() as connection:
            rows = connection.execute(
                chosen.where(OUTBOX.c.id > self._newest, OUTBOX.c.event == Event.OPENED).order_by(OUTBOX.c.id)
            ).all()
        engine.dispose()
        self._newest = rows[-1].id if rows else self._newest
        return [Acknowledged(row.to_address, row.ticket, row.message_id) for row in rows]


class _Relay(Transport):
    """A relay that takes everything at once: what is left is our own part of sending."""

    def __init__(self) -> None:
        self.taken = 0

    async def probe(self) -> None:
        return None

    async def send(self, envelope_from: str, recipients: Sequence[str], raw: Raw) -> Sequence[Delivery]:
        self.taken += 1
        return [Delivery(recipient, 250, "taken") for recipient in recipients]

    async def close(self) -> None:
        return None
