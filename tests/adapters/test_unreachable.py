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


@pytest.fixture
def hanging_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name service that answers when the test is over."""
    given_up = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: given_up.wait())
    yield
    given_up.set()


@pytest.mark.usefixtures("hanging_names")
def test_a_name_service_that_hangs_is_not_waited_for() -> None:
    async def story() -> list[str]:
        settings = SmtpSettings(host="relay.test", port=25, security=Security.TLS, connect_timeout_s=0.05)
        transport = SmtpTransport(settings)
        # As many as hang at once would take all the threads that the loop has for everything else.
        letters = [transport.send("desk@help.test", ["ivan@x.test"], LETTER) for _ in range(16)]
        errors = await asyncio.gather(*letters, return_exceptions=True)
        assert await asyncio.to_thread(str, "still served") == "still served"
        return [str(error) for error in errors]

    # The loop ends, too: it waits for the threads that it has lent.
    words = "SMTP server relay.test:25 cannot be reached: the name service does not answer"
    assert asyncio.run(story()) == [words] * 16


@pytest.mark.usefixtures("hanging_names")
def test_a_mailbox_whose_name_service_hangs_is_given_up() -> None:
    with pytest.raises(UnreachableError, match="the name service does not answer"):
        imap(connect_timeout_s=0.05).connect(None)


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
