"""In which order waiting mail is taken in, how far the cursor is true, and what is told of a backlog."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.adapters.store import open_store
from helpdesk.config import load
from helpdesk.daemon.building import World, build
from helpdesk.draining import BATCH, LISTED, Progress, drain, tidy, time_left
from helpdesk.errors import TemporaryError
from helpdesk.intake import Intake, Source
from helpdesk.ports import Cursor, Fetched, MailKey, Place, Store
from tests.fakes.mailbox import FakeMailbox

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SOURCE = Source(name="support", desk="support")
CONFIG = """
[helpdesk]
name = "Support"
address = "support@help.test"
packs = []
max_message_mb = 1
[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
[smtp]
kind = "maildir"
path = "out"
[[agent]]
name = "Ivan"
addresses = ["ivan@help.test"]
"""


class Watched(FakeMailbox):
    """Remembers which uids were fetched at a time; `after_fetch` may do something then."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[list[int]] = []
        self.after_fetch: Callable[[], None] = lambda: None

    def fetch(self, keys: Sequence[MailKey]) -> Sequence[Fetched]:
        mails = super().fetch(keys)
        self.fetched.append([mail.key.uid for mail in mails])
        self.after_fetch()
        return mails


@dataclass
class Desk:
    """A desk and the mailbox that it reads."""

    store: Store
    intake: Intake
    mailbox: Watched = field(default_factory=Watched)

    def arrive(self, mails: int) -> None:
        for _ in range(mails):
            number = len(self.mailbox.inbox) + len(self.settled())
            raw = f"From: c{number}@shop.test\r\nMessage-ID: <{number}@shop.test>\r\nSubject: Order\r\n\r\nHi\r\n"
            self.mailbox.arrive(raw.encode(), NOW)

    def drain(self, **how: Callable[..., object]) -> Cursor:
        with self.store.unit() as unit:
            cursor = self.mailbox.connect(unit.cursor("support"))
        tidy(self.intake, self.mailbox, SOURCE, cursor)
        return drain(self.intake, self.mailbox, SOURCE, cursor, **how)  # type: ignore[arg-type]

    def cursor(self) -> int:
        """How far the store says that everything is settled."""
        with self.store.unit() as unit:
            kept = unit.cursor("support")
        return kept.uid if kept else 0

    def settled(self) -> list[int]:
        return sorted(mail.key.uid for mails in self.mailbox.places.values() for mail in mails)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "config.toml").write_text(CONFIG)
    config = load(tmp_path / "config.toml", environ={})
    world = World(now=lambda: NOW, random=lambda: 0.5, nonce=lambda: bytes(16))
    works = build(config, world, store=open_store(f"sqlite:///{tmp_path}/desk.db"), workers=False)
    yield Desk(works.store, works.intake)
    works.close()


def uids(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


def test_a_batch_of_the_newest_follows_each_batch_of_the_oldest(desk: Desk) -> None:
    desk.arrive(4 * BATCH)
    assert desk.drain().uid == 4 * BATCH
    assert desk.mailbox.fetched == [
        uids(1, BATCH),
        uids(3 * BATCH + 1, 4 * BATCH),
        uids(BATCH + 1, 2 * BATCH),
        uids(2 * BATCH + 1, 3 * BATCH),
    ]
    assert desk.settled() == uids(1, 4 * BATCH)


def test_who_writes_during_a_backlog_does_not_wait_for_it(desk: Desk) -> None:
    desk.arrive(6 * BATCH)
    pauses: list[int] = []

    def make_way() -> None:
        pauses.append(len(desk.mailbox.fetched))
        if len(pauses) == 3:
            desk.arrive(1)

    desk.drain(make_way=make_way)
    late = 6 * BATCH + 1
    # Others may work after each batch of the oldest. When the third pause began, the next batch was perhaps fetched
    # already; what came in the pause is taken after that one at the latest.
    assert [late] in desk.mailbox.fetched[4:6]
    assert desk.settled() == uids(1, late)


def test_a_few_mails_wait_for_nobody(desk: Desk) -> None:
    desk.arrive(3)
    pauses: list[None] = []
    desk.drain(make_way=lambda: pauses.append(None))
    assert (desk.mailbox.fetched, pauses) == ([[1, 2, 3]], [])


def test_cursor_stands_before_what_only_the_newest_have_passed(desk: Desk) -> None:
    desk.arrive(4 * BATCH)
    desk.drain(stop=lambda: desk.intake.taken == 2 * BATCH)
    # What was read ahead of its turn has left no trace.
    assert len(desk.store.queue()) == 2 * BATCH
    assert desk.settled() == [*uids(1, BATCH), *uids(3 * BATCH + 1, 4 * BATCH)]
    assert desk.cursor() == BATCH


def test_newest_mail_is_not_taken_twice_after_a_crash(desk: Desk) -> None:
    desk.arrive(4 * BATCH)

    def break_off() -> None:
        if len(desk.mailbox.fetched) == 3:
            raise TemporaryError("the line breaks after the commit of the newest")

    desk.mailbox.after_fetch = break_off
    with pytest.raises(TemporaryError):
        desk.drain()
    assert (desk.cursor(), desk.settled()) == (BATCH, [])

    desk.mailbox.after_fetch = lambda: None
    desk.mailbox.fetched.clear()
    desk.drain()
    # The committed ones were fetched once more, to be compared before they were moved away.
    assert sorted(uid for batch in desk.mailbox.fetched for uid in batch) == uids(1, 4 * BATCH)
    assert (desk.cursor(), desk.settled()) == (4 * BATCH, uids(1, 4 * BATCH))
    assert len(desk.store.queue()) == 4 * BATCH


def test_next_batch_is_fetched_while_this_one_is_worked_on(desk: Desk) -> None:
    desk.arrive(4 * BATCH)
    fetched_twice = threading.Event()
    desk.mailbox.after_fetch = lambda: fetched_twice.set() if len(desk.mailbox.fetched) == 2 else None
    seen: list[bool] = []
    desk.drain(make_way=lambda: seen.append(fetched_twice.wait(30)))
    assert seen == [True, True]


def test_nobody_fetches_any_more_once_a_batch_has_failed(desk: Desk) -> None:
    """The connection is closed then, which another thread must not use."""
    desk.arrive(4 * BATCH)
    failed = threading.Event()

    def hold() -> None:
        if len(desk.mailbox.fetched) == 2:
            failed.wait(30)
            desk.mailbox.after_fetch = lambda: None

    def fail(waiting: int) -> None:
        failed.set()
        raise TemporaryError("the database is away")

    desk.mailbox.after_fetch = hold
    with pytest.raises(TemporaryError):
        desk.drain(on_waiting=fail)
    assert desk.mailbox.after_fetch is not hold
    # The batch that was fetched ahead is not lost.
    assert len(desk.store.queue()) == BATCH
    desk.drain()
    assert len(desk.store.queue()) == 4 * BATCH


def test_what_was_committed_is_moved_away_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.arrive(LISTED + 4 * BATCH)
    settle, moves = desk.mailbox.settle, []

    def watched(keys: Sequence[MailKey], place: Place) -> None:
        moves.append(len(keys))
        settle(keys, place)

    monkeypatch.setattr(desk.mailbox, "settle", watched)
    desk.drain()
    assert sum(moves) == LISTED + 4 * BATCH
    assert len(moves) <= 3


def test_mail_that_cannot_be_given_yet_holds_the_cursor_and_nobody_else(desk: Desk) -> None:
    desk.arrive(LISTED + 3 * BATCH)
    desk.mailbox.without_payload = {7, LISTED + 5}
    desk.drain()
    assert desk.cursor() == 6
    assert set(desk.mailbox.inbox) == {7, LISTED + 5}

    desk.mailbox.without_payload = set()
    desk.drain()
    assert desk.cursor() == LISTED + 5
    assert not desk.mailbox.inbox


def test_listing_goes_on_behind_mails_that_were_taken_before(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server that lets nothing be moved, all that was taken still lies there."""
    monkeypatch.setattr(desk.mailbox, "settle", lambda keys, place: None)
    desk.arrive(LISTED + 2 * BATCH)
    desk.drain()
    # The newest are met again where the cursor goes, and compared; nothing is taken twice.
    fetched = [uid for batch in desk.mailbox.fetched for uid in batch]
    assert sorted(set(fetched)) == uids(1, LISTED + 2 * BATCH)
    assert len(fetched) == LISTED + 3 * BATCH
    assert len(desk.store.queue()) == LISTED + 2 * BATCH
    assert desk.cursor() == LISTED + 2 * BATCH


def test_mail_that_is_too_large_is_answered_and_moved_aside(desk: Desk) -> None:
    desk.mailbox.max_bytes = 1024 * 1024
    desk.mailbox.arrive(b"From: Anna <anna@shop.test>\r\nSubject: Photos\r\n\r\n" + b"x" * 70 * 20_000, NOW)
    desk.arrive(1)
    desk.drain()
    (entry,) = desk.store.quarantined()
    assert (entry.subject, entry.error) == ("Photos", "TooLarge: 1.3 MB, max_message_mb allows 1")
    # Only the headers were fetched; the mail itself is kept on the server.
    assert desk.store.quarantine_raw(entry.id) == b"From: Anna <anna@shop.test>\r\nSubject: Photos\r\n\r\n"
    assert [len(mail.raw) > 1024 * 1024 for mail in desk.mailbox.places[Place.QUARANTINE]] == [True]
    letters = {(one.event, one.recipients[0].address) for one in desk.store.outbox() if "Photos" in one.subject}
    assert letters == {("too-large", "anna@shop.test"), ("notify", "ivan@help.test")}
    assert desk.cursor() == 2


def test_mail_in_quarantine_that_a_crash_left_behind_goes_there_on_the_server_too(desk: Desk) -> None:
    desk.mailbox.max_bytes = 1024 * 1024
    desk.mailbox.arrive(b"From: Anna <anna@shop.test>\r\nSubject: Photos\r\n\r\n" + b"x" * 70 * 20_000, NOW)
    desk.arrive(1)
    desk.drain()
    for place in Place:
        (mail,) = desk.mailbox.places[place]
        desk.mailbox.inbox[mail.key.uid] = mail
        desk.mailbox.places[place].clear()
    desk.drain()
    left = {place: [mail.key.uid for mail in mails] for place, mails in desk.mailbox.places.items()}
    assert left == {Place.QUARANTINE: [1], Place.DONE: [2]}
    assert len(desk.store.quarantined()) == 1


def test_backlog_is_told_with_the_time_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = [NOW]
    progress = Progress("support", lambda: clock[0])
    progress.still_wait(10_000)
    assert progress.words == "support: 10000 mails wait"
    for waiting in (9_900, 9_000):
        clock[0] += timedelta(seconds=10)
        progress.still_wait(waiting)
    clock[0] += timedelta(seconds=1)
    progress.still_wait(8_950)
    assert progress.words == "support: 8950 mails wait, 0:02:59 left"
    # At most one line in ten seconds.
    assert [record.getMessage() for record in caplog.records] == [
        "backlog mailbox=support waiting=10000 left=-",
        "backlog mailbox=support waiting=9900 left=990s",
        "backlog mailbox=support waiting=9000 left=180s",
    ]
    progress.is_over()
    assert progress.words == ""


def test_everyday_mail_is_no_backlog(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    progress = Progress("support", lambda: NOW)
    progress.still_wait(40)
    assert (progress.words, caplog.records) == ("", [])


@pytest.mark.parametrize(("done", "left"), [(0, None), (-5, None), (10, timedelta(seconds=90))])
def test_time_left_follows_the_pace_so_far(done: int, left: timedelta | None) -> None:
    # A backlog that grows has no end in sight.
    assert time_left(timedelta(seconds=30), done, 30) == left
