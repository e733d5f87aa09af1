"""Letters may tell a sender that a mail was too large.

Revision: 0006.
"""

from __future__ import annotations

from helpdesk.adapters.store.migrations.choices import allow

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "closed", "reopened", "incident", "too-large"),
    *("notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
)


def upgrade() -> None:
    """One more event; nothing else changes."""
    allow("outbox", "event", *EVENTS)
