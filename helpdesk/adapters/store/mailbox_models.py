"""The tables of mailboxes: what came, how far each was read and by whom, and what could not be processed.

They stand beside those of `models`, which are about tickets, and share one schema with them.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from helpdesk.adapters.store.columns import Row, text_column


class RawRow(Row, table=True):
    """A mail's bytes, zlib-compressed; the same bytes are kept once. Of a large one, the beginning of the stream."""

    __tablename__ = "raw"

    sha256: str = text_column(primary_key=True)
    size: int
    content: bytes


class RawPieceRow(Row, table=True):
    """What follows `raw.content` of a large mail, piece by piece: together they are one stream (see `packing`)."""

    __tablename__ = "raw_piece"

    sha256: str = text_column(primary_key=True, foreign_key="raw.sha256")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: bytes


class QuarantineRow(Row, table=True):
    """A mail that could not be processed. `next_try` is NULL when no tries are left."""

    __tablename__ = "quarantine"
    __table_args__ = (sa.UniqueConstraint("mailbox", "folder", "validity", "uid"),)

    id: int | None = Field(primary_key=True)
    mailbox: str = text_column()
    folder: str = text_column()
    validity: int = Field(sa_type=sa.BigInteger)
    uid: int = Field(sa_type=sa.BigInteger)
    sha256: str = text_column(foreign_key="raw.sha256")
    arrived_at: datetime
    at: datetime
    sender: str = text_column()
    subject: str = text_column()
    message_id: str | None = text_column()
    error: str = text_column()
    attempts: int
    next_try: datetime | None = Field(index=True)
    ticket: int | None = Field(foreign_key="ticket.number")  # what was made of its headers when it was given up


class CursorRow(Row, table=True):
    """How far a mailbox has been read."""

    __tablename__ = "cursor"

    mailbox: str = text_column(primary_key=True)
    folder: str = text_column()
    validity: int = Field(sa_type=sa.BigInteger)
    uid: int = Field(sa_type=sa.BigInteger)
    since: datetime


class LeaseRow(Row, table=True):
    """Which daemon reads a mailbox, until when (seconds since 1970 by the database's clock)."""

    __tablename__ = "lease"

    mailbox: str = text_column(primary_key=True)
    holder: str = text_column()
    token: int
    expires_at: float
