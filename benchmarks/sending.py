"""How many letters a second leave through Postfix: by the program with its outbox, and by aiosmtplib alone.

The same letters to the same relay over as many connections, with STARTTLS and a login; the relay throws them away after
it has accepted them. Rounds of both take turns.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import aiosmtplib

from helpdesk.adapters.smtp import Security, SmtpSettings, SmtpTransport
from helpdesk.adapters.store import open_store
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience, Event, Letter
from helpdesk.dispatch import Dispatcher
from helpdesk.ports import Composed
from tests.stack import HOST, PASSWORD, MailStack

LETTERS = 400
ROUNDS = 5
CONNECTIONS = 4
SENDER = "support@help.test"

# As long as an acknowledgement with text and HTML.
_RAW = (
    "From: Support <support@help.test>\r\nTo: discard-{n}@shop.test\r\nSubject: [##{n}##] Question\r\n"
    "Message-ID: <letter-{n}@help.test>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n\r\n"
) + "We have received your letter. A specialist will read it and answer.\r\n" * 75


def report(rounds: int = ROUNDS) -> str:
    """The figures as Markdown."""
    alone, ours = [], []
    with MailStack() as stack, tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        for number in range(rounds + 1):
            names = [f"{number}-{n}" for n in range(LETTERS)]
            seconds = asyncio.run(_alone(stack, names)), _ours(stack, Path(folder) / f"{number}.db", names)
            if number:  # the first one warms up
                alone.append(LETTERS / seconds[0])
                ours.append(LETTERS / seconds[1])
    share = median(one / other for one, other in zip(ours, alone, strict=True))
    return "\n".join(
        [
            f"| {LETTERS} letters through {CONNECTIONS} connections | letters/s |",
            "|---|---|",
            f"| aiosmtplib alone | {median(alone):.0f} |",
            f"| helpdesk: claimed, sent, each answer on the disk | {median(ours):.0f} |",
            f"| share | {share:.0%} |",
            "",
        ]
    )


async def _alone(stack: MailStack, names: Sequence[str]) -> float:
    tls = ssl.create_default_context(cafile=str(stack.cafile))

    async def send(share: Sequence[str]) -> None:
        client = aiosmtplib.SMTP(hostname=HOST, port=stack.ports.submission, start_tls=True, tls_context=tls)
        await client.connect()
        await client.login(SENDER, PASSWORD)
        for name in share:
            await client.sendmail(SENDER, [f"discard-{name}@shop.test"], _RAW.format(n=name))
        await client.quit()

    begin = time.perf_counter()
    await asyncio.gather(*(send(names[number::CONNECTIONS]) for number in range(CONNECTIONS)))
    return time.perf_counter() - begin


def _ours(stack: MailStack, database: Path, names: Sequence[str]) -> float:
    store = open_store(f"sqlite:///{database}")
    now = datetime.now(UTC)
    with store.unit() as unit:
        for name in names:
            to = Address(f"discard-{name}@shop.test")
            letter = Letter(
                event=Event.OPENED, ticket=None, to=to, audience=Audience.REQUESTER, language="en", dedupe_key=name
            )
            raw = _RAW.format(n=name).encode()
            identity = f"<letter-{name}@help.test>"
            unit.enqueue(
                letter,
                None,
                Composed(message_id=identity, envelope_from=SENDER, subject="Question", text="", raw=raw),
                now,
            )
    settings = SmtpSettings(
        host=HOST,
        port=stack.ports.submission,
        security=Security.STARTTLS,
        user=SENDER,
        password=lambda: PASSWORD,
        cafile=str(stack.cafile),
        connections=CONNECTIONS,
    )

    async def send() -> None:
        relay = SmtpTransport(settings)
        dispatcher = Dispatcher(
            store, relay, on_failed=lambda *_: None, now=lambda: datetime.now(UTC), random=random.random
        )
        sent = 0
        while sent < len(names):
            tried = await dispatcher.send_due()
            assert tried, "the relay takes nothing"
            sent += tried
        await relay.close()

    begin = time.perf_counter()
    asyncio.run(send())
    taken = time.perf_counter() - begin
    assert not store.outbox()
    store.close()
    return taken


if __name__ == "__main__":
    print(report())
