"""The desk's memory: SQLite or PostgreSQL behind ports.Store.

    store = open_store("sqlite:///helpdesk.db")

`open_store` brings the database to the schema of this program first; `schema_version` only looks.
"""

from __future__ import annotations

from datetime import timedelta

from helpdesk.adapters.store.migrate import migrate, schema_version
from helpdesk.adapters.store.store import SqlStore

__all__ = ["SqlStore", "migrate", "open_store", "schema_version"]

# How long a letter's secret proves a reply after the last activity on its ticket (interface.md section 3).
SECRET_LIFE = timedelta(days=30)


def open_store(url: str, *, secret_life: timedelta = SECRET_LIFE) -> SqlStore:
    """The store at `url` (sqlite:///FILE or postgresql://…), created or brought up to date where needed.

    Raises TemporaryError when it cannot be reached or written, PermanentError when it is of no use.
    """
    migrate(url)
    return SqlStore(url, secret_life)
