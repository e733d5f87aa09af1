"""A ticket that goes into another one: what hangs on it moves, and its number leads there.

Message-IDs stay indexed under the old number: whoever finds a ticket that went into another one goes on to that one.
No ticket leads to one that leads on, so that one step is enough.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import MESSAGE, OUTBOX, TICKET
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
