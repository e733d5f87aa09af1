"""Brings a database to the schema of this program, from nothing or from any older version.

The steps are the numbered files in `migrations/versions`. All of them run in one transaction under a lock, so that
two programs may start at once and a crash leaves the old schema. A database newer than the program is refused.
Alembic takes 48 MB and a third of a second: it is imported only when there is something to do.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.engine import is_missing, make_engine, transaction
from helpdesk.errors import PermanentError

# The number of the newest file in migrations/versions.
WANTED = 22

# The numbered steps, and how Alembic is to run them.
MIGRATIONS = Path(__file__).parent / "migrations"

# Where Alembic keeps the version.
recorded = sa.table("alembic_version", sa.column("version_num", sa.Text))

# In front of the version while a desk is being moved into the database (see moving.py).
_UNDER_WAY = "moving-"

# Names our lock among the advisory locks of a PostgreSQL database; any fixed number would do.
_LOCK = 7_435_001


def schema_version(url: str) -> tuple[int, int]:
    """The version found in the database (0: nothing is there) and the one that this program wants."""
    engine = make_engine(url)
    if is_missing(engine):
        return 0, WANTED
    try:
        with transaction(engine, writes=False) as connection:
            return _found(connection), WANTED
    finally:
        engine.dispose()


def migrate(url: str) -> None:
    """Bring the database to the version wanted; does nothing when it is there already.

    Raises PermanentError when the database is newer than this program, or not complete yet.
    """
    found, wanted = schema_version(url)
    if found > wanted:
        raise PermanentError(
            f"the database has schema {found}, this program knows {wanted}: it was used by a newer version; "
            "install that version again, or restore the backup made before it"
        )
    if found < wanted:
        _upgrade(url)


def under_way(version: int) -> str:
    """What stands for the version while a desk is being moved into the database."""
    return f"{_UNDER_WAY}{version:04}"


def is_under_way(version: str | None) -> bool:
    """Is a desk being moved into the database?"""
    return (version or "").startswith(_UNDER_WAY)


def _found(connection: Connection) -> int:
    if not sa.inspect(connection).has_table(recorded.name):
        return 0
    version = connection.execute(sa.select(recorded.c.version_num)).scalar()
    if is_under_way(version):
        raise PermanentError(
            "a desk is being moved into this database: let `helpdesk migrate-database` finish, or call it again "
            "as before; until then work with the old database"
        )
    return int(version or 0)


def _upgrade(url: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    # Alembic reads options through ConfigParser, where % has a meaning.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    # Copying a table drops the old one: checked foreign keys would empty the tables that point to it.
    engine = make_engine(url, foreign_keys=False)
    try:
        with transaction(engine, writes=True) as connection:
            if connection.dialect.name == "postgresql":
                # Another daemon may be at it, which takes minutes on a large desk: that is waited for.
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
