"""Requesters may ask how a request stands, invite colleagues, and want no more automatic letters.

Revision: 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.adapters.store.migrations.choices import allow

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "solved", "status", "invited", "closed", "reopened", "incident"),
    *("too-large", "notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
)


def upgrade() -> None:
    """Two more events, and a column that says "no" for every ticket there is."""
    op.add_column("ticket", sa.Column("quiet", sa.Boolean(), nullable=False, server_default=sa.false()))
    allow("outbox", "event", *EVENTS)
