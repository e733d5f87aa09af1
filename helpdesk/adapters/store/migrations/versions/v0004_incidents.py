"""Incidents: tickets on which others hang, and what agents last told everybody on them.

Revision: 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.adapters.store.migrations.choices import allow

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "closed", "reopened", "incident"),
    *("notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
)


def upgrade() -> None:
    """Add a table and a column; no ticket hangs on anything yet. Letters may have two more events."""
    op.create_table(
        "incident",
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("news", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_incident_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_incident"),
    )
    op.add_column("ticket", sa.Column("incident", sa.Integer(), nullable=True))
    hangs = sa.text("incident IS NOT NULL")
    op.create_index("ix_ticket_incident", "ticket", ["incident"], sqlite_where=hangs, postgresql_where=hangs)
    alone = sa.text("lane = 'outage' AND incident IS NULL AND state <> 'closed'")
    op.create_index("ix_ticket_opened_at", "ticket", ["opened_at"], sqlite_where=alone, postgresql_where=alone)
    allow("outbox", "event", *EVENTS)
