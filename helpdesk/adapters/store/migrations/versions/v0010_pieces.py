"""Large mail and large letters in several rows.

Revision: 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two new tables. What is kept in one row stays there, and is read as before."""
    op.create_table(
        "raw_piece",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["raw.sha256"], name="fk_raw_piece_sha256"),
        sa.PrimaryKeyConstraint("sha256", "number", name="pk_raw_piece"),
    )
    op.create_table(
        "outbox_piece",
        sa.Column("letter", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["outbox.id"], name="fk_outbox_piece_letter"),
        sa.PrimaryKeyConstraint("letter", "number", name="pk_outbox_piece"),
    )
