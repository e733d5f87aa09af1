"""Which tickets speak of certain words: a full-text index beside the messages (SQLite FTS5, PostgreSQL tsvector).

The index is derived: it is filled in the background and before every search, not on the way of a mail, and can be
emptied at any time. Both engines keep the same evened-out words (core/search.py), so both find the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store import tickets
from helpdesk.adapters.store.models import MESSAGE, Direction
from helpdesk.core.decision import Filing
from helpdesk.core.search import Found, beginnings, excerpt, searchable

# Messages of one step.
AT_ONCE = 200

# Several daemons give out the ids of messages, and a later one may be committed first.
_LATECOMERS = 1000

# Messages that are looked at for one answer, newest first, and tickets that it names.
_LOOKED_AT = 1000
MAX_FOUND = 100


@dataclass(frozen=True, slots=True)
class _Wording:
    """What one engine calls it: which messages are new, the last one in the index, to add one, to find some."""

    new: sa.TextClause
    last: sa.TextClause
    add: sa.TextClause
    find: sa.TextClause


# FTS5 keeps which rows it has in a table of its own, which is read by key.
_SQLITE = _Wording(
    new=sa.text("NOT EXISTS (SELECT 1 FROM search_index_docsize AS kept WHERE kept.id = message.id)"),
    last=sa.text("SELECT max(id) FROM search_index_docsize"),
    add=sa.text("INSERT INTO search_index (rowid, words) VALUES (:id, :words)"),
    find=sa.text("SELECT rowid FROM search_index WHERE words MATCH :query ORDER BY rowid DESC LIMIT :limit"),
)
_POSTGRESQL = _Wording(
    new=sa.text("NOT EXISTS (SELECT 1 FROM search_index AS kept WHERE kept.message = message.id)"),
    last=sa.text("SELECT max(message) FROM search_index"),
    add=sa.text("INSERT INTO search_index VALUES (:id, to_tsvector('simple', :words)) ON CONFLICT DO NOTHING"),
    find=sa.text(
        "SELECT message FROM search_index WHERE words @@ to_tsquery('simple', :query)"
        " ORDER BY message DESC LIMIT :limit"
    ),
)


def is_behind(connection: Connection) -> bool:
    """Is there a message that is not in the index yet? Only reads."""
    return bool(_new(connection, 1))


def catch_up(connection: Connection, limit: int = AT_ONCE) -> int:
    """Take messages that are not in the index yet into it, oldest first; how many those were."""
    rows = _new(connection, limit)
    if rows:
        added = [{"id": row.id, "words": searchable(row.subject, row.text)} for row in rows]
        connection.execute(_wording(connection).add, added)
    return len(rows)


def _new(connection: Connection, limit: int) -> Sequence[Any]:
    wording = _wording(connection)
    last = connection.execute(wording.last).scalar() or 0
    return connection.execute(
        sa.select(MESSAGE.c.id, MESSAGE.c.subject, MESSAGE.c.text)
        .where(
            MESSAGE.c.id > last - _LATECOMERS,
            MESSAGE.c.ticket.is_not(None),
            MESSAGE.c.filing != Filing.COMMAND,
            # Automatic letters, which no agent signed, all say the same.
            sa.or_(MESSAGE.c.direction != Direction.OUT, MESSAGE.c.sender_name != ""),
            wording.new,
        )
        .order_by(MESSAGE.c.id)
        .limit(limit)
    ).all()


def look_for(connection: Connection, words: str) -> tuple[Found, ...]:
    """The tickets in which a message says all these words, the newest message first; new mail is seen at once."""
    wanted = beginnings(words)
    if not wanted:
        return ()
    while catch_up(connection):
        pass
    quoted = ('"{}"*', " AND ") if connection.dialect.name == "sqlite" else ("'{}':*", " & ")
    query = quoted[1].join(quoted[0].format(word.replace("'", "''")) for word in wanted)
    found = connection.execute(_wording(connection).find, {"query": query, "limit": _LOOKED_AT}).scalars()
    rows = connection.execute(
        sa.select(MESSAGE.c.ticket, MESSAGE.c.subject, MESSAGE.c.text, MESSAGE.c.at)
        .where(MESSAGE.c.id.in_(list(found)))
        .order_by(MESSAGE.c.id.desc())
    )
    newest: dict[int, Any] = {}
    for row in rows:
        newest.setdefault(row.ticket, row)
    shown = list(newest)[:MAX_FOUND]
    known = tickets.load(connection, shown)
    return tuple(
        Found(known[number], excerpt(newest[number].subject, newest[number].text, wanted), newest[number].at)
        for number in shown
    )


def _wording(connection: Connection) -> _Wording:
    return _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
