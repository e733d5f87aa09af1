"""Who may write on every ticket of a requester."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import COLLEAGUE, insert
from helpdesk.core.message import Address

_ADD = insert(COLLEAGUE).on_conflict_do_nothing()


def add(connection: Connection, requester: str, colleague: Address) -> None:
    """From now on; twice is once."""
    row = {"requester": requester, "address": colleague.address, "name": colleague.name}
    connection.execute(_ADD, row)


def remove(connection: Connection, requester: str, address: str) -> None:
    """No longer."""
    connection.execute(sa.delete(COLLEAGUE).where(COLLEAGUE.c.requester == requester, COLLEAGUE.c.address == address))
