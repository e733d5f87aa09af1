"""A whole desk in one process, for attacks on it: the real configuration, store, reader, rules and templates.

Only the clock is ours, so that floods of an hour take seconds. Mail goes in as bytes; what is seen afterwards is
what the desk's people would see: tickets, the outbox, letters as their reader opens them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path

from helpdesk.config import load
from helpdesk.core.outgoing import Delivery
from helpdesk.core.ticket import Ticket
from helpdesk.daemon.building import Works, World, build
from helpdesk.draining import BATCH
from helpdesk.intake import Source, Taken
from helpdesk.ports import Fetched, MailKey, QueuedLetter, TicketFile, Tried

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AUTHSERV = "mx.help.test"
ANNA, EVE, IVAN, LENA = "anna@shop.test", "eve@evil.test", "ivan@staff.test", "lena@staff.test"
IVAN_AT_HOME = "ivan@home.test"
SUPPORT = "support@help.test"

CONFIG = """
[helpdesk]
name = "Support"
address = "{address}"
reply_address = "{local}+{{token}}@{domain}"
undo_window = "0s"
packs = {packs}
{helpdesk}

[[mailbox]]
name = "support"
kind = "maildir"
path = "in"
{mailbox}

[smtp]
kind = "maildir"
path = "out"

[[agent]]
name = "Ivan"
addresses = ["ivan@staff.test", "ivan@home.test"]

[[agent]]
name = "Lena"
addresses = ["lena@staff.test"]
desks = ["none"]
lead = true

[[desk]]
name = "support"

[[desk]]
name = "none"
address = "none@{domain}"

{tables}
"""

# As if the configured server had judged the mail.
PASSED = f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from={{domain}}"
FAILED = f"Authentication-Results: {AUTHSERV}; dmarc=fail header.from={{domain}}"
TRUSTED = f'trusted_authserv = "{AUTHSERV}"'


@dataclass(slots=True)
class Desk:
    """One desk. `now` may be moved; `sent` are the letters that left, oldest first."""

    works: Works
    folder: Path
    now: datetime = START
    sent: list[QueuedLetter] = field(default_factory=list)
    _uids: Iterator[int] = field(default_factory=lambda: count(1))

    def cli(self, *arguments: str) -> str:
        """What a command of the program prints on this desk."""
        command = [sys.executable, "-m", "helpdesk", "--config", str(self.folder / "config.toml"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    # --- mail in

    def take(self, raws: Iterable[bytes], *, silent: bool = False) -> list[Taken]:
        """Mail that came in now, in batches as the daemon takes it; what became of each."""
        settings = self.works.config.mailboxes[0]
        source = Source(name="support", desk="support", spam_header=settings.spam_header, silent=silent)
        mails = [Fetched(key=MailKey("", 0, next(self._uids)), raw=raw, arrived_at=self.now) for raw in raws]
        return [
            taken
            for start in range(0, len(mails), BATCH)
            for taken in self.works.intake.take(source, mails[start : start + BATCH])
        ]

    def take_one(self, raw: bytes) -> Taken:
        """What became of one mail; it must not end in quarantine."""
        (taken,) = self.take([raw])
        assert taken.error == ""
        return taken

    def open(self, sender: str = ANNA, subject: str = "My order", text: str = "Where is order 7?") -> int:
        """A ticket of this sender; its number. The letters about it have left."""
        taken = self.take_one(mail(sender, subject, text))
        assert taken.ticket is not None
        self.send()
        return taken.ticket

    # --- mail out

    def send(self) -> list[QueuedLetter]:
        """Every letter that is due leaves; the letters."""
        left: list[QueuedLetter] = []
        while letters := self.works.store.claim(self.now, 500):
            for letter in letters:
                accepted = [Delivery(address, 250, "taken") for address in letter.recipients]
                self.works.store.record_deliveries([Tried(letter.id, accepted, None)], self.now)
            left += letters
        self.sent += left
        return left

    def written(self) -> Counter[tuple[str, str]]:
        """How many letters are due now, by (event, recipient); they leave."""
        return Counter((letter.event, address) for letter in self.send() for address in letter.recipients)

    def pass_time(self, minutes: float) -> None:
        """Time goes by, and what has come due happens."""
        self.now += timedelta(minutes=minutes)
        self.works.upkeep.follow_up()
        self.works.upkeep.send_lists()

    # --- looking

    def ticket(self, number: int) -> Ticket:
        """A ticket that exists."""
        return self.file(number).ticket

    def file(self, number: int) -> TicketFile:
        """A ticket that exists, with everything on it."""
        found = self.works.store.show(number)
        assert found is not None
        return found

    def conversation(self, number: int) -> list[str]:
        """The texts that the requester takes part in."""
        return [one.text for one in self.file(number).messages if one.filing == "visible"]


@contextmanager
def desk(
    folder: Path,
    *,
    helpdesk: str = "",
    mailbox: str = "",
    tables: str = "",
    address: str = SUPPORT,
    packs: str = "[]",
    workers: bool = False,
) -> Iterator[Desk]:
    """A desk in `folder`. The other arguments are lines of its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    local, _, domain = address.partition("@")
    written = CONFIG.format(
        helpdesk=helpdesk, mailbox=mailbox, tables=tables, packs=packs, address=address, local=local, domain=domain
    )
    (folder / "config.toml").write_text(written, encoding="utf-8")
    config = load(folder / "config.toml", environ=os.environ)
    nonces = count(1)
    made: list[Desk] = []
    world = World(
        now=lambda: made[0].now if made else START, random=lambda: 0.5, nonce=lambda: next(nonces).to_bytes(8).ljust(16)
    )
    works = build(config, world, workers=workers)
    made.append(Desk(works, folder))
    try:
        yield made[0]
    finally:
        works.close()


_ids = count(1)


def mail(
    sender: str = EVE, subject: str = "Hello", text: str = "Please help.", *headers: str, to: str = SUPPORT
) -> bytes:
    """A plain mail. `headers` are whole lines, put on top as servers do; no two mails are the same."""
    domain = sender.rpartition("@")[2].rstrip(">")
    lines = [
        *(header.format(domain=domain) for header in headers),
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Message-ID: <{next(_ids)}@{domain}>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        text,
    ]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def reply(letter: QueuedLetter, sender: str, text: str, *headers: str, subject: str = "") -> bytes:
    """An answer to one of our letters, as a mail program writes it."""
    original = opened(letter)
    references = f"{original['References'] or ''} {original['Message-ID']}".strip()
    return mail(
        sender,
        subject or f"Re: {original['Subject']}",
        text,
        *headers,
        f"In-Reply-To: {original['Message-ID']}",
        f"References: {references}",
        to=str(original["Reply-To"] or SUPPORT),
    )


def opened(letter: QueuedLetter) -> EmailMessage:
    """A letter of ours as its reader sees it."""
    return message_from_bytes(bytes(letter.raw), policy=policy.default)


def page(letter: QueuedLetter) -> str:
    """The HTML of a letter of ours."""
    body = opened(letter).get_body(("html",))
    assert body is not None
    return str(body.get_content())


def words(letter: QueuedLetter) -> str:
    """The plain text of a letter of ours."""
    body = opened(letter).get_body(("plain",))
    assert body is not None
    return str(body.get_content())
