"""How long we have worked on a ticket, as service levels count it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import CLOCK, insert
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.ticket import Clock

_NEW = insert(CLOCK)
_SET = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["ticket"],
        set_={column.name: _NEW.excluded[column.name] for column in CLOCK.c if column.name != "ticket"},
    )
)


def put(connection: Connection, ticket: int, clock: Clock) -> None:
    """Keep the clock of a ticket, in place of what it was."""
    row = {
        "ticket": ticket,
        "begun_at": clock.begun_at,
        "worked_s": round(clock.worked.total_seconds()),
        "running_since": clock.running_since,
        "answered_at": clock.answered_at,
        "due_at": clock.due_at,
        "told": clock.told,
    }
    _SET.run(connection, row)


def read(row: Any) -> Clock | None:
    """The clock that a row of tickets joined with clocks holds; None where there is none."""
    if row.begun_at is None:
        return None
    return Clock(
        begun_at=row.begun_at,
        worked=timedelta(seconds=row.worked_s),
        running_since=row.running_since,
        answered_at=row.answered_at,
        due_at=row.due_at,
        told=row.told,
    )
