"""The tickets that a requester had before, read by the index that counts what a sender opens."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import TICKET
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.past import LAST_SHOWN, MAX_COUNTED, NO_PAST, Past, PastTicket
from helpdesk.core.ticket import Lane

_OTHERS = sa.and_(
    TICKET.c.requester_address == sa.bindparam("requester"),
    TICKET.c.number != sa.bindparam("number"),
    TICKET.c.merged_into.is_(None),
)


def _newest(lane: Lane) -> sa.Select[tuple[int]]:
    """The newest of one lane: they are the end of a stretch of the index, however many tickets there are."""
    of_lane = sa.select(TICKET.c.number).where(_OTHERS, TICKET.c.lane == lane)
    return sa.select(of_lane.order_by(TICKET.c.opened_at.desc()).limit(LAST_SHOWN).subquery().c.number)


_COUNT = (
    sa.select(sa.func.count())
    .select_from(sa.select(TICKET.c.number).where(_OTHERS).limit(MAX_COUNTED).subquery())
    .scalar_subquery()
)

_PAST = Prepared(
    sa.select(
        TICKET.c.number,
        TICKET.c.subject,
        TICKET.c.state,
        TICKET.c.resolution,
        TICKET.c.opened_at,
        _COUNT.label("count"),
    )
    .where(TICKET.c.number.in_(sa.union_all(*(_newest(lane) for lane in Lane))))
    .order_by(TICKET.c.opened_at.desc(), TICKET.c.number.desc())
    .limit(LAST_SHOWN)
)


def load(connection: Connection, requester: str, number: int) -> Past:
    """The tickets of `requester` besides `number`."""
    rows = _PAST.all(connection, {"requester": requester, "number": number})
    return Past(rows[0].count, tuple(PastTicket(*row[:5]) for row in rows)) if rows else NO_PAST
