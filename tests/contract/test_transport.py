"""What every transport keeps to: the fake, the Maildir, SMTP to aiosmtpd and to Postfix."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from helpdesk.adapters.outdir import MaildirTransport
from helpdesk.adapters.smtp import Security, SmtpSettings, SmtpTransport
from helpdesk.core.outgoing import Delivery
from helpdesk.ports import Transport
from tests.fakes.transport import FakeTransport
from tests.stack import MailStack

SENDER = "desk@help.test"
RAW = (
    b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nFrom: desk@help.test\r\nTo: ivan@contract.test\r\n"
    b"Subject: Hi\r\nMessage-ID: <%d@help.test>\r\n\r\n"
    b"A line\r\n.a line with a dot\r\n.\r\n..\r\n\r\nFrom the last line\r\n"
)


class Relay(Protocol):
    """A transport, and how to see what it delivered."""

    @property
    def transport(self) -> Transport: ...

    def received(self, address: str, count: int) -> list[bytes]:
        """The mails that `address` got, as soon as there are `count`; headers may have been added on the way."""


@dataclass
class InMemory:
    transport: FakeTransport = field(default_factory=FakeTransport)

    def received(self, address: str, count: int) -> list[bytes]:
        return [passed.raw for passed in self.transport.passed if address in passed.accepted]


class InMaildir:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.transport = MaildirTransport(path)

    def received(self, address: str, count: int) -> list[bytes]:
        mails = [path.read_bytes() for path in (self.path / "new").iterdir()]
        return [mail for mail in mails if b"Delivered-To: %s\r\n" % address.encode() in mail]


class Aiosmtpd:
    """A server in a thread of its own that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=port)
        self.controller.start()
        self.transport = SmtpTransport(SmtpSettings(host="127.0.0.1", port=port, security=Security.NONE))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append((list(envelope.rcpt_tos), envelope.content))
        return "250 kept"

    def received(self, address: str, count: int) -> list[bytes]:
        return [content for recipients, content in self.mails if address in recipients]


class Postfix:
    """Received mail lies in Dovecot's Maildirs, with LF for line ends."""

    def __init__(self, stack: MailStack) -> None:
        self.stack = stack
        self.transport = SmtpTransport(
            SmtpSettings(host="127.0.0.1", port=stack.ports.smtp, security=Security.STARTTLS, cafile=str(stack.cafile))
        )

    def received(self, address: str, count: int) -> list[bytes]:
        return [mail.replace(b"\n", b"\r\n") for mail in self.stack.delivered(address, count)]


@pytest.fixture(params=["fake", "maildir", "aiosmtpd", "postfix"])
def relay(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Relay]:
    match request.param:
        case "fake":
            yield InMemory()
        case "maildir":
            yield InMaildir(tmp_path / "out")
        case "aiosmtpd":
            server = Aiosmtpd()
            yield server
            server.controller.stop()
        case _:
            yield Postfix(request.getfixturevalue("mailstack"))


@pytest.fixture
def to(request: pytest.FixtureRequest) -> Any:
    """Addresses that no other test writes to."""
    unique = "".join(char for char in request.node.name.lower() if char.isalnum())
    return lambda name: f"{name}.{unique}@contract.test"


def send(relay: Relay, *letters: tuple[tuple[str, ...], bytes]) -> list[list[Delivery]]:
    """The answers for each letter; all are on their way together."""

    async def story() -> list[list[Delivery]]:
        try:
            sends = (relay.transport.send(SENDER, recipients, raw) for recipients, raw in letters)
            return [list(deliveries) for deliveries in await asyncio.gather(*sends)]
        finally:
            await relay.transport.close()

    return asyncio.run(story())


def test_each_recipient_is_answered_in_order(relay: Relay, to: Any) -> None:
    recipients = (to("olha"), to("ivan"), to("jan"))
    [deliveries] = send(relay, (recipients, RAW % 1))
    assert [(delivery.address, delivery.sent) for delivery in deliveries] == [(address, True) for address in recipients]


def test_every_recipient_receives_the_bytes_as_they_are(relay: Relay, to: Any) -> None:
    recipients = (to("ivan"), to("olha"))
    send(relay, (recipients, RAW % 2))
    for address in recipients:
        [mail] = relay.received(address, 1)
        assert mail.endswith(RAW % 2)


def test_letters_sent_together_arrive_once_each(relay: Relay, to: Any) -> None:
    answers = send(relay, *(((to("ivan"),), RAW % number) for number in range(20)))
    assert [delivery.sent for [delivery] in answers] == [True] * 20
    mails = relay.received(to("ivan"), 20)
    assert [sum(mail.endswith(RAW % number) for mail in mails) for number in range(20)] == [1] * 20


def test_relay_that_is_there_says_so_without_a_letter(relay: Relay, to: Any) -> None:
    async def story() -> None:
        await relay.transport.probe()
        await relay.transport.send(SENDER, [to("ivan")], RAW % 3)
        await relay.transport.close()

    asyncio.run(story())
    assert len(relay.received(to("ivan"), 1)) == 1
