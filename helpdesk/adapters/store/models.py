"""The tables of the desk, and how our values become columns.

Everything durable is here, raw mail included, so that one backup is the whole truth. Rows never leave this package:
the queries beside this module turn them into the frozen values of the core. A column that a search on the way of a
message needs has an index; `migrations/` holds the same tables as steps, and a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel

from helpdesk.core.decision import Disposition, Filing, Proof, Role
from helpdesk.core.message import Kind
from helpdesk.core.outgoing import Audience, Event, OutboxState, RecipientState
from helpdesk.core.ticket import Lane, Part, Priority, State


class Direction(StrEnum):
    """Which way a message of a ticket went."""

    IN = "in"
    OUT = "out"
    NOTE = "note"


def storable(text: str) -> str:
    """The text as both engines can keep it: NUL (PostgreSQL refuses it) and lone surrogates become U+FFFD."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Text(sa.types.TypeDecorator[str]):
    """Text of strangers: any Python string can be written, compared and read back."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Replace what the engines refuse."""
        return None if value is None else storable(value)


class Strings(sa.types.TypeDecorator[tuple[Any, ...]]):
    """A tuple of strings, or of tuples of strings, as JSON."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Any] | None, dialect: sa.Dialect) -> str | None:
        """JSON, readable for people who look into the table."""
        if value is None:
            return None
        clean = [storable(item) if isinstance(item, str) else [storable(text) for text in item] for item in value]
        return json.dumps(clean, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> tuple[Any, ...] | None:
        """The tuple that was written."""
        if value is None:
            return None
        return tuple(tuple(item) if isinstance(item, list) else item for item in json.loads(value))


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def _strings() -> Any:
    return Field(sa_type=Strings)


def _choice(members: type[StrEnum], **options: Any) -> Any:
    """A column for one of `members`, guarded by a CHECK: one bad row would make the whole table unreadable."""
    kind = sa.Enum(
        members,
        name=members.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=16,
        values_callable=lambda enum: [member.value for member in enum],
    )
    return Field(sa_type=kind, **options)


class Row(SQLModel):
    """What all tables share: constraints have names, so that later migrations can address them."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class MetaRow(Row, table=True):
    """The one row of the desk itself. `next_number` is the number of the next ticket."""

    __tablename__ = "meta"

    id: int = Field(primary_key=True)
    next_number: int
    secret_key: bytes
    paused: bool


class RawRow(Row, table=True):
    """A mail's bytes, zlib-compressed; the same bytes are kept once."""

    __tablename__ = "raw"

    sha256: str = _text(primary_key=True)
    size: int
    content: bytes


class TicketRow(Row, table=True):
    """A ticket's own facts; who takes part, what is due and what was written have their own tables."""

    __tablename__ = "ticket"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    subject: str = _text()
    requester_address: str | None = _text()
    requester_name: str = _text()
    desk: str = _text()
    state: State = _choice(State, index=True)
    lane: Lane = _choice(Lane)
    priority: Priority = _choice(Priority)
    situation: str | None = _text()
    assignee: str | None = _text()
    language: str = _text()
    resolution: str | None = _text()
    checklist: str | None = _text()
    missing: tuple[str, ...] = _strings()
    fields: tuple[tuple[str, str], ...] = _strings()
    reasons: tuple[str, ...] = _strings()
    words: bool
    opened_at: datetime
    active_at: datetime
    closed_at: datetime | None
    wake_at: datetime | None


class ParticipantRow(Row, table=True):
    """Somebody who takes part in a ticket."""

    __tablename__ = "participant"
    __table_args__ = (sa.UniqueConstraint("ticket", "address"),)

    id: int | None = Field(primary_key=True)
    ticket: int = Field(foreign_key="ticket.number")
    address: str = _text()
    name: str = _text()
    part: Part = _choice(Part)


class FollowUpRow(Row, table=True):
    """What is still to happen by itself. A row that happened or was cancelled is gone: it cannot fire twice."""

    __tablename__ = "follow_up"

    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    kind: str = _text(primary_key=True)
    due_at: datetime = Field(index=True)


class HistoryRow(Row, table=True):
    """A line of a ticket's history."""

    __tablename__ = "history"

    id: int | None = Field(primary_key=True)
    ticket: int = Field(foreign_key="ticket.number", index=True)
    at: datetime
    by: str = _text()
    what: str = _text()
    why: str = _text()


class LinkRow(Row, table=True):
    """Two tickets that belong together."""

    __tablename__ = "link"

    a: int = Field(primary_key=True, foreign_key="ticket.number")
    b: int = Field(primary_key=True, foreign_key="ticket.number", index=True)
    kind: str = _text(primary_key=True)


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
    direction: Direction = _choice(Direction)
    filing: Filing = _choice(Filing)
    mailbox: str | None = _text()
    folder: str | None = _text()
    validity: int | None = Field(sa_type=sa.BigInteger)
    uid: int | None = Field(sa_type=sa.BigInteger)
    sha256: str | None = _text(foreign_key="raw.sha256", index=True)
    fingerprint: str | None = _text(index=True)
    message_id: str | None = _text()
    sender_address: str | None = _text()
    sender_name: str = _text()
    to: tuple[str, ...] = _strings()
    cc: tuple[str, ...] = _strings()
    subject: str = _text()
    at: datetime
    kind: Kind | None = _choice(Kind)
    disposition: Disposition | None = _choice(Disposition)
    role: Role | None = _choice(Role)
    proof: Proof | None = _choice(Proof)
    reasons: tuple[tuple[str, str], ...] = _strings()
    text: str = _text()
    quoted: str = _text()


class AttachmentRow(Row, table=True):
    """A file of a message that came; its bytes are part `part` of the raw mail."""

    __tablename__ = "attachment"

    message: int = Field(primary_key=True, foreign_key="message.id")
    part: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = _text()
    type: str = _text()
    size: int
    sha256: str = _text()
    inline: bool
    content_id: str | None = _text()


class ReferenceRow(Row, table=True):
    """Every Message-ID that a ticket has to do with: received, sent, or merely `mentioned` in a References header.

    Mentioned ones let two answers to a mail meet that we never got.
    """

    __tablename__ = "reference"

    key: str = _text(primary_key=True)  # see reference_key
    ticket: int = Field(primary_key=True, foreign_key="ticket.number")
    mentioned: bool


class OutboxRow(Row, table=True):
    """A letter with its final bytes, for ever: it is also the proof of what we sent and the home of its secret.

    `agent` is the name of the agent who wrote it, empty for automatic ones. `cause` is the mail
    that led to it.
    `next_attempt_at` is when to try next; while `sending`, when a crashed sender's claim ends; else NULL.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        # The windows of LetterCounts.
        sa.Index(None, "to_address", "created_at"),
        sa.Index(None, "to_domain", "audience", "automatic", "created_at"),
        sa.Index(None, "audience", "automatic", "created_at"),
        sa.Index(None, "event", "created_at"),
    )

    id: int | None = Field(primary_key=True)
    ticket: int | None = Field(foreign_key="ticket.number", index=True)
    cause: int | None = Field(foreign_key="message.id")
    event: Event = _choice(Event)
    audience: Audience = _choice(Audience)
    automatic: bool
    urgent: bool
    to_address: str = _text()
    to_domain: str = _text()
    agent: str = _text()
    dedupe_key: str = _text(unique=True)
    message_id: str = _text(unique=True)
    token: str = _text(index=True)
    spent: bool
    envelope_from: str = _text()
    subject: str = _text()
    raw: bytes
    state: OutboxState = _choice(OutboxState, index=True)
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None = Field(index=True)
    sent_at: datetime | None


class OutboxRecipientRow(Row, table=True):
    """What the relay, or later a bounce, said about one recipient of a letter."""

    __tablename__ = "outbox_recipient"

    letter: int = Field(primary_key=True, foreign_key="outbox.id")
    address: str = _text(primary_key=True)
    state: RecipientState = _choice(RecipientState)
    code: int
    text: str = _text()


class ContactRow(Row, table=True):
    """What we remember of an address."""

    __tablename__ = "contact"

    address: str = _text(primary_key=True)
    name: str = _text()
    language: str | None = _text()
    blocked: bool
    failing: bool


class QuarantineRow(Row, table=True):
    """A mail that could not be processed. `next_try` is NULL when no tries are left."""

    __tablename__ = "quarantine"
    __table_args__ = (sa.UniqueConstraint("mailbox", "folder", "validity", "uid"),)

    id: int | None = Field(primary_key=True)
    mailbox: str = _text()
    folder: str = _text()
    validity: int = Field(sa_type=sa.BigInteger)
    uid: int = Field(sa_type=sa.BigInteger)
    sha256: str = _text(foreign_key="raw.sha256")
    arrived_at: datetime
    at: datetime
    sender: str = _text()
    subject: str = _text()
    message_id: str | None = _text()
    error: str = _text()
    attempts: int
    next_try: datetime | None = Field(index=True)


class CursorRow(Row, table=True):
    """How far a mailbox has been read."""

    __tablename__ = "cursor"

    mailbox: str = _text(primary_key=True)
    folder: str = _text()
    validity: int = Field(sa_type=sa.BigInteger)
    uid: int = Field(sa_type=sa.BigInteger)
    since: datetime


METADATA = Row.metadata

# The tables themselves, for statements on the way of a message: no object is built per row.
META = METADATA.tables["meta"]
RAW = METADATA.tables["raw"]
TICKET = METADATA.tables["ticket"]
PARTICIPANT = METADATA.tables["participant"]
FOLLOW_UP = METADATA.tables["follow_up"]
HISTORY = METADATA.tables["history"]
LINK = METADATA.tables["link"]
MESSAGE = METADATA.tables["message"]
ATTACHMENT = METADATA.tables["attachment"]
REFERENCE = METADATA.tables["reference"]
OUTBOX = METADATA.tables["outbox"]
OUTBOX_RECIPIENT = METADATA.tables["outbox_recipient"]
CONTACT = METADATA.tables["contact"]
QUARANTINE = METADATA.tables["quarantine"]
CURSOR = METADATA.tables["cursor"]

# An INSERT that knows ON CONFLICT. Both engines have it in one form, and SQLAlchemy's PostgreSQL class compiles for
# SQLite as well (its SQLite class does not for PostgreSQL).
insert = postgresql.insert
