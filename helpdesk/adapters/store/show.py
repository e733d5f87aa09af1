"""A ticket with everything on it, for `show`; and how far the desk's clock has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col, or_, select

from helpdesk.adapters.store import raws, tickets
from helpdesk.adapters.store.models import (
    MESSAGE,
    OUTBOX,
    QUARANTINE,
    TICKET,
    AttachmentRow,
    HistoryRow,
    LinkRow,
    MessageRow,
)
from helpdesk.core.decision import Disposition, Filing
from helpdesk.core.ticket import Ticket
from helpdesk.ports import HistoryLine, OpeningMail, StoredAttachment, StoredMessage, TicketFile


def show(connection: Connection, number: int) -> TicketFile | None:
    """The ticket, its messages and its history, oldest first; None when there is no such ticket."""
    ticket = tickets.load(connection, [number]).get(number)
    if ticket is None:
        return None
    with Session(connection) as session:
        messages = session.exec(
            # An agent's mail with commands is kept; what it led to stands in the letters, notes and history.
            select(MessageRow)
            .where(MessageRow.ticket == number, MessageRow.filing != Filing.COMMAND)
            .order_by(col(MessageRow.at), col(MessageRow.id))
        ).all()
        files: dict[int, list[StoredAttachment]] = defaultdict(list)
        for row in session.exec(
            select(AttachmentRow)
            .join(MessageRow, col(MessageRow.id) == col(AttachmentRow.message))
            .where(MessageRow.ticket == number)
            .order_by(col(AttachmentRow.message), col(AttachmentRow.part))
        ):
            files[row.message].append(StoredAttachment(name=row.name, type=row.type, size=row.size, sha256=row.sha256))
        history = session.exec(select(HistoryRow).where(HistoryRow.ticket == number).order_by(col(HistoryRow.id))).all()
        links = session.exec(select(LinkRow).where(or_(LinkRow.a == number, LinkRow.b == number))).all()
        return TicketFile(
            ticket=ticket,
            messages=tuple(_message(row, tuple(files[row.id or 0])) for row in messages),
            history=tuple(HistoryLine(row.at, row.by, row.what, row.why) for row in history),
            links=tuple(sorted([*_links(number, links), *_incident(connection, ticket)])),
        )


def _links(number: int, links: Iterable[LinkRow]) -> list[tuple[int, str]]:
    return [(link.b if link.a == number else link.a, link.kind) for link in links]


def _incident(connection: Connection, ticket: Ticket) -> list[tuple[int, str]]:
    """The incident that the ticket hangs on or, of an incident, everything that hangs on it."""
    members = connection.execute(sa.select(TICKET.c.number).where(TICKET.c.incident == ticket.number)).scalars()
    own = [] if ticket.incident is None else [ticket.incident]
    return [(number, "incident") for number in (*own, *members)]


def opening_mails(connection: Connection, since: datetime, after: int, limit: int) -> tuple[OpeningMail, ...]:
    """Mails since then that opened a ticket, by row; those whose bytes are gone are left out."""
    rows = connection.execute(
        sa.select(MESSAGE.c.id, MESSAGE.c.ticket, MESSAGE.c.kind, MESSAGE.c.at)
        .where(MESSAGE.c.id > after, MESSAGE.c.disposition == Disposition.OPEN, MESSAGE.c.at >= since)
        .order_by(MESSAGE.c.id)
        .limit(limit)
    ).all()
    by_number = tickets.load(connection, [row.ticket for row in rows])
    return tuple(
        OpeningMail(id=row.id, ticket=by_number[row.ticket], kind=row.kind, at=row.at, raw=raw)
        for row in rows
        if row.ticket in by_number and (raw := raws.of_message(connection, row.id)) is not None
    )


def latest_time(connection: Connection) -> datetime | None:
    """The newest moment that any row knows of, None for a fresh desk. Reads whole tables: for drills and checks."""
    moments = [
        connection.execute(sa.select(sa.func.max(column))).scalar()
        for column in (
            TICKET.c.active_at,
            TICKET.c.opened_at,
            MESSAGE.c.at,
            OUTBOX.c.created_at,
            OUTBOX.c.sent_at,
            QUARANTINE.c.at,
        )
    ]
    return max((moment for moment in moments if moment is not None), default=None)


def _message(row: MessageRow, attachments: tuple[StoredAttachment, ...]) -> StoredMessage:
    sender = tickets.sender(row.sender_address, row.sender_name)
    return StoredMessage(
        direction=row.direction.value,
        filing=row.filing.value,
        sender=str(sender) if sender else row.sender_name,
        to=row.to,
        cc=row.cc,
        subject=row.subject,
        message_id=row.message_id,
        at=row.at,
        text=row.text,
        attachments=attachments,
    )
