"""Letters on their way out: claimed by a sender, closed by the relay's answers.

A claim lasts as long as its lease: when a sender dies, its letters are due again afterwards, with the same
Message-ID. A recipient whom the relay has accepted is never sent to again. A letter is `sent` when every recipient
has it, `failed` as soon as nobody waits and somebody did not get it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from helpdesk.adapters.store.models import META, OUTBOX, OUTBOX_PIECE, OUTBOX_RECIPIENT
from helpdesk.adapters.store.outbox import TO_BE_SENT
from helpdesk.adapters.store.packing import unpacked
from helpdesk.adapters.store.prepared import Prepared
from helpdesk.core.outgoing import Delivery, OutboxState, RecipientState
from helpdesk.ports import QueuedLetter, Tried

_DUE = Prepared(
    sa.select(OUTBOX.c.id)
    .where(
        OUTBOX.c.next_attempt_at <= sa.bindparam("now", type_=OUTBOX.c.next_attempt_at.type),
        sa.select(META.c.paused.is_(False)).scalar_subquery(),
    )
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
_STATES = Prepared(
    sa.select(OUTBOX_RECIPIENT.c.letter, OUTBOX_RECIPIENT.c.state).where(OUTBOX_RECIPIENT.c.letter.in_(_CHOSEN)),
    lists=("chosen",),
)
_SETTLE = Prepared(
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("of"))
    .values(state=sa.bindparam("new"), next_attempt_at=sa.bindparam("due"), sent_at=sa.bindparam("sent"))
)


def claim(connection: Connection, now: datetime, limit: int, lease_s: float) -> list[QueuedLetter]:
    """Up to `limit` letters that are due, urgent ones first; nobody else gets them before the lease is over.

    Nothing while the outbox is paused.
    """
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
        .where(TO_BE_SENT, OUTBOX.c.state == OutboxState.SENDING)
        .values(state=OutboxState.QUEUED, next_attempt_at=now)
    )


def record_deliveries(connection: Connection, tried: Sequence[Tried], now: datetime) -> list[OutboxState]:
    """Keep the relay's answers; the state of each letter afterwards.

    Recipients without an answer wait on, like those refused for now; when no next attempt is planned they have failed.
    """
    _ANSWERED.run(
        connection,
        *(
            {
                "of": one.letter,
                "to": delivery.address,
                "new": _state_after(delivery),
                "said": delivery.code,
                "why": delivery.text,
            }
            for one in tried
            for delivery in one.deliveries
        ),
    )
    _GIVE_UP.run(connection, *({"of": one.letter} for one in tried if one.next_attempt_at is None))
    found: dict[int, set[RecipientState]] = defaultdict(set)
    for letter, state in _STATES.all(connection, {"chosen": [one.letter for one in tried]}) if tried else ():
        found[letter].add(state)
    states = [_letter_state(found[one.letter]) for one in tried]
    _SETTLE.run(
        connection,
        *(
            {
                "of": one.letter,
                "new": state,
                "due": one.next_attempt_at if state is OutboxState.QUEUED else None,
                "sent": now if state is OutboxState.SENT else None,
            }
            for one, state in zip(tried, states, strict=True)
        ),
    )
    return states


def _letter_state(recipients: set[RecipientState]) -> OutboxState:
    if RecipientState.WAITING in recipients:
        return OutboxState.QUEUED
    return OutboxState.SENT if recipients == {RecipientState.SENT} else OutboxState.FAILED


def _state_after(delivery: Delivery) -> RecipientState:
    if delivery.sent:
        return RecipientState.SENT
    return RecipientState.FAILED if delivery.permanent else RecipientState.WAITING
