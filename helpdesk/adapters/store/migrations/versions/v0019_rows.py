"""Which tickets a list names, row by row, so that a reply to it may order by their numbers.

Revision: 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more column, empty for every letter there is: lists that were sent before cannot be answered so."""
    op.add_column("outbox", sa.Column("rows", sa.Text(), nullable=True))
