"""The first tables, and the one row of the desk: its counter of ticket numbers and its secret key.

Revision: 0001.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from helpdesk.core.ticket import FIRST_NUMBER

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def choice(name: str, *values: str) -> sa.Enum:
    """A text column that takes these values alone."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "contact",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("failing", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_contact"),
    )
    op.create_table(
        "cursor",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_cursor"),
    )
    op.create_table(
        "lease",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name="pk_lease"),
    )
    meta = op.create_table(
        "meta",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("secret_key", sa.LargeBinary(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("resumed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_meta"),
    )
    op.create_table(
        "raw",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_raw"),
    )
    op.create_table(
        "ticket",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("requester_address", sa.Text(), nullable=True),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("state", choice("state", "new", "open", "waiting", "closed"), nullable=False),
        sa.Column("lane", choice("lane", "outage", "normal"), nullable=False),
        sa.Column("priority", choice("priority", "high", "normal", "low"), nullable=False),
        sa.Column("situation", sa.Text(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("checklist", sa.Text(), nullable=True),
        sa.Column("missing", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("words", sa.Boolean(), nullable=False),
        sa.Column("forged", sa.Boolean(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("active_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("wake_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_ticket"),
    )
    op.create_index("ix_ticket_requester_address_lane_opened_at", "ticket", ["requester_address", "lane", "opened_at"])
    op.create_index("ix_ticket_state", "ticket", ["state"])

    op.create_table(
        "follow_up",
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_follow_up_ticket"),
        sa.PrimaryKeyConstraint("ticket", "kind", name="pk_follow_up"),
    )
    op.create_index("ix_follow_up_due_at", "follow_up", ["due_at"])

    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_history_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
    )
    op.create_index("ix_history_ticket", "history", ["ticket"])

    op.create_table(
        "link",
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["a"], ["ticket.number"], name="fk_link_a"),
        sa.ForeignKeyConstraint(["b"], ["ticket.number"], name="fk_link_b"),
        sa.PrimaryKeyConstraint("a", "b", "kind", name="pk_link"),
    )
    op.create_index("ix_link_b", "link", ["b"])

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=True),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_notice_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("dedupe_key", name="uq_notice_dedupe_key"),
    )
    op.create_index("ix_notice_created_at", "notice", ["created_at"])

    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=True),
        sa.Column("direction", choice("direction", "in", "out", "note"), nullable=False),
        sa.Column("filing", choice("filing", "visible", "note", "held", "recorded", "command"), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=True),
        sa.Column("folder", sa.Text(), nullable=True),
        sa.Column("validity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("sender_address", sa.Text(), nullable=True),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("cc", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", choice("kind", "human", "auto-reply", "bounce", "report", "bulk", "loop"), nullable=True),
        sa.Column(
            "disposition",
            choice("disposition", "open", "append", "command", "record", "hold", "ignore", "quarantine"),
            nullable=True,
        ),
        sa.Column(
            "role", choice("role", "agent", "lead", "partner", "requester", "cc", "stranger", "nobody"), nullable=True
        ),
        sa.Column("proof", choice("proof", "none", "reply", "dmarc", "pgp"), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["raw.sha256"], name="fk_message_sha256"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_message_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("mailbox", "folder", "validity", "uid", name="uq_message_mailbox_folder_validity_uid"),
    )
    op.create_index("ix_message_fingerprint", "message", ["fingerprint"])
    op.create_index("ix_message_sha256", "message", ["sha256"])
    op.create_index("ix_message_ticket_filing_id", "message", ["ticket", "filing", "id"])

    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", choice("part", "requester", "cc", "partner"), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_participant_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_participant"),
        sa.UniqueConstraint("ticket", "address", name="uq_participant_ticket_address"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["raw.sha256"], name="fk_quarantine_sha256"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sa.UniqueConstraint("mailbox", "folder", "validity", "uid", name="uq_quarantine_mailbox_folder_validity_uid"),
    )
    op.create_index("ix_quarantine_next_try", "quarantine", ["next_try"])

    op.create_table(
        "reference",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=False),
        sa.Column("mentioned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_reference_ticket"),
        sa.PrimaryKeyConstraint("key", "ticket", name="pk_reference"),
    )
    op.create_table(
        "attachment",
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name="fk_attachment_message"),
        sa.PrimaryKeyConstraint("message", "part", name="pk_attachment"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.Integer(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.Column(
            "event",
            choice(
                "event",
                "opened",
                "reply",
                "missing",
                "reminder",
                "closed",
                "reopened",
                "notify",
                "note",
                "held",
                "bounced",
                "unproven",
                "result",
                "alert",
                "digest",
            ),
            nullable=False,
        ),
        sa.Column("audience", choice("audience", "requester", "agent", "colleagues", "nobody"), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("to_domain", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("spent", sa.Boolean(), nullable=False),
        sa.Column("envelope_from", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", choice("outboxstate", "queued", "sending", "sent", "failed", "cancelled"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["cause"], ["message.id"], name="fk_outbox_cause"),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.number"], name="fk_outbox_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("dedupe_key", name="uq_outbox_dedupe_key"),
        sa.UniqueConstraint("message_id", name="uq_outbox_message_id"),
    )
    op.create_index("ix_outbox_audience_automatic_created_at", "outbox", ["audience", "automatic", "created_at"])
    op.create_index("ix_outbox_event_created_at", "outbox", ["event", "created_at"])
    op.create_index("ix_outbox_next_attempt_at", "outbox", ["next_attempt_at"])
    op.create_index("ix_outbox_state", "outbox", ["state"])
    op.create_index("ix_outbox_ticket", "outbox", ["ticket"])
    op.create_index("ix_outbox_to_address_created_at", "outbox", ["to_address", "created_at"])
    op.create_index(
        "ix_outbox_to_domain_audience_automatic_created_at",
        "outbox",
        ["to_domain", "audience", "automatic", "created_at"],
    )
    op.create_index("ix_outbox_token", "outbox", ["token"])

    op.create_table(
        "outbox_recipient",
        sa.Column("letter", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", choice("recipientstate", "waiting", "sent", "failed", "bounced"), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["outbox.id"], name="fk_outbox_recipient_letter"),
        sa.PrimaryKeyConstraint("letter", "address", name="pk_outbox_recipient"),
    )
    op.bulk_insert(
        meta,
        [
            {
                "id": 1,
                "next_number": FIRST_NUMBER,
                "secret_key": secrets.token_bytes(32),
                "paused": False,
                "resumed_at": None,
            }
        ],
    )
