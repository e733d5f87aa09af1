"""What the workflows need of the world, as Protocols. Fakes and adapters pass the same contract suites.

Every method may raise TemporaryError or PermanentError of `helpdesk.errors`, nothing else on purpose.
"""

from __future__ import annotations

from helpdesk.ports.mailbox import Cursor, Fetched, Mailbox, MailKey, PassedOn, Place, Reader, Waiting
from helpdesk.ports.sending import Drawer, Rendered, Renderer, Transport
from helpdesk.ports.store import (
    Composed,
    HistoryLine,
    KnownMail,
    OpeningMail,
    OutboxEntry,
    OutboxRecipient,
    Poison,
    QuarantineEntry,
    QueuedLetter,
    Store,
    StoredAttachment,
    StoredMessage,
    TicketFile,
    Tried,
    Unit,
)

__all__ = [
    "Composed",
    "Cursor",
    "Drawer",
    "Fetched",
    "HistoryLine",
    "KnownMail",
    "MailKey",
    "Mailbox",
    "OpeningMail",
    "OutboxEntry",
    "OutboxRecipient",
    "PassedOn",
    "Place",
    "Poison",
    "QuarantineEntry",
    "QueuedLetter",
    "Reader",
    "Rendered",
    "Renderer",
    "Store",
    "StoredAttachment",
    "StoredMessage",
    "TicketFile",
    "Transport",
    "Tried",
    "Unit",
    "Waiting",
]
