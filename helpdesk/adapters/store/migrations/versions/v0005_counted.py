"""How many letters somebody got of late is counted within the index, without a look at each letter.

Revision: 0005.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A wider index takes the place of the old one."""
    op.create_index(
        "ix_outbox_to_address_created_at_audience_automatic",
        "outbox",
        ["to_address", "created_at", "audience", "automatic"],
    )
    op.drop_index("ix_outbox_to_address_created_at", "outbox")
