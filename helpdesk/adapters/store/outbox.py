"""Letters: queued with their final bytes, looked at, given up or let go again; how they leave stands in `sending`.

Rows stay for ever: they answer "did we write this?", and they bound how much we write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col, select

from helpdesk.adapters.store import references
from helpdesk.adapters.store.later import Later
from helpdesk.adapters.store.letter_models import OutboxRecipientRow, OutboxRow
from helpdesk.adapters.store.models import (
    MESSAGE,
    META,
    OUTBOX,
    OUTBOX_PIECE,
    OUTBOX_RECIPIENT,
    Direction,
    insert,
)
from helpdesk.adapters.store.packing import packed
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.decision import Filing
from helpdesk.core.message import Bounce
from helpdesk.core.outgoing import Audience, Letter, OutboxState, RecipientState
from helpdesk.ports import Composed, OutboxEntry, OutboxRecipient

_ENQUEUE = Prepared(insert(OUTBOX).on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(OUTBOX.c.id))
_ADDRESS = Prepared(insert(OUTBOX_RECIPIENT))
_SHOW = Prepared(insert(MESSAGE))

# An agent's answer that still waits out its undo window.
UNSENT_ANSWER = sa.and_(OUTBOX.c.state == OutboxState.QUEUED, OUTBOX.c.agent != "", OUTBOX.c.attempts == 0)

# Queued, or on its way.
TO_BE_SENT = OUTBOX.c.next_attempt_at.is_not(None)

# Not sent yet, or failed: each of the two by its own index, for which the state has to stand in the statement.
_WAITING, _FAILED = OUTBOX.alias(), OUTBOX.alias()
_UNFINISHED = OUTBOX.c.id.in_(
    sa.union_all(
        sa.select(_WAITING.c.id).where(_WAITING.c.next_attempt_at.is_not(None)),
        sa.select(_FAILED.c.id).where(
            _FAILED.c.state == sa.literal(OutboxState.FAILED, OUTBOX.c.state.type, literal_execute=True)
        ),
    )
)


# --- queue ----------------------------------------------------------------------------------------


def enqueue(
    connection: Connection,
    later: Later,
    letter: Letter,
    ticket: int | None,
    composed: Composed,
    now: datetime,
    cause: int | None,
) -> bool:
    """Queue a letter and put its text into the ticket; False when its dedupe_key is known.

    `cause` is the row of the mail that led to it.
    """
    content, following = packed(composed.raw)
    queued = _ENQUEUE.scalar(
        connection,
        {
            "ticket": ticket,
            "cause": cause,
            "event": letter.event,
            "audience": letter.audience,
            "automatic": letter.automatic,
            "urgent": letter.urgent,
            "to_address": letter.to.address,
            "to_domain": letter.to.domain,
            "agent": "" if letter.automatic else letter.sender_name,
            "partner": letter.partner.address if letter.partner else None,
            "dedupe_key": letter.dedupe_key,
            "message_id": composed.message_id,
            "token": composed.message_id.strip("<>").partition("@")[0].lower(),
            "spent": False,
            "envelope_from": composed.envelope_from,
            "subject": composed.subject,
            "raw": content,
            "state": OutboxState.QUEUED,
            "attempts": 0,
            "created_at": now,
            "next_attempt_at": letter.send_after or now,
            "sent_at": None,
            "rows": tuple(str(number) for number in letter.rows) or None,
        },
    )
    if queued is None:
        return False
    for number, piece in enumerate(following, start=1):
        connection.execute(sa.insert(OUTBOX_PIECE), {"letter": queued, "number": number, "content": piece})
    later.insert(
        _ADDRESS,
        {"letter": queued, "address": letter.to.address, "state": RecipientState.WAITING, "code": 0, "text": ""},
    )
    if ticket is not None:
        references.remember(later, ticket, composed.message_id, ())
        if not letter.audience.is_ours:
            _add_to_conversation(connection, letter, ticket, composed, now)
    return True


def _add_to_conversation(
    connection: Connection, letter: Letter, ticket: int, composed: Composed, now: datetime
) -> None:
    """Show the letter's text in its ticket; what a partner got is no part of the conversation with the requester.

    An agent's answer to several people is one message, however many letters carry it.
    """
    filing = Filing.VISIBLE if letter.audience is Audience.REQUESTER else Filing.NOTE
    if not letter.automatic:
        same = sa.select(MESSAGE.c.id).where(
            MESSAGE.c.ticket == ticket,
            MESSAGE.c.filing == filing,
            MESSAGE.c.direction == Direction.OUT,
            MESSAGE.c.at == now,
            MESSAGE.c.text == composed.text,
        )
        if connection.execute(same).first() is not None:
            return
    _SHOW.run(
        connection,
        {
            "ticket": ticket,
            "direction": Direction.OUT,
            "filing": filing,
            "message_id": composed.message_id,
            "sender_address": composed.envelope_from,
            "sender_name": letter.sender_name,
            "to": [str(address) for address in letter.shown_to or (letter.to,)],
            "cc": [str(address) for address in letter.shown_cc],
            "subject": composed.subject,
            "at": now,
            "reasons": [(reason.rule, reason.evidence) for reason in letter.reasons],
            "text": composed.text,
            "quoted": "",
        },
    )


# --- when to send --------------------------------------------------------------------------------


def next_due(connection: Connection) -> datetime | None:
    """When the next letter is due, None when nothing waits or the outbox is paused."""
    if paused(connection):
        return None
    return connection.execute(sa.select(sa.func.min(OUTBOX.c.next_attempt_at)).where(TO_BE_SENT)).scalar()


def pause(connection: Connection, paused: bool) -> None:
    """Stop or allow claims."""
    connection.execute(sa.update(META).values(paused=paused))


def close_breakers(connection: Connection, now: datetime) -> None:
    """Letters queued so far no longer keep letters to their domain, or to everybody, from leaving."""
    connection.execute(sa.update(META).values(resumed_at=now))


def paused(connection: Connection) -> bool:
    """Are claims stopped?"""
    return bool(connection.execute(sa.select(META.c.paused)).scalar_one())


# --- what decisions do to letters -----------------------------------------------------------------


def spend_secret(connection: Connection, message_id: str) -> None:
    """From now on this letter's secret proves nothing."""
    connection.execute(sa.update(OUTBOX).where(OUTBOX.c.message_id == message_id).values(spent=True))


def cancel_answers(connection: Connection, ticket: int, agent: str) -> None:
    """Take back what `agent` (by name) wrote on a ticket and what nobody has tried to send yet."""
    answers = sa.select(OUTBOX.c.id).where(OUTBOX.c.ticket == ticket, OUTBOX.c.agent == agent, UNSENT_ANSWER)
    cancel(connection, connection.execute(answers).scalars().all())


def mark_bounced(connection: Connection, message_id: str, bounce: Bounce) -> None:
    """Note a delivery report for one of our letters: it has failed after all. Reports of delays change nothing.

    A letter has one recipient, but the report may name another address: the one to which it was forwarded.
    """
    failed = next((recipient for recipient in bounce.recipients if recipient.permanent), None)
    if failed is None:
        return
    letter = sa.select(OUTBOX.c.id).where(OUTBOX.c.message_id == message_id).scalar_subquery()
    connection.execute(
        sa.update(OUTBOX_RECIPIENT)
        .where(OUTBOX_RECIPIENT.c.letter == letter)
        .values(state=RecipientState.BOUNCED, text=f"{failed.address}: {failed.status}".rstrip(": "))
    )
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.message_id == message_id)
        .values(state=OutboxState.FAILED, next_attempt_at=None)
    )


# --- what people see and do -----------------------------------------------------------------------


def entries(connection: Connection) -> list[OutboxEntry]:
    """Letters not sent yet and letters that failed, oldest first."""
    with Session(connection) as session:
        rows = session.exec(select(OutboxRow).where(_UNFINISHED).order_by(col(OutboxRow.id))).all()
        recipients: dict[int, list[OutboxRecipient]] = defaultdict(list)
        for row in session.exec(
            select(OutboxRecipientRow)
            .join(OutboxRow, col(OutboxRow.id) == col(OutboxRecipientRow.letter))
            .where(_UNFINISHED)
        ):
            recipients[row.letter].append(
                OutboxRecipient(address=row.address, state=row.state, code=row.code, text=row.text)
            )
        return [
            OutboxEntry(
                id=row.id or 0,
                ticket=row.ticket,
                event=row.event.value,
                subject=row.subject,
                state=row.state,
                message_id=row.message_id,
                attempts=row.attempts,
                next_attempt_at=row.next_attempt_at,
                recipients=tuple(recipients[row.id or 0]),
            )
            for row in rows
        ]


def retry(connection: Connection, ids: Sequence[int], now: datetime) -> list[int]:
    """Let letters that failed or wait for their next try leave now; the ids of those."""
    chosen = _lock(connection, ids, (OutboxState.QUEUED, OutboxState.FAILED))
    connection.execute(
        sa.update(OUTBOX_RECIPIENT)
        .where(
            OUTBOX_RECIPIENT.c.letter.in_(chosen),
            OUTBOX_RECIPIENT.c.state.in_([RecipientState.FAILED, RecipientState.BOUNCED]),
        )
        .values(state=RecipientState.WAITING)
    )
    connection.execute(
        sa.update(OUTBOX).where(OUTBOX.c.id.in_(chosen)).values(state=OutboxState.QUEUED, next_attempt_at=now)
    )
    return chosen


def cancel(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Give up letters that failed or have not left yet; the ids of those.

    Their text stays on the ticket, but not as part of the conversation.
    """
    chosen = _lock(connection, ids, (OutboxState.QUEUED, OutboxState.FAILED))
    connection.execute(
        sa.update(OUTBOX).where(OUTBOX.c.id.in_(chosen)).values(state=OutboxState.CANCELLED, next_attempt_at=None)
    )
    connection.execute(
        sa.update(MESSAGE)
        .where(
            MESSAGE.c.ticket == OUTBOX.c.ticket,
            MESSAGE.c.filing == Filing.VISIBLE,
            MESSAGE.c.message_id == OUTBOX.c.message_id,
            OUTBOX.c.id.in_(chosen),
        )
        .values(filing=Filing.RECORDED)
    )
    return chosen


def _lock(connection: Connection, ids: Sequence[int], states: Sequence[OutboxState]) -> list[int]:
    """Those of the letters that are in one of the states, and ours until the commit."""
    statement = sa.select(OUTBOX.c.id).where(OUTBOX.c.id.in_(ids), OUTBOX.c.state.in_(states))
    return list(connection.execute(statement.order_by(OUTBOX.c.id).with_for_update()).scalars())
