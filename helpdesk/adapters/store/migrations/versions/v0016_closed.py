"""An index on when tickets were closed: the board shows those of the last days.

Revision: 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index; nothing else changes."""
    closed = sa.text("closed_at IS NOT NULL")
    op.create_index("ix_ticket_closed_at", "ticket", ["closed_at"], sqlite_where=closed, postgresql_where=closed)
