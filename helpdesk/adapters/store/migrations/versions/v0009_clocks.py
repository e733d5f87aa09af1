"""How long we have worked on tickets, for service levels.

Revision: 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One more table; for tickets that are there a clock begins when something happens on them."""
    op.create_table(
        "clock",
        sa.Column("ticket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("worked_s", sa.Integer(), nullable=False),
        sa.Column("running_since", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_clock_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_clock"),
    )
