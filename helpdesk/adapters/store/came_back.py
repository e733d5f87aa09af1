"""Letters to our own people that came back for good: a few rows, read once in a transaction."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import CAME_BACK, insert
from helpdesk.core.decision import Outcome
from helpdesk.core.sender import CameBack, Reached

_ADD = insert(CAME_BACK).on_conflict_do_nothing()


def load(connection: Connection) -> tuple[tuple[str, str], ...]:
    """(address, Message-ID) of each."""
    rows = connection.execute(sa.select(CAME_BACK).order_by(CAME_BACK.c.address, CAME_BACK.c.message_id))
    return tuple((row.address, row.message_id) for row in rows)


def add(connection: Connection, address: str, message_id: str) -> None:
    """One more; the same letter counts once."""
    connection.execute(_ADD, {"address": address, "message_id": message_id})


def clear(connection: Connection, address: str) -> None:
    """Letters arrive there again."""
    connection.execute(sa.delete(CAME_BACK).where(CAME_BACK.c.address == address))


def concerns(outcome: Outcome) -> bool:
    """Does it change what `load` answers?"""
    return any(isinstance(change, CameBack | Reached) for change in outcome.changes)
