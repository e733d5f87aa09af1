"""Letters on their way out: claimed by a sender, closed by the relay's answers.

A claim lasts as long as its lease: when a sender dies, its letters are due again afterwards, with the same
Message-ID. A recipient whom the relay has accepted is never sent to again. A letter is `sent` when every recipient
has it, `failed` as soon as nobody waits and somebody did not get it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import OUTBOX, OUTBOX_PIECE, OUTBOX_RECIPIENT
from helpdesk.adapters.store.outbox import paused
from helpdesk.adapters.store.packing import unpacked
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.outgoing import Delivery, OutboxState, RecipientState
from helpdesk.ports import QueuedLetter, Tried

_DUE = Prepared(
    sa.select(OUTBOX.c.id)
    .where(OUTBOX.c.next_attempt_at <= sa.bindparam("now", type_=OUTBOX.c.next_attempt_at.type))
    .order_by(OUTBOX.c.urgent.desc(), OUTBOX.c.next_attempt_at, OUTBOX.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)

_CHOSEN: sa.BindParameter[int] = sa.bindparam("chosen", expanding=True)
_TAKE = Prepared(
    sa.update(OUTBOX)
    .where(OUTBOX.c.id.in_(_CHOSEN))
    .values(
        state=OutboxState.SENDING,
        attempts=OUTBOX.c.attempts + 1,
        next_attempt_at=sa.bindparam("lease_over", type_=OUTBOX.c.next_attempt_at.type),
    )
    .returning(
        OUTBOX.c.id,
        OUTBOX.c.ticket,
        OUTBOX.c.event,
        OUTBOX.c.message_id,
        OUTBOX.c.envelope_from,
        OUTBOX.c.raw,
        OUTBOX.c.attempts,
        OUTBOX.c.created_at,
    ),
    lists=("chosen",),
)
_WAITING = Prepared(
    sa.select(OUTBOX_RECIPIENT.c.letter, OUTBOX_RECIPIENT.c.address).where(
        OUTBOX_RECIPIENT.c.letter.in_(_CHOSEN), OUTBOX_RECIPIENT.c.state == RecipientState.WAITING
    ),
    lists=("chosen",),
)

_OF_LETTER = OUTBOX_RECIPIENT.c.letter == sa.bindparam("of")
_ANSWERED = Prepared(
    sa.update(OUTBOX_RECIPIENT)
    .where(
        _OF_LETTER,
        OUTBOX_RECIPIENT.c.address == sa.bindparam("to"),
        # An accepted one stays accepted: a second answer comes from a sender whose lease was over.
        OUTBOX_RECIPIENT.c.state.in_([RecipientState.WAITING, RecipientState.FAILED]),
    )
    .values(state=sa.bindparam("new"), code=sa.bindparam("said"), text=sa.bindparam("why"))
)
_GIVE_UP = Prepared(
    sa.update(OUTBOX_RECIPIENT)
    .where(_OF_LETTER, OUTBOX_RECIPIENT.c.state == RecipientState.WAITING)
    .values(state=RecipientState.FAILED)
)
_STATES = Prepared(sa.select(OUTBOX_RECIPIENT.c.state).where(_OF_LETTER))
_SETTLE = Prepared(
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("of"))
    .values(state=sa.bindparam("new"), next_attempt_at=sa.bindparam("due"), sent_at=sa.bindparam("sent"))
)


def claim(connection: Connection, now: datetime, limit: int, lease_s: float) -> list[QueuedLetter]:
    """Up to `limit` letters that are due, urgent ones first; nobody else gets them before the lease is over.

    Nothing while the outbox is paused.
    """
    if paused(connection):
        return []
    order = [row.id for row in _DUE.all(connection, {"now": now, "limit": limit})]
    if not order:
        return []
    rows = _TAKE.all(connection, {"chosen": order, "lease_over": now + timedelta(seconds=lease_s)})
    waiting: dict[int, list[str]] = defaultdict(list)
    for letter, address in _WAITING.all(connection, {"chosen": order}):
        waiting[letter].append(address)
    claimed = {
        row.id: QueuedLetter(
            id=row.id,
            ticket=row.ticket,
            event=row.event.value,
            message_id=row.message_id,
            envelope_from=row.envelope_from,
            recipients=tuple(waiting[row.id]),
            raw=unpacked(row.raw, partial(piece, connection, row.id)),
            attempts=row.attempts - 1,
            created_at=row.created_at,
        )
        for row in rows
    }
    return [claimed[letter] for letter in order]


def piece(connection: Connection, letter: int, number: int) -> bytes | None:
    """A row that follows the first one of a large letter, None where there is none."""
    found = sa.select(OUTBOX_PIECE.c.content).where(OUTBOX_PIECE.c.letter == letter, OUTBOX_PIECE.c.number == number)
    content: bytes | None = connection.execute(found).scalar_one_or_none()
    return content


def take_over(connection: Connection, now: datetime) -> None:
    """Letters whose sender is known to be dead are due at once."""
    connection.execute(
        sa.update(OUTBOX)
        .where(OUTBOX.c.state == OutboxState.SENDING)
        .values(state=OutboxState.QUEUED, next_attempt_at=now)
    )


def record_delivery(connection: Connection, tried: Tried, now: datetime) -> OutboxState:
    """Keep the relay's answers; the state of the letter afterwards.

    Recipients without an answer wait on, like those refused for now; when no next attempt is planned they have failed.
    """
    of = {"of": tried.letter}
    _ANSWERED.run(
        connection,
        *(
            {**of, "to": delivery.address, "new": _state_after(delivery), "said": delivery.code, "why": delivery.text}
            for delivery in tried.deliveries
        ),
    )
    if tried.next_attempt_at is None:
        _GIVE_UP.run(connection, of)
    states = {row.state for row in _STATES.all(connection, of)}
    if RecipientState.WAITING in states:
        state = OutboxState.QUEUED
    else:
        state = OutboxState.SENT if states == {RecipientState.SENT} else OutboxState.FAILED
    _SETTLE.run(
        connection,
        {
            **of,
            "new": state,
            "due": tried.next_attempt_at if state is OutboxState.QUEUED else None,
            "sent": now if state is OutboxState.SENT else None,
        },
    )
    return state


def _state_after(delivery: Delivery) -> RecipientState:
    if delivery.sent:
        return RecipientState.SENT
    return RecipientState.FAILED if delivery.permanent else RecipientState.WAITING
