"""Names that do not resolve and addresses that swallow packets: given up in time, and the next address is tried."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from helpdesk.adapters.imap import ImapMailbox, ImapSettings
from helpdesk.adapters.imap import Security as ImapSecurity
from helpdesk.adapters.smtp import Security, SmtpSettings, SmtpTransport
from helpdesk.errors import TemporaryError, UnreachableError
from tests.fakes.imap_server import ImapServer
from tests.faults.servers import Relay

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LETTER = b"Message-ID: <1@help.test>\r\nSubject: Hi\r\n\r\nHello\r\n"


@contextmanager
def black_hole() -> Iterator[int]:
    """A port of this machine that answers nobody: whoever waits to be accepted fills its queue."""
    with ExitStack() as opened:
        full = opened.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def names(*ports: int) -> Callable[..., object]:
    """A name service that gives these ports of this machine, in order, for whatever it is asked."""
    return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]


def send(**patience: float) -> list[int]:
    """The relay's answers to a letter."""

    async def story() -> list[int]:
        settings = SmtpSettings(host="relay.test", port=25, security=Security.STARTTLS, **patience)  # type: ignore[arg-type]
        transport = SmtpTransport(settings)
        try:
            return [answer.code for answer in await transport.send("desk@help.test", ["ivan@x.test"], LETTER)]
        finally:
            await transport.close()

    return asyncio.run(story())


def imap(**patience: float) -> ImapMailbox:
    settings = ImapSettings(
        name="support", host="localhost", port=143, security=ImapSecurity.NONE, user="support",
        password=lambda: "secret", **patience,  # type: ignore[arg-type]
    )  # fmt: skip
    return ImapMailbox(settings, now=lambda: NOW)


def test_an_address_of_the_relay_that_swallows_packets_does_not_hide_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = Relay()
    with black_hole() as nowhere:
        monkeypatch.setattr("socket.getaddrinfo", names(nowhere, relay.port))
        with pytest.raises(Exception, match="STARTTLS"):  # it was reached, and asked for what it does not have
            send(connect_timeout_s=2)
    relay.stop()


def test_a_relay_that_swallows_packets_is_given_up_and_its_addresses_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with black_hole() as nowhere:
        monkeypatch.setattr("socket.getaddrinfo", names(nowhere, nowhere))
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1: no answer; 127\.0\.0\.1: no answer"):
            send(connect_timeout_s=0.1)


def test_a_name_service_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up = threading.Event()

    async def story() -> str:
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: given_up.wait())
        settings = SmtpSettings(host="relay.test", port=25, security=Security.TLS, connect_timeout_s=0.05)
        try:
            await SmtpTransport(settings).send("desk@help.test", ["ivan@x.test"], LETTER)
        except UnreachableError as error:
            return str(error)
        finally:
            given_up.set()  # the loop ends with its threads
        return "sent"

    assert asyncio.run(story()) == "SMTP server relay.test:25 cannot be reached: the name service does not answer"


def test_an_address_of_the_mailbox_that_swallows_packets_does_not_hide_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = ImapServer()
    with black_hole() as nowhere:
        monkeypatch.setattr("socket.getaddrinfo", names(nowhere, server.port))
        mailbox = imap(connect_timeout_s=0.2)
        assert mailbox.connect(None).folder == "INBOX"
        mailbox.close()
    server.stop()


def test_a_mailbox_that_swallows_packets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with black_hole() as nowhere:
        monkeypatch.setattr("socket.getaddrinfo", names(nowhere))
        with pytest.raises(TemporaryError, match="no answer in time"):
            imap(connect_timeout_s=0.1).connect(None)
