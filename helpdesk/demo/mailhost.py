"""The outside world of the demo as a program of its own: one mail host for everybody, by SMTP and IMAP.

`python -m helpdesk.demo.mailhost SMTP_PORT IMAP_PORT ACCOUNT…` takes mail for these accounts and for nobody else,
keeps it in memory, and puts a copy of everything into the account ARCHIVE, in the order of arrival. It listens on
loopback only and ends when its standard input does, and so with whoever started it.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from aiosmtpd.smtp import SMTP, Envelope, Session
from pymap.backend.dict import DictBackend, Identity
from pymap.imap import IMAPService
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata

from helpdesk.demo.people import ARCHIVE, HOST, PASSWORD


async def serve(smtp_port: int, imap_port: int, accounts: Sequence[str]) -> None:
    """Take and show mail until standard input ends."""
    async with AsyncExitStack() as stack:
        backend = await _imap(stack, imap_port, [*accounts, ARCHIVE])
        loop = asyncio.get_running_loop()
        delivery = Delivery(backend, frozenset(accounts))
        server = await loop.create_server(lambda: SMTP(delivery, hostname="mail.example", loop=loop), HOST, smtp_port)
        stack.callback(server.close)
        await asyncio.to_thread(sys.stdin.buffer.read)


async def _imap(stack: AsyncExitStack, port: int, accounts: Sequence[str]) -> DictBackend:
    """An IMAP server with these accounts, up until the stack is left."""
    parser = ArgumentParser()
    parser.set_defaults(debug=False, passlib_cfg=None)
    IMAPService.add_arguments(parser)
    DictBackend.add_subparser("dict", parser.add_subparsers())
    arguments = parser.parse_args(["--host", HOST, "--port", str(port), "--no-tls", "dict"])
    backend, config = await DictBackend.init(arguments)
    config.apply_context()
    secret = await Passwords(config).hash_password(PASSWORD)
    for account in accounts:
        await _owner(backend, account).set(UserMetadata(config, account, password=secret))
    await backend.start(stack)
    await IMAPService(backend, config).start(stack)
    return backend


def _owner(backend: DictBackend, account: str) -> Identity:
    return Identity(account, backend.login, None, frozenset())


class Delivery:
    """What the SMTP server does with a mail: into the inbox of each recipient, and into the archive."""

    def __init__(self, backend: DictBackend, accounts: frozenset[str]) -> None:
        self._backend = backend
        self._accounts = accounts

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Mail for nobody here is refused: this host sends nothing onwards."""
        if address.lower() not in self._accounts:
            return "550 5.1.1 There is nobody of this name in the demo"
        envelope.rcpt_tos.append(address.lower())
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Each recipient gets a copy that names it, as mail servers do."""
        for recipient in envelope.rcpt_tos:
            mail = f"Delivered-To: {recipient}\r\n".encode() + (envelope.original_content or b"")
            for account in (recipient, ARCHIVE):
                async with _owner(self._backend, account).new_session() as inbox:
                    await inbox.append_messages("INBOX", [AppendMessage(mail, datetime.now(UTC))])
        return "250 2.0.0 OK"


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
