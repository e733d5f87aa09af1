"""What is known of our own people: whose letters came back for good, who is away. A few rows, read at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import AWAY, CAME_BACK, insert
from helpdesk.core.decision import Outcome
from helpdesk.core.sender import CameBack, Reached, SetAway

_ADD = insert(CAME_BACK).on_conflict_do_nothing()
_LEAVE = insert(AWAY)
_SET_AWAY = _LEAVE.on_conflict_do_update(index_elements=["agent"], set_={"until": _LEAVE.excluded.until})

# One statement for both: it is on the way of every mail.
_LOAD = (
    sa.select(AWAY.c.until, AWAY.c.agent.label("who"), sa.literal("").label("message_id"))
    .union_all(sa.select(sa.null(), CAME_BACK.c.address, CAME_BACK.c.message_id))
    .order_by("who", "message_id")
)


@dataclass(frozen=True, slots=True)
class Staff:
    """(address, Message-ID) of each letter that came back, (name, until when) of each absence."""

    came_back: tuple[tuple[str, str], ...]
    away: tuple[tuple[str, datetime], ...]


def load(connection: Connection) -> Staff:
    """What is known of all of them."""
    rows = connection.execute(_LOAD).all()
    return Staff(
        came_back=tuple((row.who, row.message_id) for row in rows if row.until is None),
        away=tuple((row.who, row.until) for row in rows if row.until is not None),
    )


def add_returned(connection: Connection, address: str, message_id: str) -> None:
    """One more letter came back; the same one counts once."""
    connection.execute(_ADD, {"address": address, "message_id": message_id})


def clear_returned(connection: Connection, address: str) -> None:
    """Letters arrive there again."""
    connection.execute(sa.delete(CAME_BACK).where(CAME_BACK.c.address == address))


def set_away(connection: Connection, agent: str, until: datetime | None) -> None:
    """The agent is away until then; None: not at all."""
    if until is None:
        connection.execute(sa.delete(AWAY).where(AWAY.c.agent == agent))
    else:
        connection.execute(_SET_AWAY, {"agent": agent, "until": until})


def concerns(outcome: Outcome) -> bool:
    """Does it change what `load` answers?"""
    return any(isinstance(change, CameBack | Reached | SetAway) for change in outcome.changes)
