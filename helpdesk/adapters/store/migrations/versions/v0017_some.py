"""Most letters need no place in the indexes of what waits, has failed, or was held: those hold a few of them now.

Revision: 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Narrower indexes take the place of the old ones."""
    for columns, which in (
        (("event", "created_at"), "event = 'held' OR event = 'unproven'"),
        (("next_attempt_at",), "next_attempt_at IS NOT NULL"),
        (("state",), "state = 'failed'"),
    ):
        where = sa.text(which)
        name = f"ix_outbox_{'_'.join(columns)}"
        op.drop_index(name, "outbox")
        op.create_index(name, "outbox", list(columns), sqlite_where=where, postgresql_where=where)
