"""The full-text index for `search`. It is derived from the messages: the program fills it afterwards.

Revision: 0003.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it empty."""
    if op.get_bind().dialect.name == "sqlite":
        # The words are kept for finding alone: the mail itself is in its own table.
        op.execute("CREATE VIRTUAL TABLE search_index USING fts5 (words, content='')")
        return
    op.execute("CREATE TABLE search_index (message BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX ix_search_index_words ON search_index USING gin (words)")
