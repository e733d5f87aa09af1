"""The entries of directories: replaced as a whole, found by their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import ENTRY
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.directory import Entry

# Rows that go to the database at a time.
_AT_ONCE = 500

_FIND = Prepared(
    sa.select(ENTRY.c.key, ENTRY.c.content)
    .where(ENTRY.c.directory == sa.bindparam("directory"), ENTRY.c.key.in_(sa.bindparam("keys", expanding=True)))
    .order_by(ENTRY.c.id),
    lists=("keys",),
)


def replace(connection: Connection, directory: str, entries: Sequence[Entry]) -> None:
    """These entries, and no others, are in the directory."""
    connection.execute(sa.delete(ENTRY).where(ENTRY.c.directory == directory))
    for start in range(0, len(entries), _AT_ONCE):
        rows = [
            {"directory": directory, "key": entry.key, "content": entry.values}
            for entry in entries[start : start + _AT_ONCE]
        ]
        connection.execute(sa.insert(ENTRY), rows)


def put(connection: Connection, directory: str, entry: Entry) -> None:
    """The directory has this entry, and no other one of its key."""
    remove(connection, directory, entry.key)
    connection.execute(sa.insert(ENTRY), [{"directory": directory, "key": entry.key, "content": entry.values}])


def remove(connection: Connection, directory: str, key: str) -> None:
    """The directory has no entry of this key."""
    connection.execute(sa.delete(ENTRY).where(ENTRY.c.directory == directory, ENTRY.c.key == key))


def entries(connection: Connection, directory: str, limit: int | None = None) -> list[Entry]:
    """All entries or the first of them, in the order of their file."""
    found = sa.select(ENTRY.c.key, ENTRY.c.content).where(ENTRY.c.directory == directory).order_by(ENTRY.c.id)
    return [_entry(row) for row in connection.execute(found.limit(limit))]


def find(connection: Connection, directory: str, keys: Sequence[str]) -> list[Entry]:
    """The entries that have one of these keys (folded)."""
    return [_entry(row) for row in _FIND.all(connection, {"directory": directory, "keys": list(keys)})]


def sizes(connection: Connection) -> dict[str, int]:
    """How many entries each directory has that has any."""
    counted = sa.select(ENTRY.c.directory, sa.func.count()).group_by(ENTRY.c.directory)
    return {str(directory): int(count) for directory, count in connection.execute(counted)}


def _entry(row: Any) -> Entry:
    return Entry(row.key, tuple((name, value) for name, value in row.content))
