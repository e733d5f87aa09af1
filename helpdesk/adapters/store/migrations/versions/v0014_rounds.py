"""The morning digest and the weekly report: for which day each was last made, and two more events.

Revision: 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.adapters.store.migrations.choices import allow

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "solved", "status", "invited"),
    *("closed", "reopened", "stays-closed", "incident"),
    *("forward", "too-large", "notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
    *("morning", "report"),
)


def upgrade() -> None:
    """One small table; letters may be a digest or a report."""
    op.create_table(
        "round",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_round"),
    )
    allow("outbox", "event", *EVENTS)
