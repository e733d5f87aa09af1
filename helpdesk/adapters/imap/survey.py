"""What an IMAP server offers to whoever logs in: its folders, push, and how mail can be moved away.

Nothing is opened and nothing is changed. Fails as `connection` does.
Source: RFC 2177 (IDLE), RFC 6851 (MOVE), RFC 4315 (UIDPLUS).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from helpdesk.adapters.imap.connection import Connection, ImapSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What was found. `folders` are the server's own names, in its order."""

    folders: tuple[str, ...]
    idle: bool
    move: bool
    uidplus: bool
    certificate_ends: datetime | None  # None: the connection is not encrypted


def survey(settings: ImapSettings) -> Survey:
    """Log in as `settings` say, look, log out."""
    connection = Connection(settings)
    connection.open()
    try:
        with connection.exchange("looking at its folders") as client:
            return Survey(
                folders=tuple(name for _, _, name in client.list_folders()),
                idle=client.has_capability("IDLE"),
                move=client.has_capability("MOVE"),
                uidplus=client.has_capability("UIDPLUS"),
                certificate_ends=_end_of_certificate(client.socket()),
            )
    finally:
        connection.close()


def _end_of_certificate(connection: object) -> datetime | None:
    certificate = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    if not certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
