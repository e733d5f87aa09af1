"""The index of Message-IDs: every id that was received, sent or merely mentioned -> its tickets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.columns import storable
from helpdesk.adapters.store.later import Later
from helpdesk.adapters.store.models import REFERENCE, insert
from helpdesk.adapters.store.prepared import Prepared

# A hostile header may name thousands of ids; honest clients keep the first and the last ones.
MAX_REFERENCES = 100

# An id on very many tickets says nothing about which of them is meant.
MAX_TICKETS = 20

_NEW = insert(REFERENCE)
REMEMBER = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["key", "ticket"],
        # Once received or sent, an id stays that.
        set_={"mentioned": sa.and_(REFERENCE.c.mentioned, _NEW.excluded.mentioned)},
    )
)

# PostgreSQL cannot index longer values than some 2,700 bytes.
_MAX_KEY = 500

_BY_KEY = Prepared(
    sa.select(REFERENCE.c.key, REFERENCE.c.mentioned, REFERENCE.c.ticket).where(
        REFERENCE.c.key.in_(sa.bindparam("keys", expanding=True))
    ),
    lists=("keys",),
)


def remember(later: Later, ticket: int, message_id: str | None, mentioned: Iterable[str]) -> None:
    """Index a message of `ticket` under its own id and the ids it mentions (oldest first)."""
    ids = list(mentioned)
    rows = {
        _key(other): {"key": _key(other), "ticket": ticket, "mentioned": True}
        for other in [*ids[:1], *ids[1:][-MAX_REFERENCES:]]
    }
    if message_id is not None:
        rows[_key(message_id)] = {"key": _key(message_id), "ticket": ticket, "mentioned": False}
    later.insert(REMEMBER, *rows.values())


def move(connection: Connection, message_ids: Iterable[str], ticket: int, to: int) -> None:
    """These messages of a ticket are messages of another one."""
    keys = [_key(message_id) for message_id in message_ids]
    connection.execute(
        sa.update(REFERENCE)
        .where(REFERENCE.c.key.in_(keys), REFERENCE.c.ticket == ticket)
        .values(ticket=to, mentioned=False)
    )


def ask_tickets_of(connection: Connection, message_ids: Sequence[str]) -> Callable[[], dict[int, str]]:
    """What gives ticket numbers with the id that led to each, in the order of `message_ids`.

    For one id, tickets that have the message itself come before those that only mention it, newer before older.
    """
    asked: dict[str, str] = {}
    for message_id in message_ids[:MAX_REFERENCES]:
        asked.setdefault(_key(message_id), message_id)
    if not asked:
        return dict
    answer = _BY_KEY.ask(connection, {"keys": list(asked)})
    return lambda: _strongest_first(asked, answer())


def _strongest_first(asked: dict[str, str], rows: list[Any]) -> dict[int, str]:
    position = {key: place for place, key in enumerate(asked)}
    found: dict[int, str] = {}
    for key, _, ticket in sorted(rows, key=lambda row: (position[row.key], row.mentioned, -row.ticket)):
        found.setdefault(ticket, asked[key])
    return dict(list(found.items())[:MAX_TICKETS])


def _key(message_id: str) -> str:
    """The id as it is indexed: long ones by their hash."""
    text = storable(message_id)
    return text if len(text) <= _MAX_KEY else hashlib.sha256(text.encode()).hexdigest()
