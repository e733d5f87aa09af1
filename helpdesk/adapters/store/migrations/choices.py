"""A column that may hold further values from now on: its CHECK is replaced, on both engines, without copying the table.

SQLite knows no ALTER for that. Its documentation (Making Other Kinds Of Table Schema Changes, for constraints that no
stored row breaks) has the text of the table changed in place, which takes no time however many rows there are.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def allow(table: str, column: str, *values: str) -> None:
    """From now on `column` may hold these values, among them every one that was allowed before."""
    listed = ", ".join(f"'{value}'" for value in values)
    wanted = f"CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({listed}))"
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}, ADD {wanted}")
        return
    begins = f"CONSTRAINT ck_{table}_{column} CHECK ("
    chosen = sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :table")
    text = str(connection.execute(chosen, {"table": table}).scalar_one())
    head, found, rest = text.partition(begins)
    if not found:
        raise ValueError(f"the table {table} has no constraint ck_{table}_{column}")
    tail = rest[rest.index("))") + len("))") :]
    version = int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one()) + 1
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :table")
    connection.execute(changed, {"sql": head + wanted + tail, "table": table})
    # Every connection reads the tables again, this one at once.
    connection.exec_driver_sql(f"PRAGMA schema_version = {version:d}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
