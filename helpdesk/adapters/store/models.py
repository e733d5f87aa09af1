"""The tables of the desk: those of tickets and of what was said on them; of mailboxes and letters by name.

Everything durable is here, raw mail included, so that one backup is the whole truth. Rows never leave this package:
the queries beside this module turn them into the frozen values of the core. A column that a search on the way of a
message needs has an index; `migrations/` holds the same tables as steps, and a test compares the two.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field

from helpdesk.adapters.store.columns import Row, choice_column, index_of_some, strings_column, text_column
from helpdesk.adapters.store.directory_models import EntryRow
from helpdesk.adapters.store.letter_models import (
    AwayRow,
    CameBackRow,
    NoticeRow,
    OutboxPieceRow,
    OutboxRecipientRow,
    OutboxRow,
    RoundRow,
)
from helpdesk.adapters.store.mailbox_models import CursorRow, LeaseRow, QuarantineRow, RawPieceRow, RawRow
from helpdesk.core.decision import Disposition, Filing, Proof, Role
from helpdesk.core.message import Kind
from helpdesk.core.sender import Settled
from helpdesk.core.ticket import Lane, Part, Priority, State


class Direction(StrEnum):
    """Which way a message of a ticket went."""

    IN = "in"
    OUT = "out"
    NOTE = "note"


class MetaRow(Row, table=True):
    """The one row of the desk itself.

    `next_number` is the number of the next ticket; letters before `resumed_at` keep no breaker open.
    """

    __tablename__ = "meta"

    id: int = Field(primary_key=True)
    next_number: int
    secret_key: bytes
    paused: bool
    resumed_at: datetime | None


# What an incident may gather, and incidents themselves: told literally, so that both engines know the index below.
OPEN_OUTAGE = sa.text("ticket.lane = 'outage' AND ticket.incident IS NULL AND ticket.state <> 'closed'")


class TicketRow(Row, table=True):
    """A ticket's own facts; who takes part, what is due and what was written have their own tables."""

    __tablename__ = "ticket"
    __table_args__ = (
        # How many tickets a sender opened of late.
        sa.Index(None, "requester_address", "lane", "opened_at"),
        # Those that the board still shows.
        index_of_some("closed_at", which="closed_at IS NOT NULL"),
        # The few that went into another one.
        index_of_some("merged_into", which="merged_into IS NOT NULL"),
        # What hangs on an incident, and what is open for one.
        index_of_some("incident", which="incident IS NOT NULL"),
        index_of_some("opened_at", which="lane = 'outage' AND incident IS NULL AND state <> 'closed'"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    subject: str = text_column()
    requester_address: str | None = text_column()
    requester_name: str = text_column()
    desk: str = text_column()
    state: State = choice_column(State, index=True)
    lane: Lane = choice_column(Lane)
    priority: Priority = choice_column(Priority)
    situation: str | None = text_column()
    assignee: str | None = text_column()
    language: str = text_column()
    resolution: str | None = text_column()
    checklist: str | None = text_column()
    missing: tuple[str, ...] = strings_column()
    fields: tuple[tuple[str, str], ...] = strings_column()
    reasons: tuple[str, ...] = strings_column()
    words: bool
    forged: bool
    opened_at: datetime
    active_at: datetime
    closed_at: datetime | None
    wake_at: datetime | None
    merged_into: int | None  # a number, checked by `merging` alone: rows are copied in any order
    regrouped_at: datetime | None
    satisfaction: str | None = text_column()
    stage: str | None = text_column()
    incident: int | None  # a number; no foreign key, as above
    quiet: bool


class IncidentRow(Row, table=True):
    """What only an incident has: the ticket that it is, and what agents last told everybody on it."""

    __tablename__ = "incident"

    ticket: int = Field(primary_key=True, foreign_key="ticket.number", sa_column_kwargs={"autoincrement": False})
    news: str = text_column()


class ParticipantRow(Row, table=True):
    """Somebody who takes part in a ticket."""

    __tablename__ = "participant"
    __table_args__ = (sa.UniqueConstraint("ticket", "address"),)

    id: int | None = Field(primary_key=True)
    ticket: int = Field(foreign_key="ticket.number")
    address: str = text_column()
    name: str = text_column()
    part: Part = choice_column(Part)


class FollowUpRow(Row, table=True):
    """What is still to happen by itself. A row that happened or was cancelled is gone: it cannot fire twice."""

    __tablename__ = "follow_up"

    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    kind: str = text_column(primary_key=True)
    due_at: datetime = Field(index=True)


class ClockRow(Row, table=True):
    """How long we have worked on a ticket, where a service level counts."""

    __tablename__ = "clock"

    ticket: int = Field(primary_key=True, foreign_key="ticket.number", sa_column_kwargs={"autoincrement": False})
    begun_at: datetime
    worked_s: int  # whole seconds
    running_since: datetime | None
    answered_at: datetime | None
    due_at: datetime | None
    told: tuple[str, ...] = strings_column()


class HistoryRow(Row, table=True):
    """A line of a ticket's history."""

    __tablename__ = "history"

    id: int | None = Field(primary_key=True)
    ticket: int = Field(foreign_key="ticket.number", index=True)
    at: datetime
    by: str = text_column()
    what: str = text_column()
    why: str = text_column()


class LinkRow(Row, table=True):
    """Two tickets that belong together."""

    __tablename__ = "link"

    a: int = Field(primary_key=True, foreign_key="ticket.number")
    b: int = Field(primary_key=True, foreign_key="ticket.number", index=True)
    kind: str = text_column(primary_key=True)


class MessageRow(Row, table=True):
    """A message that came, or the text of one that we sent to the requester.

    Only what came has a mailbox key, raw bytes and a decision. Without a ticket it belongs to the delivery log.
    """

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("mailbox", "folder", "validity", "uid"),
        # The conversation, and what is held, of one ticket.
        sa.Index(None, "ticket", "filing", "id"),
    )

    id: int | None = Field(primary_key=True)
    ticket: int | None = Field(foreign_key="ticket.number")
    direction: Direction = choice_column(Direction)
    filing: Filing = choice_column(Filing)
    mailbox: str | None = text_column()
    folder: str | None = text_column()
    validity: int | None = Field(sa_type=sa.BigInteger)
    uid: int | None = Field(sa_type=sa.BigInteger)
    sha256: str | None = text_column(foreign_key="raw.sha256", index=True)
    fingerprint: str | None = text_column(index=True)
    message_id: str | None = text_column()
    sender_address: str | None = text_column()
    sender_name: str = text_column()
    to: tuple[str, ...] = strings_column()
    cc: tuple[str, ...] = strings_column()
    subject: str = text_column()
    at: datetime
    kind: Kind | None = choice_column(Kind)
    disposition: Disposition | None = choice_column(Disposition)
    role: Role | None = choice_column(Role)
    proof: Proof | None = choice_column(Proof)
    reasons: tuple[tuple[str, str], ...] = strings_column()
    text: str = text_column()
    quoted: str = text_column()


class AttachmentRow(Row, table=True):
    """A file of a message that came; its bytes are part `part` of the raw mail."""

    __tablename__ = "attachment"

    message: int = Field(primary_key=True, foreign_key="message.id")
    part: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = text_column()
    type: str = text_column()
    size: int
    sha256: str = text_column()
    inline: bool
    content_id: str | None = text_column()


class ReferenceRow(Row, table=True):
    """Every Message-ID that a ticket has to do with: received, sent, or merely `mentioned` in a References header.

    Mentioned ones let two answers to a mail meet that we never got.
    """

    __tablename__ = "reference"

    key: str = text_column(primary_key=True)  # see reference_key
    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    mentioned: bool


class ColleagueRow(Row, table=True):
    """Who may write on every ticket of a requester."""

    __tablename__ = "colleague"

    requester: str = text_column(primary_key=True)
    address: str = text_column(primary_key=True)
    name: str = text_column()


class ContactRow(Row, table=True):
    """What we remember of an address."""

    __tablename__ = "contact"

    address: str = text_column(primary_key=True)
    name: str = text_column()
    language: str | None = text_column()
    blocked: bool
    failing: bool
    settled: Settled = choice_column(Settled)


METADATA = Row.metadata

# The tables themselves, for statements on the way of a message: no object is built per row.
META = METADATA.tables["meta"]
RAW = METADATA.tables[RawRow.__tablename__]
RAW_PIECE = METADATA.tables[RawPieceRow.__tablename__]
TICKET = METADATA.tables["ticket"]
INCIDENT = METADATA.tables["incident"]
PARTICIPANT = METADATA.tables["participant"]
FOLLOW_UP = METADATA.tables["follow_up"]
CLOCK = METADATA.tables["clock"]
HISTORY = METADATA.tables["history"]
LINK = METADATA.tables["link"]
MESSAGE = METADATA.tables["message"]
ATTACHMENT = METADATA.tables["attachment"]
REFERENCE = METADATA.tables["reference"]
OUTBOX = METADATA.tables[OutboxRow.__tablename__]
OUTBOX_PIECE = METADATA.tables[OutboxPieceRow.__tablename__]
OUTBOX_RECIPIENT = METADATA.tables[OutboxRecipientRow.__tablename__]
NOTICE = METADATA.tables[NoticeRow.__tablename__]
CONTACT = METADATA.tables["contact"]
QUARANTINE = METADATA.tables[QuarantineRow.__tablename__]
CURSOR = METADATA.tables[CursorRow.__tablename__]
AWAY = METADATA.tables[AwayRow.__tablename__]
CAME_BACK = METADATA.tables[CameBackRow.__tablename__]
ROUND = METADATA.tables[RoundRow.__tablename__]
COLLEAGUE = METADATA.tables["colleague"]
LEASE = METADATA.tables[LeaseRow.__tablename__]
ENTRY = METADATA.tables[EntryRow.__tablename__]

# An INSERT that knows ON CONFLICT. Both engines have it in one form, and SQLAlchemy's PostgreSQL class compiles for
# SQLite as well (its SQLite class does not for PostgreSQL).
insert = postgresql.insert
