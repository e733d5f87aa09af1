"""What happens by itself when its time comes. A row that happened or was cancelled is gone: it cannot fire twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import tickets
from helpdesk.adapters.store.models import FOLLOW_UP, TICKET, insert
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.ticket import Ticket

_NEW = insert(FOLLOW_UP)
_SCHEDULE = Prepared(
    _NEW.on_conflict_do_update(index_elements=["ticket", "kind"], set_={"due_at": _NEW.excluded.due_at})
)

_OF_TICKET = sa.delete(FOLLOW_UP).where(FOLLOW_UP.c.ticket == sa.bindparam("of"))
_REMOVE = Prepared(_OF_TICKET)
_REMOVE_KINDS = Prepared(
    _OF_TICKET.where(FOLLOW_UP.c.kind.in_(sa.bindparam("kinds", expanding=True))), lists=("kinds",)
)

_REMOVE_BUT = Prepared(_OF_TICKET.where(FOLLOW_UP.c.kind.not_in(sa.bindparam("kept", expanding=True))), lists=("kept",))


def schedule(connection: Connection, ticket: int, kind: str, due_at: datetime) -> None:
    """Let `kind` happen at `due_at`, instead of when it was to happen so far."""
    _SCHEDULE.run(connection, {"ticket": ticket, "kind": kind, "due_at": due_at})


def remove(connection: Connection, ticket: int, kinds: Sequence[str], kept: Sequence[str] = ()) -> None:
    """Follow-ups of these kinds (empty: of every kind but those `kept`) happen no longer."""
    if kinds:
        _REMOVE_KINDS.run(connection, {"of": ticket, "kinds": list(kinds)})
    elif kept:
        _REMOVE_BUT.run(connection, {"of": ticket, "kept": list(kept)})
    else:
        _REMOVE.run(connection, {"of": ticket})


def due(connection: Connection, now: datetime, limit: int) -> list[tuple[Ticket, str]]:
    """Tickets with a kind that is due, oldest first; until the commit nobody else gets them."""
    rows = connection.execute(
        sa.select(FOLLOW_UP.c.ticket, FOLLOW_UP.c.kind)
        .join(TICKET, TICKET.c.number == FOLLOW_UP.c.ticket)
        .where(FOLLOW_UP.c.due_at <= now)
        .order_by(FOLLOW_UP.c.due_at, FOLLOW_UP.c.ticket, FOLLOW_UP.c.kind)
        .limit(limit)
        # The ticket, too: while one daemon reminds, another must not close.
        .with_for_update(of=[FOLLOW_UP, TICKET], skip_locked=True)
    ).all()
    found = tickets.load(connection, [row.ticket for row in rows])
    return [(found[row.ticket], row.kind) for row in rows]
