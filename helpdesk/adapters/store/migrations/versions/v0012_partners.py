"""Letters to partners, and whom a reply to the news of their answers reaches.

Revision: 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpdesk.adapters.store.migrations.choices import allow

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

AUDIENCES = ("requester", "agent", "partner", "aside", "colleagues", "nobody")

EVENTS = (
    *("opened", "reply", "missing", "reminder", "solved", "status", "invited", "closed", "reopened", "incident"),
    *("forward", "too-large", "notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
)


def upgrade() -> None:
    """One more column, which is empty, and more values for two; the letters stay as they are."""
    allow("outbox", "audience", *AUDIENCES)
    allow("outbox", "event", *EVENTS)
    op.add_column("outbox", sa.Column("partner", sa.Text(), nullable=True))
