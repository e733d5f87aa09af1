"""States of a desk's own, and the letters that tell of them.

Revision: 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.adapters.store.migrations.choices import allow

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "state", "solved", "status", "invited"),
    *("closed", "reopened", "stays-closed", "incident"),
    *("forward", "too-large", "notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
    *("morning", "report"),
)


def upgrade() -> None:
    """One column, empty on every ticket, and one more event."""
    op.add_column("ticket", sa.Column("stage", sa.Text(), nullable=True))
    allow("outbox", "event", *EVENTS)
