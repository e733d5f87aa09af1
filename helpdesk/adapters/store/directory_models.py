"""The table of directories: lists that a desk brings along."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from helpdesk.adapters.store.columns import Row, strings_column, text_column


class EntryRow(Row, table=True):
    """A row of a directory, in the order of its file. `key` is folded."""

    __tablename__ = "entry"
    __table_args__ = (sa.Index(None, "directory", "key"),)

    id: int | None = Field(primary_key=True)
    directory: str = text_column()
    key: str = text_column()
    content: tuple[tuple[str, str], ...] = strings_column()
