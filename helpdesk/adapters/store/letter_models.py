"""The tables of what we write: letters, what became of each recipient, what waits for a list instead."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from helpdesk.adapters.store.columns import Row, choice_column, index_of_some, strings_column, text_column
from helpdesk.core.outgoing import Audience, Event, OutboxState, RecipientState


class OutboxRow(Row, table=True):
    """A letter with its final bytes, for ever: it is also the proof of what we sent and the home of its secret.

    `rows` are the numbers of the tickets that a list names, NULL for other letters.
    `agent` is the name of the agent who wrote it, empty for automatic ones. `cause` is the mail
    that led to it, `partner` whom a reply gets.
    `next_attempt_at` is when to try next; while `sending`, when a crashed sender's claim ends; else NULL.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        # The windows of LetterCounts, and of notices to an agent: counted within the index alone.
        sa.Index(None, "to_address", "created_at", "audience", "automatic"),
        sa.Index(None, "to_domain", "audience", "automatic", "created_at"),
        sa.Index(None, "audience", "automatic", "created_at"),
        # "Or" and not "in", which SQLite does not see through.
        index_of_some("event", "created_at", which="event = 'held' OR event = 'unproven'"),
        # What is still to be sent, and what never will be: most letters of an old desk have left.
        index_of_some("next_attempt_at", which="next_attempt_at IS NOT NULL"),
        index_of_some("state", which="state = 'failed'"),
    )

    id: int | None = Field(primary_key=True)
    ticket: int | None = Field(foreign_key="ticket.number", index=True)
    cause: int | None = Field(foreign_key="message.id")
    event: Event = choice_column(Event)
    audience: Audience = choice_column(Audience)
    automatic: bool
    urgent: bool
    to_address: str = text_column()
    to_domain: str = text_column()
    agent: str = text_column()
    partner: str | None = text_column()
    dedupe_key: str = text_column(unique=True)
    message_id: str = text_column(unique=True)
    token: str = text_column(index=True)
    spent: bool
    envelope_from: str = text_column()
    subject: str = text_column()
    raw: bytes
    state: OutboxState = choice_column(OutboxState)
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    rows: tuple[str, ...] | None = strings_column()


class OutboxPieceRow(Row, table=True):
    """What follows `outbox.raw` of a large letter, piece by piece: together they are one stream (see `packing`)."""

    __tablename__ = "outbox_piece"

    letter: int = Field(primary_key=True, foreign_key="outbox.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: bytes


class OutboxRecipientRow(Row, table=True):
    """What the relay, or later a bounce, said about one recipient of a letter."""

    __tablename__ = "outbox_recipient"

    letter: int = Field(primary_key=True, foreign_key="outbox.id")
    address: str = text_column(primary_key=True)
    state: RecipientState = choice_column(RecipientState)
    code: int
    text: str = text_column()


class NoticeRow(Row, table=True):
    """A letter to one of ours that was not written, because there were too many: it becomes a line of a list."""

    __tablename__ = "notice"

    id: int | None = Field(primary_key=True)
    ticket: int | None = Field(foreign_key="ticket.number")
    to_address: str = text_column()
    to_name: str = text_column()
    language: str = text_column()
    about: str = text_column()
    dedupe_key: str = text_column(unique=True)
    created_at: datetime = Field(index=True)


class CameBackRow(Row, table=True):
    """A letter to one of ours that came back for good, since the last good mail from there."""

    __tablename__ = "came_back"

    address: str = text_column(primary_key=True)
    message_id: str = text_column(primary_key=True)


class AwayRow(Row, table=True):
    """Until when an agent gets no new tickets. A row whose time has passed says nothing any longer."""

    __tablename__ = "away"

    agent: str = text_column(primary_key=True)
    until: datetime


class RoundRow(Row, table=True):
    """The last day (ISO 8601) for which a round, such as the morning digest, was made."""

    __tablename__ = "round"

    kind: str = text_column(primary_key=True)
    day: str = text_column()
