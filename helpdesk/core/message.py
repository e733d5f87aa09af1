"""What one message says: the frozen value that the reader makes of raw bytes.

Malformed mail is data, never an exception: what could not be read is named in `Inbound.defects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: the rule, and the words or header that it saw."""

    rule: str
    evidence: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.evidence}" if self.evidence else self.rule


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: `address` is normalised (lower case, domain as A-labels) and never empty."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What follows the last @, or an empty string."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class Kind(StrEnum):
    """What sort of mail it is (interface.md section 1)."""

    HUMAN = "human"
    AUTO_REPLY = "auto-reply"  # out of office, acknowledgement of another desk
    BOUNCE = "bounce"
    REPORT = "report"  # read receipt, abuse report
    BULK = "bulk"  # list, newsletter
    LOOP = "loop"  # our own mail


# Parts that prove a mail and are no files to act on (RFC 3156, RFC 8551).
SIGNATURES = frozenset(
    ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"],
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A file of a message. `part` addresses it in the raw bytes; `name` is data, never a path."""

    part: int
    name: str
    type: str
    size: int
    sha256: str
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedRecipient:
    """An address that a bounce names. `status` is the enhanced code (RFC 3463) or empty."""

    address: str
    status: str
    permanent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounce:
    """What a delivery report says: who did not get which of our messages (RFC 3464)."""

    recipients: tuple[FailedRecipient, ...]
    original_message_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Forwarded:
    """A mail that somebody passed on: its only author, its subject, its text with the history below it."""

    sender: Address
    subject: str
    text: str
    message_id: str | None = None  # known only where the whole mail is enclosed


@dataclass(frozen=True, kw_only=True, slots=True)
class Inbound:
    """One message as read from its bytes.

    `sender` is the only mailbox of the only From header, else None: a message without one identity
    has no rights. `references` holds References and then In-Reply-To, oldest first, without doubles,
    each id with its angle brackets. `headers` holds the headers that classification, trust and rules
    look at, as (lower-case name, unfolded value), in order of appearance (topmost first).
    `text` is what the writer wrote now, `quoted` the history and signature below it. `enclosed` is the first
    mail that is attached whole, when it has one author.
    `fingerprint` stays the same when the same mail comes by two routes: it covers identity, date,
    subject and body, not the trace headers.
    """

    sha256: str
    fingerprint: str
    size: int
    message_id: str | None = None
    references: tuple[str, ...] = ()
    date: datetime | None = None
    sender: Address | None = None
    from_shown: str = ""
    return_path: str | None = None  # "" for the null sender <>
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    quoted: str = ""
    content_type: str = "text/plain"
    report_type: str = ""  # of multipart/report: delivery-status, feedback-report, disposition-notification
    attachments: tuple[Attachment, ...] = ()
    bounce: Bounce | None = None
    enclosed: Forwarded | None = None
    defects: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[int, ...]:
        """The parts that are passed on to readers: every attachment but signatures, which prove nothing to them."""
        return tuple(file.part for file in self.attachments if file.type not in SIGNATURES)

    def header(self, name: str) -> str | None:
        """The topmost value of the header `name` (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every value of the header `name` (lower case), topmost first."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sketch:
    """The little that can always be said of a mail. `address` is None where there is no single sender."""

    sender: str
    address: Address | None
    subject: str
    message_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptMail:
    """A mail that came before and lies on `ticket`: what it said, and why it went there. `id` is its row.

    Its headers are not among what it said. `first`: none came to that ticket before it; `last`: none since.
    """

    id: int
    ticket: int
    inbound: Inbound
    at: datetime
    reasons: tuple[Reason, ...]
    first: bool
    last: bool
