"""What every Mailbox promises, checked on the fake, on a Maildir and on two IMAP servers (pymap, Dovecot)."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from imapclient import IMAPClient

from helpdesk.adapters.imap import ImapMailbox, ImapSettings, Security
from helpdesk.adapters.maildir import SUBFOLDERS, MaildirMailbox
from helpdesk.ports import Cursor, Fetched, Mailbox, Place
from helpdesk.raw import LargeRaw
from tests.fakes.mailbox import FakeMailbox
from tests.stack import HOST, PASSWORD, MailStack

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MANY = 1_000
MAX_BYTES = 3_000_000
LONG_S = 20.0  # a `wait` that is not ended early shows as a slow failure, not as a hang
NUMBERS = itertools.count(1)


def mail(subject: str) -> bytes:
    return f"From: a@shop.test\r\nSubject: {subject}\r\n\r\nПривет\r\n".encode()


class World(Protocol):
    """A mailbox and the server's side of it."""

    has_cursor: bool

    @property
    def mailbox(self) -> Mailbox: ...
    def arrive(self, raw: bytes, arrived_at: datetime = NOW) -> None: ...
    def settled(self, place: Place) -> list[bytes]: ...
    def marks(self) -> object:
        """Whatever reading a mail could change on the server: flags, names."""


class FakeWorld:
    has_cursor = True

    def __init__(self) -> None:
        self.mailbox = FakeMailbox()
        self.mailbox.max_bytes = MAX_BYTES

    def arrive(self, raw: bytes, arrived_at: datetime = NOW) -> None:
        # A server's clock may run ahead of ours; what we are told of it never does.
        self.mailbox.arrive(raw, min(arrived_at, NOW))

    def settled(self, place: Place) -> list[bytes]:
        return [bytes(mail.raw) for mail in self.mailbox.places[place]]

    def marks(self) -> object:
        return dict(self.mailbox.inbox)


class MaildirWorld:
    has_cursor = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mailbox = MaildirMailbox("support", path, now=lambda: NOW, max_bytes=MAX_BYTES)

    def arrive(self, raw: bytes, arrived_at: datetime = NOW) -> None:
        written = self.path / "tmp" / f"{next(NUMBERS)}.host"
        written.write_bytes(raw)
        os.utime(written, (arrived_at.timestamp(), arrived_at.timestamp()))
        written.rename(self.path / "new" / written.name)

    def settled(self, place: Place) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.path / SUBFOLDERS[place] / "cur").iterdir())]

    def marks(self) -> object:
        return sorted((path.name, path.stat().st_mtime_ns) for path in (self.path / "new").iterdir())


class ImapWorld:
    has_cursor = True

    def __init__(self, port: int, user: str, password: str) -> None:
        self.person = IMAPClient(HOST, port=port, ssl=False, timeout=10)
        self.person.login(user, password)
        self.folder = f"Inbox{next(NUMBERS)}"
        self.person.create_folder(self.folder)
        self.settings = ImapSettings(
            name="support",
            host=HOST,
            port=port,
            security=Security.NONE,
            user=user,
            password=lambda: password,
            folder=self.folder,
            done_folder=f"{self.folder}-Helpdesk/Done",
            quarantine_folder=f"{self.folder}-Helpdesk/Quarantine",
            first_start="all",
            max_bytes=MAX_BYTES,
        )
        self.mailbox = ImapMailbox(self.settings, now=lambda: NOW)

    def arrive(self, raw: bytes, arrived_at: datetime = NOW) -> None:
        self.person.append(self.folder, raw, msg_time=arrived_at)

    def settled(self, place: Place) -> list[bytes]:
        folder = self.settings.done_folder if place is Place.DONE else self.settings.quarantine_folder
        self.person.select_folder(folder, readonly=True)
        answers = self.person.fetch(self.person.search(), ["BODY.PEEK[]"])
        return [answers[uid][b"BODY[]"] for uid in sorted(answers)]

    def marks(self) -> object:
        self.person.select_folder(self.folder, readonly=True)
        # Recent is the server's own mark, and which of two sessions sees it is left to chance.
        return {uid: set(flags) - {b"\\Recent"} for uid, flags in self.person.get_flags(self.person.search()).items()}


@pytest.fixture(scope="session")
def pymap_port() -> Iterator[int]:
    """A pymap server with the user demouser, as a child process."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("pymap")), "--host", HOST, "--port", str(port), "--no-tls", "dict"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 15
        while True:
            with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
                break
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(params=["fake", "maildir", "pymap", "dovecot"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
    elif request.param == "maildir":
        yield MaildirWorld(tmp_path)
    else:
        if request.param == "pymap":
            imap = ImapWorld(request.getfixturevalue("pymap_port"), "demouser", "demopass")
        else:
            stack: MailStack = request.getfixturevalue("mailstack")
            imap = ImapWorld(stack.ports.imap, "contract@help.test", PASSWORD)
        yield imap
        imap.mailbox.close()
        imap.person.logout()


def read_all(mailbox: Mailbox, cursor: Cursor) -> list[bytes]:
    return [bytes(fetched.raw) for fetched in mailbox.fetch(mailbox.waiting(cursor, MANY).keys)]


def test_mail_comes_as_it_was_sent_with_its_arrival(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("printer"), NOW - timedelta(hours=1))
    (key,) = world.mailbox.waiting(cursor, MANY).keys
    assert world.mailbox.fetch([key]) == [
        Fetched(key=key, raw=mail("printer"), arrived_at=NOW - timedelta(hours=1))
    ]  # fmt: skip


def test_waiting_mail_is_listed_oldest_first(world: World) -> None:
    cursor = world.mailbox.connect(None)
    for hour, subject in enumerate(["first", "second", "third"]):
        world.arrive(mail(subject), NOW - timedelta(hours=9 - hour))
    assert read_all(world.mailbox, cursor) == [mail("first"), mail("second"), mail("third")]


def test_nothing_waits_in_an_empty_mailbox(world: World) -> None:
    cursor = world.mailbox.connect(None)
    assert list(world.mailbox.waiting(cursor, MANY).keys) == []
    assert list(world.mailbox.left_behind(cursor, 10)) == []


def test_long_lists_are_given_in_parts(world: World) -> None:
    cursor = world.mailbox.connect(None)
    subjects = [f"mail {number:03}" for number in range(70)]
    for number, subject in enumerate(subjects):
        world.arrive(mail(subject), NOW - timedelta(hours=9) + timedelta(seconds=number))
    first = world.mailbox.waiting(cursor, 20)
    assert (len(first.keys), first.count, first.is_all) == (20, 70, False)
    assert [fetched.raw for fetched in world.mailbox.fetch(first.keys)] == [mail(subject) for subject in subjects[:20]]
    world.mailbox.settle(first.keys, Place.DONE)
    second = world.mailbox.waiting(first.next, MANY)
    assert (len(second.keys), second.count, second.is_all) == (50, 50, True)
    assert read_all(world.mailbox, first.next) == [mail(subject) for subject in subjects[20:]]
    assert list(world.mailbox.waiting(second.next, MANY).keys) == ([] if world.has_cursor else second.keys)


def test_newest_mail_can_be_listed_without_the_rest(world: World) -> None:
    cursor = world.mailbox.connect(None)
    subjects = [f"mail {number:03}" for number in range(60)]
    for number, subject in enumerate(subjects):
        world.arrive(mail(subject), NOW - timedelta(hours=9) + timedelta(seconds=number))
    newest = world.mailbox.waiting(cursor, 5).newest
    assert read_all(world.mailbox, newest) == [mail(subject) for subject in subjects[10:]]
    world.mailbox.settle(world.mailbox.waiting(newest, MANY).keys, Place.DONE)
    world.arrive(mail("late"), NOW)
    assert read_all(world.mailbox, newest) == [mail("late")]
    assert len(world.mailbox.waiting(cursor, MANY).keys) == 11


def test_large_mail_comes_as_it_was_sent_without_filling_the_memory(world: World) -> None:
    cursor = world.mailbox.connect(None)
    large = mail("large") + b"".join(b"line %d\r\n" % number for number in range(150_000))
    for hour, raw in enumerate((mail("before"), large, mail("after"))):
        world.arrive(raw, NOW - timedelta(hours=9 - hour))
    fetched = world.mailbox.fetch(world.mailbox.waiting(cursor, MANY).keys)
    assert [bytes(one.raw) for one in fetched] == [mail("before"), large, mail("after")]
    assert isinstance(world, FakeWorld) or [type(one.raw) for one in fetched] == [bytes, LargeRaw, bytes]


def test_of_a_mail_that_is_too_large_only_the_headers_are_fetched(world: World) -> None:
    cursor = world.mailbox.connect(None)
    large = mail("large") + b"x" * 70 + b"\r\n" * (MAX_BYTES // 2)
    for hour, raw in enumerate((mail("before"), large, mail("after"))):
        world.arrive(raw, NOW - timedelta(hours=9 - hour))
    fetched = world.mailbox.fetch(world.mailbox.waiting(cursor, MANY).keys)
    assert [(one.raw, one.too_large) for one in fetched] == [
        (mail("before"), 0),
        (b"From: a@shop.test\r\nSubject: large\r\n\r\n", len(large)),
        (mail("after"), 0),
    ]


def test_mail_is_fetched_in_the_order_asked_for(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("first"), NOW - timedelta(hours=2))
    world.arrive(mail("second"), NOW - timedelta(hours=1))
    backwards = list(world.mailbox.waiting(cursor, MANY).keys)[::-1]
    assert [fetched.key for fetched in world.mailbox.fetch(backwards)] == backwards


def test_mail_that_is_gone_is_left_out(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("first"))
    (key,) = world.mailbox.waiting(cursor, MANY).keys
    gone = dataclasses.replace(key, uid=key.uid + 4711)
    assert [fetched.key for fetched in world.mailbox.fetch([gone, key])] == [key]


def test_key_of_another_validity_names_no_mail(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("first"))
    (key,) = world.mailbox.waiting(cursor, MANY).keys
    stale = dataclasses.replace(key, validity=key.validity + 1)
    world.mailbox.settle([stale], Place.DONE)
    assert list(world.mailbox.fetch([stale])) == []
    assert list(world.mailbox.waiting(cursor, MANY).keys) == [key]


def test_reading_leaves_no_mark(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("first"))
    before = world.marks()
    read_all(world.mailbox, cursor)
    assert world.marks() == before


@pytest.mark.parametrize("place", list(Place))
def test_settled_mail_lies_in_its_place_and_the_rest_waits(world: World, place: Place) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("first"), NOW - timedelta(hours=1))
    world.arrive(mail("second"))
    first, second = world.mailbox.waiting(cursor, MANY).keys
    world.mailbox.settle([first], place)
    assert world.settled(place) == [mail("first")]
    assert list(world.mailbox.waiting(cursor, MANY).keys) == [second]


def test_settling_twice_is_harmless(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("first"))
    keys = world.mailbox.waiting(cursor, MANY).keys
    world.mailbox.settle(keys, Place.DONE)
    world.mailbox.settle(keys, Place.DONE)
    assert world.settled(Place.DONE) == [mail("first")]


def test_arrival_is_never_later_than_now(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("tomorrow"), NOW + timedelta(days=1))
    (fetched,) = world.mailbox.fetch(world.mailbox.waiting(cursor, MANY).keys)
    assert fetched.arrived_at == NOW


def test_mail_behind_the_cursor_only_waits(world: World) -> None:
    cursor = world.mailbox.connect(None)
    if not world.has_cursor:
        assert cursor.uid == 0
        return
    for hour, subject in enumerate(["first", "second", "third"]):
        world.arrive(mail(subject), NOW - timedelta(hours=9 - hour))
    first, second, third = world.mailbox.waiting(cursor, MANY).keys
    moved = dataclasses.replace(cursor, uid=second.uid)
    assert list(world.mailbox.waiting(moved, MANY).keys) == [third]
    assert list(world.mailbox.left_behind(moved, 10)) == [second, first]
    assert list(world.mailbox.left_behind(moved, 1)) == [second]


def test_cursor_that_still_holds_is_given_back(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.arrive(mail("first"))
    (key,) = world.mailbox.waiting(cursor, MANY).keys
    moved = dataclasses.replace(cursor, uid=key.uid if world.has_cursor else 0)
    world.mailbox.close()
    assert world.mailbox.connect(moved) == moved


def test_mail_that_arrived_since_the_last_look_ends_the_wait(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.mailbox.waiting(cursor, MANY)
    world.arrive(mail("first"))
    assert world.mailbox.wait(LONG_S) is True
    assert len(world.mailbox.waiting(cursor, MANY).keys) == 1


def test_mail_that_arrives_meanwhile_ends_the_wait(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.mailbox.waiting(cursor, MANY)
    sender = threading.Timer(0.1, world.arrive, [mail("first")])
    sender.start()
    assert world.mailbox.wait(LONG_S) is True
    sender.join()


def test_wait_without_mail_ends_with_its_time(world: World) -> None:
    cursor = world.mailbox.connect(None)
    world.mailbox.waiting(cursor, MANY)
    assert world.mailbox.wait(0.05) is False


@pytest.mark.parametrize("delay_s", [0.0, 0.1])
def test_wake_ends_the_wait_of_another_thread(world: World, delay_s: float) -> None:
    cursor = world.mailbox.connect(None)
    world.mailbox.waiting(cursor, MANY)
    ringer = threading.Timer(delay_s, world.mailbox.wake)
    ringer.start()
    assert world.mailbox.wait(LONG_S) is False
    ringer.join()


def test_closing_twice_is_harmless(world: World) -> None:
    world.mailbox.connect(None)
    world.mailbox.close()
    world.mailbox.close()
