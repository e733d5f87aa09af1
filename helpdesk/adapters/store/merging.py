"""A ticket that goes into another one, and a mail that goes to another ticket: what hangs on them moves along.

Message-IDs stay indexed under the old number: whoever finds a ticket that went into another one goes on to that one.
No ticket leads to one that leads on, so that one step is enough.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import references
from helpdesk.adapters.store.models import MESSAGE, OUTBOX, TICKET
from helpdesk.core.decision import Filing
from helpdesk.core.outgoing import Audience
from helpdesk.core.ticket import MERGED, State


def merge(connection: Connection, ticket: int, into: int, now: datetime, *, regroups: bool) -> None:
    """Move everything from `ticket` to `into`, or to where that one has gone; nothing where that is here."""
    # In the order of their numbers, so that two daemons that merge the same tickets wait for each other.
    both = (
        sa.select(TICKET.c.number, TICKET.c.merged_into)
        .where(TICKET.c.number.in_([ticket, into]))
        .order_by(TICKET.c.number)
        .with_for_update()
    )
    found = {row.number: row.merged_into for row in connection.execute(both)}
    survivor = found.get(into) or into
    if survivor == ticket:
        return
    for table in (MESSAGE, OUTBOX):
        connection.execute(sa.update(table).where(table.c.ticket == ticket).values(ticket=survivor))
    connection.execute(sa.update(TICKET).where(TICKET.c.merged_into == ticket).values(merged_into=survivor))
    connection.execute(
        sa.update(TICKET)
        .where(TICKET.c.number == ticket)
        .values(state=State.CLOSED, resolution=MERGED, closed_at=now, wake_at=None, merged_into=survivor)
    )
    if regroups:
        connection.execute(sa.update(TICKET).where(TICKET.c.number == survivor).values(regrouped_at=now))


def move_mail(connection: Connection, message: int, ticket: int, to: int) -> None:
    """A mail of `ticket` is the conversation of another one, and what we told our own of it leads there."""
    moved = connection.execute(
        sa.update(MESSAGE)
        .where(MESSAGE.c.id == message, MESSAGE.c.ticket == ticket)
        .values(ticket=to, filing=Filing.VISIBLE)
        .returning(MESSAGE.c.message_id)
    ).scalars()
    told = connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.ticket == ticket, OUTBOX.c.cause == message, OUTBOX.c.audience != Audience.REQUESTER)
        .values(ticket=to)
        .returning(OUTBOX.c.message_id)
    ).scalars()
    references.move(connection, [one for one in (*moved, *told) if one], ticket, to)
