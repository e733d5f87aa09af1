"""Two more events: the number of a return, and parcels that have left.

Revision: 0020.
"""

from __future__ import annotations

from helpdesk.adapters.store.migrations.choices import allow

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

EVENTS = (
    *("opened", "reply", "missing", "reminder", "state", "solved", "status", "invited"),
    *("closed", "reopened", "stays-closed", "incident", "rma", "shipped"),
    *("forward", "too-large", "notify", "note", "held", "bounced", "unproven", "result", "alert", "page", "digest"),
    *("morning", "report"),
)


def upgrade() -> None:
    """More values for one column; the letters stay as they are."""
    allow("outbox", "event", *EVENTS)
