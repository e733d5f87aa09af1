"""What requesters answer when asked whether we have helped, and the letter that says that a ticket stays closed.

Revision: 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.adapters.store.migrations.choices import allow

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "solved", "status", "invited"),
    *("closed", "reopened", "stays-closed", "incident"),
    *("forward", "too-large", "notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
)


def upgrade() -> None:
    """Add a column, empty where nobody was asked; one more event."""
    op.add_column("ticket", sa.Column("satisfaction", sa.Text(), nullable=True))
    allow("outbox", "event", *EVENTS)
