"""The people of the demo and their mail programs: what they write, and what lies in their mailboxes.

They speak SMTP and IMAP to the mail host like any mail program and know nothing of the helpdesk. ExpectationError
when something that somebody waits for does not come in time.
"""

from __future__ import annotations

import imaplib
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TypeVar

from helpdesk.errors import HelpdeskError

T = TypeVar("T")

HOST = "127.0.0.1"
# Everybody's password, good for this host and these minutes only.
PASSWORD = "demo"
# The account that gets a copy of every mail, with its recipient in Delivered-To.
ARCHIVE = "archive"

# Far more than any step takes; a slow machine is no failure.
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.05


class ExpectationError(HelpdeskError):
    """Something that the demo promises did not happen."""


def eventually(look: Callable[[], T | None], what: str, within_s: float = PATIENCE_S) -> T:
    """The first answer of `look` that is not None; ExpectationError naming `what` when there is none in time."""
    deadline = time.monotonic() + within_s
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise ExpectationError(f"in {within_s:.0f} seconds there was no {what}")
        time.sleep(LOOK_EVERY_S)
    return found


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mailbox on the host."""

    name: str
    address: str

    @property
    def first_name(self) -> str:
        """What they are called in the story."""
        return self.name.split()[0]


@dataclass(slots=True)
class Letter:
    """A mail of the helpdesk as its recipient sees it. `cause` is what led to it, once somebody has expected it."""

    to: str
    mail: EmailMessage
    cause: str = ""

    @property
    def event(self) -> str:
        """Why it was written: opened, reply, closed, …"""
        return str(self.mail["X-Helpdesk-Event"])

    @property
    def ticket(self) -> int:
        """The number that it names."""
        return int(self.mail["X-Helpdesk-Ticket"] or 0)

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.mail["Subject"])

    @property
    def text(self) -> str:
        """Its plain text."""
        body = self.mail.get_body(("plain",))
        return str(body.get_content()) if body else ""

    def names(self, address: str) -> bool:
        """Does this address stand anywhere in its headers and texts, decoded?"""
        texts = (str(part.get_content()) for part in self.mail.walk() if part.get_content_maintype() == "text")
        return address in "\n".join((*map(str, self.mail.values()), *texts))


class Post:
    """Takes what people write to the mail host, and shows them what came."""

    def __init__(self, smtp_port: int, imap_port: int) -> None:
        self.letters: list[Letter] = []
        self._smtp_port = smtp_port
        # The archive holds what lies in all mailboxes, in the order of arrival: one look sees everything.
        self._archive = imaplib.IMAP4(HOST, imap_port, timeout=PATIENCE_S)
        self._archive.login(ARCHIVE, PASSWORD)
        self._archive.select("INBOX", readonly=True)
        self._seen = 0

    def close(self) -> None:
        """Log out."""
        self._archive.logout()

    def write(self, author: Person, to: str, subject: str, text: str, *, answering: Letter | None = None) -> None:
        """Send a mail; with `answering`, as mail programs reply: threaded, and with the letter quoted below."""
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = f"{author.name} <{author.address}>"
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=author.address.partition("@")[2])
        if answering is not None:
            original = str(answering.mail["Message-ID"])
            mail["In-Reply-To"] = original
            mail["References"] = f"{answering.mail['References'] or ''} {original}".strip()
            quoted = "".join(f"> {line}\n" for line in answering.text.splitlines())
            text = f"{text}\n\nOn {answering.mail['Date']}, {answering.mail['From']} wrote:\n{quoted}"
        mail.set_content(text)
        with smtplib.SMTP(HOST, self._smtp_port, timeout=PATIENCE_S) as session:
            session.sendmail(author.address, [to], mail.as_bytes())

    def answer(self, author: Person, letter: Letter, text: str) -> None:
        """Reply to a letter."""
        to = str(letter.mail["Reply-To"] or letter.mail["From"].addresses[0].addr_spec)
        self.write(author, to, f"Re: {letter.subject}", text, answering=letter)

    def arrived(self, to: Person, event: str) -> Letter | None:
        """The oldest letter of this kind to that person which nobody has expected yet."""
        self.fetch()
        unexplained = (one for one in self.letters if not one.cause)
        return next((one for one in unexplained if (one.to, one.event) == (to.address, event)), None)

    def fetch(self) -> None:
        """Look for mail that has come since; only letters of the helpdesk are kept."""
        self._archive.noop()
        _, found = self._archive.uid("FETCH", f"{self._seen + 1}:*", "(UID BODY.PEEK[])")
        for part in found:
            if not isinstance(part, tuple):
                continue
            uid = int(part[0].split(b"UID ")[1].split()[0])
            # A range that ends with * always holds the newest mail, also when it was seen before.
            if uid <= self._seen:
                continue
            self._seen = uid
            mail = message_from_bytes(part[1], policy=policy.default)
            if mail["X-Helpdesk-Event"]:
                self.letters.append(Letter(str(mail["Delivered-To"]), mail))
