"""Letters may ask whether an answer has helped.

Revision: 0008.
"""

from __future__ import annotations

from helpdesk.adapters.store.migrations.choices import allow

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "solved", "closed", "reopened", "incident", "too-large"),
    *("notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
)


def upgrade() -> None:
    """One more event; nothing else changes."""
    allow("outbox", "event", *EVENTS)
