"""Colleagues of requesters, letters to ours that came back, and the ticket of a mail that was given up.

Revision: 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables; what is in quarantine stays there, with no ticket known."""
    op.create_table(
        "came_back",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", "message_id", name="pk_came_back"),
    )
    op.create_table(
        "colleague",
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("requester", "address", name="pk_colleague"),
    )
    # Written out: SQLite adds a column that points to a row, while Alembic would copy the table for it.
    op.execute(
        "ALTER TABLE quarantine ADD COLUMN ticket INTEGER CONSTRAINT fk_quarantine_ticket REFERENCES ticket (number)"
    )
