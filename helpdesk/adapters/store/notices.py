"""Letters to agents that were not written because there were too many: counted, held back, taken for a list."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import NOTICE, OUTBOX, insert
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.digest import Notice
from helpdesk.core.message import Address
from helpdesk.core.outgoing import Audience

_TO_OURS = Prepared(
    sa.select(sa.func.count()).where(
        OUTBOX.c.to_address == sa.bindparam("address"),
        OUTBOX.c.created_at > sa.bindparam("since", type_=OUTBOX.c.created_at.type),
        OUTBOX.c.audience != Audience.REQUESTER,
    )
)

_KNOWN = Prepared(sa.select(OUTBOX.c.id).where(OUTBOX.c.dedupe_key == sa.bindparam("dedupe_key")))

_HOLD_BACK = Prepared(insert(NOTICE).on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(NOTICE.c.id))

# Whoever has waited long enough gets everything that waits.
_RIPE = sa.select(NOTICE.c.to_address).where(
    NOTICE.c.created_at <= sa.bindparam("before", type_=NOTICE.c.created_at.type)
)
_TAKE = sa.delete(NOTICE).where(NOTICE.c.to_address.in_(_RIPE)).returning(NOTICE)


def count_since(connection: Connection, address: str, since: datetime) -> int:
    """How many letters were written to one of ours since then."""
    return int(_TO_OURS.scalar(connection, {"address": address, "since": since}))


def hold_back(connection: Connection, notice: Notice, dedupe_key: str, now: datetime) -> bool:
    """Keep a notice for the next list; False when its letter was written, or the notice kept, before."""
    if _KNOWN.first(connection, {"dedupe_key": dedupe_key}) is not None:
        return False
    row = {
        "ticket": notice.ticket,
        "to_address": notice.to.address,
        "to_name": notice.to.name,
        "language": notice.language,
        "about": notice.about,
        "dedupe_key": dedupe_key,
        "created_at": now,
    }
    return _HOLD_BACK.first(connection, row) is not None


def take(connection: Connection, before: datetime) -> list[Notice]:
    """All notices, oldest first, of everybody for whom one has waited since `before`; they are forgotten."""
    rows = connection.execute(_TAKE, {"before": before}).all()
    return [
        Notice(to=Address(row.to_address, row.to_name), language=row.language, ticket=row.ticket, about=row.about)
        for row in sorted(rows, key=lambda row: row.id)
    ]
