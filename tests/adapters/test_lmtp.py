"""The LMTP server: 250 means committed, one answer per recipient, nothing else is ever promised."""

from __future__ import annotations

import re
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from helpdesk.adapters.lmtp import LmtpServer
from helpdesk.errors import PermanentError, TemporaryError
from helpdesk.ports import Fetched
from helpdesk.raw import LargeRaw
from tests.stack import HOST, MailStack

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RAW = b"Subject: printer\r\n\r\n.broken\r\n"
Start = Callable[..., LmtpServer]


class Desk:
    """Keeps what it accepts; `error` is raised instead of keeping."""

    def __init__(self) -> None:
        self.kept: list[Fetched] = []
        self.error: Exception | None = None

    def accept(self, mail: Fetched) -> None:
        if self.error is not None:
            raise self.error
        self.kept.append(mail)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def start(desk: Desk) -> Iterator[Start]:
    started: list[LmtpServer] = []

    def make(listen: str = "127.0.0.1:0", **options: Any) -> LmtpServer:
        server = LmtpServer(listen, desk.accept, now=lambda: NOW, **{"max_bytes": 10_000, **options})
        server.start()
        started.append(server)
        return server

    yield make
    for server in started:
        server.stop()


class Client:
    """An LMTP client that shows every single reply."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._replies = self._connection.makefile("rb")
        self.reply()
        self.say("LHLO mx.help.test")

    def say(self, line: str) -> str:
        self._connection.sendall(line.encode() + b"\r\n")
        return self.reply()

    def reply(self) -> str:
        """The last line of the next reply."""
        while True:
            line = self._replies.readline().decode().rstrip("\r\n")
            if re.match(r"\d{3} ", line):
                return line

    def deliver(self, *recipients: str, raw: bytes = RAW, sender: str = "a@shop.test") -> list[str]:
        """The replies to each recipient and, if any was taken, to the data."""
        self.say(f"MAIL FROM:<{sender}>")
        replies = [self.say(f"RCPT TO:<{recipient}>") for recipient in recipients]
        taken = sum(reply.startswith("250") for reply in replies)
        if taken:
            assert self.say("DATA").startswith("354")
            stuffed = re.sub(rb"(?m)^\.", b"..", raw)
            self._connection.sendall(stuffed + b".\r\n")
            replies += [self.reply() for _ in range(taken)]
        return [reply[:3] for reply in replies]

    def close(self) -> None:
        self._replies.close()
        self._connection.close()


def test_mail_is_kept_as_it_was_sent_with_its_envelope(desk: Desk, start: Start) -> None:
    with closing(Client(start().port)) as client:
        assert client.deliver("support@help.test") == ["250", "250"]
    (mail,) = desk.kept
    assert (mail.raw, mail.arrived_at) == (b"Return-Path: <a@shop.test>\r\n" + RAW, NOW)
    assert mail.envelope_to == ("support@help.test",)


def test_every_recipient_gets_an_answer_of_its_own(desk: Desk, start: Start) -> None:
    with closing(Client(start().port)) as client:
        assert client.deliver("support@help.test", "sales@help.test", "all@help.test") == ["250"] * 6
        # The connection is still in step: the next mail is answered like the first.
        assert client.deliver("support@help.test", raw=RAW + b"again\r\n") == ["250", "250"]
    assert [mail.envelope_to for mail in desk.kept] == [
        ("support@help.test", "sales@help.test", "all@help.test"),
        ("support@help.test",),
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TemporaryError("the store is busy"), "451"),
        (RuntimeError("a bug of ours"), "451"),  # the mail is not lost for it
        (PermanentError("never"), "554"),
    ],
)
def test_mail_that_is_not_committed_is_not_promised(desk: Desk, start: Start, error: Exception, code: str) -> None:
    desk.error = error
    with closing(Client(start().port)) as client:
        assert client.deliver("support@help.test", "sales@help.test") == ["250", "250", code, code]
        desk.error = None
        assert client.deliver("support@help.test") == ["250", "250"]
    assert len(desk.kept) == 1


def test_second_visit_of_a_mail_has_the_key_of_the_first(desk: Desk, start: Start) -> None:
    with closing(Client(start().port)) as client:
        client.deliver("support@help.test", "sales@help.test")
        client.deliver("sales@help.test", "support@help.test")
        client.deliver("support@help.test", "sales@help.test", raw=RAW + b"more\r\n")
    first, again, other = desk.kept
    assert first.key == again.key
    assert first.key != other.key


def test_mail_for_others_is_refused_and_ours_is_kept(desk: Desk, start: Start) -> None:
    server = start(addresses=frozenset({"Support@help.test"}))
    with closing(Client(server.port)) as client:
        assert client.deliver("boss@help.test", "SUPPORT+abc123@Help.Test") == ["550", "250", "250"]
        assert client.deliver("boss@help.test") == ["550"]
    assert [mail.envelope_to for mail in desk.kept] == [("SUPPORT+abc123@Help.Test",)]


def test_mail_that_is_too_large_is_refused_before_or_after_it_is_sent(desk: Desk, start: Start) -> None:
    with closing(Client(start(max_bytes=1_000).port)) as client:
        assert client.say("MAIL FROM:<a@shop.test> SIZE=1001")[:3] == "552"
        assert client.deliver("a@help.test", "b@help.test", raw=b"x" * 900 + b"\r\n" + b"y" * 200 + b"\r\n") == [
            *("250", "250"),
            *("552", "552"),
        ]
        assert client.deliver("a@help.test") == ["250", "250"]
    assert len(desk.kept) == 1


def test_bound_on_the_size_is_announced(start: Start) -> None:
    with smtplib.LMTP("127.0.0.1", start(max_bytes=1_234).port) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "1234"


def test_long_lines_8_bit_text_and_bounces_are_taken(desk: Desk, start: Start) -> None:
    raw = b"Subject: " + "Сайт лежит".encode() + b"\r\n\r\n" + b"x" * 5_000 + b"\r\n"
    with closing(Client(start().port)) as client:
        assert client.deliver("support@help.test", raw=raw, sender="") == ["250", "250"]
    assert [mail.raw for mail in desk.kept] == [b"Return-Path: <>\r\n" + raw]


def test_stop_waits_for_the_answer_to_a_mail_that_is_being_committed() -> None:
    committing, may_end = threading.Event(), threading.Event()

    def accept(mail: Fetched) -> None:
        committing.set()
        may_end.wait(10)

    server = LmtpServer("127.0.0.1:0", accept, now=lambda: NOW, max_bytes=10_000)
    server.start()
    with closing(Client(server.port)) as client, ThreadPoolExecutor() as threads:
        replies = threads.submit(client.deliver, "support@help.test")
        committing.wait(10)
        stopped = threads.submit(server.stop)
        may_end.set()
        assert replies.result(10) == ["250", "250"]
        stopped.result(10)


def test_postfix_hands_mail_over_and_comes_again_with_the_same_mail(mailstack: MailStack) -> None:
    visits: Queue[Fetched] = Queue()
    refusals = [TemporaryError("not at the first visit")]

    def accept(mail: Fetched) -> None:
        visits.put(mail)
        if refusals:
            raise refusals.pop()

    server = LmtpServer(f"{HOST}:{mailstack.ports.handover}", accept, now=lambda: NOW, max_bytes=10_000)
    server.start()
    recipients = ["handover-support@desk.test", "handover-sales@desk.test"]
    with smtplib.SMTP(HOST, mailstack.ports.smtp) as relay:
        relay.sendmail("a@shop.test", recipients, RAW)
    first, second = visits.get(timeout=20), visits.get(timeout=20)
    server.stop()
    assert first == second
    assert sorted(first.envelope_to) == sorted(recipients)
    assert bytes(first.raw).endswith(b"\r\n\r\n.broken\r\n")
    assert visits.empty()


def test_large_mail_is_taken_as_it_was_sent_without_filling_the_memory(start: Start, desk: Desk) -> None:
    large = RAW + b"".join(b".line %d\r\n" % number for number in range(150_000))
    with smtplib.LMTP("127.0.0.1", start(max_bytes=3_000_000).port) as client:
        client.sendmail("a@shop.test", ["support@help.test"], large)
    (kept,) = desk.kept
    assert isinstance(kept.raw, LargeRaw)
    assert bytes(kept.raw) == b"Return-Path: <a@shop.test>\r\n" + large


def test_large_mail_for_which_there_is_no_room_stays_with_its_sender(
    start: Start, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc")
    with (
        smtplib.LMTP("127.0.0.1", start(max_bytes=3_000_000).port) as client,
        pytest.raises(smtplib.SMTPDataError, match="Not now"),
    ):
        client.sendmail("a@shop.test", ["support@help.test"], RAW + b"line\r\n" * 300_000)
    assert desk.kept == []


def test_unix_socket_is_for_the_group_and_goes_away(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    server = LmtpServer(str(path), desk.accept, now=lambda: NOW, max_bytes=10_000)
    server.start()
    assert path.stat().st_mode & 0o777 == 0o660
    with smtplib.LMTP(str(path)) as client:
        client.sendmail("a@shop.test", ["support@help.test"], RAW)
    server.stop()
    assert len(desk.kept) == 1
    assert not path.exists()


@pytest.mark.parametrize("listen", ["127.0.0.1:99999", "127.0.0.1:lmtp!", "/no/such/folder/socket"])
def test_address_that_cannot_be_had_is_for_a_person_to_mend(start: Start, listen: str) -> None:
    with pytest.raises(PermanentError, match="cannot listen for LMTP"):
        start(listen)


def test_port_that_somebody_holds_is_for_a_person_to_mend(start: Start) -> None:
    holder = start()
    with pytest.raises(PermanentError, match="cannot listen for LMTP"):
        start(f"127.0.0.1:{holder.port}")
