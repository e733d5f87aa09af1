"""How firmly the language of an address is known.

Revision: 0021.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column; the languages that are remembered stay, as shown by letters."""
    op.execute(
        "ALTER TABLE contact ADD COLUMN settled VARCHAR(16) NOT NULL DEFAULT 'letters' "
        "CONSTRAINT ck_contact_settled CHECK (settled IN ('letters', 'doubted', 'chosen'))"
    )
